"""Mean reversion of a pair: Coca-Cola and PepsiCo, 2012 to 2022.

    gridworks backtest examples/backtest/pairs.py --set entry=1.5 --report pairs.html

The logarithm of the price ratio is compared with its own mean and deviation over a window. Far
above: sell the one, buy the other for the same money; back at the mean: out of both (Gatev,
Goetzmann and Rouwenhorst, "Pairs Trading: Performance of a Relative-Value Arbitrage Rule",
Review of Financial Studies 19, 2006).
"""

from collections import deque
from math import log
from statistics import fmean, pstdev

from prices import stocks

import gridworks as gw


class Pairs(gw.backtest.Strategy):
    """One unit of spread, long or short."""

    window = 60  # days
    entry = 2.0  # deviations from the mean
    leave = 0.5
    share = 0.3  # of equity in each leg; the short one ties up half as much again

    def on_start(self) -> None:
        self.ratios: deque[float] = deque(maxlen=self.window)
        self.last = [0.0, 0.0]

    def on_bar(self, bar: gw.backtest.Bar) -> None:
        self.last[bar.instrument - 1] = bar.close
        if bar.instrument != 2 or not self.last[0]:
            return
        self.ratios.append(log(self.last[0] / self.last[1]))
        if len(self.ratios) == self.window:
            self.decide()

    def decide(self) -> None:
        mean, deviation = fmean(self.ratios), pstdev(self.ratios)
        away = (self.ratios[-1] - mean) / deviation if deviation else 0.0
        held = self.position(1)
        if held and abs(away) < self.leave:
            self.close(1)
            self.close(2)
        elif not held and abs(away) > self.entry:
            side = -1 if away > 0 else 1
            for instrument, sign in ((1, side), (2, -side)):
                qty = int(self.share * self.equity / self.last[instrument - 1])
                self.target(sign * qty, instrument)


def data() -> gw.backtest.Dataset:
    """Closes; an order is filled at the next one."""
    return stocks("KO", "PEP", first="2012-01-01")


settings = gw.backtest.Settings(
    cash=100_000, costs=gw.backtest.Costs(taker_bps=3, borrow_bps=50)
)
