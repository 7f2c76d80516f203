"""The way into the engine: commands are gathered in a buffer, applied, and reports kept."""

import numpy as np

from backtest.simulator.core.calls import call2
from backtest.simulator.core.draws import arrives
from backtest.simulator.core.tables import (
    HISTORY,
    LANES,
    OWN,
    REPORTS,
    arrivals,
    head,
    items,
    kept,
    kept_lanes,
    made,
    made_lanes,
    report_dues,
)
from domain.codes import Command, ExecType, OrdType, ReportType, TimeInForce
from domain.jit import kernel, table
from domain.layout import REPORT
from domain.tables import Table, core, details, orders, reports

report_lanes = table(Table.REPORT, "i8", REPORT.itemsize // 8)
_NEW, _CANCEL, _TICK = int(Command.NEW_ORDER), int(Command.CANCEL_ORDER), int(Command.TICK)
_REPLACE, _QUOTE = int(Command.REPLACE_ORDER), int(Command.QUOTE)
_LIMIT = int(OrdType.LIMIT)
_GTC, _IOC = int(TimeInForce.GTC), int(TimeInForce.IOC)
_TRADE, _ADMIN = int(ExecType.TRADE), int(ReportType.ADMIN)
_REPORT_TABLE = int(Table.REPORT)


@kernel
def blank(w, command, account, instrument):
    """A new row at the end of the buffer, all zero but what every command has."""
    h = head(w)[0]
    at = np.int64(h["made"])
    lanes = made_lanes(w)
    for lane in range(LANES):
        lanes[at, lane] = 0
    h["made"] = at + 1
    row = made(w)[at]
    row["command"] = command
    row["account"] = account
    row["instrument"] = instrument
    row["transact_time"] = h["now"]
    return row


@kernel
def post(w, instrument, side, price, qty, rests):
    """An order of history at a price that rests or trades at once; returns its cl_ord_id."""
    h = head(w)[0]
    row = blank(w, _NEW, HISTORY, instrument)
    number = h["next_id"]
    h["next_id"] = number + 1
    row["cl_ord_id"] = number
    row["side"] = side
    row["ord_type"] = _LIMIT
    row["time_in_force"] = _GTC if rests else _IOC
    row["price"] = price
    row["order_qty"] = qty
    return number


@kernel
def withdraw_id(w, instrument, number):
    """Cancel an order of history by its cl_ord_id."""
    row = blank(w, _CANCEL, HISTORY, instrument)
    row["orig_cl_ord_id"] = number


@kernel
def lower(w, slot, qty):
    """Leave `qty` lots of a resting order of history; its place in the queue stays."""
    h = head(w)[0]
    s = h["store"]
    order = orders(s)[slot]
    if qty <= 0:
        row = blank(w, _CANCEL, HISTORY, np.int64(order["instrument"]))
    else:
        row = blank(w, _REPLACE, HISTORY, np.int64(order["instrument"]))
        row["order_qty"] = qty + total_filled(s, slot)
    row["order_id"] = order["order_id"]


@kernel
def total_filled(s, slot):
    """Lots of an order that have traded: a REPLACE names the total."""
    return details(s)[slot]["cum_qty"]


@kernel
def print_price(w, instrument, price):
    """The instrument has traded at a price without an order of ours."""
    row = blank(w, _TICK, 0, instrument)
    row["price"] = price


@kernel
def apply(w):
    """Apply what is in the buffer and keep the reports on own orders."""
    h = head(w)[0]
    count = np.int64(h["made"])
    if count == 0:
        return
    s = h["store"]
    c = core(s)[0]
    c["rows"] = count
    c["reports"] = 0
    done = call2(h["run"], s, 0)
    keep(w)
    while done < count:
        if c["want"] != _REPORT_TABLE:
            h["failed"] = c["want"]  # more room than `enough_room` saw was needed
            break
        c["reports"] = 0
        done = call2(h["run"], s, done)
        keep(w)
    h["made"] = 0
    h["applied"] += done


@kernel
def keep(w):
    """Keep the reports of this call that are about own orders."""
    h = head(w)[0]
    s = h["store"]
    rows, lanes = reports(s), report_lanes(s)
    for at in range(core(s)[0]["reports"]):
        row = rows[at]
        if row["account"] != OWN or (row["report"] == _ADMIN and row["command"] > _QUOTE):
            continue
        place = np.int64(h["reports"])
        if place == len(kept(w)):
            h["failed"] = -1
            return
        mine = kept_lanes(w)
        for lane in range(LANES):
            mine[place, lane] = lanes[at, lane]
        item = items(w)[row["instrument"]]
        arrivals(w)[place, 0] = item["bid"]
        arrivals(w)[place, 1] = item["ask"]
        report_dues(w)[place] = arrives(w, REPORTS, np.int64(row["transact_time"]))
        h["reports"] = place + 1
        if row["exec_type"] == _TRADE:
            item["budget"] -= row["last_qty"]
            h["filled"] += row["last_qty"]
