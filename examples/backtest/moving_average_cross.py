"""Moving-average cross: in the stock while the short average is above the long one.

    gridworks backtest examples/backtest/moving_average_cross.py --set fast=20 --report cross.html

Apple from 2000 to 2013. It split twice, and an average over a split means nothing: so splits and
dividends are worked into the prices here, which gives a holder the same return (docs/data.md).
"""

from prices import apple

import gridworks as gw


class MovingAverageCross(gw.backtest.Strategy):
    """All in, or all out."""

    fast = 20
    slow = 100
    share = 0.95  # of equity that is invested

    def on_start(self) -> None:
        self.short = self.indicator(gw.indicators.SMA(self.fast))
        self.long = self.indicator(gw.indicators.SMA(self.slow))

    def on_bar(self, bar: gw.backtest.Bar) -> None:
        held = self.position()
        if self.short.value > self.long.value and not held:
            self.target(int(self.share * self.equity / bar.close))
        elif self.short.value < self.long.value and held:
            self.close()


def data() -> gw.backtest.Dataset:
    """Prices with splits and dividends worked in, so that an average does not see a split."""
    return gw.backtest.data.adjusted(apple(), digits=0)


settings = gw.backtest.Settings(
    cash=100_000, costs=gw.backtest.Costs(taker_bps=5, slippage_bps=2)
)
