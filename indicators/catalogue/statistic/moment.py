"""Variance, deviation and the relations of two series."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.jit import kernel
from indicators.blocks.edge import hide, warm
from indicators.blocks.window import recentred
from indicators.registry import Row, choice, length, real


@kernel
def spread(v: Any, out: Any, s: Any, b: Any, span: Any) -> None:
    """Population variance of the last n values. Slots: centre, sum, square sum, age.

    Centre and sums are made anew from the window every max(n, 64) rows: no cancellation, no drift.
    """
    start, stop, base = span
    n, seen, r = int(s[0]), warm(s), 1.0 / s[0]
    centre, first, second, age = s[b], s[b + 1], s[b + 2], int(s[b + 3])
    i = start
    while i < stop:
        every = n if seen < n else max(n, 64)
        end = min(stop, i + every - age)
        if seen < n:
            for j in range(i, end):
                d = v[j] - centre
                first += d
                second += d * d
                out[j - base] = second * r - first * r * (first * r)
        else:
            for j in range(i, end):
                d, old = v[j] - centre, v[j - n] - centre
                first += d - old
                second += (d - old) * (d + old)
                out[j - base] = second * r - first * r * (first * r)
        age += end - i
        seen += end - i
        i = end
        if age == every:
            centre, first, second = recentred(v, i - n, i)
            out[i - 1 - base] = second * r
            age = 0
    s[b], s[b + 1], s[b + 2], s[b + 3] = centre, first, second, age


def update_var(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `spread`."""
    spread(x[0], y[0], s, 3, (start, stop, base))
    unit = s[0] / (s[0] - 1.0) if s[2] == 1.0 else 1.0
    for i in range(start - base, stop - base):
        y[0][i] = max(y[0][i], 0.0) * unit
    hide(y[0], s, start, stop, base)


