"""Series of a record: equity, drawdown, days and their returns, exposures."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backtest.record import Record
from backtest.results.fills import Ints, fills_of, multipliers

Floats = NDArray[np.float64]
DAY = 86_400_000_000_000
YEAR = 365.25 * DAY


class Days(NamedTuple):
    """The last sample of each UTC day that has one."""

    dates: NDArray[np.datetime64]  # "M8[D]"
    at: Ints  # places of the samples

    @property
    def a_year(self) -> int:
        """Days a year: 365 if there are weekends among them, else 252."""
        return 365 if np.any(np.is_busday(self.dates, weekmask="0000011")) else 252


def days_of(record: Record) -> Days:
    """Where days end."""
    days = record.times // DAY
    at = np.flatnonzero(np.append(days[1:] != days[:-1], True)) if len(days) else np.zeros(0, int)
    return Days(days[at].astype("M8[D]"), at.astype(np.int64))


def returns_at(levels: Floats, start: float) -> Floats:
    """Simple returns from `start` through the levels. What is ruined (0 or less) stays so."""
    path = np.maximum(np.append(float(start), levels), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        moves = path[1:] / path[:-1] - 1.0
    return np.where(path[:-1] > 0.0, moves, 0.0)


def drawdown_of(record: Record) -> Floats:
    """Distance of the equity below its highest level so far, as a fraction of 0 or less."""
    equity = record.equity.astype(np.float64)
    peak = np.maximum(np.maximum.accumulate(equity), float(record.start_cash))
    return equity / peak - 1.0


def values_of(record: Record) -> Ints:
    """Market value of each position at each sample, minor units, short below 0: shape (n, k)."""
    return record.positions * record.marks * multipliers(record)


class Exposures(NamedTuple):
    """Market values at each sample, minor units; leverage is gross by equity."""

    long: Ints
    short: Ints  # 0 or less
    gross: Ints
    net: Ints
    leverage: Floats


def exposures_of(record: Record) -> Exposures:
    """How much was at stake."""
    values = values_of(record)
    long, short = np.maximum(values, 0).sum(axis=1), np.minimum(values, 0).sum(axis=1)
    gross = long - short
    equity = record.equity.astype(np.float64)
    leverage = np.divide(gross, equity, out=np.full(len(gross), np.nan), where=equity > 0)
    return Exposures(long, short, gross, long + short, leverage)


def turnover_of(record: Record) -> float:
    """Value traded by mean equity, a year: 2 is once around into and out of everything."""
    traded = float(np.abs(fills_of(record)["value"]).sum())
    mean = float(record.equity.mean()) if len(record.equity) else np.nan
    span = float(record.times[-1] - record.times[0]) if len(record.times) else 0.0
    return traded / mean * YEAR / span if span > 0 and mean > 0 else float("nan")


def held_of(record: Record) -> Floats:
    """What one unit of cash becomes if it is spread evenly over all instruments and held.

    Shape (n,). Each instrument is bought at its first mark; until then its part stays cash.
    """
    marks = record.marks.astype(np.float64)
    if not marks.size:
        return np.ones(len(marks))
    known = marks > 0
    first = np.argmax(known, axis=0)
    base = marks[first, np.arange(marks.shape[1])]
    grown = np.where(known, marks / np.where(base > 0, base, 1.0), 1.0)
    return np.asarray(grown.mean(axis=1))
