"""Trades out of executions: pieces matched first in, first out, and round trips from flat to flat.

Everything that is money is exact: over all rows, open ones included, profit less fees is what
trading made, to the minor unit.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from backtest.record import Record
from backtest.results.fills import Fills, Ints, fills_of, multipliers

TRADE = np.dtype(
    [
        ("instrument", "i8"),  # place in the listings, from 0
        ("qty", "i8"),  # lots, the largest position of a round trip; short below 0
        ("entry_time", "i8"),
        ("exit_time", "i8"),  # an open trade: the last sample
        ("entry_price", "f8"),  # ticks, the average of a round trip's entries
        ("exit_price", "f8"),  # ticks; an open trade: the mark
        ("pnl", "i8"),  # minor units, before fees
        ("fees", "i8"),
        ("mae", "f8"),  # most adverse excursion: minor units, 0 or less
        ("mfe", "f8"),  # most favourable excursion: minor units, 0 or more
        ("bars", "i8"),  # samples from entry to exit
        ("open", "?"),
    ]
)
Trades = NDArray[np.void]


def fifo(record: Record) -> Trades:
    """One row for each pair of executions that opened and closed the same lots, oldest first.

    First in, first out: the k-th lot bought of an instrument belongs to the k-th lot sold,
    whichever came first; so the two running totals cut each other into the trades.
    """
    parts = [_paired(record, fills) for fills in _by_instrument(record)]
    return _ordered(parts)


def round_trips(record: Record) -> Trades:
    """One row from flat to flat, with the average prices of all entries and of all exits."""
    parts = [_rounds(record, fills) for fills in _by_instrument(record)]
    return _ordered(parts)


def _by_instrument(record: Record) -> Iterator[Fills]:
    fills = fills_of(record)
    for number in np.unique(fills["instrument"]):
        yield fills[fills["instrument"] == number]


def _ordered(parts: list[Trades]) -> Trades:
    rows = np.concatenate(parts) if parts else np.zeros(0, TRADE)
    return rows[np.argsort(rows["entry_time"], kind="stable")]


def _paired(record: Record, fills: Fills) -> Trades:
    """Trades of one instrument, first in, first out."""
    buys, sells = np.flatnonzero(fills["qty"] > 0), np.flatnonzero(fills["qty"] < 0)
    bought, sold = np.cumsum(fills["qty"][buys]), np.cumsum(-fills["qty"][sells])
    ends = np.union1d(bought, sold)
    buy = np.append(buys, -1)[np.searchsorted(bought, ends)]  # -1: nothing on that side yet
    sell = np.append(sells, -1)[np.searchsorted(sold, ends)]
    long = (sell < 0) | ((buy >= 0) & (buy < sell))
    first = np.where(long, buy, sell)
    last = np.where(long, sell, buy)
    qty = np.diff(ends, prepend=0) * np.where(long, 1, -1)
    fees = _shares(fills, buy, ends, bought) + _shares(fills, sell, ends, sold)
    return _described(record, fills, (first, last), qty, fees)


def _shares(fills: Fills, at: Ints, ends: Ints, totals: Ints) -> Ints:
    """Each piece's part of its execution's fee; rounded so that the parts are the whole."""
    fee, qty = fills["fee"][at], np.abs(fills["qty"][at])
    starts = np.append(totals, 0)[np.searchsorted(totals, ends)] - qty
    done = np.diff(ends, prepend=0)
    after = ends - starts
    whole, rest = np.divmod(fee, qty)
    part = whole * done + rest * after // qty - rest * (after - done) // qty
    return np.where(at >= 0, part, 0)


def _rounds(record: Record, fills: Fills) -> Trades:
    """Round trips of one instrument. An execution that turns the position is cut at flat."""
    after = np.cumsum(fills["qty"])
    before = after - fills["qty"]
    turns = np.flatnonzero(before * np.sign(after) < 0)
    pieces = np.insert(fills, turns, fills[turns])
    first = turns + np.arange(len(turns))  # the piece that closes; the next one opens
    closing = -before[turns]
    fee = fills["fee"][turns] * closing // np.where(len(turns), fills["qty"][turns], 1)
    pieces["qty"][first], pieces["qty"][first + 1] = closing, after[turns]
    pieces["fee"][first], pieces["fee"][first + 1] = fee, fills["fee"][turns] - fee
    position = np.cumsum(pieces["qty"])
    starts = np.flatnonzero(np.append(0, position[:-1]) == 0)
    stops = np.append(starts[1:], len(pieces)) - 1
    return _trips(record, pieces, position, (starts, stops))


def _trips(record: Record, pieces: Fills, position: Ints, span: tuple[Ints, Ints]) -> Trades:
    starts, stops = span
    direction = np.sign(position[starts])
    side = np.repeat(direction, stops - starts + 1)
    entering = pieces["qty"] * side > 0
    open_ = position[stops] != 0
    rows = np.zeros(len(starts), TRADE)
    number = int(pieces["instrument"][0])
    rows["instrument"] = number
    rows["qty"] = np.maximum.reduceat(position * side, starts) * direction
    rows["entry_time"] = pieces["time"][starts]
    rows["exit_time"] = np.where(open_, record.times[-1], pieces["time"][stops])
    mark = int(record.marks[-1, number])
    value = pieces["qty"] * pieces["price"]
    left = position[stops] * mark
    lots = [np.add.reduceat(np.where(on, pieces["qty"], 0), starts) for on in (entering, ~entering)]
    worth = [np.add.reduceat(np.where(on, value, 0), starts) for on in (entering, ~entering)]
    rows["entry_price"] = worth[0] / lots[0]
    rows["exit_price"] = (worth[1] - left) / (lots[1] - position[stops])
    multiplier = int(multipliers(record)[number])
    rows["pnl"] = (left - np.add.reduceat(value, starts)) * multiplier
    rows["fees"] = np.add.reduceat(pieces["fee"], starts)
    rows["open"] = open_
    ends = np.where(open_, len(record.times) - 1, pieces["sample"][stops])
    return _excursions(record, rows, pieces["sample"][starts], ends)


def _described(
    record: Record, fills: Fills, pair: tuple[Ints, Ints], qty: Ints, fees: Ints
) -> Trades:
    first, last = pair
    number = int(fills["instrument"][0])
    rows = np.zeros(len(qty), TRADE)
    rows["instrument"], rows["qty"], rows["fees"] = number, qty, fees
    rows["open"] = open_ = last < 0
    rows["entry_time"] = fills["time"][first]
    rows["exit_time"] = np.where(open_, record.times[-1], fills["time"][last])
    entry = fills["price"][first]
    exit_ = np.where(open_, record.marks[-1, number], fills["price"][last])
    rows["entry_price"], rows["exit_price"] = entry, exit_
    rows["pnl"] = (exit_ - entry) * qty * multipliers(record)[number]
    ends = np.where(open_, len(record.times) - 1, fills["sample"][last])
    return _excursions(record, rows, fills["sample"][first], ends)


def _excursions(record: Record, rows: Trades, starts: Ints, ends: Ints) -> Trades:
    """How far a trade was ahead and behind at the marks while it was open, and at its exit."""
    rows["bars"] = ends - starts
    number = int(rows["instrument"][0]) if len(rows) else 0
    marks = np.append(record.marks[:, number], 0).astype(np.float64)
    within = np.column_stack((starts, np.maximum(ends, starts + 1))).ravel()
    within_bar = ends == starts  # opened and closed between two samples: no mark saw it
    extremes = [f.reduceat(marks, within)[::2] for f in (np.minimum, np.maximum)]
    low, high = (np.where(within_bar, rows["exit_price"], found) for found in extremes)
    low, high = np.minimum(low, rows["exit_price"]), np.maximum(high, rows["exit_price"])
    unit = rows["qty"] * multipliers(record)[number].astype(np.float64)
    ahead, behind = (high - rows["entry_price"]) * unit, (low - rows["entry_price"]) * unit
    rows["mae"] = np.minimum(np.minimum(ahead, behind), 0.0)
    rows["mfe"] = np.maximum(np.maximum(ahead, behind), 0.0)
    return rows
