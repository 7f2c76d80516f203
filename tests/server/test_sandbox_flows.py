"""Rates fitted to a real order flow: what one stretch of it says holds for the next one."""

import csv
import itertools
import lzma

import numpy as np
import pytest
from sortedcontainers import SortedDict

from server.sandbox.agents.rates import Observed, fit

TICKS, TICK = 20, 0.05  # how far it is watched, dollars
WARM, STRETCH, LOOK = 20_000, 15_000, 50  # events: no opening book; watched; between two looks


class Watcher:
    """Follows an order-by-order feed and counts, as somebody does who sees the book."""

    def __init__(self):
        self.live, self.sides = {}, {"bid": SortedDict(), "ask": SortedDict()}
        self.begin()

    def begin(self):
        self.limit, self.cancel = np.zeros(TICKS, int), np.zeros(TICKS, int)
        self.resting, self.market, self.looks = np.zeros(TICKS), 0, 0

    def far(self, side, price):
        """Ticks from the best price of the other side, from 0 on; negative: it trades."""
        bids, asks = self.sides["bid"], self.sides["ask"]
        if not bids or not asks:
            return TICKS
        away = asks.peekitem(0)[0] - price if side == "bid" else price - bids.peekitem(-1)[0]
        return int(np.ceil(away / TICK - 1e-9)) - 1

    def take(self, event):
        side, price = event["direction"], float(event["price"])
        levels, far = self.sides[side], self.far(side, price)
        if event["action"] == "created":
            self.live[event["id"]] = side, price
            levels[price] = levels.get(price, 0) + 1
            self.market += far < 0
            if 0 <= far < TICKS:
                self.limit[far] += 1
        elif event["action"] == "deleted" and event["id"] in self.live:
            _, price = self.live.pop(event["id"])
            levels[price] -= 1
            if not levels[price]:
                del levels[price]
            if 0 <= far < TICKS and float(event["volume"]) > 0:
                self.cancel[far] += 1

    def look(self):
        self.looks += 1
        for side, price in self.live.values():
            if 0 <= (far := self.far(side, price)) < TICKS:
                self.resting[far] += 1

    def watch(self, events):
        self.begin()
        times = []
        for number, event in enumerate(events):
            times.append(int(event["timestamp"]) / 1000)
            self.take(event)
            if number % LOOK == 0:
                self.look()
        seconds = times[-1] - times[0]
        return Observed(self.limit, self.cancel, self.resting / self.looks, self.market, seconds)


def test_rates_of_a_real_market(vectors):
    path = vectors("order_flow/bitstamp_btcusd_20150501_orders.csv.xz")
    watcher = Watcher()
    with lzma.open(path, "rt") as file:
        events = csv.DictReader(file)
        for event in itertools.islice(events, WARM):
            watcher.take(event)
        seen = [watcher.watch(itertools.islice(events, STRETCH)) for _ in range(2)]
    first, second = (fit(each) for each in seen)
    for name in ("limit", "cancel"):
        before, after = np.sum(getattr(first, name)), np.sum(getattr(second, name))
        assert 1 / 3 < before / after < 3, name
    assert 1 / 3 < first.market / second.market < 3
    # what arrives leaves again: by cancels, or by market orders
    came = sum(first.limit) * 2 * seen[0].seconds
    gone = np.dot(first.cancel, seen[0].resting) * seen[0].seconds + seen[0].market
    assert gone == pytest.approx(came, rel=0.15)
