"""What runs in a process of its own: start times, and the pieces under pytest-benchmark.

A start is timed with kernels cached, and with kernels compiled.

The clock runs in the parent from before the interpreter starts to after it has ended. The program
is what a user writes first: an instrument, two accounts, two orders that meet.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from benches.machine import ROOT

IMPORT = "import gridworks as gw; gw.Exchange"
FIRST_FILL = """
import gridworks as gw
exchange = gw.Exchange()
exchange.add_instrument("ACME", "EQUITY")
for name in ("alice", "bob"):
    exchange.add_account(name, cash=1_000_000)
exchange.set_phase("CONTINUOUS")
exchange.submit("bob", "ACME", "SELL", 10, 101, cl_ord_id=1)
reports = exchange.submit("alice", "ACME", "BUY", 4, 102, cl_ord_id=1)
assert [report.exec_type.name for report in reports] == ["NEW", "TRADE", "TRADE"]
"""
STATISTICS = ("min", "median", "mean", "rounds")
WARM = 5  # warm starts; the median counts


def process(program: str, cache: str | None = None) -> float:
    """Seconds of a new Python process that runs `program`, interpreter included.

    Python keeps its bytecode, as it does unless it is told not to.
    """
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if cache is not None:
        environment["GRIDWORKS_CACHE"] = cache
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True,
                   cwd=ROOT, env=environment)  # fmt: skip
    return time.perf_counter() - start


def starts(cold: bool) -> dict[str, float]:
    """Seconds: import alone, warm start to first fill, and if asked for a start that compiles."""
    process(FIRST_FILL)  # fills the cache
    found = {
        "import_s": median(process(IMPORT) for _ in range(WARM)),
        "warm_s": median(process(FIRST_FILL) for _ in range(WARM)),
    }
    if cold:
        with tempfile.TemporaryDirectory() as folder:
            found["cold_s"] = process(FIRST_FILL, folder)
    return found


def pieces() -> tuple[list[dict[str, Any]], str]:
    """(name, seconds min, median, mean and rounds of each piece; what went wrong, if anything)."""
    if find_spec("pytest_benchmark") is None:
        return [], "needs pytest-benchmark: pip install 'gridworks-infra[dev]'"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "pieces.json")
        call = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
                "--benchmark-enable", "--benchmark-only", f"--benchmark-json={file}",
                str(Path(__file__).parent / "pieces")]  # fmt: skip
        done = subprocess.run(call, capture_output=True, text=True, cwd=ROOT, check=False)
        if done.returncode or not file.exists():
            return [], done.stdout[-500:]
        found = json.loads(file.read_text(encoding="utf-8"))["benchmarks"]
    lines = []
    for one in found:
        name = one["name"].removeprefix("test_").replace("_", " ")
        lines.append({"name": name, **{key: one["stats"][key] for key in STATISTICS}})
    return lines, ""
