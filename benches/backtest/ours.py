"""The strategies of the benchmark as this project's users write them."""

from __future__ import annotations

from typing import Any

import numpy as np

import gridworks as gw
from backtest.simulator.functions import compiled
from backtest.strategy import Strategy

k = gw.backtest.kernels  # type: ignore[attr-defined]
FAST, SLOW, SIZE = 10, 30, 100


class Cross(Strategy):
    """Long while the short average of closes is above the long one."""

    fast = FAST
    slow = SLOW

    def on_start(self) -> None:
        self.short = self.indicator(gw.indicators.SMA(self.fast))  # type: ignore[attr-defined]
        self.long = self.indicator(gw.indicators.SMA(self.slow))  # type: ignore[attr-defined]

    def on_bar(self, bar: Any) -> None:
        self.target(SIZE if self.short.value > self.long.value else 0)


@compiled(fast=FAST, slow=SLOW, n=0, short=0, long=0, closes=np.zeros(64, np.int64))
def cross(desk: Any, event: Any, my: Any) -> None:
    """The same: sums of closes in whole ticks, so it trades where exact averages cross."""
    n, close, closes = my["n"], event["price"], my["closes"]
    my["short"] += close - (closes[(n - my["fast"]) & 63] if n >= my["fast"] else 0)
    my["long"] += close - (closes[(n - my["slow"]) & 63] if n >= my["slow"] else 0)
    closes[n & 63] = close
    my["n"] = n + 1
    if n + 1 < my["slow"]:
        return
    wanted = SIZE if my["short"] * my["slow"] > my["long"] * my["fast"] else 0
    if wanted != k.position(desk, 1):
        k.market(desk, 1, wanted - k.position(desk, 1))


@compiled(shows="all", bid=0, ask=0, every=0)
def maker(desk: Any, event: Any, my: Any) -> None:
    """Quote ten lots a side at the best prices of the others, at most 100 lots long or short."""
    my["every"] += 1
    if my["every"] % 8:
        return
    bid, _ = k.best_bid(desk, 1)
    ask, _ = k.best_ask(desk, 1)
    if bid == 0 or ask == 0 or k.sending(desk) > 0:
        return
    if bid != my["bid"] or ask != my["ask"] or my["every"] % 256 == 0:
        held = k.position(desk, 1)
        k.quote(desk, 1, bid, 10 if held < 100 else 0, ask, 10 if held > -100 else 0)
        my["bid"], my["ask"] = bid, ask
