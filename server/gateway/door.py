"""`Gateway`: listens, knows its connections, begins calls, closes in good order."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import Iterable
from typing import Any

import ngh2
import numpy as np
import structlog

from domain.errors import CapacityError, GridWorksError, Unavailable
from server.codec.decoder import Decoder
from server.config import Settings
from server.gateway.call import Aborted, Call
from server.gateway.connection import Connection
from server.gateway.conversation import Conversation
from server.gateway.http2.frames import cut
from server.gateway.http2.inbound import Halves
from server.gateway.http2.limits import Limits
from server.gateway.http2.slots import Note, Slot
from server.gateway.http2.stream import Stream
from server.gateway.http2.wire import PREFIX, Pair, trailers
from server.gateway.methods import METHODS, Methods
from server.gateway.request import Refused, Request
from server.interceptors import Door
from server.services import order_entry
from server.status import status_of

READ = 256 * 1024  # bytes that one read may bring
HEADERS = 4  # times the metadata that a call may have is read, to answer with a status
BACKLOG = 4096  # connections that wait to be taken: as many as Linux allows unless told otherwise
LATE = 0.05  # seconds after its deadline a call is ended that did not end itself
_log = structlog.get_logger(__name__)


class Gateway:
    """The endpoint. `start`, then `stop`; each once.

    `methods` are those of the other door, of which it serves `METHODS`.
    """

    def __init__(self, settings: Settings, door: Door, methods: Methods) -> None:
        self._settings, self._door, limits = settings, door, Limits.of(settings)
        self.limits = limits
        self._handlers = {name: methods.found[name] for name in METHODS if name in methods.found}
        self.configuration = ngh2.Configuration(
            max_inbound_header_list_size=HEADERS * limits.headers,
            max_send_header_block_length=1 << 20,
            stream_reset_rate_limit=(2**32, 2**32),  # the budget of a connection counts them
        )  # fmt: skip
        # one memory for what is read, and one for what is decoded: each is used up in one go
        self.input = np.zeros(READ, np.uint8)
        self.view = self.input.data
        self.lead = PREFIX.size + settings.message_bytes
        self.decoder = Decoder(settings.stream_commands, self.lead + READ, 4096)
        self.output = np.frombuffer(self.decoder.data, np.uint8)
        self.halves = Halves(limits.halves)
        self._warm()
        self.connections: set[Connection] = set()
        self._closing = False
        self.closed: Counter[str] = Counter()
        self.received = self._sent = 0  # bytes; those sent of connections that are gone
        self.port = 0
        self._tick: asyncio.TimerHandle | None = None

    async def start(self, tls: ssl.SSLContext | None) -> None:
        """Listen. Raises Unavailable."""
        settings, loop = self._settings, asyncio.get_running_loop()
        self._loop = loop
        port = settings.gateway_port
        if port is None:
            port = settings.port + 1 if settings.port else 0
        try:
            self._server = await loop.create_server(
                lambda: Connection(self), settings.host, port, ssl=tls, backlog=BACKLOG,
                ssl_handshake_timeout=self.limits.patience if tls else None,
            )  # fmt: skip
        except OSError as error:
            raise Unavailable(f"cannot listen on {settings.host}:{port}: {error}") from error
        self.port = self._server.sockets[0].getsockname()[1]
        self._look()

    def _warm(self) -> None:
        """Compile before anybody waits for it."""
        rows, _, _ = self.decoder.framed(0, 0, 0)
        assert not len(rows)
        slots = np.zeros(2 * len(Slot), np.int64)
        notes = np.zeros(len(Note), np.int64)
        slots[2 * Slot.NOTES : 2 * Slot.NOTES + 2] = notes.ctypes.data, len(notes)
        cut(int(slots.ctypes.data), 0, 0, 0)

    async def stop(self, grace_seconds: float) -> None:
        """Take nothing new, let calls end for so long, close."""
        self._server.close()
        self._closing = True
        for connection in list(self.connections):
            connection.shut(last=False)
        await asyncio.sleep(0)
        for connection in list(self.connections):
            connection.shut(last=True)
        end = self._loop.time() + grace_seconds
        while self.connections and self._loop.time() < end:
            if not any(connection.streams for connection in self.connections):
                break
            await asyncio.sleep(0.01)
        for connection in list(self.connections):
            connection.close(0, "drained")
        await asyncio.sleep(0)
        for connection in list(self.connections):
            connection.abort("drained")
        if self._tick is not None:
            self._tick.cancel()

    # ------------------------------------------------------------------ connections

    def enter(self, connection: Connection) -> bool:
        """A new connection; whether there is room for it."""
        if self._closing or len(self.connections) >= self._settings.gateway_connections:
            return False
        self.connections.add(connection)
        return True

    def leave(self, connection: Connection, reason: str) -> None:
        """A connection is gone."""
        self.connections.discard(connection)
        self._sent += connection.out.sent
        self.closed[reason] += 1

    @property
    def sent(self) -> int:
        """Bytes sent."""
        return self._sent + sum(connection.out.sent for connection in self.connections)

    @property
    def streams(self) -> int:
        """Streams open."""
        return sum(len(connection.streams) for connection in self.connections)

    def _look(self) -> None:
        """Once a second: who keeps us waiting?"""
        now = self._loop.time()
        for connection in list(self.connections):
            connection.look(now)
        self._tick = self._loop.call_later(1.0, self._look)

    # ------------------------------------------------------------------ calls

    def begin(self, connection: Connection, stream: Stream, headers: Iterable[Pair]) -> None:
        """A request's headers are there."""
        try:
            request = Request.of(headers, self.limits.headers)
        except Refused as refused:
            stream.finish(refused.trailers)
            return
        deadline = None if request.timeout is None else self._loop.time() + request.timeout
        call = Call(stream, request.method, request.metadata, connection.peer, deadline)
        call.most = self.limits.answer
        if request.refusal is not None:
            _refuse(stream, request.refusal)
            return
        handler = self._handlers.get(request.method)
        if handler is None:
            _refuse(stream, NotImplementedError(f"{request.method} is not served here"))
            return
        stream.since = self._loop.time()
        if handler.stream_stream:
            call.talk = self._talk
            if not request.sized:
                connection.take_data(stream)
        stream.task = self._loop.create_task(self._run(call, handler))
        if request.timeout is not None:
            late = self._loop.call_later(request.timeout + LATE, self._expire, stream)
            stream.task.add_done_callback(lambda _: late.cancel())

    def _talk(self, stream: Stream, session: order_entry.Stream) -> Conversation:
        stream.since = 0.0
        return Conversation(stream, session, self.decoder, self.limits.message)

    async def _run(self, call: Call, handler: Any) -> None:
        """One call from its request to its status."""
        call.serialize = handler.response_serializer
        try:
            if handler.stream_stream:
                await handler.stream_stream(None, call)
            else:
                if not call.stream.inbound.ready:
                    self._door.admit(call.method, call)
                request = await call.read_only()
                call.stream.since = 0.0
                if handler.unary_stream:
                    await handler.unary_stream(request, call)
                else:
                    await call.answer(await handler.unary_unary(request, call))
            call.finish()
        except Aborted:
            pass
        except Exception as error:  # before or behind the wrapper that knows errors
            if not isinstance(error, (GridWorksError, NotImplementedError)):
                _log.exception("a call failed", method=call.method, exc_info=error)
            _refuse(call.stream, error)

    def _expire(self, stream: Stream) -> None:
        _end(stream, TimeoutError("the deadline passed before there was an answer"))

    def give_up(self, stream: Stream) -> None:
        """The request does not come."""
        seconds = self.limits.patience
        _end(stream, TimeoutError(f"the request was not there after {seconds:g} s"))

    def crowd(self, stream: Stream) -> None:
        """There is no room for a message that is not whole."""
        _end(stream, CapacityError("bytes of messages that are not whole", self.halves.most))


def _end(stream: Stream, error: Exception) -> None:
    """End a call from outside."""
    if stream.trailers is None and not stream.closed:
        _refuse(stream, error)
        if stream.task is not None:
            stream.task.cancel()


def _refuse(stream: Stream, error: Exception) -> None:
    """The status of an error goes out, and nothing that waits before it."""
    if stream.trailers is None:
        status = status_of(error)
        more: Any = status.trailing_metadata
        stream.drop()
        stream.finish(trailers(status.number, status.details, more))


