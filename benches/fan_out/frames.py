"""The reading half of gRPC on one connection, by hand: HTTP/2 frames in, whole messages out.

It reads what a well-behaved gRPC server sends, of either door, and nothing more. A client library
would cost more than the server that is measured: here a message costs two microseconds.
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Callable
from pathlib import Path

from domain.errors import Unavailable

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, CREDIT = 0, 1, 3, 4, 6, 7, 8
ACK = END_STREAM = 0x1
END_HEADERS = 0x4
FIRST_WINDOW, ENABLE_PUSH = 4, 2  # settings
MOST_WINDOW = 2**31 - 1  # a run is bounded so that no more than this comes on a connection
DEFAULT_WINDOW = 65_535
SHORT = 127  # longest text whose length is one byte in HPACK
PIECE = 1 << 18
WAIT = 30.0  # seconds for a connection
_HEAD = struct.Struct(">IBI")  # length and kind, flags, stream
Take = Callable[[int, bytes], None]


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """An HTTP/2 frame."""
    return _HEAD.pack(len(payload) << 8 | kind, flags, stream) + payload


def headers(pairs: list[tuple[str, str]]) -> bytes:
    """A header block of plain literals: no table, no Huffman code, as RFC 7541 6.2.2 allows."""
    out = bytearray()
    for pair in pairs:
        out.append(0)
        for text in pair:
            assert len(text) < SHORT
            out.append(len(text))
            out += text.encode()
    return bytes(out)


class Connection:
    """Streams of one connection, each of which is read until the server ends it.

    `ended` are the numbers of the streams that the server has ended, `gone` why the connection is
    over. Raises Unavailable.
    """

    def __init__(self, address: str, root: Path | None) -> None:
        host, _, port = address.rpartition(":")
        try:
            self.socket = socket.create_connection((host, int(port)), WAIT)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if root is not None:
                trusted = ssl.create_default_context(cafile=str(root))
                trusted.set_alpn_protocols(["h2"])
                self.socket = trusted.wrap_socket(self.socket, server_hostname=host)
        except OSError as error:
            raise Unavailable(f"connection to {address}: {error}") from None
        self._authority, self._scheme = address, "http" if root is None else "https"
        self._next, self._kept = 1, b""
        self._pending: dict[int, bytes] = {}
        self.ended: set[int] = set()
        self.gone = ""
        wish = struct.pack(">HIHI", ENABLE_PUSH, 0, FIRST_WINDOW, MOST_WINDOW)
        more = struct.pack(">I", MOST_WINDOW - DEFAULT_WINDOW)
        self.socket.sendall(PREFACE + frame(SETTINGS, 0, 0, wish) + frame(CREDIT, 0, 0, more))

    def call(self, path: str, key: str, request: bytes) -> int:
        """Begin a call with one request; the number of its stream. Before `read`."""
        number, self._next = self._next, self._next + 2
        block = headers(
            [
                (":method", "POST"), (":scheme", self._scheme), (":path", path),
                (":authority", self._authority), ("te", "trailers"),
                ("content-type", "application/grpc"), ("authorization", f"Bearer {key}"),
            ]
        )  # fmt: skip
        message = b"\0" + struct.pack(">I", len(request)) + request
        self.socket.sendall(
            frame(HEADERS, END_HEADERS, number, block) + frame(DATA, END_STREAM, number, message)
        )
        return number

    def receive(self) -> bytes:
        """What has come; nothing when there is nothing, or when it is over (`gone` says so)."""
        try:
            data = self.socket.recv(PIECE)
        except (BlockingIOError, ssl.SSLWantReadError):
            return b""
        except OSError as error:
            self.gone = self.gone or str(error)
            return b""
        if not data:
            self.gone = self.gone or "the server has closed the connection"
        return data

    @property
    def more(self) -> bool:
        """Whether bytes wait that a selector does not know of."""
        return isinstance(self.socket, ssl.SSLSocket) and self.socket.pending() > 0

    def read(self, data: bytes, take: Take) -> None:
        """Give `take` the messages of what has come: (stream, message)."""
        data = self._kept + data
        at, stop, head = 0, len(data), _HEAD.size
        while stop - at >= head:
            size, flags, stream = _HEAD.unpack_from(data, at)
            begin, end = at + head, at + head + (size >> 8)
            if end > stop:
                break
            kind, at = size & 0xFF, end
            if kind == DATA:
                self._data(stream, data[begin:end], take)
            elif kind in (SETTINGS, PING) and not flags & ACK:
                answer = data[begin:end] if kind == PING else b""
                self.socket.sendall(frame(kind, ACK, 0, answer))
            elif kind == GOAWAY:
                self.gone = f"the server has said goodbye: {data[begin + 8 : end]!r}"
            if kind == RESET or (kind in (DATA, HEADERS) and flags & END_STREAM):
                self.ended.add(stream)
        self._kept = data[at:]

    def _data(self, stream: int, data: bytes, take: Take) -> None:
        """Messages of one stream; what is left of one waits."""
        if stream in self._pending:
            data = self._pending.pop(stream) + data
        at, stop = 0, len(data)
        while stop - at >= 5:
            end = at + 5 + int.from_bytes(data[at + 1 : at + 5])
            if end > stop:
                break
            take(stream, data[at + 5 : end])
            at = end
        if at < stop:
            self._pending[stream] = data[at:]

    def close(self) -> None:
        """Hang up."""
        self.socket.close()
