"""Twins of arithmetic row by row, and of plain extremes and sums."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable

import numpy as np

from tests.reference.indicators.parts import Array, Table, highest, lowest

TWINS = Table(max=highest, min=lowest)


def one(function: Callable[[float], float]) -> Callable[[Array], Array]:
    """A function of the standard library on every row; outside its domain as IEEE has it."""

    def apply(v: Array) -> Array:
        out = np.full(len(v), np.nan)
        for i, x in enumerate(v):
            try:
                out[i] = function(float(x))
            except ValueError:
                out[i] = -math.inf if x == 0 else math.nan
            except OverflowError:
                out[i] = math.copysign(math.inf, x) if function is math.sinh else math.inf
        return out

    return apply


TWINS |= {
    "acos": one(math.acos), "asin": one(math.asin), "atan": one(math.atan), "ceil": one(math.ceil),
    "cos": one(math.cos), "cosh": one(math.cosh), "exp": one(math.exp), "floor": one(math.floor),
    "ln": one(math.log), "log10": one(math.log10), "sin": one(math.sin), "sinh": one(math.sinh),
    "sqrt": one(math.sqrt), "tan": one(math.tan), "tanh": one(math.tanh),
}  # fmt: skip


@TWINS("add")
def add(x: Array, y: Array) -> list[float]:
    return [a + b for a, b in zip(x, y)]


@TWINS("sub")
def sub(x: Array, y: Array) -> list[float]:
    return [a - b for a, b in zip(x, y)]


@TWINS("mult")
def mult(x: Array, y: Array) -> list[float]:
    return [a * b for a, b in zip(x, y)]


@TWINS("div")
def div(x: Array, y: Array) -> list[float]:
    return [(cmath.nan.real if a == 0 else math.copysign(math.inf, a)) if b == 0 else a / b
            for a, b in zip(x, y)]  # fmt: skip


@TWINS("cumsum")
def cumsum(v: Array) -> list[float]:
    return [math.fsum(v[: i + 1]) for i in range(len(v))]


@TWINS("minmax")
def minmax(v: Array, n: int) -> list[Array]:
    return [lowest(v, n), highest(v, n)]


def place(v: Array, n: int, better: Callable[[float, float], bool]) -> Array:
    """TA-Lib's rule for equal values: the newest while it enters, the oldest when the old extreme
    has left and the window is searched again."""
    out, at = np.zeros(len(v), int), -1
    for i in range(n - 1, len(v)):
        first = i - n + 1
        if at < first:
            at = first
            for j in range(first + 1, i + 1):
                if better(v[j], v[at]):
                    at = j
        elif not better(v[at], v[i]):
            at = i
        out[i] = at
    return out


@TWINS("maxindex")
def maxindex(v: Array, n: int) -> Array:
    return place(v, n, lambda a, b: a > b)


@TWINS("minindex")
def minindex(v: Array, n: int) -> Array:
    return place(v, n, lambda a, b: a < b)


@TWINS("minmaxindex")
def minmaxindex(v: Array, n: int) -> tuple[Array, Array]:
    return minindex(v, n), maxindex(v, n)
