"""The headers of a request: which call they ask for, and whether that is gRPC at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from domain.errors import GridWorksError
from server.gateway.http2.wire import (
    CONTENT,
    Compressed,
    Metadata,
    MetadataTooLong,
    Pair,
    metadata,
    timeout,
)

FIELD = 32  # bytes that a header costs beside its own: RFC 9113, section 6.5.2


class Refused(Exception):
    """No gRPC call: the answer is a status of HTTP."""

    def __init__(self, status: bytes) -> None:
        super().__init__(status)
        self.trailers: list[Pair] = [(b":status", status)]
        if status == b"405":
            self.trailers.append((b"allow", b"POST"))


@dataclass(frozen=True, slots=True)
class Request:
    """A call as its headers describe it; `refusal` is what is wrong with it."""

    method: str
    metadata: Metadata = ()
    timeout: float | None = None  # seconds
    sized: bool = False  # it says how long its body will be
    refusal: Exception | None = None

    @classmethod
    def of(cls, headers: Iterable[Pair], most: int) -> Request:
        """Read headers, of at most so many bytes. Raises Refused."""
        pairs = [(bytes(name), bytes(value)) for name, value in map(_pair, headers)]
        found = dict(pairs)
        if found.get(b":method") != b"POST":
            raise Refused(b"405")
        kind = found.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if kind not in CONTENT:
            raise Refused(b"415")
        method = found.get(b":path", b"").decode("latin-1")
        try:
            if sum(FIELD + len(name) + len(value) for name, value in pairs) > most:
                raise MetadataTooLong("bytes of metadata", most)
            if found.get(b"grpc-encoding", b"identity") != b"identity":
                name = found[b"grpc-encoding"].decode("latin-1")
                raise Compressed(f"grpc-encoding {name} is not taken; identity is")
            left = found.get(b"grpc-timeout")
            seconds = None if left is None else timeout(left.decode("latin-1"))
            sized = b"content-length" in found
            return cls(method, metadata(pairs), seconds, sized)
        except (GridWorksError, Compressed) as error:
            return cls(method, refusal=error)


def _pair(header: object) -> Pair:
    """Name and value; headers that must not be indexed come as objects."""
    if isinstance(header, tuple):
        return header[0], header[1]
    return header.name, header.value  # type: ignore[attr-defined]
