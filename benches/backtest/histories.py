"""The data of the benchmark, each made by a seed: one-minute bars, and single orders of a book."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from backtest.events import EVENT, EventKind
from backtest.record import Listing

Rows = np.ndarray[Any, Any]
MINUTE = 60 * 10**9
START = 1_500_000_000 * 10**9
CHUNK = 65_536


class Made:
    """A data set that makes its chunks when they are read: memory holds one of them."""

    def __init__(self, count: int, make: Any, seed: int = 7) -> None:
        self.count, self._make, self._seed = count, make, seed
        self.listings = (Listing("ACME"),)

    def chunks(self) -> Iterator[Rows]:
        """EVENT rows in the order of their time."""
        made = self._make(self._seed)
        left = self.count
        while left > 0:
            rows = next(made)[:left]
            left -= len(rows)
            yield rows

    def held(self) -> Held:
        """The same rows in memory."""
        return Held(np.concatenate(list(self.chunks())), self.listings)


class Held:
    """Rows in memory."""

    def __init__(self, rows: Rows, listings: tuple[Listing, ...]) -> None:
        self.rows, self.listings = rows, listings

    def chunks(self) -> Iterator[Rows]:
        """The rows, piece by piece."""
        for at in range(0, len(self.rows), CHUNK):
            yield self.rows[at : at + CHUNK]


def bars(seed: int) -> Iterator[Rows]:
    """A random walk in ticks around 100.00 that is pulled back, with gaps of a few ticks."""
    random, last, at = np.random.default_rng(seed), 10_000, 0
    while True:
        steps = random.integers(-20, 21, CHUNK)
        close = np.empty(CHUNK, np.int64)
        for n, step in enumerate(steps.tolist()):
            last += step + (10_000 - last) // 500
            close[n] = last
        rows = np.zeros(CHUNK, EVENT)
        opened = np.concatenate([close[:1], close[:-1]]) + random.integers(-3, 4, CHUNK)
        rows["kind"], rows["instrument"] = EventKind.BAR, 1
        rows["start"] = START + (at + np.arange(CHUNK)) * MINUTE
        rows["time"] = rows["start"] + MINUTE
        rows["open"], rows["price"] = opened, close
        rows["high"] = np.maximum(opened, close) + random.integers(0, 10, CHUNK)
        rows["low"] = np.minimum(opened, close) - random.integers(0, 10, CHUNK)
        rows["qty"] = random.integers(1_000, 5_000, CHUNK)
        at += CHUNK
        yield rows


def orders(seed: int) -> Iterator[Rows]:
    """Single orders: 45 % added within 20 ticks of the middle, 35 % deleted, 20 % executed.

    About 2,000 rest; what is executed stands at the best price of its side.
    """
    random = np.random.default_rng(seed)
    live: dict[int, tuple[int, int]] = {}
    levels: list[dict[int, list[int]]] = [{}, {}]
    ref, time = 0, START
    while True:
        rows = np.zeros(CHUNK, EVENT)
        draws = random.random((CHUNK, 4)).tolist()
        for row, (act, side, away, pick) in zip(rows, draws):
            time += 1_000
            row["time"], row["instrument"] = time, 1
            if act < 0.45 or len(live) < 500:
                ref += 1
                _add(row, ref, int(side < 0.5), int(20 * away * away), live, levels)
            elif (act < 0.8 and len(live) < 4_000) or not all(levels):
                _delete(row, list_pick(live, pick), live, levels)
            else:
                _execute(row, int(side < 0.5), live, levels)
        yield rows


def list_pick(live: dict[int, tuple[int, int]], pick: float) -> int:
    """An order among the oldest hundred."""
    place = int(pick * min(100, len(live)))
    for n, ref in enumerate(live):
        if n == place:
            return ref
    raise AssertionError("there are orders")


def _add(row: Any, ref: int, side: int, away: int, live: Any, levels: Any) -> None:
    price = 10_000 - 1 - away if side == 0 else 10_000 + 1 + away
    row["kind"], row["ref"], row["side"] = EventKind.ADD, ref, side + 1
    row["price"], row["qty"] = price, 10
    live[ref] = side, price
    levels[side].setdefault(price, []).append(ref)


def _delete(row: Any, ref: int, live: Any, levels: Any) -> None:
    side, price = live.pop(ref)
    row["kind"], row["ref"] = EventKind.DELETE, ref
    queue = levels[side][price]
    queue.remove(ref)
    if not queue:
        del levels[side][price]


def _execute(row: Any, side: int, live: Any, levels: Any) -> None:
    best = max(levels[0]) if side == 0 else min(levels[1])
    ref = levels[side][best][0]
    _delete(row, ref, live, levels)
    row["kind"], row["qty"] = EventKind.EXECUTE, 10
