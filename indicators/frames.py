"""From what users hold (arrays, pandas, polars) to plain columns and back."""

from __future__ import annotations

import functools
import sys
from collections import namedtuple
from collections.abc import Callable, Iterable
from typing import Any, cast

import numpy as np

from indicators.registry import Row

Array = np.ndarray[Any, Any]
Wrap = Callable[[tuple[Array, ...]], Any]


def unwrap(row: Row, given: dict[str, Any]) -> tuple[tuple[Array, ...], Wrap]:
    """Float64 columns in the row's order, and the way back to the kind that was given.

    Raises TypeError for what is not numeric, ValueError for unequal lengths or indexes.
    """
    values = [given[name] for name in row.columns]
    x = tuple([column(row.name, n, v) for n, v in zip(row.columns, values, strict=True)])
    for name, c in zip(row.columns, x, strict=True):
        if c.shape != x[0].shape:
            first = row.columns[0]
            raise ValueError(
                f"{row.name}: {first} has shape {x[0].shape}, {name} has {c.shape}"
            )
    return x, _way_back(row, values)


def column(owner: str, name: str, value: Any) -> Array:
    """One input as a float64 array: whole and, in one dimension, contiguous and writable."""
    if hasattr(value, "to_numpy") and not isinstance(value, np.ndarray):
        value = _from_frame(value)
    elif not isinstance(value, np.ndarray):
        if np.isscalar(value) or value is None:
            raise TypeError(f"{owner}: {name} must be a column, got {value!r}")
        value = np.asarray(value)
    if value.dtype.kind not in "fiu" and (value.size or value.dtype.kind != "O"):
        raise TypeError(f"{owner}: {name} must be numeric, got dtype {value.dtype}")
    if value.ndim not in (1, 2):
        raise ValueError(f"{owner}: {name} must have one or two dimensions, has {value.ndim}")
    return np.require(value, np.float64, ["C", "A", "W"] if value.ndim == 1 else ["A"])


def _from_frame(value: Any) -> Array:
    """pandas or polars to numpy; nullable whole numbers and missing values become NaN."""
    kind = str(getattr(value, "dtype", ""))
    if kind[:1].isupper() and kind[:3] in ("Int", "UIn", "Flo") and _is_pandas(value):
        return np.asarray(value.to_numpy(dtype=np.float64, na_value=np.nan))
    return np.asarray(value.to_numpy())


def _is_pandas(value: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.Series | pandas.DataFrame)


@functools.cache
def results(row: Row) -> Callable[[Iterable[Any]], Any]:
    """Makes the named tuple of an indicator with more than one output."""
    made: Any = namedtuple(row.name, row.results)  # type: ignore[misc]
    return cast("Callable[[Iterable[Any]], Any]", made._make)


def _is_polars(value: Any) -> bool:
    polars = sys.modules.get("polars")
    return polars is not None and isinstance(value, polars.Series | polars.DataFrame)


def _way_back(row: Row, values: list[Any]) -> Wrap:
    framed = [v for v in values if _is_pandas(v)]
    if framed:
        for other in framed[1:]:
            if not other.index.equals(framed[0].index):
                raise ValueError(f"{row.name}: the inputs have different indexes")
        return lambda y: _to_pandas(row, framed[0], y)
    if any(_is_polars(v) for v in values):
        return lambda y: _to_polars(row, y)
    return lambda y: _to_arrays(row, y)


def _to_arrays(row: Row, y: tuple[Array, ...]) -> Any:
    return y[0] if len(y) == 1 else results(row)(y)


def _to_pandas(row: Row, like: Any, y: tuple[Array, ...]) -> Any:
    import pandas

    if y[0].ndim == 2:
        parts = [pandas.DataFrame(c, index=like.index, columns=like.columns) for c in y]
        if len(parts) == 1:
            return parts[0]
        return pandas.concat(dict(zip(row.results, parts, strict=True)), axis=1)
    if len(y) == 1:
        return pandas.Series(y[0], index=like.index, name=row.results[0])
    return pandas.DataFrame(dict(zip(row.results, y, strict=True)), index=like.index)


def _to_polars(row: Row, y: tuple[Array, ...]) -> Any:
    import polars

    if y[0].ndim == 2:
        return _to_arrays(row, y)
    if len(y) == 1:
        return polars.Series(row.results[0], y[0])
    return polars.DataFrame(dict(zip(row.results, y, strict=True)))
