"""One trade between two orders, and self-trade prevention between two orders."""

import numpy as np

from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import ExecType, Liquidity, Reason, SelfTrade
from domain.jit import cold, kernel
from domain.tables import books, core, details, instruments, node_limits, orders
from engine.book.queue import leave_book, shrink
from engine.emit import emit_trade, report_fill
from engine.orders.lifecycle import after_fill, end_order, finish_filled, reduce_order
from engine.states import BOOK, CHANGED, LINKED, MINIMUM, TRADED, WORKING
from risk.exact import bps_down
from risk.fills import fill

_MAKER, _TAKER, _AUCTION = int(Liquidity.MAKER), int(Liquidity.TAKER), int(Liquidity.AUCTION)
_GROUP, _MODE = int(NodeAttr.STP_GROUP), int(NodeAttr.STP_MODE)
_NEWEST, _OLDEST = int(SelfTrade.CANCEL_NEWEST), int(SelfTrade.CANCEL_OLDEST)
_DECREMENT, _ALLOW = int(SelfTrade.DECREMENT), int(SelfTrade.ALLOW)
_CANCELED, _SELF_TRADE = int(ExecType.CANCELED), int(Reason.SELF_TRADE)
_REFERENCE, _DYNAMIC = int(InstrumentAttr.REFERENCE_PRICE), int(InstrumentAttr.DYNAMIC_BPS)
_FLEX_BPS, _FLEX_TRADES = int(InstrumentAttr.FLEX_BPS), int(InstrumentAttr.FLEX_TRADES)
_MAX_FLEX, _BY_REFERENCE = int(InstrumentAttr.MAX_FLEX), int(InstrumentAttr.DYNAMIC_REFERENCE)


@kernel
def stp_mode(s, slot):
    """The self-trade mode of an incoming order; ALLOW if its account is in no group."""
    order = orders(s)[slot]
    if node_limits(s)[order["account"], _GROUP] == 0:
        return np.int64(_ALLOW)
    if order["stp_mode"]:
        return np.int64(order["stp_mode"])
    return node_limits(s)[order["account"], _MODE]


@kernel
def same_group(s, a, b):
    """Whether two orders belong to one self-trade group."""
    limits = node_limits(s)
    group = limits[orders(s)[a]["account"], _GROUP]
    return group != 0 and group == limits[orders(s)[b]["account"], _GROUP]


@kernel
def prevent(s, resting, incoming, mode, command):
    """Keep two orders of one group from trading, as `mode` says."""
    if mode == _DECREMENT:
        qty = min(orders(s)[resting]["leaves_qty"], orders(s)[incoming]["leaves_qty"])
        _decrement(s, resting, qty, command)
        if core(s)[0]["working"] == incoming or orders(s)[incoming]["state"] == BOOK:
            _decrement(s, incoming, qty, command)
        return
    if mode != _NEWEST:
        end_order(s, resting, command, _CANCELED, _SELF_TRADE)
    alive = orders(s)[incoming]["state"] == WORKING or orders(s)[incoming]["state"] == BOOK
    if mode != _OLDEST and alive:
        end_order(s, incoming, command, _CANCELED, _SELF_TRADE)


@kernel
def _decrement(s, slot, qty, command):
    if qty >= orders(s)[slot]["leaves_qty"]:
        end_order(s, slot, command, _CANCELED, _SELF_TRADE)
    else:
        reduce_order(s, slot, qty, command, _SELF_TRADE)


@kernel
def _tape(s, instrument, price, qty, side):
    """Book a trade in the instrument's last price, extremes, volume and flex count."""
    book = books(s)[instrument]
    book["moved"] |= np.int64(price != book["last_px"])
    book["last_px"] = price
    book["last_qty"] = qty
    book["volume"] += qty
    book["dirty"] |= TRADED
    if price > book["high_px"]:
        book["high_px"] = price
    if price < book["low_px"] or book["low_px"] == 0:
        book["low_px"] = price
    if price > book["trail_high"]:
        book["trail_high"] = price
    if price < book["trail_low"] or book["trail_low"] == 0:
        book["trail_low"] = price
    row = instruments(s)[instrument]
    if row[_FLEX_TRADES] > 0 and row[_BY_REFERENCE] == 1:
        _flex(s, instrument, price)
    emit_trade(s, instrument, price, qty, side)


