"""`Backtest`: a table of bars, a strategy, and the account that it trades with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from backtest.compat.backtesting.house import House
from backtest.compat.backtesting.signals import Data
from backtest.compat.backtesting.statistics import statistics
from backtest.compat.backtesting.strategy import Strategy
from backtest.compat.histories import COLUMNS, checked, dataset_of, decimals_of
from backtest.results import Result
from backtest.settings import BarFills, Costs, Margin, Settings
from backtest.simulator import run
from domain.errors import InvalidField

ROOM = 0.9  # of the margin is checked by the exchange: prices may gap between order and open


class Backtest:
    """Runs strategies on a table of bars.

    Args:
        data: pandas, columns Open, High, Low, Close and Volume over a DatetimeIndex.
        cash: at the start.
        spread: bid to ask as a part of the price; a market order pays half of it on each side.
        commission: part of each execution's value.
        margin: part of a position's value that it ties up: 1 / leverage.
        trade_on_close: market orders are executed at the close at which they are sent.
        exclusive_orders: each order cancels the others and closes what is open.
        check: work indicators out a second time, to find those that look ahead.

    Raises:
        InvalidField: hedging, finalize_trades, a commission that is no part of the value.
    """

    def __init__(
        self, data: pd.DataFrame, strategy: type[Strategy], *, cash: float = 10_000,
        commission: float = 0.0, margin: float = 1.0, trade_on_close: bool = False,
        exclusive_orders: bool = False, **more: Any,
    ) -> None:  # fmt: skip
        spread, check = more.pop("spread", 0.0), more.pop("check", True)
        for name in more:
            if name not in ("hedging", "finalize_trades") or more[name]:
                raise InvalidField(name, more[name], "left out: see docs/migration.md")
        for name, part in (("commission", commission), ("spread", spread)):
            if not isinstance(part, (int, float)) or not -0.1 < part < 0.1:
                raise InvalidField(name, part, "a part of the value, below 0.1")
        if not 0 < margin <= 1:
            raise InvalidField("margin", margin, "above 0, at most 1")
        self._frame, self._strategy = checked(data), strategy
        self._how = {
            "margin": margin, "exclusive": exclusive_orders, "check": check,
            "cost": commission + spread / 2, "at_close": trade_on_close,
        }  # fmt: skip
        bps, ppb = 10_000 * commission, int(10_000 * margin * ROOM)
        self._settings = Settings(
            cash=cash, name=strategy.__name__,
            costs=Costs(taker_bps=bps, maker_bps=bps, slippage_bps=5_000 * spread),
            bars=BarFills(path="worst", touch=True, volume_share=0, at_close=trade_on_close),
            margin=Margin(initial_bps=ppb, short_bps=ppb),
        )  # fmt: skip
        self._dataset = dataset_of(self._frame, strategy.__name__)
        self.result: Result | None = None

    def run(self, **parameters: Any) -> pd.Series:
        """Run with these parameters; returns statistics under backtesting.py's names.

        `_result` is the `backtest.results.Result`; `_trades`, `_equity_curve`, `_strategy` are as
        there. What the strategy raises is a RuntimeError that says where in the data.
        """
        digits = decimals_of(self._frame[list(COLUMNS)])
        house = House(self._strategy, parameters, Data(self._frame, digits), **self._how)
        record = run(house, self._dataset, settings=self._settings)
        record = replace(record, parameters=parameters)
        if record.error:
            raise RuntimeError(record.error)
        self.result = Result(record, benchmark=self._frame["Close"].to_numpy())
        return statistics(self._frame, self.result, house)

    def optimize(
        self, maximize: str | Callable[[pd.Series], float] = "SQN",
        constraint: Callable[[dict[str, Any]], bool] | None = None, **ranges: Any,
    ) -> pd.Series:  # fmt: skip
        """The run with the highest of one statistic over a grid; `search.sweep` does more.

        constraint: takes the dictionary of parameters.
        """
        from backtest.search.space import grid

        def score(stats: pd.Series) -> float:
            return float(maximize(stats) if callable(maximize) else stats[maximize])

        best = max(grid(ranges, constraint), key=lambda found: score(self.run(**found)))
        return self.run(**best)

    def plot(self, filename: str | Path = "backtest.html") -> Path:
        """Write the report of the last run."""
        if self.result is None:
            raise InvalidField("plot", "before a run", "after run()")
        return self.result.report(filename)
