"""Twins of ranges and estimators of volatility."""

from __future__ import annotations

import math

import numpy as np

from tests.reference.indicators.parts import (
    Array,
    Table,
    change,
    deviation,
    ema,
    highest,
    late,
    lowest,
    over,
    pairs,
    returns,
    rma,
    rolling,
    sma,
    spread,
    total,
    true_range,
)

TWINS = Table(trange=true_range)


@TWINS("atr")
def atr(h: Array, low: Array, c: Array, n: int, seed: str = "sma") -> Array:
    ranges = true_range(h, low, c, first=seed == "range")
    return rma(ranges, n, "first" if seed == "first" else "sma")


@TWINS("natr")
def natr(h: Array, low: Array, c: Array, n: int, seed: str = "sma") -> Array:
    return 100 * over(atr(h, low, c, n, seed), c)


@TWINS("adr")
def adr(h: Array, low: Array, n: int) -> Array:
    return sma(h - low, n)


@TWINS("cvi")
def cvi(h: Array, low: Array, n: int, m: int, seed: str = "sma") -> Array:
    e = ema(h - low, n, seed)
    return 100 * over(e - late(e, m), late(e, m))


@TWINS("massi")
def massi(h: Array, low: Array, n: int, m: int, seed: str = "sma") -> Array:
    one = ema(h - low, n, seed)
    return total(over(one, ema(one, n, seed), 1.0), m)


@TWINS("ulcer")
def ulcer(c: Array, n: int) -> Array:
    fall = 100 * (c / highest(c, n) - 1)
    return rolling(fall, n, lambda w: math.sqrt(math.fsum(w * w) / n))


@TWINS("choppiness")
def choppiness(h: Array, low: Array, c: Array, n: int) -> Array:
    moved, span = total(true_range(h, low, c, first=True), n), highest(h, n) - lowest(low, n)
    ratio = over(moved, span)
    with np.errstate(divide="ignore"):
        return np.where(ratio > 0, 100 * np.log10(np.where(ratio > 0, ratio, 1)) / math.log10(n),
                        np.where(np.isnan(ratio), np.nan, 0.0))  # fmt: skip


@TWINS("ibs")
def ibs(h: Array, low: Array, c: Array) -> Array:
    return over(c - low, h - low, 0.5)


@TWINS("rvi")
def rvi(c: Array, n: int, m: int, seed: str = "sma") -> Array:
    """Dorsey: deviations of rising rows against those of all that move."""
    wide, d = deviation(c, m), change(c)
    lost = np.isnan(wide)
    up = np.where(lost, np.nan, np.where(d > 0, wide, 0.0))
    down = np.where(lost, np.nan, np.where(d < 0, wide, 0.0))
    a, b = rma(up, n, seed), rma(down, n, seed)
    return 100 * over(a, a + b)


@TWINS("historical_vol")
def historical_vol(c: Array, n: int, periods: float) -> Array:
    return math.sqrt(periods) * deviation(returns(c), n, ddof=1)


@TWINS("realised_vol")
def realised_vol(c: Array, n: int, periods: float) -> Array:
    return math.sqrt(periods) * np.sqrt(total(returns(c) ** 2, n))


@TWINS("parkinson")
def parkinson(h: Array, low: Array, n: int, periods: float) -> Array:
    return np.sqrt(periods * sma(np.log(h / low) ** 2, n) / (4 * math.log(2)))


@TWINS("garman_klass")
def garman_klass(o: Array, h: Array, low: Array, c: Array, n: int, periods: float) -> Array:
    term = 0.5 * np.log(h / low) ** 2 - (2 * math.log(2) - 1) * np.log(c / o) ** 2
    return np.sqrt(np.maximum(periods * sma(term, n), 0))


@TWINS("rogers_satchell")
def rogers_satchell(o: Array, h: Array, low: Array, c: Array, n: int, periods: float) -> Array:
    return np.sqrt(np.maximum(periods * sma(satchell(o, h, low, c), n), 0))


def satchell(o: Array, h: Array, low: Array, c: Array) -> Array:
    return np.log(h / c) * np.log(h / o) + np.log(low / c) * np.log(low / o)


@TWINS("yang_zhang")
def yang_zhang(o: Array, h: Array, low: Array, c: Array, n: int, periods: float) -> Array:
    """Yang and Zhang 2000, equation 8 with k of equation 9 (alpha 1.34)."""
    night, day, rs = np.log(o / late(c, 1)), np.log(c / o), satchell(o, h, low, c)
    k = 0.34 / (1.34 + (n + 1) / (n - 1))
    both = pairs(night, day, n, lambda a, b: spread(a, 1) + k * spread(b, 1))
    return np.sqrt(np.maximum(periods * (both + (1 - k) * sma(rs, n)), 0))
