"""Order entry without grpcio: a connection of its own for each stream, one write a message.

It needs the extra `server` (kernels that cut frames, and ngh2); without it, and for everything but
order entry, clients use grpcio. On the wire both are the same.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakSet

from gridworks.client.errors import Cancelled, Unavailable
from gridworks.client.options import Settings
from gridworks.client.plans import Link, Request

if TYPE_CHECKING:
    from gridworks.fastwire import Call

_AHEAD = 1024  # messages that wait before an event loop stops reading
_ENDED = "the stream was canceled"


def available() -> bool:
    """Whether what this transport stands on is installed."""
    return all(find_spec(name) is not None for name in ("numba", "ngh2"))


def trusting(ca: Path | None) -> ssl.SSLContext:
    """TLS for HTTP/2 that trusts a CA of its own, or the usual ones."""
    made = ssl.create_default_context(cafile=ca)
    made.set_alpn_protocols(["h2"])
    return made


def context(settings: Settings) -> ssl.SSLContext | None:
    """How to talk TLS; None: not at all. Raises OSError for a file that cannot be read."""
    if settings.insecure:
        return None
    made = trusting(settings.ca)
    if settings.identity is not None:
        made.load_cert_chain(*settings.identity)
    return made


@dataclass(frozen=True)
class Address:
    """Where to, and how: `name` is the one in the server's certificate, None: the host's."""

    target: str
    tls: ssl.SSLContext | None = None
    name: str | None = None
    timeout: float = 30.0


def address(settings: Settings, target: str) -> Address:
    """An address as a client's settings want it. Raises OSError for a file that is not there."""
    return Address(target, context(settings), settings.server_name, settings.timeout)


def dial(to: Address, request: Request) -> Call:
    """A stream whose first message is the request's; waits for the connection.

    Raises Unavailable.
    """
    from gridworks.fastwire import ROOM, Call, Wire, connect

    connection = connect(to.target, to.timeout, to.tls, to.name)
    data = memoryview(bytearray(ROOM))
    made = Call(Wire(connection, to.target, request.path, request.metadata, data), data)
    made.push(request.data)
    return made


class BlockingLink:
    """A stream that one thread reads and any thread writes."""

    def __init__(self, call: Call) -> None:
        self._call, self._lock = call, threading.Lock()
        self._bell, self._ring = socket.socketpair()
        self._bell.setblocking(False)
        self._ring.setblocking(False)
        self._over = self._waiting = False

    def write(self, message: bytes) -> None:
        """Write a message, or as much as the server takes now."""
        with self._lock:
            if self._over:
                return
            try:
                if self._call.push(message):
                    self._wake()
            except Unavailable:
                self._wake()  # the reader meets the same, and tells

    def _wake(self) -> None:
        with suppress(BlockingIOError):  # then it rings already
            self._ring.send(b"!")

    def cancel(self) -> None:
        """End the stream."""
        with self._lock:
            if not self._over:
                self._over = True
                self._wake()
            if not self._waiting:
                self._close()

    def _close(self) -> None:
        for each in (self._call.wire, self._bell, self._ring):
            each.close()

    def read(self) -> bytes | None:
        """The next message; None: the server has ended the stream. Raises CallError."""
        call = self._call
        while True:
            with self._lock:
                if call.messages:
                    return call.messages.popleft()
                if call.ended():
                    return None
                call.wire.write()
                self._waiting = not call.wire.pending
            if self._waiting:
                call.wire.wait(60.0, self._bell)
            self._receive()

    def _receive(self) -> None:
        with self._lock:
            self._waiting = False
            if self._over:
                self._close()
                raise Cancelled(_ENDED)
            self._still()
            self._call.take()

    def _still(self) -> None:
        with suppress(BlockingIOError):
            self._bell.recv(4096)


class BlockingFast:
    """The transport for threads."""

    def __init__(self, settings: Settings, target: str) -> None:
        self._address = address(settings, target)
        self._links: WeakSet[BlockingLink] = WeakSet()

    def open(self, request: Request, both_ways: bool) -> Link:
        """A stream whose first message is the request's. Raises Unavailable."""
        made = BlockingLink(dial(self._address, request))
        self._links.add(made)
        return made

    def close(self) -> None:
        """End all streams."""
        for link in list(self._links):
            link.cancel()


class AsyncLink:
    """A stream in an event loop."""

    def __init__(self, call: Call) -> None:
        self._call, self._loop = call, asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._over = self._paused = False
        self._error: Exception | None = None
        self._descriptor = call.wire.fileno()
        self._loop.add_reader(self._descriptor, self._readable)
        self._flush()

    def write(self, message: bytes) -> None:
        """Write a message, or as much as the server takes now."""
        if self._over:
            return
        try:
            self._call.push(message)
        except Unavailable as error:
            self._fail(error)
        else:
            self._watch()

    def _flush(self) -> None:
        try:
            self._call.wire.write()
        except Unavailable as error:
            self._fail(error)
        else:
            self._watch()

    def _watch(self) -> None:
        """Be told when the socket takes more, while something waits for that."""
        if self._call.wire.blocked:
            self._loop.add_writer(self._descriptor, self._flush)
        else:
            self._loop.remove_writer(self._descriptor)

    def _readable(self) -> None:
        call = self._call
        try:
            call.take()
            while call.wire.pending:
                call.take()
        except Unavailable as error:
            self._fail(error)
            return
        self._flush()
        self._news.set()
        if len(call.messages) >= _AHEAD:
            self._loop.remove_reader(self._descriptor)
            self._paused = True

    def _fail(self, error: Exception) -> None:
        self._error = self._error or error
        self._loop.remove_reader(self._descriptor)
        self._loop.remove_writer(self._descriptor)
        self._news.set()

    def cancel(self) -> None:
        """End the stream."""
        if not self._over:
            self._over = True
            self._fail(Cancelled(_ENDED))
            self._call.wire.close()

    async def read(self) -> bytes | None:
        """The next message; None: the server has ended the stream. Raises CallError."""
        call = self._call
        while True:
            if self._over:
                raise Cancelled(_ENDED)
            if call.messages:
                return call.messages.popleft()
            if call.ended():
                return None
            if self._error is not None:
                raise self._error
            if self._paused:
                self._paused = False
                self._loop.add_reader(self._descriptor, self._readable)
            self._news.clear()
            await self._news.wait()


class AsyncFast:
    """The transport for asyncio."""

    def __init__(self, settings: Settings, target: str) -> None:
        self._address = address(settings, target)

    async def open(self, request: Request, both_ways: bool) -> Link:
        """A stream whose first message is the request's. Raises Unavailable."""
        dialing = asyncio.ensure_future(asyncio.to_thread(dial, self._address, request))
        try:
            return AsyncLink(await asyncio.shield(dialing))
        except asyncio.CancelledError:  # the thread goes on, and nobody waits for its connection
            dialing.add_done_callback(_hang_up)
            raise


def _hang_up(dialed: asyncio.Future[Call]) -> None:
    if not dialed.cancelled() and dialed.exception() is None:
        dialed.result().wire.close()
