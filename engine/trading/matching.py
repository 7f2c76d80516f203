"""The working order against the book: price, then displayed before hidden, then time.

`match` takes one step at a time and can stop between any two when the report buffer is full;
called again it goes on from the state. Pro-rata levels keep their pass in the BOOK row.
"""

import numpy as np

from domain.attributes import InstrumentAttr
from domain.codes import Allocation, ExecInst, SelfTrade
from domain.jit import kernel
from domain.tables import books, core, details, extras, instruments, levels, orders, trees
from engine.ahead import fetch_behind
from engine.book.queue import crosses, first_in, other_side
from engine.orders.lifecycle import ring_size
from engine.orders.links import same_list
from engine.room import room_for_step
from engine.states import DONE, LINKED, SUSPENDED
from engine.trading.calls import band_centre, breaks_band, start_volatility_auction
from engine.trading.trades import prevent, same_group, stp_mode, trade
from risk.exact import mul_div

_ALLOCATION, _FIFO_SHARE = int(InstrumentAttr.ALLOCATION), int(InstrumentAttr.FIFO_SHARE_BPS)
_PRO_RATA_MIN, _LOT = int(InstrumentAttr.PRO_RATA_MIN), int(InstrumentAttr.LOT_SIZE)
_VOLATILITY = int(InstrumentAttr.VOLATILITY_AUCTION)
_BY_TIME, _FIRST, _TURN, _PASS = 0, 1, 2, 3  # stages of a shared level
_SPLIT, _ALLOW, _HIDDEN = int(Allocation.SPLIT), int(SelfTrade.ALLOW), int(ExecInst.HIDDEN)


@kernel
def match(s, slot, command):
    """Trade the working order until it is done, the price no longer crosses, or room runs out."""
    c = core(s)[0]
    order = orders(s)[slot]
    against = other_side(s, slot)
    side = np.int64(order["side"])
    instrument = np.int64(order["instrument"])
    config = instruments(s)[instrument]
    mode = stp_mode(s, slot)
    while c["working"] == slot:
        row = np.int64(trees(s)[against]["best"])
        if row == 0 or not crosses(side, order["price"], levels(s)[row]["price"]):
            return DONE
        if not room_for_step(s, instrument):
            return SUSPENDED
        maker = first_in(s, row)
        own = mode != _ALLOW and same_group(s, maker, slot)
        price = levels(s)[row]["price"]
        watched = config[_VOLATILITY] and not own
        if watched and breaks_band(s, instrument, band_centre(s, instrument), price):
            start_volatility_auction(s, instrument)
            return DONE
        if config[_ALLOCATION]:
            _share_step(s, slot, row, mode, command)
        elif own:
            prevent(s, maker, slot, mode, command)
        else:
            fetch_behind(s, maker)
            trade(s, maker, slot, price, _at_most(s, maker, slot), command)
    return DONE


@kernel
def _at_most(s, maker, slot):
    """How much of a resting order can trade now: its displayed part, or all of a hidden one."""
    resting = orders(s)[maker]
    part = resting["leaves_qty"] if resting["exec_inst"] & _HIDDEN else resting["shown_qty"]
    return min(part, orders(s)[slot]["leaves_qty"])


@kernel
def _is_tangled(s, slot, row, mode):
    """Whether a fill of one of a level's displayed orders would end or reduce another one.

    So it is with orders of the incoming order's self-trade group or list, and with two orders of
    one list.
    """
    at = np.int64(levels(s)[row]["head"])
    while at:
        if mode != _ALLOW and same_group(s, at, slot):
            return True
        linked = orders(s)[at]["exec_inst"] & LINKED != 0
        if linked and (same_list(s, at, slot) or _has_peer_in(s, at, row)):
            return True
        at = np.int64(orders(s)[at]["next"])
    return False


@kernel
def _has_peer_in(s, slot, row):
    """Whether a level displays another order of an order's list."""
    at = np.int64(extras(s)[details(s)[slot]["extra"]]["ring_next"])
    for _ in range(ring_size(s, slot) - 1):
        if orders(s)[at]["level"] == row and orders(s)[at]["exec_inst"] & _HIDDEN == 0:
            return True
        at = np.int64(extras(s)[details(s)[at]["extra"]]["ring_next"])
    return False


@kernel
def _share_step(s, slot, row, mode, command):
    """One step at a level that is shared pro rata, wholly or after a share by time."""
    book = books(s)[orders(s)[slot]["instrument"]]
    if book["share_level"] != row:
        _begin_share(s, slot, row, mode)
    if book["share_stage"] == _PASS:
        _share_one(s, slot, row, command)
        return
    maker = first_in(s, row)
    if mode != _ALLOW and same_group(s, maker, slot):
        prevent(s, maker, slot, mode, command)
        return
    qty = _at_most(s, maker, slot)
    if book["share_stage"] == _FIRST:
        qty = min(qty, book["share_qty"])
        book["share_qty"] -= qty
        if book["share_qty"] == 0:
            book["share_stage"] = _TURN
    trade(s, maker, slot, levels(s)[row]["price"], qty, command)
    if book["share_stage"] == _TURN and core(s)[0]["working"] == slot:
        _begin_pass(s, slot, row)


@kernel
def _begin_share(s, slot, row, mode):
    """Decide how a level is shared with the incoming order: by time, pro rata, or both."""
    order = orders(s)[slot]
    book = books(s)[order["instrument"]]
    config = instruments(s)[order["instrument"]]
    book["share_level"] = row
    book["share_stage"] = _BY_TIME
    if order["leaves_qty"] > levels(s)[row]["shown_qty"]:
        return
    if _is_tangled(s, slot, row, mode):
        return
    book["share_qty"] = 0
    if config[_ALLOCATION] == _SPLIT:
        share = order["leaves_qty"] * config[_FIFO_SHARE] // 10_000
        book["share_qty"] = share - share % config[_LOT]
    if book["share_qty"] > 0:
        book["share_stage"] = _FIRST
    else:
        _begin_pass(s, slot, row)


@kernel
def _begin_pass(s, slot, row):
    """Start the pro-rata pass over a level's displayed orders."""
    book = books(s)[orders(s)[slot]["instrument"]]
    book["share_stage"] = _PASS
    book["share_qty"] = orders(s)[slot]["leaves_qty"]
    book["share_total"] = levels(s)[row]["shown_qty"]
    book["share_next"] = levels(s)[row]["head"]
    book["share_left"] = levels(s)[row]["count"]


@kernel
def _share_one(s, slot, row, command):
    """Give the next order of the pass its pro-rata share; shares that are too small are 0."""
    order = orders(s)[slot]
    book = books(s)[order["instrument"]]
    maker = np.int64(book["share_next"])
    book["share_left"] -= 1
    book["share_next"] = orders(s)[maker]["next"] if book["share_left"] > 0 else 0
    qty = mul_div(book["share_qty"], orders(s)[maker]["shown_qty"], book["share_total"])
    qty -= qty % instruments(s)[order["instrument"]][_LOT]
    if book["share_next"] == 0:
        book["share_stage"] = _BY_TIME
    if qty >= instruments(s)[order["instrument"]][_PRO_RATA_MIN]:
        trade(s, maker, slot, levels(s)[row]["price"], qty, command)
        if book["share_next"] == 0:
            book["share_stage"] = _BY_TIME
