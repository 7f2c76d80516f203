"""Do smiles admit arbitrage?

Butterfly: the density of the underlying's price is not below 0 where Durrleman's function is not,
Gatheral and Jacquier (2014), lemma 2.2:

    g(k) = (1 - k w' / (2 w))^2 - w'^2 / 4 (1 / w + 1 / 4) + w'' / 2

Calendar: total variance at a log-moneyness does not fall with time (lemma 2.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

GRID = np.linspace(-1.5, 1.5, 121)  # log-moneyness at which smiles are looked at
_ROUNDING = 1e-9


class Smile(Protocol):
    """Total variance of one expiry by log-moneyness."""

    def total_variance(self, k: ArrayLike) -> Floats:
        """w(k)."""

    def slopes(self, k: ArrayLike) -> tuple[Floats, Floats]:
        """(dw/dk, d2w/dk2)."""


@dataclass(frozen=True, slots=True)
class Violation:
    """Where a rule is broken most: rule "butterfly" (amount is g) or "calendar" (fall of w)."""

    rule: str
    time: float
    log_moneyness: float
    amount: float


def durrleman(smile: Smile, k: ArrayLike) -> Floats:
    """g(k); below 0 is a butterfly arbitrage. A variance of 0 or less counts as one: minus 1."""
    at = np.asarray(k, np.float64)
    w = smile.total_variance(at)
    first, second = smile.slopes(at)
    held = np.where(w > 0.0, w, 1.0)
    g = (1.0 - 0.5 * at * first / held) ** 2
    g -= 0.25 * first * first * (1.0 / held + 0.25) - 0.5 * second
    found: Floats = np.where(w > 0.0, g, -1.0)
    return found


def butterfly(smile: Smile, time: float, k: Floats = GRID) -> list[Violation]:
    """At most one violation: where g is lowest, if that is below 0."""
    g = durrleman(smile, k)
    at = int(np.argmin(g))
    found = Violation("butterfly", time, float(k[at]), float(g[at]))
    return [found] if found.amount < -_ROUNDING else []


def calendar(
    smiles: Sequence[Smile], times: Sequence[float], k: Floats = GRID
) -> list[Violation]:
    """For each expiry but the first, where its variance is furthest below the one before."""
    found = []
    for at in range(1, len(smiles)):
        rise = smiles[at].total_variance(k) - smiles[at - 1].total_variance(k)
        worst = int(np.argmin(rise))
        if rise[worst] < -_ROUNDING:
            found.append(Violation("calendar", times[at], float(k[worst]), float(rise[worst])))
    return found
