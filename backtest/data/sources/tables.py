"""Bars, quotes, trades, levels and orders out of tables, in memory or in a CSV or parquet file.

    bars(frame, "AAPL", tz="America/New_York")
    quotes("quotes.parquet", Listing("EURUSD", tick=Decimal("0.00001")), unit="ms")

docs/data.md has the columns of each. A file is read piece by piece, each time the data set is.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from backtest.data.dataset import Dataset, Held, Rows, window
from backtest.data.merging import in_order
from backtest.data.sources import columns, files, rules
from backtest.data.sources.numbers import plain_array
from backtest.data.sources.times import later, nanoseconds, span_of
from backtest.events import EVENT, EventKind
from backtest.record import Listing
from domain.errors import InvalidField

SAMPLE = 10_000  # rows that say how long bars are
Named = Listing | str | Iterable[Listing | str]


def bars(table: Any, listing: Named, **how: Any) -> Dataset:
    """Bars: time, open, high, low, close, and volume, trades, open_interest where there are.

    `table` is a pandas or polars DataFrame, a pyarrow table, a structured array, a dict of columns,
    or the path of a CSV or parquet file. `listing` is the instrument, or those that the column
    `symbol` names. `how`: the fields of `backtest.data.sources.columns.How`. A volume that is not
    said is 0. Raises InvalidField with row, column, value and what is allowed.
    """
    return _dataset(table, listing, EventKind.BAR, columns.BARS, how)


def quotes(table: Any, listing: Named, **how: Any) -> Dataset:
    """Best quotes: time, bid, bid_qty, ask, ask_qty; else as `bars`. Quantity 0: no such side."""
    return _dataset(table, listing, EventKind.QUOTE, columns.QUOTES, how)


def trades(table: Any, listing: Named, **how: Any) -> Dataset:
    """Trades: time, price, qty, and side (of the aggressor), id where there are; as `bars`."""
    return _dataset(table, listing, EventKind.TRADE, columns.TRADES, how)


def levels(table: Any, listing: Named, **how: Any) -> Dataset:
    """L2: time, side, price, qty (all that there is at the price from now on); as `bars`."""
    return _dataset(table, listing, EventKind.LEVEL, columns.LEVELS, how)


def orders(table: Any, listing: Named, **how: Any) -> Dataset:
    """L3: time, action, id, side, price, qty, and new_id of a replace; as `bars`.

    Actions: add, reduce, delete, execute, replace, set, clear, level, trade, with the meaning of
    `backtest.readers.facts.FactKind`.
    """
    return _dataset(table, listing, EventKind.ADD, columns.ORDERS, how)


def closes(table: Any, *, volume: int = 0, **how: Any) -> Dataset:
    """Bars out of nothing but closes: one column for each instrument, named by its symbol.

    Open, high and low are the close; `volume` lots are written into each bar. A cell without a
    number makes no bar. A file is read as a whole.
    """
    table = columns.collected(files.whole(table))
    cells = columns.cells_of(table)
    plain = columns.How.of(**how)
    times = pd.Series(columns.find(cells, columns.TIME, plain))
    if plain.period is None:
        stamps = nanoseconds(times, plain.tz, plain.unit, plain.twice)
        plain = replace(plain, period=pd.Timedelta(usual_step(stamps, plain.tz)))
    known = next((name for name in columns.TIME if name in cells), "")
    stamped = plain.columns.get("time", known).lower()
    symbols = [name for name in columns.names_of(table) if name.lower() != stamped]
    if not symbols:
        raise InvalidField("columns", (), "one for each instrument beside the time")
    plain = replace(plain, columns={})
    parts = []
    for symbol in symbols:
        values = plain_array(cells[symbol.lower()])
        there = ~columns.missing(values)
        prices = dict.fromkeys(("open", "high", "low", "close"), values[there])
        listed = plain.listings(symbol)
        converter = Converter(listed, EventKind.BAR, columns.BARS, plain)
        made = converter.rows({"time": times[there], **prices})
        made["qty"] = volume
        parts.append(made)
    for number, part in enumerate(parts, 1):
        part["instrument"] = number
    together = np.concatenate(parts)
    order = np.argsort(together["time"], kind="stable")
    return Dataset(plain.listings(symbols), Held(together[order]))


def _dataset(
    table: Any, listing: Named, kind: EventKind, cells: tuple[columns.Cell, ...], how: Any
) -> Dataset:
    plain = columns.How.of(**how)
    listings = plain.listings(listing)
    if isinstance(table, (str, Path)) and not plain.sort:
        return Dataset(listings, TableFile(Path(table), listings, kind, cells, plain))
    converter = Converter(listings, kind, cells, plain)
    return Dataset(listings, Held(converter.rows(columns.cells_of(files.whole(table)))))


@dataclass(frozen=True, slots=True)
class TableFile:
    """A CSV or parquet file as a source."""

    path: Path
    listings: tuple[Listing, ...]
    kind: EventKind
    cells: tuple[columns.Cell, ...]
    how: columns.How

    def rows(self, first: int, last: int) -> Iterator[Rows]:
        converter = Converter(self.listings, self.kind, self.cells, self.how)
        for table in files.pieces(self.path):
            try:
                yield window(converter.rows(columns.cells_of(table)), first, last)
            except InvalidField as problem:
                where = f"{self.path.name}, {problem.field}"
                raise InvalidField(where, problem.value, problem.allowed) from None

    def extent(self) -> None:
        return None


class Converter:
    """Turns pieces of one table, in their order, into rows."""

    def __init__(
        self, listings: tuple[Listing, ...], kind: EventKind, cells: tuple[columns.Cell, ...],
        how: columns.How,
    ) -> None:  # fmt: skip
        self._listings, self._kind, self._cells, self._how = listings, kind, cells, how
        self._period = 0 if how.period is None else span_of(how.period)
        self._done = 0  # rows of the pieces before
        self._last = -(2**63)
        self._ends = np.full(len(listings) + 1, -(2**63))  # of each instrument's last bar

    def rows(self, cells: columns.Cells) -> Rows:
        """The rows of a piece. Raises InvalidField with the row's number in the whole table."""
        try:
            return self._rows(cells)
        except InvalidField as problem:
            raise self._moved(problem) from None

    def _moved(self, problem: InvalidField) -> InvalidField:
        """The error with the row counted from the beginning of the table."""
        word, _, rest = problem.field.partition(" ")
        number, comma, column = rest.partition(",")
        if not self._done or word != "row" or not comma:
            return problem
        moved = f"row {int(number) + self._done},{column}"
        return InvalidField(moved, problem.value, problem.allowed)

    def _rows(self, cells: columns.Cells) -> Rows:
        how = self._how
        stamps = nanoseconds(columns.find(cells, columns.TIME, how), how.tz, how.unit, how.twice)
        count, keep = len(stamps), np.arange(len(stamps))
        given: dict[columns.Cell, Any] = {}
        for cell in self._cells:
            values = columns.find(cells, cell.names, how, cell.needed)
            if values is not None:
                given[cell] = columns.checked(cell.names[0], plain_array(values), count)
        keep = keep[~self._gaps(given, count)]
        made = np.zeros(len(keep), EVENT)
        made["kind"], made["time"] = self._kind, stamps[keep]
        made["instrument"] = self._numbers(cells, count)[keep]
        self._fill(made, given, keep)
        if self._kind == EventKind.BAR:
            self._lengths(made)
        if how.sort:
            order = np.argsort(made["time"], kind="stable")
            made, keep = made[order], keep[order]
        made = self._checked(made, keep)
        self._done += count
        return made

    def _gaps(self, given: dict[columns.Cell, Any], count: int) -> NDArray[np.bool_]:
        """Rows that lack a number that they need."""
        lacking = np.zeros(count, bool)
        for cell, values in given.items():
            empty = columns.missing(values)
            if self._kind == EventKind.QUOTE or cell.kind in ("side", "action"):
                continue
            if empty.any() and self._how.bad != "drop":
                at = int(np.argmax(empty))
                allowed = "a number: the cell is empty (bad='drop' leaves such rows out)"
                raise InvalidField(f"row {at}, {cell.names[0]}", None, allowed)
            lacking |= empty
        self._warn(int(lacking.sum()), count, "a cell is empty")
        return lacking

    def _warn(self, dropped: int, count: int, why: str) -> None:
        if dropped:
            text = f"{dropped:,} of {count:,} rows are left out: {why}"
            warnings.warn(text, stacklevel=2)

    def _numbers(self, cells: columns.Cells, count: int) -> NDArray[np.int64]:
        found = columns.find(cells, columns.SYMBOL, self._how, needed=len(self._listings) > 1)
        if found is None or (len(self._listings) == 1 and "symbol" not in self._how.columns):
            return np.ones(count, np.int64)
        known = {each.symbol.lower(): at for at, each in enumerate(self._listings, 1)}
        return columns.words(found, known, "symbol")

    def _fill(self, made: Rows, given: dict[columns.Cell, Any], keep: NDArray[np.int64]) -> None:
        """Every column, for the rows of one instrument at a time: each has its own steps."""
        for number, listing in enumerate(self._listings, 1):
            mine = np.flatnonzero(made["instrument"] == number)
            for cell, values in given.items():
                part = values[keep[mine]]
                if self._kind == EventKind.QUOTE and part.dtype.kind == "f":
                    part = np.where(np.isnan(part), 0.0, part)  # no such side
                try:
                    made[cell.field][mine] = columns.read(cell, part, listing, self._how)
                except InvalidField as problem:
                    at = int(problem.field.split()[1].rstrip(","))
                    where = f"row {int(keep[mine[at]])}, {cell.names[0]}"
                    raise InvalidField(where, problem.value, problem.allowed) from None

    def _lengths(self, made: Rows) -> None:
        """From stamps to where each bar begins and ends."""
        if not self._period:
            self._period = usual_step(made["time"], self._how.tz)
        tz = self._how.tz
        if self._how.stamp == "start":
            made["start"] = made["time"]
            made["time"] = later(made["start"], self._period, tz)
        else:
            made["start"] = later(made["time"], -self._period, tz)

    def _checked(self, made: Rows, keep: NDArray[np.int64]) -> Rows:
        """Rows that break no rule, or all of them if they are to be kept."""
        if len(made):
            self._in_order(made, keep)
        bad = np.zeros(len(made), bool)
        if self._kind == EventKind.BAR:
            bad |= self._repeated(made, keep)
        for rule, places in rules.broken(made):
            if self._how.bad == "error":
                at = int(places[0])
                row = made[at]
                listing = self._listings[int(row["instrument"]) - 1]
                name = rules.column(int(row["kind"]), rule.field)
                value = rules.shown(row, rule.field, listing)
                raise InvalidField(f"row {int(keep[at])}, {name}", value, rule.allowed)
            bad[places] = True
        if self._how.bad != "drop":
            return made
        self._warn(int(bad.sum()), len(made), "they break a rule of docs/data.md")
        return made[~bad]

    def _in_order(self, made: Rows, keep: NDArray[np.int64]) -> None:
        try:
            in_order(made["time"], self._last, 0)
        except InvalidField as problem:
            at = int(keep[int(problem.field.split()[1].rstrip(","))])
            allowed = "not before the row before it: sort the table, or say sort=True"
            shown = pd.Timestamp(int(str(problem.value)), tz="UTC").isoformat()
            raise InvalidField(f"row {at}, time", shown, allowed) from None
        self._last = int(made["time"][-1])

    def _repeated(self, made: Rows, keep: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Bars that end when one of the same instrument has ended already; the first stays."""
        again = np.zeros(len(made), bool)
        for number in range(1, len(self._listings) + 1):
            mine = np.flatnonzero(made["instrument"] == number)
            if len(mine):
                again[mine] = np.diff(made["time"][mine], prepend=self._ends[number]) == 0
                self._ends[number] = made["time"][mine[-1]]
        if again.any() and self._how.bad == "error":
            at = int(np.argmax(again))
            allowed = "one bar for each time and instrument (bad='drop' keeps the first)"
            shown = pd.Timestamp(int(made["time"][at]), tz="UTC").isoformat()
            raise InvalidField(f"row {int(keep[at])}, time", shown, allowed)
        return again


def usual_step(stamps: NDArray[np.int64], tz: str | None) -> int:
    """What most successive times are apart on the clock of `tz`, ns, as the first ones have it.

    Raises InvalidField if there is only one time.
    """
    stamps = stamps[:SAMPLE]
    if tz is not None:
        clock = pd.DatetimeIndex(stamps, tz="UTC").tz_convert(tz).tz_localize(None)
        stamps = clock.as_unit("ns").asi8
    steps = np.diff(np.unique(stamps))
    steps = steps[steps > 0]
    if not len(steps):
        allowed = "the length of a bar, such as '1D': one time does not say"
        raise InvalidField("period", None, allowed)
    lengths, counts = np.unique(steps, return_counts=True)
    return int(lengths[np.argmax(counts)])
