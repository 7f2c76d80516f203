"""What a strategy for backtrader finds under the same names: `bt.Strategy`, `bt.Cerebro`, ...

    from backtest.compat import backtrader as bt

    class Cross(bt.Strategy):
        params = (("fast", 10), ("slow", 30))

        def __init__(self):
            fast, slow = (bt.ind.SMA(period=n) for n in (self.p.fast, self.p.slow))
            self.crossover = bt.ind.CrossOver(fast, slow)

        def next(self):
            if not self.position and self.crossover > 0:
                self.buy(size=10)
            elif self.crossover < 0:
                self.close()

Values are worked out bar by bar by the streams of `indicators`, so nothing of the future is there
to be read. Who may import it: users, tests.
"""

from backtest.compat.backtrader import feeds, indicators, sizers
from backtest.compat.backtrader import indicators as ind
from backtest.compat.backtrader.cerebro import Cerebro
from backtest.compat.backtrader.lines import Line
from backtest.compat.backtrader.orders import Order, Position, Trade
from backtest.compat.backtrader.strategy import Strategy

__all__ = [
    "Cerebro", "Line", "Order", "Position", "Strategy", "Trade", "feeds", "ind", "indicators",
    "sizers",
]  # fmt: skip
