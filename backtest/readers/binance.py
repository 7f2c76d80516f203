"""Depth feeds as recorded from a Binance stream: local ns since 1970, a blank, one JSON message.

    1723161255030314667 {"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate", ...}}

Source of the messages: Binance USD-M futures API, "Diff. Book Depth Streams", "Individual Symbol
Book Ticker Streams", "How to manage a local order book correctly".

    depthUpdate   b, a: lists of [price, quantity]; the level's new total  -> LEVEL
    snapshot      lastUpdateId, bids, asks: the whole book                 -> LEVEL (0 for the rest)
    bookTicker    best bid and ask after update u                          -> the check
    trade         p, q                                                     -> TRADE

Updates with u at or below the snapshot's lastUpdateId are left out, as the documentation says. A
level is one order whose reference is 2 * price + 1 for asks, 2 * price for bids. Every depth
update whose quote is settled within the chunk is checked against that quote.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from backtest.readers import source
from backtest.readers.csv_rows import places, positive_step
from backtest.readers.facts import FACT, BadRecord, FactKind, Feed, Instrument, Rows, check_bounds
from domain.codes import InstrumentType, Side

LINES = 16_384  # a chunk
BUY, SELL = int(Side.BUY), int(Side.SELL)
Row = tuple[int, int, int, int, int, int, int, int, int, int]


def open_binance(
    path: Path, symbol: str = "", tick: Decimal | str = "0.01", lot: Decimal | str = "0.001"
) -> Feed:
    """The facts of one symbol of the file (the first that is named, unless `symbol` says).

    `feed.expected` holds the quotes that the chunk's updates lead to. Reading raises BadRecord
    for a line that is not understood, a price off the tick or a quantity off the lot.
    """
    steps = positive_step("tick", tick), positive_step("lot", lot)
    feed = Feed(
        path,
        "binance",
        iter(()),
        [Instrument(symbol.upper() or "FIRST", *steps, InstrumentType.CRYPTO)],
    )
    feed.size = path.stat().st_size
    reader = _Reader(feed, symbol.upper())
    feed.chunks = reader.chunks()
    return feed


def lines(path: Path, feed: Feed) -> Iterator[tuple[int, bytes]]:
    """(line number, line) of the file."""
    rest, number = b"", 0
    for block in source.blocks(path, feed):
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            number += 1
            yield number, line
    if rest:
        yield number + 1, rest


@dataclass(slots=True)
class _Chunk:
    """What a chunk of lines says, before it becomes arrays."""

    facts: list[Row] = field(default_factory=list)
    updates: list[tuple[int, int]] = field(default_factory=list)  # (update id, line)
    quotes: list[tuple[int, ...]] = field(default_factory=list)  # (id, ask, size, bid, size)


class _Reader:
    def __init__(self, feed: Feed, symbol: str) -> None:
        self.feed, self.symbol = feed, symbol
        self.tick, self.lot = feed.instruments[0].tick, feed.instruments[0].lot
        self.levels: set[tuple[int, int]] = set()  # (side, price)
        self.last = 0  # id of the last update in the book
        self.snapshot = 0

    def chunks(self) -> Iterator[Rows]:
        chunk = _Chunk()
        for number, line in lines(self.feed.path, self.feed):
            if line.strip():
                self._line(number, line, chunk)
            if number % LINES == 0:
                yield self._facts(chunk)
                chunk = _Chunk()
        yield self._facts(chunk)

    def _facts(self, chunk: _Chunk) -> Rows:
        facts = np.array(chunk.facts, FACT) if chunk.facts else np.zeros(0, FACT)
        check_bounds(facts, (self.feed.path, "line"))
        quotes = np.array(sorted(chunk.quotes), np.int64).reshape(-1, 5)
        updates = np.array(chunk.updates, np.int64).reshape(-1, 2)
        at = np.searchsorted(quotes[:, 0], updates[:, 0], "right")
        settled = (at > 0) & (at < len(quotes))
        self.feed.expected = (updates[settled, 1], quotes[at[settled] - 1, 1:])
        return facts

    def _line(self, number: int, line: bytes, chunk: _Chunk) -> None:
        stamp, _, text = line.partition(b" ")
        try:
            time, message = int(stamp), json.loads(text)
            data = message.get("data", message)
            kind = data.get("e", "snapshot")
        except (ValueError, AttributeError) as error:
            allowed = "ns since 1970, a blank and a JSON object"
            raise self._bad(number, "line", line[:60].decode("latin-1"), allowed) from error
        try:
            self._message(kind, (time, number), data, chunk)
        except (KeyError, TypeError, IndexError) as error:
            raise self._bad(number, kind, str(error), "the fields of such a message") from error

    def _bad(self, number: int, name: str, value: object, allowed: str) -> BadRecord:
        return BadRecord(str(self.feed.path), f"line {number}", name, value, allowed)

    def _message(self, kind: str, at: tuple[int, int], data: Any, chunk: _Chunk) -> None:
        named = data.get("s", self.symbol)
        if named and not self.symbol:
            self.symbol = named
            self.feed.instruments[0] = replace(self.feed.instruments[0], symbol=named)
        if named != self.symbol:
            self.feed.counts["another symbol"] += 1
            return
        self.feed.counts[kind] += 1
        if kind == "depthUpdate":
            self._update(at, data, chunk)
        elif kind == "snapshot":
            self._whole(at, data, chunk)
        elif kind == "bookTicker":
            ask, bid = (
                self._pair(at[1], data["a"], data["A"]),
                self._pair(at[1], data["b"], data["B"]),
            )
            chunk.quotes.append((int(data["u"]), *ask, *bid))
        elif kind == "trade":
            price, qty = self._pair(at[1], data["p"], data["q"])
            side = BUY if data["m"] else SELL  # m: the buyer was the maker
            chunk.facts.append((at[0], 0, 0, price, qty, at[1], 1, FactKind.TRADE, side, 0))

    def _update(self, at: tuple[int, int], data: Any, chunk: _Chunk) -> None:
        final = int(data["u"])
        if final <= self.snapshot:
            self.feed.notes["updates before the snapshot"] += 1
            return
        before = int(data.get("pu", self.last))
        if self.last and self.last != self.snapshot and before != self.last:
            self.feed.notes["gaps in the update ids"] += 1
        self.last = final
        for side, levels in ((BUY, data["b"]), (SELL, data["a"])):
            for price, qty in levels:
                self._level(at, side, self._pair(at[1], price, qty), chunk)
        if self.snapshot:
            chunk.updates.append((final, at[1]))

    def _whole(self, at: tuple[int, int], data: Any, chunk: _Chunk) -> None:
        gone = set(self.levels)
        for side, levels in ((BUY, data["bids"]), (SELL, data["asks"])):
            for price, qty in levels:
                pair = self._pair(at[1], price, qty)
                gone.discard((side, pair[0]))
                self._level(at, side, pair, chunk)
        for side, known in sorted(gone):
            self._level(at, side, (known, 0), chunk)
        self.snapshot = self.last = int(data["lastUpdateId"])

    def _level(self, at: tuple[int, int], side: int, pair: tuple[int, int], chunk: _Chunk) -> None:
        price, qty = pair
        if qty:
            self.levels.add((side, price))
        else:
            self.levels.discard((side, price))
        ref = 2 * price + (side == SELL)
        chunk.facts.append((at[0], ref, 0, price, qty, at[1], 1, FactKind.LEVEL, side, 0))

    def _pair(self, number: int, price: str, qty: str) -> tuple[int, int]:
        """(ticks, lots)."""
        return (
            self._steps(number, "price", price, self.tick),
            self._steps(number, "quantity", qty, self.lot),
        )

    def _steps(self, number: int, name: str, value: str, step: Decimal) -> int:
        whole, _, part = value.partition(".")
        digits = places(step)
        if not (whole.isdecimal() and (not part or part.isdecimal())):
            raise self._bad(number, name, value, "a decimal number")
        if part[digits:].strip("0"):
            raise self._bad(number, name, value, f"a multiple of {step}")
        scaled = int(whole + part[:digits].ljust(digits, "0"))
        units = int(step.scaleb(digits))
        if scaled % units or scaled > 2**62:
            raise self._bad(number, name, value, f"a multiple of {step}, below 2**62 steps")
        return scaled // units
