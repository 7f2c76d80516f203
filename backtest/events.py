"""One row for everything that happened in a market: the only thing the simulator reads.

Whatever the source (bars, quotes, trades, levels, single orders), history is rows of EVENT in the
order of their `time`. Prices are ticks and quantities lots of the row's instrument, times int64
nanoseconds since 1970 UTC.

- BAR: `start` to `time`, `open`, `high`, `low`, `price` the close, `qty` the volume, `ref` how many
  trades and `qty_2` the open interest (0 unknown).
- QUOTE: best bid `price` x `qty`, best ask `price_2` x `qty_2`; a quantity of 0: an empty side.
- TRADE: `qty` at `price`; `side` of the aggressor, `ref` the trade's number, 0 unknown.
- LEVEL: all of `side` at `price` amounts to `qty`.
- ADD to CLEAR: single orders, as in `backtest.readers.facts.FactKind`; REPLACE has the reference
  that the order has from now on in `qty_2`.
- SPLIT: from `time` on, `qty` new shares for `qty_2` old ones.
- DIVIDEND: `price` minor units of cash a lot, for who holds when it goes ex at `time`.
- ROLL: the position in `instrument` moves into instrument `ref`.
- FUNDING: `price` parts per billion of notional, paid by long to short.
- PHASE: the instrument's session phase becomes `qty` (domain.codes.Phase).
"""

from __future__ import annotations

from enum import IntEnum

from backtest.readers.facts import FactKind
from domain.layout import row

EVENT = row(
    88,
    ("time", "i8"),  # ns, when it was known at the exchange; a bar: when it closed
    ("start", "i8"),  # BAR: ns, when it opened
    ("price", "i8"),
    ("qty", "i8"),
    ("price_2", "i8"),
    ("qty_2", "i8"),
    ("open", "i8"),
    ("high", "i8"),
    ("low", "i8"),
    ("ref", "i8"),
    ("instrument", "i4"),  # 1, 2, 3, ... in the order of Dataset.listings
    ("kind", "u1"),  # EventKind
    ("side", "u1"),  # domain.codes.Side, 0 where it is not said
    ("_align", "u2"),
)


class EventKind(IntEnum):
    """What happened; the kinds of a market data file keep their numbers."""

    ADD = FactKind.ADD
    REDUCE = FactKind.REDUCE
    DELETE = FactKind.DELETE
    EXECUTE = FactKind.EXECUTE
    REPLACE = FactKind.REPLACE
    SET = FactKind.SET
    CLEAR = FactKind.CLEAR
    LEVEL = FactKind.LEVEL
    TRADE = FactKind.TRADE
    HALT = FactKind.HALT
    RESUME = FactKind.RESUME
    BAR = 32
    QUOTE = 33
    SPLIT = 48
    DIVIDEND = 49
    ROLL = 50
    FUNDING = 51
    PHASE = 52
