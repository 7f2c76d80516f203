"""Runs many calls, wherever: in this thread, in threads, in processes, on a Dask cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Literal

from backtest.search.space import Parameters
from backtest.search.store import Row
from domain.errors import InvalidField

Objective = Callable[..., Any]
Backend = Literal["processes", "threads"]
BATCHES = 8  # for each worker: enough to share the work evenly
LARGEST = 64  # runs in a batch: no more are lost when a search is killed


@dataclass(frozen=True, slots=True)
class Workers:
    """Who does the runs.

    Args:
        jobs: how many at once; -1: one for each processor, 1: here, without any worker.
        backend: "processes", or "threads" where kernels do nearly all the work.
        cluster: address of a Dask scheduler ("tcp://...") or a `distributed.Client`; then the runs
            go there, and `jobs` only says into how many batches they are cut.
        progress: show a bar while they run, if there is a terminal.
    """

    jobs: int = -1
    backend: Backend = "processes"
    cluster: Any = None
    progress: bool = True

    def __post_init__(self) -> None:
        if self.jobs < -1 or self.jobs == 0:
            raise InvalidField("jobs", self.jobs, "-1, or 1 and more")
        if self.backend not in ("processes", "threads"):
            raise InvalidField("backend", self.backend, "processes, threads")

    def run(
        self, objective: Objective, calls: Sequence[tuple[Parameters, Any]], title: str = "runs"
    ) -> Iterator[list[tuple[int, Row]]]:
        """(place of the call, row) of each call, in batches, in the order in which they end.

        A row has what the objective returned, `seconds`, and `error`, "" if it raised nothing.
        """
        count = self.count()
        size = max(1, min(LARGEST, -(-len(calls) // (count * BATCHES))))
        places = [range(at, min(at + size, len(calls))) for at in range(0, len(calls), size)]
        if count == 1 and self.cluster is None:
            done = (_batch(objective, span, [calls[i] for i in span]) for span in places)
            yield from _shown(done, len(calls), title, self.progress)
            return
        from joblib import Parallel, delayed, parallel_config

        batches = (delayed(_batch)(objective, span, [calls[i] for i in span]) for span in places)
        with self._client() as client:
            if client is None:
                chosen: Any = parallel_config("threading" if self.backend == "threads" else "loky")
            else:
                chosen = parallel_config("dask", client=client)
            with chosen:
                pool = Parallel(n_jobs=count, return_as="generator_unordered", batch_size=1)
                yield from _shown(pool(batches), len(calls), title, self.progress)

    def count(self) -> int:
        """How many runs there are at once."""
        from joblib import cpu_count

        return int(cpu_count()) if self.jobs == -1 else self.jobs

    def _client(self) -> Any:
        """A context with the client of the cluster; one that was given stays open."""
        if self.cluster is None:
            return nullcontext()
        if not isinstance(self.cluster, str):
            return nullcontext(self.cluster)
        from distributed import Client

        return Client(self.cluster)  # type: ignore[no-untyped-call]


def _batch(
    objective: Objective, places: Sequence[int], calls: Sequence[tuple[Parameters, Any]]
) -> list[tuple[int, Row]]:
    return [(place, one(objective, *call)) for place, call in zip(places, calls)]


def one(objective: Objective, parameters: Parameters, span: Any = None) -> Row:
    """One call; what it raises becomes part of the row."""
    start = time.perf_counter()
    row: Row = {"error": ""}
    try:
        found = objective(parameters) if span is None else objective(parameters, span)
        row |= dict(found)
    except Exception as error:  # a search goes on when one of its runs fails
        row["error"] = f"{type(error).__name__}: {error}"
    row["seconds"] = time.perf_counter() - start
    return row


def _shown(
    batches: Iterator[list[tuple[int, Row]]], total: int, title: str, progress: bool
) -> Iterator[list[tuple[int, Row]]]:
    """The batches, with a bar that counts their runs."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    if not (progress and console.is_terminal):
        yield from batches
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, TimeRemainingColumn(), console=console) as bar:
        task = bar.add_task(title, total=total)
        for batch in batches:
            bar.advance(task, len(batch))
            yield batch
