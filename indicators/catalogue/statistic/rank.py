"""Order statistics of a window."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.jit import kernel
from indicators.blocks.edge import hide, warm
from indicators.registry import Row, length, real


@kernel
def insert(s: Any, b: Any, count: Any, v: Any) -> None:
    """Put v in its place among `count` sorted values from slot b."""
    j = b + count
    while j > b and s[j - 1] > v:
        s[j] = s[j - 1]
        j -= 1
    s[j] = v


@kernel
def remove(s: Any, b: Any, count: Any, v: Any) -> None:
    """Take v out of `count` sorted values from slot b."""
    low, high = b, b + count - 1
    while low < high:
        half = (low + high) // 2
        if s[half] < v:
            low = half + 1
        else:
            high = half
    for j in range(low, b + count - 1):
        s[j] = s[j + 1]


def update_percentile(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the window, sorted."""
    v, n, seen = x[0], int(s[0]), warm(s)
    at = 2 + min(max(int(np.ceil(s[1] / 100.0 * n)) - 1, 0), n - 1)
    for i in range(start, stop):
        if seen >= n:
            remove(s, 2, n, v[i - n])
        insert(s, 2, min(seen, n - 1), v[i])
        seen += 1
        y[0][i - base] = s[at]
    hide(y[0], s, start, stop, base)


def update_median(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the window, sorted."""
    v, n, seen = x[0], int(s[0]), warm(s)
    for i in range(start, stop):
        if seen >= n:
            remove(s, 1, n, v[i - n])
        insert(s, 1, min(seen, n - 1), v[i])
        seen += 1
        y[0][i - base] = (s[1 + (n - 1) // 2] + s[1 + n // 2]) * 0.5
    hide(y[0], s, start, stop, base)


def update_percentrank(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Compares with each of the n values before."""
    n = int(s[0])
    for i in range(start, stop):
        v, past, below = x[0][i], x[0][i - n : i], 0
        for j in range(n):
            below += 1 if past[j] < v else 0
        y[0][i - base] = 100.0 * below / n
    hide(y[0], s, start, stop, base)


ROWS = (
    Row(
        "percentile", "Percentile, nearest rank", "close",
        (length(30), real("percentile", 50.0, 0, 100, "per cent")), "percentile",
        update_percentile, slots=lambda n, p: n + 1, warmup=lambda n, p: n - 1,
        history=lambda n, p: n, formula="the smallest value with p per cent at or below it",
        source="Hyndman and Fan 1996, definition 1", talib="PERCENTILE timeperiod percentile",
    ),
    Row(
        "median", "Rolling median", "close", (length(30),), "median", update_median,
        slots=lambda n: n + 1, warmup=lambda n: n - 1, history=lambda n: n,
        formula="middle value, mean of the two middle ones if n is even", source="arithmetic",
    ),
    Row(
        "percentrank", "Percent rank", "close", (length(100),), "percentrank",
        update_percentrank, slots=lambda n: 0, warmup=lambda n: n, history=lambda n: n,
        formula="per cent of the n values before that are below the newest",
        source="Connors and Alvarez 2009", talib="PERCENTRANK timeperiod",
    ),
)  # fmt: skip
