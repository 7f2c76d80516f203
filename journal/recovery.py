"""How a state came back from a log, and the snapshots to try."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from journal.log import Snapshot
from journal.sqlite import SqliteLog


@dataclass
class Recovery:
    """How a state came back: from which snapshot, how many commands after it, what was damaged."""

    snapshot_seq: int = 0
    replayed: int = 0
    skipped: list[str] = field(default_factory=list)

    def snapshots(self, log: SqliteLog) -> Iterator[Snapshot]:
        """The sound snapshots of a log, newest first; damaged ones are noted in `skipped`."""
        snapshot = log.latest_snapshot()
        self.skipped += [str(damage) for damage in log.skipped]
        while snapshot is not None:
            yield snapshot
            snapshot = log.latest_snapshot(snapshot.seq - 1)
