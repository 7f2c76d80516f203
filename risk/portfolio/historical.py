"""Historical simulation: the tail of what would have been made and lost on past days.

Plain; with weights that fade with age (Boudoukh, Richardson and Whitelaw, "The best of both
worlds", Risk 11, 1998); with each day scaled to the volatility of today (Hull and White,
"Incorporating volatility updating into the historical simulation method", J. Risk 1, 1998).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from risk.portfolio.covariance import ewma_variance
from risk.portfolio.inputs import Floats, between, series, table
from risk.portfolio.tail import Tail, tail_of


def profits(exposures: ArrayLike, returns: ArrayLike) -> Floats:
    """What the portfolio of today would have made on each day: shape (days,).

    exposures: value held in each factor, shape (factors,); returns: shape (days, factors).
    """
    held = series("exposures", exposures)
    rows = np.asarray(returns)
    if rows.dtype == np.float64 and rows.ndim == 2 and rows.shape[1] == len(held) and len(rows):
        with np.errstate(all="ignore"):
            made: Floats = rows @ held
        if np.isfinite(made).all():  # then all that went in was finite, and reading it once is all
            return made
    checked: Floats = table("returns", returns, columns=len(held)) @ held
    return checked


def historical(pnl: ArrayLike, confidence: float = 0.99) -> Tail:
    """Every day counts alike. pnl: oldest first, shape (days,), at least 2 days."""
    return tail_of(series("pnl", pnl, 2), confidence)


def age_weighted(pnl: ArrayLike, confidence: float = 0.99, decay: float = 0.98) -> Tail:
    """A day counts `decay` times as much as the day after it. pnl: oldest first."""
    outcomes = series("pnl", pnl, 2)
    fade = between("decay", decay, 0.0, 1.0)
    return tail_of(outcomes, confidence, fade ** np.arange(len(outcomes) - 1, -1, -1.0))


def volatility_scaled(pnl: ArrayLike, confidence: float = 0.99, decay: float = 0.94) -> Tail:
    """Each day times the volatility expected for tomorrow over that expected for the day then.

    Volatility: exponentially weighted with `decay`, as in `covariance.ewma`. pnl: oldest first,
    at least 20 days; a series that never moves is its own tail.
    """
    outcomes = series("pnl", pnl, 20)
    variance = ewma_variance(outcomes, between("decay", decay, 0.0, 1.0))
    if not variance[:-1].all():
        return tail_of(outcomes, confidence)
    return tail_of(outcomes * np.sqrt(variance[-1] / variance[:-1]), confidence)
