"""Strategies for backtesting.py, over whichever Strategy and crossover they are given."""

from typing import Any

import numpy as np
import pandas as pd


def sma(values: Any, n: int) -> Any:
    return pd.Series(np.asarray(values)).rolling(n).mean()


def cross(base: Any, crossover: Any) -> Any:
    class Cross(base):
        n1 = 10
        n2 = 30

        def init(self):
            self.fast = self.I(sma, self.data.Close, self.n1)
            self.slow = self.I(sma, self.data.Close, self.n2)

        def next(self):
            if crossover(self.fast, self.slow):
                self.position.close()
                self.buy(size=10)
            elif crossover(self.slow, self.fast):
                self.position.close()
                self.sell(size=10)

    return Cross


def all_in(base: Any, crossover: Any) -> Any:
    class AllIn(cross(base, crossover)):
        def next(self):
            if crossover(self.fast, self.slow):
                self.position.close()
                self.buy()
            elif crossover(self.slow, self.fast):
                self.position.close()
                self.sell(size=0.5)

    return AllIn


def brackets(base: Any, crossover: Any) -> Any:
    class Brackets(base):
        def init(self):
            self.mean = self.I(sma, self.data.Close, 10)

        def next(self):
            price = self.data.Close[-1]
            if self.position:
                return
            if crossover(self.data.Close, self.mean):
                self.buy(size=20, sl=round(price * 0.93, 2), tp=round(price * 1.09, 2))
            elif crossover(self.mean, self.data.Close):
                self.sell(size=20, sl=round(price * 1.07, 2), tp=round(price * 0.91, 2))

    return Brackets


def limits(base: Any, _: Any) -> Any:
    class Limits(base):
        def init(self):
            pass

        def next(self):
            for order in self.orders:
                order.cancel()
            if not self.position:
                self.buy(size=10, limit=round(self.data.Close[-1] * 0.98, 2))
            elif self.position.pl_pct > 3 or self.position.pl_pct < -5:
                self.position.close()

    return Limits


def pieces(base: Any, _: Any) -> Any:
    class Pieces(base):
        """Opposite orders, parts of trades, everything closed now and then."""

        def init(self):
            pass

        def next(self):
            count = len(self.data)
            if count % 7 == 0:
                self.buy(size=3)
            if count % 11 == 0:
                self.sell(size=5)
            if count % 50 == 0 and self.trades:
                self.trades[0].close(0.5)
            if count % 90 == 0:
                self.position.close()

    return Pieces
