"""Value at risk and expected shortfall: published results, closed forms, laws."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from domain.errors import InvalidField
from risk.portfolio import historical, parametric, tail_of
from risk.portfolio.parametric import Moments


def _rows(path: Path) -> list[list[str]]:
    with path.open() as file:
        return [row for row in csv.reader(file) if not row[0].startswith("#")]


def test_published_quantiles_and_shortfalls(vectors: Callable[[str], Path]) -> None:
    """Results of Open Source Risk, over a real portfolio: every row, both tails."""
    folder = vectors("value_at_risk")
    made: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for row in _rows(folder / "ExpectedOutput_HistSimVar_historical_PnL.csv"):
        made[tuple(row[:3])].append(float(row[-1]))
    checked = 0
    for row in _rows(folder / "ExpectedOutput_HistSimVar_var.csv"):
        pnl, given = np.array(made[tuple(row[:3])]), [float(x) for x in row[3:]]
        for place, confidence in ((0, 0.99), (1, 0.95)):
            found = historical.historical(pnl, confidence)
            assert -found.value_at_risk == pytest.approx(given[place], abs=2e-6)
            assert -found.expected_shortfall == pytest.approx(given[4 + place], abs=2e-6)
        checked += 1
    assert checked == 6


def test_the_quantile_is_numpys_whatever_the_level() -> None:
    pnl = np.random.default_rng(1).normal(size=1000)
    for confidence in (0.9, 0.95, 0.975, 0.99, 0.995, 0.999):
        share = (1000 - round(1000 * confidence)) / 1000
        expected = np.sort(pnl)[round(1000 * share) - 1]
        assert tail_of(pnl, confidence).value_at_risk == -expected


def test_weights_are_repetitions() -> None:
    draw = np.random.default_rng(2)
    pnl, times = draw.normal(size=60), draw.integers(0, 5, 60)
    weighted, repeated = tail_of(pnl, 0.9, times), tail_of(np.repeat(pnl, times), 0.9)
    assert weighted.value_at_risk == repeated.value_at_risk
    assert weighted.expected_shortfall == pytest.approx(repeated.expected_shortfall, rel=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_expected_shortfall_is_coherent(seed: int) -> None:
    """Subadditive (where n (1 - confidence) is whole), at least VaR, linear in size and in cash."""
    draw = np.random.default_rng(seed)
    one, other = draw.standard_t(3, (2, 500))
    alone, beside, both = (tail_of(x, 0.98) for x in (one, other, one + other))
    assert both.expected_shortfall <= alone.expected_shortfall + beside.expected_shortfall + 1e-12
    assert alone.expected_shortfall >= alone.value_at_risk
    moved = tail_of(3.0 * one + 2.0, 0.98)
    assert moved.expected_shortfall == pytest.approx(3.0 * alone.expected_shortfall - 2.0)
    assert moved.value_at_risk == pytest.approx(3.0 * alone.value_at_risk - 2.0)


def test_age_makes_old_losses_count_less() -> None:
    old, new = np.zeros(500), np.zeros(500)
    old[:10], new[-10:] = -100.0, -100.0
    assert historical.age_weighted(old).value_at_risk == 0.0
    assert historical.age_weighted(new).value_at_risk == 100.0
    almost_even = historical.age_weighted(new, 0.98, decay=1 - 1e-12)
    assert almost_even.value_at_risk == historical.historical(new, 0.98).value_at_risk


def test_scaling_follows_volatility() -> None:
    draw = np.random.default_rng(3)
    calm, wild = draw.normal(0, 1, 400), draw.normal(0, 5, 400)
    plain = historical.historical(np.concatenate((calm, wild))).value_at_risk
    after = historical.volatility_scaled(np.concatenate((wild, calm))).value_at_risk
    before = historical.volatility_scaled(np.concatenate((calm, wild))).value_at_risk
    assert after < 0.5 * plain < before
    steady = historical.volatility_scaled(np.tile([1.0, -1.0], 100), 0.95)
    assert steady.value_at_risk == pytest.approx(1.0, rel=1e-9)
    assert historical.volatility_scaled(np.zeros(30)).value_at_risk == 0.0


def test_formulas_are_integrals() -> None:
    """Expected shortfall is the mean of the quantiles beyond, for normal and t."""
    for confidence in (0.95, 0.99):
        share = np.linspace(0, 1 - confidence, 400_001)[1:] - (1 - confidence) / 800_000
        normal = parametric.normal_tail(Moments(0.3, 2.0), confidence)
        assert normal.value_at_risk == pytest.approx(-stats.norm.ppf(1 - confidence, 0.3, 2.0))
        mean = -np.mean(stats.norm.ppf(share, 0.3, 2.0))
        assert normal.expected_shortfall == pytest.approx(mean, rel=1e-5)
        student = parametric.student_tail(Moments(0.3, 2.0), 5.0, confidence)
        scale = 2.0 * np.sqrt(3 / 5)
        mean = -np.mean(0.3 + scale * stats.t.ppf(share, 5.0))
        assert student.expected_shortfall == pytest.approx(mean, rel=1e-3)


def test_cornish_fisher_of_a_normal_is_normal_and_its_shortfall_the_mean_beyond() -> None:
    plain = parametric.cornish_fisher(Moments(0.1, 1.5), 0.99)
    assert plain.value_at_risk == pytest.approx(
        parametric.normal_tail(Moments(0.1, 1.5), 0.99).value_at_risk)  # fmt: skip
    skewed = Moments(0.0, 1.0, -0.4, 0.8)
    levels = 1 - (np.arange(20_000) + 0.5) / 20_000 * 0.01
    mean = np.mean([parametric.cornish_fisher(skewed, c).value_at_risk for c in levels[::40]])
    assert parametric.cornish_fisher(skewed).expected_shortfall == pytest.approx(mean, rel=5e-3)
    with pytest.raises(InvalidField, match="expansion can describe"):
        parametric.cornish_fisher(Moments(0, 1, -4.0, 0.0), 0.99)


def test_delta_gamma_moments_are_those_of_a_simulation() -> None:
    draw = np.random.default_rng(4)
    factors = draw.normal(size=(3, 3))
    covariance, gamma = factors @ factors.T, draw.normal(size=(3, 3))
    delta = draw.normal(size=3)
    found = parametric.delta_gamma_moments(delta, gamma, covariance)
    moves = draw.multivariate_normal(np.zeros(3), covariance, 1_000_000)
    pnl = moves @ delta + 0.5 * np.einsum("ni,ij,nj->n", moves, gamma, moves)
    assert found.mean == pytest.approx(pnl.mean(), abs=0.02 * pnl.std())
    assert found.deviation == pytest.approx(pnl.std(), rel=0.01)
    assert found.skewness == pytest.approx(stats.skew(pnl), rel=0.05, abs=0.02)
    assert found.kurtosis == pytest.approx(stats.kurtosis(pnl), rel=0.1, abs=0.05)
    linear = parametric.delta_gamma_moments(delta, np.zeros((3, 3)), covariance)
    assert parametric.cornish_fisher(linear).value_at_risk == pytest.approx(
        parametric.delta_normal(delta, covariance).value_at_risk)  # fmt: skip


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: historical.historical([1.0]), "pnl is '1 values'; allowed: at least 2"),
        (lambda: historical.historical([1.0, np.nan]), r"pnl\[1\] is nan"),
        (lambda: historical.historical([[1.0, 2.0]]), "pnl is 'shape"),
        (lambda: historical.historical([1.0, 2.0], 1.0), "confidence is 1.0"),
        (lambda: historical.historical([1.0, 2.0], 0.4), "confidence is 0.4"),
        (lambda: historical.age_weighted([1.0, 2.0], 0.99, 1.5), "decay is 1.5"),
        (lambda: historical.volatility_scaled([1.0] * 5), "at least 20"),
        (lambda: tail_of([1.0, 2.0], 0.9, [1.0]), "weights is '1 values'"),
        (lambda: tail_of([1.0, 2.0], 0.9, [1.0, -1.0]), r"weights\[1\] is -1"),
        (lambda: tail_of([1.0, 2.0], 0.9, [0.0, 0.0]), "a sum above 0"),
        (lambda: parametric.delta_normal([1, 1], [[1, 0.5], [0.4, 1]]), r"covariance\[0, 1\]"),
        (lambda: parametric.delta_normal([1, 1], [[1, 2], [2, 1]]), "smallest eigenvalue -1"),
        (lambda: parametric.delta_normal([1], [[1, 0], [0, 1]]), "2 columns"),
        (lambda: parametric.student_tail(Moments(0, 1), 2.0), "freedom is 2.0"),
        (lambda: historical.profits([1.0], [[1.0, 2.0]]), "2 columns"),
    ],
)
def test_bad_input_names_the_field(call: Callable[[], object], message: str) -> None:
    with pytest.raises(InvalidField, match=message):
        call()
