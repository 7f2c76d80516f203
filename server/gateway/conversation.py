"""An order-entry stream: rows out of the kernels as they come, replies as they are made."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from time import perf_counter
from typing import Any

import numpy as np

from domain.errors import InvalidField
from server.codec.decoder import Decoder
from server.codec.slots import Message
from server.gateway.http2.delivery import Delivery
from server.gateway.http2.stream import Stream
from server.gateway.http2.wire import told
from server.services import order_entry

Array = np.ndarray[Any, Any]
_CONTROL = int(Message.CONTROL)


class Conversation:
    """Both directions of a session; ends when its `delivery` is done.

    `decoder` is shared by all streams: what it gives is used before the next call.
    """

    def __init__(
        self, stream: Stream, session: order_entry.Stream, decoder: Decoder, most: int
    ) -> None:
        self._stream, self._session, self._decoder, self._most = stream, session, decoder, most
        self._busy: asyncio.Task[None] | None = None  # waits for room, or logs out
        self._after = b""  # a control message that waits for room with the commands before it
        self._over = False
        self.delivery = Delivery(stream, session.outbox, session.interval, session.idle)

    @property
    def wants(self) -> bool:
        """Whether what comes is decoded at once."""
        return not self._busy and not self._over

    def resume(self) -> None:
        """Go on with what was kept while the stream waited."""
        pending = self._stream.inbound.pending
        while self.wants and len(pending):
            size = min(len(pending), len(self._decoder.data))
            self._decoder.data[:size] = memoryview(pending)[:size]
            left = self._decode(0, size)
            if left == size and not self._over:
                break
            del pending[: size - left]
        if self.wants:
            self._end_if_over()
        if self.wants or self._over:
            self._stream.inbound.credit()

    def received(self, begin: int, end: int) -> None:
        """The decoder's data from `begin` to `end` is what was left and what came."""
        left = self._decode(begin, end)
        pending = self._stream.inbound.pending
        pending[:] = self._decoder.data[end - left : end] if left else b""
        if self.wants:
            self._end_if_over()

    def _end_if_over(self) -> None:
        """A client that has nothing more to say has logged out."""
        if self._stream.inbound.ended:
            try:
                self._stream.inbound.check_end()
            except InvalidField as error:
                self._stop(error)
            else:
                self._leave()

    def _leave(self) -> None:
        self._over = True
        self._busy = asyncio.create_task(self._log_out())

    def _decode(self, begin: int, end: int) -> int:
        """Give the commands away; returns how many bytes at the end are to be kept."""
        decoder, session = self._decoder, self._session
        decoder.open(*session.identity)
        session.hear()
        try:
            while begin < end:
                then = perf_counter()
                rows, found, begin = decoder.framed(begin, end, self._most)
                session.stage("decode", perf_counter() - then)
                if len(found):
                    kept = self._take(rows, found)
                    if kept < len(found):
                        return end - int(found[kept, Message.START]) + 5
                    if self._busy:
                        return end - begin
                if decoder.failed:
                    raise told(decoder.fault(), self._most)
                if not len(found):
                    break
        except Exception as error:
            self._stop(error)
            return 0
        return end - begin

    def _take(self, rows: Array, found: Array) -> int:
        """Give messages away; returns how many were. Raises as `order_entry.Stream.take`."""
        controls = found[0, _CONTROL] if len(found) == 1 else found[:, _CONTROL].any()
        if not controls:
            self._put(self._session.admit_run(rows, found, self._decoder.odd))
            return len(found)
        data, odd = self._decoder.data, self._decoder.odd
        for at in range(len(found)):
            start, stop, row, count, _, control = found[at].tolist()
            if count:
                part = rows[row : row + count]
                self._put(self._session.admit_run(part, found[at : at + 1], odd))
            if control:
                message = bytes(data[start:stop])
                if self._busy:
                    self._after = message
                else:
                    self._control(message)
            if self._busy:
                return at + 1
        return len(found)

    def _control(self, message: bytes) -> None:
        if not self._session.control(message):
            self._leave()

    def _put(self, pieces: Iterator[bytes]) -> None:
        """Hand over, or begin to wait for room."""
        for data in pieces:
            if not self._session.put_now(data):
                held, error = [data], None
                try:
                    for more in pieces:
                        held.append(more)
                except Exception as found:
                    error = found
                self._busy = asyncio.create_task(self._wait(held, error))
                return

    async def _wait(self, held: list[bytes], error: Exception | None) -> None:
        """Hand over when there is room; nothing is decoded until then."""
        try:
            for data in held:
                await self._session.put(data)
            if error is not None:
                raise error
            self._busy, message, self._after = None, self._after, b""
            if message:
                self._control(message)
        except Exception as found:
            self._busy = None
            self._stop(found)
        self.resume()

    async def _log_out(self) -> None:
        try:
            await self._session.log_out()
        except Exception as error:
            self._stop(error)

    def _stop(self, error: Exception) -> None:
        self._over = True
        self.delivery.fail(error)

    def close(self) -> None:
        """Nothing more in either direction."""
        self._over = True
        if self._busy is not None:
            self._busy.cancel()
        self.delivery.close()

