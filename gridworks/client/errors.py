"""What the client raises. A refusal by a rule or a limit is an answer and never one of these.

    GridWorksError                   (domain.errors) catches everything below
    ├── InvalidField                 an argument that the client itself does not understand
    └── CallError                    a call or a stream came to nothing
        ├── InvalidArgument          the server does not understand a field: `field_violations`
        ├── Unauthenticated          the key is missing, unknown, revoked or expired
        ├── PermissionDenied         the key lacks the scope, the account or the network
        ├── NotFound                 there is nothing of that name
        ├── AlreadyExists            the same name or request_id stands for something else
        ├── FailedPrecondition       not in the state that this needs
        ├── Aborted                  somebody else has taken over, such as a session
        ├── ResourceExhausted        a rate, a quota or a queue is full: `retry_delay`
        ├── DeadlineExceeded         no answer in time (also a TimeoutError)
        ├── Unavailable              the server cannot be reached, or not now
        ├── Unimplemented            the server does not have this method
        ├── Cancelled                the call was canceled on this side
        ├── DataLoss                 the server's log is damaged, or it has forgotten something
        ├── StreamGap                what comes next in a stream is no longer kept
        ├── Backlog                  too many commands of a session wait for the server
        └── ServerError              any other status: a mistake behind the wire

A mutation that ends with DeadlineExceeded or Unavailable may have been applied. Call again with the
`request_id` of the error: the answer is the first answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from domain.errors import GridWorksError

DETAILS = "grpc-status-details-bin"


class FieldViolation(NamedTuple):
    """A field of the request that is to blame, and why."""

    field: str
    description: str


class CallError(GridWorksError):
    """A call came to nothing.

    code: the name of the gRPC status, such as "NOT_FOUND". reason, metadata: for programs, as
    docs/protocol.md lists them. retry_delay: seconds after which the server allows another try.
    request_id, method: of the call, "" where there is none.
    """

    code = "UNKNOWN"

    def __init__(
        self,
        message: str,
        *,
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
        field_violations: tuple[FieldViolation, ...] = (),
        retry_delay: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.reason = message, reason
        self.metadata = dict(metadata or {})
        self.field_violations, self.retry_delay = field_violations, retry_delay
        self.request_id = self.method = ""

    def __str__(self) -> str:
        where = f"{self.method.rpartition('/')[2]}: " if self.method else ""
        why = f" ({self.reason})" if self.reason not in ("", self.code) else ""
        again = f" [request_id {self.request_id}]" if self.request_id else ""
        return f"{where}{self.code}{why}: {self.message}{again}"


class InvalidArgument(CallError):
    """The server does not understand a field."""

    code = "INVALID_ARGUMENT"


class Unauthenticated(CallError):
    """The key is missing, unknown, revoked or expired."""

    code = "UNAUTHENTICATED"


class PermissionDenied(CallError):
    """The key lacks the scope, the account or the network."""

    code = "PERMISSION_DENIED"


class NotFound(CallError):
    """There is nothing of that name."""

    code = "NOT_FOUND"


class AlreadyExists(CallError):
    """The same name or request_id stands for something else."""

    code = "ALREADY_EXISTS"


class FailedPrecondition(CallError):
    """Not in the state that this needs; the same call again does not help."""

    code = "FAILED_PRECONDITION"


class Aborted(CallError):
    """Somebody else has taken over."""

    code = "ABORTED"


class ResourceExhausted(CallError):
    """A rate, a quota or a queue is full."""

    code = "RESOURCE_EXHAUSTED"


class DeadlineExceeded(CallError, TimeoutError):
    """No answer in time. A mutation may have been applied."""

    code = "DEADLINE_EXCEEDED"


class Unavailable(CallError):
    """The server cannot be reached, or cannot answer now."""

    code = "UNAVAILABLE"


class Unimplemented(CallError):
    """The server does not have this method, or not this part of it."""

    code = "UNIMPLEMENTED"


class Cancelled(CallError):
    """The call was canceled on this side, such as by closing the client."""

    code = "CANCELLED"


class DataLoss(CallError):
    """The server's log is damaged, or the server has forgotten what it had acknowledged."""

    code = "DATA_LOSS"


class StreamGap(CallError):
    """What comes next in a stream is no longer kept; `metadata` has "wanted" and "oldest"."""

    code = "OUT_OF_RANGE"


class Backlog(CallError):
    """Too many commands of a session wait for the server; nothing was sent."""

    code = "RESOURCE_EXHAUSTED"


class ServerError(CallError):
    """A status that no well-behaved server of ours gives: `code` says which."""

    def __init__(self, message: str, code: str = "UNKNOWN", **facts: object) -> None:
        super().__init__(message, **facts)  # type: ignore[arg-type]
        self.code = code


# The number of a status on the wire -> its name.
CODES = (
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
    "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
    "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip
_KINDS: dict[str, type[CallError]] = {
    kind.code: kind
    for kind in (
        InvalidArgument, Unauthenticated, PermissionDenied, NotFound, AlreadyExists,
        FailedPrecondition, Aborted, ResourceExhausted, DeadlineExceeded, Unavailable,
        Unimplemented, Cancelled, DataLoss,
    )
}  # fmt: skip


def from_status(code: int | str, message: str, details: bytes | None = None) -> CallError:
    """The error of a status. `details` are the bytes of the trailer grpc-status-details-bin.

    >>> from_status(5, "no order is called 7")
    NotFound('no order is called 7')
    >>> from_status(13, "oops").code
    'INTERNAL'
    """
    if isinstance(code, int):
        code = CODES[code] if 0 <= code < len(CODES) else "UNKNOWN"
    facts = _facts(details) if details else {}
    kind = _KINDS.get(code)
    if kind is None:
        return ServerError(message, code, **facts)
    return kind(message, **facts)  # type: ignore[arg-type]


def _facts(details: bytes) -> dict[str, object]:
    """What google.rpc.Status says beside code and message; nothing where it is damaged."""
    from google.protobuf.message import DecodeError
    from google.rpc import error_details_pb2, status_pb2

    found: dict[str, object] = {}
    try:
        for packed in status_pb2.Status.FromString(details).details:
            info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
            again = error_details_pb2.RetryInfo()
            if packed.Unpack(info):
                found["reason"], found["metadata"] = info.reason, dict(info.metadata)
            elif packed.Unpack(bad):
                violations = ((v.field, v.description) for v in bad.field_violations)
                found["field_violations"] = tuple(FieldViolation(*pair) for pair in violations)
            elif packed.Unpack(again):
                delay = again.retry_delay
                found["retry_delay"] = delay.seconds + delay.nanos / 1e9
    except DecodeError:
        pass
    return found
