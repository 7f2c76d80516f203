"""Volatility and correlation that change from day to day, and what they are expected to be next.

GARCH(1,1): Bollerslev, J. Econometrics 31 (1986). Dynamic conditional correlation, DCC(1,1):
Engle, J. Business and Economic Statistics 20 (2002). Both by quasi maximum likelihood: the normal
likelihood, which is consistent for returns that are not normal (Bollerslev and Wooldridge 1992),
volatilities first, correlations second, as Engle does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, signal

from domain.errors import InvalidField
from risk.portfolio.inputs import Floats, series, table

LEAST_DAYS = 100
MOST_ASSETS = 100  # each day's matrix is held while the likelihood is searched
_PERSISTENT = 0.9999  # alpha + beta at most, so that variance has a mean
_LEAST = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Garch:
    """variance_t = omega + alpha r_{t-1}^2 + beta variance_{t-1}; r without its mean.

    variance: of each day and of the day after the last, shape (days + 1,), from the mean square.
    """

    omega: float
    alpha: float
    beta: float
    variance: Floats
    log_likelihood: float


@dataclass(frozen=True, slots=True, eq=False)
class Dynamic:
    """What is expected of the day after the last: covariance and correlation (assets, assets).

    Q_t = (1 - a - b) S + a z_{t-1} z_{t-1}' + b Q_{t-1}, scaled to a correlation; z: returns over
    their volatilities, S: their correlation over all days.
    """

    covariance: Floats
    correlation: Floats
    a: float
    b: float
    margins: tuple[Garch, ...]


def _variances(squares: Floats, omega: float, alpha: float, beta: float) -> Floats:
    """The recursion as a linear filter, from the mean square."""
    first = squares.mean()
    driven = np.concatenate(([first], omega + alpha * squares))
    found: Floats = signal.lfilter([1.0], [1.0, -beta], driven)
    return found


def garch(returns: ArrayLike) -> Garch:
    """GARCH(1,1) of a series of at least 100 returns, oldest first.

    Raises InvalidField for a series that does not move.
    """
    made = series("returns", returns, LEAST_DAYS)
    squares = (made - made.mean()) ** 2
    level = float(squares.mean())
    if not level > 0.0:
        raise InvalidField("returns", "constant", "returns that move")
    scaled = squares / level  # the search is in units of the mean square

    def loss(p: Floats) -> float:
        variance = _variances(scaled, p[0], p[1], p[2])[:-1]
        return float(np.mean(np.log(variance) + scaled / variance))

    starts = [(0.05, 0.05, 0.9), (0.2, 0.1, 0.7)]
    omega, alpha, beta = _search(loss, starts, [(_LEAST, 10.0), (0.0, 1.0), (0.0, 1.0)])
    variance = level * _variances(scaled, omega, alpha, beta)
    known = squares / variance[:-1]
    likelihood = -0.5 * float(np.sum(np.log(2.0 * np.pi * variance[:-1]) + known))
    return Garch(level * omega, alpha, beta, variance, likelihood)


def dcc(returns: ArrayLike) -> Dynamic:
    """DCC(1,1) over GARCH(1,1) margins of returns (days, assets), at least 100 days, oldest first.

    2 to 100 assets; for more, `covariance.by_factors`. Raises InvalidField with the column of an
    asset that does not move, and where assets are bound together exactly.
    """
    rows = table("returns", returns, LEAST_DAYS)
    assets = rows.shape[1]
    if not 2 <= assets <= MOST_ASSETS:
        raise InvalidField("returns", f"{assets} columns", f"2 to {MOST_ASSETS} assets")
    still = np.flatnonzero(np.ptp(rows, axis=0) == 0.0)
    if len(still):
        raise InvalidField(f"returns[:, {still[0]}]", "constant", "returns that move")
    margins = tuple(garch(column) for column in rows.T)
    variance = np.column_stack([margin.variance for margin in margins])
    z = (rows - rows.mean(axis=0)) / np.sqrt(variance[:-1])
    mean = _correlation(z.T @ z / len(z))
    if np.linalg.eigvalsh(mean)[0] < 1e-10:
        raise InvalidField("returns", "assets bound together", "a correlation of full rank")
    products = z[:, :, None] * z[:, None, :]

    def loss(p: Floats) -> float:
        if p[0] + p[1] >= 1.0:  # a step of the search beyond what it may return
            return 1e10
        daily = _correlation(_states(products, mean, p[0], p[1])[:-1])
        factor = np.linalg.cholesky(daily)
        spread = 2.0 * np.log(np.diagonal(factor, axis1=1, axis2=2)).sum()
        inside = np.linalg.solve(factor, z[:, :, None])
        return float((spread + np.sum(inside**2)) / len(z))

    a, b = _search(loss, [(0.02, 0.95), (0.05, 0.8)], [(0.0, 1.0), (0.0, 1.0)])
    correlation = _correlation(_states(products, mean, a, b)[-1])
    scale = np.sqrt(variance[-1])
    return Dynamic(correlation * np.outer(scale, scale), correlation, a, b, margins)


def _states(products: Floats, mean: Floats, a: float, b: float) -> Floats:
    """Q of each day and of the day after the last: shape (days + 1, assets, assets)."""
    driven = np.concatenate((mean[None], (1.0 - a - b) * mean + a * products))
    found: Floats = signal.lfilter([1.0], [1.0, -b], driven, axis=0)
    return found


def _correlation(q: Floats) -> Floats:
    scale = 1.0 / np.sqrt(np.diagonal(q, axis1=-2, axis2=-1))
    found: Floats = q * scale[..., :, None] * scale[..., None, :]
    return found


def _search(
    loss: Callable[[Floats], float],
    starts: Sequence[tuple[float, ...]],
    bounds: list[tuple[float, float]],
) -> list[float]:
    """The least loss whose last two parameters add up to less than 1, from the best start."""
    limit = {"type": "ineq", "fun": lambda p: _PERSISTENT - p[-2] - p[-1]}
    found = [
        optimize.minimize(
            loss, start, bounds=bounds, constraints=[limit], method="SLSQP",
            options={"ftol": 1e-10, "maxiter": 200},
        )
        for start in starts
    ]  # fmt: skip
    best = min(found, key=lambda search: float(search.fun))
    return [float(value) for value in best.x]
