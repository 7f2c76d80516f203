"""Prices and quantities to whole steps (ticks, lots), once and exactly.

A float is on the grid if it is the double (or, of a float32 column, the single) that is nearest to
a multiple of the step: n x 0.01 is computed as the whole number n divided by 100, one correctly
rounded division (IEEE 754), and compared bit by bit. So 0.07 is 7 ticks and 0.070000001 is an
error, whatever the step.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backtest.readers.csv_rows import places
from domain.errors import InvalidField
from domain.limits import INT64_MAX
from domain.money import Rounding, ticks

Steps = NDArray[np.int64]
_EXACT = 2**53  # whole numbers up to here are doubles
_NEAR = 1e-6  # of a step: closer to a boundary than this is decided in decimals
ROUNDINGS = ("exact", "down", "up", "to_zero", "half_up", "half_even")


def whole_steps(values: Any, step: Decimal, name: str, rounding: Rounding = "exact") -> Steps:
    """A column of numbers as int64 multiples of `step`.

    Floats, whole numbers, Decimals or texts. `rounding` says what happens between two steps:
    `exact` raises InvalidField with the row, otherwise as in `domain.money`.
    """
    if rounding not in ROUNDINGS:
        raise InvalidField("rounding", rounding, ", ".join(ROUNDINGS))
    array = plain_array(values)
    if array.dtype.kind == "f":
        return _of_floats(array, step, name, rounding)
    if array.dtype.kind in "iu" and array.size:
        scale, unit = 10 ** places(step), int(step.scaleb(places(step)))
        if int(np.abs(array).max()) <= INT64_MAX // scale:
            scaled = array.astype(np.int64) * scale
            if not np.any(scaled % unit):
                return np.asarray(scaled // unit)
    return np.fromiter(
        (_one(v, step, f"row {at}, {name}", rounding) for at, v in enumerate(array.tolist())),
        np.int64, len(array),
    )  # fmt: skip


def plain_array(values: Any) -> NDArray[Any]:
    """A column of a table as a numpy array; missing values become NaN or None."""
    if isinstance(values, np.ndarray):
        return values
    kind = getattr(values, "dtype", None)
    if kind is not None and hasattr(values, "array"):  # pandas: nullable columns need a NaN
        if str(kind)[:1] in "IUF":
            return np.asarray(values.to_numpy(np.float64, na_value=np.nan))
        if "decimal" in str(kind):
            return np.asarray(values.to_numpy(object))
        return np.asarray(values.to_numpy())
    if hasattr(values, "combine_chunks"):  # pyarrow
        return np.asarray(values.to_pandas().to_numpy())
    return np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else values)


def _of_floats(array: NDArray[Any], step: Decimal, name: str, rounding: Rounding) -> Steps:
    wide = array.astype(np.float64)
    digits, unit = places(step), int(step.scaleb(places(step)))
    scale = 10.0**digits
    bad = ~np.isfinite(wide) | (np.abs(wide) * scale >= _EXACT)
    if bad.any():
        at = int(np.argmax(bad))
        allowed = f"a finite number below 2**53 x 1e-{digits}"
        raise InvalidField(f"row {at}, {name}", float(wide[at]), allowed)
    ratio = wide * scale / unit
    found = np.rint(ratio).astype(np.int64)
    off = ((found * unit).astype(np.float64) / scale).astype(array.dtype) != array
    if not off.any():
        return found
    rows = np.flatnonzero(off)
    if rounding == "exact":
        at = int(rows[0])
        allowed = f"a multiple of {step:f}, or name a rounding ({', '.join(ROUNDINGS[1:])})"
        raise InvalidField(f"row {at}, {name}", float(array[at]), allowed)
    found[rows] = _rounded(ratio[rows], rounding)
    doubled = 2 * ratio[rows]
    for at in rows[np.abs(doubled - np.rint(doubled)) < _NEAR]:
        found[at] = ticks(Decimal(str(array[at])), step, rounding)
    return found


def _rounded(ratio: NDArray[Any], rounding: Rounding) -> Steps:
    if rounding == "half_up":
        return np.asarray(np.trunc(ratio + np.copysign(0.5, ratio)).astype(np.int64))
    ways: dict[str, Any] = {
        "down": np.floor, "up": np.ceil, "to_zero": np.trunc, "half_even": np.rint,
    }  # fmt: skip
    return np.asarray(ways[rounding](ratio).astype(np.int64))


def _one(value: Any, step: Decimal, field: str, rounding: Rounding) -> int:
    """One cell that is no double: a Decimal, text, whole number, or nothing."""
    if isinstance(value, float) and np.isfinite(value):
        value = str(value)
    try:
        return ticks(value.strip() if isinstance(value, str) else value, step, rounding)
    except InvalidField as problem:
        raise InvalidField(field, value, problem.allowed) from None
