"""Measures: by hand, against their definitions, and where they are not defined."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backtest.results import MEASURES, Result
from backtest.results import confidence as c
from backtest.results.measures import measures_of
from domain.errors import InvalidField
from risk.portfolio import performance
from tests.backtest.results.build import DAY, START, record_of, walk

DOCS = Path(__file__).resolve().parents[3] / "docs"


def test_a_year_by_hand():
    """Cash 1000.00, 100 lots at 1.00 held from the first of five days: the marks are the equity."""
    record = record_of([(0, 1, 1000, 100, 0)], [[100], [110], [99], [88], [121]], cash=100_000)
    found = Result(record).measures
    assert found["net_profit"] == 210.0
    assert found["total_return"] == pytest.approx(0.21)
    assert found["buy_and_hold"] == pytest.approx(0.21)
    assert found["max_drawdown"] == pytest.approx(-0.2)
    assert found["max_drawdown_days"] == 3.0  # from the second day to the fifth
    assert found["average_drawdown"] == pytest.approx(-0.2)
    assert found["cagr"] == pytest.approx(1.21 ** (365.25 / 4) - 1)
    assert found["exposure_time"] == 1.0
    assert found["mean_leverage"] == found["max_leverage"] == pytest.approx(1.0)
    assert found["turnover"] == pytest.approx(100_000 / np.mean(record.equity) * 365.25 / 4)
    assert (found["beta"], found["correlation"]) == pytest.approx((1.0, 1.0))
    assert found["alpha"] == pytest.approx(0.0, abs=1e-9)
    assert found["trades"] == 0
    assert np.isnan(found["win_rate"])
    assert list(found) == [measure.name for measure in MEASURES]


def test_ratios_are_those_of_the_portfolio_package():
    result = Result(walk(300), risk_free=0.03)
    rows, found = result.returns.to_numpy(), result.measures
    free = 1.03 ** (1 / 365) - 1  # the days have weekends
    assert found["sharpe"] == performance.sharpe(rows, free, 365)
    assert found["sortino"] == performance.sortino(rows, free, 365)
    assert found["max_drawdown"] == pytest.approx(performance.max_drawdown(rows).depth)
    assert found["calmar"] == pytest.approx(performance.calmar(rows, 365))
    closed = result.trades[~result.trades["open"]]["pnl"].to_numpy()
    assert found["win_rate"] == np.mean(closed > 0)
    factor = closed[closed > 0].sum() / -closed[closed < 0].sum()
    assert found["profit_factor"] == pytest.approx(factor)
    assert found["fees"] == pytest.approx(result.executions["fee"].sum())


def test_each_measure_is_the_same_alone():
    result = Result(walk(60))
    for name, value in result.measures.items():
        (alone,) = measures_of(result.analysis, (name,)).values()
        assert alone == pytest.approx(value, nan_ok=True)


def test_measures_of_trades_by_hand():
    pnl = [3.0, -1.0, 2.0, -2.0, 1.0]
    assert performance.win_rate(pnl) == 0.6
    assert performance.profit_factor(pnl) == 2.0
    assert performance.payoff(pnl) == pytest.approx(2.0 / 1.5)
    assert performance.expectancy(pnl) == pytest.approx(0.6)
    assert performance.kelly(pnl) == pytest.approx(0.6 - 0.4 / (2.0 / 1.5))
    assert performance.system_quality(pnl) == pytest.approx(5**0.5 * 0.6 / np.std(pnl, ddof=1))
    assert np.isnan(performance.payoff([1.0]))
    assert np.isnan(performance.system_quality([1.0]))
    assert performance.profit_factor([1.0]) == np.inf


def test_measures_beside_a_benchmark_by_hand():
    rows, other = [0.02, -0.01, 0.03, 0.0], [0.01, -0.01, 0.01, -0.01]
    line = performance.market_line(rows, other, periods=100)
    assert line.beta == pytest.approx(1.5)
    assert line.alpha == pytest.approx(1.0)
    assert line.correlation == pytest.approx(np.corrcoef(rows, other)[0, 1])
    apart = np.subtract(rows, other)
    assert performance.tracking_error(rows, other, 100) == pytest.approx(10 * np.std(apart, ddof=1))
    ratio = apart.mean() * 10 / np.std(apart, ddof=1)
    assert performance.information_ratio(rows, other, 100) == pytest.approx(ratio)
    assert np.isnan(performance.tracking_error([0.1], [0.1]))
    with pytest.raises(InvalidField, match="benchmark"):
        performance.market_line(rows, other[1:])
    falls = [0.1, -0.1, -0.1, 0.3, -0.2]
    assert performance.longest_drawdown(falls) == 2
    assert performance.ulcer_index(falls) == pytest.approx(np.sqrt((0.1**2 + 0.19**2 + 0.04) / 5))
    unbiased = float(pd.Series(falls).skew())
    assert performance.skewness(falls) == pytest.approx(unbiased * 3 / 20**0.5)


def test_a_benchmark_may_be_a_series_of_its_own_days():
    record = walk(30)
    prices = pd.Series([50.0, 55.0], pd.DatetimeIndex(["2023-12-01", "2023-12-20"], tz="UTC"))
    result = Result(record, benchmark=prices)
    assert result.measures["benchmark_return"] == pytest.approx(0.1)
    assert (result.benchmark_returns != 0).sum() == 1
    by_sample = np.linspace(10, 20, 30)
    assert Result(record, benchmark=by_sample).measures["benchmark_return"] == pytest.approx(1.0)
    for bad in (by_sample[1:], by_sample * np.nan, pd.Series(by_sample)):
        with pytest.raises(InvalidField, match="benchmark"):
            _ = Result(record, benchmark=bad).benchmark_returns


def test_runs_without_samples_trades_or_luck_have_results_too():
    nothing = Result(record_of([], np.zeros((0, 1))))
    assert nothing.measures["net_profit"] == 0.0
    assert "no samples" in nothing.summary()
    flat = Result(record_of([], [[100]] * 5)).measures
    assert flat["total_return"] == flat["max_drawdown"] == 0.0
    assert np.isnan(flat["sharpe"])
    ruined = Result(record_of([(0, 1, 100, 100, 0)], [[100], [50], [10], [30]], cash=8_000))
    assert ruined.record.equity.tolist() == [8_000, 3_000, -1_000, 1_000]
    assert ruined.returns.tolist() == [0.0, -0.625, -1.0, 0.0]
    assert ruined.measures["max_drawdown"] == pytest.approx(-1.125)
    assert ruined.measures["annual_return"] == -1.0


def test_returns_are_what_other_packages_take():
    result = Result(walk(24 * 30, step=DAY // 24))
    assert isinstance(result.returns.index, pd.DatetimeIndex)
    assert result.returns.index.is_normalized
    assert len(result.returns) == 30
    assert result.returns.index.freq is None
    grown = (1 + result.returns).prod()
    assert grown == pytest.approx(result.equity.iloc[-1] / (result.record.start_cash / 100))
    assert result.drawdown.min() == pytest.approx(result.measures["max_drawdown"])
    assert result.exposures["gross"].to_numpy() == pytest.approx(
        (result.positions.abs() * result.record.marks / 100).sum(axis=1)
    )


def test_published_probabilistic_and_deflated_sharpe_ratios():
    """Bailey and Lopez de Prado 2012, table 1, and 2014, the numerical example."""
    assert c.probability(0.458, 24, -2.448, 10.164) == pytest.approx(0.913, abs=5e-4)
    assert c.probability(0.458, 24) == pytest.approx(0.982, abs=5e-4)
    ratio, variance = 2.5 / 250**0.5, 0.5 / 250
    assert c.luckiest(100, variance) == pytest.approx(0.1132, abs=5e-5)
    fat = (-3, 10)
    for trials, moments, expected in ((100, fat, 0.9004), (46, fat, 0.9505), (88, (0, 3), 0.9505)):
        found = c.probability(ratio, 1250, *moments, c.luckiest(trials, variance))
        assert found == pytest.approx(expected, abs=5e-5)
    assert c.luckiest(1, 1.0) == 0.0
    with pytest.raises(InvalidField, match="trials"):
        c.luckiest(0, 1.0)
    rows = np.random.default_rng(1).normal(0.001, 0.01, 500)
    one = c.sharpe_probability(rows)
    assert c.deflated_sharpe(rows, 1, 0.1) == one > c.deflated_sharpe(rows, 10, 0.001)
    assert np.isnan(c.sharpe_probability([0.0, 0.0, 0.0]))


def test_the_bootstrap_is_stationary_and_repeats():
    places = c.stationary_bootstrap(50, 4000, 5.0, np.random.default_rng(2))
    assert np.bincount(places.ravel(), minlength=50) / 4000 == pytest.approx(1.0, abs=0.1)
    goes_on = np.diff(places, axis=1) % 50 == 1
    assert goes_on.mean() == pytest.approx(1 - 0.2 * (1 - 1 / 50), abs=0.01)
    rows = np.random.default_rng(3).normal(0.0005, 0.01, 1000)
    found = c.intervals(rows, seed=7)
    assert found == c.intervals(rows, seed=7) != c.intervals(rows, seed=8)
    theory = np.sqrt(252 / 1000) * 1.96  # of the Sharpe ratio of independent returns
    assert found["sharpe"].high - found["sharpe"].low == pytest.approx(2 * theory, rel=0.1)
    assert found["sharpe"].estimate == pytest.approx(performance.sharpe(rows))
    assert found["max_drawdown"].estimate == pytest.approx(performance.max_drawdown(rows).depth)
    estimate, low, high = found["annual_return"]
    assert low < estimate < high


def test_the_guide_defines_every_measure():
    text = (DOCS / "results.md").read_text(encoding="utf-8")
    for measure in MEASURES:
        assert f"| `{measure.name}` | {measure.definition} | {measure.source} |" in text


def test_the_start_of_the_test_records_is_a_day():
    assert START % DAY == 0
