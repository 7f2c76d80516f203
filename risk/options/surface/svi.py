"""The smile of one expiry as five numbers: stochastic volatility inspired, "raw".

Total variance w = sigma_implied^2 t at log-moneyness k = log(strike / forward):

    w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2))

Gatheral (2004); Gatheral and Jacquier, "Arbitrage-free SVI volatility surfaces", Quantitative
Finance 14 (2014). Fitted quasi-explicitly (Zeliade Systems, "Quasi-explicit calibration of
Gatheral's SVI model", 2009): for given m and sigma the best a, b, rho are a linear least squares
problem in a box, so that only two numbers are searched for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize

from domain.errors import InvalidField
from risk.options.surface.arbitrage import GRID, durrleman
from risk.options.surface.observations import observations

Floats = NDArray[np.float64]

STEEPEST = 2.0  # Lee, "The moment formula for implied volatility at extreme strikes" (2004)
LEAST_QUOTES = 5  # as many as there are numbers to find
_ROOT_2 = np.sqrt(2.0)
_MARGIN = 1e-3  # kept from the edge of what is allowed
_PENALTY = 100.0  # a violation weighs so much more than the same misfit


@dataclass(frozen=True, slots=True)
class SVI:
    """The smile of one expiry in total variance; see the module for the formula."""

    a: float
    b: float
    rho: float
    m: float
    sigma: float

    def __post_init__(self) -> None:
        if not (self.b >= 0.0 and abs(self.rho) <= 1.0 and self.sigma > 0.0):
            raise InvalidField("SVI", self, "b of 0 or more, rho from -1 to 1, sigma above 0")
        if not self.a + self.b * self.sigma * np.sqrt(1.0 - self.rho**2) >= -1e-12:
            raise InvalidField("SVI", self, "a variance that is nowhere below 0")

    def total_variance(self, k: ArrayLike) -> Floats:
        """w at log-moneyness k, any shape."""
        away = np.asarray(k, np.float64) - self.m
        found: Floats = self.a + self.b * (self.rho * away + np.hypot(away, self.sigma))
        return found

    def slopes(self, k: ArrayLike) -> tuple[Floats, Floats]:
        """(dw/dk, d2w/dk2) at log-moneyness k."""
        away = np.asarray(k, np.float64) - self.m
        root = np.hypot(away, self.sigma)
        return self.b * (self.rho + away / root), self.b * self.sigma**2 / root**3


def fit_svi(
    k: ArrayLike,
    total_variance: ArrayLike,
    weights: ArrayLike | None = None,
    above: Callable[[Floats], Floats] | None = None,
    arbitrage_free: bool = False,
) -> SVI:
    """The smile with the least weighted squares of its misses in total variance.

    k, total_variance: shape (n,), at least 5 different k. weights: of the squares' roots, for
    example vegas. arbitrage_free: if the best smile has a butterfly arbitrage on log-moneyness
    -1.5 to 1.5, or is over the later smile `above`, search on with violations penalised.
    """
    away, seen, weigh = observations(k, total_variance, weights, LEAST_QUOTES)
    best = _quasi_explicit(away, seen, weigh)
    if arbitrage_free and _violation(best, above).any():
        return _penalised(best, (away, seen, weigh), above)
    return best


def _linear(place: Floats, k: Floats, seen: Floats, weigh: Floats) -> tuple[Floats, Floats]:
    """(a, (c - d) / sqrt 2, (c + d) / sqrt 2) for given (m, log sigma), and the misses.

    With y = (k - m) / sigma: w = a + d y + c sqrt(y^2 + 1), c = b sigma, d = rho b sigma.
    |rho| <= 1 and b (1 + |rho|) <= 2 (Lee) are a box in the rotated unknowns. An `a` below 0 is
    taken where the least variance, a + sqrt(c^2 - d^2), is not; else, as in the paper, a >= 0.
    """
    sigma = np.exp(place[1])
    y = (k - place[0]) / sigma
    root = np.hypot(y, 1.0)
    columns = np.column_stack((np.ones_like(y), (root - y) / _ROOT_2, (root + y) / _ROOT_2))
    system, target = columns * weigh[:, None], seen * weigh
    steepest = STEEPEST * sigma / _ROOT_2
    found = np.asarray(np.linalg.lstsq(system, target)[0], np.float64)
    inside = (found[1:] >= 0.0).all() and (found[1:] <= steepest).all()
    if not (inside and found[0] + np.sqrt(2.0 * found[1] * found[2]) >= 0.0):
        box = ([0.0, 0.0, 0.0], [max(seen.max(), 1e-12), steepest, steepest])
        found = optimize.lsq_linear(system, target, box, method="bvls").x
    misses: Floats = system @ found - target
    return found, misses


def _quasi_explicit(k: Floats, seen: Floats, weigh: Floats) -> SVI:
    """A coarse look at (m, log sigma), then least squares from the three best places."""
    width = float(np.ptp(k))
    centres = np.linspace(k.min() - 0.1 * width, k.max() + 0.1 * width, 9)
    sizes = np.log(width * np.geomspace(0.02, 2.0, 7))
    places = [np.array((centre, size)) for centre in centres for size in sizes]
    cost = [float(np.sum(_linear(p, k, seen, weigh)[1] ** 2)) for p in places]
    bounds = (
        [k.min() - width, np.log(1e-3 * width)], [k.max() + width, np.log(10.0 * width)]
    )  # fmt: skip
    searches = [
        optimize.least_squares(
            lambda p: _linear(p, k, seen, weigh)[1], places[at], bounds=bounds,
            xtol=1e-14, ftol=1e-14, gtol=1e-14,
        )
        for at in np.argsort(cost)[:3]
    ]  # fmt: skip
    m, size = min(searches, key=lambda search: search.cost).x
    a, down, up = _linear(np.array((m, size)), k, seen, weigh)[0]
    c, d, sigma = (up + down) / _ROOT_2, (up - down) / _ROOT_2, float(np.exp(size))
    return SVI(float(a), float(c / sigma), float(d / c) if c > 0.0 else 0.0, float(m), sigma)


def _violation(
    smile: SVI, above: Callable[[Floats], Floats] | None, margin: float = 0.0
) -> Floats:
    """How far a smile breaks the two rules, at each place of the grid; 0 where it does not."""
    butterfly = np.maximum(margin - durrleman(smile, GRID), 0.0)
    if above is None:
        return butterfly
    over = np.maximum(smile.total_variance(GRID) - above(GRID) + margin * above(GRID), 0.0)
    return np.concatenate((butterfly, over))


def _penalised(
    start: SVI, quotes: tuple[Floats, Floats, Floats], above: Callable[[Floats], Floats] | None
) -> SVI:
    """Least squares in the five numbers, with violations among the misses.

    What is searched for instead of `a` is the least variance, which must not be below 0.
    """
    k, seen, weigh = quotes

    def smile(p: Floats) -> SVI:
        least, b, rho, m, sigma = (float(value) for value in p)
        return SVI(least - b * sigma * float(np.sqrt(1.0 - rho * rho)), b, rho, m, sigma)

    def misses(p: Floats) -> Floats:
        tried = smile(p)
        fit = weigh * (tried.total_variance(k) - seen)
        return np.concatenate((fit, _PENALTY * weigh.max() * _violation(tried, above, _MARGIN)))

    least, wide = start.a + start.b * start.sigma * np.sqrt(1.0 - start.rho**2), float(np.ptp(k))
    low = np.array((0.0, 0.0, -0.999, k.min() - wide, 1e-3 * wide))
    high = np.array((2.0 * seen.max(), STEEPEST, 0.999, k.max() + wide, 10.0 * wide))
    starts = [(least, start.b, start.rho, start.m, start.sigma)] + [
        (0.8 * seen.min(), float(np.ptp(seen)) / wide, skew, 0.0, 0.3 * wide)
        for skew in (-0.5, 0.0)
    ]
    inside = [np.clip(x, low + 1e-9, high - 1e-9) for x in starts]
    searches = [
        optimize.least_squares(misses, x, bounds=(low, high), x_scale="jac", max_nfev=300)
        for x in inside
    ]
    return smile(min(searches, key=lambda search: search.cost).x)
