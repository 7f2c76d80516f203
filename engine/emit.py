"""Writing REPORT and MARKET rows. The caller has made sure that a step's rows fit."""

import numpy as np

from domain.codes import (
    ExecType,
    Feed,
    MarketType,
    OrdStatus,
    ReportType,
)
from domain.jit import cold, kernel
from domain.tables import (
    books,
    candidates,
    core,
    details,
    extras,
    levels,
    markets,
    orders,
    reports,
    trees,
)
from engine.book.ladder import next_level
from engine.states import BOOK, QUOTE_LEG, UNLIMITED, WORKING

_EXECUTION, _CANCEL_REJECT = int(ReportType.EXECUTION), int(ReportType.CANCEL_REJECT)
_NEW, _PARTIAL, _FILLED = int(OrdStatus.NEW), int(OrdStatus.PARTIALLY_FILLED), int(OrdStatus.FILLED)
_CANCELED, _REJECTED = int(OrdStatus.CANCELED), int(OrdStatus.REJECTED)
_SUSPENDED, _EXPIRED = int(OrdStatus.SUSPENDED), int(OrdStatus.EXPIRED)
_X_CANCELED, _X_EXPIRED = int(ExecType.CANCELED), int(ExecType.EXPIRED)
_X_REJECTED, _X_TRADE = int(ExecType.REJECTED), int(ExecType.TRADE)
_TRADES, _L1, _L2, _L3 = int(Feed.TRADES), int(Feed.L1), int(Feed.L2), int(Feed.L3)
_AUCTION, _STATUS = int(Feed.AUCTION), int(Feed.STATUS)
_M_TRADE, _M_TOP, _M_LEVEL = int(MarketType.TRADE), int(MarketType.TOP), int(MarketType.LEVEL)
_M_STATUS, _M_INDICATIVE = int(MarketType.STATUS), int(MarketType.INDICATIVE)


@kernel
def blank(s, command):
    """The next report row, with every field set."""
    c = core(s)[0]
    c["exec_id"] += 1
    r = reports(s)[c["reports"]]
    c["reports"] += 1
    r["seq"] = c["seq"]
    r["exec_id"] = c["exec_id"]
    r["transact_time"] = c["time"]
    r["orig_cl_ord_id"] = 0
    r["last_px"] = 0
    r["last_qty"] = 0
    r["fee"] = 0
    r["contra_order_id"] = 0
    r["trade_id"] = 0
    r["stop_px"] = 0
    r["limit"] = 0
    r["observed"] = 0
    r["headroom"] = 0
    r["reason"] = 0
    r["command"] = command
    r["liquidity"] = 0
    r["level"] = 0
    r["working"] = 0
    return r


@kernel
def status_of(s, slot):
    """FIX OrdStatus of a live order; all is read first, since no branch could be foreseen."""
    order = orders(s)[slot]
    state, leaves, traded = order["state"], order["leaves_qty"], details(s)[slot]["cum_qty"]
    alive = _PARTIAL if traded > 0 else _NEW
    status = alive if (state == BOOK) | (state == WORKING) else _SUSPENDED
    return status if leaves else _FILLED


@kernel
def report_order(s, slot, command, exec_type, reason):
    """Report what happened to an order; its row shows the order as it is now."""
    r = blank(s, command)
    order = orders(s)[slot]
    detail = details(s)[slot]
    r["report"] = _EXECUTION
    r["exec_type"] = exec_type
    r["reason"] = reason
    r["order_id"] = order["order_id"]
    r["cl_ord_id"] = detail["cl_ord_id"]
    r["price"] = 0 if order["exec_inst"] & UNLIMITED else order["price"]
    r["order_qty"] = detail["order_qty"]
    r["cum_qty"] = detail["cum_qty"]
    r["cum_value"] = detail["cum_value"]
    r["instrument"] = order["instrument"]
    r["account"] = order["account"]
    r["side"] = order["short"] if order["short"] else order["side"] + 1
    r["ord_type"] = order["ord_type"]
    r["time_in_force"] = order["time_in_force"]
    if detail["extra"]:
        r["stop_px"] = extras(s)[detail["extra"]]["stop_px"]
        if order["exec_inst"] & QUOTE_LEG:
            r["cl_ord_id"] = extras(s)[detail["extra"]]["limit_px"]
    if exec_type == _X_CANCELED or exec_type == _X_EXPIRED:
        r["leaves_qty"] = 0
        r["ord_status"] = _CANCELED if exec_type == _X_CANCELED else _EXPIRED
    else:
        r["leaves_qty"] = order["leaves_qty"]
        status = status_of(s, slot)
        r["ord_status"] = status
        r["working"] = 1 if status == _NEW or status == _PARTIAL else 0
    return r


@kernel
def report_fill(s, slot, command, price, qty):
    """Report one side of a trade; the caller adds fee, contra order and liquidity."""
    r = report_order(s, slot, command, _X_TRADE, 0)
    r["last_px"] = price
    r["last_qty"] = qty
    r["trade_id"] = core(s)[0]["trade_id"]
    return r


