"""What gRPC writes into HTTP/2: prefixes, time-outs, statuses, and the frames written here.

Source: "gRPC over HTTP2" of the gRPC project, RFC 9113 for the frames.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Iterable
from urllib.parse import quote

from domain.errors import CapacityError, GridWorksError, InvalidField
from server.codec.faults import Fault, WireFault
from server.gateway.http2.frames import MOST

Pair = tuple[bytes, bytes]
Metadata = tuple[tuple[str, str | bytes], ...]

PREFIX = struct.Struct(">BI")  # compressed flag, length of the message
_HEAD = struct.Struct(">IBI")  # length and type, flags, stream
_CREDIT = struct.Struct(">IBII")
_GOAWAY = struct.Struct(">IBIII")
CONTENT = (b"application/grpc", b"application/grpc+proto")
HEADERS: list[Pair] = [
    (b":status", b"200"), (b"content-type", CONTENT[0]), (b"grpc-accept-encoding", b"identity"),
]  # fmt: skip
_UNITS = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
_RESERVED = ("grpc-timeout", "grpc-encoding", "grpc-accept-encoding", "content-type", "te")
_SAFE = "".join(chr(c) for c in range(32, 127) if chr(c) != "%")


class MessageTooLong(CapacityError):
    """A message is longer than the server takes."""

    reason = "MESSAGE_TOO_LONG"
    retry_seconds = 0.0


class MetadataTooLong(CapacityError):
    """A call has more metadata than the server takes."""

    reason = "METADATA_TOO_LONG"
    retry_seconds = 0.0


class Compressed(NotImplementedError):
    """A message has the flag of compression, and no encoding was agreed on."""


def data_head(size: int, stream: int) -> bytes:
    """The header of a DATA frame."""
    return _HEAD.pack(size << 8, 0, stream)


def credit(stream: int, size: int) -> bytes:
    """A WINDOW_UPDATE frame."""
    return _CREDIT.pack(4 << 8 | 8, 0, stream, size)


def goaway(last: int, code: int) -> bytes:
    """A GOAWAY frame."""
    return _GOAWAY.pack(8 << 8 | 7, 0, 0, last, code)


def ended(stream: int) -> bytes:
    """An empty DATA frame with END_STREAM: what the library is told of DATA that passed it by."""
    return _HEAD.pack(0, 1, stream)


def message_size(pending: bytearray, most: int) -> int:
    """Bytes of the message that begins here, prefix included; 0: not to be told yet.

    Raises MessageTooLong, Compressed.
    """
    if len(pending) < PREFIX.size:
        return 0
    flag, size = PREFIX.unpack_from(pending)
    if flag:
        raise Compressed("messages are not taken compressed; send grpc-encoding: identity")
    if size > most:
        raise MessageTooLong("bytes of a message", most)
    return PREFIX.size + int(size)


def told(fault: WireFault, most: int) -> Exception:
    """The error for a message that the decoder refused: what is about gRPC is said as such."""
    if fault.fault == Fault.TOO_LONG:
        return MessageTooLong("bytes of a message", most)
    if fault.fault == Fault.COMPRESSED:
        return Compressed("messages are not taken compressed; send grpc-encoding: identity")
    return fault


def timeout(value: str) -> float:
    """Seconds of a grpc-timeout. Raises InvalidField."""
    digits, unit = value[:-1], value[-1:]
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 8 and unit in _UNITS):
        raise InvalidField("grpc-timeout", value, "1 to 8 digits and one of H, M, S, m, u, n")
    return int(digits) * _UNITS[unit]


def metadata(headers: Iterable[Pair]) -> Metadata:
    """The metadata of a call: all that is not HTTP's or gRPC's own. Raises InvalidField."""
    found: list[tuple[str, str | bytes]] = []
    for raw_name, raw in headers:
        name = raw_name.decode("latin-1")
        if name.startswith(":") or name in _RESERVED:
            continue
        if not name.endswith("-bin"):
            found.append((name, raw.decode("latin-1")))
            continue
        for part in raw.split(b","):
            padded = part + b"=" * (-len(part) % 4)
            try:
                found.append((name, base64.b64decode(padded, validate=True)))
            except binascii.Error:
                raise InvalidField(name, raw.decode("latin-1"), "base64") from None
    return tuple(found)


def trailers(code: int, message: str, more: Iterable[tuple[str, str | bytes]]) -> list[Pair]:
    """The last headers of a call."""
    found = [(b"grpc-status", b"%d" % code)]
    if message:
        found.append((b"grpc-message", quote(message, safe=_SAFE).encode()))
    for name, value in more:
        text = base64.b64encode(value).rstrip(b"=") if isinstance(value, bytes) else value.encode()
        found.append((name.encode(), text))
    return found


assert MOST < 2**24
assert issubclass(MessageTooLong, GridWorksError)
