"""LOBSTER message and order book files (a pair of CSV files for one stock and day).

Source of the format: the LOBSTER documentation, "Output structure". No header lines.

Message file: time (seconds after midnight, up to nine decimals), type, order id, size (shares),
price (dollars times 10,000), direction of the resting order (1 buy, -1 sell).

    1 new order              ADD         5 execution of a hidden order   TRADE
    2 partial cancellation   REDUCE      6 cross trade                   TRADE
    3 deletion               DELETE      7 halt: price -1 HALT, 1 RESUME, 0 (quotes resume) NOTE
    4 visible execution      EXECUTE

Order book file: a row for each message, the book after it: ask price, ask size, bid price, bid
size of level 1, then of level 2, ...; 9999999999 or -9999999999 with size 0 where there is none.

A tick is 0.0001 dollars, a lot one share. The day comes from the usual file name
(TICKER_2012-06-21_..._message_10.csv); times are then ns since 1970 with midnight taken as UTC,
else ns since midnight.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np

from backtest.readers import source
from backtest.readers.csv_rows import Column, Table, require_cell, tables, warm
from backtest.readers.cut import lobster as cut
from backtest.readers.cut import table as order_table
from backtest.readers.cut import text
from backtest.readers.facts import FACT, BadRecord, Feed, Instrument, Rows, check_bounds
from domain.errors import InvalidField

TICK, LOT = Decimal("0.0001"), Decimal(1)
NAMES = ("time", "type", "order id", "size", "price", "direction")
FACTS = 65_536
BEYOND = 65_536  # levels out of view that are kept in mind, a side
_NAME = re.compile(r"(?P<symbol>[A-Za-z0-9.-]+)_(?P<date>\d{4}-\d\d-\d\d)_.*message")


def _from_name(path: Path) -> tuple[str, int]:
    """(symbol, ns since 1970 at midnight) from the file's name, else a plain symbol and 0."""
    found = _NAME.match(path.name)
    if not found:
        return path.name.partition("_")[0].partition(".")[0].upper() or "LOBSTER", 0
    try:
        day = datetime.fromisoformat(found["date"]).replace(tzinfo=UTC)
    except ValueError:
        raise InvalidField("file name", path.name, "a date such as 2012-06-21") from None
    return found["symbol"], int(day.timestamp()) * 10**9


def open_lobster(path: Path, book: Path | None = None, symbol: str = "") -> Feed:
    """The facts of a message file; with its order book file the opening book and a check.

    Without `book` orders from before the file are unknown. `feed.expected` holds the book rows
    of the chunk read last. Reading raises BadRecord for a field that is not understood, a type
    or direction that does not exist, and files of different length.
    """
    found, midnight = _from_name(path)
    feed = Feed(path, "lobster", iter(()), [Instrument(symbol or found, TICK, LOT)])
    feed.size = path.stat().st_size
    warm()
    warm_window()
    feed.chunks = _chunks(feed, book, midnight)
    return feed


@cache
def warm_window() -> None:
    """Load the compiled kernel now, so that reading is measured and not loading."""
    list(_Window(0).facts(np.zeros((1, 7), np.int64), np.zeros((1, 0), np.int64)))


def _columns_of_first_line(path: Path) -> int:
    head = b"".join(next(source.blocks(path, size=65_536), b"").splitlines(True)[:1])
    return head.count(b",") + 1 if head.strip() else 0


def _messages(path: Path, feed: Feed) -> Iterator[Table]:
    columns = [Column(name, 9 if name == "time" else 0) for name in NAMES]
    if _columns_of_first_line(path) == 7:  # newer files name the market participant
        columns.append(Column("participant", text.SKIP))
    for table in tables(path, columns, feed):
        _check(table, path)
        yield table


def _check(table: Table, path: Path) -> None:
    time, kind, _, size, price, direction = table.values[:, :6].T
    halt, order = kind == 7, (kind >= 1) & (kind <= 4)
    checks = (
        (0, (time >= 0) & (time < 2 * 86_400 * 10**9), "seconds after midnight, 0 to 172800"),
        (1, (kind >= 1) & (kind <= 7), "1, 2, 3, 4, 5, 6 or 7"),
        (2, ~order | (table.values[:, 2] > 0), "an order id from 1 on for types 1 to 4"),
        (3, halt | (size > 0), "1 or more shares"),
        (4, (price > 0) | (halt & (price >= -1)), "1 or more (dollars times 10,000)"),
        (5, halt | (abs(direction) == 1), "1 (buy) or -1 (sell)"),
    )
    for column, good, allowed in checks:
        require_cell(good, table, (column, NAMES[column]), path, allowed)


