"""Variance, deviation and the relations of two series."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.jit import kernel
from indicators.blocks.edge import hide, warm
from indicators.blocks.spread import spread
from indicators.blocks.window import recentred
from indicators.registry import Row, choice, length, real


def update_var(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `spread`."""
    out = y[0]
    spread(x[0], out, out, s, 3, int(s[0]), (start, stop, base))
    unit = s[0] / (s[0] - 1.0) if s[2] == 1.0 else 1.0
    for i in range(start - base, stop - base):
        out[i] = max(out[i], 0.0) * unit
    hide(out, s, start, stop, base)


def update_stddev(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `spread`."""
    out = y[0]
    spread(x[0], out, out, s, 3, int(s[0]), (start, stop, base))
    unit = np.sqrt(s[0] / (s[0] - 1.0)) if s[2] == 1.0 else 1.0
    unit *= s[1]
    for i in range(start - base, stop - base):
        out[i] = np.sqrt(max(out[i], 0.0)) * unit
    hide(out, s, start, stop, base)


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


@kernel
def product(a: Any, b: Any, first: Any, stop: Any, ca: Any, cb: Any) -> Any:
    """The sum of the products of rows first .. stop - 1 about the centres."""
    value = 0.0
    for j in range(first, stop):
        value += (a[j] - ca) * (b[j] - cb)
    return value


def update_correl(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: two centres, five sums about them, age."""
    a, b, n, seen, out = x[0], x[1], int(s[0]), warm(s), y[0]
    ca, cb, sa, sb, saa, sbb, sab, age = s[1], s[2], s[3], s[4], s[5], s[6], s[7], int(s[8])
    i, r = start, 1.0 / s[0]
    while i < stop:
        every = n if seen < n else max(n, 64)
        end = min(stop, i + every - age)
        for j in range(i, end):
            p, q, u, w = a[j] - ca, b[j] - cb, 0.0, 0.0
            if seen >= n:
                u, w = a[j - n] - ca, b[j - n] - cb
            sa, sb, sab = sa + (p - u), sb + (q - w), sab + (p * q - u * w)
            saa, sbb = saa + (p - u) * (p + u), sbb + (q - w) * (q + w)
            both = (saa - sa * sa * r) * (sbb - sb * sb * r)
            cosine = (sab - sa * sb * r) / np.sqrt(both)
            out[j - base] = cosine if both > 1e-28 else 0.0
        age, seen, i = age + end - i, seen + end - i, end
        if age == every:
            ca, sa, saa = recentred(a, i - n, i)
            cb, sb, sbb = recentred(b, i - n, i)
            sab, age = product(a, b, i - n, i, ca, cb), 0
            both = (saa - sa * sa * r) * (sbb - sb * sb * r)
            cosine = (sab - sa * sb * r) / np.sqrt(both)
            out[i - 1 - base] = cosine if both > 1e-28 else 0.0
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
            sa, sb, sab, saa = (
                sa + (p - u),
                sb + (q - w),
                sab + (p * q - u * w),
                saa + (p * p - u * u),
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
