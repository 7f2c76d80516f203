"""What the pre-trade checks and the bookkeeping of open orders and fills cost, without a book.

Workload: limit orders of 1 to 10 lots of one equity, half buys, half sells, 0 to 99 ticks from the
last price, of accounts taken in turn or at random. A round enters 256 orders (candidate row,
position row, `admit`, `accepted`, `reserve`), then cancels them (`unreserve`, `canceled`), enters
them again and fills them whole at their own price as makers, `fill` only. Each step is one call
into compiled code, so a figure is ns per order with the loop around it; "touch" is the loop alone:
the candidate and the position row are found, nothing is checked. Rounds of all settings take
turns, the median and the 10th percentile of the rounds are shown.

Settings: 4 levels (account, desk, client, firm) or 1, 64 accounts or 100,000 at random; "few" sets
the five order and position limits that the flows of `benches.workloads` set, "most" every limit
of a node that takes a number, rates, loss limits, fat finger and the fees of the instrument.

    python -m benches.risk [ROUNDS]
"""

from __future__ import annotations

import platform
import sys
from time import perf_counter_ns
from typing import Any

import numpy as np

from benches.risk.steps import cancel, enter, fill, set_up, touch
from domain import layout
from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import Phase, Scope
from domain.limits import MAX_PRICE
from domain.tables import Table
from engine.store import Store, aligned

ORDERS = 256
STEPS = ("touch", "enter", "cancel", "enter again", "fill")
_N, _I = NodeAttr, InstrumentAttr
Rows = np.ndarray[Any, Any]
Values = dict[Any, int]  # attribute -> value
FEW = {_N.MAX_ORDER_QTY: 10**6, _N.MAX_ORDER_VALUE: 10**12, _N.MAX_OPEN_ORDERS: 10**7}
FEW |= {_N.MAX_OPEN_VALUE: 10**16, _N.MAX_POSITION: 10**10}
MOST = FEW | dict.fromkeys(range(_N.MAX_GROSS_POSITION, _N.MAX_DRAWDOWN + 1), 2**41)
MOST |= {_N.FAT_FINGER_BPS: 5_000, _N.FAT_FINGER_TICKS: 10**6, _N.ORDER_TO_TRADE: 10**6}
MOST |= {_N.ORDER_RATE: 10**9, _N.ORDER_BURST: 10**6, _N.CANCEL_RATE: 10**9}
MOST |= {_N.CANCEL_BURST: 10**6, _N.MAX_CONCENTRATION_BPS: 10**7}
FEES = {_I.MAKER_PPB: 20_000, _I.TAKER_PPB: 50_000, _I.CHARGE_SELL_PPB_1: 1_000}
CASES = {
    "4 levels, most limits": (4, 64, True),
    "4 levels, few limits": (4, 64, False),
    "1 level, most limits": (1, 64, True),
    "4 levels, most, 100,000 accounts": (4, 100_000, True),
}


class Bench:
    """A store with nodes, one instrument and `ORDERS` order rows."""

    def __init__(self, levels: int, accounts: int, most: bool, seed: int = 7) -> None:
        self.store = Store()
        for table in (Table.NODE, Table.NODE_LIMIT, Table.BOUND, Table.POSITION):
            self.store.grow(table, accounts + 16)
        while len(self.store[Table.POSITION_INDEX]) < 4 * accounts:
            self.store.renew(Table.POSITION_INDEX)
        self.random = np.random.default_rng(seed)
        self.accounts, self.first = accounts, levels
        rows = self._commands(levels, accounts, MOST if most else FEW, FEES if most else {})
        self.store.point(Table.COMMAND, rows)
        book = self.store[Table.BOOK][1]
        book["phase"], book["last_px"] = Phase.CONTINUOUS, 1_000
        self.store.core["time"] = 10**18
        refused = set_up(self.store.address)
        assert refused == 0, refused
        book["phase"], book["last_px"] = Phase.CONTINUOUS, 1_000

    def _commands(self, levels: int, accounts: int, limits: Values, fees: Values) -> Rows:
        rows = aligned(layout.COMMAND, 60 * (levels + accounts) + 64)
        at = 0

        def put(command: int, **fields: int) -> None:
            nonlocal at
            rows[at]["command"] = command
            for name, value in fields.items():
                rows[at][name] = value
            at += 1

        put(1, entity=1, index=1)
        for column, value in fees.items():
            put(3, scope=Scope.INSTRUMENT, entity=1, attribute=column, value=value)
        for node in range(1, levels + accounts):
            level = max(1, levels + 1 - node)
            put(0, entity=node, index=level, parent=min(node, levels) - 1)
            if level == 1:
                put(2, account=node, value=10**12)
            for column, value in limits.items():
                put(3, scope=Scope.NODE, entity=node, attribute=column, value=value)
        for node in range(levels, levels + accounts):
            put(4, account=node)
        return rows[:at]

    def deal(self) -> None:
        """New orders: accounts in turn, or at random when there are many."""
        rows, number = self.store[Table.ORDER][1 : ORDERS + 1], np.arange(ORDERS)
        rows["account"] = self.first + number % self.accounts
        if self.accounts > ORDERS:
            rows["account"] = self.first + self.random.integers(0, self.accounts, ORDERS)
        rows["instrument"] = 1
        rows["side"] = self.random.integers(0, 2, ORDERS)
        rows["price"] = 1_000 + np.where(rows["side"] == 0, -1, 1) * (number % 100)
        rows["shown_qty"] = 1 + number % 10
        assert rows["price"].max() < MAX_PRICE

    def round(self) -> list[float]:
        """ns per order of each step."""
        self.deal()
        taken = []
        for step in (touch, enter, cancel, enter, fill):
            start = perf_counter_ns()
            refused = step(self.store.address, ORDERS)
            taken.append((perf_counter_ns() - start) / ORDERS)
            assert refused == 0
        return taken


def measure(rounds: int, cases: dict[str, tuple[int, int, bool]]) -> dict[str, list[list[float]]]:
    """Every case's rounds, taking turns."""
    benches = {name: Bench(*case) for name, case in cases.items()}
    taken: dict[str, list[list[float]]] = {name: [] for name in benches}
    for number in range(rounds + 2):
        for name, bench in benches.items():
            steps = bench.round()
            if number > 1:
                taken[name].append(steps)
    return taken


def main(rounds: int = 2_000) -> None:
    """Measure and print."""
    print(platform.processor() or platform.machine(), platform.python_version(), np.__version__)
    print(f"{'ns per order: median (p10)':36}", *(f"{step:>15}" for step in STEPS))
    for name, steps in measure(rounds, CASES).items():
        middle, low = np.percentile(steps, (50, 10), axis=0)
        cells = (f"{m:8.1f} ({p:5.1f})" for m, p in zip(middle, low, strict=True))
        print(f"{name:36}", *cells)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
