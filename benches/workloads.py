"""The order flows of the benchmarks, each defined in words and by a seed.

- W1: one instrument, about 1,000 resting orders over 200 levels; 60 % add near the touch, 35 %
  cancel a random live order, 5 % marketable orders that cross the touch.
- W2: the same mix, 50,000 resting orders over 5,000 levels.
- W3: one instrument, about 1,000 resting orders; 80 % replaces (half change the quantity down,
  half the price), 10 % add, 8 % cancel, 2 % marketable.
- W4: 10,000 instruments chosen by a Zipf law, 1,000,000 resting orders, mix of W1.
- jump: W1 with a mid price that jumps by up to 50,000 ticks every 500 commands.
- gaps: W1 whose levels are 1,000 ticks apart.
- pile: one price level that holds every resting order, cancels from its middle.

A maker model (price-time, whole orders) runs beside the generator so that cancels and replaces
name orders that are live; it is no part of what is measured.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from domain.codes import Command, OrdType, Phase, Scope, Side
from domain.attributes import NodeAttr
from domain.layout import COMMAND

Rows = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Mix:
    """Shape of a flow: how many orders rest, how wide, and what share each action has."""

    name: str
    resting: int
    levels: int
    add: float = 0.60
    cancel: float = 0.35
    replace: float = 0.0
    instruments: int = 1
    accounts: int = 64
    step: int = 1  # ticks between levels
    jump_every: int = 0
    pile: bool = False


MIXES = {
    mix.name: mix
    for mix in (
        Mix("W1", 1_000, 200),
        Mix("W2", 50_000, 5_000),
        Mix("W3", 1_000, 200, add=0.10, cancel=0.08, replace=0.80),
        Mix("W4", 1_000_000, 40, instruments=10_000),
        Mix("jump", 1_000, 200, jump_every=500),
        Mix("gaps", 1_000, 200, step=1_000),
        Mix("pile", 100_000, 1, pile=True),
        Mix("crowd", 100_000, 5_000, accounts=100_000),
    )
}


def set_up(mix: Mix) -> Rows:
    """Commands that make the instruments, a firm, a client, a desk and the accounts, and open."""
    rows = np.zeros(2 * mix.instruments + 2 * mix.accounts + 24, COMMAND)
    at = 0

    def put(command: Command, **fields: int) -> None:
        nonlocal at
        rows[at]["command"] = command
        for name, value in fields.items():
            rows[at][name] = value
        at += 1

    for number in range(1, mix.instruments + 1):
        put(Command.INSTRUMENT_ADD, entity=number, index=1)
    put(Command.NODE_ADD, entity=1, index=4)
    put(Command.NODE_ADD, entity=2, index=3, parent=1)
    put(Command.NODE_ADD, entity=3, index=2, parent=2)
    limits = {
        NodeAttr.MAX_ORDER_QTY: 10**6, NodeAttr.MAX_ORDER_VALUE: 10**12,
        NodeAttr.MAX_OPEN_ORDERS: 10**7, NodeAttr.MAX_OPEN_VALUE: 10**16,
        NodeAttr.MAX_POSITION: 10**10,
    }
    for account in range(4, 4 + mix.accounts):
        put(Command.NODE_ADD, entity=account, index=1, parent=3)
        put(Command.DEPOSIT, account=account, value=10**15)
    for node in (1, 2, 3):
        for attribute, value in limits.items():
            put(Command.SET, scope=Scope.NODE, entity=node, attribute=attribute, value=value)
    put(Command.PHASE, scope=Scope.MARKET, value=Phase.CONTINUOUS)
    return rows[:at]


@dataclass
class _Model:
    """The maker model of one instrument: a deque of [id, qty, account, side] per price."""

    mid: int
    books: tuple[dict[int, deque[list[int]]], dict[int, deque[list[int]]]] = field(
        default_factory=lambda: ({}, {})
    )


class Flow:
    """Makes a workload's commands; `fill` first brings the book to its resting size."""

    def __init__(self, mix: Mix, seed: int = 7) -> None:
        self.mix = mix
        self.random = np.random.default_rng(seed)
        self.models = [_Model(1_000_000) for _ in range(mix.instruments)]
        self.live: list[list[int]] = []  # [id, qty, account, side, price, model, place in live]
        self.next_id = 1

    def _choose(self, n: int) -> list[int]:
        if self.mix.instruments == 1:
            return [0] * n
        ranks = self.random.zipf(1.2, 2 * n + 100)
        ranks = ranks[ranks <= self.mix.instruments][:n]
        return (np.resize(ranks, n) - 1).tolist()  # type: ignore[no-any-return]

    def fill(self) -> Rows:
        """Commands that rest `mix.resting` orders."""
        rows = np.zeros(self.mix.resting, COMMAND)
        places = self._choose(len(rows))
        spread = self.random.exponential(self.mix.levels / 6, len(rows)).astype(np.int64)
        for row, place, away in zip(rows, places, spread.tolist(), strict=True):
            self._add(row, place, min(away, self.mix.levels // 2))
        return rows

    def commands(self, n: int) -> Rows:
        """The next `n` commands of the mix."""
        mix = self.mix
        rows = np.zeros(n, COMMAND)
        draws = self.random.random(n).tolist()
        places = self._choose(n)
        spread = self.random.exponential(mix.levels / 6, n).astype(np.int64).tolist()
        for number in range(n):
            row, draw = rows[number], draws[number]
            if mix.jump_every and number % mix.jump_every == 0:
                self.models[0].mid += int(self.random.integers(-50_000, 50_001))
                self.models[0].mid = max(200_000, self.models[0].mid)
            if draw < mix.add or not self.live:
                self._add(row, places[number], min(spread[number], mix.levels // 2))
            elif draw < mix.add + mix.cancel:
                self._cancel(row)
            elif draw < mix.add + mix.cancel + mix.replace:
                self._replace(row)
            else:
                self._take(row, places[number])
            if not mix.replace and len(self.live) < mix.resting * 0.9 and draw < 0.9:
                continue
        return rows

    def _head(self, row: Any, command: Command) -> None:
        row["command"] = command
        row["cl_ord_id"] = self.next_id
        self.next_id += 1

    def _new(self, row: Any, place: int, side: int, price: int, qty: int) -> int:
        self._head(row, Command.NEW_ORDER)
        account = 4 + self.next_id % self.mix.accounts
        row["account"], row["instrument"] = account, place + 1
        row["side"], row["ord_type"] = side + 1, OrdType.LIMIT
        row["price"], row["order_qty"] = price, qty
        return account

    def _add(self, row: Any, place: int, away: int) -> None:
        model = self.models[place]
        side = int(self.random.random() < 0.5)
        offset = 0 if self.mix.pile else away * self.mix.step
        price = model.mid + (1 + offset if side else -1 - offset)
        qty = 1 + away % 10
        account = self._new(row, place, side, price, qty)
        self._match(place, side, price, qty)
        entry = [self.next_id - 1, qty, account, side, price, place, len(self.live)]
        model.books[side].setdefault(price, deque()).append(entry)
        self.live.append(entry)

    def _match(self, place: int, side: int, price: int, qty: int) -> int:
        book = self.models[place].books[1 - side]
        while qty and book:
            best = max(book) if side else min(book)
            if (best < price) if side else (best > price):
                break
            queue = book[best]
            maker = queue[0]
            part = min(qty, maker[1])
            maker[1] -= part
            qty -= part
            if maker[1] == 0:
                queue.popleft()
                self._drop(maker)
                if not queue:
                    del book[best]
        return qty

    def _drop(self, entry: list[int]) -> None:
        last = self.live.pop()
        if last is not entry:
            self.live[entry[6]] = last
            last[6] = entry[6]

    def _pick(self) -> list[int]:
        return self.live[int(self.random.random() * len(self.live))]

    def _cancel(self, row: Any) -> None:
        entry = self._pick()
        self._head(row, Command.CANCEL_ORDER)
        row["account"], row["orig_cl_ord_id"], row["instrument"] = entry[2], entry[0], entry[5] + 1
        self._forget(entry)
        self._drop(entry)

    def _forget(self, entry: list[int]) -> None:
        book = self.models[entry[5]].books[entry[3]]
        book[entry[4]].remove(entry)
        if not book[entry[4]]:
            del book[entry[4]]

    def _replace(self, row: Any) -> None:
        entry = self._pick()
        row["command"] = Command.REPLACE_ORDER
        row["account"], row["orig_cl_ord_id"], row["instrument"] = entry[2], entry[0], entry[5] + 1
        if entry[1] > 1 and self.random.random() < 0.5:
            entry[1] -= 1
            row["order_qty"] = entry[1]
            return
        self._forget(entry)
        mid = self.models[entry[5]].mid
        away = 1 + int(self.random.exponential(self.mix.levels / 6))
        entry[4] = mid + away if entry[3] else mid - away
        row["price"] = entry[4]
        self.models[entry[5]].books[entry[3]].setdefault(entry[4], deque()).append(entry)

    def _take(self, row: Any, place: int) -> None:
        side = int(self.random.random() < 0.5)
        book = self.models[place].books[1 - side]
        best = (max(book) if side else min(book)) if book else self.models[place].mid
        qty = 1 + int(self.random.random() * 20)
        self._new(row, place, side, best, qty)
        row["time_in_force"] = 3
        self._match(place, side, best, qty)
