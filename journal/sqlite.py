"""The command log in one SQLite file: WAL, synchronous FULL, one hash-chained row per batch."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType

from domain.errors import (
    InvalidField,
    LogCorrupt,
    LogFailed,
    LogMismatch,
    LogUnavailable,
    SnapshotMismatch,
)
from journal import database, snapshots
from journal.chain import Blob, Head, link
from journal.log import Batch, Policy, Snapshot
from journal.packing import pack

MAX_BATCH_BYTES = 512 * 2**20  # SQLite holds values below 10**9 bytes

_INSERT = "INSERT INTO batches (first_seq, count, digest, blob) VALUES (?, ?, ?, ?)"
_Row = tuple[int, int, bytes, Blob]


class SqliteLog:
    """A `CommandLog` in one file. The folder must exist; a missing file is made.

    `row_size` is the size of a command in bytes and `layout` describes its fields; both are
    fixed when the log is made. Under the policy "disk" an append is durable when it returns.
    Under "memory" it returns at once and its batch is durable after the next `flush`,
    snapshot or `close`, or when `commit_every` batches wait; a crash loses those that wait.
    `skipped` tells which snapshots `latest_snapshot` found damaged and stepped over.

    Raises InvalidField, LogLocked, LogUnavailable, LogMismatch, LogCorrupt, StorageFull.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        row_size: int,
        layout: str,
        policy: Policy = "disk",
        commit_every: int = 64,
        keep_snapshots: int = 2,
    ) -> None:
        _require("row_size", row_size, row_size >= 1, "1 or more bytes")
        _require("policy", policy, policy in ("memory", "disk"), "'memory' or 'disk'")
        _require("commit_every", commit_every, commit_every >= 1, "1 or more batches")
        _require("keep_snapshots", keep_snapshots, keep_snapshots >= 1, "1 or more")
        self.path = database.real(path)
        self.skipped: list[SnapshotMismatch] = []
        self._meta = database.Meta(row_size, layout)
        self._keep = keep_snapshots
        self._wait = 0 if policy == "disk" else commit_every
        self._waiting: list[_Row] = []
        self._broken: LogFailed | LogUnavailable | None = None
        with ExitStack() as stack:
            stack.enter_context(closing(database.lock_writer(self.path)))
            if not os.path.lexists(self.path):
                database.create(self.path, self._meta)
            self._db = stack.enter_context(closing(database.open_writer(self.path)))
            self._head = self._durable = self._open_head()
            self._open = stack.pop_all()

    def _open_head(self) -> Head:
        """Compare the description, check the last batch and return the chain's end."""
        try:
            found = database.read_meta(self._db)
            for field in ("row_size", "layout"):
                there, here = getattr(found, field), getattr(self._meta, field)
                if there != here:
                    raise LogMismatch(field, there, here)
            self._meta = found
            last = database.head_at(self._db, found, database.MAX_SEQ)
        except sqlite3.Error as error:
            raise database.failure(error, self.path, 0) from error
        for _, head in database.walk(self._db, found, self.path, max(last.seq - 1, 0)):
            last = head
        return last

    @property
    def last_seq(self) -> int:
        """The last sequence accepted; 0 when there is none."""
        return self._head.seq

    @property
    def durable_seq(self) -> int:
        """The last sequence that survives a power cut."""
        return self._durable.seq

    @property
    def head_digest(self) -> bytes:
        """The chain's digest after `last_seq`."""
        return self._head.digest

    @property
    def head(self) -> Head:
        """`last_seq` and `head_digest` together: an anchor for `verify`."""
        return self._head

    def append(self, first_seq: int, count: int, blob: Blob) -> None:
        """Accept one batch; under the policy "disk" it is durable on return.

        After StorageFull nothing of it was kept and the same append may be repeated. After
        LogFailed the log refuses to go on until it is opened again.

        Raises InvalidField, StorageFull, LogFailed, LogUnavailable, LogCorrupt.
        """
        self.append_many(((first_seq, count, blob),))

    def append_many(self, batches: Iterable[Batch]) -> None:
        """Accept several batches in one commit: all of them or none. Raises as `append`."""
        if self._broken:
            raise self._broken
        rows, head = self._chained(batches)
        if not rows:
            return
        if self._wait:
            if len(self._waiting) + len(rows) > self._wait:
                self.flush()
            self._waiting += [(*row[:3], bytes(row[3])) for row in rows]
            self._head = head
        else:
            self._commit(rows)
            self._head = self._durable = head

    def _chained(self, batches: Iterable[Batch]) -> tuple[list[_Row], Head]:
        seq, digest = self._head
        size, most = self._meta.row_size, MAX_BATCH_BYTES // self._meta.row_size
        rows: list[_Row] = []
        for first_seq, count, blob in batches:
            there = memoryview(blob).nbytes
            if first_seq != seq + 1 or not 0 < count <= most or there != count * size:
                _require("first_seq", first_seq, first_seq == seq + 1, f"{seq + 1}, the next one")
                _require("count", count, 0 < count <= most, f"1 to {most} commands")
                _require("blob size", there, False, f"{count} rows of {size} = {count * size}")
            stored = pack(blob, count, size) if self._meta.form > 1 else blob
            digest = link(digest, first_seq, count, stored)
            rows.append((first_seq, count, digest, stored))
            seq += count
        return rows, Head(seq, digest)

    def flush(self) -> None:
        """Make all that was accepted durable; after StorageFull it still waits here.

        Raises StorageFull, LogFailed, LogUnavailable, LogCorrupt.
        """
        if self._broken:
            raise self._broken
        if self._waiting:
            self._commit(self._waiting)
            self._waiting = []
        self._durable = self._head

    def _commit(self, rows: list[_Row]) -> None:
        """Write rows in one transaction."""
        try:
            if len(rows) == 1:
                self._db.execute(_INSERT, rows[0])
                return
            self._db.execute("BEGIN")
            self._db.executemany(_INSERT, rows)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._gave_up(error, rows[0][0]) from error
        except BaseException:  # a signal handler raised: the transaction's fate is unknown
            self._broken = LogFailed(str(self.path), "an append was interrupted")
            raise

    def _gave_up(self, error: sqlite3.Error, seq: int) -> Exception:
        """Leave no transaction behind; after a device error leave no way to write either."""
        reason = database.failure(error, self.path, seq)
        try:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        except sqlite3.Error as second:
            reason = LogFailed(str(self.path), str(second))
        if isinstance(reason, LogFailed):
            self._broken = reason
        return reason

    def replay(self, after_seq: int = 0) -> Iterator[Batch]:
        """Read back the commands after `after_seq`, checking the chain on the way.

        The first batch is cut when it begins before. What waits is flushed first.

        Raises InvalidField, LogCorrupt, LogFailed, and what `flush` raises.
        """
        last = self._head.seq
        _require("after_seq", after_seq, 0 <= after_seq <= last, f"0 to {last}, the last one")
        self.flush()
        reached, size = after_seq, self._meta.row_size
        for batch, head in database.walk(self._db, self._meta, self.path, after_seq):
            first_seq, count, blob = batch
            skip = max(after_seq + 1 - first_seq, 0)
            reached = head.seq
            if skip < count:
                yield first_seq + skip, count - skip, blob[skip * size :]
        if reached < last:
            raise LogCorrupt(reached + 1, f"the log ends here; {last} was its last sequence")

    def write_snapshot(self, seq: int, parts: Mapping[str, bytes]) -> None:
        """Keep the state after command `seq`, the last one of a batch; flushes first.

        Older snapshots beyond `keep_snapshots` go. After a failure the earlier ones are there.

        Raises InvalidField, StorageFull, LogFailed, LogUnavailable, LogCorrupt.
        """
        self.flush()
        try:
            head = database.head_at(self._db, self._meta, seq)
            _require("seq", seq, head.seq == seq > 0, "the last sequence of a stored batch")
            snapshots.store(self._db, Snapshot(seq, head.digest, parts), self._keep)
        except sqlite3.Error as error:
            raise self._gave_up(error, seq) from error

    def latest_snapshot(self, at_most: int | None = None) -> Snapshot | None:
        """The newest sound snapshot, not after `at_most`; None when there is none.

        Damaged ones are stepped over, and `skipped` says which and why. Raises LogCorrupt.
        """
        if self._broken:
            raise self._broken
        self.skipped = []
        try:
            for seq in snapshots.stored_seqs(self._db):
                if at_most is not None and seq > at_most:
                    continue
                head = database.head_at(self._db, self._meta, seq)
                try:
                    chain = head.digest if head.seq == seq else None
                    return snapshots.load(self._db, seq, chain)
                except SnapshotMismatch as damage:
                    self.skipped.append(damage)
        except sqlite3.Error as error:
            raise database.failure(error, self.path, self._head.seq) from error
        return None

    def close(self) -> None:
        """Flush and let go of the file and its lock, even when the flush raises.

        A second call does nothing. Raises StorageFull, LogFailed, LogUnavailable, LogCorrupt.
        """
        try:
            if not self._broken:
                self.flush()
        finally:
            self._open.close()
            self._broken = LogUnavailable(str(self.path), "it was closed; open it again")

    def __enter__(self) -> SqliteLog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _require(field: str, value: object, holds: bool, allowed: str) -> None:
    if not holds:
        raise InvalidField(field, value, allowed)
