"""The exchange, and everything beside it that is a function of the same log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from domain.codes import Feed
from domain.errors import InvalidField, LogCorrupt, SnapshotMismatch
from domain.layout import COMMAND, REPORT
from domain.tables import Table
from engine.exchange import Exchange
from engine.store import aligned, fingerprint
from journal import Recovery, Snapshot, SqliteLog, verify
from server.records.register import Register
from server.sequencer.answers import Answers
from server.sequencer.bars import Bars
from server.sequencer.catalogue import Catalogue
from server.sequencer.channels import SLOT_OF, Channels
from server.sequencer.memory import CopyOnWrite
from server.sequencer.numbering.numbers import Numbers
from server.sequencer.numbering.places import Note
from server.sequencer.numbering.window import Kept
from server.sequencer.reports import Reports
from server.sequencer.rows import WIDTH, Rows
from server.sequencer.sessions import Sessions

_AT_ONCE = 8_192  # reports of a batch that come without a copy
_KEPT, _UPDATES, _SECONDS = int(Note.KEPT), int(Note.UPDATES), int(Note.SECONDS)


class Bounds(NamedTuple):
    """How much is remembered beside the exchange."""

    reports: int = 100_000
    market: int = 100_000
    answers: int = 100_000
    answer_reports: int = 400_000
    bars: int = 5_000
    acts: int = 10_000


class Applied(NamedTuple):
    """A batch, and what it caused as it is kept; good until the next one is applied."""

    rows: Rows
    reports: Kept
    market: Kept
    numbers: Numbers


class Follower(Protocol):
    """What somebody else remembers of the log, kept with the state."""

    def learn(self, engine: Exchange, rows: Rows) -> None:
        """After a batch was applied."""

    def parts(self) -> dict[str, bytes]:
        """For a snapshot."""

    def load(self, parts: dict[str, bytes]) -> None:
        """Take back what `parts` gave."""


class State:
    """Applies batches of stamped rows; the same rows always give the same state."""

    def __init__(
        self,
        bounds: Bounds = Bounds(),  # noqa: B008
        follower: Follower | None = None,
        *,
        salt: int = 0,
    ) -> None:
        self.bounds, self.follower = bounds, follower
        self._memory = CopyOnWrite()
        self.engine = Exchange(feed=Feed.ALL, salt=salt, memory=self._memory)
        self.catalogue, self.sessions = Catalogue(), Sessions()
        self.reports = Reports(self.engine, self.sessions, bounds.reports)
        self.channels = Channels(bounds.market)
        self.bars = Bars(bounds.bars)
        self._numbers = Numbers(SLOT_OF)
        self._out = aligned(REPORT, _AT_ONCE)
        self.answers = Answers(bounds.answers, bounds.answer_reports)
        self.register = Register(bounds.acts)

    def apply(self, rows: Rows, at: int = 0) -> Applied:
        """Apply rows that have their seq and time; at least one. `at`: their address, if known."""
        engine, numbers = self.engine, self._numbers
        before = engine.population
        reports = engine.apply(rows, self._out)
        if engine.population != before:
            self.catalogue.learn(rows, reports)
            self._make_room()
        market = engine.market(lent=True)
        numbers.show(rows, at, reports, market)
        kept, updates = self._number(rows, len(reports), len(market))
        if numbers.tokens:
            self.answers.learn(rows, reports)
        if numbers.others:
            self.register.learn(rows, reports)
        if self.follower is not None:
            self.follower.learn(engine, rows)
        return Applied(rows, kept, updates, numbers)

    def _number(self, rows: Rows, reports: int, updates: int) -> tuple[Kept, Kept]:
        """Whose the rows are; all counts move on, and what is kept."""
        numbers, places = self._numbers, self._numbers.places
        kept = self.reports.window.reserve(reports), self.channels.window.reserve(updates)
        self.reports.show(places)
        self.sessions.show(places)
        self.channels.show(places)
        self.bars.show(places, updates)
        notes = numbers.notes
        notes[_KEPT], notes[_UPDATES] = kept[0].begin, kept[1].begin
        notes[_SECONDS] = self.bars.count
        place = numbers.follow(0)
        while place < len(rows):
            if place < 0:
                self.reports.grow(-place)
                self.reports.show(places)
                place = len(rows) - 1  # its commands are counted
            else:
                self.sessions.connect(rows[place])
                self.sessions.show(places)
            place = numbers.follow(place + 1)
        self.bars.count = notes[_SECONDS]
        return kept

    @property
    def _beside(self) -> tuple[Any, ...]:
        """What is kept beside the exchange: each has `parts` and `load`."""
        return (
            self.catalogue, self.sessions, self.reports, self.channels, self.bars, self.answers,
            self.register,
        )  # fmt: skip

    def twin(self) -> Exchange:
        """The exchange as it is, to try something on; good until the next `apply`."""
        return self.engine.twin(self._memory.copied)

    def _make_room(self) -> None:
        instruments = int(self.engine.table(Table.CORE)[0]["instruments"])
        self.channels.make_room(instruments)
        self.bars.make_room(instruments)

    @property
    def seq(self) -> int:
        """The last command that was applied."""
        return self.engine.seq

    @property
    def time(self) -> int:
        """The exchange's time, ns since 1970."""
        return self.engine.time

    def parts(self) -> dict[str, bytes]:
        """A snapshot: named byte strings."""
        parts = self.engine.snapshot() | {"state_hash": self.engine.state_hash().encode()}
        for each in self._beside:
            parts |= each.parts()
        return parts if self.follower is None else parts | self.follower.parts()

    def load(self, snapshot: Snapshot) -> None:
        """Take a snapshot's state. Raises SnapshotMismatch; then this object is not to be used."""
        parts = dict(snapshot.parts)
        try:
            self.engine.restore(parts)
            if parts.get("state_hash") != self.engine.state_hash().encode():
                raise SnapshotMismatch(snapshot.seq, "its state has not the hash that it names")
            for each in self._beside:
                each.load(parts)
            self._make_room()
            self._numbers.notes[Note.NOW] = self.time
            if self.follower is not None:
                self.follower.load(parts)
        except (InvalidField, ValueError, KeyError, TypeError) as error:
            raise SnapshotMismatch(snapshot.seq, str(error)) from error


def open_log(path: Path) -> SqliteLog:
    """The log of a server. Raises LogError."""
    return SqliteLog(path, row_size=WIDTH, layout=fingerprint(), policy="disk")


def check_log(path: Path, most_bytes: int) -> None:
    """Read every batch of a log that is not longer than this. Raises LogCorrupt where it is not
    what was written; damaged snapshots are stepped over later.
    """
    if path.exists() and 0 < path.stat().st_size <= most_bytes:
        found = verify(path, with_snapshots=False)
        if found.first_bad_seq is not None:
            raise LogCorrupt(found.first_bad_seq, found.reason)


def recover(
    log: SqliteLog, bounds: Bounds, follower: Callable[[], Follower | None] = lambda: None
) -> tuple[State, Recovery]:
    """The state that a log leads to: the newest sound snapshot, then the commands after it.

    Raises LogCorrupt, LogFailed.
    """
    state, recovery = State(bounds, follower()), Recovery()
    for snapshot in recovery.snapshots(log):
        try:
            state.load(snapshot)
            recovery.snapshot_seq = snapshot.seq
            break
        except SnapshotMismatch as damage:
            recovery.skipped.append(str(damage))
            state = State(bounds, follower())
    for _, count, blob in log.replay(recovery.snapshot_seq):
        state.apply(np.ndarray(count, COMMAND, bytearray(blob)))
        recovery.replayed += count
    return state, recovery
