"""American options and implied volatility for people; see `pricing` for what is an error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.errors import InvalidField
from risk.options.kernels import american
from risk.options.kernels.columns import RATE, SIGMA, TERMS, TIME
from risk.options.pricing import Terms, on_spot

Floats = NDArray[np.float64]

MAX_STEPS = 100_000
_VOLATILITY_BUMP, _RATE_BUMP = 1e-4, 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class AmericanGreeks:
    """Price and Greeks of American options; units as in `Greeks`."""

    price: Floats
    delta: Floats
    gamma: Floats
    theta: Floats
    vega: Floats
    rho: Floats


def _moving(*given: ArrayLike) -> Terms:
    """Terms `on_spot` that have time and volatility: nothing branches where nothing moves."""
    terms, shape = on_spot(*given)
    for name, row in (("time", TIME), ("volatility", SIGMA)):
        still = np.flatnonzero(terms[row] == 0.0)
        if len(still):
            allowed = "a number above 0 for an American option"
            raise InvalidField(f"{name}[{still[0]}]", 0.0, allowed)
    return terms, shape


def _trees(terms: Floats, steps: int) -> Floats:
    results = np.empty((american.COLUMNS, terms.shape[1]))
    american.trees(np.ascontiguousarray(terms), steps, np.empty((4, steps + 1)), results)
    return results


def _slope(terms: Floats, row: int, bump: float, steps: int) -> Floats:
    """Change of price by one term: central difference of two trees."""
    sides = []
    for sign in (1.0, -1.0):
        moved = terms.copy()
        moved[row] += sign * bump
        sides.append(_trees(moved, steps)[american.PRICE])
    difference: Floats = (sides[0] - sides[1]) / (2.0 * bump)
    return difference


def american_tree(
    kind: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    time: ArrayLike,
    rate: ArrayLike,
    volatility: ArrayLike,
    dividend_yield: ArrayLike = 0.0,
    steps: int = 501,
) -> AmericanGreeks:
    """American options by a tree of Leisen and Reimer (1996); the error is of order 1 / steps^2.

    steps: odd, 11 to 100,001. Delta, gamma and theta are read off the tree's first branches, vega
    and rho are central differences of two trees each. Cost: steps^2 / 2 nodes an option and tree.
    """
    _allowed(steps)
    terms, shape = _moving(kind, spot, strike, time, rate, volatility, dividend_yield)
    found = _trees(terms, int(steps))
    vega = _slope(terms, SIGMA, min(_VOLATILITY_BUMP, terms[SIGMA].min(initial=1) / 2), int(steps))
    rho = _slope(terms, RATE, _RATE_BUMP, int(steps))
    return AmericanGreeks(*(row.reshape(shape) for row in (*found, vega, rho)))


def _allowed(steps: int) -> None:
    if steps not in range(11, MAX_STEPS + 2, 2):
        raise InvalidField("steps", steps, f"an odd whole number from 11 to {MAX_STEPS + 1}")


def american_tree_price(
    kind: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    time: ArrayLike,
    rate: ArrayLike,
    volatility: ArrayLike,
    dividend_yield: ArrayLike = 0.0,
    steps: int = 501,
) -> Floats:
    """The prices of `american_tree` alone: one tree each instead of five."""
    _allowed(steps)
    terms, shape = _moving(kind, spot, strike, time, rate, volatility, dividend_yield)
    prices: Floats = _trees(terms, int(steps))[american.PRICE]
    return prices.reshape(shape)


def american_approximation(
    kind: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    time: ArrayLike,
    rate: ArrayLike,
    volatility: ArrayLike,
    dividend_yield: ArrayLike = 0.0,
) -> Floats:
    """Prices of American options by Barone-Adesi and Whaley (1987), for rates of 0 and more.

    Within about 1 % of the tree for times up to a year; a hundred times faster.
    """
    terms, shape = _moving(kind, spot, strike, time, rate, volatility, dividend_yield)
    negative = np.flatnonzero(terms[RATE] < 0.0)
    if len(negative):
        at = int(negative[0])
        allowed = "0 or more for this approximation; use american_tree"
        raise InvalidField(f"rate[{at}]", float(terms[RATE, at]), allowed)
    prices = np.empty(terms.shape[1])
    american.approximations(terms, np.empty(TERMS), prices)
    return prices.reshape(shape)
