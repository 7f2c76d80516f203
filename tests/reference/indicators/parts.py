"""Slices, delays and textbook averages that the twins are made of."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray


class Table(dict[str, Callable[..., Any]]):
    """`@table("rsi")` puts the function below it in the table under that name."""

    def __call__(self, *names: str) -> Callable[..., Any]:
        def keep(function: Callable[..., Any]) -> Callable[..., Any]:
            self.update(dict.fromkeys(names, function))
            return function

        return keep


def each(first: int, rows: int, value: Callable[[int], float]) -> Array:
    """NaN up to `first`, then value(i)."""
    out = np.full(rows, np.nan)
    for i in range(first, rows):
        out[i] = value(i)
    return out


def rolling(v: Array, n: int, value: Callable[[Array], float]) -> Array:
    """value(window) of the last n values; NaN where the window holds a NaN."""
    out = np.full(len(v), np.nan)
    for i in range(n - 1, len(v)):
        w = v[i - n + 1 : i + 1]
        if not np.isnan(w).any():
            out[i] = value(w)
    return out


def pairs(x: Array, y: Array, n: int, value: Callable[[Array, Array], float]) -> Array:
    """As `rolling`, over two columns."""
    out = np.full(len(x), np.nan)
    for i in range(n - 1, len(x)):
        a, b = x[i - n + 1 : i + 1], y[i - n + 1 : i + 1]
        if not (np.isnan(a).any() or np.isnan(b).any()):
            out[i] = value(a, b)
    return out


def late(v: Array, n: int) -> Array:
    """The value n rows ago."""
    return np.concatenate([np.full(min(n, len(v)), np.nan), v[: max(len(v) - n, 0)]])


def change(v: Array, n: int = 1) -> Array:
    return v - late(v, n)


def hidden(v: Array, rows: int) -> Array:
    """The first rows taken away."""
    out = np.array(v, float)
    out[:rows] = np.nan
    return out


def over(a: Any, b: Any, flat: float = 0.0) -> Array:
    """a / b, `flat` where b is 0."""
    a, b = np.broadcast_arrays(np.asarray(a, float), np.asarray(b, float))
    out = np.where(np.isnan(a) | np.isnan(b), np.nan, flat)
    live = (b != 0) & ~np.isnan(out)
    out[live] = a[live] / b[live]
    return out


def begin(v: Array) -> int:
    """The first row with a value."""
    live = np.flatnonzero(~np.isnan(v))
    return int(live[0]) if len(live) else len(v)


def smoothed(v: Array, n: int, k: float, seed: str = "sma") -> Array:
    """e += k (v - e), from the mean of the first n values, or from the first."""
    out, at = np.full(len(v), np.nan), begin(v)
    first = at + n - 1
    if first >= len(v):
        return out
    if seed == "sma":
        e = float(np.mean(v[at : first + 1]))
    else:
        e = float(v[at])
        for x in v[at + 1 : first + 1]:
            e += k * (x - e)
    out[first] = e
    for i in range(first + 1, len(v)):
        e += k * (v[i] - e)
        out[i] = e
    return out


def ema(v: Array, n: int, seed: str = "sma") -> Array:
    return smoothed(v, n, 2.0 / (n + 1), seed)


def rma(v: Array, n: int, seed: str = "sma") -> Array:
    return smoothed(v, n, 1.0 / n, seed)


def sma(v: Array, n: int) -> Array:
    return rolling(v, n, lambda w: math.fsum(w) / n)


def wma(v: Array, n: int) -> Array:
    weights = np.arange(1.0, n + 1)
    return rolling(v, n, lambda w: float(np.sum(weights * w)) / (n * (n + 1) / 2))


def total(v: Array, n: int) -> Array:
    return rolling(v, n, math.fsum)


def highest(v: Array, n: int) -> Array:
    return rolling(v, n, np.max)


def lowest(v: Array, n: int) -> Array:
    return rolling(v, n, np.min)


def deviation(v: Array, n: int, ddof: int = 0) -> Array:
    """Standard deviation of the last n values."""
    return rolling(v, n, lambda w: math.sqrt(spread(w, ddof)))


def spread(w: Array, ddof: int = 0) -> float:
    """Variance of a window, by exact sums."""
    mean = math.fsum(w) / len(w)
    return math.fsum((x - mean) ** 2 for x in w) / (len(w) - ddof)


def true_range(h: Array, low: Array, c: Array, first: bool = False) -> Array:
    """Wilder's; the first row has none, or high - low."""
    out = np.full(len(c), np.nan)
    if first and len(c):
        out[0] = h[0] - low[0]
    for i in range(1, len(c)):
        out[i] = max(h[i] - low[i], abs(h[i] - c[i - 1]), abs(low[i] - c[i - 1]))
    return out


def returns(c: Array) -> Array:
    """Logarithm of each value over the one before."""
    return np.concatenate([[np.nan], np.log(c[1:] / c[:-1])]) if len(c) else c


def typical(h: Array, low: Array, c: Array) -> Array:
    return (h + low + c) / 3.0
