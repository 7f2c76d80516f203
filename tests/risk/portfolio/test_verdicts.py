"""Backtests of risk models, and measures of performance."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from domain.errors import InvalidField
from risk.portfolio import backtest, parametric, performance
from risk.portfolio.parametric import Moments


def _hits(days: int, where: list[int]) -> np.ndarray:
    pnl = np.zeros(days)
    pnl[where] = -2.0
    return pnl


def test_kupiecs_table() -> None:
    """Non-rejection regions at 95 % for 255, 510 and 1000 days (Kupiec 1995; Jorion, table 6-2)."""
    for confidence, days, low, high in (
        (0.99, 255, 0, 7), (0.99, 510, 1, 11), (0.99, 1000, 4, 17),
        (0.95, 255, 6, 21), (0.95, 510, 16, 36), (0.95, 1000, 37, 65),
        (0.90, 255, 16, 36), (0.90, 510, 38, 65), (0.90, 1000, 81, 120),
    ):  # fmt: skip
        kept = [
            count
            for count in range(days // 4)
            if backtest.coverage(_hits(days, list(range(count))), np.ones(days), confidence)
            .unconditional.statistic < 3.841
        ]  # fmt: skip
        assert kept == list(range(low + 1, high))


def test_christoffersen_sees_clusters() -> None:
    spread = backtest.coverage(_hits(1000, list(range(50, 1000, 100))), np.ones(1000))
    bunched = backtest.coverage(_hits(1000, list(range(500, 510))), np.ones(1000))
    assert spread.exceptions == bunched.exceptions == 10
    assert spread.unconditional == bunched.unconditional
    assert spread.independence.p_value > 0.5
    assert bunched.independence.p_value < 1e-6
    assert bunched.conditional.p_value < 1e-5 < spread.conditional.p_value
    none = backtest.coverage(np.zeros(250), np.ones(250))
    assert none.exceptions == 0
    assert none.independence.p_value == 1.0


def test_independence_by_hand() -> None:
    """pi_01 = 1/3, pi_11 = 1/2, pi = 2/5 of the sequence 0 1 1 0 0 0 with six days."""
    found = backtest.coverage(_hits(6, [1, 2]), np.ones(6), 0.6).independence
    own = 2 * np.log(2 / 3) + np.log(1 / 3) + 2 * np.log(1 / 2)
    pooled = 3 * np.log(3 / 5) + 2 * np.log(2 / 5)
    assert found.statistic == pytest.approx(2 * (own - pooled))


def test_the_traffic_light_of_basel() -> None:
    for count in range(14):
        found = backtest.coverage(_hits(250, list(range(count))), np.ones(250))
        assert found.zone == ("green" if count < 5 else "yellow" if count < 10 else "red")
        assert found.multiplier == 3 + {5: 0.4, 6: 0.5, 7: 0.65, 8: 0.75, 9: 0.85}.get(
            count, 0.0 if count < 5 else 1.0
        )
    assert backtest.coverage(np.zeros(500), np.ones(500)).multiplier is None


def test_a_right_model_is_rejected_as_often_as_it_should() -> None:
    draw = np.random.default_rng(1)
    rejected = [
        backtest.coverage(draw.normal(size=500), np.full(500, 1.6449), 0.95)
        .unconditional.p_value < 0.05
        for _ in range(400)
    ]  # fmt: skip
    assert 0.02 < np.mean(rejected) < 0.09


def test_acerbi_and_szekely() -> None:
    draw = np.random.default_rng(2)
    tail = parametric.normal_tail(Moments(0, 1), 0.975)
    days, draws = 250, draw.normal(size=(2000, 250))
    given = (np.full(days, tail.value_at_risk), np.full(days, tail.expected_shortfall))
    right, wrong = draw.normal(size=days), draw.standard_t(3, days)
    first, second = backtest.acerbi_szekely(right, *given, scenarios=draws)
    assert first.p_value > 0.01
    assert second.p_value > 0.01
    first, second = backtest.acerbi_szekely(wrong, *given, scenarios=draws)
    assert second.p_value < 0.05
    assert second.statistic < -0.7
    assert first.statistic < 0
    assert np.isnan(backtest.acerbi_szekely(right, *given)[0].p_value)
    pnl = np.array([0.0, -3.0, 1.0, -2.5])
    first, second = backtest.acerbi_szekely(pnl, np.full(4, 2.0), np.full(4, 2.5), 0.75)
    assert first.statistic == pytest.approx(-(3.0 / 2.5 + 1.0) / 2 + 1)
    assert second.statistic == pytest.approx(-(3.0 / 2.5 + 1.0) / (4 * 0.25) + 1)
    assert backtest.acerbi_szekely([1.0, 2.0], [1, 1], [1, 1])[0].statistic == 0.0


RETURNS = [0.10, -0.05, -0.10, 0.20, 0.0, -0.02]


def test_performance_by_hand() -> None:
    level = np.cumprod(1 + np.array(RETURNS))
    found = performance.performance(RETURNS, periods=12)
    assert found.total_return == pytest.approx(level[-1] - 1)
    assert found.annual_return == pytest.approx(level[-1] ** 2 - 1)
    mean, deviation = np.mean(RETURNS), np.std(RETURNS, ddof=1)
    assert found.sharpe == pytest.approx(mean / deviation * np.sqrt(12))
    short = np.sqrt((0.05**2 + 0.1**2 + 0.02**2) / 6)
    assert found.sortino == pytest.approx(mean / short * np.sqrt(12))
    assert found.omega == pytest.approx(0.30 / 0.17)
    assert found.max_drawdown.depth == pytest.approx(0.95 * 0.9 - 1)
    drop = found.max_drawdown
    assert (drop.peak, drop.trough, drop.end) == (1, 3, 4)
    assert found.calmar == pytest.approx(found.annual_return / 0.145)
    assert found.positive == pytest.approx(2 / 6)
    assert (found.best, found.worst) == (0.20, -0.10)


def test_a_drawdown_that_has_not_ended() -> None:
    drop = performance.max_drawdown([0.1, -0.5, 0.1])
    assert (drop.peak, drop.trough, drop.end) == (1, 2, None)
    assert performance.max_drawdown([0.1, 0.2]).depth == 0.0


def test_edges() -> None:
    assert np.isnan(performance.sharpe([0.0, 0.0]))
    assert performance.sharpe([0.01, 0.01]) == np.inf
    assert performance.omega([0.01, 0.02]) == np.inf
    assert np.isnan(performance.volatility([0.01]))
    assert performance.total_return([0.5, -1.0]) == -1.0
    with pytest.raises(InvalidField, match=r"returns\[1\] is -1.5"):
        performance.sharpe([0.1, -1.5])
    with pytest.raises(InvalidField, match="returns is '0 values'"):
        performance.performance([])
    tails = performance.tail_ratio(stats.norm.ppf((np.arange(1000) + 0.5) / 1000) * 0.01)
    assert tails == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: backtest.coverage([1.0, 2.0], [1.0]), "value_at_risk is '1 values'"),
        (lambda: backtest.coverage([1.0], [1.0]), "at least 2 days"),
        (lambda: backtest.coverage([1.0, np.nan], [1.0, 1.0]), r"pnl\[1\]"),
        (lambda: backtest.acerbi_szekely([1, 2], [1, 1], [1, 0]), r"expected_shortfall\[1\]"),
        (lambda: backtest.acerbi_szekely([1, 2], [1, 1], [1]), "expected_shortfall"),
    ],
)
def test_bad_input_names_the_field(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidField, match=message):
        call()
