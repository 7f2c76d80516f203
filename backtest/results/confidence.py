"""Is it skill or luck? Bootstrap intervals, and Sharpe ratios that know how they were found.

returns: simple returns of equal periods, as fractions, shape (periods,). Sharpe ratios here are for
one period, not for a year.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from domain.errors import InvalidField
from risk.portfolio import performance
from risk.portfolio.inputs import Floats, between, series

EULER = 0.5772156649015329


class Interval(NamedTuple):
    """A statistic of the sample and the bounds between which `confidence` of the draws lie."""

    estimate: float
    low: float
    high: float


def stationary_bootstrap(
    length: int, draws: int, block: float, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Places of resampled series, shape (draws, length) (Politis and Romano 1994).

    Blocks start anywhere, run on around the end, and have geometric lengths of mean `block`: what
    is near in time stays near, and the resampled series is stationary.
    """
    new = generator.random((draws, length)) < 1.0 / block
    new[:, 0] = True
    starts = generator.integers(0, length, (draws, length))
    steps = np.arange(length)
    since = np.maximum.accumulate(np.where(new, steps, 0), axis=1)
    places = np.take_along_axis(starts, since, axis=1) + steps - since
    return np.asarray(places % length, np.int64)


def block_length(count: int) -> float:
    """Mean length of blocks when nothing else is known: it must grow like the cube root."""
    return max(1.0, float(round(count ** (1 / 3))))


def intervals(
    returns: ArrayLike, seed: int, draws: int = 1000, confidence: float = 0.95,
    periods: float = 252, block: float = 0.0,
) -> dict[str, Interval]:  # fmt: skip
    """Percentile intervals of the yearly return, volatility, Sharpe ratio and deepest fall.

    Args:
        seed: of the draws; the same seed gives the same intervals.
        block: mean length of a block in periods; 0: the cube root of their number.

    Raises:
        InvalidField: fewer than 10 returns, or a confidence outside (0, 1).
    """
    rows = series("returns", returns, 10)
    tail = (1.0 - between("confidence", confidence, 0.0, 1.0)) / 2.0
    generator = np.random.default_rng(seed)
    block = block or block_length(len(rows))
    step = max(1, 2_000_000 // len(rows))  # draws at a time: 16 MB an array
    found = [
        _statistics(rows[stationary_bootstrap(len(rows), n, block, generator)], periods)
        for n in (min(step, draws - at) for at in range(0, draws, step))
    ]
    own = _statistics(rows[None, :], periods)
    answer = {}
    for name, value in own.items():
        drawn = np.concatenate([part[name] for part in found])
        low, high = np.quantile(drawn, (tail, 1.0 - tail))
        answer[name] = Interval(float(value[0]), float(low), float(high))
    return answer


def _statistics(samples: Floats, periods: float) -> dict[str, Floats]:
    """Measures of many series at once, each as `risk.portfolio.performance` defines it."""
    levels = np.cumprod(1.0 + samples, axis=1)
    peaks = np.maximum(np.maximum.accumulate(levels, axis=1), 1.0)
    deviation = samples.std(axis=1, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = samples.mean(axis=1) / deviation * np.sqrt(periods)
    return {
        "annual_return": levels[:, -1] ** (periods / samples.shape[1]) - 1.0,
        "volatility": deviation * np.sqrt(periods),
        "sharpe": ratio,
        "max_drawdown": (levels / peaks - 1.0).min(axis=1),
    }


def sharpe_probability(returns: ArrayLike, benchmark: float = 0.0) -> float:
    """Probability that the true Sharpe ratio is above `benchmark` (Bailey, Lopez de Prado 2012).

    Takes skewness and fat tails into account; NaN for fewer than 3 returns or no variation.
    """
    rows = series("returns", returns)
    ratio = performance.sharpe(rows, periods=1.0)
    if len(rows) < 3 or not np.isfinite(ratio):
        return float("nan")
    moments = performance.skewness(rows), performance.kurtosis(rows)
    return probability(ratio, len(rows), *moments, benchmark)


def probability(
    ratio: float, count: int, skewness: float = 0.0, kurtosis: float = 3.0, benchmark: float = 0.0
) -> float:
    """The probabilistic Sharpe ratio of an observed ratio over `count` periods."""
    spread = 1.0 - skewness * ratio + (kurtosis - 1.0) / 4.0 * ratio**2
    return float(ndtr((ratio - benchmark) * np.sqrt(count - 1.0) / np.sqrt(spread)))


def luckiest(trials: int, variance: float) -> float:
    """Expected highest Sharpe ratio of `trials` worthless strategies (Bailey, Lopez de Prado 2014).

    variance: of the trials' Sharpe ratios. Related trials count as fewer.
    """
    if trials < 1:
        raise InvalidField("trials", trials, "1 or more")
    if trials == 1:
        return 0.0
    upper, beyond = ndtri(1.0 - 1.0 / trials), ndtri(1.0 - 1.0 / (trials * np.e))
    return float(np.sqrt(variance) * ((1.0 - EULER) * upper + EULER * beyond))


def deflated_sharpe(returns: ArrayLike, trials: int, variance: float) -> float:
    """Probability that the best of `trials` is better than the luckiest worthless one would be.

    Bailey and Lopez de Prado, "The deflated Sharpe ratio" (2014). variance: of the Sharpe ratios of
    all trials, for one period.
    """
    return sharpe_probability(returns, luckiest(trials, variance))
