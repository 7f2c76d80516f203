"""Scenario margin: many accounts at once, and what one order adds to one account.

Workload, from seed 7: 8 combined commodities of 3 futures and 60 options each, tiers, a calendar
spread and a short option minimum in each, 7 inter-commodity credits. 100,000 accounts of 20
positions, -50 to 50 lots, one in four with pending orders; one account of 50 instruments, and
10,000 single orders that are asked for it. Processor time of one core; the median and the fastest
of the rounds are shown.

    python -m benches.portfolio.margin [ROUNDS]
"""

from __future__ import annotations

import sys
from itertools import pairwise
from time import process_time_ns
from typing import Any

import numpy as np
from numpy.typing import NDArray

from risk.scenario import Incremental, Position, Scenario

ACCOUNTS, POSITIONS, HELD, ORDERS = 100_000, 20, 50, 10_000
COMMODITIES, STRIKES, EXPIRIES = 8, 10, ("2026-06-30", "2026-07-28", "2026-08-25")
Whole = NDArray[np.int64]


def _contracts(commodity: str, price: float) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for month, expiry in enumerate(EXPIRIES):
        common = {"commodity": commodity, "expiry": expiry, "multiplier": 50}
        future = price * (1 + 0.004 * month)
        made.append({"name": f"{commodity}-F{month}", "kind": "FUTURE", "price": future, **common})
        for at in range(2 * STRIKES):
            right, strike = ("call", "put")[at % 2], price * (0.9 + 0.02 * (at // 2))
            worth = max(0.02 * price, (future - strike) * (1 - 2 * (at % 2)) + 0.02 * price)
            made.append({
                "name": f"{commodity}-{right}{month}-{at // 2}", "kind": "OPTION", "right": right,
                "strike": strike, "price": worth, "underlying_price": future, "volatility": 0.2,
                "rate": 0.05, "dividend_yield": 0.05, **common,
            })  # fmt: skip
    return made


def market() -> Scenario:
    """The parameters of the workload."""
    names = [f"C{n}" for n in range(COMMODITIES)]
    legs = [{"side": "A", "tier": "near"}, {"side": "B", "tier": "far"}]
    tiers = [{"name": "near", "last": "2026-06-30"}, {"name": "far", "first": "2026-07-01"}]
    commodities = [
        {"name": name, "price_scan_percent": 9.0, "volatility_scan": 0.04, "tiers": tiers,
         "calendar_spreads": [{"charge": 900, "legs": legs}], "short_option_minimum": 100,
         "exposure_percent": 2.0}
        for name in names
    ]  # fmt: skip
    shared = [
        {"percent": 50, "legs": [{"commodity": one, "side": "A"}, {"commodity": two, "side": "B"}]}
        for one, two in pairwise(names)
    ]
    contracts = [row for n, name in enumerate(names) for row in _contracts(name, 1000 + 500.0 * n)]
    return Scenario({"date": "2026-06-01", "commodities": commodities, "credits": shared,
                     "contracts": contracts})  # fmt: skip


class Accounts:
    """The accounts of the workload, as arrays; `bounds[a]` is where account a begins."""

    def __init__(self, model: Scenario, accounts: int = ACCOUNTS) -> None:
        draw = np.random.default_rng(7)
        count = len(model.tables.place)
        first = draw.integers(0, count, accounts)
        step = draw.integers(1, count // POSITIONS, accounts)
        self.bounds = np.arange(accounts + 1) * POSITIONS
        self.contracts = (first[:, None] + step[:, None] * np.arange(POSITIONS)).ravel() % count
        rows = accounts * POSITIONS
        self.quantities = draw.integers(-50, 51, rows)
        pending = np.repeat(draw.random(accounts) < 0.25, POSITIONS)
        self.open_buy = draw.integers(0, 20, rows) * pending
        self.open_sell = draw.integers(0, 20, rows) * pending


def one_account(model: Scenario) -> Incremental:
    """An account with 50 instruments."""
    draw, names = np.random.default_rng(8), list(model.tables.place)
    chosen = draw.choice(len(names), HELD, replace=False).tolist()
    return Incremental(model, [
        Position(names[at], int(draw.integers(-50, 51)), int(draw.integers(0, 9)),
                 int(draw.integers(0, 9))) for at in chosen
    ])  # fmt: skip


def orders(model: Scenario, count: int = ORDERS) -> Whole:
    """Single orders: a contract and lots on one side."""
    draw = np.random.default_rng(9)
    rows = np.zeros((count, 4), np.int64)
    rows[:, 0] = draw.integers(0, len(model.tables.place), count)
    rows[np.arange(count), draw.integers(2, 4, count)] = draw.integers(1, 20, count)
    return rows


def measure(rounds: int, accounts: int = ACCOUNTS) -> dict[str, list[int]]:
    """name -> nanoseconds of processor time an item, one number a round."""
    model = market()
    many, one, asked = Accounts(model, accounts), one_account(model), orders(model)
    names = list(model.tables.place)

    def all_accounts() -> int:
        model.margins(many.bounds, many.contracts, many.quantities, many.open_buy, many.open_sell)
        return accounts

    def asked_in_a_batch() -> int:
        one.what_if_each(asked)
        return len(asked)

    def asked_singly() -> int:
        for row, _, buy, sell in asked[:1000].tolist():
            one.what_if(names[row], 0, buy, sell)
        return 1000

    runs = {"account of 20 positions": all_accounts, "order, in a batch": asked_in_a_batch,
            "order, from Python": asked_singly}  # fmt: skip
    taken: dict[str, list[int]] = {name: [] for name in runs}
    for turn in range(rounds + 1):
        for name, run in runs.items():
            start = process_time_ns()
            count = run()
            if turn:  # the first turn compiles
                taken[name].append((process_time_ns() - start) // count)
    return taken


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    for name, figures in measure(rounds).items():
        print(f"{name:26}{int(np.median(figures)):8} ns, fastest {min(figures):8} ns")


if __name__ == "__main__":
    main()
