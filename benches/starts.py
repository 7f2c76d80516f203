"""How long a fresh process takes to its first fill: kernels cached, and kernels compiled."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time

from benches.machine import ROOT

FIRST_FILL = """
import time
start = time.perf_counter()
from benches.workloads import MIXES, array_of, row, set_up
from domain.codes import Command, ExecType
from engine.exchange import Exchange
exchange = Exchange()
exchange.apply(set_up(MIXES["W1"]))
new = dict(instrument=1, ord_type=2, price=1_000_000, order_qty=1)
reports = exchange.apply(array_of([
    row(Command.NEW_ORDER, cl_ord_id=1, account=8, side=1, **new),
    row(Command.NEW_ORDER, cl_ord_id=2, account=9, side=2, **new),
]))
assert (reports["exec_type"] == ExecType.TRADE).sum() == 2
print(time.perf_counter() - start)
"""


def first_fill(cache: str | None = None) -> float:
    """Seconds of a new process from its start to its first fill, interpreter included."""
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    if cache is not None:
        environment["GRIDWORKS_CACHE"] = cache
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", FIRST_FILL], check=True, capture_output=True,
                   cwd=ROOT, env=environment)  # fmt: skip
    return time.perf_counter() - start


def starts(cold: bool) -> dict[str, float]:
    """Warm start (the second of two) and, if asked for, a start that compiles everything."""
    first_fill()
    found = {"warm_s": first_fill()}
    if cold:
        with tempfile.TemporaryDirectory() as folder:
            found["cold_s"] = first_fill(folder)
    return found
