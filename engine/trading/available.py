"""How much could an order trade at once? What a minimum quantity, and fill or kill, hang on.

docs/rules.md, section 3, says what counts. The walk goes over single orders only where the plain
totals of the levels would be enough.
"""

import numpy as np

from domain.attributes import InstrumentAttr
from domain.codes import Contingency, ExecInst, SelfTrade
from domain.jit import kernel
from domain.limits import MAX_LOOK
from domain.tables import details, extras, instruments, levels, orders, trees
from engine.book.ladder import next_level
from engine.book.queue import anybody_waits, crosses, other_side
from engine.orders.lifecycle import ring_size
from engine.orders.links import same_list
from engine.states import BOOK, LINKED
from engine.trading.calls import band_centre, breaks_band
from engine.trading.trades import same_group, stp_mode

_ALLOW, _OLDEST = int(SelfTrade.ALLOW), int(SelfTrade.CANCEL_OLDEST)
_OCO, _OUO = int(Contingency.ONE_CANCELS_OTHER), int(Contingency.ONE_UPDATES_OTHER)
_HIDDEN, _POST_FLAGS = int(ExecInst.HIDDEN), int(ExecInst.POST_ONLY | ExecInst.POST_SLIDE)
_VOLATILITY = int(InstrumentAttr.VOLATILITY_AUCTION)
_BY_REFERENCE = int(InstrumentAttr.DYNAMIC_REFERENCE)
_NOBODY = 0


@kernel
def available(s, slot, need):
    """Quantity that an order would meet on the other side, counted up to about `need`."""
    found = _on_offer(s, slot, need)
    return found if found < need else _met(s, slot, need)


@kernel
def _on_offer(s, slot, need):
    """All quantity within the order's price: at least as much as what it would meet."""
    order = orders(s)[slot]
    against, side = other_side(s, slot), np.int64(order["side"])
    row = np.int64(trees(s)[against]["best"])
    total = np.int64(0)
    if anybody_waits(s, against):
        total = levels(s)[trees(s)[against]["waiting"]]["hidden_qty"]
    while row and total < need and crosses(side, order["price"], levels(s)[row]["price"]):
        total += levels(s)[row]["shown_qty"] + levels(s)[row]["hidden_qty"]
        row = next_level(s, against, levels(s)[row]["price"])
    return total


@kernel
def _met(s, slot, need):
    """What the order would meet, level by level, until something ends the count."""
    order = orders(s)[slot]
    against, side = other_side(s, slot), np.int64(order["side"])
    instrument = np.int64(order["instrument"])
    config = instruments(s)[instrument]
    mode = stp_mode(s, slot)
    centre = band_centre(s, instrument) if config[_VOLATILITY] else np.int64(0)
    row = np.int64(trees(s)[against]["best"])
    total = np.int64(0)
    while row and total < need and crosses(side, order["price"], levels(s)[row]["price"]):
        price = levels(s)[row]["price"]
        if breaks_band(s, instrument, centre, price):
            break
        shown_end = _end_of(s, slot, np.int64(levels(s)[row]["head"]), mode)
        hidden_end = _end_of(s, slot, np.int64(levels(s)[row]["hidden_head"]), mode)
        head, tips = np.int64(levels(s)[row]["head"]), shown_end != _NOBODY
        part = _sum(s, slot, head, shown_end, tips)
        if not tips:
            head = np.int64(levels(s)[row]["hidden_head"])
            part += _sum(s, slot, head, hidden_end, False)
        total += part
        if tips or hidden_end != _NOBODY:
            return total
        if part and centre and config[_BY_REFERENCE] == 0:
            centre = price
        row = next_level(s, against, price)
    return total if total >= need else total + _from_waiting(s, slot, order["leaves_qty"] - total)


@kernel
def _from_waiting(s, slot, left):
    """What orders that wait for their minimum would give, when the book has left `left` lots."""
    total, at = np.int64(0), _front(s, slot)
    for _ in range(MAX_LOOK):
        if at and _is_willing(s, at, slot, left):
            part = min(left, orders(s)[at]["leaves_qty"])
            total += part
            left -= part
        at = np.int64(orders(s)[at]["next"])
    return total


