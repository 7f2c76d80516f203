"""The market data files of `backtest.readers` (LOBSTER, ITCH, Bitstamp, Binance) as data sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from backtest.data.dataset import Dataset, Rows, window
from backtest.data.sources.listings import listing
from backtest.events import EVENT, EventKind
from backtest.readers.facts import FactKind, Feed
from backtest.readers.formats import FORMATS, open_feed
from backtest.record import Listing
from domain.codes import Side
from domain.errors import InvalidField


def events_of(facts: Rows) -> Rows:
    """FACT rows as EVENT rows, one for one but for the notes, which are no history.

    A fact names the side of the resting order; of a TRADE an event names the aggressor's.
    """
    facts = facts[facts["kind"] != FactKind.NOTE]
    made = np.zeros(len(facts), EVENT)
    for name in ("time", "price", "qty", "ref", "instrument", "kind", "side"):
        made[name] = facts[name]
    replaced, trade = made["kind"] == EventKind.REPLACE, made["kind"] == EventKind.TRADE
    made["qty_2"][replaced] = facts["new_ref"][replaced]
    side = made["side"][trade]
    made["side"][trade] = np.where(side == 0, 0, Side.BUY + Side.SELL - side)
    made["ref"][trade] = 0  # that of an order; an event's is the trade's number
    return made


class MarketFile:
    """A file as a source; it is opened anew for every pass."""

    def __init__(self, path: Path, format: str, options: Mapping[str, Any]) -> None:  # noqa: A002
        self._path, self._format, self._options = path, format, options
        feed, count, first, last = self._opened(), 0, 0, 0
        for chunk in self._events(feed):
            if len(chunk):
                first = first if count else int(chunk["time"][0])
                count, last = count + len(chunk), int(chunk["time"][-1])
        self._extent = count, first, last
        self.listings: tuple[Listing, ...] = tuple(
            listing(each.symbol, each.tick, each.lot, type=each.type) for each in feed.instruments
        )

    def _opened(self) -> Feed:
        return open_feed(self._path, self._format, **self._options)

    def _events(self, feed: Feed) -> Iterator[Rows]:
        for facts in feed.chunks:
            yield events_of(facts)

    def rows(self, first: int, last: int) -> Iterator[Rows]:
        for chunk in self._events(self._opened()):
            yield window(chunk, first, last)

    def extent(self) -> tuple[int, int, int]:
        return self._extent


def market_file(path: str | Path, format: str, **options: Any) -> Dataset:  # noqa: A002
    """A file of docs/readers.md; `options` are those of its reader (tick, lot, instruments, ...).

    The file is read once now, for its instruments, and again each time the data set is. Raises
    InvalidField (BadRecord with line or byte), OSError.
    """
    if format == "csv":
        allowed = ", ".join(name for name in FORMATS if name != "csv")
        raise InvalidField("format", "csv", f"{allowed}: orders of one's own are no history")
    source = MarketFile(Path(path), format, options)
    return Dataset(source.listings, source)
