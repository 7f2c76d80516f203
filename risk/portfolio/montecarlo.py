"""Monte Carlo: draws of factor moves, and the tail of a portfolio revalued under each.

Glasserman, "Monte Carlo Methods in Financial Engineering" (2003), chapter 9; copulas as in McNeil,
Frey and Embrechts (2015), chapter 7. Chance comes in as a numpy Generator, so one seed repeats all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from domain.errors import InvalidField
from risk.portfolio.inputs import Floats, covariance_of, table
from risk.portfolio.tail import Tail, tail_of

MOST_DRAWS = 100_000_000


class Draw(Protocol):
    """Where chance comes from: a numpy Generator."""

    def standard_normal(self, size: Any) -> Any:
        """Independent standard normal numbers."""

    def chisquare(self, df: float, size: Any) -> Any:
        """Independent chi-square numbers."""


def _count(count: int) -> int:
    if count not in range(2, MOST_DRAWS + 1):
        raise InvalidField("count", count, f"a whole number from 2 to {MOST_DRAWS}")
    return count


def _root(covariance: Floats) -> Floats:
    """A matrix whose square is the covariance; it may be singular."""
    values, vectors = np.linalg.eigh(covariance)
    root: Floats = vectors * np.sqrt(np.maximum(values, 0.0))
    return root


def normal_moves(covariance: ArrayLike, count: int, draw: Draw) -> Floats:
    """Multivariate normal moves with mean 0: shape (count, factors); the second half mirrored."""
    root = _root(covariance_of(covariance))
    half = draw.standard_normal(((_count(count) + 1) // 2, len(root)))
    moves: Floats = np.concatenate((half, -half))[:count] @ root.T
    return moves


def student_moves(
    covariance: ArrayLike, freedom: float, count: int, draw: Draw
) -> Floats:
    """Multivariate t moves with this covariance: shape (count, factors); freedom above 2."""
    if not freedom > 2.0:
        raise InvalidField("freedom", freedom, "degrees of freedom above 2")
    mixing = (freedom - 2.0) / draw.chisquare(freedom, _count(count))
    moves: Floats = normal_moves(covariance, count, draw) * np.sqrt(mixing)[:, None]
    return moves


def copula_moves(
    returns: ArrayLike, count: int, draw: Draw, freedom: float | None = None
) -> Floats:
    """Moves with the margins of history and a copula fitted to its ranks: shape (count, factors).

    returns: shape (days, factors), at least 20 days. freedom: of a t copula, whose extremes come
    together; None: a normal copula. The correlation is 2 sin(pi rho / 6) of Spearman's rho, for a
    t copula sin(pi tau / 2) of Kendall's tau.
    """
    rows = table("returns", returns, 20)
    correlation = _rank_correlation(rows, freedom is not None)
    if freedom is None:
        uniform = stats.norm.cdf(normal_moves(correlation, count, draw))
    else:
        scale = np.sqrt(freedom / (freedom - 2.0)) if freedom > 2.0 else np.nan
        uniform = stats.t.cdf(student_moves(correlation, freedom, count, draw) * scale, freedom)
    drawn = [np.quantile(rows[:, at], uniform[:, at]) for at in range(rows.shape[1])]
    return np.column_stack(drawn)


def _rank_correlation(rows: Floats, kendall: bool) -> Floats:
    count = rows.shape[1]
    found = np.eye(count)
    for one in range(count):
        for other in range(one):
            if kendall:
                angle = 0.5 * stats.kendalltau(rows[:, one], rows[:, other]).statistic
                value = np.sin(np.pi * angle)
            else:
                rho = stats.spearmanr(rows[:, one], rows[:, other]).statistic
                value = 2.0 * np.sin(np.pi * rho / 6.0)
            found[one, other] = found[other, one] = np.nan_to_num(value)
    values, vectors = np.linalg.eigh(found)  # pairwise estimates need not fit together
    fitting = (vectors * np.maximum(values, 1e-10)) @ vectors.T
    scale = 1.0 / np.sqrt(np.diag(fitting))
    nearest: Floats = fitting * np.outer(scale, scale)
    return nearest


def revalued(
    reprice: Callable[[Floats], ArrayLike], moves: Floats, confidence: float = 0.99
) -> Tail:
    """The tail of a portfolio that is priced anew under each move.

    reprice: from moves (count, factors) to profits (count,), for example by
    `risk.options.black_scholes_price`. Raises InvalidField if it gives NaN, infinity or another
    number of values.
    """
    pnl = np.asarray(reprice(moves), np.float64)
    if pnl.shape != (len(moves),):
        raise InvalidField("reprice", f"a result of shape {pnl.shape}", f"shape ({len(moves)},)")
    return tail_of(pnl, confidence)
