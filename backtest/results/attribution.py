"""Where the money came from: by instrument and period, to the minor unit.

What an instrument made in a period is the change of its position's value, less what was paid for
it, less fees, plus its dividends, funding and borrow. What no instrument has made (interest on
cash, say) stands under "other", so that the table adds up to the change of equity.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backtest.record import Record
from backtest.results.fills import Ints, fills_of, sample_of
from backtest.results.series import values_of
from domain.errors import InvalidField

PERIODS = {"day": "M8[D]", "month": "M8[M]", "year": "M8[Y]"}


class Attribution(NamedTuple):
    """Minor units. `total` is `pnl` summed over instruments and `other`: the change of equity."""

    periods: NDArray[np.datetime64]  # (p,)
    symbols: tuple[str, ...]  # k of them
    pnl: Ints  # (p, k)
    other: Ints  # (p,)
    total: Ints  # (p,)


class Parts(NamedTuple):
    """What the result is made of, minor units, for each instrument."""

    symbols: tuple[str, ...]
    trading: Ints  # price moves of what was held, before fees
    fees: Ints  # 0 or less, unless rebates are more
    flows: Ints  # dividends, funding, borrow


def _booked(record: Record) -> tuple[Ints, Ints, Ints]:
    """Paid for lots, fees, and other cash of each sample and instrument: each (n, k)."""
    fills, shape = fills_of(record), record.positions.shape
    paid, fees, flows = (np.zeros(shape, np.int64) for _ in range(3))
    np.add.at(paid, (fills["sample"], fills["instrument"]), fills["value"])
    np.add.at(fees, (fills["sample"], fills["instrument"]), fills["fee"])
    known = record.flows[record.flows["instrument"] > 0]
    at = sample_of(record, known["time"])
    np.add.at(flows, (at, known["instrument"].astype(np.int64) - 1), known["value"])
    return paid, fees, flows


def attribution_of(record: Record, period: str = "month") -> Attribution:
    """Profit and loss by instrument and by UTC day, month or year."""
    if period not in PERIODS:
        raise InvalidField("period", period, "one of " + ", ".join(PERIODS))
    symbols = tuple(listing.symbol for listing in record.listings)
    if not len(record.times):
        none = np.zeros(0, np.int64)
        return Attribution(
            none.astype(PERIODS[period]), symbols, np.zeros((0, len(symbols)), np.int64), none, none
        )
    paid, fees, flows = _booked(record)
    made = np.diff(values_of(record), axis=0, prepend=0) - paid - fees + flows
    change = np.diff(record.equity, prepend=record.start_cash)
    labels = record.times.astype("M8[ns]").astype(PERIODS[period])
    starts = np.flatnonzero(np.append(True, labels[1:] != labels[:-1]))
    pnl = np.add.reduceat(made, starts, axis=0)
    total = np.add.reduceat(change, starts)
    return Attribution(labels[starts], symbols, pnl, total - pnl.sum(axis=1), total)


def parts_of(record: Record) -> Parts:
    """Price moves, fees and other cash of each instrument over the whole run."""
    paid, fees, flows = (part.sum(axis=0) for part in _booked(record))
    left = values_of(record)[-1] if len(record.times) else np.zeros_like(paid)
    symbols = tuple(listing.symbol for listing in record.listings)
    return Parts(symbols, left - paid, -fees, flows)
