"""One order-entry session: sends what is due whether or not answers come, notes what comes when."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from grpc import RpcError

from benches.load.local import Target
from benches.load.traffic import Line
from domain.errors import Unavailable
from gridworks.api.trading.v1.order_entry_pb2 import OrderEntryRequest, OrderEntryResponse
from gridworks.client.errors import CallError
from gridworks.client.plans import Request
from gridworks.client.wire.channels import ORDER_ENTRY, error_of
from gridworks.client.wire.fast import Address, AsyncLink, dial, trusting

Array = np.ndarray[Any, Any]
ALIVE_S = 15.0  # the server ends a session that is silent for a minute
SECOND = 10**9
Tell = Callable[[int, int], None]


@dataclass
class Heard:
    """What a session sent and got: times in ns of the monotonic clock, messages as they came."""

    line: Line
    sent: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    messages: list[tuple[int, bytes]] = field(default_factory=list)
    problem: str = ""


class Stream(Protocol):
    """One order-entry stream, whichever door it goes through."""

    @property
    def busy(self) -> bool:
        """Whether the server has not taken what was sent."""

    async def write(self, message: bytes) -> None:
        """Send a message."""

    async def read(self) -> bytes | None:
        """The next message; None: the server has ended the stream. Raises CallError."""

    def cancel(self) -> None:
        """Hang up."""


class MainStream:
    """A stream of grpcio."""

    def __init__(self, call: Any) -> None:
        self._call, self._one = call, asyncio.Lock()  # one write at a time

    @property
    def busy(self) -> bool:
        """Whether the server has not taken what was sent."""
        return self._one.locked()

    async def write(self, message: bytes) -> None:
        """Send a message."""
        async with self._one:
            await self._call.write(message)

    async def read(self) -> bytes | None:
        """The next message; None: the server has ended the stream. Raises CallError."""
        try:
            found = await self._call.read()
        except RpcError as problem:
            raise error_of(problem) from None
        return found if isinstance(found, bytes) else None

    def cancel(self) -> None:
        """Hang up."""
        self._call.cancel()


class GatewayStream:
    """A stream of the project's own transport."""

    busy = False  # it keeps what the server does not take

    def __init__(self, link: AsyncLink) -> None:
        self._link = link
        self.read, self.cancel = link.read, link.cancel

    async def write(self, message: bytes) -> None:
        """Send a message."""
        self._link.write(message)


async def opened(target: Target, channel: Any, line: Line) -> Stream:
    """A stream with its logon under way. Raises Unavailable."""
    request, metadata = OrderEntryRequest(), (("authorization", f"Bearer {target.key}"),)
    request.logon.session, request.logon.account = line.session, line.account
    first = request.SerializeToString()
    if target.gateway:
        tls = None if target.root is None else trusting(target.root)
        call = await asyncio.to_thread(
            dial, Address(target.gateway, tls), Request(ORDER_ENTRY, first, metadata)
        )
        return GatewayStream(AsyncLink(call))
    stream = MainStream(channel.stream_stream(ORDER_ENTRY, None, None)(metadata=metadata))
    await stream.write(first)
    return stream


class Caller:
    """A session. `log_on`, `work`, `end`, each once.

    Between the last answer and the end it goes on reading: its orders may still be filled.
    """

    def __init__(self, channel: Any, target: Target, line: Line) -> None:
        self.heard = Heard(line, np.zeros(len(line.due), np.int64))
        self._target, self._channel = target, channel
        self._done, self._processed = asyncio.Event(), 0
        self._call: Stream | None = None
        self._reading: asyncio.Task[None] | None = None

    async def log_on(self) -> None:
        """Open the session. Raises Unavailable."""
        line = self.heard.line
        try:
            self._call = call = await opened(self._target, self._channel, line)
            first = await call.read()
        except CallError as error:
            raise Unavailable(f"logon of {line.session}: {error}") from None
        if first is None:
            raise Unavailable(f"logon of {line.session}: the server has hung up")

    @property
    def _stream(self) -> Stream:
        assert self._call is not None
        return self._call

    async def work(self, start: int, batch: int, drain: float, tell: Tell) -> None:
        """Send everything, wait until it is answered but no longer than `drain` seconds."""
        self._reading = asyncio.create_task(self._read(tell))
        try:
            await self._send(start, batch, tell)
            if self._processed < len(self.heard.line.due):
                await asyncio.wait_for(self._done.wait(), drain)
        except TimeoutError:
            left = len(self.heard.line.due) - self._processed
            self.heard.problem = f"{left} commands unanswered after {drain:.0f} s"
        except Exception as error:
            self.heard.problem = f"{type(error).__name__}: {error}"

    async def _send(self, start: int, batch: int, tell: Tell) -> None:
        line, at, call = self.heard.line, 0, self._stream
        due, sent = (line.due + start).tolist(), self.heard.sent
        while at < len(due):
            now = time.monotonic_ns()
            if due[at] > now:
                await asyncio.sleep((due[at] - now) / SECOND)
                continue
            end = at + 1
            while end < len(due) and end - at < batch and due[end] <= now:
                end += 1
            sent[at:end] = now
            # protobuf joins messages that are written one after the other
            await call.write(b"".join(line.messages[at:end]))
            tell(end - at, 0)
            at = end

    async def beat(self) -> None:
        """Say that the client is there, unless something else says so."""
        if self._call is None or self._call.busy:
            return
        alive = OrderEntryRequest()
        alive.heartbeat.SetInParent()
        await self._call.write(alive.SerializeToString())

    async def _read(self, tell: Tell) -> None:
        wanted, call = len(self.heard.line.due), self._stream
        while (data := await call.read()) is not None:
            self.heard.messages.append((time.monotonic_ns(), data))
            upto = OrderEntryResponse.FromString(data).last_msg_seq_num_processed
            if upto > self._processed:
                tell(0, upto - self._processed)
                self._processed = upto
            if upto >= wanted > 0:
                self._done.set()

    async def end(self) -> None:
        """Log out and read to the end."""
        reading = self._reading
        assert reading is not None
        try:
            last = OrderEntryRequest()
            last.logout.SetInParent()
            await self._stream.write(last.SerializeToString())
            await asyncio.wait_for(reading, 10)
        except Exception as error:
            reading.cancel()
            self.heard.problem = self.heard.problem or f"{type(error).__name__}: {error}"
        self._stream.cancel()
