"""The one clock: nanoseconds since 1970 that never go back."""

from __future__ import annotations

import time
from collections.abc import Callable


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
