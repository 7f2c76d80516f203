"""Good-till-date orders by the time at which they end: a binary heap, the earliest on top.

EXPIRY row 1 is the top, row n's children are 2n and 2n + 1; an order's extra row knows its place.
Of one time the order that came first ends first. Joining and leaving cost O(log n).
"""

import numpy as np

from domain.jit import kernel
from domain.tables import core, details, expiries, extras, orders


@kernel
def _is_before(s, a, b):
    """Whether the order at one place ends before that at another."""
    one, two = expiries(s)[a], expiries(s)[b]
    if one["time"] != two["time"]:
        return one["time"] < two["time"]
    return orders(s)[one["order"]]["order_id"] < orders(s)[two["order"]]["order_id"]


@kernel
def _put(s, place, slot, time):
    expiries(s)[place]["time"] = time
    expiries(s)[place]["order"] = slot
    extras(s)[details(s)[slot]["extra"]]["place"] = place


@kernel
def _swap(s, a, b):
    one, two = expiries(s)[a], expiries(s)[b]
    slot, time = np.int64(one["order"]), one["time"]
    _put(s, a, np.int64(two["order"]), two["time"])
    _put(s, b, slot, time)


@kernel
def _settle(s, place):
    """Move what is at a place up or down until the heap is in order."""
    while place > 1 and _is_before(s, place, place >> 1):
        _swap(s, place, place >> 1)
        place >>= 1
    last = np.int64(core(s)[0]["expiries"])
    while 2 * place <= last:
        child = 2 * place
        if child < last and _is_before(s, child + 1, child):
            child += 1
        if not _is_before(s, child, place):
            break
        _swap(s, child, place)
        place = child


@kernel
def _note_first(s):
    c = core(s)[0]
    c["next_expiry"] = expiries(s)[1]["time"] if c["expiries"] else 0


@kernel
def join_expiry(s, slot):
    """Enter an order under its expire_time; it has an extra row and is not in the heap."""
    c = core(s)[0]
    c["expiries"] += 1
    place = np.int64(c["expiries"])
    _put(s, place, slot, extras(s)[details(s)[slot]["extra"]]["expire_time"])
    _settle(s, place)
    _note_first(s)


@kernel
def leave_expiry(s, slot):
    """Take an order out of the heap."""
    c = core(s)[0]
    e = extras(s)[details(s)[slot]["extra"]]
    place, last = np.int64(e["place"]), np.int64(c["expiries"])
    e["place"] = 0
    moved = expiries(s)[last]
    c["expiries"] = last - 1
    if place != last:
        _put(s, place, np.int64(moved["order"]), moved["time"])
    moved["order"] = 0
    moved["time"] = 0
    if place != last:
        _settle(s, place)
    _note_first(s)


@kernel
def first_due(s):
    """The order whose time has come first, 0 if none has."""
    c = core(s)[0]
    if c["next_expiry"] == 0 or c["next_expiry"] > c["time"]:
        return np.int64(0)
    return np.int64(expiries(s)[1]["order"])