@cold
def _flex(s, instrument, price):
    """Count trades at the edge of the dynamic band; enough of them widen it by one step."""
    row = instruments(s)[instrument]
    book = books(s)[instrument]
    if book["flexes"] >= row[_MAX_FLEX]:
        return
    reference = row[_REFERENCE]
    width = bps_down(reference, row[_DYNAMIC] + np.int64(book["flexes"]) * row[_FLEX_BPS])
    if abs(price - reference) * 100 >= 99 * width:
        book["flex_trades"] += 1
        if book["flex_trades"] >= row[_FLEX_TRADES]:
            book["flexes"] += 1
            book["flex_trades"] = 0


@kernel
def _one_side(s, slot, price, qty, liquidity, command):
    """Book one side's part of a trade and report it; leaves are already reduced."""
    detail = details(s)[slot]
    detail["cum_qty"] += qty
    detail["cum_value"] += price * qty
    fee = fill(s, slot, price, qty, liquidity)
    r = report_fill(s, slot, command, price, qty)
    r["fee"] = fee
    r["liquidity"] = liquidity
    return r


@kernel
def _shrink_resting(s, slot, qty, stay):
    """Reduce a resting order by a fill; when nothing is left it leaves its queue."""
    if qty == orders(s)[slot]["leaves_qty"]:
        leave_book(s, slot)
        orders(s)[slot]["leaves_qty"] = 0
    else:
        shrink(s, slot, qty, stay)


@kernel
def trade(s, maker, taker, price, qty, command):
    """Trade `qty` at `price` between a resting and the working order."""
    _tape_trade_id(s)
    order = orders(s)[taker]
    _shrink_resting(s, maker, qty, False)
    order["leaves_qty"] -= qty
    _tape(s, np.int64(order["instrument"]), price, qty, np.int64(order["side"]) + 1)
    _report_both(s, maker, taker, price, qty, command, _MAKER, _TAKER)


@kernel
def trade_waiting(s, maker, taker, command):
    """Trade with an order that waited for its minimum; whether something of it is left.

    What is left is in no queue.
    """
    waiting, order = orders(s)[maker], orders(s)[taker]
    leave_book(s, maker)
    waiting["exec_inst"] &= 0xFFFF - MINIMUM
    waiting["state"] = BOOK
    books(s)[waiting["instrument"]]["dirty"] |= CHANGED
    price, qty = waiting["price"], min(waiting["leaves_qty"], order["leaves_qty"])
    _tape_trade_id(s)
    waiting["leaves_qty"] -= qty
    order["leaves_qty"] -= qty
    left = waiting["leaves_qty"] > 0
    _tape(s, np.int64(order["instrument"]), price, qty, np.int64(order["side"]) + 1)
    _report_both(s, maker, taker, price, qty, command, _MAKER, _TAKER)
    return left


@kernel
def trade_in_auction(s, buyer, seller, price, qty, command):
    """Trade `qty` at the auction price between two resting orders."""
    _tape_trade_id(s)
    _shrink_resting(s, buyer, qty, True)
    _shrink_resting(s, seller, qty, True)
    _tape(s, np.int64(orders(s)[buyer]["instrument"]), price, qty, 0)
    _report_both(s, buyer, seller, price, qty, command, _AUCTION, _AUCTION)


@kernel
def _tape_trade_id(s):
    core(s)[0]["trade_id"] += 1


@kernel
def _report_both(s, first, second, price, qty, command, first_role, second_role):
    """Report both sides, then all that hangs on the fill."""
    r = _one_side(s, first, price, qty, first_role, command)
    r["contra_order_id"] = orders(s)[second]["order_id"]
    r = _one_side(s, second, price, qty, second_role, command)
    r["contra_order_id"] = orders(s)[first]["order_id"]
    first_id, second_id = orders(s)[first]["order_id"], orders(s)[second]["order_id"]
    if (orders(s)[first]["exec_inst"] | orders(s)[second]["exec_inst"]) & LINKED:
        if orders(s)[first]["exec_inst"] & LINKED:
            after_fill(s, first, qty, command)
        if orders(s)[second]["order_id"] == second_id and orders(s)[second]["exec_inst"] & LINKED:
            after_fill(s, second, qty, command)
    if orders(s)[first]["order_id"] == first_id and orders(s)[first]["leaves_qty"] == 0:
        finish_filled(s, first, command)
    if orders(s)[second]["order_id"] == second_id and orders(s)[second]["leaves_qty"] == 0:
        finish_filled(s, second, command)
