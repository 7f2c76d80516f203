"""Scenarios of people become moves of underlyings: named shocks, episodes, a ladder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from domain.errors import InvalidField
from gridworks.risk.history import enough

Floats = NDArray[np.float64]

# names in a scenario that are no underlying and no factor
VOLATILITY, RATE, DAYS = "volatility", "rate", "days"
RESERVED = (VOLATILITY, RATE, DAYS)
VIX = "vix"  # what episodes call a change of volatility; a factor of that name wins


@dataclass(frozen=True, slots=True)
class Shock:
    """One scenario for a portfolio: moves by underlying, and what else changes."""

    moves: Floats
    volatility: float
    rate: float
    days: float
    unknown: tuple[str, ...]


def betas(moves: pd.DataFrame, factors: pd.DataFrame | None) -> pd.DataFrame:
    """Least squares slopes of each underlying's moves on all factors together.

    A row an underlying, a column a factor; over the days that both have, at least 20.
    """
    if factors is None:
        return pd.DataFrame(index=moves.columns)
    bad = np.argwhere(~np.isfinite(factors.to_numpy(np.float64)))
    if len(bad):
        row, at = (int(i) for i in bad[0])
        where = f"factors[{factors.columns[at]!r}][{factors.index[row]}]"
        raise InvalidField(where, "not finite", "a finite return")
    days = moves.index.intersection(factors.index)
    mine = enough("days that prices and factors share", moves.loc[days])
    known = factors.loc[days].to_numpy(np.float64)
    system = np.column_stack((np.ones(len(days)), known))
    if np.linalg.matrix_rank(system) < system.shape[1]:
        names = ", ".join(factors.columns)
        raise InvalidField("factors", names, "factors of which none follows from the others")
    slopes = np.linalg.lstsq(system, mine.to_numpy(np.float64))[0][1:]
    return pd.DataFrame(slopes.T, index=moves.columns, columns=factors.columns)


def shock(name: str, moves: Mapping[str, float], slopes: pd.DataFrame) -> Shock:
    """A scenario by names: of underlyings, of factors (through their betas), or reserved ones.

    What names an underlying wins over what factors do to it; names that are nothing here are kept
    as unknown. Raises InvalidField for a move that is not finite.
    """
    for factor, move in moves.items():
        if not np.isfinite(move):
            raise InvalidField(f"scenarios[{name!r}][{factor!r}]", move, "a finite number")
    found = np.zeros(len(slopes))
    for factor in moves.keys() & set(slopes.columns):
        found += slopes[factor].to_numpy() * moves[factor]
    for at, underlying in enumerate(slopes.index):
        found[at] = moves.get(underlying, found[at])
    own = {*slopes.columns, *slopes.index}
    unknown = tuple(factor for factor in moves if factor not in {*own, *RESERVED, VIX})
    rest = {reserved: float(moves.get(reserved, 0.0)) for reserved in RESERVED}
    if VIX not in own:
        rest[VOLATILITY] += moves.get(VIX, 0.0)
    return Shock(found, rest[VOLATILITY], rest[RATE], rest[DAYS], unknown)


def steps(name: str, values: Sequence[float]) -> Floats:
    """The steps of a ladder: finite numbers, ascending."""
    found = np.asarray(values, np.float64)
    if found.ndim != 1 or not len(found) or not np.isfinite(found).all():
        raise InvalidField(name, values, "finite numbers in a series")
    return np.sort(found)
