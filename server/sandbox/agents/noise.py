"""Orders without intelligence: limit orders, market orders and cancels with fitted rates."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.codes import Command, OrdType, Side, TimeInForce
from domain.layout import COMMAND
from domain.tables import Table
from engine.states import BOOK
from server.sandbox.world import View, World
from server.sequencer.rows import joined, picked

Array = np.ndarray[Any, Any]
DISTANCES = 10  # ticks from the other side at which new orders arrive
PULL, WIDTH = 0.35, 0.01  # how far the odds of buying lean at a distance of WIDTH from the worth
SPREAD_OF_SIZES = 0.8  # sigma of the lognormal sizes


class Noise:
    """The flow of all instruments, a step at a time."""

    def __init__(self, world: World, seconds: float) -> None:
        profiles = world.profiles
        pace = np.array([p.pace for p in profiles]) * seconds
        self._world = world
        self._accounts = world.accounts("noise")
        self._limit = np.array([p.rates.limits(DISTANCES) for p in profiles]) * pace[:, None]
        self._market = np.array([2 * p.rates.market for p in profiles]) * pace
        cancels = np.array([p.rates.cancels(DISTANCES) for p in profiles]) * pace[:, None]
        self._cancel = -np.expm1(-cancels)  # the chance that an order goes within a step
        self._size = np.array([p.size for p in profiles], np.float64)

    def rows(self, view: View, rng: np.random.Generator) -> Array:
        """Commands of one step, without client order ids."""
        gone, fresh = self._cancels(view, rng), self._orders(view, rng)
        return joined((gone.tobytes(), fresh.tobytes()))

    def _orders(self, view: View, rng: np.random.Generator) -> Array:
        count = len(self._size)
        resting = rng.poisson(np.repeat(self._limit[:, None, :], 2, axis=1))  # profile, side, far
        resting[~view.open] = 0
        at, selling, far = (np.repeat(each, resting.ravel()) for each in np.unravel_index(
            np.arange(resting.size), resting.shape
        ))  # fmt: skip
        taking = np.where(view.open, rng.poisson(self._market), 0)
        lean = np.tanh((view.worth - view.middle) / (WIDTH * view.worth)) * PULL
        place = np.concatenate([at, np.repeat(np.arange(count), taking)])
        sells = np.concatenate([selling, rng.random(taking.sum()) > 0.5 + np.repeat(lean, taking)])
        market = np.arange(len(place)) >= len(at)
        rows = np.zeros(len(place), COMMAND)
        rows["command"] = Command.NEW_ORDER
        rows["instrument"] = self._world.numbers[place]
        rows["account"] = rng.choice(self._accounts, len(place))
        rows["side"] = np.where(sells, Side.SELL, Side.BUY)
        sizes = rng.lognormal(0.0, SPREAD_OF_SIZES, len(place)) * self._size[place]
        rows["order_qty"] = np.maximum(np.rint(sizes), 1)
        price = np.where(sells, view.bid[place], view.ask[place])
        away = np.concatenate([far + 1, np.zeros(len(place) - len(at), np.int64)])
        price = price + np.where(sells, away, -away)
        rows["price"] = np.where(market, 0, price)
        rows["ord_type"] = np.where(market, OrdType.MARKET, OrdType.LIMIT)
        rows["time_in_force"] = np.where(market, TimeInForce.IOC, TimeInForce.GTC)
        mixed = rng.permutation(len(place))
        return picked(rows, mixed[(market | (price > 0))[mixed]])

    def _cancels(self, view: View, rng: np.random.Generator) -> Array:
        engine = self._world.state.engine
        owners = engine.table(Table.OWNER)
        low, high = self._accounts[0], self._accounts[-1]
        slots = np.flatnonzero((owners >= low) & (owners <= high))
        orders = engine.table(Table.ORDER)
        slots = slots[orders["state"][slots] == BOOK]
        place = self._world.profile_of(orders["instrument"][slots])
        other = np.where(orders["side"][slots] == 1, view.bid[place], view.ask[place])
        far = np.clip(np.abs(orders["price"][slots] - other), 1, DISTANCES) - 1
        chosen = slots[rng.random(len(slots)) < self._cancel[place, far]]
        rows = np.zeros(len(chosen), COMMAND)
        rows["command"] = Command.CANCEL_ORDER
        for name in ("account", "instrument", "order_id"):
            rows[name] = orders[name][chosen]
        return rows
