"""How long ago the extremes were: Aroon."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.jit import kernel
from indicators.blocks.edge import hide
from indicators.registry import Row, length


@kernel
def newest_top(v: Any, i: Any, end: Any, n: Any, s: Any, b: Any) -> None:
    """Ages of the newest maximum of n values for rows i .. end - 1 (at most n). Slots: 2 n."""
    best, at = -np.inf, i
    for j in range(i - 1, i - n, -1):
        if v[j] > best:
            best, at = v[j], j
        s[b + n + j - (i - n + 1)] = at
    top, where = -np.inf, i
    for j in range(i, end):
        if v[j] >= top:
            top, where = v[j], j
        k = j - i
        old = int(s[b + n + k]) if k < n - 1 else where
        s[b + k] = j - (old if v[old] > top else where)


@kernel
def newest_bottom(v: Any, i: Any, end: Any, n: Any, s: Any, b: Any) -> None:
    """Ages of the newest minimum; see `newest_top`."""
    best, at = np.inf, i
    for j in range(i - 1, i - n, -1):
        if v[j] < best:
            best, at = v[j], j
        s[b + n + j - (i - n + 1)] = at
    top, where = np.inf, i
    for j in range(i, end):
        if v[j] <= top:
            top, where = v[j], j
        k = j - i
        old = int(s[b + n + k]) if k < n - 1 else where
        s[b + k] = j - (old if v[old] < top else where)


def update_aroon(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: 4 (n + 1) of work space."""
    n, i, scale = int(s[0]) + 1, start, 100.0 / s[0]
    while i < stop:
        end = min(stop, i + n)
        newest_bottom(x[1], i, end, n, s, 1)
        newest_top(x[0], i, end, n, s, 1 + 2 * n)
        for k in range(end - i):
            y[0][i - base + k] = (s[0] - s[1 + k]) * scale
            y[1][i - base + k] = (s[0] - s[1 + 2 * n + k]) * scale
        i = end
    hide(y[0], s, start, stop, base)
    hide(y[1], s, start, stop, base)


def update_aroonosc(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: 4 (n + 1) of work space."""
    n, i, scale = int(s[0]) + 1, start, 100.0 / s[0]
    while i < stop:
        end = min(stop, i + n)
        newest_bottom(x[1], i, end, n, s, 1)
        newest_top(x[0], i, end, n, s, 1 + 2 * n)
        for k in range(end - i):
            y[0][i - base + k] = (s[1 + k] - s[1 + 2 * n + k]) * scale
        i = end
    hide(y[0], s, start, stop, base)


CHANDE = "Chande, Stocks & Commodities 13:9 (1995)"
ROWS = (
    Row(
        "aroon", "Aroon", "high low", (length(14),), "down up", update_aroon,
        slots=lambda n: 4 * n + 4, warmup=lambda n: n, history=lambda n: n + 1,
        formula="100 (n - rows since the lowest low, highest high of n + 1 rows) / n",
        source=CHANDE, talib="AROON timeperiod", ta="AroonIndicator",
    ),
    Row(
        "aroonosc", "Aroon oscillator", "high low", (length(14),), "aroonosc", update_aroonosc,
        slots=lambda n: 4 * n + 4, warmup=lambda n: n, history=lambda n: n + 1,
        formula="Aroon up - Aroon down", source=CHANDE, talib="AROONOSC timeperiod",
    ),
)  # fmt: skip