def update_stddev(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `spread`."""
    spread(x[0], y[0], s, 3, (start, stop, base))
    unit = np.sqrt(s[0] / (s[0] - 1.0)) if s[2] == 1.0 else 1.0
    for i in range(start - base, stop - base):
        y[0][i] = np.sqrt(max(y[0][i], 0.0)) * unit * s[1]
    hide(y[0], s, start, stop, base)


def update_zscore(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Two walks over the window for each row."""
    v, n = x[0], int(s[0])
    for i in range(start, stop):
        centre, _, second = recentred(v, i - n + 1, i + 1)
        away = np.sqrt(second / (n - s[1]))
        y[0][i - base] = (v[i] - centre) / away if away > 1e-14 * abs(centre) else 0.0
    hide(y[0], s, start, stop, base)


def update_cv(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Two walks over the window for each row."""
    v, n = x[0], int(s[0])
    for i in range(start, stop):
        centre, _, second = recentred(v, i - n + 1, i + 1)
        y[0][i - base] = np.sqrt(second / n) / centre if centre != 0.0 else np.nan
    hide(y[0], s, start, stop, base)


def update_correl(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: two centres, five sums about them, age."""
    a, b, n, seen = x[0], x[1], int(s[0]), warm(s)
    ca, cb, sa, sb, saa, sbb, sab, age = s[1], s[2], s[3], s[4], s[5], s[6], s[7], int(s[8])
    for i in range(start, stop):
        p, q = a[i] - ca, b[i] - cb
        u, w = (a[i - n] - ca, b[i - n] - cb) if seen >= n else (0.0, 0.0)
        sa, sb, saa, sbb = sa + (p - u), sb + (q - w), saa + (p * p - u * u), sbb + (q * q - w * w)
        sab += p * q - u * w
        seen += 1
        age += 1
        if age >= n and seen >= n:
            ca, sa, saa = recentred(a, i - n + 1, i + 1)
            cb, sb, sbb = recentred(b, i - n + 1, i + 1)
            sab, age = 0.0, 0
            for j in range(i - n + 1, i + 1):
                sab += (a[j] - ca) * (b[j] - cb)
        both = (saa - sa * sa / n) * (sbb - sb * sb / n)
        y[0][i - base] = (sab - sa * sb / n) / np.sqrt(both) if both > 1e-28 else 0.0
    s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8] = ca, cb, sa, sb, saa, sbb, sab, age
    hide(y[0], s, start, stop, base)


@kernel
def change(v: Any, i: Any) -> Any:
    """The relative change of row i; 0 after a zero."""
    return (v[i] - v[i - 1]) / v[i - 1] if v[i - 1] != 0.0 else 0.0


def update_beta(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: sums of both returns, of the product and of the square, age."""
    a, b, n, seen = x[0], x[1], int(s[0]), warm(s)
    sa, sb, sab, saa, age = s[1], s[2], s[3], s[4], int(s[5])
    for i in range(start, stop):
        if seen > 0:
            p, q = change(a, i), change(b, i)
            u, w = (change(a, i - n), change(b, i - n)) if seen > n else (0.0, 0.0)
            sa, sb, sab, saa = sa + (p - u), sb + (q - w), sab + (p * q - u * w), saa + (
                p * p - u * u
            )
            age += 1
            if age == max(n, 1024):
                sa, sb, sab, saa, age = 0.0, 0.0, 0.0, 0.0, 0
                for j in range(i - n + 1, i + 1):
                    p, q = change(a, j), change(b, j)
                    sa, sb, sab, saa = sa + p, sb + q, sab + p * q, saa + p * p
        seen += 1
        below = n * saa - sa * sa
        y[0][i - base] = (n * sab - sa * sb) / below if abs(below) > 1e-14 else 0.0
    s[1], s[2], s[3], s[4], s[5] = sa, sb, sab, saa, age
    hide(y[0], s, start, stop, base)


DDOF = choice("ddof", "population", ("population", "sample"), "divide by n or by n - 1")
STANDARD = "Kendall and Stuart 1977, vol. 1"
ROWS = (
    Row(
        "var", "Variance", "close",
        (length(5), real("nbdev", 1.0, -1e300, 1e300, "not used"), DDOF),
        "var", update_var, slots=lambda n, k, d: 4, warmup=lambda n, k, d: n - 1,
        history=lambda n, k, d: n, formula="mean squared distance from the mean",
        source=STANDARD, talib="VAR timeperiod nbdev",
    ),
    Row(
        "stddev", "Standard deviation", "close",
        (length(5), real("nbdev", 1.0, -1e300, 1e300, "multiplier"), DDOF), "stddev",
        update_stddev, slots=lambda n, k, d: 4, warmup=lambda n, k, d: n - 1,
        history=lambda n, k, d: n, formula="nbdev * square root of the variance",
        source=STANDARD, talib="STDDEV timeperiod nbdev",
    ),
    Row(
        "zscore", "Z-score", "close", (length(20), DDOF), "zscore", update_zscore,
        slots=lambda n, d: 0, warmup=lambda n, d: n - 1, history=lambda n, d: n,
        formula="(close - mean) / standard deviation, 0 on a flat window", source=STANDARD,
    ),
    Row(
        "cv", "Coefficient of variation", "close", (length(20),), "cv", update_cv,
        slots=lambda n: 0, warmup=lambda n: n - 1, history=lambda n: n,
        formula="standard deviation / mean", source=STANDARD,
    ),
    Row(
        "correl", "Pearson's correlation", "x y", (length(30, 1),), "correl", update_correl,
        slots=lambda n: 8, warmup=lambda n: n - 1, history=lambda n: n,
        formula="covariance / (deviation of x * deviation of y), 0 if either is flat",
        source=STANDARD, talib="CORREL timeperiod",
    ),
    Row(
        "beta", "Beta of returns", "x y", (length(5, 1),), "beta", update_beta,
        slots=lambda n: 5, warmup=lambda n: n, history=lambda n: n + 1,
        formula="covariance of the returns of x and y / variance of those of x",
        source="Sharpe 1964", talib="BETA timeperiod",
    ),
)  # fmt: skip
