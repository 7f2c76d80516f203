"""What is wrong with market history, as a report that a person reads or a program acts on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from backtest.data.dataset import Dataset, Rows
from backtest.data.merging import fallen
from backtest.data.sessions import Hours
from backtest.data.sources import rules
from backtest.data.sources.times import span_of
from backtest.data.spikes import Spikes
from backtest.events import EventKind
from backtest.record import Listing
from domain.errors import InvalidField
from indicators.bars import DAY

Places = NDArray[np.int64]
WIDTH: Final = 10.0  # deviations that a price may stand apart
PATIENCE: Final = 5  # lengths of a bar that may pass without one, where no calendar says more
ORDER, REPEATED, GAP, SPIKE = "out of order", "duplicate", "gap", "bad tick"
_TICKS = (EventKind.TRADE, EventKind.QUOTE)


@dataclass(slots=True)
class Finding:
    """One rule and one instrument: the first place, and all of them in `rows`."""

    rule: str
    symbol: str
    row: int  # of the first, counted from 0 over all rows
    time: int  # of the first, ns
    column: str
    value: Any
    allowed: str
    rows: list[Places] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many rows."""
        return sum(len(each) for each in self.rows)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that `validate` found; prints as a table. `ok`: nothing."""

    findings: tuple[Finding, ...]
    rows: int
    span: tuple[int, int]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def bad_rows(self, *named: str) -> Places:
        """Numbers of the rows that break these rules (none named: all), rising."""
        known = {each.rule for each in self.findings}
        chosen = [each for each in self.findings if not named or each.rule in named]
        for name in named:
            if name not in known:
                raise InvalidField("rule", name, ", ".join(sorted(known)) or "none was broken")
        parts = [part for each in chosen for part in each.rows]
        return np.unique(np.concatenate(parts)) if parts else np.zeros(0, np.int64)

    def raise_first(self) -> None:
        """Raise InvalidField for the earliest row that is wrong."""
        if self.findings:
            first = min(self.findings, key=lambda each: each.row)
            where = f"{first.symbol}, row {first.row}, {first.column}"
            raise InvalidField(where, first.value, f"{first.allowed} ({first.rule})")

    def __str__(self) -> str:
        first, last = (_shown(time) for time in self.span)
        head = f"{self.rows:,} rows, {first} to {last}"
        if self.ok:
            return f"{head}: nothing wrong"
        names = ("rule", "instrument", "rows", "first row", "time", "column", "value", "allowed")
        lines = [
            (each.rule, each.symbol, f"{each.count:,}", f"{each.row:,}", _shown(each.time),
             each.column, str(each.value), each.allowed)
            for each in self.findings
        ]  # fmt: skip
        widths = [max(len(line[at]) for line in (names, *lines)) for at in range(len(names))]
        table = (
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
            for line in (names, *lines)
        )
        return "\n".join((head, *table))


def _shown(time: int) -> str:
    return f"{pd.Timestamp(time, tz='UTC'):%Y-%m-%d %H:%M:%S}"


def validate(
    data: Dataset | Rows | Iterable[Rows],
    listings: Iterable[Listing] = (),
    *,
    calendar: str = "",
    gap: Any = None,
    width: float = WIDTH,
    strict: bool = False,
) -> Report:
    """Read everything once and report what is wrong; `strict` raises InvalidField for the first.

    Besides the rules of a single row (`backtest.data.sources.rules`): rows out of order; duplicates
    (bars of one instrument that end together, a quote or trade that equals the one before it in
    every field, a trade's number twice in a row); gaps (with a `calendar`, such as "XNYS", bars
    or sessions that are missing while the market was open; else between bars more than `gap`, if
    not said five times their usual length; between ticks more than `gap`, if said); bad ticks
    (`backtest.data.spikes`, `width` deviations). For rows that are not in a Dataset, which does not
    let rows out of order pass, give the `listings` too.
    """
    if not width > 0:
        raise InvalidField("width", width, "a number of deviations above 0")
    chunks: Iterable[Rows]
    if isinstance(data, Dataset):
        listings, chunks = data.listings, data.chunks()
    else:
        chunks = [data] if isinstance(data, np.ndarray) else data
    hours = Hours(calendar, data.span) if calendar and isinstance(data, Dataset) else None
    if calendar and hours is None:
        raise InvalidField("calendar", calendar, "a Dataset to compare it with, not plain rows")
    checker = _Checker(tuple(listings), hours, 0 if gap is None else span_of(gap, "gap"), width)
    report = checker.over(chunks)
    if strict:
        report.raise_first()
    return report


class _Lane:
    """What is remembered of one instrument and kind of row."""

    def __init__(self, kind: int, width: float) -> None:
        self.before: Any = None  # the last row
        self.usual = 0
        names = ("price", "high", "low") if kind == EventKind.BAR else ("price",)
        self.spikes = {name: Spikes(width) for name in names}


class _Checker:
    def __init__(
        self, listings: tuple[Listing, ...], hours: Hours | None, gap: int, width: float
    ) -> None:
        self._listings, self._hours, self._gap, self._width = listings, hours, gap, width
        self._found: dict[tuple[str, int, str], Finding] = {}
        self._lanes: dict[tuple[int, int], _Lane] = {}

    def over(self, chunks: Iterable[Rows]) -> Report:
        count, span, last = 0, (0, 0), -(2**63)
        for chunk in chunks:
            if not len(chunk):
                continue
            numbers = np.arange(count, count + len(chunk))
            times = chunk["time"]
            falls = fallen(times, last)
            self._tell(ORDER, "time", "not before the row before it", chunk[falls], numbers[falls])
            for rule, places in rules.broken(chunk):
                rows = chunk[places]
                self._tell(rule.name, rule.field, rule.allowed, rows, numbers[places])
            for key, mine in _lanes(chunk):
                lane = self._lanes.setdefault(key, _Lane(key[1], self._width))
                self._sequence(lane, chunk[mine], numbers[mine])
            span = (int(times[0]) if not count else span[0], int(times[-1]))
            count, last = count + len(chunk), int(times[-1])
        for lane in self._lanes.values():
            for name, spikes in lane.spikes.items():
                self._spiky(name, *spikes.end())
        ordered = sorted(self._found.values(), key=lambda each: (each.row, each.rule))
        return Report(tuple(ordered), count, span)

    def _symbol(self, number: int) -> str:
        listed = 1 <= number <= len(self._listings)
        return self._listings[number - 1].symbol if listed else f"instrument {number}"

    def _tell(self, rule: str, name: str, allowed: str, rows: Rows, numbers: Places) -> None:
        """One rule broken by some rows of any instruments."""
        for number in np.unique(rows["instrument"]).tolist():
            mine = rows["instrument"] == number
            self._add(rule, name, allowed, rows[mine], numbers[mine])

    def _add(
        self, rule: str, name: str, allowed: str, rows: Rows, numbers: Places, value: Any = None
    ) -> None:
        if not len(rows):
            return
        row, number = rows[0], int(rows["instrument"][0])
        column = rules.column(int(row["kind"]), name)
        key = (rule, number, column)
        if key not in self._found:
            if value is None:
                listed = 1 <= number <= len(self._listings)
                listing = self._listings[number - 1] if listed else Listing("?")
                value = rules.shown(row, name, listing)
            symbol, time = self._symbol(number), int(row["time"])
            self._found[key] = Finding(
                rule, symbol, int(numbers[0]), time, column, value, allowed
            )
        self._found[key].rows.append(numbers)

    def _sequence(self, lane: _Lane, rows: Rows, numbers: Places) -> None:
        """Rules that compare a row with those before it."""
        own = rows if lane.before is None else np.concatenate((lane.before, rows))
        places = numbers if lane.before is None else np.concatenate(([-1], numbers))
        again = _repeats(own)
        allowed = "once for each time and instrument"
        self._add(REPEATED, "time", allowed, own[1:][again], places[1:][again])
        self._gaps(lane, own, places)
        quote = rows["kind"][0] == EventKind.QUOTE
        both = (rows["qty"] > 0) & (rows["qty_2"] > 0) if quote else np.ones(len(rows), bool)
        for name, spikes in lane.spikes.items():
            prices = rows[name][both].astype(np.float64)
            if quote:
                prices = (prices + rows["price_2"][both]) / 2
            self._spiky(name, *spikes.add(prices, rows[both], numbers[both]))
        lane.before = rows[-1:].copy()

    def _spiky(self, name: str, rows: Rows, numbers: Places) -> None:
        allowed = f"within {self._width:g} deviations of its neighbours' median"
        self._add(SPIKE, name, allowed, rows, numbers)

    def _gaps(self, lane: _Lane, own: Rows, places: Places) -> None:
        bar = own["kind"][0] == EventKind.BAR
        first, last = own["time"][:-1], own["start" if bar else "time"][1:]
        if bar and not lane.usual:
            lengths, counts = np.unique(own["time"] - own["start"], return_counts=True)
            lane.usual = int(lengths[np.argmax(counts)])
        missed, allowed = self._missed(first, last, lane.usual if bar else 0)
        at = np.flatnonzero(missed)
        if len(at):
            length = pd.Timedelta(int((last - first)[at[0]]))
            self._add(GAP, "time", allowed, own[1:][at], places[1:][at], f"{length} without")

    def _missed(self, first: Places, last: Places, usual: int) -> tuple[Any, str]:
        if self._hours is not None and usual:
            name = self._hours.name
            if usual >= DAY // 4:
                return self._hours.sessions_between(first, last) > 0, f"each session of {name}"
            shut = self._hours.open_between(first, last) < usual
            return ~shut, f"a bar while {name} is open"
        most = self._gap or PATIENCE * usual
        if not most:
            return np.zeros(len(first), bool), ""
        return last - first > most, f"at most {pd.Timedelta(most)}"


def _lanes(chunk: Rows) -> Iterator[tuple[tuple[int, int], Places]]:
    """((instrument, kind), places) of the bars, quotes and trades of a chunk."""
    for kind in (EventKind.BAR, *_TICKS):
        places = np.flatnonzero(chunk["kind"] == kind)
        instruments = chunk["instrument"][places]
        order = np.argsort(instruments, kind="stable")
        edges = np.flatnonzero(np.diff(instruments[order], prepend=-1))
        for part in np.split(places[order], edges[1:]) if len(places) else ():
            yield (int(chunk["instrument"][part[0]]), int(kind)), part


def _repeats(rows: Rows) -> NDArray[np.bool_]:
    """Whether each row but the first is the one before it over again."""
    kind = rows["kind"][0]
    if kind == EventKind.BAR:
        return np.asarray(rows["time"][1:] == rows["time"][:-1])
    if kind == EventKind.TRADE:
        named = rows["ref"][1:] > 0
        return np.asarray(named & (rows["ref"][1:] == rows["ref"][:-1]))
    return np.asarray(rows[1:] == rows[:-1])


def without(data: Dataset, report: Report, *named: str) -> Dataset:
    """`data` without the rows that break the named rules of its report (none named: all)."""
    bad = report.bad_rows(*named)

    def through(chunks: Iterator[Rows]) -> Iterator[Rows]:
        count = 0
        for chunk in chunks:
            low, high = np.searchsorted(bad, (count, count + len(chunk)))
            count += len(chunk)
            keep = np.ones(len(chunk), bool)
            keep[bad[low:high] - (count - len(chunk))] = False
            yield chunk[keep]

    return data.derived(through)
