"""Command rows whose content follows from their sequence, so that any of them can be checked."""

import sqlite3
import struct
from contextlib import closing
from pathlib import Path

from journal import SqliteLog

ROW = 32
LAYOUT = "test rows"


def blob_of(first_seq, count):
    """`count` rows of ROW bytes: each is its own sequence, four times."""
    return b"".join(struct.pack("<4q", *[seq] * 4) for seq in range(first_seq, first_seq + count))


def open_log(path, **options):
    return SqliteLog(path, **({"row_size": ROW, "layout": LAYOUT} | options))


def fill(log, counts):
    """Append a batch of each count in turn."""
    for count in counts:
        first_seq = log.last_seq + 1
        log.append(first_seq, count, blob_of(first_seq, count))


def content(log, after_seq=0):
    """All rows after `after_seq` as one string, checked to be without a gap."""
    pieces, seq = [], after_seq
    for first_seq, count, blob in log.replay(after_seq):
        assert first_seq == seq + 1
        assert len(blob) == count * ROW
        seq += count
        pieces.append(blob)
    assert seq == log.last_seq
    return b"".join(pieces)


def tamper(path, statement, *values):
    """Change a closed log behind its back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        assert db.execute(statement, values).rowcount > 0


def copy_of(path, target):
    """Copy a log and its WAL as a machine that loses power now would leave them."""
    for end in ("", "-wal"):
        source = Path(f"{path}{end}")
        if source.exists():
            Path(f"{target}{end}").write_bytes(source.read_bytes())
    return target
