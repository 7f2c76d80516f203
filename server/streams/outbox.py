"""The queue of one reader: bounded in messages and in bytes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Any

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
    """Messages on their way to one reader. One task takes, any may put; no thread but the loop's.

    `backlog`, given by `preload`, comes first and does not count against the bounds: it is as
    long as the window of what is kept, no longer.
    """

    def __init__(self, most_messages: int, most_bytes: int) -> None:
        self._most, self._most_bytes = most_messages, most_bytes
        self._waiting: deque[bytes] = deque()
        self._backlog: deque[bytes] = deque()
        self._bytes = 0
        self._ready = asyncio.Event()
        self._end: Exception | None = None
        self.ended = False

    def __len__(self) -> int:
        return len(self._waiting) + len(self._backlog)

    def preload(self, messages: Iterable[bytes]) -> None:
        """What the reader has missed; before anything that is put."""
        self._backlog.extend(messages)
        self._ready.set()

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
            self._ready.set()

    def end(self, error: Exception | None) -> None:
        """Nothing more comes. With an error what waits is dropped, else it is still delivered."""
        if self.ended:
            return
        self.ended, self._end = True, error
        if error is not None:
            self._waiting.clear()
            self._backlog.clear()
        self._ready.set()

    async def take(self, seconds: float | None = None) -> bytes | None:
        """The next message; b"" when nothing came for so long; None: in good order at its end.

        Raises the error of `end`.
        """
        while True:
            if self._backlog:
                return self._backlog.popleft()
            if self._waiting:
                message = self._waiting.popleft()
                self._bytes -= len(message)
                return message
            if self.ended:
                if self._end is not None:
                    raise self._end
                return None
            self._ready.clear()
            try:
                await asyncio.wait_for(self._ready.wait(), seconds)
            except TimeoutError:
                return b""


async def write_all(outbox: Outbox, context: Any, seconds: float, beat: bytes) -> None:
    """Write until the queue ends; `beat` when nothing came for so long. Raises what ended it."""
    while True:
        message = await outbox.take(seconds)
        if message is None:
            return
        await context.write(message or beat)
