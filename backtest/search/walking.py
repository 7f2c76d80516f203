"""Walk-forward: choose parameters on a stretch of history, trade the next one, move on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from backtest.events import EventKind
from backtest.search.execution import Workers
from backtest.search.objective import Backtest, Signals, Span
from backtest.search.space import Condition, Parameters, Space, aim, listed
from backtest.search.splits import WalkForward
from backtest.search.store import Row, Store
from backtest.search.sweeping import run_all
from backtest.search.validation import measured
from backtest.simulator import History
from domain.errors import InvalidField
from risk.portfolio.inputs import Floats

Times = NDArray[np.int64]


class Walk(NamedTuple):
    """windows: one row each, with what was chosen, its score inside, and its measures outside.

    returns: of the test parts one after the other, at each sample; measures: of all of them.
    """

    windows: pd.DataFrame
    returns: pd.Series
    measures: dict[str, float]


def times_of(data: History) -> Times:
    """The moments at which a run takes its samples: bars' ends, or of every row without bars."""
    bars, rows = [], []
    for chunk in data.chunks():
        bars.append(np.unique(chunk["time"][chunk["kind"] == EventKind.BAR]))
        rows.append(np.unique(chunk["time"]))
    found = bars if any(len(part) for part in bars) else rows
    return np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)


def walk_forward(
    objective: Backtest | Signals, parameters: Space | Sequence[Parameters],
    windows: WalkForward, *,
    metric: str = "sharpe", lead: int = 0,
    where: Condition | None = None, store: Store | str | Path | None = None, **more: Any,
) -> Walk:  # fmt: skip
    """Run all parameters on each training part, the best of them on the test part after it.

    Args:
        windows: in observations: bars (moments at which a bar ends).
        metric: a measure that the objective keeps; the highest wins, of "-volatility" the lowest.
            Runs without it (NaN, or an error) never do.
        lead: observations before a test part that the strategy also sees, so that its indicators
            are warm and its position is what it would be; they do not count in the result.
        store, more: as in `sweep`.

    Raises:
        InvalidField: a metric that is not measured; no run of a training part that has it.
    """
    metric, sign = aim(metric)
    if objective.measures and metric not in objective.measures:
        raise InvalidField("metric", metric, ", ".join(objective.measures))
    if lead < 0:
        raise InvalidField("lead", lead, "0 or more observations")
    chosen, times, workers = listed(parameters, where), times_of(objective.data), Workers(**more)
    parts = list(windows.split(times))
    trained = replace(objective, returns=False)
    calls = [(p, _span(times, train)) for train, _ in parts for p in chosen]
    rows = run_all(trained, calls, store, workers, "training")
    best = [
        _best(rows[at : at + len(chosen)], metric, sign)
        for at in range(0, len(rows), len(chosen))
    ]
    warm = [np.arange(max(0, test[0] - lead), test[-1] + 1) for _, test in parts]
    tests = [(chosen[b], _span(times, places)) for b, places in zip(best, warm)]
    tested = run_all(replace(objective, returns=True), tests, store, workers, "tests")
    inside = [rows[n * len(chosen) + b][metric] for n, b in enumerate(best)]
    return _joined(times, parts, [p for p, _ in tests], inside, tested)


def _span(times: Times, places: Times) -> Span:
    return int(times[places[0]]), int(times[places[-1]]) + 1


def _best(rows: Sequence[Row], metric: str, sign: float) -> int:
    scores = np.array(
        [np.nan if row["error"] else sign * float(row.get(metric, np.nan)) for row in rows]
    )
    if np.isnan(scores).all():
        said = next((row["error"] for row in rows if row["error"]), "it is not defined")
        raise InvalidField("metric", metric, f"a measure of at least one training run: {said}")
    return int(np.nanargmax(scores))


def _joined(
    times: Times, parts: Sequence[tuple[Times, Times]], chosen: Sequence[Parameters],
    inside: Sequence[float], tested: Sequence[Row],
) -> Walk:  # fmt: skip
    """Windows side by side and their test returns one after the other."""
    table, stretches = [], []
    for (train, test), parameters, score, row in zip(parts, chosen, inside, tested):
        when, made = _outside(row, int(times[test[0]]))
        stretches.append((when, made))
        edges = (train[0], train[-1], test[0], test[-1])
        names = ("train_start", "train_end", "test_start", "test_end")
        spans = {n: pd.Timestamp(int(times[e])) for n, e in zip(names, edges)}
        table.append(
            spans | parameters | {"inside": score} | measured(when, made) | {"error": row["error"]}
        )
    when = np.concatenate([w for w, _ in stretches])
    made = np.concatenate([m for _, m in stretches])
    index = pd.DatetimeIndex(when.astype("M8[ns]"))
    series = pd.Series(made, index, name="walk-forward")
    return Walk(pd.DataFrame(table), series, measured(when, made))


def _outside(row: Row, start: int) -> tuple[Times, Floats]:
    """What belongs to the test part; nothing of a run that failed at once."""
    when = np.asarray(row.get("times", ()), np.int64)
    values: ArrayLike = row.get("returns", ())
    inside = when >= start
    return when[inside], np.asarray(values, np.float64)[inside]
