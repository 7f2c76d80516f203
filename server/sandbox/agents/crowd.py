"""All agents together: the commands of a step, a function of seed, step and exchange."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.codes import Command
from server.sandbox.agents.makers import Makers
from server.sandbox.agents.memory import Memory
from server.sandbox.agents.momentum import Momentum
from server.sandbox.agents.noise import Noise
from server.sandbox.world import World
from server.sequencer.rows import joined, tick

Array = np.ndarray[Any, Any]
SECOND = 10**9
_MOST = 20  # bits of the number of a command within its step


class Agents:
    """Draws what the agents do; keeps nothing, so a restart goes on where the exchange is.

    step_ns: length of a step. most: commands of one step; what is beyond is not sent.
    """

    def __init__(
        self, world: World, memory: Memory, seed: int, step_ns: int, most: int = 10_000
    ) -> None:
        self._world, self._seed, self._step_ns = world, seed, step_ns
        self._most = min(most, 2**_MOST - 1)
        seconds = step_ns / SECOND
        self._noise = Noise(world, seconds)
        self._makers = Makers(world, memory, seconds)
        self._momentum = Momentum(world, memory, seconds)

    def rows(self, step: int) -> Array:
        """The commands of a step: at least a TICK in the first step of each second."""
        rng = np.random.Generator(np.random.Philox(key=self._seed, counter=[0, 0, 0, step]))
        view = self._world.view()
        pieces = [
            self._makers.rows(view, rng), self._noise.rows(view, rng),
            self._momentum.rows(view, rng),
        ]  # fmt: skip
        rows = joined(piece.tobytes() for piece in pieces)[: self._most]
        named = rows["command"] != Command.CANCEL_ORDER
        rows["cl_ord_id"] = np.where(named, (step << _MOST) + np.arange(1, len(rows) + 1), 0)
        time = step * self._step_ns
        if time // SECOND == (time - self._step_ns) // SECOND:
            return rows
        return joined((tick(), rows.tobytes()))
