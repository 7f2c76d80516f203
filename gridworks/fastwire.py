"""One gRPC call over HTTP/2: bytes out, bytes in, in runs of DATA frames.

Nothing here waits but `wait`, and nothing is done at the same time but that: who shares a wire
between threads holds a lock around everything else.
"""

from __future__ import annotations

import base64
import select
import socket
import ssl
from collections import deque
from collections.abc import Mapping
from urllib.parse import unquote

import ngh2
import numpy as np

from domain.errors import CapacityError
from gridworks.client.errors import Unavailable, from_status
from gridworks.client.plans import Metadata
from gridworks.client.wire.channels import MOST_BYTES
from server.gateway.http2.frames import MOST, cut
from server.gateway.http2.slots import Column, Found, Note, Slot
from server.gateway.http2.wire import PREFIX, credit, data_head, ended, message_size

READ = 1 << 18
WINDOW = 1 << 22  # bytes that the server may send ahead
ROOM = READ + 9 + MOST  # bytes that one `take` gives at most
SILENCE = 30  # seconds after which a peer that acknowledges nothing is gone
Status = tuple[int, str, bytes | None]


def connect(
    target: str, timeout: float, tls: ssl.SSLContext | None = None, name: str | None = None
) -> socket.socket:
    """A connection to host:port; `name` is the one in the certificate, when it is another.

    Raises Unavailable.
    """
    host, _, port = target.rpartition(":")
    host = host.strip("[]")
    try:
        made = socket.create_connection((host, int(port)), timeout)
        try:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 20)
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000 * SILENCE)
            if tls is not None:
                made = tls.wrap_socket(made, server_hostname=name or host)
        except BaseException:
            made.close()
            raise
    except (OSError, ValueError) as error:
        raise Unavailable(f"{target}: {error}") from None
    made.setblocking(False)
    return made


