"""Market makers: both sides quoted around a price that leans against what they hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.codes import Command
from domain.layout import COMMAND
from server.sandbox.agents.memory import Memory
from server.sandbox.world import View, World
from server.sequencer.rows import joined, picked

Array = np.ndarray[Any, Any]
AVERSION = (0.02, 0.01)  # gamma of each maker, for a tick and one clip of the instrument's size
DECAY = (1.0, 0.4)  # k: how fast the chance to trade falls with each tick from the middle
HORIZON = 20.0  # seconds over which the inventory is a risk
AGAIN = 2.0  # a maker thinks again so many times a second
MOST = 40  # clips held at which only the other side is quoted
LEAST_VARIANCE, MOST_VARIANCE = 0.25, 25.0  # ticks squared a second


class Makers:
    """Avellaneda and Stoikov, High-frequency trading in a limit order book (2008).

    reservation price  r = s - q gamma sigma^2 (T - t)
    half spread        gamma sigma^2 (T - t) / 2 + ln(1 + gamma / k) / gamma

    with s the middle price (of what follows another instrument: its worth), q the inventory in
    clips, sigma^2 the variance that `Memory` has seen. T - t stays HORIZON: the day has no end.
    """

    def __init__(self, world: World, memory: Memory, seconds: float) -> None:
        self._world, self._memory = world, memory
        self._accounts = world.accounts("maker")
        self._clip = np.array([2 * p.size for p in world.profiles])
        self._follows = np.array([p.kind != "plain" for p in world.profiles])
        self._chance = -np.expm1(-AGAIN * seconds)

    def rows(self, view: View, rng: np.random.Generator) -> Array:
        """Quotes of one step, without client order ids."""
        sigma2 = np.clip(
            self._memory.variance(self._world.numbers), LEAST_VARIANCE, MOST_VARIANCE
        )
        centre = np.where(self._follows, view.worth, view.middle)
        thinks = (rng.random((len(self._accounts), len(centre))) < self._chance) & view.open
        return joined(
            picked(self._of_one(maker, view, centre, sigma2), thinks[maker]).tobytes()
            for maker in range(len(self._accounts))
        )

    def _of_one(self, maker: int, view: View, centre: Array, sigma2: Array) -> Array:
        account = int(self._accounts[maker])
        held = view.held[account - self._world.first]
        gamma, decay = AVERSION[maker], DECAY[maker]
        risk = gamma * sigma2 * HORIZON
        middle = centre - held / self._clip * risk
        half = risk / 2 + np.log1p(gamma / decay) / gamma
        bid = np.clip(np.floor(middle - half), 1, view.ask - 1).astype(np.int64)
        ask = np.maximum(np.ceil(middle + half), np.maximum(view.bid, bid) + 1).astype(np.int64)
        rows = np.zeros(len(centre), COMMAND)
        rows["command"], rows["account"] = Command.QUOTE, account
        rows["instrument"] = self._world.numbers
        rows["price"], rows["offer_px"] = bid, ask
        rows["order_qty"] = np.where(held < MOST * self._clip, self._clip, 0)
        rows["offer_size"] = np.where(held > -MOST * self._clip, self._clip, 0)
        return rows
