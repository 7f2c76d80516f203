"""`Analysis`: a record and what is worked out from it, each thing once and only when asked for."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from backtest.record import Record
from backtest.results.costs import costs_of
from backtest.results.fills import Fills, fills_of
from backtest.results.orders import Orders, orders_of
from backtest.results.series import (
    Days,
    Exposures,
    Floats,
    days_of,
    drawdown_of,
    exposures_of,
    held_of,
    returns_at,
)
from backtest.results.trades import Trades, fifo, round_trips
from domain.errors import InvalidField


class Analysis:
    """Arrays in ticks, lots, minor units and ns, as the record has them.

    Args:
        benchmark: prices, one for each sample or a pandas Series with a DatetimeIndex; None: all
            instruments bought at their first marks and held.
        risk_free: a year, as a fraction.
        market: rows of EVENT, for the market's VWAP during orders.
    """

    def __init__(
        self, record: Record, benchmark: ArrayLike | pd.Series | None = None,
        risk_free: float = 0.0, market: NDArray[np.void] | None = None,
    ) -> None:  # fmt: skip
        self.record, self.risk_free, self.market = record, float(risk_free), market
        self._benchmark = benchmark

    @cached_property
    def unit(self) -> float:
        """Minor units in one unit of the currency (that of the first listing)."""
        return float(10 ** self.record.listings[0].decimals)

    @property
    def currency(self) -> str:
        return self.record.listings[0].currency

    @cached_property
    def fills(self) -> Fills:
        return fills_of(self.record)

    @cached_property
    def orders(self) -> Orders:
        return orders_of(self.record)

    @cached_property
    def trades(self) -> Trades:
        return fifo(self.record)

    @cached_property
    def round_trips(self) -> Trades:
        return round_trips(self.record)

    @cached_property
    def costs(self) -> NDArray[np.void]:
        return costs_of(self.record, self.market)

    @cached_property
    def days(self) -> Days:
        return days_of(self.record)

    @property
    def days_a_year(self) -> int:
        return self.days.a_year

    @property
    def risk_free_day(self) -> float:
        """The risk-free return of one day."""
        return float((1.0 + self.risk_free) ** (1.0 / self.days_a_year) - 1.0)

    @cached_property
    def daily(self) -> Floats:
        """Returns of each day with a sample; the first from the cash at the start."""
        levels = self.record.equity[self.days.at].astype(np.float64)
        return returns_at(levels, self.record.start_cash)

    @cached_property
    def drawdown(self) -> Floats:
        return drawdown_of(self.record)

    @cached_property
    def exposures(self) -> Exposures:
        return exposures_of(self.record)

    @cached_property
    def benchmark(self) -> Floats:
        """What one unit in the benchmark has become at each sample; NaN before its first price."""
        given, times = self._benchmark, self.record.times
        if given is None:
            return held_of(self.record)
        if isinstance(given, pd.Series):
            if not isinstance(given.index, pd.DatetimeIndex):
                raise InvalidField("benchmark", given.index.dtype, "a Series with a DatetimeIndex")
            index = given.index if given.index.tz is None else given.index.tz_convert(None)
            at = pd.DatetimeIndex(times.astype("M8[ns]"))
            given = given.set_axis(index).sort_index().reindex(at, method="ffill").to_numpy()
        prices = np.asarray(given, np.float64)
        if prices.shape != times.shape:
            raise InvalidField("benchmark", f"shape {prices.shape}", f"shape {times.shape}")
        known = np.flatnonzero(np.isfinite(prices) & (prices > 0))
        if not len(known):
            raise InvalidField("benchmark", "no price at any sample", "prices above 0")
        return np.asarray(prices / prices[known[0]])

    @cached_property
    def benchmark_daily(self) -> Floats:
        """Returns of the benchmark over the same days; 0 while it has no price."""
        return returns_at(np.nan_to_num(self.benchmark[self.days.at], nan=1.0), 1.0)
