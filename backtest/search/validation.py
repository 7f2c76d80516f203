"""Choosing the best trial on some parts of time and judging it on others.

Trials run once, over all of the data; what is trained is only the choice among them. So each split
takes no run, and a test part does not begin with cold indicators.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from backtest.results.series import DAY
from backtest.search.splits import CombinatorialPurged, PurgedKFold, WalkForward
from domain.errors import InvalidField
from risk.portfolio import performance
from risk.portfolio.inputs import Floats

Splitter = WalkForward | PurgedKFold | CombinatorialPurged


def sharpe_ratios(returns: Floats) -> Floats:
    """Of each column, for one period; 0 without variation."""
    if len(returns) < 2:
        return np.zeros(returns.shape[1])
    deviation = returns.std(axis=0, ddof=1)
    none = np.zeros(returns.shape[1])
    return np.asarray(np.divide(returns.mean(axis=0), deviation, out=none, where=deviation > 1e-15))


def total_returns(returns: Floats) -> Floats:
    """Growth of each column."""
    return np.asarray(np.prod(1.0 + returns, axis=0) - 1.0)


SCORES: dict[str, Callable[[Floats], Floats]] = {
    "sharpe": sharpe_ratios,
    "total_return": total_returns,
}


class Validation(NamedTuple):
    """table: one row a split: the trial chosen, its score inside and outside, and the mean outside.

    paths: returns that nothing was trained on, shape (periods, paths); NaN where no test was.
    """

    table: pd.DataFrame
    paths: Floats


def returns_of(trials: pd.DataFrame) -> tuple[NDArray[np.int64], Floats]:
    """Times and returns, shape (periods, trials), of a sweep that kept them; failed runs are 0.

    Raises InvalidField if the trials have none, or not of the same times.
    """
    if "returns" not in trials:
        raise InvalidField("trials", list(trials.columns), "a sweep of Backtest(returns=True)")
    failed = trials["error"] if "error" in trials else [""] * len(trials)
    series = [r if _is_series(r) and not e else None for r, e in zip(trials["returns"], failed)]
    kept = [(t, r) for t, r in zip(trials["times"], series) if r is not None]
    if not kept:
        raise InvalidField("trials", "no returns", "at least one run that went through")
    times = np.asarray(kept[0][0], np.int64)
    for other, _ in kept:
        if not np.array_equal(times, other):
            raise InvalidField("trials", "runs over different times", "runs over the same data")
    flat = np.zeros(len(times))
    columns = [flat if r is None else r for r in series]
    return times, np.column_stack(columns).astype(np.float64)


def _is_series(value: Any) -> bool:
    return isinstance(value, np.ndarray | list)


def cross_validate(
    returns: Floats, splitter: Splitter, score: str = "sharpe"
) -> Validation:
    """Choose the best trial in each training part, judge it in the test part.

    Args:
        returns: shape (periods, trials), as `returns_of` makes it of a sweep.
        splitter: WalkForward, PurgedKFold or CombinatorialPurged.
        score: "sharpe" (for one period) or "total_return".
    """
    if score not in SCORES:
        raise InvalidField("score", score, ", ".join(SCORES))
    rows, outcomes = [], []
    for number, (train, test) in enumerate(splitter.split(returns)):
        if not len(train):
            raise InvalidField("splitter", splitter, "one that leaves something to train on")
        inside, outside = SCORES[score](returns[train]), SCORES[score](returns[test])
        best = int(np.argmax(inside))
        rows.append((number, best, inside[best], outside[best], float(outside.mean())))
        outcomes.append((test, returns[test, best]))
    table = pd.DataFrame(rows, columns=["split", "trial", "inside", "outside", "mean_outside"])
    return Validation(table, _paths(splitter, len(returns), outcomes))


def _paths(
    splitter: Splitter, count: int, outcomes: Sequence[tuple[NDArray[np.int64], Floats]]
) -> Floats:
    """Tests put together: the n-th test of each group belongs to the n-th path."""
    if not isinstance(splitter, CombinatorialPurged):
        path = np.full((count, 1), np.nan)
        for test, made in outcomes:
            path[test, 0] = made
        return path
    paths = np.full((count, splitter.paths), np.nan)
    used = dict.fromkeys(range(splitter.groups), 0)
    blocks = splitter.blocks(count)
    for chosen, (test, made) in zip(splitter.chosen(), outcomes):
        by_place = np.full(count, np.nan)
        by_place[test] = made
        for group in chosen:
            paths[blocks[group], used[group]] = by_place[blocks[group]]
            used[group] += 1
    return paths


def measured(times: NDArray[np.int64], returns: Floats) -> dict[str, float]:
    """Measures of returns by UTC days; a year has 365 of them with weekends, else 252."""
    days = np.asarray(times) // DAY
    starts = np.flatnonzero(np.append(True, days[1:] != days[:-1])) if len(days) else days
    grown = np.multiply.reduceat(1.0 + returns, starts) - 1.0 if len(days) else returns
    if not len(grown):
        return {}
    weekend = np.is_busday(days[starts].astype("M8[D]"), weekmask="0000011").any()
    found = performance.performance(grown, 365 if weekend else 252)
    kept = "total_return annual_return volatility sharpe sortino calmar".split()
    return {name: float(getattr(found, name)) for name in kept} | {
        "max_drawdown": found.max_drawdown.depth
    }
