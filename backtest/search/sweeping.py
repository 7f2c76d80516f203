"""`sweep`: one run for each parameter set, remembered in a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from backtest.search.execution import Objective, Workers
from backtest.search.keys import digest, key_of_code, key_of_parameters
from backtest.search.space import Condition, Parameters, Space, listed, names_of
from backtest.search.store import KEY, Row, Store
from domain.errors import InvalidField


def sweep(
    objective: Objective, parameters: Space | Sequence[Parameters], *,
    where: Condition | None = None, store: Store | str | Path | None = None, span: Any = None,
    workers: Workers | None = None, **more: Any,
) -> pd.DataFrame:  # fmt: skip
    """Run every combination; returns one row for each, in their order.

    Args:
        objective: `Backtest`, or any function of a dictionary of parameters that returns a
            dictionary of numbers (or lists of them). With processes it must be picklable.
        parameters: names with their values (a grid), or a list of parameter sets
            (`backtest.search.random`).
        where: which combinations of a grid to run, say `lambda p: p["fast"] < p["slow"]`.
        store: a folder. What is in it is not run again, if parameters, data and code are the same;
            runs that raised are.
        span: given to the objective as its second argument.
        workers, more: who runs them; `more` are fields of `Workers`: jobs, backend, cluster,
            progress.

    Columns: the parameters, what the objective returned, `error` ("" or what was raised) and
    `seconds`.
    """
    chosen = listed(parameters, where)
    rows = run_all(objective, [(p, span) for p in chosen], store, workers or Workers(**more))
    return table_of(chosen, rows)


def run_all(
    objective: Objective, calls: Sequence[tuple[Parameters, Any]],
    store: Store | str | Path | None, workers: Workers, title: str = "runs",
) -> list[Row]:  # fmt: skip
    """The row of each (parameters, span); from the store where it has one."""
    kept = store if isinstance(store, Store) or store is None else Store(store)
    found: dict[int, Row] = {}
    keys: list[str] = []
    if kept is not None:
        base = key_of(objective)
        keys = [digest(base, key_of_parameters(p), repr(span)) for p, span in calls]
        known = kept.rows(keys)
        fine = {key: row for key, row in known.items() if not row["error"]}
        found = {place: _without(fine[key]) for place, key in enumerate(keys) if key in fine}
    left = [place for place in range(len(calls)) if place not in found]
    todo = [calls[place] for place in left]
    for batch in workers.run(objective, todo, title) if todo else ():
        done = {left[at]: row for at, row in batch}
        found |= done
        if kept is not None:
            kept.add(
                row | {KEY: keys[place], "parameters": key_of_parameters(calls[place][0])}
                for place, row in done.items()
            )
    if kept is not None and left:
        kept.compact()
    return [found[place] for place in range(len(calls))]


def _without(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in (KEY, "parameters")}


def key_of(objective: Objective) -> str:
    """What the objective says of itself, else a hash of its source."""
    own = getattr(objective, "key", None)
    if callable(own):
        return str(own())
    named = hasattr(objective, "__qualname__")
    return key_of_code(objective if named else type(objective))


def table_of(chosen: Sequence[Parameters], rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Parameters and results side by side. Raises InvalidField if they share a name."""
    results = pd.DataFrame(list(rows))
    twice = [name for name in names_of(chosen) if name in results.columns]
    if twice:
        raise InvalidField("parameters", twice[0], "no name that is also the name of a result")
    last = [name for name in ("error", "seconds") if name in results.columns]
    first = [name for name in results.columns if name not in last]
    return pd.concat([pd.DataFrame(list(chosen)), results[first + last]], axis=1)
