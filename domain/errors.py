"""Everything that GridWorks raises on purpose. A business refusal is a REPORT row, never one.

    GridWorksError
    ├── InvalidField          a value that is not understood (also a ValueError)
    ├── CapacityError         something bounded is full: an inbox, a queue, a table
    ├── Unavailable           not now: starting up, shutting down, not the primary
    ├── Unauthenticated       who is asking is not known
    ├── PermissionDenied      who is asking has no right to it
    ├── NotFound              there is nothing of that name
    ├── AlreadyExists         there is something of that name, and it is different
    ├── WrongState            not in the state that this needs: repeat what came before
    ├── Superseded            somebody else has taken over
    └── LogError              the durable command log
        ├── LogUnavailable    cannot be opened or written: no folder, read-only, closed
        ├── LogLocked         another writer has it
        ├── LogMismatch       it was written with another format, row size or layout
        ├── LogCorrupt        its content is not what was written
        ├── LogFailed         the device failed: reopen to learn what is on disk
        ├── StorageFull       no space left: free some and repeat
        └── SnapshotMismatch  a snapshot is damaged or does not belong to the log

Each error keeps its facts as attributes, so that the server can put them on the wire, and its
constructor arguments in `args`, so that it survives pickling between processes.
"""

from __future__ import annotations

import reprlib


class GridWorksError(Exception):
    """The base: `except GridWorksError` catches everything above and no bug."""


class InvalidField(GridWorksError, ValueError):
    """`field` had `value`; `allowed` says in words what it may be."""

    def __init__(self, field: str, value: object, allowed: str) -> None:
        super().__init__(field, value, allowed)
        self.field, self.value, self.allowed = field, value, allowed

    def __str__(self) -> str:
        return f"{self.field} is {reprlib.repr(self.value)}; allowed: {self.allowed}"


class CapacityError(GridWorksError):
    """`resource` holds `limit` and has no room for more."""

    def __init__(self, resource: str, limit: int) -> None:
        super().__init__(resource, limit)
        self.resource, self.limit = resource, limit

    def __str__(self) -> str:
        return f"{self.resource} is full: its limit is {self.limit}"


class Unavailable(GridWorksError):
    """The service cannot answer now; trying again later may help."""


class Unauthenticated(GridWorksError):
    """The credentials are missing, unknown or no longer valid."""


class PermissionDenied(GridWorksError):
    """The caller is known and lacks the right; the message names the right."""


class NotFound(GridWorksError):
    """There is no `kind` (order, instrument, ...) of the name `name`."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(kind, name)
        self.kind, self.name = kind, name

    def __str__(self) -> str:
        return f"no {self.kind} is called {reprlib.repr(self.name)}"


class AlreadyExists(GridWorksError):
    """There is a `kind` of the name `name`, and it is not what was sent."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(kind, name)
        self.kind, self.name = kind, name

    def __str__(self) -> str:
        return f"{self.kind} {reprlib.repr(self.name)} exists and is different"


class WrongState(GridWorksError):
    """The message says which state this needs; trying the same again does not help."""


class Superseded(GridWorksError):
    """Somebody else has taken over: a session was opened from another place."""


class LogError(GridWorksError):
    """The base of what the durable command log raises."""


class LogUnavailable(LogError):
    """The log at `path` cannot be opened or written; `detail` says why and what to do."""

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(path, detail)
        self.path, self.detail = path, detail

    def __str__(self) -> str:
        return f"log {self.path}: {self.detail}"


class LogLocked(LogError):
    """Another writer has the log at `path` open; a log has one writer."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return (
            f"log {self.path}: another writer has it open; a log has one writer: "
            "stop the other one or choose another path"
        )


class LogMismatch(LogError):
    """`field` of the log is `found`, but this program works with `wanted`."""

    def __init__(self, field: str, found: object, wanted: object) -> None:
        super().__init__(field, found, wanted)
        self.field, self.found, self.wanted = field, found, wanted

    def __str__(self) -> str:
        said = f"{self.field} of the log is {self.found!r}; this program needs {self.wanted!r}"
        if self.field in ("format", "layout"):
            said += ": another version wrote it, and only that one can read it"
        return said


class LogCorrupt(LogError):
    """The log is sound before sequence `seq` (0: as a whole unreadable) and not from there on."""

    def __init__(self, seq: int, detail: str) -> None:
        super().__init__(seq, detail)
        self.seq, self.detail = seq, detail

    def __str__(self) -> str:
        return f"log is damaged at sequence {self.seq}: {self.detail}"


class LogFailed(LogError):
    """The device failed under the log at `path`: what it holds is known after reopening it."""

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(path, detail)
        self.path, self.detail = path, detail

    def __str__(self) -> str:
        return (
            f"log {self.path}: the device failed ({self.detail}); "
            "the last append may or may not be on disk: reopen the log and read last_seq"
        )


class StorageFull(LogError):
    """The disk under `path` is full; nothing of the refused append was kept."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"log {self.path}: the disk is full; free some space and append again"


class SnapshotMismatch(LogError):
    """The snapshot at sequence `seq` is damaged or does not belong to the log."""

    def __init__(self, seq: int, detail: str) -> None:
        super().__init__(seq, detail)
        self.seq, self.detail = seq, detail

    def __str__(self) -> str:
        return f"snapshot at sequence {self.seq}: {self.detail}"
