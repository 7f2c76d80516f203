"""Cross-sectional momentum on 20 stocks, 2010 to 2022.

    gridworks backtest examples/backtest/momentum.py --set hold=3 --report momentum.html

Every month the stocks are ranked by their return over the last year without the last month, and the
best are held in equal parts (Jegadeesh and Titman, "Returns to Buying Winners and Selling Losers",
Journal of Finance 48, 1993).
"""

from collections import deque

from prices import stocks

import gridworks as gw

MONTH = 21  # trading days


class Momentum(gw.backtest.Strategy):
    """The best of the year, for a month."""

    look = 252  # days
    skip = 21
    hold = 5
    share = 0.95  # of equity that is invested

    def on_start(self) -> None:
        self.closes = {symbol: deque(maxlen=self.look + 1) for symbol in self.symbols}
        self.days = 0

    def on_bar(self, bar: gw.backtest.Bar) -> None:
        self.closes[bar.symbol].append(bar.close)
        if bar.instrument == len(self.symbols):  # the last one of the day
            self.days += 1
            if self.days > self.look and self.days % MONTH == 0:
                self.rebalance()

    def rebalance(self) -> None:
        """Sell what is no longer among the best, buy what is."""
        grown = {s: c[-1 - self.skip] / c[0] for s, c in self.closes.items()}
        best = sorted(grown, key=grown.__getitem__, reverse=True)[: self.hold]
        money = self.share * self.equity / self.hold
        wanted = {s: int(money / self.closes[s][-1]) if s in best else 0 for s in self.symbols}
        for symbol in sorted(wanted, key=lambda s: wanted[s] - self.position(s)):
            self.target(wanted[symbol], symbol)  # what is sold first pays for what is bought


def data() -> gw.backtest.Dataset:
    """Closes of all twenty; an order is filled at the next one."""
    return stocks(first="2010-01-01")


settings = gw.backtest.Settings(cash=1_000_000, costs=gw.backtest.Costs(taker_bps=5))
