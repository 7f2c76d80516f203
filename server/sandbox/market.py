"""Moves the market of a sandbox: a step of commands whenever its time has come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from domain.codes import Command
from domain.errors import StorageFull, Unavailable
from server.sequencer.answers import Entry
from server.sequencer.clock import VirtualClock
from server.sequencer.rows import tick
from server.sequencer.writer import Sequencer

Array = np.ndarray[Any, Any]
SECOND = 10**9
_LOOK = 0.05  # seconds after which a change of the clock is noticed
_BEHIND = 2.0  # seconds that it may be late before the wish to catch up is given up


class Market:
    """Asks `source` for the commands of step 1, 2, 3, ... of `step_ns` each since 1970.

    A step is one entry of the inbox and the next one is asked for when it was applied, so at most
    one is ever before a partner's command; a market that is late rests as long as a step took.
    The commands carry the time of their step, so what happens does not depend on the machine.
    """

    def __init__(
        self, sequencer: Sequencer, clock: VirtualClock, source: Callable[[int], Array],
        step_ns: int,
    ) -> None:  # fmt: skip
        self._sequencer, self._clock, self._source = sequencer, clock, source
        self._step_ns = step_ns
        self._until = 0  # where a jump leads; late steps before it are made up for
        self.step = clock.wanted() // step_ns  # the last one that was made
        self._raise_ceiling()

    def _raise_ceiling(self) -> None:
        self._clock.ceiling = (self.step + 2) * self._step_ns - 1

    async def run(self) -> None:
        """Until the sequencer closes."""
        while not self._sequencer.closing:
            at = (self.step + 1) * self._step_ns
            late = self._clock.wanted() - at
            if late < 0:
                speed = max(self._clock.speed, 1e-3)
                await asyncio.sleep(min(_LOOK, -late / SECOND / speed))
                continue
            begin = time.perf_counter()
            try:
                await self._make(at)
            except StorageFull:
                await asyncio.sleep(1)
                continue
            except Unavailable:
                return
            self.step += 1
            self._raise_ceiling()
            if late > self._step_ns:
                await self._rest(at, late, time.perf_counter() - begin)

    async def _make(self, at: int) -> None:
        done = asyncio.get_running_loop().create_future()
        self._sequencer.put(Entry(b"", done, make=lambda: self._rows(at), at=at))
        await done

    def _rows(self, at: int) -> bytes:
        rows = self._source(at // self._step_ns)
        ticks = len(rows) and rows["command"][0] == Command.TICK
        return (tick() if not ticks and self._sequencer.due(at) else b"") + rows.tobytes()

    async def _rest(self, at: int, late: int, took: float) -> None:
        """Leave others their share; give up what cannot be caught up with."""
        if at >= self._until and late > _BEHIND * SECOND * max(self._clock.speed, 1.0):
            self._clock.go_on_from(at)
        await asyncio.sleep(took)

    async def jump(self, by_ns: int) -> int:
        """Let `by_ns` pass as fast as possible, step by step; the time after it."""
        target = self._clock() + by_ns
        self._until = max(self._until, target)
        self._clock.go_on_from(target)
        while (self.step + 1) * self._step_ns <= target and not self._sequencer.closing:
            await asyncio.sleep(_LOOK / 10)
        return target
