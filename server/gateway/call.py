"""What a servicer sees of a call: the part of grpcio's context that servicers use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NoReturn

import grpc
from grpc.aio import AbortError

from domain.errors import InvalidField
from server.gateway.conversation import Conversation
from server.gateway.http2.delivery import Delivery
from server.gateway.http2.stream import Stream
from server.gateway.http2.wire import MessageTooLong, Metadata, trailers
from server.services import order_entry
from server.streams.outbox import Outbox

Talk = Callable[[Stream, order_entry.Stream], Conversation]


class Aborted(AbortError):
    """As grpcio says it: the call has its status; nothing more is to be done."""


class Call:
    """One call on one stream."""

    def __init__(
        self, stream: Stream, method: str, metadata: Metadata, peer: str, deadline: float | None
    ) -> None:
        self.stream, self.method = stream, method
        self._metadata, self._peer, self._deadline = metadata, peer, deadline
        self._loop = asyncio.get_running_loop()
        self.direct = self
        self.talk: Talk | None = None  # makes conversations
        self.most = 0  # bytes of a message that is sent
        self._code: grpc.StatusCode | None = None
        self.serialize: Callable[[Any], bytes] | None = None

    def invocation_metadata(self) -> Metadata:
        """What the client sent with the call."""
        return self._metadata

    def peer(self) -> str:
        """Address of the client, as gRPC writes it."""
        return self._peer

    def time_remaining(self) -> float | None:
        """Seconds until the deadline, None: there is none."""
        return None if self._deadline is None else max(self._deadline - self._loop.time(), 0.0)

    async def read(self) -> bytes | None:
        """The next message; None at the end. Raises MessageTooLong, Compressed."""
        return await self.stream.inbound.read()

    async def read_only(self) -> bytes:
        """The one message of a request. Raises InvalidField, MessageTooLong, Compressed."""
        message = await self.read()
        if message is None:
            raise InvalidField("message", "none", "one message")
        if await self.read() is not None:
            raise InvalidField("message", "more than one", "one message")
        return message

    async def write(self, message: Any) -> None:
        """Send a message; waits while many bytes are on their way."""
        data = self._bytes(message)
        await self.stream.space()
        self.stream.send(data)

    async def answer(self, message: Any) -> None:
        """Send the one message of an answer. Raises MessageTooLong."""
        self.stream.send(self._bytes(message))

    def _bytes(self, message: Any) -> bytes:
        data = message if self.serialize is None else self.serialize(message)
        if len(data) > self.most:
            raise MessageTooLong("bytes of an answer", self.most)
        return bytes(data)

    async def abort(
        self, code: Any, details: str = "", trailing_metadata: Metadata = ()
    ) -> NoReturn:
        """End the call with a status. Always raises."""
        self.stream.drop()
        self._code = code
        self.finish(code.value[0], details, trailing_metadata)
        raise Aborted

    def code(self) -> grpc.StatusCode | None:
        """The status that `abort` was given."""
        return self._code

    def finish(self, code: int = 0, details: str = "", more: Metadata = ()) -> None:
        """The status goes out after what waits."""
        if self.stream.trailers is None:
            self.stream.finish(trailers(code, details, more))

    # ------------------------------------------------------------------ without a task between

    async def deliver(self, outbox: Outbox, seconds: float, idle: Callable[[], bytes]) -> None:
        """See `server.streams.outbox.write_all`."""
        delivery = Delivery(self.stream, outbox, seconds, idle)
        try:
            await delivery.done
        finally:
            delivery.close()

    async def converse(self, session: order_entry.Stream) -> None:
        """See `server.services.order_entry`."""
        assert self.talk is not None
        conversation = self.stream.conversation = self.talk(self.stream, session)
        try:
            conversation.resume()
            await conversation.delivery.done
        finally:
            self.stream.conversation = None
            conversation.close()
