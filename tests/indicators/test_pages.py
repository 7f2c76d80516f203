"""The pages in docs are those that the registry makes today; the benchmark runs."""

from __future__ import annotations

import importlib.util
from pathlib import Path

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
