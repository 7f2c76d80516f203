"""One HTTP/2 stream: what goes out of it, as fast as the peer takes it."""

from __future__ import annotations

from asyncio import Future, get_running_loop
from collections import deque
from typing import TYPE_CHECKING, Protocol

from server.gateway.http2.delivery import Delivery
from server.gateway.http2.frames import MOST
from server.gateway.http2.inbound import Halves, Inbound
from server.gateway.http2.wire import PREFIX, Pair, data_head

if TYPE_CHECKING:
    from asyncio import Task

Piece = bytes | memoryview
MOST_QUEUED = 256 * 1024  # bytes of messages that wait before a servicer does


class Owner(Protocol):
    """The connection of a stream, as the stream sees it."""

    def touch(self, stream: Stream) -> None:
        """The stream has something to send."""

    def credit(self, stream: Stream, size: int) -> None:
        """Bytes of the stream's DATA were dealt with: the peer may send as many more."""


class Talk(Protocol):
    """Takes what comes into a stream as it comes."""

    @property
    def wants(self) -> bool:
        """Whether it takes anything now."""

    def received(self, begin: int, end: int) -> None:
        """What was left and what came is in the decoder's memory."""

    def resume(self) -> None:
        """Look at what was kept."""


class Stream:
    """Queue and windows of one stream. Everything happens in the loop."""

    __slots__ = (
        "_pieces", "_space", "_waiting", "begun", "closed", "conversation", "delivery", "inbound",
        "number", "owner", "queued", "row", "since", "stalled_at", "task", "touched", "trailers",
        "uncredited", "window",
    )  # fmt: skip

    def __init__(self, owner: Owner, number: int, window: int, most: int, halves: Halves) -> None:
        self.owner, self.number, self.window = owner, number, window
        self.inbound = Inbound(most, self._credit, halves)
        self.row = -1  # in the kernel's table; -1: its DATA goes through the library
        self.uncredited = 0  # bytes dealt with that the peer has not been told of
        self._pieces: deque[Piece] = deque()
        self._waiting: deque[bytes] = deque()  # messages without prefix
        self.queued = 0  # bytes in them
        self._space: Future[None] | None = None
        self.delivery: Delivery | None = None
        self.trailers: list[Pair] | None = None
        self.conversation: Talk | None = None
        self.begun = False  # whether response headers were sent
        self.closed = False
        self.touched = False  # whether it waits for its turn to send
        self.stalled_at = 0.0  # since when the peer takes nothing, 0: it does
        self.since = 0.0  # since when its request is waited for, 0: it is there
        self.task: Task[None] | None = None

    def send(self, message: bytes) -> None:
        """Queue a message."""
        self._waiting.append(message)
        self.queued += len(message)
        self.touch()

    def touch(self) -> None:
        """There is something to send."""
        self.owner.touch(self)

    def _credit(self, size: int) -> None:
        self.owner.credit(self, size)

    async def space(self) -> None:
        """Wait while much is queued."""
        while self.queued > MOST_QUEUED:
            self._space = get_running_loop().create_future()
            await self._space

    def finish(self, trailers: list[Pair]) -> None:
        """Nothing but these follows."""
        self.trailers = trailers
        self.touch()

    def drop(self) -> None:
        """What waits is not sent any more, but for the rest of a message that was begun."""
        self._waiting.clear()
        self.queued = 0

    @property
    def more(self) -> bool:
        """Whether messages wait."""
        return bool(self._pieces or self._waiting or (self.delivery and self.delivery.waiting))

    def fill(self, parts: list[Piece], room: int) -> int:
        """Append DATA frames of what waits, of at most `room` bytes in all; returns their bytes."""
        room = min(room, self.window)
        sent = size = self._frame(parts, min(room, MOST))
        while size == MOST and sent < room:
            size = self._frame(parts, min(room - sent, MOST))
            sent += size
        self.window -= sent
        return sent

    def _frame(self, parts: list[Piece], most: int) -> int:
        """Append one DATA frame, if anything waits; returns its bytes."""
        size, begin, pieces = 0, len(parts), self._pieces
        while size < most and (pieces or self._next()):
            piece = pieces[0]
            if size + len(piece) > most:
                view = memoryview(piece)
                parts.append(view[: most - size])
                pieces[0] = view[most - size :]
                size = most
            else:
                parts.append(piece)
                size += len(piece)
                pieces.popleft()
        if size:
            parts.insert(begin, data_head(size, self.number))
        return size

    def _next(self) -> bool:
        """Put the next message into pieces; False: there is none."""
        if self._waiting:
            message = self._waiting.popleft()
            self.queued -= len(message)
            if self._space is not None and not self._space.done():
                self._space.set_result(None)
        else:
            found = self.delivery.pop() if self.delivery else None
            if found is None:
                return False
            message = found
        self._pieces.append(PREFIX.pack(0, len(message)))
        if message:
            self._pieces.append(message)
        return True
