"""Streams that are over: what comes late for them is told from what must not come.

Source: RFC 9113, sections 5.1 (states) and 5.1.1 (numbers).
"""

from __future__ import annotations

import ngh2

from server.gateway.http2.limits import Closing


class Past:
    """The newest streams that are over, and whether the peer had said that it sends no more.

    What a peer sent before it knew that we ended the stream is no mistake.
    """

    __slots__ = ("_most", "_over")

    def __init__(self, most: int) -> None:
        self._most = most
        self._over: dict[int, bool] = {}

    def add(self, number: int, was_ended: bool) -> None:
        """A stream is over."""
        over = self._over
        if number in over:
            was_ended |= over[number]
        elif len(over) >= self._most:
            del over[next(iter(over))]
        over[number] = was_ended

    def check(self, number: int) -> None:
        """HEADERS or DATA of a stream below the newest that is not open. Raises Closing."""
        was_ended = self._over.get(number)
        if was_ended:
            raise Closing(ngh2.ErrorCode.STREAM_CLOSED, "protocol")
        if was_ended is None and len(self._over) < self._most:  # it was never opened
            raise Closing(ngh2.ErrorCode.PROTOCOL_ERROR, "protocol")
