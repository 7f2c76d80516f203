"""A book that is kept up to date: a snapshot of levels, then every change."""

from __future__ import annotations

from bisect import bisect_left
from decimal import Decimal
from typing import NamedTuple

from gridworks.api.market_data.v1 import stream_pb2 as wire
from gridworks.api.types.v1 import codes_pb2 as codes
from gridworks.client.scales import Scale


class Level(NamedTuple):
    """One price of a book, in ticks and lots."""

    price: int
    qty: int
    orders: int


class Book:
    """The levels of one instrument, best first, as of update `number` of its L2 channel.

    Ticks and lots; `scale` turns them into decimals. The object is changed in place: copy what has
    to stay.
    """

    def __init__(self, scale: Scale) -> None:
        self.scale = scale
        self.number = 0
        self.transact_time = 0  # ns since 1970
        self._sides: dict[int, dict[int, Level]] = {codes.SIDE_BUY: {}, codes.SIDE_SELL: {}}
        self._prices: dict[int, list[int]] = {codes.SIDE_BUY: [], codes.SIDE_SELL: []}

    @property
    def bids(self) -> list[Level]:
        """Buying levels, highest price first."""
        levels = self._sides[codes.SIDE_BUY]
        return [levels[price] for price in reversed(self._prices[codes.SIDE_BUY])]

    @property
    def asks(self) -> list[Level]:
        """Selling levels, lowest price first."""
        levels = self._sides[codes.SIDE_SELL]
        return [levels[price] for price in self._prices[codes.SIDE_SELL]]

    @property
    def best_bid(self) -> Level | None:
        """The highest buying level."""
        prices = self._prices[codes.SIDE_BUY]
        return self._sides[codes.SIDE_BUY][prices[-1]] if prices else None

    @property
    def best_ask(self) -> Level | None:
        """The lowest selling level."""
        prices = self._prices[codes.SIDE_SELL]
        return self._sides[codes.SIDE_SELL][prices[0]] if prices else None

    @property
    def mid(self) -> Decimal | None:
        """The middle between best bid and best ask, as a price; None unless there are both."""
        bid, ask = self.best_bid, self.best_ask
        if bid is None or ask is None:
            return None
        return self.scale.price(bid.price + ask.price) / 2

    def apply(self, message: wire.SubscribeResponse, *, fresh: bool) -> None:
        """Take in a part of the channel; `fresh`: the first message of a snapshot."""
        if fresh:
            for side in self._sides:
                self._sides[side].clear()
                self._prices[side].clear()
        for update in message.updates:
            self._set(update.side, Level(update.price, update.qty, update.orders))
        self.transact_time = message.transact_time
        self.number = message.msg_seq_num
        if not message.snapshot:
            self.number += len(message.updates) - 1

    def _set(self, side: int, level: Level) -> None:
        levels, prices = self._sides[side], self._prices[side]
        known = level.price in levels
        if level.qty:
            levels[level.price] = level
            if not known:
                prices.insert(bisect_left(prices, level.price), level.price)
        elif known:
            del levels[level.price]
            del prices[bisect_left(prices, level.price)]
