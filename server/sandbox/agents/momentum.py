"""Followers of trends: they buy what has risen and sell what has fallen, up to a position."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.codes import Command, OrdType, Side, TimeInForce
from domain.layout import COMMAND
from server.sandbox.agents.memory import FAST, SLOW, Memory
from server.sandbox.world import View, World

Array = np.ndarray[Any, Any]
ENTER, LEAVE = 1.0, 0.2  # the trend in standard deviations at which one gets in, and out
ACTS = 0.2  # decisions a second
MOST = 10  # clips held
SLIP = 2  # ticks beyond the best price that are paid
# variance of the difference of two exponential averages of a random walk with variance 1 a second
_OF_A_WALK = (SLOW - FAST) ** 2 / (2 * (SLOW + FAST))


class Momentum:
    """Trades at once when the fast average of the price is far from the slow one."""

    def __init__(self, world: World, memory: Memory, seconds: float) -> None:
        self._world, self._memory = world, memory
        self._accounts = world.accounts("trend")
        self._clip = np.array([p.size for p in world.profiles])
        self._chance = -np.expm1(-ACTS * seconds)

    def rows(self, view: View, rng: np.random.Generator) -> Array:
        """Orders of one step, without client order ids."""
        numbers = self._world.numbers
        usual = np.sqrt(np.maximum(self._memory.variance(numbers), 0.25) * _OF_A_WALK)
        trend = self._memory.trend(numbers) / usual
        held = view.held[self._accounts - self._world.first]
        acts = (rng.random(held.shape) < self._chance) & view.open
        wish = np.where(np.abs(trend) > ENTER, np.sign(trend) * MOST * self._clip, held)
        wish = np.where(np.abs(trend) < LEAVE, 0, wish)
        change = np.clip(wish - held, -self._clip, self._clip).astype(np.int64)
        who, place = np.nonzero(acts & (change != 0))
        change = change[who, place]
        rows = np.zeros(len(who), COMMAND)
        rows["command"], rows["account"] = Command.NEW_ORDER, self._accounts[who]
        rows["instrument"] = numbers[place]
        rows["side"] = np.where(change > 0, Side.BUY, Side.SELL)
        rows["order_qty"] = np.abs(change)
        price = np.where(change > 0, view.ask[place] + SLIP, view.bid[place] - SLIP)
        rows["price"] = np.maximum(price, 1)
        rows["ord_type"], rows["time_in_force"] = OrdType.LIMIT, TimeInForce.IOC
        return rows
