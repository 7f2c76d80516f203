"""Portfolios whose margin was worked out by hand; each file says how, in words.

A line is `parameters NAME`, `with COMMODITY FIELD VALUE` ("." for the whole set), `hold CONTRACT
LOTS [FIELD NUMBER ...]`, `cash AMOUNT`, or `expect PART AMOUNT`. Parts that a file does not name
are 0; `initial` and `maintenance` are those of the whole account.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from risk.scenario import Portfolio, Position, model_of

pytestmark = pytest.mark.nojit

FOLDER = Path(__file__).parent / "golden"
FILES = sorted(FOLDER.glob("*.txt"))


def _value(word: str) -> Any:
    try:
        return json.loads(word)
    except json.JSONDecodeError:
        return word


def _changed(data: dict[str, Any], words: list[str]) -> None:
    target = data
    if words[0] != ".":
        target = next(row for row in data["commodities"] if row["name"] == words[0])
    target[words[1]] = _value(" ".join(words[2:]))


def _position(words: list[str]) -> Position:
    more = dict(zip(words[2::2], map(_value, words[3::2]), strict=True))
    return Position(words[0], int(words[1]), **more)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_margin_worked_by_hand(file: Path) -> None:
    data: dict[str, Any] = {}
    positions, expected, cash = [], {}, 0.0
    lines = file.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# "), "the first line says what this is about"
    for line in lines:
        command, *words = line.split() or ["#"]
        if command == "parameters":
            data = json.loads((FOLDER / f"{words[0]}.json").read_text(encoding="utf-8"))
        elif command == "with":
            _changed(data, words)
        elif command == "hold":
            positions.append(_position(words))
        elif command == "cash":
            cash = float(words[0])
        elif command == "expect":
            expected[words[0]] = Decimal(words[1].replace(",", ""))
        else:
            assert command == "#", line
    found = model_of(data).margin(Portfolio(tuple(positions), cash))
    rows = dict(found.rows())
    assert rows == {"initial": 0, "maintenance": expected.get("initial", 0), **expected}


def test_there_are_enough_of_them() -> None:
    assert len(FILES) >= 30
