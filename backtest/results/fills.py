"""A record's executions as one flat table, in exact integers, with the places of its samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from backtest.record import Record
from domain.codes import ExecType, ReportType, Side

FILL = np.dtype(
    [
        ("time", "i8"),
        ("instrument", "i8"),  # place in the listings, from 0
        ("qty", "i8"),  # lots, sold below 0
        ("price", "i8"),  # ticks
        ("value", "i8"),  # minor units that left the cash, sold below 0, without the fee
        ("fee", "i8"),
        ("order_id", "i8"),
        ("sample", "i8"),  # the first sample that knows of it
        ("report", "i8"),  # row of `Record.reports`
    ]
)
Fills = NDArray[np.void]
Ints = NDArray[np.int64]


def multipliers(record: Record) -> Ints:
    """Minor units that one tick on one lot is worth, for each listing."""
    return np.array([listing.multiplier for listing in record.listings], np.int64)


def signs(sides: NDArray[np.integer]) -> Ints:
    """1 for buys, -1 for every kind of sale."""
    return np.where(sides == Side.BUY, 1, -1).astype(np.int64)


def sample_of(record: Record, times: Ints) -> Ints:
    """The first sample at or after each time; what comes after the last one counts to it."""
    return np.minimum(np.searchsorted(record.times, times), max(len(record.times) - 1, 0))


def fills_of(record: Record) -> Fills:
    """All executions, in their order, dtype FILL."""
    rows = record.reports
    traded = (rows["report"] == ReportType.EXECUTION) & (rows["exec_type"] == ExecType.TRADE)
    at = np.flatnonzero(traded)
    rows = rows[at]
    fills = np.zeros(len(rows), FILL)
    fills["time"] = rows["transact_time"]
    fills["instrument"] = rows["instrument"] - 1
    fills["qty"] = rows["last_qty"] * signs(rows["side"])
    fills["price"] = rows["last_px"]
    fills["value"] = fills["qty"] * fills["price"] * multipliers(record)[fills["instrument"]]
    fills["fee"] = rows["fee"]
    fills["order_id"] = rows["order_id"]
    fills["sample"] = sample_of(record, fills["time"])
    fills["report"] = at
    if len(fills):
        _settle(record, fills)
    return fills


def _settle(record: Record, fills: Fills) -> None:
    """Move executions that a sample of the very same time does not know of to the next sample.

    A bar opens when the one before it has closed, so what is executed at its open has the time of
    the last sample and happened after it. The sample's position tells.
    """
    last = len(record.times) - 1
    by_place = np.lexsort((fills["report"], fills["sample"], fills["instrument"]))
    rows = fills[by_place]
    number, sample = rows["instrument"], rows["sample"]
    total = np.cumsum(rows["qty"])
    of_instrument = np.flatnonzero(np.append(True, np.diff(number) != 0))
    counts = np.diff(np.append(of_instrument, len(rows)))
    base = np.repeat((total - rows["qty"])[of_instrument], counts)
    position = total - base
    same = record.times[sample] == rows["time"]
    key = np.append(True, (np.diff(number) != 0) | (np.diff(sample) != 0) | (np.diff(same) != 0))
    starts = np.flatnonzero(key)
    sizes = np.diff(np.append(starts, len(rows)))
    known = record.positions[sample, number]
    before = (position - rows["qty"])[starts] == known[starts]
    places = np.arange(len(rows))
    match = np.maximum.reduceat(np.where(position == known, places, -1), starts)
    until = np.where(match >= 0, match, np.where(before, -1, len(rows)))
    late = same & (places > np.repeat(until, sizes)) & (sample < last)
    fills["sample"][by_place[late]] += 1
