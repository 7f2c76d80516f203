"""Value at risk by formula: the distribution of factor returns is assumed, not simulated.

Jorion, "Value at Risk", 3rd ed. (2007), chapters 9 and 10; Cornish and Fisher (1937).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from domain.errors import InvalidField
from risk.portfolio.inputs import covariance_of, level, series, table
from risk.portfolio.tail import Tail


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean, standard deviation, skewness and excess kurtosis of a P&L."""

    mean: float
    deviation: float
    skewness: float = 0.0
    kurtosis: float = 0.0


def delta_normal(
    exposures: ArrayLike, covariance: ArrayLike, confidence: float = 0.99
) -> Tail:
    """Normal returns with mean 0 of what is held.

    exposures: value held in each factor, shape (factors,); covariance of the factors' returns.
    """
    held = series("exposures", exposures)
    spread = covariance_of(covariance, len(held))
    return normal_tail(Moments(0.0, float(np.sqrt(held @ spread @ held))), confidence)


def normal_tail(moments: Moments, confidence: float = 0.99) -> Tail:
    """The tail of a normal P&L."""
    share = level(confidence)
    z = float(stats.norm.ppf(share))
    shortfall = moments.deviation * float(stats.norm.pdf(z)) / share - moments.mean
    return Tail(-moments.mean - moments.deviation * z, shortfall, confidence)


def student_tail(moments: Moments, freedom: float, confidence: float = 0.99) -> Tail:
    """The tail of a P&L that is Student's t with `freedom` above 2, scaled to its deviation.

    McNeil, Frey and Embrechts, "Quantitative Risk Management", 2nd ed. (2015), section 2.3.
    """
    if not freedom > 2.0:
        raise InvalidField("freedom", freedom, "degrees of freedom above 2")
    share = level(confidence)
    scale = moments.deviation * np.sqrt((freedom - 2.0) / freedom)
    t = float(stats.t.ppf(share, freedom))
    inside = float(stats.t.pdf(t, freedom)) / share * (freedom + t * t) / (freedom - 1.0)
    return Tail(float(-moments.mean - scale * t), float(scale * inside - moments.mean), confidence)


def delta_gamma_moments(
    delta: ArrayLike, gamma: ArrayLike, covariance: ArrayLike
) -> Moments:
    """Moments of ``delta . x + x' gamma x / 2`` for normal factor moves x with mean 0.

    delta: money for a move of 1 in each factor, shape (factors,); gamma: (factors, factors).
    With A = gamma covariance: mean tr(A) / 2, variance d'Sd + tr(A^2) / 2, and so on (Jorion).
    """
    slope = series("delta", delta)
    spread = covariance_of(covariance, len(slope))
    bend = table("gamma", gamma, rows=len(slope), columns=len(slope))
    bend = 0.5 * (bend + bend.T)
    a = bend @ spread
    square = a @ a
    variance = slope @ spread @ slope + 0.5 * np.trace(square)
    if variance <= 0.0:
        return Moments(float(0.5 * np.trace(a)), 0.0)
    third = 3.0 * slope @ spread @ a @ slope + np.trace(square @ a)
    fourth = 12.0 * slope @ spread @ square @ slope + 3.0 * np.trace(square @ square)
    return Moments(
        float(0.5 * np.trace(a)),
        float(np.sqrt(variance)),
        float(third / variance**1.5),
        float(fourth / variance**2),
    )


def cornish_fisher(moments: Moments, confidence: float = 0.99) -> Tail:
    """The quantile corrected for skewness and kurtosis, and the mean of all quantiles below it.

    Raises InvalidField where the corrected quantile falls as the probability rises: the moments
    are then beyond what the expansion can describe (Maillard, "A user's guide to the Cornish
    Fisher expansion", 2012).
    """
    share = level(confidence)
    z = float(stats.norm.ppf(share))
    s, k = moments.skewness, moments.kurtosis
    slope = 1.0 + z * s / 3.0 + (z * z - 1.0) * k / 8.0 - (6.0 * z * z - 5.0) * s * s / 36.0
    if slope <= 0.0:
        allowed = "skewness and kurtosis that the expansion can describe; use a simulation"
        raise InvalidField("moments", f"skewness {s:.4g}, excess kurtosis {k:.4g}", allowed)
    quantile = (
        z + (z * z - 1.0) * s / 6.0 + (z**3 - 3.0 * z) * k / 24.0
        - (2.0 * z**3 - 5.0 * z) * s * s / 36.0
    )  # fmt: skip
    # means of z, z^2 - 1, z^3 - 3 z and z^3 below the normal quantile, times its density
    first, second, third = -1.0, -z, 1.0 - z * z
    cube = -(z * z + 2.0)
    mean = float(stats.norm.pdf(z)) / share * (
        first + second * s / 6.0 + third * k / 24.0 - (2.0 * cube - 5.0 * first) * s * s / 36.0
    )
    return Tail(
        -moments.mean - moments.deviation * quantile,
        -moments.mean - moments.deviation * mean,
        confidence,
    )
