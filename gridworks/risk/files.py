"""Positions and prices from files: one JSON document, or CSV or parquet tables in one folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from domain.errors import InvalidField
from gridworks.risk.portfolio import Portfolio
from gridworks.risk.positions import DAYS

TABLES = ("prices", "factors", "volatilities", "quotes")
SUFFIXES = (".csv", ".parquet", ".json")


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """What a file says: the portfolio, and quotes of options for a surface, if it has some."""

    portfolio: Portfolio
    quotes: pd.DataFrame | None
    rate: float


def read(file: str | Path, rate: float | None = None) -> Inputs:
    """A portfolio from FILE; see docs/portfolio.md for the layout.

    FILE is a JSON document with `positions`, `prices` and optionally `factors`, `volatilities`,
    `quotes`, `rate`, `today`; or a CSV or parquet table of positions, beside which lie tables of
    the same kind named prices, and optionally factors, volatilities and quotes. rate wins over
    the file's. Raises InvalidField with what is missing or not understood.
    """
    path = Path(file)
    if path.suffix not in SUFFIXES:
        raise InvalidField("FILE", path.name, f"a name that ends in {', '.join(SUFFIXES)}")
    if not path.exists():
        raise InvalidField("FILE", str(path), "a file that exists")
    held = _document(path) if path.suffix == ".json" else _folder(path)
    if "positions" not in held or "prices" not in held:
        missing = "positions" if "positions" not in held else "prices"
        raise InvalidField(path.name, f"no {missing}", "positions and prices")
    interest = rate if rate is not None else _number(path, held.get("rate", 0.0))
    rest = {name: held.get(name) for name in ("volatilities", "factors", "today")}
    portfolio = Portfolio(held["positions"], held["prices"], rate=interest, **rest)
    quotes = held.get("quotes")
    return Inputs(portfolio, None if quotes is None else _timed(quotes, portfolio), interest)


def _number(path: Path, value: Any) -> float:
    if not isinstance(value, int | float):
        raise InvalidField(f"{path.name}: rate", value, "a fraction a year")
    return float(value)


def _document(path: Path) -> dict[str, Any]:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidField(path.name, str(error), "a JSON document") from error
    if not isinstance(held, dict):
        raise InvalidField(path.name, type(held).__name__, "a JSON object")
    for name in ("positions", *TABLES):
        if name in held:
            try:
                held[name] = pd.DataFrame(held[name])
            except (TypeError, ValueError) as error:
                allowed = "a list of rows, or columns of one length"
                raise InvalidField(f"{path.name}: {name}", str(error), allowed) from error
    return held


def _folder(path: Path) -> dict[str, Any]:
    held: dict[str, Any] = {"positions": _table(path)}
    for name in TABLES:
        beside = path.with_name(name + path.suffix)
        if beside.exists():
            held[name] = _table(beside)
    return held


def _table(path: Path) -> pd.DataFrame:
    try:
        found = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (ValueError, OSError) as error:
        raise InvalidField(path.name, str(error), f"a table in {path.suffix[1:]}") from error
    return found


def _timed(quotes: pd.DataFrame, portfolio: Portfolio) -> pd.DataFrame:
    """Quotes with years to expiry, from dates if the table has those."""
    if "time" in quotes or "expiry" not in quotes or portfolio.today is None:
        return quotes
    try:
        expiry = pd.DatetimeIndex(quotes["expiry"])
    except (TypeError, ValueError) as error:
        raise InvalidField("quotes.expiry", "not dates", "a date in each row") from error
    time = np.asarray((expiry - portfolio.today) / pd.Timedelta(days=DAYS), np.float64)
    return quotes.assign(time=time)
