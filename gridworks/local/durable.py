"""An engine and its command log in step: rows are durable first and applied then.

Opening a log takes the newest snapshot whose state hash is what was stored with it and replays
the commands after it; without one it replays all. A snapshot is a shortcut, the log is the truth.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from domain import layout
from domain.codes import Command, Feed, ReportType
from domain.errors import InvalidField, LogError, SnapshotMismatch, StorageFull, Unavailable
from domain.fields import label_of
from engine.exchange import Exchange as Engine
from engine.exchange import check_commands
from engine.store import fingerprint
from journal import Policy, Recovery, Snapshot, SqliteLog

Rows = np.ndarray[Any, Any]


class Labels:
    """Symbols and names, as they stand in the commands that added instruments and nodes."""

    def __init__(self) -> None:
        self.numbers: dict[str, dict[str, int]] = {"instrument": {}, "node": {}}
        self.texts: dict[str, dict[int, str]] = {"instrument": {}, "node": {}}

    def learn(self, commands: Rows, reports: Rows, first_seq: int) -> None:
        """Note the labels of what these commands have added; a label that is taken stays."""
        added = (reports["report"] == ReportType.ADMIN) & (reports["reason"] == 0)
        for seq in reports["seq"][added].tolist():
            row = commands[seq - first_seq]
            command = int(row["command"])
            if command in (Command.INSTRUMENT_ADD, Command.NODE_ADD):
                kind = "instrument" if command == Command.INSTRUMENT_ADD else "node"
                self.add(kind, int(row["entity"]), label_of(row.tobytes()))

    def add(self, kind: str, number: int, label: str) -> None:
        """Note one label."""
        if label and label not in self.numbers[kind]:
            self.numbers[kind][label] = number
            self.texts[kind][number] = label

    def dump(self) -> bytes:
        """All labels as bytes for a snapshot."""
        return json.dumps(self.numbers, sort_keys=True).encode()

    @classmethod
    def load(cls, data: bytes) -> Labels:
        """The labels of a snapshot."""
        found = cls()
        for kind, numbers in json.loads(data or b"{}").items():
            for label, number in numbers.items():
                found.add(kind, number, label)
        return found


class Durable:
    """One engine and its log. `apply` returns after the rows are as safe as the policy says."""

    def __init__(
        self, log: str | Path, *, policy: Policy = "disk", snapshot_every: int = 0,
        feed: Feed = Feed.NONE,
    ) -> None:  # fmt: skip
        if snapshot_every < 0:
            raise InvalidField("snapshot_every", snapshot_every, "0 (never) or more commands")
        width = layout.COMMAND.itemsize
        self.log = SqliteLog(log, row_size=width, layout=fingerprint(), policy=policy)
        self.recovery = Recovery()
        self.snapshot_error: LogError | None = None
        self._every, self._feed = snapshot_every, feed
        self._broken: str = ""
        try:
            self._recover()
        except BaseException:
            self.log.close()
            raise
        self._snapshot_seq = self.recovery.snapshot_seq

    def _recover(self) -> None:
        self.engine, self.labels = Engine(feed=self._feed), Labels()
        for snapshot in self.recovery.snapshots(self.log):
            try:
                self.engine, self.labels = load(snapshot, self._feed)
                self.recovery.snapshot_seq = snapshot.seq
                break
            except SnapshotMismatch as damage:
                self.recovery.skipped.append(str(damage))
        for _, count, blob in self.log.replay(self.recovery.snapshot_seq):
            self._run(np.frombuffer(blob, layout.COMMAND, count), None)
            self.engine.market()
            self.recovery.replayed += count

    def apply(self, commands: Rows, out: Rows | None = None) -> Rows:
        """Make the rows durable, then apply them.

        Raises:
            StorageFull: nothing was applied; free some space and repeat.
            LogFailed, Unavailable: open the log again to learn what it holds.
        """
        check_commands(commands)
        if self._broken:
            raise Unavailable(self._broken)
        if not len(commands):
            return self.engine.apply(commands, out)
        self.log.append(self.engine.seq + 1, len(commands), commands.tobytes())
        try:
            reports = self._run(commands, out)
        except BaseException:
            self._broken = "a batch that is in the log was not applied in full; open the log again"
            raise
        if self._every and self.engine.seq - self._snapshot_seq >= self._every:
            self._try_checkpoint()
        return reports

    def _run(self, commands: Rows, out: Rows | None) -> Rows:
        engine = self.engine
        before, first = engine.population, engine.seq + 1
        reports = engine.apply(commands, out)
        if engine.population != before:
            self.labels.learn(commands, reports, first)
        return reports

    def checkpoint(self) -> None:
        """Write a snapshot into the log. Raises StorageFull, LogFailed, LogUnavailable."""
        if self._broken:
            raise Unavailable(self._broken)
        if self.engine.seq:
            self.log.write_snapshot(self.engine.seq, parts_of(self.engine, self.labels))
        self._snapshot_seq = self.engine.seq

    def _try_checkpoint(self) -> None:
        """A snapshot that does not fit must not look like a batch that was refused."""
        try:
            self.checkpoint()
            self.snapshot_error = None
        except StorageFull as full:
            self.snapshot_error = full
            self._snapshot_seq = self.engine.seq  # try again after another interval

    def close(self) -> None:
        """Write a snapshot if commands came since the last one, and let go of the log."""
        try:
            if not self._broken and self.engine.seq > self._snapshot_seq:
                self._try_checkpoint()
        finally:
            self._broken = "the exchange was closed"
            self.log.close()


def parts_of(engine: Engine, labels: Labels) -> dict[str, bytes]:
    """A snapshot with the labels and the state hash."""
    parts = engine.snapshot()
    return parts | {"labels": labels.dump(), "state_hash": engine.state_hash().encode()}


def unpack(parts: Mapping[str, bytes], feed: Feed) -> tuple[Engine, Labels, bool]:
    """An engine and labels from a snapshot, and whether the state hash is what was stored."""
    engine = Engine(feed=feed)
    engine.restore({k: v for k, v in parts.items() if k not in ("labels", "state_hash")})
    labels = Labels.load(parts.get("labels", b""))
    return engine, labels, parts.get("state_hash") == engine.state_hash().encode()


def load(snapshot: Snapshot, feed: Feed) -> tuple[Engine, Labels]:
    """An engine and labels from a log's snapshot. Raises SnapshotMismatch."""
    try:
        engine, labels, same = unpack(snapshot.parts, feed)
    except (InvalidField, ValueError) as error:
        raise SnapshotMismatch(snapshot.seq, str(error)) from error
    if not same:
        raise SnapshotMismatch(snapshot.seq, "its state does not have the hash that it names")
    return engine, labels
