"""Small histories for tests: EVENT rows out of plain tuples, and a data set over them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from backtest.events import EVENT, EventKind
from backtest.record import Listing

MINUTE = 60 * 10**9
START = 1_700_000_000 * 10**9


class History:
    """A data set in memory, given out in chunks of `chunk` rows."""

    def __init__(self, events: Any, *listings: Listing, chunk: int = 65_536) -> None:
        self.events, self.chunk = events, chunk
        self.listings = listings or (Listing("ACME"),)

    def chunks(self) -> Iterator[Any]:
        for at in range(0, len(self.events), self.chunk):
            yield self.events[at : at + self.chunk].copy()


def bars(*rows: tuple[int, ...], instrument: int = 1) -> Any:
    """BAR rows a minute apart out of (open, high, low, close[, volume]) in ticks and lots."""
    events = np.zeros(len(rows), EVENT)
    events["kind"], events["instrument"] = EventKind.BAR, instrument
    events["start"] = START + np.arange(len(rows)) * MINUTE
    events["time"] = events["start"] + MINUTE
    for event, row in zip(events, rows):
        event["open"], event["high"], event["low"], event["price"] = row[:4]
        event["qty"] = row[4] if len(row) > 4 else 0
    return events


def walk(count: int, seed: int = 1, step: int = 20, instrument: int = 1) -> Any:
    """A random walk of `count` one-minute bars around 100.00."""
    random = np.random.default_rng(seed)
    close = (10_000 + np.cumsum(random.integers(-step, step + 1, count))).clip(1_000)
    opened = np.r_[10_000, close[:-1]] + random.integers(-step // 4, step // 4 + 1, count)
    events = bars(*[(0, 0, 0, 0)] * count, instrument=instrument)
    events["open"], events["price"] = opened, close
    events["high"] = np.maximum(opened, close) + random.integers(0, step, count)
    events["low"] = np.minimum(opened, close) - random.integers(0, step, count)
    events["qty"] = random.integers(100, 5_000, count)
    return events


def rows(*given: dict[str, int]) -> Any:
    """EVENT rows out of their fields; a `time` is ns after START, 1 ms after the one before."""
    events = np.zeros(len(given), EVENT)
    now = START
    for event, fields in zip(events, given):
        now = START + fields["time"] if "time" in fields else now + 10**6
        for name, value in {**fields, "time": now}.items():
            event[name] = value
        event["instrument"] = fields.get("instrument", 1)
    return events


def level(side: int, price: int, qty: int, **more: int) -> dict[str, int]:
    """All of a side at a price."""
    return {"kind": EventKind.LEVEL, "side": side, "price": price, "qty": qty, **more}


def trade(side: int, price: int, qty: int, **more: int) -> dict[str, int]:
    """A trade with the side of its aggressor."""
    return {"kind": EventKind.TRADE, "side": side, "price": price, "qty": qty, **more}


def quote(bid: int, bid_qty: int, ask: int, ask_qty: int, **more: int) -> dict[str, int]:
    """The best bid and ask."""
    found = {"price": bid, "qty": bid_qty, "price_2": ask, "qty_2": ask_qty}
    return {"kind": EventKind.QUOTE, **found, **more}


def single(
    kind: EventKind, ref: int, side: int = 0, price: int = 0, qty: int = 0
) -> dict[str, int]:
    """Something that happens to a single order."""
    return {"kind": kind, "ref": ref, "side": side, "price": price, "qty": qty}
