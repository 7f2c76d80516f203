"""Stress: losses in named episodes and under a user's shocks, and what would hurt most.

Reverse stress testing: the likeliest move that loses a given amount (Breuer, Jandacka, Rheinberger
and Summer, "How to find plausible, severe, and useful stress scenarios", 2009).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats

from domain.errors import InvalidField
from risk.portfolio.inputs import Floats, covariance_of, series

# Moves of closing levels over the dates named, as fractions; of the volatility index, its change in
# fractions of a year's volatility. Rounded: a severity to be survived, not a quote.
EPISODES: dict[str, dict[str, float]] = {
    "1987-10-19 Black Monday": {"us_equity": -0.205},
    "1997-10-27 Asian crisis": {"us_equity": -0.069, "hk_equity": -0.058},
    "1998-08-31 Russian default": {"us_equity": -0.068},
    "2001-09-17 reopening after 11 September": {"us_equity": -0.049, "vix": 0.099},
    "2008-10-06/10 after Lehman": {"us_equity": -0.182, "vix": 0.248},
    "2010-05-06 flash crash, close to close": {"us_equity": -0.032, "vix": 0.079},
    "2011-08-08 downgrade of the USA": {"us_equity": -0.067, "vix": 0.160},
    "2015-01-15 Swiss franc floor lifted": {"eur_chf": -0.19, "ch_equity": -0.087},
    "2016-06-24 United Kingdom leaves": {"gbp_usd": -0.081, "us_equity": -0.036, "vix": 0.085},
    "2018-02-05 short volatility": {"us_equity": -0.041, "vix": 0.200},
    "2020-03-16 pandemic": {"us_equity": -0.120, "vix": 0.249, "in_equity": -0.076},
    "2020-04-20 negative oil": {"wti": -3.06},
}


@dataclass(frozen=True, slots=True)
class Loss:
    """What one scenario does to a portfolio: in all, and by factor. Losses are negative."""

    scenario: str
    pnl: float
    by_factor: dict[str, float]
    unknown: tuple[str, ...]  # factors that the scenario moves and the portfolio does not have


def shocked(
    exposures: Mapping[str, float], scenarios: Mapping[str, Mapping[str, float]] = EPISODES
) -> list[Loss]:
    """P&L of exposures (money for a move of 1 in each factor) under each scenario, worst first.

    A factor that a scenario does not name does not move.
    """
    losses = []
    for name, moves in scenarios.items():
        for factor, move in moves.items():
            if not np.isfinite(move):
                raise InvalidField(f"scenarios[{name!r}][{factor!r}]", move, "a finite number")
        parts = {f: exposures[f] * move for f, move in moves.items() if f in exposures}
        missing = tuple(f for f in moves if f not in exposures)
        losses.append(Loss(name, float(sum(parts.values())), parts, missing))
    return sorted(losses, key=lambda loss: loss.pnl)


@dataclass(frozen=True, slots=True, eq=False)
class Reverse:
    """The likeliest move that loses so much: shape (factors,), and how far out it is.

    distance: in standard deviations (Mahalanobis); probability: of a move at least that far.
    """

    move: Floats
    loss: float
    distance: float
    probability: float


def reverse(exposures: ArrayLike, covariance: ArrayLike, loss: float) -> Reverse:
    """The likeliest normal move that costs `loss` (above 0), for a portfolio that is linear."""
    held = series("exposures", exposures)
    spread = covariance_of(covariance, len(held))
    variance = float(held @ spread @ held)
    _is_loss(loss)
    if variance <= 0.0:
        raise InvalidField("exposures", "no risk", "a portfolio that can lose")
    return _reverse(-loss * spread @ held / variance, loss, loss / np.sqrt(variance), len(held))


def reverse_of(
    reprice: Callable[[Floats], float], covariance: ArrayLike, loss: float
) -> Reverse:
    """The same for any portfolio: reprice gives the P&L of a move of shape (factors,).

    A search from three standard deviations up and down each factor (sequential quadratic
    programming, scipy). Raises InvalidField if no move is found that loses so much.
    """
    spread = covariance_of(covariance)
    _is_loss(loss)
    root = np.linalg.cholesky(spread + 1e-14 * np.trace(spread) * np.eye(len(spread)))
    limit = {"type": "ineq", "fun": lambda z: -loss - float(reprice(root @ z))}
    best = None
    for start in np.concatenate((np.eye(len(spread)), -np.eye(len(spread)))):
        found = optimize.minimize(
            lambda z: 0.5 * float(z @ z), 3.0 * start,
            jac=lambda z: z, constraints=[limit], method="SLSQP",
        )  # fmt: skip
        lost = -float(reprice(root @ found.x))
        if lost >= loss * (1.0 - 1e-6) and (best is None or found.fun < best.fun):
            best = found
    if best is None:
        raise InvalidField("loss", loss, "a loss that some move of the factors makes")
    return _reverse(root @ best.x, loss, float(np.linalg.norm(best.x)), len(spread))


def _is_loss(loss: float) -> None:
    if not (np.isfinite(loss) and loss > 0.0):
        raise InvalidField("loss", loss, "a finite number above 0")


def _reverse(move: Floats, loss: float, distance: float, factors: int) -> Reverse:
    farther = float(stats.chi2.sf(distance**2, factors))
    return Reverse(move, float(loss), float(distance), farther)
