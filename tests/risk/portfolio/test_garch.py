"""GARCH and DCC find the parameters of what was simulated with them."""

from __future__ import annotations

import numpy as np
import pytest

import gridworks as gw
from domain.errors import InvalidField
from risk.portfolio.garch import dcc, garch

MEAN = np.array([[1.0, 0.5, 0.2], [0.5, 1.0, -0.1], [0.2, -0.1, 1.0]])


def simulated(days: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns of three assets, and the covariance of the day after the last."""
    draw = np.random.default_rng(seed)
    q, variance, returns = MEAN.copy(), np.full(3, 1e-4), np.empty((days, 3))
    for day in range(days):
        z = np.linalg.cholesky(correlation(q)) @ draw.standard_normal(3)
        returns[day] = np.sqrt(variance) * z
        variance = 5e-6 + 0.06 * returns[day] ** 2 + 0.89 * variance
        q = 0.03 * MEAN + 0.04 * np.outer(z, z) + 0.93 * q
    return returns, correlation(q) * np.sqrt(np.outer(variance, variance))


def correlation(q: np.ndarray) -> np.ndarray:
    return q / np.sqrt(np.outer(np.diag(q), np.diag(q)))


def test_simulated_parameters_and_tomorrow_are_found() -> None:
    returns, tomorrow = simulated(4000, seed=11)
    found = dcc(returns)
    assert found.a == pytest.approx(0.04, abs=0.012)
    assert found.b == pytest.approx(0.93, abs=0.025)
    for margin in found.margins:
        assert margin.alpha == pytest.approx(0.06, abs=0.02)
        assert margin.beta == pytest.approx(0.89, abs=0.05)
        mean = margin.omega / (1.0 - margin.alpha - margin.beta)
        assert mean == pytest.approx(1e-4, rel=0.25)
    np.testing.assert_allclose(correlation(found.covariance), found.correlation, rtol=1e-12)
    np.testing.assert_allclose(found.correlation, correlation(tomorrow), atol=0.06)
    np.testing.assert_allclose(np.diag(found.covariance), np.diag(tomorrow), rtol=0.15)
    assert np.linalg.eigvalsh(found.covariance)[0] > 0.0


def test_the_likelihood_is_the_sum_of_normal_densities_and_the_best_of_its_neighbours() -> None:
    returns, _ = simulated(1500, seed=2)
    made = returns[:, 0]
    best = garch(made)
    squares = (made - made.mean()) ** 2

    def likelihood(omega: float, alpha: float, beta: float) -> float:
        variance, total = squares.mean(), 0.0
        for square in squares:
            total -= 0.5 * (np.log(2 * np.pi * variance) + square / variance)
            variance = omega + alpha * square + beta * variance
        return total

    at = (best.omega, best.alpha, best.beta)
    assert likelihood(*at) == pytest.approx(best.log_likelihood, abs=1e-6)
    for place in range(3):
        for factor in (0.97, 1.03):
            near = [p * (factor if n == place else 1.0) for n, p in enumerate(at)]
            assert likelihood(*near) < best.log_likelihood + 1e-6
    assert best.variance.shape == (1501,)


def test_returns_without_memory_have_next_to_none() -> None:
    returns = np.random.default_rng(3).standard_normal((3000, 4))
    found = dcc(returns)
    assert found.a < 0.02
    np.testing.assert_allclose(found.covariance, np.eye(4), atol=0.15)


def test_it_is_an_estimator_of_a_portfolio() -> None:
    import pandas as pd

    returns, _ = simulated(400, seed=4)
    prices = pd.DataFrame(100 * np.cumprod(1 + np.vstack((np.zeros(3), returns)), axis=0),
                          columns=list("ABC"))  # fmt: skip
    held = [{"position": name, "quantity": 1} for name in "ABC"]
    found = gw.risk.Portfolio(held, prices).covariance("dcc")
    np.testing.assert_allclose(found, dcc(returns).covariance, rtol=1e-3)


def test_bad_returns() -> None:
    returns, _ = simulated(150, seed=5)
    for made, message in (
        (lambda: garch(returns[:50, 0]), "at least 100 values"),
        (lambda: garch(np.ones(200)), "returns is 'constant'"),
        (lambda: dcc(returns[:, :1]), "2 to 100 assets"),
        (lambda: dcc(np.column_stack((returns[:, :1], np.zeros(150)))), r"returns\[:, 1\]"),
        (lambda: dcc(returns[:, [0, 0]]), "assets bound together"),
    ):
        with pytest.raises(InvalidField, match=message):
            made()
