"""The queue of one reader: bounded in messages and in bytes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from domain.errors import CapacityError


class SlowReader(CapacityError):
    """The reader did not keep up; it can resume from its last sequence number."""

    reason = "SLOW_READER"
    retry_seconds = 0.1

    def __str__(self) -> str:
        return (
            f"{self.limit:,} {self.resource} were waiting for this reader: it was cut off; "
            "resume from the last sequence number that arrived"
        )


class Outbox:
    """Messages on their way to one reader. One takes, any may put; no thread but the loop's.

    `backlog`, given by `preload`, comes first and does not count against the bounds: it is as
    long as the window of what is kept, no longer.
    """

    def __init__(self, most_messages: int, most_bytes: int) -> None:
        self._most, self._most_bytes = most_messages, most_bytes
        self._waiting: deque[bytes | list[bytes]] = deque()  # a list: kept for one that is made
        self._backlog: deque[bytes] = deque()
        self._bytes = 0
        self._waiter: asyncio.Future[bool] | None = None
        self._tell: Callable[[], None] = self._wake
        self.error: Exception | None = None
        self.ended = False

    def __len__(self) -> int:
        return len(self._waiting) + len(self._backlog)

    def preload(self, messages: Iterable[bytes]) -> None:
        """What the reader has missed; before anything that is put."""
        self._backlog.extend(messages)
        self._tell()

    def put(self, message: bytes) -> None:
        """Queue a message; a reader for whom it is too much is cut off."""
        if self.ended:
            return
        self._bytes += len(message)
        if len(self._waiting) >= self._most:
            self.end(SlowReader("messages", self._most))
        elif self._bytes > self._most_bytes:
            self.end(SlowReader("bytes", self._most_bytes))
        else:
            self._waiting.append(message)
            self._tell()

    def promise(self) -> Callable[[bytes], None]:
        """Keep the place of a message that is still being made; call the result with it."""
        place: list[bytes] = []
        if len(self._waiting) >= self._most:
            self.end(SlowReader("messages", self._most))
        elif not self.ended:
            self._waiting.append(place)

        def keep(message: bytes) -> None:
            if self.error is None:
                place.append(message)
                self._bytes += len(message)
                if self._bytes > self._most_bytes:
                    self.end(SlowReader("bytes", self._most_bytes))
                self._tell()

        return keep

    def end(self, error: Exception | None) -> None:
        """Nothing more comes. With an error what waits is dropped, else it is still delivered."""
        if self.ended:
            return
        self.ended, self.error = True, error
        if error is not None:
            self._waiting.clear()
            self._backlog.clear()
        self._tell()

    def listen(self, tell: Callable[[], None] | None) -> None:
        """Call `tell` whenever there is something new, in place of waking who waits in `take`."""
        self._tell = tell or self._wake
        self._tell()

    @property
    def ready(self) -> bool:
        """Whether `pop` would give a message."""
        return bool(self._backlog or (self._waiting and self._waiting[0] != []))

    def pop(self) -> bytes | None:
        """The next message, None: there is none now."""
        if self._backlog:
            return self._backlog.popleft()
        if not self._waiting:
            return None
        message = self._waiting[0]
        if isinstance(message, list):
            if not message:
                return None
            message = message[0]
        self._waiting.popleft()
        self._bytes -= len(message)
        return message

    async def take(self, seconds: float | None = None) -> bytes | None:
        """The next message; b"" when nothing came for so long; None: in good order at its end.

        Raises the error of `end`.
        """
        while True:
            message = self.pop()
            if message is not None:
                return message
            if self.error is not None:
                raise self.error
            if self.ended and not self._waiting:
                return None
            if not await self._something(seconds):
                return b""

    async def _something(self, seconds: float | None) -> bool:
        """Wait for a message or the end; False: nothing came for so long.

        A bare future and a timer: thousands of readers wait here for every update, and a timeout
        of asyncio takes longer than the rest of their way.
        """
        loop = asyncio.get_running_loop()
        self._waiter = waiter = loop.create_future()
        timer = None if seconds is None else loop.call_later(seconds, _resolve, waiter, False)
        try:
            return bool(await waiter)
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()

    def _wake(self) -> None:
        if self._waiter is not None:
            _resolve(self._waiter, True)


def _resolve(waiter: asyncio.Future[bool], value: bool) -> None:
    if not waiter.done():
        waiter.set_result(value)


class Direct(Protocol):
    """A context that takes from queues itself, without a task between: the gateway's."""

    async def deliver(self, outbox: Outbox, seconds: float, idle: Callable[[], bytes]) -> None:
        """As `write_all`."""


async def write_all(
    outbox: Outbox, context: Any, seconds: float, idle: bytes | Callable[[], bytes]
) -> None:
    """Write until the queue ends; raises what ended it.

    `idle` is written when nothing came for so long. If it is called for that, what it raises ends
    the stream.
    """
    fixed = idle if isinstance(idle, bytes) else b""
    beat = idle if callable(idle) else lambda: fixed
    direct: Direct | None = getattr(context, "direct", None)
    if direct is not None:
        await direct.deliver(outbox, seconds, beat)
        return
    while True:
        message = await outbox.take(seconds)
        if message is None:
            return
        await context.write(message or beat())
