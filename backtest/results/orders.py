"""Orders out of reports: one row for each order, with its whole life."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from backtest.record import Record
from backtest.results.fills import Ints, signs
from domain.codes import ExecType, OrdType, Reason, ReportType

ORDER = np.dtype(
    [
        ("time", "i8"),  # of its first report
        ("end", "i8"),  # of its last report
        ("instrument", "i8"),  # place in the listings, from 0
        ("sign", "i8"),  # 1 buy, -1 sale
        ("qty", "i8"),  # lots, after the last change
        ("cum_qty", "i8"),
        ("cum_value", "i8"),  # ticks x lots: by cum_qty the average price
        ("price", "i8"),
        ("stop_px", "i8"),
        ("fee", "i8"),
        ("bid", "i8"),  # when it reached the book (stops: when they went off), 0 unknown
        ("ask", "i8"),
        ("order_id", "i8"),
        ("cl_ord_id", "i8"),
        ("side", "u1"),
        ("ord_type", "u1"),
        ("time_in_force", "u1"),
        ("ord_status", "u1"),
        ("reason", "u2"),
        ("live", "?"),  # it could trade: no refused one, no stop that waited, no leg in vain
    ]
)
Orders = NDArray[np.void]
COPIED = (
    "cum_qty", "cum_value", "price", "stop_px", "order_id", "cl_ord_id", "side",
    "time_in_force", "ord_status", "reason",
)  # fmt: skip
WAITING = (
    OrdType.STOP, OrdType.STOP_LIMIT, OrdType.TRAILING_STOP, OrdType.MARKET_IF_TOUCHED,
    OrdType.LIMIT_IF_TOUCHED,
)  # fmt: skip


def orders_of(record: Record) -> Orders:
    """All orders in the order of their first reports, dtype ORDER."""
    about = np.flatnonzero(record.reports["report"] == ReportType.EXECUTION)
    rows, arrivals = record.reports[about], record.arrivals[about]
    # An order that was refused on entry has no order id: it is told apart by its command.
    keys = np.where(rows["order_id"] > 0, rows["order_id"], -rows["seq"])
    by_key = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(keys[by_key]) != 0)) if len(rows) else by_key
    first = by_key[starts]
    last = by_key[np.append(starts[1:], len(by_key)) - 1] if len(rows) else by_key
    orders = np.zeros(len(first), ORDER)
    orders["time"], orders["end"] = rows["transact_time"][first], rows["transact_time"][last]
    orders["instrument"] = rows["instrument"][first] - 1
    orders["sign"] = signs(rows["side"][first])
    orders["qty"] = rows["order_qty"][last]
    for name in COPIED:
        orders[name] = rows[name][last]
    orders["ord_type"] = rows["ord_type"][first]
    orders["fee"] = _sums(rows["fee"], by_key, starts)
    _begin(orders, rows, arrivals, (by_key, starts, first))
    return orders[np.argsort(first)]


def _sums(values: Ints, by_key: Ints, starts: Ints) -> Ints:
    return np.add.reduceat(values[by_key], starts) if len(starts) else starts


def _begin(
    orders: Orders, rows: NDArray[np.void], arrivals: Ints, place: tuple[Ints, Ints, Ints]
) -> None:
    """From when on an order could trade: a stop from its trigger, else from its first report."""
    by_key, starts, first = place
    triggered = rows["exec_type"][by_key] == ExecType.TRIGGERED
    far = len(by_key)
    marked = np.where(triggered, np.arange(far), far)
    found = np.minimum.reduceat(marked, starts) if len(starts) else starts
    went_off = found < far
    begin = np.where(went_off, by_key[np.minimum(found, far - 1)] if far else first, first)
    orders["bid"], orders["ask"] = arrivals[begin, 0], arrivals[begin, 1]
    orders["time"] = rows["transact_time"][begin]
    waits = np.isin(orders["ord_type"], WAITING) & ~went_off
    refused = rows["exec_type"][first] == ExecType.REJECTED
    replaced = orders["reason"] == Reason.CANCELED_BY_LINK
    orders["live"] = ~refused & ((orders["cum_qty"] > 0) | ~(waits | replaced))
