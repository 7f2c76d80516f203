"""A sweep of 1,000 pairs of moving averages over 10,000 bars: `python -m benches.backtest.sweep`.

Each of the 1,000 runs goes through the whole exchange: orders, risk checks, fees, reports.
vectorbt, if it is installed, simulates the same signals on the same bars in one call of its own
kernel, without an order book, margins or reasons.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from typing import Any

import numpy as np

import indicators
from backtest.events import EVENT, EventKind
from backtest.record import Listing
from backtest.search.objective import Signals
from backtest.search.space import grid
from backtest.search.sweeping import sweep
from backtest.settings import Costs, Settings

MINUTE = 60 * 10**9
FEE = 0.001
UNITS = 100


class Bars:
    """A random walk of one-minute bars."""

    def __init__(self, count: int, seed: int = 1) -> None:
        draw = np.random.default_rng(seed)
        close = (10_000 + np.cumsum(draw.integers(-12, 13, count))).clip(1_000)
        rows = np.zeros(count, EVENT)
        rows["kind"], rows["instrument"] = EventKind.BAR, 1
        rows["start"] = 1_700_000_000 * 10**9 + MINUTE * np.arange(count)
        rows["time"], rows["price"] = rows["start"] + MINUTE, close
        rows["open"] = np.r_[10_000, close[:-1]]
        rows["high"] = np.maximum(rows["open"], close) + 3
        rows["low"] = np.minimum(rows["open"], close) - 3
        rows["qty"] = 100_000
        self.rows, self.listings = rows, (Listing("ACME"),)

    def chunks(self) -> Any:
        """All bars at once."""
        yield self.rows


def cross(columns: dict[str, Any], fast: int, slow: int) -> Any:
    """Long while the short average is above the long one."""
    short, long = (indicators.sma(columns["close"], n) for n in (fast, slow))
    return np.where(short > long, UNITS, 0)


def pairs(count: int) -> list[dict[str, Any]]:
    """`count` pairs of lengths."""
    space = {"fast": range(2, 42), "slow": range(45, 245, 4)}
    found = grid(space)
    return found[:: max(1, len(found) // count)][:count]


def ours(bars: Bars, chosen: list[dict[str, Any]], jobs: int) -> tuple[float, Any]:
    """Seconds, and the table, of the sweep in processes that have to be started."""
    objective = Signals(
        cross, bars, Settings(cash=10_000_000, costs=Costs(taker_bps=10_000 * FEE)),
        measures=("net_profit", "sharpe", "max_drawdown", "trades"),
    )  # fmt: skip
    start = time.perf_counter()
    table = sweep(objective, chosen, jobs=jobs, progress=False)
    return time.perf_counter() - start, table


def vectorbt(bars: Bars, chosen: list[dict[str, Any]]) -> tuple[float, Any] | None:
    """Seconds, and profits, of the same signals in vectorbt; None if it is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pandas as pd
            import vectorbt as vbt
    except ImportError:
        return None
    close = pd.Series(bars.rows["price"] / 100.0)
    opened = pd.Series(bars.rows["open"] / 100.0)

    def once() -> tuple[float, Any]:
        start = time.perf_counter()
        fast = vbt.MA.run(close, [p["fast"] for p in chosen], short_name="fast")
        slow = vbt.MA.run(close, [p["slow"] for p in chosen], short_name="slow")
        above = fast.ma.to_numpy() > slow.ma.to_numpy()
        before = np.vstack([np.zeros((1, len(chosen)), bool), above[:-1]])  # known a bar earlier
        portfolio = vbt.Portfolio.from_orders(
            opened, np.where(before, UNITS, 0), size_type="targetamount", fees=FEE,
            init_cash=10_000_000, freq="1min",
        )  # fmt: skip
        found = portfolio.total_profit(), portfolio.sharpe_ratio(), portfolio.max_drawdown()
        return time.perf_counter() - start, found[0]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        once()  # compiles
        return once()


def main(count: int, bars: int, jobs: int) -> list[tuple[str, float]]:
    """Run both; returns (what, seconds)."""
    data, chosen = Bars(bars), pairs(count)
    rows = []
    ours(data, chosen[:jobs], 1)  # compiles, into the cache that workers read
    seconds, table = ours(data, chosen, jobs)
    assert (table["error"] == "").all(), table["error"].max()
    rows.append((f"this project, {jobs} processes", seconds))
    again, _ = ours(data, chosen, jobs)
    rows.append(("the same, with processes that are there", again))
    peer = vectorbt(data, chosen)
    if peer is not None:
        rows.append(("vectorbt, one thread, compiled before", peer[0]))
    print(f"{count:,} pairs over {bars:,} bars, {int(table['trades'].sum()):,} trades")
    for what, taken in rows:
        print(f"{what:45} {taken:7.2f} s {count / taken:10,.0f} runs/s")
    if peer is not None:
        apart = np.abs(peer[1].to_numpy() - table["net_profit"].to_numpy())
        print(f"profits differ by at most {apart.max():.2f} (open position's mark, rounded fees)")
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=1_000)
    parser.add_argument("--bars", type=int, default=10_000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    main(given.pairs, given.bars, given.jobs)