class _BookRows:
    """Rows of the order book file, as many at a time as there are messages."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.width = _columns_of_first_line(path) if path else 0
        if self.path and (self.width == 0 or self.width % 4):
            allowed = "4 columns a level: ask price, ask size, bid price, bid size"
            raise BadRecord(str(path), "line 1", "columns", self.width, allowed)
        self.rest = np.zeros((0, self.width), np.int64)
        self.tables = iter(()) if self.path is None else self._read(self.path)

    def _read(self, path: Path) -> Iterator[Table]:
        names = [
            f"{name} {1 + k // 4}"
            for k in range(0, self.width, 4)
            for name in ("ask price", "ask size", "bid price", "bid size")
        ]
        return tables(path, [Column(name, 0) for name in names])

    def next(self, table: Table, messages: Path) -> Rows:
        """The rows that belong to the messages of `table`."""
        wanted = len(table.values)
        if self.path is None:
            return np.zeros((wanted, 0), np.int64)
        parts, have = [self.rest], len(self.rest)
        while have < wanted:
            following = next(self.tables, None)
            if following is None:
                line = int(table.lines[have])
                raise BadRecord(
                    str(messages), f"line {line}", "message", "without an order book row",
                    f"as many lines as {self.path} has",
                )  # fmt: skip
            parts.append(following.values)
            have += len(following.values)
        rows: Rows = np.concatenate(parts) if len(parts) > 1 else parts[0]
        self.rest = rows[wanted:]
        return rows[:wanted]

    def close(self, messages: Path) -> None:
        """Raise BadRecord if rows are left when the messages are used up."""
        if self.path and (len(self.rest) or next(self.tables, None) is not None):
            raise BadRecord(
                str(self.path), "the end", "order book row", "without a message",
                f"as many lines as {messages} has",
            )  # fmt: skip


def _chunks(feed: Feed, book: Path | None, midnight: int) -> Iterator[Rows]:
    window = _Window(_BookRows(book).width)
    book_rows = _BookRows(book)
    for table in _messages(feed.path, feed):
        books = book_rows.next(table, feed.path)
        rows = np.column_stack([table.values[:, :6], table.lines])
        rows[:, 0] += midnight
        for kind, count in zip(*np.unique(rows[:, 1], return_counts=True)):
            feed.counts[str(int(kind))] += int(count)
        for used, facts in window.facts(rows, books):
            feed.expected = (rows[used, cut.LINE], books[used]) if book else None
            feed.notes.update(window.news())
            check_bounds(facts, (feed.path, "line"))
            yield facts
    book_rows.close(feed.path)


class _Window:
    """The state of the kernel, grown when it asks for it."""

    def __init__(self, width: int) -> None:
        self.orders = np.zeros(4096, order_table.KNOWN)
        self.levels = np.zeros(4096 + 16 * width, cut.LEVEL)
        self.levels = np.zeros(1 << (len(self.levels) - 1).bit_length(), cut.LEVEL)
        self.beyond = np.zeros((2, BEYOND), np.int64)
        self.state = np.zeros(cut.CELLS, np.int64)
        self.state[cut.NEXT_REF] = cut.FIRST_REF
        self.before = np.zeros((1, width), np.int64)
        self.told = np.zeros(2, np.int64)

    def facts(self, rows: Rows, books: Rows) -> Iterator[tuple[slice, Rows]]:
        """(messages used, their facts), a part at a time."""
        books = np.concatenate([self.before, books])
        at = 0
        while at < len(rows):
            out = np.zeros(FACTS + 8 * books.shape[1] + 64, FACT)
            used, made = cut.cut(
                rows[at:], books[at:], self.orders, self.levels, self.beyond, out, self.state
            )
            if used == 0:
                self._grow()
                continue
            yield slice(at, at + int(used)), out[:made]
            at += int(used)
        self.before = books[-1:].copy()

    def _grow(self) -> None:
        if 4 * (self.state[cut.LIVE] + 1) > 3 * len(self.orders):
            orders = np.zeros(2 * len(self.orders), order_table.KNOWN)
            order_table.rehash(self.orders, orders)
            self.orders = orders
        else:
            levels = np.zeros(2 * len(self.levels), cut.LEVEL)
            cut.rehash(self.levels, levels)
            self.levels = levels

    def news(self) -> dict[str, int]:
        """What was learned since the last call."""
        now = self.state[[cut.LEARNED, cut.NAMELESS]]
        learned, nameless = (int(x) for x in now - self.told)
        self.told = now
        named = {"levels learned from the book file": learned, "facts of nameless orders": nameless}
        return {name: count for name, count in named.items() if count}
