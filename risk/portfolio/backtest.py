"""Was the risk model right? Tests of value at risk and expected shortfall against what happened.

Kupiec, J. Derivatives 3 (1995); Christoffersen, Int. Economic Review 39 (1998); Basel Committee,
"Supervisory framework for the use of backtesting" (1996); Acerbi and Szekely, "Backtesting
expected shortfall", Risk (2014).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from domain.errors import InvalidField
from risk.portfolio.inputs import Floats, level, series, table

# additions to the Basel multiplier of 3 for 5, 6, ... 10 exceptions in 250 days at 99 %
ADDITIONS = (0.40, 0.50, 0.65, 0.75, 0.85, 1.00)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A statistic and how likely one at least as bad is if the model is right."""

    statistic: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """Exceptions of value at risk: their number (Kupiec), their order, and both at once."""

    days: int
    exceptions: int
    expected: float
    unconditional: Verdict
    independence: Verdict
    conditional: Verdict
    zone: str  # green, yellow or red
    multiplier: float | None  # Basel's, where it is defined: 250 days at 99 %


def exceptions(pnl: ArrayLike, value_at_risk: ArrayLike) -> Floats:
    """1.0 for each day that lost more than its value at risk (a positive number), else 0.0."""
    made, limit = series("pnl", pnl), series("value_at_risk", value_at_risk)
    if len(made) != len(limit):
        raise InvalidField("value_at_risk", f"{len(limit)} values", f"{len(made)}, one a day")
    return (made < -limit).astype(np.float64)


def coverage(pnl: ArrayLike, value_at_risk: ArrayLike, confidence: float = 0.99) -> Coverage:
    """All tests of the exceptions of a forecast; at least 2 days.

    pnl and value_at_risk: a value a day, the forecast made before the day began.
    """
    hits, share = exceptions(pnl, value_at_risk), level(confidence)
    if len(hits) < 2:
        raise InvalidField("pnl", f"{len(hits)} values", "at least 2 days")
    days, count = len(hits), int(hits.sum())
    alone, order = _kupiec(days, count, share), _independence(hits)
    both = alone.statistic + order.statistic
    return Coverage(
        days,
        count,
        days * share,
        alone,
        order,
        Verdict(both, float(stats.chi2.sf(both, 2))),
        _zone(days, count, share),
        _multiplier(days, count, share),
    )


def _kupiec(days: int, count: int, share: float) -> Verdict:
    rate = count / days
    own = special.xlogy(count, rate) + special.xlogy(days - count, 1.0 - rate)
    given = special.xlogy(count, share) + special.xlogy(days - count, 1.0 - share)
    ratio = max(2.0 * float(own - given), 0.0)
    return Verdict(ratio, float(stats.chi2.sf(ratio, 1)))


def _independence(hits: Floats) -> Verdict:
    """Whether an exception makes one on the next day likelier (a Markov chain of order 1)."""
    before, after = hits[:-1].astype(int), hits[1:].astype(int)
    moves = np.zeros((2, 2))
    np.add.at(moves, (before, after), 1.0)
    rows = moves.sum(axis=1, keepdims=True)
    own = np.sum(special.xlogy(moves, moves / np.maximum(rows, 1.0)))
    pooled = moves.sum(axis=0)
    given = np.sum(special.xlogy(pooled, pooled / pooled.sum()))
    ratio = max(2.0 * float(own - given), 0.0)
    return Verdict(ratio, float(stats.chi2.sf(ratio, 1)))


def _zone(days: int, count: int, share: float) -> str:
    """Basel: yellow from where a right model has at most so many with 95 %, red with 99.99 %."""
    likely = float(stats.binom.cdf(count, days, share))
    return "green" if likely < 0.95 else "yellow" if likely < 0.9999 else "red"


def _multiplier(days: int, count: int, share: float) -> float | None:
    if days != 250 or share != 0.01:
        return None
    return 3.0 + (ADDITIONS[min(count, 10) - 5] if count >= 5 else 0.0)


def acerbi_szekely(
    pnl: ArrayLike,
    value_at_risk: ArrayLike,
    expected_shortfall: ArrayLike,
    confidence: float = 0.975,
    scenarios: ArrayLike | None = None,
) -> tuple[Verdict, Verdict]:
    """(first, second) test of expected shortfall; below 0: losses were worse than forecast.

    The first looks at the size of exceptions alone (0 if there are none), the second at size and
    number. scenarios: draws of the model for each day, shape (draws, days), for p-values; without
    them they are NaN. A second statistic below -0.7 rejects at 5 % for many distributions.
    """
    made, hits = series("pnl", pnl), exceptions(pnl, value_at_risk)
    short = series("expected_shortfall", expected_shortfall)
    if len(short) != len(made):
        allowed = f"{len(made)}, one a day"
        raise InvalidField("expected_shortfall", f"{len(short)} values", allowed)
    bad = np.flatnonzero(short <= 0.0)
    if len(bad):
        at = int(bad[0])
        raise InvalidField(f"expected_shortfall[{at}]", float(short[at]), "a loss above 0")
    share = level(confidence)
    found = _shortfall_statistics(made[None, :], hits[None, :], short, share)
    if scenarios is None:
        return Verdict(float(found[0][0]), np.nan), Verdict(float(found[1][0]), np.nan)
    drawn = table("scenarios", scenarios, 2, len(made))
    limit = series("value_at_risk", value_at_risk)
    null = _shortfall_statistics(drawn, (drawn < -limit).astype(np.float64), short, share)
    first, second = (
        Verdict(float(own[0]), float(np.mean(drawn <= own[0])))
        for own, drawn in zip(found, null, strict=True)
    )
    return first, second


def _shortfall_statistics(
    made: Floats, hits: Floats, short: Floats, share: float
) -> tuple[Floats, Floats]:
    ratios = (made * hits / short).sum(axis=1)
    counts = hits.sum(axis=1)
    first = np.where(counts > 0.0, ratios / np.maximum(counts, 1.0) + 1.0, 0.0)
    return first, ratios / (made.shape[1] * share) + 1.0
