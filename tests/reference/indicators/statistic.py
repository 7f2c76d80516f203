"""Twins of statistics over a window: numpy on each slice."""

from __future__ import annotations

import math

import numpy as np

from tests.reference.indicators.parts import (
    Array,
    Table,
    change,
    each,
    late,
    over,
    pairs,
    rolling,
    spread,
)

TWINS = Table()
DDOF = {"population": 0, "sample": 1}


@TWINS("var")
def var(c: Array, n: int, k: float, ddof: str) -> Array:
    """The number of deviations plays no part in a variance (as in TA-Lib)."""
    return rolling(c, n, lambda w: spread(w, DDOF[ddof]))


@TWINS("stddev")
def stddev(c: Array, n: int, k: float, ddof: str) -> Array:
    return rolling(c, n, lambda w: k * math.sqrt(spread(w, DDOF[ddof])))


@TWINS("avgdev")
def avgdev(c: Array, n: int) -> Array:
    return rolling(c, n, lambda w: np.mean(np.abs(w - np.mean(w))))


@TWINS("cv")
def cv(c: Array, n: int) -> Array:
    return rolling(c, n, lambda w: math.sqrt(spread(w)) / np.mean(w))


@TWINS("zscore")
def zscore(c: Array, n: int, ddof: str) -> Array:
    def at(w: Array) -> float:
        wide = math.sqrt(spread(w, DDOF[ddof]))
        return (w[-1] - np.mean(w)) / wide if wide > 0 else 0.0

    return rolling(c, n, at)


def moment(w: Array, k: int) -> float:
    mean = math.fsum(w) / len(w)
    return math.fsum((x - mean) ** k for x in w) / len(w)


@TWINS("skew")
def skew(c: Array, n: int) -> Array:
    return rolling(c, n, lambda w: over(moment(w, 3), moment(w, 2) ** 1.5)[()])


@TWINS("kurtosis")
def kurtosis(c: Array, n: int) -> Array:
    return rolling(c, n, lambda w: over(moment(w, 4), moment(w, 2) ** 2, 3.0)[()] - 3)


@TWINS("autocorr")
def autocorr(c: Array, n: int, far: int) -> Array:
    def at(w: Array) -> float:
        d = w - math.fsum(w) / n
        whole = math.fsum(d * d)
        return math.fsum(d[far:] * d[:-far]) / whole if whole > 0 else 0.0

    return rolling(c, n, at)


@TWINS("beta")
def beta(x: Array, y: Array, n: int) -> Array:
    """Sharpe: covariance of the returns over the variance of those of x."""
    rx, ry = change(x) / late(x, 1), change(y) / late(y, 1)

    def at(a: Array, b: Array) -> float:
        a = a - math.fsum(a) / n
        return over(math.fsum(a * b), math.fsum(a * a))[()]

    return pairs(rx, ry, n, at)


@TWINS("correl")
def correl(x: Array, y: Array, n: int) -> Array:
    def at(a: Array, b: Array) -> float:
        a, b = a - math.fsum(a) / n, b - math.fsum(b) / n
        both = math.fsum(a * a) * math.fsum(b * b)
        return math.fsum(a * b) / math.sqrt(both) if both > 0 else 0.0

    return pairs(x, y, n, at)


def line(w: Array) -> tuple[float, float]:
    """(slope, value at the first row) of the least squares line."""
    n, t = len(w), np.arange(len(w)) - (len(w) - 1) / 2
    slope = math.fsum(t * w) / math.fsum(t * t)
    return slope, math.fsum(w) / n - slope * (n - 1) / 2


@TWINS("linearreg")
def linearreg(c: Array, n: int) -> Array:
    return rolling(c, n, lambda w: line(w)[1] + line(w)[0] * (n - 1))


@TWINS("linearreg_slope")
def linearreg_slope(c: Array, n: int) -> Array:
    return rolling(c, n, lambda w: line(w)[0])


@TWINS("linearreg_intercept")
def linearreg_intercept(c: Array, n: int) -> Array:
    return rolling(c, n, lambda w: line(w)[1])


@TWINS("linearreg_angle")
def linearreg_angle(c: Array, n: int) -> Array:
    return rolling(c, n, lambda w: math.degrees(math.atan(line(w)[0])))


@TWINS("tsf")
def tsf(c: Array, n: int) -> Array:
    return rolling(c, n, lambda w: line(w)[1] + line(w)[0] * n)


@TWINS("fosc")
def fosc(c: Array, n: int) -> Array:
    return 100 * over(c - late(tsf(c, n), 1), c)


@TWINS("median")
def median(c: Array, n: int) -> Array:
    return rolling(c, n, np.median)


@TWINS("percentile")
def percentile(c: Array, n: int, p: float) -> Array:
    """Hyndman and Fan, definition 1: the value at place ceil(n p / 100)."""
    return rolling(c, n, lambda w: sorted(w)[max(math.ceil(n * p / 100), 1) - 1])


@TWINS("percentrank")
def percentrank(c: Array, n: int) -> Array:
    return each(n, len(c), lambda i: 100.0 * sum(x < c[i] for x in c[i - n : i]) / n)


@TWINS("entropy")
def entropy(c: Array, n: int, bins: int) -> Array:
    def at(w: Array) -> float:
        if max(w) == min(w):
            return 0.0
        place = ((w - min(w)) / (max(w) - min(w)) * bins).astype(int)
        counts = np.bincount(np.minimum(place, bins - 1))
        return -sum(k / n * math.log2(k / n) for k in counts if k)

    return rolling(c, n, at)


@TWINS("hurst")
def hurst(c: Array, n: int) -> Array:
    """Slope of the log of the deviation of changes over k rows on log k, k = 1, 2, 4 .. n / 4."""

    def at(w: Array) -> float:
        x, y, k = [], [], 1
        while k <= n // 4:
            d = w[k:] - w[:-k]
            wide = math.sqrt(spread(d))
            if wide > 0:
                x.append(math.log(k))
                y.append(math.log(wide))
            k *= 2
        return float(np.polyfit(x, y, 1)[0]) if len(x) > 1 else 0.5

    return rolling(c, n, at)
