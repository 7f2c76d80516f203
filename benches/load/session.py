"""One order-entry session: sends what is due whether or not answers come, notes what comes when."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benches.load.local import Target
from benches.load.traffic import Line
from domain.errors import Unavailable
from gridworks.api.trading.v1.order_entry_pb2 import OrderEntryRequest, OrderEntryResponse

Array = np.ndarray[Any, Any]
METHOD = "/gridworks.api.trading.v1.TradingService/OrderEntry"
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


class Caller:
    """A session on a channel of grpcio. `log_on`, `work`, `end`, each once.

    Between the last answer and the end it goes on reading: its orders may still be filled.
    """

    def __init__(self, channel: Any, target: Target, line: Line) -> None:
        self.heard = Heard(line, np.zeros(len(line.due), np.int64))
        open_stream = channel.stream_stream(METHOD, None, None)
        self._call = open_stream(metadata=(("authorization", f"Bearer {target.key}"),))
        self._done, self._one = asyncio.Event(), asyncio.Lock()  # one write at a time
        self._processed = 0
        self._reading: asyncio.Task[None] | None = None

    async def log_on(self) -> None:
        """Open the session. Raises Unavailable."""
        request, line = OrderEntryRequest(), self.heard.line
        request.logon.session, request.logon.account = line.session, line.account
        await self._call.write(request.SerializeToString())
        first = await self._call.read()
        if not isinstance(first, bytes):
            raise Unavailable(f"logon of {line.session}: {await self._call.details()}")

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
        line, at = self.heard.line, 0
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
            async with self._one:
                await self._call.write(b"".join(line.messages[at:end]))
            tell(end - at, 0)
            at = end

    async def beat(self) -> None:
        """Say that the client is there."""
        alive = OrderEntryRequest()
        alive.heartbeat.SetInParent()
        async with self._one:
            await self._call.write(alive.SerializeToString())

    async def _read(self, tell: Tell) -> None:
        wanted = len(self.heard.line.due)
        while isinstance(data := await self._call.read(), bytes):
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
            await self._call.write(last.SerializeToString())
            await self._call.done_writing()
            await asyncio.wait_for(reading, 10)
        except Exception as error:
            reading.cancel()
            self.heard.problem = self.heard.problem or f"{type(error).__name__}: {error}"
        self._call.cancel()
