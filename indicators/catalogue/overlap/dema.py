"""Averages made of exponential averages: DEMA, TEMA, T3, zero-lag."""

from __future__ import annotations

from typing import Any

import numpy as np

from indicators.blocks.average import ema, ema_from
from indicators.blocks.seed import starts
from indicators.registry import SEED, SEED_STEP, Row, length, real


def update_dema(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: two (count, average) pairs."""
    v, out = x[0], y[0]
    n, first = int(s[0]), s[1] == 1.0
    c1, e1, c2, e2 = int(s[2]), s[3], int(s[4]), s[5]
    k, i, seen = 2.0 / (n + 1), start, int(s[6])
    while i < stop and seen < 2 * n - 1:
        c1, e1 = ema_from(first, c1, e1, n, k, v[i])
        if c1 >= n:
            c2, e2 = ema_from(first, c2, e2, n, k, e1)
        seen += 1
        out[i - base] = 2.0 * e1 - e2 if seen == 2 * n - 1 else np.nan
        i += 1
    a1 = 1.0 - k
    for j in range(i, stop):
        e1 = a1 * e1 + k * v[j]
        e2 = a1 * e2 + k * e1
        out[j - base] = 2.0 * e1 - e2
    s[2], s[3], s[4], s[5], s[6] = c1, e1, c2, e2, seen


def update_tema(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: three (count, average) pairs, seen."""
    v, out = x[0], y[0]
    n, first = int(s[0]), s[1] == 1.0
    c1, e1, c2, e2, c3, e3 = int(s[2]), s[3], int(s[4]), s[5], int(s[6]), s[7]
    k, i, seen, full = 2.0 / (n + 1), start, int(s[8]), 3 * n - 2
    while i < stop and seen < full:
        c1, e1 = ema_from(first, c1, e1, n, k, v[i])
        if c1 >= n:
            c2, e2 = ema_from(first, c2, e2, n, k, e1)
            if c2 >= n:
                c3, e3 = ema_from(first, c3, e3, n, k, e2)
        seen += 1
        out[i - base] = 3.0 * e1 - 3.0 * e2 + e3 if seen == full else np.nan
        i += 1
    a1 = 1.0 - k
    for j in range(i, stop):
        e1 = a1 * e1 + k * v[j]
        e2 = a1 * e2 + k * e1
        e3 = a1 * e3 + k * e2
        out[j - base] = 3.0 * e1 - 3.0 * e2 + e3
    s[2], s[3], s[4], s[5], s[6], s[7], s[8] = c1, e1, c2, e2, c3, e3, seen


def update_t3(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: seen, then for each of the six averages its count and value."""
    v, out = x[0], y[0]
    n, a, seen = int(s[0]), s[1], int(s[2])
    k, i, full = 2.0 / (n + 1), start, 6 * n - 5
    c2, c3 = 3.0 * a * a + 3.0 * a * a * a, -6.0 * a * a - 3.0 * a - 3.0 * a * a * a
    c1, c4 = -a * a * a, 1.0 + 3.0 * a + a * a * a + 3.0 * a * a
    while i < stop and seen < full:
        value = v[i]
        for j in range(3, 15, 2):
            s[j], s[j + 1] = ema(s[j], s[j + 1], n, k, value)
            value = s[j + 1]
            if s[j] < n:
                break
        seen += 1
        last = c1 * s[14] + c2 * s[12] + c3 * s[10] + c4 * s[8]
        out[i - base] = last if seen == full else np.nan
        i += 1
    e1, e2, e3, e4, e5, e6 = s[4], s[6], s[8], s[10], s[12], s[14]
    a1 = 1.0 - k
    for j in range(i, stop):
        e1 = a1 * e1 + k * v[j]
        e2 = a1 * e2 + k * e1
        e3 = a1 * e3 + k * e2
        e4 = a1 * e4 + k * e3
        e5 = a1 * e5 + k * e4
        e6 = a1 * e6 + k * e5
        out[j - base] = c1 * e6 + c2 * e5 + c3 * e4 + c4 * e3
    s[2], s[4], s[6], s[8], s[10], s[12], s[14] = seen, e1, e2, e3, e4, e5, e6


def update_zlema(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: seen, count, average."""
    v, out = x[0], y[0]
    n, seen, c, e, i = int(s[0]), int(s[1]), int(s[2]), s[3], start
    k, lag = 2.0 / (n + 1), (n - 1) // 2
    while i < stop and c < n:
        if seen >= lag:
            c, e = ema(c, e, n, k, 2.0 * v[i] - v[i - lag])
        out[i - base] = e if c == n else np.nan
        seen += 1
        i += 1
    a = 1.0 - k
    for j in range(i, stop):
        e = a * e + k * (2.0 * v[j] - v[j - lag])
        out[j - base] = e
    s[1], s[2], s[3] = seen, c, e


EACH = "each EMA by the mean of its first n values; seed=first: by the first of them"
SOURCE = "Mulloy, Stocks & Commodities 12:1-2 (1994)"
ROWS = (
    Row(
        "dema", "Double exponential moving average", "close", (length(30, 1), SEED), "dema",
        update_dema, slots=lambda n, seed: 5, warmup=lambda n, seed: 2 * n - 2,
        formula="2 EMA - EMA(EMA)", source=SOURCE,
        seeding=EACH,
        talib="DEMA timeperiod",
    ),
    Row(
        "tema", "Triple exponential moving average", "close", (length(30, 1), SEED), "tema",
        update_tema, slots=lambda n, seed: 7, warmup=lambda n, seed: 3 * n - 3,
        formula="3 EMA - 3 EMA(EMA) + EMA(EMA(EMA))", source=SOURCE,
        seeding=EACH,
        talib="TEMA timeperiod",
    ),
    Row(
        "t3", "Tillson's T3 moving average", "close",
        (length(5, 1), real("vfactor", 0.7, 0, 1, "volume factor a"), SEED_STEP), "t3", update_t3,
        slots=lambda n, a, seed: 13, warmup=lambda n, a, seed: 6 * n - 6, bindings=starts("ema"),
        formula="six EMAs e1 .. e6; -a^3 e6 + 3(a^2 + a^3) e5 - (6a^2 + 3a + 3a^3) e4"
        " + (1 + 3a + 3a^2 + a^3) e3",
        source="Tillson, Stocks & Commodities 16:1 (1998)",
        seeding=EACH, talib="T3 timeperiod vfactor",
    ),
    Row(
        "zlema", "Zero-lag exponential moving average", "close", (length(30, 1), SEED_STEP),
        "zlema", update_zlema, slots=lambda n, seed: 3, history=lambda n, seed: n,
        warmup=lambda n, seed: n - 1 + (n - 1) // 2, bindings=starts("ema"),
        formula="EMA of 2 close - close (n - 1) // 2 rows ago", source="Ehlers and Way 2010",
        seeding="mean of the first n corrected values; seed=first: the first of them",
        talib="ZLEMA timeperiod",
    ),
)  # fmt: skip
