"""What comes into a stream: DATA bytes, kept until they are whole messages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from domain.errors import CapacityError, InvalidField
from server.gateway.http2.wire import PREFIX, message_size


class Halves:
    """Bytes of messages that are not whole, of all connections together; `most` may be held."""

    __slots__ = ("held", "most")

    def __init__(self, most: int) -> None:
        self.most, self.held = most, 0


class Inbound:
    """Bytes of one stream that were not dealt with, at most a message and a window of them.

    The peer is given credit for what was dealt with, and for a message that is not whole yet.
    """

    __slots__ = ("_give", "_half", "_halves", "_most", "_uncounted", "_woken", "ended", "pending")

    def __init__(self, most: int, give: Callable[[int], None], halves: Halves) -> None:
        self._most, self._give, self._halves = most, give, halves
        self._half = 0  # bytes of it that `halves` counts
        self.pending = bytearray()
        self.ended = False
        self._uncounted = 0
        self._woken: asyncio.Future[None] | None = None

    def add(self, data: memoryview | bytes, flow: int) -> bool:
        """Keep what came; `flow` bytes of it count against the windows. False: no room for it."""
        self.pending += data
        self._uncounted += flow
        if len(self.pending) < max(self.size, PREFIX.size):
            more, halves = len(self.pending) - self._half, self._halves
            if halves.held + more > halves.most:
                return False
            halves.held += more
            self._half += more
            self._give_back()
        self.wake()
        return True

    @property
    def size(self) -> int:
        """Length of the message that begins here, if that is known and it will be taken."""
        if len(self.pending) < PREFIX.size:
            return 0
        flag, size = PREFIX.unpack_from(self.pending)
        return 0 if flag or size > self._most else PREFIX.size + int(size)

    @property
    def ready(self) -> bool:
        """Whether a message is whole, or wrong: whether it is worth a look."""
        try:
            size = message_size(self.pending, self._most)
        except (CapacityError, NotImplementedError):
            return True
        return 0 < size <= len(self.pending)

    def count(self, flow: int) -> None:
        """So many bytes came that need not be kept."""
        self._uncounted += flow
        self.credit()

    def credit(self) -> None:
        """What is not pending was dealt with."""
        if self._half:
            self._halves.held -= self._half
            self._half = 0
        self._give_back()

    def _give_back(self) -> None:
        if self._uncounted:
            self._give(self._uncounted)
            self._uncounted = 0

    def end(self) -> None:
        """Nothing more comes."""
        self.ended = True
        self.wake()

    def close(self) -> None:
        """The stream is over: nothing is kept."""
        self.pending.clear()
        self.credit()
        self.end()

    def wake(self) -> None:
        """Let `read` look again."""
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    def check_end(self) -> None:
        """Nothing more comes: what is here must be whole. Raises InvalidField."""
        if self.pending:
            raise InvalidField("message", f"its first {len(self.pending)} bytes", "a whole message")

    def cut(self) -> bytes | None:
        """The next message; None: it is not whole. Raises MessageTooLong, Compressed."""
        size = message_size(self.pending, self._most)
        if not size or len(self.pending) < size:
            return None
        message = bytes(memoryview(self.pending)[PREFIX.size : size])
        del self.pending[:size]
        self.credit()
        return message

    async def read(self) -> bytes | None:
        """The next message; None at the end. Raises MessageTooLong, Compressed, InvalidField."""
        while True:
            message = self.cut()
            if message is not None:
                return message
            if self.ended:
                self.check_end()
                return None
            self._woken = asyncio.get_running_loop().create_future()
            await self._woken
