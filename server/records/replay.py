"""Replay a log from its first command, beside its writer and without trusting its snapshots."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np

from domain import layout
from domain.errors import LogMismatch, SnapshotMismatch
from engine.exchange import Exchange
from engine.store import fingerprint
from journal import database, snapshots

PROGRESS_COMMANDS = 1_000_000


def replay_from_start(
    path: str | Path, progress: Callable[[int], None] | None = None
) -> tuple[int, str, int]:
    """(commands, state hash, snapshots that agree) after applying every command of a log.

    Raises:
        LogMismatch: it was written with another layout of rows or another engine.
        SnapshotMismatch: a snapshot does not hold the state that the commands lead to.
        LogCorrupt: the chain is broken.
    """
    where, engine, compared, told = Path(path), Exchange(), 0, PROGRESS_COMMANDS
    with closing(database.open_reader(where)) as db:
        meta = database.read_meta(db)
        if meta.layout != fingerprint():
            raise LogMismatch("layout", meta.layout, fingerprint())
        stored = set(snapshots.stored_seqs(db))
        for (_, count, blob), head in database.walk(db, meta, where):
            engine.apply(np.frombuffer(blob, layout.COMMAND, count))
            if head.seq in stored:
                parts = snapshots.load(db, head.seq, head.digest).parts
                if parts.get("state_hash") != engine.state_hash().encode():
                    raise SnapshotMismatch(head.seq, "a replay leads to another state")
                compared += 1
            if progress and engine.seq >= told:
                progress(engine.seq)
                told = engine.seq + PROGRESS_COMMANDS
    return engine.seq, engine.state_hash(), compared