@kernel
def first_willing(s, slot):
    """The waiting order of the other side with which an order may trade next, or 0."""
    at = _front(s, slot)
    for _ in range(MAX_LOOK):
        if at == 0 or _is_willing(s, at, slot, orders(s)[slot]["leaves_qty"]):
            return at
        at = np.int64(orders(s)[at]["next"])
    return np.int64(0)


@kernel
def _front(s, slot):
    """The first order of the other side that waits for its minimum, 0 if the order meets nobody.

    So it is where a volatility auction may begin, and for orders that must not take.
    """
    order, against = orders(s)[slot], other_side(s, slot)
    watched = instruments(s)[order["instrument"]][_VOLATILITY] != 0
    if watched or order["exec_inst"] & _POST_FLAGS or not anybody_waits(s, against):
        return np.int64(0)
    return np.int64(levels(s)[trees(s)[against]["waiting"]]["head"])


@kernel
def _is_willing(s, waiting, slot, left):
    """Whether a waiting order would trade with the `left` lots of an order at its price."""
    one, side = orders(s)[waiting], np.int64(orders(s)[slot]["side"])
    if one["exec_inst"] & LINKED or not crosses(side, orders(s)[slot]["price"], one["price"]):
        return False
    if stp_mode(s, slot) != _ALLOW and same_group(s, waiting, slot):
        return False
    return extras(s)[details(s)[waiting]["extra"]]["min_qty"] <= left


@kernel
def _end_of(s, slot, at, mode):
    """The first order of a queue, from `at` on, with which the order must not trade; 0: none.

    With CANCEL_OLDEST orders of its own group do not end the count: they are passed over.
    """
    while at:
        if mode != _ALLOW and mode != _OLDEST and same_group(s, at, slot):
            return at
        if same_list(s, at, slot):
            return at
        at = np.int64(orders(s)[at]["next"])
    return np.int64(_NOBODY)


@kernel
def _sum(s, slot, at, end, tips):
    """What counts of a queue's orders from `at` to before `end`; `tips`: only what is shown."""
    total = np.int64(0)
    skip = stp_mode(s, slot) != _ALLOW
    while at != end:
        order = orders(s)[at]
        if not (skip and same_group(s, at, slot)):
            part = order["shown_qty"] if tips else order["leaves_qty"]
            total += _of_list(s, at, part) if order["exec_inst"] & LINKED else part
        at = np.int64(order["next"])
    return total


@kernel
def _of_list(s, slot, part):
    """What of `part` is left of a linked order once those of its list before it have traded."""
    kind = extras(s)[details(s)[slot]["extra"]]["contingency"]
    if kind != _OCO and kind != _OUO:
        return part
    leaves = orders(s)[slot]["leaves_qty"]
    at = np.int64(extras(s)[details(s)[slot]["extra"]]["ring_next"])
    for _ in range(ring_size(s, slot) - 1):
        other = orders(s)[at]
        rests = other["state"] == BOOK and other["side"] == orders(s)[slot]["side"]
        if rests and _is_before(s, at, slot):
            part = min(part, leaves - other["leaves_qty"]) if kind == _OUO else np.int64(0)
        at = np.int64(extras(s)[details(s)[at]["extra"]]["ring_next"])
    return max(part, np.int64(0))


@kernel
def _is_before(s, a, b):
    """Whether an order of the same side of the book trades before another."""
    one, two = orders(s)[a], orders(s)[b]
    if one["level"] != two["level"]:
        return (one["price"] > two["price"]) == (one["side"] == 0)
    hidden = one["exec_inst"] & _HIDDEN
    if hidden != two["exec_inst"] & _HIDDEN:
        return hidden == 0
    at = np.int64(two["prev"])
    while at and at != a:
        at = np.int64(orders(s)[at]["prev"])
    return at == a
