"""Is this file what was written? Walks every batch and snapshot and says where trust ends.

A chain shows any change before its end. It cannot show that its end was cut off, or that all
of it was written anew: for that, keep a `Head` somewhere else and pass it as `expected_head`.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from domain.errors import LogCorrupt, LogMismatch, SnapshotMismatch
from journal import database, snapshots
from journal.chain import Head, genesis
from journal.log import Batch

PROGRESS_BATCHES = 1024


@dataclass(frozen=True)
class VerifyReport:
    """What a walk found. `batches` and `commands` are those before any damage."""

    batches: int = 0
    commands: int = 0
    snapshots: int = 0
    head: Head | None = None
    first_bad_seq: int | None = None  # 0: the file as a whole
    reason: str = ""
    damaged_snapshots: tuple[int, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the log and all its snapshots are sound."""
        return self.first_bad_seq is None and not self.damaged_snapshots


def verify(
    path: str | Path,
    progress: Callable[[int, int], None] | None = None,
    expected_head: Head | None = None,
    begin_seq: int = 1,
    with_snapshots: bool = True,
) -> VerifyReport:
    """Check a whole log, or what it has from `begin_seq` on, also while a writer works on it.

    `progress(batches, commands)` is called now and then. With `expected_head`, a head noted
    down earlier, the log must also pass through that point: then a cut or rewritten log is
    found as well. Damage is reported, not raised.

    Raises LogUnavailable when there is no file to read, LogFailed when the device fails.
    """
    where = Path(path)
    try:
        with closing(database.open_reader(where)) as db:
            meta = database.read_meta(db)
            walk = database.walk(db, meta, where, begin_seq - 1)
            start = database.head_at(db, meta, begin_seq - 1) if begin_seq > 1 else genesis(*meta)
            report = _walk_batches(walk, start, progress, expected_head)
            return _walk_snapshots(db, meta, report) if with_snapshots else report
    except LogCorrupt as damage:
        return VerifyReport(first_bad_seq=0, reason=damage.detail)
    except LogMismatch as other:
        return VerifyReport(first_bad_seq=0, reason=str(other))
    except sqlite3.Error as error:
        damage_or_device = database.failure(error, where, 0)
        if not isinstance(damage_or_device, LogCorrupt):
            raise damage_or_device from error
        return VerifyReport(first_bad_seq=0, reason=damage_or_device.detail)


def _walk_batches(
    walk: Iterator[tuple[Batch, Head]],
    head: Head,
    progress: Callable[[int, int], None] | None,
    expected: Head | None,
) -> VerifyReport:
    batches = 0
    met = expected in (None, head)
    try:
        for _, head in walk:
            batches += 1
            met = met or head == expected
            if progress and batches % PROGRESS_BATCHES == 0:
                progress(batches, head.seq)
    except LogCorrupt as damage:
        return VerifyReport(batches, head.seq, 0, head, damage.seq, damage.detail)
    if progress:
        progress(batches, head.seq)
    report = VerifyReport(batches, head.seq, 0, head)
    if met or expected is None:
        return report
    if expected.seq > head.seq:
        reason = f"the log was cut: it ends at {head.seq}, the expected head is {expected.seq}"
        return replace(report, first_bad_seq=head.seq + 1, reason=reason)
    reason = "the log was rewritten: its chain does not pass through the expected head"
    return replace(report, first_bad_seq=expected.seq, reason=reason)


def _walk_snapshots(
    db: sqlite3.Connection, meta: database.Meta, report: VerifyReport
) -> VerifyReport:
    sound, damaged = 0, []
    for seq in snapshots.stored_seqs(db):
        db.execute("BEGIN")  # one view: the writer may be replacing old snapshots right now
        try:
            if seq in snapshots.stored_seqs(db):
                head = database.head_at(db, meta, seq)
                snapshots.load(db, seq, head.digest if head.seq == seq else None)
                sound += 1
        except (SnapshotMismatch, LogCorrupt) as damage:
            damaged.append(seq)
            report = replace(report, reason=report.reason or str(damage))
        finally:
            db.execute("ROLLBACK")
    return replace(report, snapshots=sound, damaged_snapshots=tuple(damaged))
