"""Which position makes the risk: marginal, component and incremental measures.

Euler's allocation: components of a measure that scales with the portfolio add up to it (Tasche,
"Risk contributions and performance measurement", 1999; Jorion, chapter 7).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from risk.portfolio.inputs import Floats, covariance_of, level, series, table
from risk.portfolio.tail import Tail, tail_of


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """A portfolio's tail, and each position's part of it, shape (positions,).

    value_at_risk and expected_shortfall add up to the measures of `total`; incremental is what
    value at risk would fall by without the position.
    """

    total: Tail
    value_at_risk: Floats
    expected_shortfall: Floats
    incremental: Floats


def of_normal(
    exposures: ArrayLike, covariance: ArrayLike, confidence: float = 0.99
) -> Contributions:
    """Contributions under normal returns with mean 0.

    exposures: value held of each asset; a portfolio without risk has contributions of 0.
    """
    held = series("exposures", exposures)
    spread = covariance_of(covariance, len(held))
    share = level(confidence)
    z = -float(stats.norm.ppf(share))
    tail = float(stats.norm.pdf(z)) / share
    deviation = float(np.sqrt(held @ spread @ held))
    part = held * (spread @ held) / deviation if deviation > 0.0 else np.zeros(len(held))
    without = deviation**2 - 2.0 * held * (spread @ held) + held**2 * np.diag(spread)
    left = np.sqrt(np.maximum(without, 0.0))
    total = Tail(z * deviation, tail * deviation, confidence)
    return Contributions(total, z * part, tail * part, z * (deviation - left))


def of_outcomes(pnl: ArrayLike, confidence: float = 0.99) -> Contributions:
    """Contributions from simulated or historical profits of each position.

    pnl: shape (outcomes, positions). A position's part of expected shortfall is its mean loss in
    the portfolio's tail, its part of value at risk its mean loss in the outcomes that are the
    quantile.
    """
    rows = table("pnl", pnl, 2)
    whole = rows.sum(axis=1)
    total = tail_of(whole, confidence)
    inside, edge = whole <= -total.value_at_risk, whole == -total.value_at_risk
    others = whole[:, None] - rows
    left = np.array([tail_of(other, confidence).value_at_risk for other in others.T])
    return Contributions(
        total,
        -rows[edge].mean(axis=0),
        -rows[inside].mean(axis=0),
        total.value_at_risk - left,
    )