@cold
def report_refusal(s, cmd, kind, reason, order_id):
    """Report that a new order, a cancel or a replace was refused, and by which limit."""
    r = blank(s, cmd["command"])
    refused = candidates(s)[0]
    r["report"] = kind
    r["exec_type"] = _X_REJECTED
    r["ord_status"] = _REJECTED
    r["reason"] = reason
    r["order_id"] = order_id
    r["cl_ord_id"] = cmd["cl_ord_id"]
    r["price"] = cmd["price"]
    r["order_qty"] = cmd["order_qty"]
    r["leaves_qty"] = 0
    r["cum_qty"] = 0
    r["cum_value"] = 0
    r["instrument"] = cmd["instrument"]
    r["account"] = cmd["account"]
    r["side"] = cmd["side"]
    r["ord_type"] = cmd["ord_type"]
    r["time_in_force"] = cmd["time_in_force"]
    r["orig_cl_ord_id"] = cmd["orig_cl_ord_id"] if kind == _CANCEL_REJECT else 0
    r["stop_px"] = cmd["stop_px"]
    r["level"] = refused["level"]
    r["limit"] = refused["limit"]
    r["observed"] = refused["observed"]
    r["headroom"] = refused["headroom"]
    return r


@cold
def report_admin(s, cmd, kind, reason, qty):
    """Answer a command that is not about one order."""
    r = report_refusal(s, cmd, kind, reason, 0)
    r["exec_type"] = _X_REJECTED if reason else 0
    r["ord_status"] = _REJECTED if reason else 0
    r["price"] = 0
    r["stop_px"] = 0
    r["side"] = 0
    r["ord_type"] = 0
    r["time_in_force"] = 0
    r["order_qty"] = qty
    if reason == 0:
        r["level"] = 0
        r["limit"] = 0
        r["observed"] = 0
        r["headroom"] = 0


@kernel
def emit_market(s, kind, instrument, price, qty):
    """The next market data row; the caller fills what else the kind carries."""
    c = core(s)[0]
    m = markets(s)[c["markets"]]
    c["markets"] += 1
    m["seq"] = c["seq"]
    m["market"] = kind
    m["instrument"] = instrument
    m["price"] = price
    m["qty"] = qty
    m["price_2"] = 0
    m["qty_2"] = 0
    m["order_id"] = 0
    m["orders"] = 0
    m["side"] = 0
    m["phase"] = books(s)[instrument]["phase"]
    return m


@kernel
def emit_trade(s, instrument, price, qty, side):
    """A trade on the tape; `side` is the aggressor's FIX side, 0 in an auction."""
    if core(s)[0]["feed"] & _TRADES:
        m = emit_market(s, _M_TRADE, instrument, price, qty)
        m["order_id"] = core(s)[0]["trade_id"]
        m["side"] = side


@kernel
def emit_level(s, level):
    """L2: the new displayed total of a price level."""
    if core(s)[0]["feed"] & _L2:
        row = levels(s)[level]
        tree = np.int64(row["tree"])
        if row["price"] >= 0:
            m = emit_market(s, _M_LEVEL, tree >> 2, row["price"], row["shown_qty"])
            m["side"] = (tree & 1) + 1
            m["orders"] = row["count"]


@kernel
def emit_order(s, kind, slot, qty):
    """L3: an order's displayed quantity was added, reduced to `qty`, or deleted."""
    if core(s)[0]["feed"] & _L3:
        order = orders(s)[slot]
        m = emit_market(s, kind, np.int64(order["instrument"]), order["price"], qty)
        m["order_id"] = order["order_id"]
        m["side"] = order["side"] + 1


@kernel
def emit_status(s, instrument):
    """The phase of an instrument has changed."""
    if core(s)[0]["feed"] & _STATUS:
        emit_market(s, _M_STATUS, instrument, books(s)[instrument]["last_px"], 0)


@kernel
def emit_indicative(s, instrument, price, qty, surplus):
    """Price, volume and surplus at which an auction would uncross now."""
    if core(s)[0]["feed"] & _AUCTION:
        m = emit_market(s, _M_INDICATIVE, instrument, price, qty)
        m["qty_2"] = surplus


@kernel
def emit_top(s, instrument):
    """Keep the book's best prices; write L1 if they or their quantities have changed."""
    book = books(s)[instrument]
    bid, bid_qty = _top(s, 4 * instrument)
    ask, ask_qty = _top(s, 4 * instrument + 1)
    if (
        bid == book["top_bid"]
        and bid_qty == book["top_bid_qty"]
        and ask == book["top_ask"]
        and ask_qty == book["top_ask_qty"]
    ):
        return
    book["top_bid"] = bid
    book["top_bid_qty"] = bid_qty
    book["top_ask"] = ask
    book["top_ask_qty"] = ask_qty
    if core(s)[0]["feed"] & _L1 == 0:
        return
    m = emit_market(s, _M_TOP, instrument, bid, bid_qty)
    m["price_2"] = ask
    m["qty_2"] = ask_qty


@kernel
def _top(s, tree):
    """Price and displayed quantity of the best displayed level, (0, 0) if there is none."""
    from_level = np.int64(trees(s)[tree]["best"])
    row = levels(s)
    while from_level and row[from_level]["shown_qty"] == 0:
        from_level = next_level(s, tree, row[from_level]["price"])
    if from_level == 0:
        return np.int64(0), np.int64(0)
    return row[from_level]["price"], row[from_level]["shown_qty"]
