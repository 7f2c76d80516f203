"""The SQLite file under a log: making it, opening it, walking its rows, naming its failures.

Tables: `meta` (name, value), `batches` (first_seq, count, digest, blob), `snapshots` and
`snapshot_parts`. The digest stands before the blob so that reading it never touches the blob.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from domain.errors import (
    LogCorrupt,
    LogError,
    LogFailed,
    LogLocked,
    LogMismatch,
    LogUnavailable,
    StorageFull,
)
from journal.chain import FORMAT, FORMATS, Head, genesis, link
from journal.log import Batch
from journal.packing import unpack

APPLICATION_ID = 0x47574C47  # "GWLG" in the file header: what `file` and `create` go by
PAGE_SIZE = 8192
CHECKPOINT_PAGES = 256  # 2 MiB of WAL, then it is copied home and reused in place
WAL_LIMIT = 64 * 2**20  # a WAL that a huge batch has stretched is cut back to this
BUSY_SECONDS = 5.0  # wait for a reader that is rebuilding the WAL index after a crash
LOWEST = -(2**63)
MAX_SEQ = 2**62
WALK_ROWS = 512  # rows a read transaction lasts: a long one would keep the WAL from shrinking

SCHEMA = f"""
PRAGMA page_size = {PAGE_SIZE};
PRAGMA application_id = {APPLICATION_ID};
BEGIN;
CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL);
CREATE TABLE batches (
    first_seq INTEGER PRIMARY KEY, count INTEGER NOT NULL,
    digest BLOB NOT NULL, blob BLOB NOT NULL);
CREATE TABLE snapshots (
    seq INTEGER PRIMARY KEY, head_digest BLOB NOT NULL, digest BLOB NOT NULL);
CREATE TABLE snapshot_parts (
    seq INTEGER, name TEXT, chunk INTEGER, bytes BLOB NOT NULL,
    PRIMARY KEY (seq, name, chunk));
"""

_PAGE = (
    "SELECT first_seq, count, digest, blob FROM batches"
    f" WHERE first_seq >= ? ORDER BY first_seq LIMIT {WALK_ROWS}"
)
_AT_OR_BEFORE = (
    "SELECT first_seq, count, digest FROM batches"
    " WHERE first_seq <= ? ORDER BY first_seq DESC LIMIT 1"
)


class Meta(NamedTuple):
    """What a log says about itself."""

    row_size: int
    layout: str
    form: int = FORMAT


def failure(error: sqlite3.Error, path: Path, seq: int) -> LogError:
    """The error of ours that says what SQLite's says; `seq` is where the log was being used."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None and not isinstance(error, sqlite3.ProgrammingError):
        return LogCorrupt(seq, str(error))  # Python's own refusal to decode what it read
    code = code or 0
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE):
        return StorageFull(str(path))
    if code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY or code == sqlite3.SQLITE_CONSTRAINT_ROWID:
        detail = "the sequence is already there: something else wrote to the file, or it is damaged"
        return LogCorrupt(seq, detail)
    match code & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return LogLocked(str(path))
        case sqlite3.SQLITE_NOTADB:
            return LogCorrupt(0, f"{path} is not a SQLite database")
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_ERROR | sqlite3.SQLITE_SCHEMA:
            return LogCorrupt(seq, str(error))
        case sqlite3.SQLITE_IOERR:
            return LogFailed(str(path), f"{error}, {getattr(error, 'sqlite_errorname', '')}")
    return LogUnavailable(str(path), f"{error}; the file and its folder must be writable")


def real(path: str | Path) -> Path:
    """Where the file itself is: two names of one log must meet the same lock and the same WAL."""
    return Path(os.path.realpath(path))


def lock_writer(path: Path) -> sqlite3.Connection:
    """Take the writer's lock, a file beside the log, until the connection is closed.

    It is an empty SQLite database held exclusively: the operating system frees it when the
    process dies however it dies, a forked child does not inherit it, and readers of the log
    itself are not kept out. Raises LogLocked, LogUnavailable, LogCorrupt.
    """
    if not path.parent.is_dir():
        raise LogUnavailable(str(path), f"there is no folder {path.parent}; make it first")
    if os.path.lexists(path):
        _refuse_no_log(path)  # before a lock is left beside it
    lock = _connect(Path(f"{path}.lock"), "mode=rwc", wait_seconds=0)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        lock.close()
        raise failure(error, path, 0) from error
    return lock


