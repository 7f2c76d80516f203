"""Prices, volatilities and factors of people: labelled days, checked, as moves from day to day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from domain.errors import InvalidField

Floats = NDArray[np.float64]
Table = pd.DataFrame | Mapping[str, Any]

LEAST_DAYS = 20  # moves that a measure from history needs


def frame_of(name: str, table: Table) -> pd.DataFrame:
    """A frame of numbers, days down; a column `date` (in any case) becomes its index of dates."""
    frame = table if isinstance(table, pd.DataFrame) else pd.DataFrame(dict(table))
    dated = [column for column in frame.columns if str(column).lower() == "date"]
    if dated:
        try:
            frame = frame.set_index(pd.DatetimeIndex(frame[dated[0]])).drop(columns=dated[0])
        except (TypeError, ValueError) as error:
            raise InvalidField(f"{name}.date", "not dates", "a date in each row") from error
    frame.columns = [str(column) for column in frame.columns]
    if frame.columns.has_duplicates:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise InvalidField(f"{name}[{twice!r}]", "two columns of that name", "each name once")
    if frame.index.has_duplicates or not frame.index.is_monotonic_increasing:
        raise InvalidField(name, "days out of order or twice", "each day once, oldest first")
    return frame


def day_of(frame: pd.DataFrame, at: int) -> str:
    """How a message names a row."""
    label = frame.index[at]
    return f"{label:%Y-%m-%d}" if isinstance(label, pd.Timestamp) else str(label)


def numbers_of(
    name: str, frame: pd.DataFrame, owners: Mapping[str, str], positive: bool
) -> Floats:
    """The columns that `owners` names (column -> whose it is), as numbers.

    Raises InvalidField that names the owner: a missing column, NaN, infinity, or with `positive`
    a number that is not above 0.
    """
    for column, owner in owners.items():
        if column not in frame.columns:
            missing = f"{column!r}, no column of {name}"
            known = ", ".join(frame.columns[:8])
            raise InvalidField(f"{owner}.underlying", missing, f"a column of {name}: {known}")
    chosen = frame[list(owners)]
    try:
        found = chosen.to_numpy(np.float64)
    except (TypeError, ValueError) as error:
        for column, owner in owners.items():
            bad = pd.to_numeric(chosen[column], errors="coerce").isna() & chosen[column].notna()
            if bad.any():
                at = int(np.argmax(bad.to_numpy()))
                where = f"{owner}: {name}[{column!r}][{day_of(frame, at)}]"
                raise InvalidField(where, chosen[column].iloc[at], "a finite number") from error
        raise
    good = np.isfinite(found) & ((found > 0.0) | (not positive))
    if not good.all():
        row, at = (int(i) for i in np.argwhere(~good)[0])
        column = list(owners)[at]
        where = f"{owners[column]}: {name}[{column!r}][{day_of(frame, row)}]"
        allowed = "a finite number" + (" above 0" if positive else "")
        raise InvalidField(where, float(found[row, at]), allowed)
    return found


def enough(name: str, moves: pd.DataFrame, least: int = LEAST_DAYS) -> pd.DataFrame:
    """The moves, if there are so many."""
    if len(moves) < least:
        allowed = f"at least {least}: {least + 1} days of prices"
        raise InvalidField(name, f"{len(moves)} moves", allowed)
    return moves
