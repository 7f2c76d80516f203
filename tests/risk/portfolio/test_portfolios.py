"""Covariance, contributions, simulation, stress and liquidity."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from domain.errors import InvalidField
from risk import options
from risk.portfolio import (
    contributions,
    covariance,
    historical,
    liquidity,
    montecarlo,
    parametric,
    stress,
    tail_of,
)


def _draw(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def _returns(days: int, assets: int, seed: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    market = draw.normal(0, 0.01, days)
    return market[:, None] * draw.uniform(0.5, 1.5, assets) + draw.normal(0, 0.01, (days, assets))


ESTIMATES = {
    "sample": covariance.sample,
    "ewma": covariance.ewma,
    "shrunk": covariance.shrunk,
    "cleaned": covariance.cleaned,
    "by_factors": lambda rows: covariance.by_factors(rows, 1),
}


@pytest.mark.parametrize("name", ESTIMATES)
def test_an_estimate_is_a_covariance_and_near_the_sample(name: str) -> None:
    rows = _returns(2000, 8, seed=1)
    found, plain = ESTIMATES[name](rows), covariance.sample(rows)
    np.testing.assert_allclose(found, found.T, atol=1e-18)
    assert np.linalg.eigvalsh(found)[0] > 0
    near = 0.8 if name == "ewma" else 0.2  # 33 days count for ewma
    assert np.linalg.norm(found - plain) < near * np.linalg.norm(plain)


@pytest.mark.parametrize("name", ["shrunk", "cleaned", "by_factors"])
def test_little_history_is_estimated_better_than_by_the_sample(name: str) -> None:
    """Mean square distance from the true covariance of the process, over 40 draws."""
    error, plain = 0.0, 0.0
    for seed in range(40):
        draw = np.random.default_rng(seed)
        beta = draw.uniform(0.5, 1.5, 30)
        truth = np.outer(beta, beta) + np.eye(30)
        rows = draw.multivariate_normal(np.zeros(30), truth, 45)
        error += np.sum((ESTIMATES[name](rows) - truth) ** 2)
        plain += np.sum((covariance.sample(rows) - truth) ** 2)
    assert error < plain


def test_the_weights_of_ewma() -> None:
    rows = _returns(300, 2, seed=2)
    naive = np.zeros((2, 2))
    total = 0.0
    for age, row in enumerate(rows[::-1]):
        naive += 0.9**age * np.outer(row, row)
        total += 0.9**age
    np.testing.assert_allclose(covariance.ewma(rows, 0.9), naive / total, rtol=1e-12)


def test_ledoit_and_wolf_by_hand() -> None:
    """The shrinkage of two assets, term by term as in the paper."""
    rows = _returns(10, 2, seed=3)
    centred = rows - rows.mean(axis=0)
    plain = sum(np.outer(row, row) for row in centred) / 10
    mean = (plain[0, 0] + plain[1, 1]) / 2
    distance = ((plain - mean * np.eye(2)) ** 2).sum() / 2
    noise = sum(((np.outer(row, row) - plain) ** 2).sum() / 2 for row in centred) / 100
    share = min(noise, distance) / distance
    expected = share * mean * np.eye(2) + (1 - share) * plain
    np.testing.assert_allclose(covariance.shrunk(rows), expected, rtol=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_components_add_up(seed: int) -> None:
    draw = np.random.default_rng(seed)
    rows = _returns(500, 5, seed)
    held = draw.normal(0, 1e6, 5)
    normal = contributions.of_normal(held, covariance.sample(rows))
    assert normal.value_at_risk.sum() == pytest.approx(normal.total.value_at_risk)
    assert normal.expected_shortfall.sum() == pytest.approx(normal.total.expected_shortfall)
    simple = parametric.delta_normal(held, covariance.sample(rows))
    assert normal.total.value_at_risk == pytest.approx(simple.value_at_risk)
    past = contributions.of_outcomes(rows * held)
    assert past.value_at_risk.sum() == pytest.approx(past.total.value_at_risk)
    assert past.expected_shortfall.sum() == pytest.approx(past.total.expected_shortfall)


def test_incremental_is_the_fall_without_the_position() -> None:
    rows, held = _returns(500, 4, seed=5), np.array([1e6, -5e5, 2e5, 0.0])
    spread = covariance.sample(rows)
    normal = contributions.of_normal(held, spread)
    past = contributions.of_outcomes(rows * held)
    for at in range(4):
        rest = np.where(np.arange(4) == at, 0.0, held)
        fall = parametric.delta_normal(held, spread).value_at_risk
        fall -= parametric.delta_normal(rest, spread).value_at_risk
        assert normal.incremental[at] == pytest.approx(fall, abs=1e-6)
        fall = past.total.value_at_risk - historical.historical(rows @ rest).value_at_risk
        assert past.incremental[at] == pytest.approx(fall, abs=1e-6)


def test_marginal_is_the_slope_of_value_at_risk() -> None:
    rows, held = _returns(500, 3, seed=6), np.array([1e6, -5e5, 2e5])
    spread = covariance.sample(rows)
    component = contributions.of_normal(held, spread).value_at_risk
    for at in range(3):
        step = np.zeros(3)
        step[at] = 1.0
        up = parametric.delta_normal(held + step, spread).value_at_risk
        down = parametric.delta_normal(held - step, spread).value_at_risk
        assert component[at] / held[at] == pytest.approx((up - down) / 2, rel=1e-6)


def test_drawn_moves_have_the_covariance_and_the_tails() -> None:
    spread = np.array([[4.0, 1.0], [1.0, 1.0]])
    normal = montecarlo.normal_moves(spread, 200_001, _draw(1))
    student = montecarlo.student_moves(spread, 5.0, 200_001, _draw(1))
    for moves in (normal, student):
        assert moves.shape == (200_001, 2)
        np.testing.assert_allclose(np.cov(moves, rowvar=False), spread, rtol=0.05, atol=0.05)
    assert abs(stats.kurtosis(normal[:, 0])) < 0.1
    assert stats.kurtosis(student[:, 0]) > 2
    np.testing.assert_array_equal(normal, montecarlo.normal_moves(spread, 200_001, _draw(1)))
    flat = montecarlo.normal_moves(np.ones((2, 2)), 100, _draw(0))  # singular: one factor twice
    np.testing.assert_allclose(flat[:, 0], flat[:, 1], atol=1e-12)


def test_copulas_keep_margins_and_dependence() -> None:
    draw = np.random.default_rng(7)
    base = draw.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], 2000)
    rows = np.column_stack((np.exp(base[:, 0]), base[:, 1] ** 3))
    for freedom in (None, 4.0):
        moves = montecarlo.copula_moves(rows, 50_000, _draw(2), freedom)
        for at in range(2):
            assert stats.ks_2samp(moves[:, at], rows[:, at]).statistic < 0.03
        rho = stats.spearmanr(moves[:, 0], moves[:, 1]).statistic
        assert rho == pytest.approx(stats.spearmanr(*rows.T).statistic, abs=0.05)
    low = np.quantile(rows, 0.01, axis=0)
    together = [
        np.mean(np.all(montecarlo.copula_moves(rows, 100_000, _draw(3), f) < low, axis=1))
        for f in (None, 3.0)
    ]
    assert together[1] > 1.2 * together[0]  # extremes of a t copula come together


def test_full_revaluation_of_a_linear_book_is_the_formula() -> None:
    spread = np.array([[1e-4, 5e-5], [5e-5, 2e-4]])
    held = np.array([1e6, 5e5])
    moves = montecarlo.normal_moves(spread, 400_000, _draw(4))
    found = montecarlo.revalued(lambda m: m @ held, moves)
    formula = parametric.delta_normal(held, spread)
    assert found.value_at_risk == pytest.approx(formula.value_at_risk, rel=0.02)
    assert found.expected_shortfall == pytest.approx(formula.expected_shortfall, rel=0.02)


def test_full_revaluation_of_options_never_loses_more_than_the_premium() -> None:
    price = float(options.black_scholes_price("call", 100, 100, 0.25, 0.0, 0.3))

    def reprice(moves: np.ndarray) -> np.ndarray:
        spot = 100 * np.exp(moves[:, 0])
        return options.black_scholes_price("call", spot, 100, 0.25, 0.0, 0.3) - price

    found = montecarlo.revalued(reprice, montecarlo.normal_moves([[0.04]], 50_000, _draw(5)))
    assert 0.9 * price < found.value_at_risk < price
    with pytest.raises(InvalidField, match="reprice"):
        montecarlo.revalued(lambda m: m, np.ones((10, 1)))
    with pytest.raises(InvalidField, match=r"pnl\[0\] is nan"):
        montecarlo.revalued(lambda m: m[:, 0] * np.nan, np.ones((10, 1)))


def test_episodes_and_shocks() -> None:
    found = stress.shocked({"us_equity": 1e6, "vix": -1e5})
    assert found[0].pnl == min(loss.pnl for loss in found)
    monday = next(loss for loss in found if loss.scenario.startswith("1987"))
    assert monday.pnl == pytest.approx(-205_000)
    both = stress.shocked({"a": 10.0}, {"mine": {"a": -0.5, "b": 1.0}})[0]
    assert (both.pnl, both.unknown) == (-5.0, ("b",))
    with pytest.raises(InvalidField, match="finite"):
        stress.shocked({"a": 1.0}, {"mine": {"a": float("nan")}})


def test_reverse_stress_is_the_likeliest_move() -> None:
    spread, held = np.array([[4e-4, 1e-4], [1e-4, 1e-4]]), np.array([1e6, -2e6])
    found = stress.reverse(held, spread, 50_000)
    assert held @ found.move == pytest.approx(-50_000)
    draw = np.random.default_rng(8)
    inverse = np.linalg.inv(spread)
    for other in draw.normal(size=(200, 2)):
        moved = other * (-50_000 / (held @ other))
        assert np.sqrt(moved @ inverse @ moved) >= found.distance - 1e-9
    searched = stress.reverse_of(lambda m: float(held @ m), spread, 50_000)
    np.testing.assert_allclose(searched.move, found.move, rtol=1e-3, atol=1e-6)
    with pytest.raises(InvalidField, match="loss"):
        stress.reverse_of(lambda m: float(m @ m), spread, 1.0)
    with pytest.raises(InvalidField, match="loss is -1"):
        stress.reverse(held, spread, -1)


def test_liquidity() -> None:
    cost = liquidity.spread_cost([1e6, -2e6], [0.001, 0.002], [0.0005, 0.001], 2.0)
    assert cost == pytest.approx(0.5 * (1e6 * 0.002 + 2e6 * 0.004))
    np.testing.assert_allclose(liquidity.days_to_sell([1000, 0], [500, 0], 0.2), [10, 0])
    assert liquidity.over_liquidation(100.0, [1.0]) == pytest.approx(100.0)
    # ten equal parts: the root of the sum of squares of what is left each day
    root = np.sqrt(((np.arange(10, 0, -1) / 10) ** 2).sum())
    assert liquidity.over_liquidation(100.0, [10.0]) == pytest.approx(100 * root)
    with pytest.raises(InvalidField, match=r"volumes\[0\]"):
        liquidity.days_to_sell([10], [0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: covariance.sample([[1.0, 2.0]]), "1 rows"),
        (lambda: covariance.cleaned([[1.0, 2.0], [1.0, 3.0], [1.0, 1.0]]), "constant"),
        (lambda: covariance.by_factors(_returns(10, 2, 0), 3), "factors is 3"),
        (lambda: covariance.ewma([[1.0, np.inf], [1.0, 1.0]]), r"returns\[0, 1\] is inf"),
        (lambda: montecarlo.normal_moves([[1.0]], 1, _draw(0)), "count is 1"),
        (lambda: montecarlo.normal_moves([[-1.0]], 10, _draw(0)), "eigenvalue"),
        (lambda: montecarlo.student_moves([[1.0]], 2.0, 10, _draw(0)), "freedom"),
        (lambda: tail_of([], 0.99), "pnl is '0 values'"),
    ],
)
def test_bad_input_names_the_field(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidField, match=message):
        call()
