"""The same cross in backtesting.py and backtrader, as their manuals write it.

Both are test dependencies; what is not installed is left out of the page.
"""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np

from benches.backtest.ours import FAST, SIZE, SLOW


def frame(rows: Any) -> Any:
    """EVENT rows of bars as the data frame that both want."""
    import pandas as pd

    names = {"Open": "open", "High": "high", "Low": "low", "Close": "price", "Volume": "qty"}
    columns = {name: rows[field] / (1 if field == "qty" else 100) for name, field in names.items()}
    return pd.DataFrame(columns, index=pd.to_datetime(rows["time"]))


def average(values: Any, length: int) -> Any:
    """A moving average, worked out for the whole column at once."""
    sums = np.cumsum(np.insert(np.asarray(values, float), 0, 0.0))
    found = np.full(len(values), np.nan)
    found[length - 1 :] = (sums[length:] - sums[:-length]) / length
    return found


def backtesting(rows: Any) -> tuple[float, int]:
    """(seconds, trades) of backtesting.py."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from backtesting import Backtest, Strategy

    class Cross(Strategy):  # type: ignore[misc]
        def init(self) -> None:
            self.short = self.I(average, self.data.Close, FAST)
            self.long = self.I(average, self.data.Close, SLOW)

        def next(self) -> None:
            if self.short[-1] > self.long[-1]:
                if not self.position:
                    self.buy(size=SIZE)
            elif self.position:
                self.position.close()

    test = Backtest(frame(rows), Cross, cash=100_000, finalize_trades=False)
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = test.run()
    return time.perf_counter() - began, int(found["# Trades"])


def backtrader(rows: Any) -> tuple[float, int]:
    """(seconds, fills) of backtrader."""
    import backtrader as bt

    class Cross(bt.Strategy):  # type: ignore[misc]
        def __init__(self) -> None:
            self.short = bt.ind.SMA(self.data.close, period=FAST)
            self.long = bt.ind.SMA(self.data.close, period=SLOW)
            self.fills = 0

        def next(self) -> None:
            if self.short[0] > self.long[0]:
                if not self.position:
                    self.buy(size=SIZE)
            elif self.position:
                self.close()

        def notify_order(self, order: Any) -> None:
            self.fills += order.status == order.Completed

    cerebro = bt.Cerebro(stdstats=False)
    cerebro.broker.setcash(100_000)
    cerebro.addstrategy(Cross)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame(rows)))
    began = time.perf_counter()
    done = cerebro.run()
    return time.perf_counter() - began, int(done[0].fills)


PEERS = {"backtesting": backtesting, "backtrader": backtrader}