def create(path: Path, meta: Meta) -> None:
    """Make an empty log beside `path` and move it there whole, so that half of one never is.

    Raises StorageFull, LogFailed, LogUnavailable.
    """
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(fresh, isolation_level=None)) as db:
            db.executescript(SCHEMA)
            described = {"format": meta.form, "row_size": meta.row_size, "layout": meta.layout}
            db.executemany("INSERT INTO meta VALUES (?, ?)", described.items())
            db.execute("COMMIT")
            db.execute("PRAGMA journal_mode = WAL")
        fresh.replace(path)
        _sync_folder(path.parent)
    except sqlite3.Error as error:
        raise failure(error, path, 0) from error
    except OSError as error:
        raise LogFailed(str(path), str(error)) from error


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_writer(path: Path) -> sqlite3.Connection:
    """Open an existing log to write it: each commit is on the device when it returns.

    Raises LogCorrupt, LogUnavailable, LogLocked, StorageFull.
    """
    _refuse_no_log(path)
    db = _connect(path, "mode=rw")
    try:
        _refuse_stranger(db, path)
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA fullfsync = ON")  # macOS: through the device's cache as well
        db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        db.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT}")
        (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise LogUnavailable(str(path), f"its journal mode is {mode}; it must be wal")
        db.execute("DELETE FROM meta WHERE 0")  # read-only: fails now, not at the first append
    except sqlite3.Error as error:
        db.close()
        raise failure(error, path, 0) from error
    except LogError:
        db.close()
        raise
    return db


def open_reader(path: Path) -> sqlite3.Connection:
    """Open a log to read it, also while a writer works and also from read-only media.

    Raises LogCorrupt, LogUnavailable.
    """
    path = real(path)
    _refuse_no_log(path)
    wal = path.with_name(path.name + "-wal")
    for how in ("mode=ro", "mode=ro&immutable=1"):
        db = _connect(path, how)
        try:
            _refuse_stranger(db, path)
        except sqlite3.Error as error:
            db.close()
            reason = failure(error, path, 0)
            unwritable = isinstance(reason, LogUnavailable) and not wal.exists()
            if how == "mode=ro" and unwritable:
                continue  # no WAL and no right to make one: nobody is writing here
            raise reason from error
        except LogError:
            db.close()
            raise
        return db
    raise AssertionError("unreachable: the second way returns or raises")


def _connect(path: Path, how: str, wait_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?{how}"
    try:
        return sqlite3.connect(
            address, uri=True, timeout=wait_seconds, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise failure(error, path, 0) from error


def _refuse_no_log(path: Path) -> None:
    if not os.path.lexists(path):
        raise LogUnavailable(str(path), "there is no such file")
    if not path.is_file():
        raise LogUnavailable(str(path), "it is a folder, a device or a broken link, not a file")
    if path.stat().st_size == 0:
        detail = f"{path} is empty, which a log never is; remove it to start a new log there"
        raise LogCorrupt(0, detail)


def _refuse_stranger(db: sqlite3.Connection, path: Path) -> None:
    (found,) = db.execute("PRAGMA application_id").fetchone()
    if found != APPLICATION_ID:
        raise LogCorrupt(0, f"{path} is a SQLite database but not a command log")


def read_meta(db: sqlite3.Connection) -> Meta:
    """What the log says about itself. Raises LogMismatch, LogCorrupt, sqlite3.Error."""
    found = dict(db.execute("SELECT name, value FROM meta"))
    form = found.get("format")
    if form not in FORMATS:
        raise LogMismatch("format", form, FORMAT)
    row_size, layout = found.get("row_size"), found.get("layout")
    if not isinstance(row_size, int) or not isinstance(layout, str) or row_size < 1:
        raise LogCorrupt(0, f"its description is damaged: {found}")
    return Meta(row_size, layout, form)


def head_at(db: sqlite3.Connection, meta: Meta, seq: int) -> Head:
    """The stored chain point at or before `seq`. Raises LogCorrupt, sqlite3.Error."""
    row = db.execute(_AT_OR_BEFORE, (seq,)).fetchone()
    if row is None:
        return genesis(*meta)
    first_seq, count, digest = row
    sound = isinstance(count, int) and 0 < count <= MAX_SEQ - max(first_seq, 0)
    if not sound or not isinstance(digest, bytes) or len(digest) != 32:
        raise LogCorrupt(first_seq, "its count or digest is not what a log holds")
    return Head(first_seq + count - 1, digest)


def walk(
    db: sqlite3.Connection, meta: Meta, path: Path, after_seq: int = 0
) -> Iterator[tuple[Batch, Head]]:
    """Each batch from the one that holds `after_seq` + 1, checked, with the chain after it.

    Raises LogCorrupt at the first row that is not what was written; LogFailed.
    """
    head = genesis(*meta)
    try:
        start = LOWEST
        if after_seq:
            row = db.execute(_AT_OR_BEFORE, (after_seq + 1,)).fetchone()
            start = row[0] if row else LOWEST
            head = head_at(db, meta, start - 1) if row else head
        while True:
            rows = 0
            for row in db.execute(_PAGE, (start,)):
                rows += 1
                batch, head = _checked(row, meta, head)
                yield batch, head
                start = batch[0] + 1
            if rows < WALK_ROWS:
                return
    except sqlite3.Error as error:
        raise failure(error, path, head.seq + 1) from error


def _checked(row: tuple[int, object, object, object], meta: Meta, head: Head) -> tuple[Batch, Head]:
    first_seq, count, digest, blob = row
    wanted = head.seq + 1
    if first_seq != wanted:
        raise LogCorrupt(wanted, f"found sequence {first_seq}: rows are missing or were added")
    if not isinstance(count, int) or not isinstance(blob, bytes) or count < 1:
        raise LogCorrupt(wanted, f"count {count!r} or its blob is not what a log holds")
    own = link(head.digest, first_seq, count, blob)
    if own != digest:
        raise LogCorrupt(wanted, "the digest does not match: this row or its place was changed")
    rows = unpack(blob, count, meta.row_size)
    if rows is None:
        detail = f"{count} rows of {meta.row_size} bytes do not make {len(blob)} bytes"
        raise LogCorrupt(wanted, detail)
    return (first_seq, count, rows), Head(first_seq + count - 1, own)
