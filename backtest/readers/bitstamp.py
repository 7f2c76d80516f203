"""Bitstamp-like files of order events, one line each, without an opening snapshot.

    id,timestamp,exchange.timestamp,price,volume,action,direction
    65595247,1430438404518,1430438404000,236.47,200000000,created,bid

timestamp: ms since 1970, when it was received (facts carry this time, in ns); exchange.timestamp:
ms since 1970, when the order was entered. price: decimal, a tick is 0.01 unless said otherwise.
volume: integer in units of 1e-8, what is left of the order; 0 of a deleted order means that it
was filled. action: created, changed or deleted. direction: bid or ask. Plain, .gz, .xz or .bz2. The
columns may stand in any order, with others among them.

created becomes ADD, changed SET and deleted DELETE. An order that was there before the file
begins is adopted at its first "changed". Executions are not said to be any.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np

from backtest.readers.csv_rows import (
    Column,
    Table,
    header,
    places,
    positive_step,
    require_cell,
    require_names,
    tables,
    warm,
    words,
)
from backtest.readers.cut import text
from backtest.readers.facts import FACT, FactKind, Feed, Instrument, Rows, check_bounds
from domain.codes import InstrumentType, Side

LOT = Decimal("1e-8")
ACTIONS = {"created": FactKind.ADD, "changed": FactKind.SET, "deleted": FactKind.DELETE}
DIRECTIONS = {"bid": Side.BUY, "ask": Side.SELL}
NAMES = ("id", "timestamp", "price", "volume", "action", "direction")  # others are not needed


def open_bitstamp(path: Path, symbol: str = "BTCUSD", tick: Decimal | str = "0.01") -> Feed:
    """The facts of the file; prices must be multiples of `tick`.

    Reading raises BadRecord for a field that is not understood, a price or volume out of bounds,
    a price off the tick, or a compressed file that is cut off.
    """
    step = positive_step("tick", tick)
    feed = Feed(path, "bitstamp", iter(()), [Instrument(symbol, step, LOT, InstrumentType.CRYPTO)])
    feed.size = path.stat().st_size
    warm()
    feed.chunks = _chunks(feed, step)
    return feed


def _chunks(feed: Feed, tick: Decimal) -> Iterator[Rows]:
    kinds = {"price": places(tick), "action": text.WORD, "direction": text.WORD}
    names = header(feed.path)
    if not names:
        return
    require_names(names, NAMES, feed.path)
    columns = [Column(n, kinds.get(n, 0) if n in NAMES else text.SKIP) for n in names]
    units = int(tick.scaleb(places(tick)))
    for table in tables(feed.path, columns, feed, skip=1):
        yield _facts(feed, table, {name: names.index(name) for name in NAMES}, units)


def _facts(feed: Feed, table: Table, at: dict[str, int], units: int) -> Rows:
    values, path = table.values, feed.path
    facts = np.zeros(len(values), FACT)
    facts["kind"] = words(table, (at["action"], "action"), ACTIONS, path)
    facts["side"] = words(table, (at["direction"], "direction"), DIRECTIONS, path)
    price, time = values[:, at["price"]], values[:, at["timestamp"]]
    place = (at["price"], "price")
    require_cell(price % units == 0, table, place, path, "a multiple of the tick size")
    require_cell(
        (time >= 0) & (time < 2**62 // 10**6), table, (at["timestamp"], "timestamp"), path,
        "milliseconds since 1970, below 2**62 ns",
    )  # fmt: skip
    facts["price"] = price // units
    facts["time"] = time * 1_000_000
    facts["ref"], facts["qty"] = values[:, at["id"]], values[:, at["volume"]]
    facts["instrument"], facts["place"] = 1, table.lines
    for name, kind in ACTIONS.items():
        feed.counts[name] += int(np.count_nonzero(facts["kind"] == kind))
    check_bounds(facts, (path, "line"))
    return facts
