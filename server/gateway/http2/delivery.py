"""From the queue of a reader into a stream, without a task between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from server.streams.outbox import Outbox


class Sender(Protocol):
    """A stream, as its delivery sees it."""

    delivery: Delivery | None

    @property
    def more(self) -> bool:
        """Whether messages wait."""

    def touch(self) -> None:
        """There is something to send."""

    def send(self, message: bytes) -> None:
        """Queue a message."""


class Delivery:
    """Takes messages out of a queue when the peer has room for them; `done` when it has ended.

    `idle` gives what to send when nothing was sent for so many seconds, or raises what ends the
    stream.
    """

    def __init__(
        self, stream: Sender, outbox: Outbox, seconds: float, idle: Callable[[], bytes]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.done: asyncio.Future[None] = self._loop.create_future()
        self._stream, self._outbox = stream, outbox
        self._seconds, self._idle = seconds, idle
        self._sent = self._loop.time()
        self._timer = self._loop.call_later(seconds, self._look)
        stream.delivery = self
        outbox.listen(self._wake)

    def pop(self) -> bytes | None:
        """The next message, None: there is none now."""
        message = self._outbox.pop()
        if message is not None:
            self._sent = self._loop.time()
        return message

    @property
    def waiting(self) -> bool:
        """Whether there are messages."""
        return self._outbox.ready

    def emptied(self) -> None:
        """All was sent: if the queue has ended in good order, so does this."""
        if self._outbox.ended and not len(self._outbox) and not self.done.done():
            self.done.set_result(None)

    def fail(self, error: BaseException) -> None:
        """End with an error."""
        if not self.done.done():
            self.done.set_exception(error)

    def close(self) -> None:
        """Take nothing more."""
        self._timer.cancel()
        self._outbox.listen(None)
        self._stream.delivery = None

    def _wake(self) -> None:
        if self._outbox.error is not None:
            self.fail(self._outbox.error)
        else:
            self._stream.touch()

    def _look(self) -> None:
        left = self._sent + self._seconds - self._loop.time()
        if left <= 0:
            left = self._seconds
            try:
                beat = self._idle()
            except Exception as error:
                self.fail(error)
                return
            self._sent = self._loop.time()
            if not self._stream.more:
                self._stream.send(beat)
        self._timer = self._loop.call_later(left, self._look)
