"""`Tail`: value at risk and expected shortfall, as losses, and what they were computed from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from domain.errors import InvalidField
from risk.portfolio.inputs import Floats, level, series


@dataclass(frozen=True, slots=True)
class Tail:
    """How much is lost in bad times. Losses are positive, in the unit of the P&L.

    value_at_risk: the loss that is exceeded with a probability of at most 1 - confidence;
    expected_shortfall: the mean loss in that tail; outcomes: how many it was computed from, 0 if
    from a formula.
    """

    value_at_risk: float
    expected_shortfall: float
    confidence: float
    outcomes: int = 0

    def scaled(self, days: float) -> Tail:
        """Over so many days instead of one, by the square root of time (independent days)."""
        root = float(np.sqrt(days))
        var, shortfall = root * self.value_at_risk, root * self.expected_shortfall
        return Tail(var, shortfall, self.confidence, self.outcomes)


def tail_of(pnl: ArrayLike, confidence: float = 0.99, weights: ArrayLike | None = None) -> Tail:
    """The tail of outcomes, each as likely as its weight (all alike by default).

    pnl: profits and losses, shape (n,). The quantile is the inverse of the distribution function
    (`numpy.quantile(method="inverted_cdf")`), expected shortfall the mean of the outcomes at or
    below it. n * (1 - confidence) should be 1 or more, or the tail is one outcome.

    >>> tail_of([-5, -3, -1, 0, 1, 2, 3, 4, 5, 6], confidence=0.8)
    Tail(value_at_risk=3.0, expected_shortfall=4.0, confidence=0.8, outcomes=10)
    """
    outcomes, share = series("pnl", pnl), level(confidence)
    mass = None if weights is None else _weights(weights, len(outcomes))
    quantile = float(np.quantile(outcomes, share, method="inverted_cdf", weights=mass))
    inside = outcomes <= quantile
    shortfall = float(np.average(outcomes[inside], weights=None if mass is None else mass[inside]))
    return Tail(-quantile, -shortfall, confidence, len(outcomes))


def _weights(weights: ArrayLike, count: int) -> Floats:
    mass = series("weights", weights)
    if len(mass) != count:
        raise InvalidField("weights", f"{len(mass)} values", f"{count}, one an outcome")
    negative = np.flatnonzero(mass < 0.0)
    if len(negative):
        at = int(negative[0])
        raise InvalidField(f"weights[{at}]", float(mass[at]), "0 or more")
    if not mass.sum() > 0.0:
        raise InvalidField("weights", "nothing but 0", "a sum above 0")
    return mass
