"""Snapshots of the state, kept beside the batches: a shortcut for recovery, never the truth.

A snapshot is written in chunks, each its own transaction, so that a state of gigabytes neither
meets SQLite's limit of one value nor stretches the WAL; its row in `snapshots` comes last and
makes it exist. Chunks without that row are what a crash left, and the next write removes them.
"""

import hashlib
import sqlite3
import struct
from collections.abc import Mapping

from domain.errors import SnapshotMismatch
from journal.log import Snapshot

CHUNK = 16 * 2**20
_LENGTHS = struct.Struct(">qq")


def snapshot_digest(seq: int, head_digest: bytes, parts: Mapping[str, bytes]) -> bytes:
    """SHA-256 over the place in the log and every part's name, length and bytes."""
    digest = hashlib.sha256(_LENGTHS.pack(seq, len(parts)) + head_digest)
    for name in sorted(parts):
        label = name.encode()
        digest.update(_LENGTHS.pack(len(label), len(parts[name])) + label)
        digest.update(parts[name])
    return digest.digest()


def store(db: sqlite3.Connection, snapshot: Snapshot, keep: int) -> None:
    """Write a snapshot, then drop all but the newest `keep`. Raises sqlite3.Error."""
    seq, parts = snapshot.seq, snapshot.parts
    db.execute("DELETE FROM snapshots WHERE seq = ?", (seq,))
    _sweep(db)
    for name, data in parts.items():
        view = memoryview(data)
        for at in range(0, max(len(view), 1), CHUNK):
            row = (seq, name, at // CHUNK, view[at : at + CHUNK])
            db.execute("INSERT INTO snapshot_parts VALUES (?, ?, ?, ?)", row)
    own = snapshot_digest(seq, snapshot.head_digest, parts)
    db.execute("INSERT INTO snapshots VALUES (?, ?, ?)", (seq, snapshot.head_digest, own))
    db.execute(
        "DELETE FROM snapshots WHERE seq NOT IN"
        " (SELECT seq FROM snapshots ORDER BY seq DESC LIMIT ?)",
        (keep,),
    )
    _sweep(db)


def _sweep(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM snapshot_parts WHERE seq NOT IN (SELECT seq FROM snapshots)")


def stored_seqs(db: sqlite3.Connection) -> list[int]:
    """The sequences that have a snapshot, newest first. Raises sqlite3.Error."""
    return [seq for (seq,) in db.execute("SELECT seq FROM snapshots ORDER BY seq DESC")]


def load(db: sqlite3.Connection, seq: int, chain: bytes | None) -> Snapshot:
    """Read one snapshot; `chain` is the log's digest after `seq`, None if no batch ends there.

    Raises SnapshotMismatch.
    """
    try:
        row = db.execute(
            "SELECT head_digest, digest FROM snapshots WHERE seq = ?", (seq,)
        ).fetchone()
        chunks: dict[str, list[bytes]] = {}
        for name, data in db.execute(
            "SELECT name, bytes FROM snapshot_parts WHERE seq = ? ORDER BY name, chunk", (seq,)
        ):
            chunks.setdefault(str(name), []).append(bytes(data))
        parts = {name: b"".join(pieces) for name, pieces in chunks.items()}
    except (sqlite3.DatabaseError, TypeError) as error:  # TypeError: text where bytes belong
        raise SnapshotMismatch(seq, f"it cannot be read: {error}") from error
    if row is None:
        raise SnapshotMismatch(seq, "there is none")
    if chain is None:
        raise SnapshotMismatch(seq, "no batch of the log ends at this sequence")
    if row[0] != chain:
        raise SnapshotMismatch(seq, "the log has another chain at this sequence")
    if snapshot_digest(seq, chain, parts) != row[1]:
        raise SnapshotMismatch(seq, "its digest does not match: its content was changed")
    return Snapshot(seq, chain, parts)
