"""A file through the exchange: read, translate, apply, compare, look.

`Replay(feed, plan).run()` yields after each piece so that somebody can show progress; what came
out is in its attributes. The exchange is given by the caller, or left out: then only the plain
book is built (and held against what the file itself quotes).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backtest.readers.facts import FACT, Feed, Rows
from backtest.readers.replay.commands import Batch, Director
from backtest.readers.replay.compare import (
    Agreement,
    Match,
    ReportedBook,
    apply_checked,
    compare_exchange,
)
from backtest.readers.replay.rebuild import Rebuilt
from backtest.readers.replay.samples import Samples
from domain.codes import ExecInst, ExecType, Reason, ReportType
from domain.layout import REPORT


@dataclass(frozen=True, slots=True)
class Plan:
    """What a replay shall do."""

    mode: str = "book"
    check: bool = True  # keep the plain book and compare
    every: int = 10_000  # facts (or orders) between two comparisons
    limit: int = 0  # facts (or orders) to take, 0 all
    samples: int = 0  # moments to keep for the picture, 0 none


@dataclass(slots=True)
class Clockwork:
    """Where the time went, in ns, and how much was done."""

    read_ns: int = 0
    apply_ns: int = 0
    facts: int = 0
    commands: int = 0

    @property
    def apply_rate(self) -> float:
        """Commands applied by the exchange, per second."""
        return self.commands * 1e9 / self.apply_ns if self.apply_ns else 0.0


@dataclass(slots=True)
class Replay:
    """One run of one feed."""

    feed: Feed
    plan: Plan
    exchange: Any = None
    clock: Clockwork = field(default_factory=Clockwork)
    exchange_match: Match = field(default_factory=lambda: Match("exchange and plain book"))
    quoted_match: Match = field(default_factory=lambda: Match("plain book and quotes of the file"))
    agreement: Agreement = field(default_factory=Agreement)
    refused: Counter[str] = field(default_factory=Counter)  # by reason
    first_refused: str = ""
    hidden: bool = False  # an order file with quantity that depth does not show
    seq: int = 0
    newest: int = 0  # the last row's time, ns
    director: Director = field(init=False)
    book: Rebuilt | ReportedBook = field(init=False)
    samples: Samples | None = field(init=False)

    def __post_init__(self) -> None:
        self.director = Director(self.feed, self.plan.mode)
        self.book = ReportedBook() if self.feed.commands else Rebuilt()
        self.samples = Samples(self.plan.samples) if self.plan.samples else None

    @property
    def read_rate(self) -> float:
        """Messages read from the file and cut into rows, per second."""
        read = sum(self.feed.counts.values())
        return read * 1e9 / self.clock.read_ns if self.clock.read_ns else 0.0

    @property
    def agrees(self) -> bool:
        """No level differed anywhere."""
        return not (self.exchange_match.mismatches or self.quoted_match.mismatches)

    def run(self) -> Iterator[None]:
        """Do it; yields after each piece."""
        for chunk in self._chunks():
            self._watch(chunk)
            stamp = "transact_time" if self.feed.commands else "time"
            self._note_order(chunk[stamp])
            done = self._apply_own(self.director.prepared(int(chunk[stamp][0])))
            assert not np.any(done["reason"]), "accounts and instruments must come to be"
            expected = self.feed.expected
            for piece in pieces(chunk, self.plan.every):
                self._piece(piece, expected)
                self.clock.facts += len(piece)
                yield
        checked = self.plan.check and self.exchange is not None and not self.hidden
        if checked and self.clock.facts:
            for instrument in range(1, len(self.feed.instruments) + 1):
                compare_exchange(self.exchange_match, self.exchange, self.book, instrument)

    def _chunks(self) -> Iterator[Rows]:
        chunks = iter(self.feed.chunks)
        while True:
            began = time.perf_counter_ns()
            chunk = next(chunks, None)
            self.clock.read_ns += time.perf_counter_ns() - began
            if chunk is None:
                return
            left = self.plan.limit - self.clock.facts
            if self.plan.limit and left <= len(chunk):
                if left:
                    yield chunk[:left]
                return
            if len(chunk):
                yield chunk

    def _watch(self, chunk: Rows) -> None:
        """The instrument of the picture: the busiest of the first chunk."""
        if self.samples is not None and not self.book.watched:
            self.book.watched = int(np.bincount(chunk["instrument"]).argmax())

    def _note_order(self, times: Rows) -> None:
        """Count times before the one before: the exchange's clock stands still for them."""
        back = int(np.count_nonzero(np.diff(times, prepend=self.newest) < 0))
        self.newest = int(times[-1])
        if back:
            self.feed.notes["time before the one before"] += back

    def _piece(self, piece: Rows, expected: tuple[Rows, Rows] | None) -> None:
        looking = self.plan.check or self.samples is not None
        if looking and isinstance(self.book, Rebuilt):
            self._rebuild(self.book, piece, expected)
        if self.exchange is None:
            return
        for batch in self.director.translate(piece):
            self._batch(batch)
        if self.plan.check and not self.hidden:
            for instrument in np.unique(piece["instrument"]).tolist():
                compare_exchange(self.exchange_match, self.exchange, self.book, instrument)

    def _rebuild(self, book: Rebuilt, piece: Rows, expected: tuple[Rows, Rows] | None) -> None:
        step = self.samples.step if self.samples is not None else len(piece)
        for part in pieces(piece, step):
            quotes = _part(expected, part) if self.plan.check else None
            if quotes is None:
                book.apply(part)
            else:
                apply_checked(book, part, quotes, self.quoted_match)
            self._sample(int(part["time"][-1]), len(part))

    def _sample(self, now: int, count: int) -> None:
        if self.samples is not None:
            self.samples.take(now, *self.book.depth(self.book.watched, self.samples.LEVELS), count)

    def _batch(self, batch: Batch) -> None:
        step = len(batch.commands)
        if self.feed.commands:
            flags, shown = batch.commands["exec_inst"], batch.commands["display_qty"]
            self.hidden = self.hidden or bool(np.any(flags & ExecInst.HIDDEN) or np.any(shown))
            if self.samples is not None:
                step = self.samples.step
        for part in pieces(batch.commands, step):
            first = self.seq + 1
            reports = self._apply(part)
            self._refusals(reports)
            if isinstance(self.book, ReportedBook):
                self.book.apply(reports)
                self._sample(int(part["transact_time"][-1]), len(part))
            elif self.plan.mode == "trade":
                self._agree(batch, reports, first)

    def _agree(self, batch: Batch, reports: Rows, first: int) -> None:
        refs = self.agreement.compare(batch, reports, first)
        if len(refs):
            now = int(batch.commands["transact_time"][-1])
            self._apply_own(self.director.translator.restored(refs, now))

    def _apply(self, commands: Rows) -> Rows:
        began = time.perf_counter_ns()
        reports: Rows = self.exchange.apply(commands)
        self.clock.apply_ns += time.perf_counter_ns() - began
        self.clock.commands += len(commands)
        self.seq += len(commands)
        return reports

    def _apply_own(self, commands: Rows) -> Rows:
        """Commands of our own: accounts, instruments, orders put back. They are not counted."""
        if self.exchange is None or not len(commands):
            return np.zeros(0, REPORT)
        self.seq += len(commands)
        reports: Rows = self.exchange.apply(commands)
        return reports

    def _refusals(self, reports: Rows) -> None:
        rejected = (reports["report"] == ReportType.EXECUTION) & (
            reports["exec_type"] == ExecType.REJECTED
        )
        refused = reports[rejected | (reports["report"] == ReportType.CANCEL_REJECT)]
        for reason, count in zip(*np.unique(refused["reason"], return_counts=True)):
            self.refused[Reason(int(reason)).name] += int(count)
        if len(refused) and not self.first_refused:
            row = refused[0]
            self.first_refused = (
                f"order {int(row['cl_ord_id'] or row['orig_cl_ord_id'])}:"
                f" {Reason(int(row['reason'])).name}, limit {int(row['limit'])},"
                f" observed {int(row['observed'])}"
            )


def pieces(rows: Rows, step: int) -> Iterator[Rows]:
    """Slices of about `step` rows; facts of one record (equal place) stay together."""
    start = 0
    while start < len(rows):
        end = min(start + step, len(rows))
        if rows.dtype == FACT:
            end = int(np.searchsorted(rows["place"], rows["place"][end - 1], "right"))
        yield rows[start : max(end, start + 1)]
        start = max(end, start + 1)


def _part(expected: tuple[Rows, Rows] | None, piece: Rows) -> tuple[Rows, Rows] | None:
    """The quoted rows that belong to the records of this piece."""
    if expected is None:
        return None
    places, rows = expected
    inside = (places >= piece["place"][0]) & (places <= piece["place"][-1])
    return places[inside], rows[inside]
