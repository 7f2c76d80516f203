"""A plain book of facts: dictionaries and sorted lists, nothing clever, no matching.

It is the oracle of a replay (does the exchange hold what the file says?) and what the picture is
drawn from. It shares no code with the translation into commands or with the engine.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from typing import Any

from backtest.readers.facts import FactKind, Rows

ADD, REDUCE, DELETE = int(FactKind.ADD), int(FactKind.REDUCE), int(FactKind.DELETE)
EXECUTE, REPLACE, SET = int(FactKind.EXECUTE), int(FactKind.REPLACE), int(FactKind.SET)
CLEAR, LEVEL, TRADE = int(FactKind.CLEAR), int(FactKind.LEVEL), int(FactKind.TRADE)
BUY = 1  # domain.codes.Side.BUY; any other side is a sell
Trade = tuple[int, int, int, int]  # (time, price, quantity, side of the resting order)
Levels = list[tuple[int, int, int]]  # (price, quantity, orders), best first


class RebuiltSide:
    """One side of a book: price -> [quantity, {ref: quantity in time order}]."""

    def __init__(self, sign: int) -> None:
        self.sign = sign  # 1 for bids: the highest price is the best
        self.levels: dict[int, list[Any]] = {}
        self.prices: list[int] = []  # ascending

    def put(self, ref: int, price: int, qty: int) -> None:
        level = self.levels.get(price)
        if level is None:
            level = self.levels[price] = [0, {}]
            insort(self.prices, price)
        level[0] += qty
        level[1][ref] = qty

    def take(self, ref: int, price: int, qty: int) -> None:
        """Take `qty` of order `ref`; at 0 the order, and with the last order the level, goes."""
        level = self.levels[price]
        level[0] -= qty
        left = level[1][ref] - qty
        if left:
            level[1][ref] = left
            return
        del level[1][ref]
        if not level[1]:
            self.drop(price)

    def drop(self, price: int) -> None:
        del self.levels[price]
        del self.prices[bisect_left(self.prices, price)]

    def best(self) -> int:
        """The best price, 0 if there is none."""
        if not self.prices:
            return 0
        return self.prices[-1] if self.sign > 0 else self.prices[0]

    def depth(self, count: int | None = None) -> Levels:
        """(price, quantity, orders) of the best `count` levels."""
        if self.sign > 0:
            prices = self.prices[::-1] if count is None else self.prices[-count:][::-1]
        else:
            prices = self.prices[:count]
        levels = self.levels
        return [(p, levels[p][0], len(levels[p][1])) for p in prices]


class Rebuilt:
    """The books of all instruments of a feed.

    `notes` counts what did not fit: an unknown order, a reference used twice, more taken than
    there was. Such a fact changes as much as it can (nothing, nothing, all that is left).
    """

    def __init__(self) -> None:
        self.sides: dict[tuple[int, int], RebuiltSide] = {}
        self.orders: dict[int, tuple[RebuiltSide, int]] = {}
        self.notes: Counter[str] = Counter()
        self.watched = 0  # the instrument whose trades are kept
        self.trades: list[Trade] = []

    def side(self, instrument: int, side: int) -> RebuiltSide:
        key = (instrument, 1 if side == BUY else 2)
        found = self.sides.get(key)
        if found is None:
            found = self.sides[key] = RebuiltSide(1 if side == BUY else -1)
        return found

    def depth(self, instrument: int, count: int | None = None) -> tuple[Levels, Levels]:
        """Bids and asks, best first."""
        return self.side(instrument, 1).depth(count), self.side(instrument, 2).depth(count)

    @staticmethod
    def columns(facts: Rows) -> list[tuple[int, ...]]:
        """The arguments of `one`, fact by fact."""
        names = ("kind", "ref", "new_ref", "price", "qty", "instrument", "side", "time")
        return list(zip(*(facts[name].tolist() for name in names)))

    def apply(self, facts: Rows) -> None:
        """Apply FACT rows in order."""
        for row in self.columns(facts):
            self.one(*row)

    def one(
        self,
        kind: int,
        ref: int,
        new_ref: int,
        price: int,
        qty: int,
        instrument: int,
        side: int,
        time: int,
    ) -> None:
        """Apply one fact."""
        if instrument == self.watched and kind in (EXECUTE, TRADE):
            self._trade(kind, ref, (time, price, qty, side))
        if kind == ADD:
            self._add(ref, self.side(instrument, side), price, qty)
        elif kind in (REDUCE, EXECUTE):
            self._reduce(ref, qty)
        elif kind == DELETE:
            self._remove(ref)
        elif kind == REPLACE:
            self._replace(ref, new_ref, price, qty)
        elif kind == SET:
            self._set(ref, self.side(instrument, side), price, qty)
        elif kind == CLEAR:
            self._clear(self.side(instrument, side), price)
        elif kind == LEVEL:
            self._level(ref, self.side(instrument, side), price, qty)

    def _trade(self, kind: int, ref: int, said: Trade) -> None:
        """Keep a trade for the picture; an execution is at its order's price."""
        known = self.orders.get(ref)
        if kind == TRADE:
            self.trades.append(said)
        elif known is not None:
            side, price = known
            self.trades.append((said[0], said[1] or price, said[2], 1 if side.sign > 0 else 2))

    def _add(self, ref: int, side: RebuiltSide, price: int, qty: int) -> None:
        if ref in self.orders:
            self.notes["order reference used twice"] += 1
            return
        self.orders[ref] = (side, price)
        side.put(ref, price, qty)

    def _reduce(self, ref: int, qty: int) -> None:
        known = self.orders.get(ref)
        if known is None:
            self.notes["unknown order"] += 1
            return
        side, price = known
        left = side.levels[price][1][ref]
        if qty > left:
            self.notes["more taken than there was"] += 1
        if qty >= left:
            del self.orders[ref]
        side.take(ref, price, min(qty, left))

    def _remove(self, ref: int) -> bool:
        known = self.orders.pop(ref, None)
        if known is None:
            self.notes["unknown order"] += 1
            return False
        side, price = known
        side.take(ref, price, side.levels[price][1][ref])
        return True

    def _replace(self, ref: int, new_ref: int, price: int, qty: int) -> None:
        known = self.orders.get(ref)
        if self._remove(ref) and known is not None:
            self._add(new_ref, known[0], price, qty)

    def _set(self, ref: int, side: RebuiltSide, price: int, qty: int) -> None:
        known = self.orders.get(ref)
        if known is None:
            self.notes["unknown order"] += 1
            if qty:
                self._add(ref, side, price, qty)
            return
        old_side, old_price = known
        old = old_side.levels[old_price][1][ref]
        if qty and old_price == price and qty <= old:  # keeps its place in the queue
            if qty < old:
                old_side.take(ref, price, old - qty)
            return
        self._remove(ref)
        if qty:
            self._add(ref, old_side, price, qty)

    def _clear(self, side: RebuiltSide, price: int) -> None:
        level = side.levels.get(price)
        if level is not None:
            for ref in level[1]:
                del self.orders[ref]
            side.drop(price)

    def _level(self, ref: int, side: RebuiltSide, price: int, qty: int) -> None:
        level = side.levels.get(price)
        if level is not None:
            self._remove(ref)
        if qty:
            self._add(ref, side, price, qty)
