"""The pages in docs are those that the registry makes today; the benchmark runs."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from benches import indicators as bench
from indicators.registry import get, rows

ROOT = Path(__file__).resolve().parent.parent.parent


def generator():
    spec = importlib.util.spec_from_file_location("pages", ROOT / "docs" / "make_indicators.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pages_are_fresh() -> None:
    make = generator()
    for row in rows().values():
        written = (make.FOLDER / f"{row.name}.md").read_text(encoding="utf-8")
        assert written == make.page(row), f"run docs/make_indicators.py: {row.name}.md is stale"
    assert (make.FOLDER / "README.md").read_text(encoding="utf-8") == make.index()
    some = make.picture(get("rsi"), make.series())
    assert some.startswith("<svg")
    assert len(some) < 20_000


def test_benchmark_runs() -> None:
    data = bench.series(500)
    row = get("sma")
    theirs = bench.talib_call(row, [data["close"]])
    mine, other = bench.turns(lambda: bench.Function(row)(data["close"]), theirs, 2, 1)
    assert mine > 0.0
    assert other > 0.0
    found = {"name": "sma", "group": "overlap", "1000": [1.0, 2.0, 0.5]}
    assert bench.summary([found], (1000,))["1000"]["median"] == 0.5
