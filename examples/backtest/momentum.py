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
        self.wanted: dict[str, int] = {}

    def on_bar(self, bar: gw.backtest.Bar) -> None:
        self.closes[bar.symbol].append(bar.close)
        if bar.instrument == len(self.symbols):  # the last one of the day
            self.days += 1
            if self.days > self.look and self.days % MONTH == 0:
                self.rank()
            elif self.wanted:
                self.buy_missing()

    def rank(self) -> None:
        """Sell what is no longer among the best; what it brings buys the others a day later."""
        grown = {s: c[-1 - self.skip] / c[0] for s, c in self.closes.items()}
        best = sorted(grown, key=grown.__getitem__, reverse=True)[: self.hold]
        money = self.share * self.equity / self.hold
        self.wanted = {symbol: int(money / self.closes[symbol][-1]) for symbol in best}
        for symbol in self.symbols:
            too_many = self.position(symbol) - self.wanted.get(symbol, 0)
            if too_many > 0:
                self.sell(too_many, instrument=symbol)

    def buy_missing(self) -> None:
        for symbol, qty in self.wanted.items():
            if qty > self.position(symbol):
                self.target(qty, symbol)
        self.wanted = {}


def data() -> gw.backtest.Dataset:
    """Closes of all twenty; an order is filled at the next one."""
    return stocks(first="2010-01-01")


settings = gw.backtest.Settings(cash=1_000_000, costs=gw.backtest.Costs(taker_bps=5))
