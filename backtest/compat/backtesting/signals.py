"""Series as a strategy sees them, up to the present, and the usual questions about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

import indicators


class Series(np.ndarray[Any, Any]):
    """A numpy array that knows its times: `.s` is the pandas Series, `.df` the table."""

    index: pd.DatetimeIndex
    title: str

    @classmethod
    def of(cls, values: Any, index: pd.DatetimeIndex, title: str) -> Series:
        """An array of the same values; the last axis is time."""
        made = np.asarray(values).view(cls)
        made.index, made.title = index, title
        return made

    def __array_finalize__(self, source: Any) -> None:
        self.index = getattr(source, "index", pd.DatetimeIndex([]))
        self.title = getattr(source, "title", "")

    def until(self, count: int) -> Series:
        """The first `count` moments."""
        return Series.of(self[..., :count], self.index[:count], self.title)

    @property
    def s(self) -> pd.Series:
        """As a pandas Series."""
        return pd.Series(np.atleast_2d(self)[0], self.index, name=self.title)

    @property
    def df(self) -> pd.DataFrame:
        """As a pandas DataFrame, one column for each row of a table of values."""
        rows = np.atleast_2d(self)
        return pd.DataFrame(dict(enumerate(rows)), self.index)


class Data:
    """The bars until now: `Open`, `High`, `Low`, `Close`, `Volume`, `index`, `df`, `len`."""

    def __init__(self, frame: pd.DataFrame, digits: int) -> None:
        self._frame, self._index = frame, pd.DatetimeIndex(frame.index)
        self._whole = {
            name: Series.of(frame[name].to_numpy(), self._index, name) for name in frame.columns
        }
        self._count, self._shown = len(frame), dict(self._whole)
        self.pip = 10.0**-digits

    def show(self, count: int) -> None:
        """Let `count` bars be seen."""
        self._count = count
        self._shown = {}

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, name: str) -> Series:
        if name not in self._shown:
            self._shown[name] = self._whole[name].until(self._count)
        return self._shown[name]

    def __getattr__(self, name: str) -> Series:
        if name.startswith("_") or name not in self._whole:
            raise AttributeError(f"no column {name!r} in the data")
        return self[name]

    @property
    def index(self) -> pd.DatetimeIndex:
        """Times of the bars."""
        return self._index[: self._count]

    @property
    def df(self) -> pd.DataFrame:
        """The bars as a table."""
        return self._frame.iloc[: self._count]


def SMA(values: Any, n: int) -> np.ndarray[Any, Any]:
    """Simple moving average; NaN until there are `n` values."""
    return np.asarray(indicators.sma(np.asarray(values, np.float64), n))


def _last_two(series: Any) -> tuple[float, float]:
    if isinstance(series, (int, float, np.number)):
        return float(series), float(series)
    values = series.to_numpy() if isinstance(series, pd.Series) else series
    if len(values) < 2:
        return float("nan"), float("nan")
    return float(values[-2]), float(values[-1])


def crossover(series1: Any, series2: Any) -> bool:
    """Whether the first has just come from below to above the second; numbers are levels."""
    (before1, now1), (before2, now2) = _last_two(series1), _last_two(series2)
    return before1 < before2 and now1 > now2


def cross(series1: Any, series2: Any) -> bool:
    """Whether one has just crossed the other, either way."""
    return crossover(series1, series2) or crossover(series2, series1)


def barssince(condition: Sequence[bool], default: float = np.inf) -> float:
    """Bars since the condition was last true; `default` if it never was."""
    places = np.flatnonzero(np.asarray(condition, bool))
    return len(condition) - 1 - int(places[-1]) if len(places) else default
