"""Optuna proposes the parameters: ask, run, tell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from backtest.search.execution import Objective, Workers
from backtest.search.space import Choice, Integer, Parameters, Range, Space, aim, ranges
from backtest.search.store import Row, Store
from backtest.search.sweeping import run_all, table_of
from domain.errors import InvalidField

if TYPE_CHECKING:
    import optuna


class Tuning(NamedTuple):
    """trials: one row each, in their order, `state` complete, pruned or fail; best: parameters."""

    trials: pd.DataFrame
    best: Parameters
    study: optuna.Study


def tune(
    objective: Objective, parameters: Space, trials: int, *, seed: int, metric: str = "sharpe",
    sampler: Any = None, pruner: Any = None, **more: Any,
) -> Tuning:  # fmt: skip
    """Let a sampler look for the best parameters.

    Args:
        objective: as in `sweep`; `metric` is one of the numbers that it returns: the
            highest is best, of "-volatility" the lowest.
        seed: of the sampler (TPE unless one is given): with the same `jobs` the same trials.
        pruner: of Optuna; needs `spans`.
        more: `spans`: a sequence of spans of time, run one after the other; a trial whose metric
            on one of them convinces the pruner gets no further. Its value is that of the last.
            `batch`: trials asked for at once (default: `jobs`). `store` and the fields of
            `Workers`: as in `sweep`; since a seed asks the same again, a search that was killed
            goes on from its store.

    Raises:
        InvalidField: a metric that no run returned, a pruner without spans.
    """
    import optuna

    spans: Sequence[Any] = more.pop("spans", None) or (None,)
    store: Store | str | Path | None = more.pop("store", None)
    batch = int(more.pop("batch", 0))
    workers, space = Workers(**more), ranges(parameters)
    metric, sign = aim(metric)
    if trials < 1:
        raise InvalidField("trials", trials, "1 or more")
    if pruner is not None and spans == (None,):
        raise InvalidField("spans", None, "spans of time, for a pruner to look in between")
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study(
            direction="minimize" if sign < 0 else "maximize",
            sampler=sampler or optuna.samplers.TPESampler(seed=seed),
            pruner=pruner or optuna.pruners.NopPruner(),
        )
        rows: list[Row] = []
        while len(rows) < trials:
            size = min(batch or workers.count(), trials - len(rows))
            asked = [study.ask() for _ in range(size)]
            sets = [_suggested(trial, space) for trial in asked]
            rows += _stages(study, asked, sets, spans, (objective, store, workers, metric))
    finally:
        optuna.logging.set_verbosity(level)
    if not any(row["state"] == "complete" for row in rows):
        said = next((row["error"] for row in rows if row["error"]), f"no trial returned {metric}")
        raise InvalidField("metric", metric, f"a number that runs return: {said}")
    table = table_of([trial.params for trial in study.trials], rows)
    return Tuning(table, dict(study.best_trial.params), study)


def _suggested(trial: optuna.Trial, space: dict[str, Range]) -> Parameters:
    found: Parameters = {}
    for name, span in space.items():
        if isinstance(span, Choice):
            found[name] = trial.suggest_categorical(name, span.values)
        elif isinstance(span, Integer):
            found[name] = trial.suggest_int(name, span.low, span.high)
        else:
            found[name] = trial.suggest_float(name, span.low, span.high, log=span.log)
    return found


def _stages(
    study: optuna.Study, asked: Sequence[optuna.Trial], sets: Sequence[Parameters],
    spans: Sequence[Any], plan: tuple[Objective, Store | str | Path | None, Workers, str],
) -> list[Row]:  # fmt: skip
    """Run trials over the spans in turn, and tell the study how each of them ended."""
    from optuna.trial import TrialState

    objective, store, workers, metric = plan
    rows: list[Row] = [{} for _ in asked]
    alive = list(range(len(asked)))
    for step, span in enumerate(spans):
        done = run_all(objective, [(sets[i], span) for i in alive], store, workers, "trials")
        for i, row in zip(alive, done):
            rows[i] = row | {"state": "complete"}
            value = float(row.get(metric, np.nan))
            if row["error"] or np.isnan(value):
                rows[i]["state"] = "fail"
            elif step < len(spans) - 1:
                asked[i].report(value, step)
                rows[i]["state"] = "pruned" if asked[i].should_prune() else "complete"
        alive = [i for i in alive if rows[i]["state"] == "complete"]
    states = {"pruned": TrialState.PRUNED, "fail": TrialState.FAIL}
    for trial, row in zip(asked, rows):
        if row["state"] == "complete":
            study.tell(trial, float(row[metric]))
        else:
            study.tell(trial, state=states[row["state"]])
    return rows
