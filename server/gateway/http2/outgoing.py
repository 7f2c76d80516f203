"""What leaves a connection: turns of its streams within the windows, in few writes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

import ngh2

from server.gateway.http2.frames import MOST
from server.gateway.http2.limits import Budget, Closing
from server.gateway.http2.stream import Piece, Stream
from server.gateway.http2.wire import HEADERS, credit, goaway

WINDOW = 65_535  # of either side until it is told otherwise
MOST_WINDOW = 2**31 - 1
MOST_WRITE = 128 * 1024  # bytes of DATA given to the transport at once


class Grants(Protocol):
    """Who counts what the peer may send."""

    def grant(self, stream: Stream | None, size: int) -> None:
        """The peer was told that it may send more, on a stream or (None) on all."""


class Outgoing:
    """The sending half of a connection. `ended` is called with a stream that has had its status."""

    def __init__(
        self, library: ngh2.Connection, windows: tuple[int, int], grants: Grants,
        ended: Callable[[Stream], None], budget: Budget,
    ) -> None:  # fmt: skip
        self._library, self._grants, self._ended = library, grants, ended
        self._stream_window, self._connection_window = windows  # that the peer has
        self.budget = budget
        self._loop = asyncio.get_running_loop()
        self.transport: Any = None
        self._touched: deque[Stream] = deque()
        self._stalled: dict[Stream, None] = {}  # that wait for the connection's window
        self._window, self.first_window = WINDOW, WINDOW  # that we have
        self._uncredited = 0
        self.flushes = False  # whether somebody will call `flush`
        self.paused = False
        self.sent = 0  # bytes

    def touch(self, stream: Stream) -> None:
        """See `stream.Owner`."""
        if not stream.touched and not stream.closed:
            stream.touched = True
            self._touched.append(stream)
            self.wake()

    def wake(self) -> None:
        """Flush soon: somebody has something to send."""
        if not self.flushes:
            self.flushes = True
            self._loop.call_soon(self.flush)

    def credit(self, stream: Stream, size: int) -> None:
        """See `stream.Owner`."""
        self._uncredited += size
        stream.uncredited += size
        if 2 * stream.uncredited >= self._stream_window:
            self.touch(stream)
        if 2 * self._uncredited >= self._connection_window:
            self.wake()

    def credited(self, stream: Stream | None, increment: int) -> None:
        """The peer takes more, on a stream or (None) on all. Raises Closing."""
        if stream is None:
            self._window += increment
            if self._window > MOST_WINDOW:
                raise Closing(ngh2.ErrorCode.FLOW_CONTROL_ERROR, "protocol")
            stalled, self._stalled = self._stalled, {}
            for waits in stalled:
                self.touch(waits)
            return
        stream.window += increment
        if stream.window > MOST_WINDOW:
            self.reset(stream, ngh2.ErrorCode.FLOW_CONTROL_ERROR)
        elif stream.more:
            self.touch(stream)

    def reset(self, stream: Stream, code: int) -> None:
        """End a stream in bad order."""
        with suppress(ngh2.StreamUnavailableError):  # it has gone, and that is told later
            self._library.reset_stream(stream.number, code)
        self._ended(stream)
        self.wake()

    def forget(self, stream: Stream) -> None:
        """The stream is over: it waits for no window."""
        self._stalled.pop(stream, None)

    def goaway(self, last: int, code: int) -> None:
        """The last frame; also when the library can no more."""
        self.transport.write(goaway(last, code))

    # ------------------------------------------------------------------ writing

    def flush(self) -> None:
        """Send what can be sent, in one write or a few."""
        self.flushes = False
        if self.transport.is_closing():
            return
        while True:
            parts: list[Piece] = []
            if 2 * self._uncredited >= self._connection_window:
                parts.append(credit(0, self._uncredited))
                self._grants.grant(None, self._uncredited)
                self._uncredited = 0
            if self._library.want_write:
                parts.append(self._library.data_to_send())
            size, turns = 0, len(self._touched)
            most = MOST_WRITE if turns == 1 else MOST  # nobody waits behind one that is alone
            if not self._library.want_read:  # it has sent its goodbye, and takes no answers
                turns = 0
            while turns and not self.paused and size < MOST_WRITE:
                turns -= 1
                stream = self._touched.popleft()
                stream.touched = False
                if not stream.closed:
                    try:
                        size += self._turn(stream, parts, most)
                    except ngh2.StreamUnavailableError:  # the library has just reset it
                        self._ended(stream)
            if not parts:
                return
            data = b"".join(parts)
            self.sent += len(data)
            self.transport.write(data)

    def _turn(self, stream: Stream, parts: list[Piece], most: int) -> int:
        """One turn of a stream; returns how many bytes of DATA it took, `most` at most."""
        self._credit(stream, parts)
        size = 0
        if stream.more:
            if not stream.begun:
                stream.begun = True
                self._library.send_response(stream.number, HEADERS)
                parts.append(self._library.data_to_send())
            size = stream.fill(parts, min(self._window, most))
            self._window -= size
            if size:
                self.budget.earn()
                stream.stalled_at = 0.0
        if stream.more:
            self._wait(stream)
        elif stream.trailers is not None:
            self._finish(stream, parts)
        elif stream.delivery is not None:
            stream.delivery.emptied()
        return size

    def _wait(self, stream: Stream) -> None:
        """There is more: another turn, or when there is a window for it."""
        if self._window <= 0:
            self._stalled[stream] = None
        elif stream.window > 0:
            self.touch(stream)
            return
        stream.stalled_at = stream.stalled_at or self._loop.time()

    def _credit(self, stream: Stream, parts: list[Piece]) -> None:
        if 2 * stream.uncredited >= self._stream_window and not stream.inbound.ended:
            parts.append(credit(stream.number, stream.uncredited))
            self._grants.grant(stream, stream.uncredited)
            stream.uncredited = 0

    def _finish(self, stream: Stream, parts: list[Piece]) -> None:
        """The status, and where the peer has not ended its half, that it need not."""
        number, library = stream.number, self._library
        assert stream.trailers is not None
        if stream.begun:
            library.send_trailers(number, stream.trailers)
        else:
            is_http = stream.trailers[0][0] == b":status"
            headers = [] if is_http else HEADERS
            library.send_response(number, [*headers, *stream.trailers], end_stream=True)
        parts.append(library.data_to_send())
        if not stream.inbound.ended:
            library.reset_stream(number, ngh2.ErrorCode.NO_ERROR)
            parts.append(library.data_to_send())
        self._ended(stream)
