"""Was the best of many trials good, or only lucky?

returns: shape (periods, trials), the returns of each trial over the same periods.
"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from backtest.results import confidence
from domain.errors import InvalidField
from risk.portfolio.inputs import Floats, table

STEP = 4_000_000  # cells of an array at a time: 32 MB


class Overfitting(NamedTuple):
    """Outcomes over all ways to take half of the blocks as in-sample.

    probability: that the best in-sample does no better than the median out of sample (PBO).
    loss: that the best in-sample loses out of sample.
    slope: of its Sharpe ratio out of sample on that in-sample; below 0: the better, the worse.
    logits: of its relative rank out of sample, one for each way; 0 or less counts for PBO.
    """

    probability: float
    loss: float
    slope: float
    logits: Floats
    inside: Floats
    outside: Floats


def overfitting(returns: ArrayLike, blocks: int = 16) -> Overfitting:
    """Combinatorially symmetric cross-validation of Sharpe ratios.

    Bailey, Borwein, Lopez de Prado and Zhu, "The probability of backtest overfitting", J.
    Computational Finance 20 (2017). Periods that do not fill the blocks evenly are left out at
    the beginning.

    Raises:
        InvalidField: an odd number of blocks, fewer than two trials, or than two periods a block.
    """
    rows = table("returns", returns)
    if blocks < 2 or blocks % 2 or blocks > 20:
        raise InvalidField("blocks", blocks, "an even number from 2 to 20")
    if rows.shape[1] < 2 or len(rows) < 2 * blocks:
        raise InvalidField("returns", f"shape {rows.shape}", f"{2 * blocks} periods, two trials")
    size = len(rows) // blocks
    parts = rows[-size * blocks :].reshape(blocks, size, -1)
    sums, squares = parts.sum(axis=1), (parts**2).sum(axis=1)
    choices = np.zeros((len(list(combinations(range(blocks), blocks // 2))), blocks))
    for row, chosen in zip(choices, combinations(range(blocks), blocks // 2)):
        row[list(chosen)] = 1.0
    half = size * blocks // 2
    step = max(1, STEP // rows.shape[1])
    found = [
        _outcome(part, sums, squares, half)
        for part in np.split(choices, range(step, len(choices), step))
    ]
    inside, outside, logits = (np.concatenate(column) for column in zip(*found))
    slope = np.polyfit(inside, outside, 1)[0] if np.ptp(inside) > 0 else np.nan
    return Overfitting(
        float(np.mean(logits <= 0)), float(np.mean(outside < 0)), float(slope),
        logits, inside, outside,
    )  # fmt: skip


def _ratios(chosen: Floats, sums: Floats, squares: Floats, count: int) -> Floats:
    """Sharpe ratios of the chosen blocks together, for one period; 0 without variation."""
    mean = chosen @ sums / count
    variance = (chosen @ squares - count * mean**2) / (count - 1)
    return np.divide(mean, np.sqrt(variance), out=np.zeros_like(mean), where=variance > 1e-30)


def _outcome(chosen: Floats, sums: Floats, squares: Floats, count: int) -> tuple[Floats, ...]:
    own = _ratios(chosen, sums, squares, count)
    other = _ratios(1.0 - chosen, sums, squares, count)
    best = np.argmax(own, axis=1)
    here = np.arange(len(best))
    won = other[here, best]
    # Trials that are equal share their ranks.
    below = (other < won[:, None]).sum(axis=1) + (other == won[:, None]).sum(axis=1) / 2 + 0.5
    rank = below / (other.shape[1] + 1)
    return own[here, best], won, np.log(rank / (1.0 - rank))


def independent(returns: ArrayLike) -> float:
    """How many unrelated trials the related ones are worth: r + (1 - r) N of mean correlation r.

    Bailey and Lopez de Prado, "The deflated Sharpe ratio" (2014), appendix A.3.
    """
    rows = table("returns", returns, 2)
    moving = rows[:, rows.std(axis=0) > 0]
    count = moving.shape[1]
    if count < 2:
        return 1.0
    scaled = (moving - moving.mean(axis=0)) / moving.std(axis=0)
    total = float((scaled.sum(axis=1) ** 2).mean())  # the sum of all correlations
    mean = max(0.0, (total - count) / (count * (count - 1)))
    return float(mean + (1.0 - mean) * count)


def deflated_sharpe(returns: ArrayLike) -> float:
    """Probability that the best trial is better than the luckiest of so many worthless ones.

    Bailey and Lopez de Prado (2014), with the number of independent trials and the variance of
    their Sharpe ratios from the trials themselves.
    """
    rows = table("returns", returns, 3)
    deviation = rows.std(axis=0, ddof=1)
    moving = deviation > 0
    ratios = np.divide(rows.mean(axis=0), deviation, out=np.zeros_like(deviation), where=moving)
    trials = max(1, round(independent(rows)))
    variance = float(ratios.var(ddof=1)) if len(ratios) > 1 else 0.0
    return confidence.deflated_sharpe(rows[:, int(np.argmax(ratios))], trials, variance)
