"""What a strategy for backtesting.py finds under the same names.

    class SmaCross(Strategy):
        def init(self):
            self.fast = self.I(SMA, self.data.Close, 10)
            self.slow = self.I(SMA, self.data.Close, 20)

        def next(self):
            if crossover(self.fast, self.slow):
                self.position.close()
                self.buy(size=10)

    stats = Backtest(GOOG, SmaCross, cash=10_000, commission=0.002).run()

Who may import it: users, tests.
"""

from backtest.compat.backtesting.running import Backtest
from backtest.compat.backtesting.signals import SMA, barssince, cross, crossover
from backtest.compat.backtesting.strategy import Strategy

__all__ = ["SMA", "Backtest", "Strategy", "barssince", "cross", "crossover"]
