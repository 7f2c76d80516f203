"""The working order: how an order begins to trade, waits for its minimum, and comes to rest."""

import numpy as np

from domain.codes import ExecInst, ExecType, Phase, Reason, TimeInForce
from domain.jit import kernel
from domain.tables import books, core, details, extras, levels, orders, trees
from engine.book.prices import behind
from engine.book.queue import crosses, join_book, join_waiting, other_side
from engine.orders.lifecycle import end_order
from engine.states import MINIMUM, UNLIMITED, WORKING
from engine.trading.available import available, first_willing
from engine.trading.trades import trade_waiting

_CANCELED, _UNFILLED = int(ExecType.CANCELED), int(Reason.UNFILLED_REMAINDER)
_POST_ONLY, _WOULD_TRADE = int(ExecInst.POST_ONLY), int(Reason.POST_ONLY_WOULD_TRADE)
_POST_FLAGS = int(ExecInst.POST_ONLY | ExecInst.POST_SLIDE)
_IOC, _FOK = int(TimeInForce.IOC), int(TimeInForce.FOK)
_CONTINUOUS = int(Phase.CONTINUOUS)


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
        elif first_willing(s, slot) == 0:
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
        join_waiting(s, slot)


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
def next_satisfied(s, instrument):
    """The waiting order of best price and time whose minimum is there now, or 0; bids first."""
    for side in range(2):
        row = np.int64(trees(s)[4 * instrument + side]["waiting"])
        at = np.int64(levels(s)[row]["head"]) if row else np.int64(0)
        while at:
            need = extras(s)[details(s)[at]["extra"]]["min_qty"]
            if available(s, at, need) >= need:
                return at
            at = np.int64(orders(s)[at]["next"])
    return np.int64(0)


@kernel
def go_on(s, slot, command):
    """The book has nothing more for the working order: who waits may, else it comes to rest."""
    if books(s)[orders(s)[slot]["instrument"]]["phase"] == _CONTINUOUS:
        waiting = first_willing(s, slot)
        if waiting:
            if trade_waiting(s, waiting, slot, command):
                start_working(s, waiting, command)
            return
    settle(s, slot, command)
