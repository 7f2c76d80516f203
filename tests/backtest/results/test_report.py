"""The report and the summary hold what the result holds."""

import numpy as np
import pytest

from backtest.results import MEASURES, Result
from backtest.results.report import figures
from tests.backtest.results.build import DAY, record_of, walk
from tests.pages.reading import Reader


@pytest.fixture(scope="module")
def result():
    return Result(walk(400))


def test_the_report_is_complete(result, tmp_path):
    read = Reader(result.report(tmp_path / "out.html").read_text(encoding="utf-8"))
    assert read.loads == []
    for title in (
        "Equity", "Drawdown", "Returns of months", "Daily returns", "Rolling Sharpe ratio",
        "Exposure by equity", "Executions in S1", "Profit and loss of months by instrument",
        "Trades, first in, first out", "Round trips at average prices", "Shortfall", "By year",
        "How sure: 95 % intervals", "All measures and what they are", "Instruments",
    ):  # fmt: skip
        assert title in read.words
    for measure in MEASURES:
        assert measure.definition in read.words
    assert len(read.figures) == 10
    equity = read.figures[0].data
    assert equity[0].y[-1] == result.equity.iloc[-1]
    assert len(read.figures[2].data[0].z) == 3  # years


def test_the_heat_map_has_the_returns_of_months(result):
    trace = figures.heat_map(result.analysis).traces[0]
    months = (1 + result.returns).groupby(result.returns.index.to_period("M")).prod() - 1
    assert trace["z"][1] == pytest.approx(months["2024-01":"2024-12"].to_numpy())
    assert np.isnan(trace["z"][0][:11]).all()


def test_long_lines_keep_their_extremes():
    values = np.random.default_rng(1).normal(size=200_000)
    values[77_777] = 50.0
    kept = figures.thinned(values, -values)
    assert len(kept) <= figures.POINTS + 2
    assert {0, 77_777, 199_999} <= set(kept.tolist())
    assert (np.diff(kept) > 0).all()


def test_an_error_is_shown_and_partial_results_are_kept(tmp_path):
    record = record_of([(0, 1, 1, 100, 0)], [[100]] * 3, error="ValueError at <row> 7")
    result = Result(record)
    assert "ended with an error: ValueError at <row> 7" in result.summary()
    read = Reader(result.report(tmp_path / "out.html").read_text(encoding="utf-8"))
    assert "The run ended with an error: ValueError at <row> 7" in read.words


@pytest.mark.parametrize("samples", [0, 1, 2, 15])
def test_short_runs_have_reports_too(samples, tmp_path):
    record = record_of([], np.full((samples, 1), 100))
    assert Result(record).report(tmp_path / "out.html").stat().st_size > 10_000


def test_the_summary_is_a_table_of_measures(result):
    text = result.summary(width=110)
    assert max(len(line) for line in text.splitlines()) <= 110
    assert "Sharpe ratio" in text
    assert f"{result.measures['net_profit']:,.2f}" in text
    assert repr(result).startswith("<Result of by hand: ")


def test_an_intraday_run_has_a_summary(tmp_path):
    result = Result(walk(50, step=DAY // 100))
    assert "Sharpe ratio" not in result.summary()
    assert "Net profit" in result.summary()
    assert result.report(tmp_path / "out.html").exists()
