r"""The usage journal: an append-only text file, one line for each served batch.

    gridworks-usage 1 <journal id>\n
    <crc32, 8 hex digits> <hour> <key>,<method>,<status>,<calls>,<messages>[;...]\n

`hour` counts hours since 1970, UTC. The checksum covers what follows it. A line is written with
one write; a line that is torn or fails its checksum at the end of the file was never
acknowledged, and is left out. Kept as text because a bill that is disputed is read by people.

A finished write survives the death of the process. What survives the death of the machine is
the policy: `always` syncs before each write returns, `interval` leaves it to the caller's clock
(`sync`), `never` to the operating system.
"""

from __future__ import annotations

import errno
import os
import uuid
import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from domain.errors import LogCorrupt, LogFailed, LogUnavailable, StorageFull

MAGIC = "gridworks-usage 1 "
SUFFIX = ".usage"
SYNC = ("always", "interval", "never")
MAX_BYTES = 16 * 2**20  # then a new file begins and this one can go once it is folded


class Served(NamedTuple):
    """Calls of one kind: key number, method as on the wire, name of the status code."""

    key_id: int
    method: str
    status: str
    calls: int = 1
    messages: int = 1


class Counted(NamedTuple):
    """One line of a journal: its hour, what was served, and where it ends in the file."""

    hour: int
    served: tuple[Served, ...]
    end: int


@lru_cache(4096)
def encode(hour: int, served: tuple[Served, ...]) -> bytes:
    """A line; the usual ones come again and again. Raises ValueError for text that breaks it."""
    items = [f"{s.key_id},{s.method},{s.status},{s.calls},{s.messages}" for s in served]
    body = f"{hour} {';'.join(items)}"
    found = body.encode("ascii")
    separators = (body.count(" "), body.count(","), body.count(";"), body.count("\n"))
    if separators != (1, 4 * len(items), len(items) - 1, 0):
        raise ValueError("a method or status with a separator in it")
    return b"%08x %s\n" % (zlib.crc32(found), found)


def decode(line: bytes, end: int) -> Counted | None:
    """What the line says; None when it is torn or damaged."""
    if not line.endswith(b"\n") or line[8:9] != b" ":
        return None
    body = line[9:-1]
    try:
        if int(line[:8], 16) != zlib.crc32(body):
            return None
        hour, _, rest = body.decode("ascii").partition(" ")
        served = []
        for item in rest.split(";"):
            key_id, method, status, calls, messages = item.split(",")
            served.append(Served(int(key_id), method, status, int(calls), int(messages)))
        return Counted(int(hour), tuple(served), end)
    except ValueError:
        return None


class UsageJournal:
    """A journal that is being written; one process, one thread at a time.

    Raises LogUnavailable when the file cannot be made.
    """

    def __init__(self, folder: Path, sync: str = "interval") -> None:
        assert sync in SYNC, sync
        self.journal_id = uuid.uuid4().hex
        self.path = folder / f"{self.journal_id}{SUFFIX}"
        self._always = sync == "always"
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND
        try:
            self._file = os.open(self.path, flags, 0o600)
        except OSError as problem:
            raise LogUnavailable(str(self.path), str(problem)) from problem
        self.size = 0
        self._failed: LogFailed | None = None
        self._write(f"{MAGIC}{self.journal_id}\n".encode())
        self.first = self.size  # where the lines begin
        self.sync()
        _sync_folder(folder)

    def append(self, hour: int, served: Iterable[Served]) -> int:
        """Write one line; it survives kill -9 when this returns. Where it ends in the file.

        Raises StorageFull (nothing of it was kept), LogFailed (reopen to learn what is there).
        """
        self._write(encode(hour, tuple(served)))
        return self.size

    def sync(self) -> None:
        """What was appended survives the machine when this returns. Raises LogFailed."""
        if self._failed:
            raise self._failed
        try:
            os.fdatasync(self._file)
        except OSError as problem:
            raise self._break(problem) from problem

    def close(self) -> None:
        """Let go of the file; a second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _write(self, line: bytes) -> None:
        if self._failed:
            raise self._failed
        try:
            written = os.write(self._file, line)
            while written < len(line):  # a full disk takes a part and then says so
                written += os.write(self._file, line[written:])
            if self._always:
                os.fdatasync(self._file)
        except OSError as problem:
            self._undo(problem)
            raise StorageFull(str(self.path)) from problem
        self.size += len(line)

    def _undo(self, problem: OSError) -> None:
        """After a full disk cut the part of a line away; after anything else give up."""
        if problem.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise self._break(problem) from problem
        try:
            os.ftruncate(self._file, self.size)
        except OSError as second:
            raise self._break(second) from second

    def _break(self, problem: OSError) -> LogFailed:
        self._failed = LogFailed(str(self.path), str(problem))
        return self._failed


def read_id(path: Path) -> str | None:
    """The id in the first line; None when the file died before it had one."""
    with path.open("rb") as file:
        line = file.readline(256)
    if not line.endswith(b"\n"):
        return None
    text = line.decode("ascii", "replace").rstrip("\n")
    if not text.startswith(MAGIC):
        raise LogCorrupt(0, f"{path} is no usage journal")
    return text.removeprefix(MAGIC)


def read(path: Path, after: int = 0) -> Iterator[Counted | int]:
    """The lines that end beyond `after`, in order; a damaged line is the place where it ends.

    A line that is torn at the end of the file is left out: its answers never left.
    """
    with path.open("rb") as file:
        head = file.readline()
        if after > len(head):
            file.seek(after)
        for line in file:
            found = decode(line, file.tell())
            if found is not None:
                yield found
            elif line.endswith(b"\n"):
                yield file.tell()


def leftovers(folder: Path) -> list[Path]:
    """The journals in the folder, oldest first."""
    return sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: (path.stat().st_mtime_ns, path))


def remove(path: Path) -> None:
    """Delete a journal that is folded to its end."""
    path.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
