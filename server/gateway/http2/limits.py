"""How much a peer may ask of a connection, and what happens when it asks for more."""

from __future__ import annotations

from dataclasses import dataclass

from server.config import Settings
from server.gateway.http2.frames import HEAD, MOST
from server.transport import KEEPALIVE_TIMEOUT_MS, METADATA_BYTES


@dataclass(frozen=True)
class Limits:
    """Bounds of one connection; from the settings."""

    streams: int
    window: int  # bytes of DATA that a peer may send ahead on one stream
    connection_window: int  # and on all together
    headers: int  # bytes of the metadata of a call
    message: int  # bytes of a message that comes
    answer: int  # and of one that goes
    halves: int  # bytes of messages that are not whole, of all connections together
    control_burst: int  # frames that are not work, at once
    control_rate: int  # and a second
    patience: float  # seconds for what a peer has begun: a frame, a handshake, a request
    ping: float  # seconds of silence, then a PING is sent
    pong: float  # seconds for its answer

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """The limits that settings say."""
        window = max(settings.gateway_window_bytes, HEAD + MOST)
        return cls(
            settings.gateway_streams, window, 4 * window, METADATA_BYTES, settings.message_bytes,
            settings.answer_bytes, HALVES * settings.message_bytes, settings.gateway_idle_burst,
            settings.gateway_idle_rate, settings.gateway_patience_seconds,
            settings.keepalive_seconds, KEEPALIVE_TIMEOUT_MS / 1000,
        )  # fmt: skip


class Closing(Exception):
    """The connection is to be closed: with which code of HTTP/2, and why for the metrics."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


HALVES = 256  # messages of the greatest length that may be half there
CALM = 0xB  # ENHANCE_YOUR_CALM
EARNED = 4  # frames that a frame of DATA of ours may cause: credit, a PING and their like


class Budget:
    """Frames that carry no work: PING, SETTINGS, credit, empty DATA, resets.

    A bucket of `burst`, filled with `rate` a second and by what is sent to the peer.
    """

    __slots__ = ("_burst", "_left", "_rate", "_then")

    def __init__(self, burst: int, rate: int, now: float) -> None:
        self._burst, self._rate = burst, rate
        self._left, self._then = float(burst), now

    def spend(self, frames: int, now: float) -> None:
        """So many came. Raises Closing."""
        self._left -= frames
        if self._left < 0:
            self._left = min(self._left + (now - self._then) * self._rate, self._burst)
            self._then = now
            if self._left < 0:
                raise Closing(CALM, "flood")

    def earn(self) -> None:
        """A frame of DATA was sent."""
        self._left = min(self._left + EARNED, self._burst)
