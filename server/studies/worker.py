"""The other side: a process that reads jobs from its standard input and answers on its output.

    python -m server.studies.worker

Both are pickles with their length before them. It ends when its input does.
"""

from __future__ import annotations

import functools
import os
import pickle
import struct
import sys
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from indicators import batch, registry
from indicators.plan import Plan

Array = np.ndarray[Any, Any]
LENGTH = struct.Struct(">Q")
NICE = 10  # trading goes first where processors are scarce


class Job(NamedTuple):
    """Run an indicator over rows, from its beginning or (`state`) from where it was."""

    name: str
    numbers: tuple[float, ...]
    columns: tuple[Array, ...]
    state: Array | None = None


class Done(NamedTuple):
    """The columns that came out, and where the indicator is now."""

    outputs: tuple[Array, ...]
    state: Array


@functools.lru_cache(maxsize=4096)
def _plan(name: str, numbers: tuple[float, ...]) -> Plan:
    return Plan(registry.rows()[name], numbers)


def done(job: Job) -> Done:
    """Compute one job; the first of an indicator compiles it, or loads it from the disk."""
    plan = _plan(job.name, job.numbers)
    state = plan.state() if job.state is None else job.state.copy()
    columns = tuple(np.require(c, np.float64, ["C", "A", "W"]) for c in job.columns)
    outputs = batch.run(plan, columns, state)
    return Done(tuple(c.astype(np.float64, copy=False) for c in outputs), state)


def main(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer until there is nothing more to read."""
    os.nice(NICE)
    while len(head := source.read(LENGTH.size)) == LENGTH.size:
        jobs = pickle.loads(source.read(*LENGTH.unpack(head)))
        data = pickle.dumps([done(job) for job in jobs], protocol=5)
        sink.write(LENGTH.pack(len(data)) + data)
        sink.flush()


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints does not answer
    from server.studies import worker  # pickles name the module, not __main__

    worker.main(sys.stdin.buffer, answers)
