"""The only table from errors to gRPC status codes, and the details that go with them.

An error becomes a code, one English sentence and a google.rpc.Status with an ErrorInfo (a reason
for programs, and the error's facts), a BadRequest where a field is to blame, and a RetryInfo where
the same call may succeed later. Refusals by rules and limits are answers and do not come here.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from domain import errors

DOMAIN = "api.gridworks.dev"
DETAILS = "grpc-status-details-bin"
MOST_TEXT, MOST_FACT = 1024, 256  # characters: what was sent may be long, trailers may not
BUG = "the server made a mistake and has to recover; what was acknowledged is safe"


class Row(NamedTuple):
    """Code, reason, and after how many seconds to try again (0: do not)."""

    code: grpc.StatusCode
    reason: str
    retry: float = 0.0


_C = grpc.StatusCode
TABLE: dict[type[BaseException], Row] = {
    errors.InvalidField: Row(_C.INVALID_ARGUMENT, "INVALID_FIELD"),
    errors.CapacityError: Row(_C.RESOURCE_EXHAUSTED, "CAPACITY", 0.1),
    errors.Unavailable: Row(_C.UNAVAILABLE, "UNAVAILABLE", 1.0),
    errors.Unauthenticated: Row(_C.UNAUTHENTICATED, "UNAUTHENTICATED"),
    errors.PermissionDenied: Row(_C.PERMISSION_DENIED, "PERMISSION_DENIED"),
    errors.NotFound: Row(_C.NOT_FOUND, "NOT_FOUND"),
    errors.AlreadyExists: Row(_C.ALREADY_EXISTS, "ALREADY_EXISTS"),
    errors.WrongState: Row(_C.FAILED_PRECONDITION, "WRONG_STATE"),
    errors.Superseded: Row(_C.ABORTED, "SUPERSEDED"),
    errors.LogUnavailable: Row(_C.UNAVAILABLE, "LOG_UNAVAILABLE", 1.0),
    errors.LogLocked: Row(_C.UNAVAILABLE, "LOG_LOCKED", 1.0),
    errors.LogMismatch: Row(_C.FAILED_PRECONDITION, "LOG_MISMATCH"),
    errors.LogCorrupt: Row(_C.DATA_LOSS, "LOG_CORRUPT"),
    errors.LogFailed: Row(_C.UNAVAILABLE, "LOG_FAILED", 1.0),
    errors.StorageFull: Row(_C.RESOURCE_EXHAUSTED, "STORAGE_FULL", 10.0),
    errors.SnapshotMismatch: Row(_C.DATA_LOSS, "SNAPSHOT_MISMATCH"),
    errors.LogError: Row(_C.UNAVAILABLE, "LOG_ERROR", 1.0),
    errors.GridWorksError: Row(_C.UNAVAILABLE, "UNAVAILABLE", 1.0),
    TimeoutError: Row(_C.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"),
    NotImplementedError: Row(_C.UNIMPLEMENTED, "UNIMPLEMENTED"),
    # a bug: nothing of it goes to the caller, the log has it
    BaseException: Row(_C.UNAVAILABLE, "INTERNAL", 1.0),
}
# Facts of errors that are the server's own business: where its files are, what is in them.
PRIVATE = (errors.LogError,)


class Status(NamedTuple):
    """What `context.abort_with_status` takes, and what the gateway writes into its trailers."""

    code: grpc.StatusCode
    details: str
    trailing_metadata: tuple[tuple[str, bytes], ...]

    @property
    def number(self) -> int:
        """The code as grpc-status carries it."""
        return int(self.code.value[0])


def row_of(error: BaseException) -> Row:
    """The line of the table that is nearest to the error's class."""
    return next(TABLE[kind] for kind in type(error).__mro__ if kind in TABLE)


def status_of(error: BaseException) -> Status:
    """The status of an error, with details."""
    row = row_of(error)
    text = _text(error)
    status = status_pb2.Status(code=row.code.value[0], message=text)
    for detail in _details(error, row):
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    return Status(row.code, text, ((DETAILS, status.SerializeToString()),))


def _text(error: BaseException) -> str:
    if not _told(error):
        return BUG
    if isinstance(error, PRIVATE):
        return f"the command log: {row_of(error).reason.removeprefix('LOG_').lower()}"
    return _short(str(error) or type(error).__name__, MOST_TEXT)


def _told(error: BaseException) -> bool:
    """Whether the caller may know more than that something is wrong."""
    return isinstance(error, (errors.GridWorksError, TimeoutError, NotImplementedError))


def _details(error: BaseException, row: Row) -> list[Message]:
    known = isinstance(error, errors.GridWorksError)
    reason = str(getattr(error, "reason", row.reason)) if known else row.reason
    facts = {} if not known or isinstance(error, PRIVATE) else _facts(error)
    found: list[Message] = [
        error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=facts)
    ]
    if isinstance(error, errors.InvalidField):
        violation = error_details_pb2.BadRequest.FieldViolation(
            field=_short(error.field, MOST_FACT), description=_text(error)
        )
        found.append(error_details_pb2.BadRequest(field_violations=[violation]))
    retry = float(getattr(error, "retry_seconds", row.retry)) if known else row.retry
    if retry > 0:
        nanos = math.ceil(retry * 1e9)
        delay = duration_pb2.Duration(seconds=nanos // 10**9, nanos=nanos % 10**9)
        found.append(error_details_pb2.RetryInfo(retry_delay=delay))
    return found


def _facts(error: BaseException) -> dict[str, str]:
    """The error's attributes as text, those of programs left out."""
    shown = {k: v for k, v in vars(error).items() if not k.startswith("_") and k != "reason"}
    return {name: _short(str(getattr(v, "name", v)), MOST_FACT) for name, v in shown.items()}


def _short(text: str, most: int) -> str:
    """Text that fits, and that UTF-8 can carry."""
    clean = text.encode("utf-8", "replace").decode()
    return clean if len(clean) <= most else clean[: most - 1] + "…"
