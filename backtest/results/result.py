"""`Result`: what a run has brought, in the units of people."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from backtest.record import Record
from backtest.results import confidence, tables
from backtest.results.analysis import Analysis
from backtest.results.attribution import attribution_of
from backtest.results.measures import measures_of
from backtest.results.report.page import page_of
from backtest.results.report.terminal import summary_of


class Result:
    """Tables, measures and reports of one run; each is worked out when it is first asked for.

    Money is in the currency of the first listing, prices and quantities in the instrument's units,
    times are UTC in indices without a time zone. `analysis` has the same in exact integers.

    >>> # result = Result(record); result.summary(); result.report("out.html")

    Args:
        record: of the run; one that ended with an error has results up to there.
        benchmark: prices, one for each sample or a pandas Series with a DatetimeIndex; None: all
            instruments bought at their first marks and held.
        risk_free: a year, as a fraction.
        market: rows of EVENT that the run has read, for the market's VWAP in `costs`.
    """

    def __init__(
        self, record: Record, benchmark: ArrayLike | pd.Series | None = None,
        risk_free: float = 0.0, market: NDArray[np.void] | None = None,
    ) -> None:  # fmt: skip
        self.record = record
        self.analysis = Analysis(record, benchmark, risk_free, market)
        self._units = tables.Units(record)

    def __repr__(self) -> str:
        profit = self.measures["net_profit"]
        return f"<Result of {self.record.name}: {profit:+,.2f} {self.analysis.currency}>"

    # ------------------------------------------------------------------ series

    def _series(self, values: Any, name: str) -> pd.Series:
        return pd.Series(values, tables.moments(self.record.times), name=name)

    @cached_property
    def equity(self) -> pd.Series:
        """Cash and open positions at their marks, at each sample."""
        return self._series(self.record.equity / self.analysis.unit, "equity")

    @cached_property
    def drawdown(self) -> pd.Series:
        """Distance below the highest equity so far, as a fraction of 0 or less."""
        return self._series(self.analysis.drawdown, "drawdown")

    @cached_property
    def returns(self) -> pd.Series:
        """Daily returns with a DatetimeIndex of days: what quantstats and pyfolio take."""
        days = pd.DatetimeIndex(self.analysis.days.dates.astype("M8[ns]"))
        return pd.Series(self.analysis.daily, days, name=self.record.name)

    @cached_property
    def benchmark_returns(self) -> pd.Series:
        """Daily returns of the benchmark."""
        return pd.Series(self.analysis.benchmark_daily, self.returns.index, name="benchmark")

    @cached_property
    def exposures(self) -> pd.DataFrame:
        """Long, short, gross, net and leverage at each sample."""
        return tables.exposures_table(self._units, self.record, self.analysis.exposures)

    @cached_property
    def positions(self) -> pd.DataFrame:
        """Quantities held at each sample, one column for each symbol."""
        held = self.record.positions * self._units.lots
        return pd.DataFrame(held, self.equity.index, list(self._units.symbols))

    # ------------------------------------------------------------------ tables

    @cached_property
    def orders(self) -> pd.DataFrame:
        """One row for each order, refused ones too."""
        return tables.orders_table(self._units, self.analysis.orders)

    @cached_property
    def executions(self) -> pd.DataFrame:
        """One row for each execution."""
        return tables.executions_table(self._units, self.analysis.fills, self.record)

    @cached_property
    def trades(self) -> pd.DataFrame:
        """One row for each pair of opening and closing executions, first in, first out."""
        return tables.trades_table(self._units, self.analysis.trades)

    @cached_property
    def round_trips(self) -> pd.DataFrame:
        """One row from flat to flat, at average prices."""
        return tables.trades_table(self._units, self.analysis.round_trips)

    @cached_property
    def costs(self) -> pd.DataFrame:
        """Implementation shortfall and its parts, one row for each order that could trade."""
        return tables.costs_table(self._units, self.analysis.costs)

    def attribution(self, period: str = "month") -> pd.DataFrame:
        """Profit and loss by instrument and by "day", "month" or "year"; adds up exactly."""
        return tables.attribution_table(self._units, attribution_of(self.record, period))

    # ------------------------------------------------------------------ numbers

    @cached_property
    def measures(self) -> dict[str, float]:
        """All measures of `backtest.results.MEASURES` by name; NaN where one is not defined."""
        return measures_of(self.analysis)

    def confidence(
        self, seed: int = 0, draws: int = 1000, confidence_level: float = 0.95
    ) -> pd.DataFrame:
        """Bootstrap intervals of measures of the daily returns: estimate, low, high.

        Stationary bootstrap (Politis and Romano 1994); the same seed gives the same intervals.
        """
        found = confidence.intervals(
            self.analysis.daily, seed, draws, confidence_level, self.analysis.days_a_year
        )
        return pd.DataFrame(found, index=["estimate", "low", "high"]).T

    def deflated_sharpe(self, trials: int, variance: float) -> float:
        """Probability that this best of `trials` runs is more than the luckiest of them.

        variance: of the daily Sharpe ratios of all trials (Bailey and Lopez de Prado 2014).
        """
        return confidence.deflated_sharpe(self.analysis.daily, trials, variance)

    # ------------------------------------------------------------------ for people

    def summary(self, width: int | None = None) -> str:
        """The measures as a table for the terminal; printing it shows it."""
        return summary_of(self.analysis, self.measures, width)

    def report(self, path: str | Path, seed: int = 0) -> Path:
        """Write one HTML file with everything, interactive and without a network; needs plotly.

        seed: of the bootstrap intervals.
        """
        return page_of(self.analysis, self.measures, seed).write(path)
