"""The moving-average cross of the tests, as a class."""

import gridworks as gw
from backtest.strategy import Strategy


class Cross(Strategy):
    """Long while the short average is above the long one."""

    fast = 3
    slow = 8

    def on_start(self):
        self.short = self.indicator(gw.indicators.SMA(self.fast))
        self.long = self.indicator(gw.indicators.SMA(self.slow))

    def on_bar(self, bar):
        self.target(100 if self.short.value > self.long.value else 0)
