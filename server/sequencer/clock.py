"""The one clock: nanoseconds since 1970 that never go back; and the time of a sandbox."""

from __future__ import annotations

import time
from collections.abc import Callable

from domain.limits import MAX_TIME


class HeldClock:
    """Gives the system's time; a step backwards is held until the system has caught up.

    `last` is the time at which the exchange already is, after a restart.
    """

    def __init__(self, now_ns: Callable[[], int] = time.time_ns, last: int = 0) -> None:
        self._now_ns, self._last = now_ns, last

    def __call__(self) -> int:
        self._last = max(self._last, self._now_ns())
        return self._last

    @property
    def held_ns(self) -> int:
        """How far the system's time is behind what was already given out; 0: it is not."""
        return max(self._last - self._now_ns(), 0)


class VirtualClock:
    """Time that starts where it is told, runs `speed` times as fast as the machine's, and jumps.

    It never passes `ceiling`: a market that cannot keep up slows time down. 0 stands still.
    """

    def __init__(
        self, start: int, speed: float = 1.0, running_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._running_ns = running_ns
        self._base, self._since = start, running_ns()
        self.speed, self.ceiling = speed, MAX_TIME

    def __call__(self) -> int:
        return min(self.wanted(), self.ceiling)

    def wanted(self) -> int:
        """What it would be without a ceiling."""
        return min(self._base + int((self._running_ns() - self._since) * self.speed), MAX_TIME)

    def go_on_from(self, at: int, speed: float | None = None) -> None:
        """Be `at` now, and run on from there, at another speed if one is given."""
        self._base, self._since = min(at, MAX_TIME), self._running_ns()
        self.speed = self.speed if speed is None else speed


def sandbox_clock(start: int | None, last: int, speed: float) -> VirtualClock:
    """A clock that goes on from `last`, not before `start`; without a start not before now."""
    return VirtualClock(max(last, time.time_ns() if start is None else start), speed)