class Wire:
    """A call on a connection of its own. `into` is the memory that what comes is put into.

    `metadata` has names in lower case, without what HTTP/2 and gRPC say themselves. Raises
    Unavailable when the connection breaks.
    """

    def __init__(
        self, connection: socket.socket, target: str, method: str, metadata: Metadata,
        into: memoryview,
    ) -> None:  # fmt: skip
        self._socket, self._tls = connection, isinstance(connection, ssl.SSLSocket)
        self._input = np.zeros(ROOM, np.uint8)
        self._notes = np.zeros(len(Note), np.int64)
        self._table = np.zeros((1, len(Column)), np.int64)
        self._output = np.frombuffer(into, np.uint8)
        pairs = self._pairs = np.zeros(2 * len(Slot), np.int64)
        for slot, array in (
            (Slot.INPUT, self._input), (Slot.OUTPUT, self._output), (Slot.NOTES, self._notes),
            (Slot.STREAMS, self._table),
        ):  # fmt: skip
            pairs[2 * slot : 2 * slot + 2] = array.ctypes.data, len(array)
        self._address, self._kept = int(pairs.ctypes.data), 0
        self._window = self._stream_window = self._first_window = 65_535  # that we have
        self._uncredited = 0
        self._waiting, self._ready = bytearray(), bytearray()  # payload; frames
        self.status: Status | None = None
        self._begin(target, method, metadata)

    def _begin(self, target: str, method: str, metadata: Metadata) -> None:
        library = self._library = ngh2.Connection(ngh2.Role.CLIENT)
        library.initiate_connection({ngh2.Setting.INITIAL_WINDOW_SIZE: WINDOW})
        library.set_local_window_size(WINDOW)
        self._number = library.send_request(
            [
                (b":method", b"POST"), (b":scheme", b"https" if self._tls else b"http"),
                (b":path", method.encode()), (b":authority", target.encode()),
                (b"te", b"trailers"), (b"content-type", b"application/grpc"),
                (b"user-agent", b"gridworks-fast"),
                *((name.encode(), value.encode()) for name, value in metadata),
            ]
        )  # fmt: skip
        self._ready += library.data_to_send()
        self._table[0] = self._number, WINDOW
        self._notes[Note.WINDOW] = WINDOW

    def push(self, data: bytes) -> None:
        """Queue gRPC messages, prefixes included."""
        self._waiting += data

    def write(self) -> bool:
        """Write what the peer and the socket take; whether something is left."""
        room = min(self._window, self._stream_window, len(self._waiting))
        if room > 0:
            for at in range(0, room, MOST):
                part = self._waiting[at : min(at + MOST, room)]
                self._ready += data_head(len(part), self._number)
                self._ready += part
            del self._waiting[:room]
            self._window -= room
            self._stream_window -= room
        if self._ready:
            try:
                sent = self._socket.send(self._ready)
                del self._ready[:sent]
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                pass
            except OSError as error:
                raise Unavailable(f"the connection broke: {error}") from None
        return bool(self._ready or self._waiting)

    def fileno(self) -> int:
        """The number of the socket, for who waits by other means."""
        return self._socket.fileno()

    @property
    def pending(self) -> bool:
        """Whether something has come that the socket does not show: TLS keeps it back."""
        return self._tls and self._socket.pending() > 0  # type: ignore[attr-defined]

    @property
    def blocked(self) -> bool:
        """Whether frames wait for the socket to take more."""
        return bool(self._ready)

    def wait(self, seconds: float, bell: socket.socket | None = None) -> None:
        """Wait until something can be read or, if something is left, written, or `bell` rings."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN | (select.POLLOUT if self.blocked else 0))
        if bell is not None:
            poll.register(bell, select.POLLIN)
        poll.poll(1000 * seconds)

    def turn(self, at: int, seconds: float) -> int:
        """Write, wait for bytes, put the payload of DATA behind `at`; where it ends now."""
        self.write()
        if not self.pending:
            self.wait(seconds)
        return self.take(at)

    def take(self, at: int) -> int:
        """Put the payload of DATA that has come behind `at`; where it ends now."""
        view = self._input.data
        try:
            count = self._socket.recv_into(view[self._kept : self._kept + READ])
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return at
        except OSError as error:
            raise Unavailable(f"the connection broke: {error}") from None
        if not count and self.status is None:
            raise Unavailable("the server has closed the connection")
        return self._frames(at, self._kept + count)

    def _frames(self, out: int, stop: int) -> int:
        at, notes = 0, self._notes.data
        while at < stop:
            found = cut(self._address, at, stop, out)
            if found == Found.NOTHING:
                break
            if found == Found.RUN:
                out = notes[Note.END]
                self._uncredited += notes[Note.FLOW]
                if notes[Note.ENDED]:
                    self._tell(ended(self._number))
            elif found == Found.LIBRARY:
                self._tell(bytes(self._input.data[notes[Note.BEGIN] : notes[Note.END]]))
            elif found == Found.CREDIT:
                self._credited(notes[Note.NUMBER], notes[Note.INCREMENT])
            else:
                raise Unavailable("the server sends more than its window")
            at = notes[Note.NEXT]
        self._kept = stop - at
        self._input[: self._kept] = self._input[at:stop].copy()
        if 2 * self._uncredited >= WINDOW:
            self._ready += credit(0, self._uncredited)
            self._ready += credit(self._number, self._uncredited)
            self._table[0, Column.WINDOW] += self._uncredited
            self._notes[Note.WINDOW] += self._uncredited
            self._uncredited = 0
        return int(out)

    def _credited(self, number: int, increment: int) -> None:
        if number == 0:
            self._window += increment
        else:
            self._stream_window += increment

    def _tell(self, data: bytes) -> None:
        """Frames for the library, and what it makes of them."""
        try:
            self._library.receive_data(data)
        except ngh2.NGH2Error as error:
            raise Unavailable(f"no HTTP/2: {error}") from None
        for event in self._library.events():
            match event:
                case ngh2.SettingsReceived():
                    wanted = event.settings.get(ngh2.Setting.INITIAL_WINDOW_SIZE)
                    if wanted is not None:
                        self._stream_window += wanted - self._first_window
                        self._first_window = wanted
                case ngh2.ResponseReceived() if event.end_stream:
                    self.status = _status(dict(event.headers))
                case ngh2.TrailersReceived():
                    self.status = _status(dict(event.headers))
                case ngh2.StreamClosed() if self.status is None:
                    self.status = 14, f"the stream was reset with code {event.error_code}", None
        if self._library.want_write:
            self._ready += self._library.data_to_send()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def _status(headers: Mapping[bytes, bytes]) -> Status:
    """What the trailers say."""
    code = headers.get(b"grpc-status", b"")
    if not code.isdigit():
        return 2, f"HTTP {headers.get(b':status', b'').decode()}", None
    details = headers.get(b"grpc-status-details-bin")
    text = unquote(headers.get(b"grpc-message", b"").decode("latin-1"))
    padded = None if details is None else details + b"=" * (-len(details) % 4)
    return int(code), text, None if padded is None else base64.b64decode(padded)


class Call:
    """One stream: what it has received, cut into messages. Nothing here waits."""

    def __init__(self, wire: Wire, data: memoryview) -> None:
        self.wire, self._data, self._rest = wire, data, bytearray()
        self.messages: deque[bytes] = deque()

    def take(self) -> None:
        """Take in what has come. Raises Unavailable."""
        end = self.wire.take(0)
        rest = self._rest
        rest += self._data[:end]
        try:
            while (size := message_size(rest, MOST_BYTES)) and len(rest) >= size:
                self.messages.append(bytes(rest[PREFIX.size : size]))
                del rest[:size]
        except (CapacityError, NotImplementedError) as error:
            raise Unavailable(f"the server's message is not taken: {error}") from None

    def ended(self) -> bool:
        """Whether the server has ended the stream in good order. Raises CallError if otherwise."""
        if self.wire.status is None:
            return False
        code, text, details = self.wire.status
        if code:
            raise from_status(code, text, details)
        return True

    def push(self, message: bytes) -> bool:
        """Write a message; whether some of it is left to be written. Raises Unavailable."""
        self.wire.push(PREFIX.pack(0, len(message)) + message)
        return self.wire.write()
