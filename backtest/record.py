"""What a run leaves behind: arrays only. Every measure, table and picture is worked out from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.codes import InstrumentType

Rows = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Listing:
    """An instrument of a data set: number = its place in `Dataset.listings` + 1.

    A price of n ticks is n x `tick`, a quantity of n lots n x `lot` units, and one tick on one lot
    is worth `multiplier` minor units of `currency`, whose minor unit is 10 ** -`decimals`.
    """

    symbol: str
    tick: Decimal = Decimal("0.01")
    lot: Decimal = Decimal(1)
    type: InstrumentType = InstrumentType.EQUITY
    multiplier: int = 1
    currency: str = "USD"
    decimals: int = 2


@dataclass(frozen=True, slots=True)
class Record:
    """One run. Money is int64 minor units, prices ticks, quantities lots, times ns since 1970 UTC.

    Sampled once for each of the n `times` (each bar's close, or each `sample` of a finer feed),
    after everything of that instant was done; k is the number of listings.
    """

    name: str
    listings: tuple[Listing, ...]
    reports: Rows  # domain.layout.REPORT: all reports on own orders, in their order
    arrivals: Rows  # int64 (len(reports), 2): best bid and ask when the row was written, 0 unknown
    times: NDArray[np.int64]  # (n,)
    equity: NDArray[np.int64]  # (n,): cash + open positions at the marks
    cash: NDArray[np.int64]  # (n,)
    margin: NDArray[np.int64]  # (n,): held by the risk checks
    positions: NDArray[np.int64]  # (n, k): lots, short below 0
    marks: NDArray[np.int64]  # (n, k): ticks, 0 before the first price
    flows: Rows  # dtype FLOW: cash that is no trade: dividends, funding, borrow, fees on cash
    start_cash: int
    seed: int = 0
    parameters: dict[str, Any] = field(default_factory=dict)
    state_hash: str = ""
    commands: int = 0  # applied to the exchange
    events: int = 0  # of market data read
    error: str = ""  # what the strategy raised, with the place in the data; "" if it finished


FLOW = np.dtype(
    [
        ("time", "i8"),
        ("value", "i8"),  # minor units, paid out below 0
        ("instrument", "i4"),
        ("kind", "i4"),  # EventKind, or 0: borrow, -1: interest on cash
    ]
)
