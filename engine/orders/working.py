"""The working order: how an order begins to trade, waits for its minimum, and comes to rest."""

import numpy as np

from domain.codes import ExecInst, ExecType, Reason, TimeInForce
from domain.jit import kernel
from domain.tables import books, core, details, extras, levels, orders, trees
from engine.book.prices import behind
from engine.book.queue import crosses, join_book, join_queue, other_side, waiting_queue
from engine.orders.lifecycle import end_order
from engine.states import MINIMUM, UNLIMITED, WAITING, WORKING
from engine.trading.available import available

_CANCELED, _UNFILLED = int(ExecType.CANCELED), int(Reason.UNFILLED_REMAINDER)
_POST_ONLY, _WOULD_TRADE = int(ExecInst.POST_ONLY), int(Reason.POST_ONLY_WOULD_TRADE)
_POST_FLAGS = int(ExecInst.POST_ONLY | ExecInst.POST_SLIDE)
_IOC, _FOK = int(TimeInForce.IOC), int(TimeInForce.FOK)


@kernel
def never_rests(s, slot):
    """Whether what an order does not trade at once is canceled."""
    order = orders(s)[slot]
    tif = order["time_in_force"]
    return tif == _IOC or tif == _FOK or order["exec_inst"] & UNLIMITED != 0


@kernel
def start_working(s, slot, command):
    """Make an order that is in no queue the working one, if its minimum can trade."""
    order = orders(s)[slot]
    order["state"] = WORKING
    core(s)[0]["working"] = slot
    if order["exec_inst"] & MINIMUM == 0:
        touch = np.int64(trees(s)[other_side(s, slot)]["best"])
        if touch and crosses(np.int64(order["side"]), order["price"], levels(s)[touch]["price"]):
            books(s)[order["instrument"]]["share_level"] = 0
            if order["exec_inst"] & _POST_FLAGS:
                _must_not_take(s, slot, levels(s)[touch]["price"], command)
        else:
            settle(s, slot, command)
        return
    books(s)[order["instrument"]]["share_level"] = 0
    need = extras(s)[details(s)[slot]["extra"]]["min_qty"]
    if available(s, slot, need) >= need:
        order["exec_inst"] &= 0xFFFF - MINIMUM
    elif never_rests(s, slot):
        end_order(s, slot, command, _CANCELED, _UNFILLED)
    else:
        core(s)[0]["working"] = 0
        _wait(s, slot)


@kernel
def _must_not_take(s, slot, best, command):
    """A released post-only order would trade: it slides behind the other side, or ends."""
    order = orders(s)[slot]
    price = behind(s, np.int64(order["instrument"]), np.int64(order["side"]), best)
    if order["exec_inst"] & _POST_ONLY or price == 0:
        end_order(s, slot, command, _CANCELED, _WOULD_TRADE)
        return
    order["price"] = price
    settle(s, slot, command)


@kernel
def settle(s, slot, command):
    """The working order has nothing more to trade with: rest it or cancel the remainder."""
    core(s)[0]["working"] = 0
    if never_rests(s, slot):
        end_order(s, slot, command, _CANCELED, _UNFILLED)
    else:
        join_book(s, slot)


@kernel
def _wait(s, slot):
    """Queue an order for its minimum quantity, by price and then by time."""
    order = orders(s)[slot]
    side = np.int64(order["side"])
    row = waiting_queue(s, np.int64(order["instrument"]), side)
    join_queue(s, row, slot, WAITING)
    order["exec_inst"] |= MINIMUM


@kernel
def next_satisfied(s, instrument):
    """The waiting order of best price and time whose minimum is there now, or 0; bids first."""
    for side in range(2):
        row = np.int64(trees(s)[4 * instrument + side]["waiting"])
        if row == 0:
            continue
        found = _best_satisfied(s, np.int64(levels(s)[row]["head"]), np.int64(0), side)
        found = _best_satisfied(s, np.int64(levels(s)[row]["hidden_head"]), found, side)
        if found:
            return found
    return np.int64(0)


@kernel
def _best_satisfied(s, at, found, side):
    """The better of `found` and the best satisfied order of a queue from `at` on."""
    while at:
        better = True
        if found:
            mine, best = orders(s)[at]["price"], orders(s)[found]["price"]
            earlier = orders(s)[at]["order_id"] < orders(s)[found]["order_id"]
            better = (mine > best) == (side == 0) if mine != best else earlier
        need = extras(s)[details(s)[at]["extra"]]["min_qty"]
        if better and available(s, at, need) >= need:
            found = at
        at = np.int64(orders(s)[at]["next"])
    return found
