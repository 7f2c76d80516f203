"""The queue of released orders that trade next, in the order of their release.

Linked children, complete lists, and orders that a change of phase sets free wait here until the
working order is done. The queue runs through ORDER.prev and ORDER.next.
"""

import numpy as np

from domain.jit import kernel
from domain.tables import books, core, orders
from engine.states import CHANGED, READY


@kernel
def make_ready(s, slot):
    """Put an order that is in no queue at the end of the ready queue."""
    c = core(s)[0]
    order = orders(s)[slot]
    order["state"] = READY
    order["prev"] = c["ready_tail"]
    order["next"] = 0
    if c["ready_tail"]:
        orders(s)[c["ready_tail"]]["next"] = slot
    else:
        c["ready_head"] = slot
    c["ready_tail"] = slot
    books(s)[order["instrument"]]["dirty"] |= CHANGED


@kernel
def next_ready(s, instrument):
    """The released order of an instrument that trades next, or 0."""
    at = np.int64(core(s)[0]["ready_head"])
    while at and orders(s)[at]["instrument"] != instrument:
        at = np.int64(orders(s)[at]["next"])
    return at


@kernel
def leave_ready(s, slot):
    """Take an order out of the ready queue."""
    c = core(s)[0]
    order = orders(s)[slot]
    before, after = np.int64(order["prev"]), np.int64(order["next"])
    if before:
        orders(s)[before]["next"] = after
    else:
        c["ready_head"] = after
    if after:
        orders(s)[after]["prev"] = before
    else:
        c["ready_tail"] = before
    order["prev"] = 0
    order["next"] = 0
