"""Delta hedge: sell a call on Apple, and hold as many shares as it moves with.

    gridworks backtest examples/backtest/delta_hedge.py --set hedged=False
    gridworks backtest examples/backtest/delta_hedge.py

The underlying is real. The call, half a year at the money, is priced by Black and Scholes with the
volatility of the year before; the strategy sees only prices, and takes the volatility and the delta
out of them. What is left of a hedged call is the difference of what was charged and what came
(El Karoui, Jeanblanc-Picque and Shreve, "Robustness of the Black and Scholes Formula", Mathematical
Finance 8, 1998).
"""

from math import sqrt

import numpy as np
import pandas as pd
from prices import stocks, table

import gridworks as gw
from backtest.data import bars, listing, merge

FIRST, LAST = "2019-01-02", "2019-07-01"
EXPIRY = pd.Timestamp(LAST, tz="UTC")
YEAR = 365 * 86_400 * 10**9  # ns
CONTRACT = 100


def strike() -> float:
    """At the money of the first day."""
    return float(round(table(FIRST, LAST)["AAPL"].iloc[0]))


class DeltaHedge(gw.backtest.Strategy):
    """Short ten calls from the first day to the last."""

    calls = 10
    hedged = True
    band = 20  # shares that the hedge may be off

    def on_start(self) -> None:
        self.spot, self.strike = 0.0, strike()

    def on_bar(self, bar: gw.backtest.Bar) -> None:
        if bar.symbol == "AAPL":
            self.spot = bar.close
            return
        left = (EXPIRY.value - bar.time) / YEAR
        if left <= 2 / 365:
            self.close("CALL")
            self.close("AAPL")
            return
        if not self.position("CALL"):
            self.sell(self.calls, instrument="CALL")
        if self.hedged:
            self.hedge(bar.close, left)

    def hedge(self, price: float, left: float) -> None:
        wanted = round(self.delta(price, left) * self.calls * CONTRACT)
        if abs(wanted - self.position("AAPL")) > self.band:
            self.target(wanted, "AAPL")

    def delta(self, price: float, left: float) -> float:
        """Shares that a call moves with, at the volatility that its price implies."""
        market = (self.spot, self.strike, left)
        if price - max(self.spot - self.strike, 0) < 0.005:
            return float(self.spot > self.strike)  # nothing but its value today: no volatility
        volatility = gw.options.implied_volatility("call", price, *market, 1.0)
        return float(gw.options.black_scholes("call", *market, 0.0, volatility).delta)


def data() -> gw.backtest.Dataset:
    """Apple's closes, and the call's prices out of them."""
    year = table("2018-01-01", "2018-12-31")["AAPL"]
    volatility = float(np.log(year).diff().std() * sqrt(252))
    spots = table(FIRST, LAST)["AAPL"]
    ends = pd.DatetimeIndex(spots.index, tz="UTC") + pd.Timedelta(days=1)
    left = np.maximum((EXPIRY - ends).total_seconds().to_numpy() / (365 * 86_400), 1e-6)
    market = (spots.to_numpy(), strike(), left, 0.0, volatility)
    price = gw.options.black_scholes_price("call", *market)
    column = np.maximum(np.round(price, 3), 0.001)
    call = listing("CALL", "0.001", type=gw.InstrumentType.OPTION, contract=CONTRACT, decimals=3)
    frame = pd.DataFrame(
        dict.fromkeys(("open", "high", "low", "close"), column), index=spots.index
    )
    return merge(stocks("AAPL", first=FIRST, last=LAST), bars(frame, call, tz="UTC"))


settings = gw.backtest.Settings(cash=200_000)
