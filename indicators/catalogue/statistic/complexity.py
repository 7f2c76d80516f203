"""The shape of a window: skewness, kurtosis, autocorrelation, entropy, Hurst's exponent."""

from __future__ import annotations

from typing import Any

import numpy as np

from indicators.blocks.edge import hide
from indicators.blocks.window import recentred
from indicators.registry import Row, length


def update_skew(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Two walks over the window for each row."""
    v, n = x[0], int(s[0])
    for i in range(start, stop):
        centre, _, second = recentred(v, i - n + 1, i + 1)
        third = 0.0
        for j in range(i - n + 1, i + 1):
            third += (v[j] - centre) ** 3
        var = second / n
        flat = var <= 1e-24 * centre * centre
        y[0][i - base] = 0.0 if flat else third / n / (var * np.sqrt(var))
    hide(y[0], s, start, stop, base)


def update_kurtosis(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Two walks over the window for each row."""
    v, n = x[0], int(s[0])
    for i in range(start, stop):
        centre, _, second = recentred(v, i - n + 1, i + 1)
        fourth = 0.0
        for j in range(i - n + 1, i + 1):
            fourth += (v[j] - centre) ** 4
        var = second / n
        flat = var <= 1e-24 * centre * centre
        y[0][i - base] = 0.0 if flat else fourth / n / (var * var) - 3.0
    hide(y[0], s, start, stop, base)


def update_autocorr(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Two walks over the window for each row."""
    v, n, far = x[0], int(s[0]), int(s[1])
    for i in range(start, stop):
        centre, _, second = recentred(v, i - n + 1, i + 1)
        both = 0.0
        for j in range(i - n + 1 + far, i + 1):
            both += (v[j] - centre) * (v[j - far] - centre)
        y[0][i - base] = both / second if second > 1e-24 * n * centre * centre else 0.0
    hide(y[0], s, start, stop, base)


def update_entropy(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: counts of the bins."""
    v, n, bins = x[0], int(s[0]), int(s[1])
    counts = s[2 : 2 + bins]
    for i in range(start, stop):
        low, high = v[i], v[i]
        for j in range(i - n + 1, i + 1):
            low, high = min(low, v[j]), max(high, v[j])
        step, total = (high - low) / bins, 0.0
        counts[:] = 0.0
        for j in range(i - n + 1, i + 1):
            k = int((v[j] - low) / step) if step > 0.0 else 0
            counts[min(max(k, 0), bins - 1)] += 1.0
        for k in range(bins):
            if counts[k] > 0.0:
                total -= counts[k] / n * np.log2(counts[k] / n)
        y[0][i - base] = total
    hide(y[0], s, start, stop, base)


def update_hurst(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """The slope of ln(deviation of changes over k rows) on ln(k), k = 1, 2, 4, ..."""
    v, n = x[0], int(s[0])
    for i in range(start, stop):
        sa, sb, saa, sab, points, k = 0.0, 0.0, 0.0, 0.0, 0, 1
        while 4 * k <= n:
            first, second, count = 0.0, 0.0, n - k
            for j in range(i - n + 1 + k, i + 1):
                d = v[j] - v[j - k]
                first, second = first + d, second + d * d
            var = second / count - first / count * (first / count)
            if var > 0.0:
                a, b = np.log(k), 0.5 * np.log(var)
                sa, sb, saa, sab, points = sa + a, sb + b, saa + a * a, sab + a * b, points + 1
            k *= 2
        below = points * saa - sa * sa
        y[0][i - base] = (points * sab - sa * sb) / below if below > 0.0 else 0.5
    hide(y[0], s, start, stop, base)


def _row(name: str, title: str, kernel: Any, formula: str, source: str, *more: Any) -> Row:
    low = {"hurst": 16}.get(name, 3)
    return Row(
        name, title, "close", (length(100 if low > 3 else 30, low), *more), name, kernel,
        slots=lambda *p: int(p[-1]) if name == "entropy" else 0, warmup=lambda n, *p: n - 1,
        history=lambda n, *p: n, formula=formula, source=source,
    )  # fmt: skip


ROWS = (
    _row("skew", "Skewness", update_skew, "third central moment / deviation^3", "Kendall 1977"),
    _row("kurtosis", "Excess kurtosis", update_kurtosis,
         "fourth central moment / variance^2 - 3", "Kendall 1977"),
    _row("autocorr", "Autocorrelation", update_autocorr,
         "covariance with the values `lag` rows before, within the window, / variance",
         "Box and Jenkins 1976", length(1, 1, "lag")),
    _row("entropy", "Shannon entropy", update_entropy,
         "-sum p log2 p of the values counted in bins over their range", "Shannon 1948",
         length(8, 2, "bins", "bins")),
    _row("hurst", "Hurst exponent", update_hurst,
         "slope of ln(deviation of changes over k rows) on ln k, k = 1, 2, 4 .. n / 4",
         "Hurst 1951; Mandelbrot 1968"),
)  # fmt: skip
