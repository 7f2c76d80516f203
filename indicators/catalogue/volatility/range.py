"""Ranges: true range, average true range and relatives."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.bits import fma
from domain.jit import kernel
from indicators.blocks.average import ema
from indicators.blocks.bands import true_range
from indicators.blocks.edge import hide
from indicators.blocks.seed import starts
from indicators.blocks.window import REFRESH
from indicators.registry import SEED_STEP, Row, choice, length


@kernel
def ranges(x: Any, out: Any, start: Any, stop: Any, base: Any) -> None:
    """True ranges of the rows."""
    high, low, last = x[0][start:stop], x[1][start:stop], x[2][start - 1 : stop - 1]
    to = out[start - base : stop - base]
    for i in range(len(to)):
        to[i] = true_range(high[i], low[i], last[i])


def update_trange(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Reads the close before."""
    ranges(x, y[0], start, stop, base)
    hide(y[0], s, start, stop, base)


@kernel
def average_range(x: Any, out: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Wilder's average of the true range. Slots: seen, average."""
    n, first, ranged, end = int(s[0]), s[1] == 1.0, s[1] == 2.0, stop - base
    seen, m, i, k, full = int(s[2]), s[3], start - base, 1.0 / n, n - 1 if ranged else n
    high, low, last = x[0], x[1], x[2]
    while i < end and seen <= full:
        j = i + base
        v = true_range(high[j], low[j], last[j - 1]) if seen > 0 else high[j] - low[j]
        if seen > 0 and first:
            m = v if seen == 1 else m + (v - m) * k
        elif seen > 0 or ranged:
            m = (m + v) * k if seen == full else m + v
        out[i] = m if seen == full else np.nan
        seen += 1
        i += 1
    a, first_row = 1.0 - k, i + base
    high, low, to = high[first_row:stop], low[first_row:stop], out[i:end]
    last = last[first_row - 1 : stop - 1]
    for j in range(len(to)):
        m = fma(a, m, k * true_range(high[j], low[j], last[j]))
        to[j] = m
    s[2], s[3] = seen, m


def update_atr(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `average_range`."""
    average_range(x, y[0], s, start, stop, base)


def update_natr(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `average_range`."""
    average_range(x, y[0], s, start, stop, base)
    close, out = x[2][start:stop], y[0][start - base : stop - base]
    for i in range(len(out)):
        part = out[i] / close[i] * 100.0
        out[i] = part if close[i] != 0.0 else 0.0
    hide(y[0], s, start, stop, base)


def update_adr(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: sum, age."""
    high, low, n = x[0], x[1], int(s[0])
    value, age, every, j, scale = s[1], int(s[2]), max(REFRESH, n), start, 1.0 / s[0]
    while j < stop:
        end = min(stop, j + every - age)
        for i in range(j, end):
            value += (high[i] - low[i]) - (high[i - n] - low[i - n])
            y[0][i - base] = value * scale
        age += end - j
        j = end
        if age == every:
            value, age = 0.0, 0
            for i in range(j - n, j):
                value += high[i] - low[i]
    s[1], s[2] = value, age
    hide(y[0], s, start, stop, base)


def update_cvi(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: count and average, place, then the averages of the last rows."""
    high, low, n, m = x[0], x[1], int(s[0]), int(s[1])
    c, e, p, k = int(s[2]), s[3], int(s[4]), 2.0 / (s[0] + 1.0)
    for i in range(start, stop):
        c, e = ema(c, e, n, k, high[i] - low[i])
        if c >= n:
            old = s[5 + p]
            s[5 + p] = e
            p = p + 1 if p + 1 < m else 0
            grown = 100.0 * (e - old) / old
            y[0][i - base] = grown if old != 0.0 else 0.0
    s[2], s[3], s[4] = c, e, p
    hide(y[0], s, start, stop, base)


def update_massi(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: two averages, place, sum, seen, age, then the ratios."""
    high, low, n, m = x[0], x[1], int(s[0]), int(s[1])
    c1, e1, c2, e2, p, value = int(s[2]), s[3], int(s[4]), s[5], int(s[6]), s[7]
    k = 2.0 / (s[0] + 1.0)
    age = int(s[8])
    for i in range(start, stop):
        c1, e1 = ema(c1, e1, n, k, high[i] - low[i])
        if c1 >= n:
            c2, e2 = ema(c2, e2, n, k, e1)
        if c2 >= n:
            ratio = e1 / e2 if e2 != 0.0 else 1.0
            value += ratio - s[9 + p]
            s[9 + p] = ratio
            p, age = (p + 1 if p + 1 < m else 0), age + 1
            if age == REFRESH:
                value, age = s[9 : 9 + m].sum(), 0
        y[0][i - base] = value
    s[2], s[3], s[4], s[5], s[6], s[7], s[8] = c1, e1, c2, e2, p, value, age
    hide(y[0], s, start, stop, base)


WILDER = "Wilder 1978, ch. 3"
RANGES = choice("seed", "sma", ("sma", "first", "range"), "what the recursion starts from")
RANGED = (
    "sma: mean of the first n true ranges, from the second row on; first: the first of these;"
    " range: mean of n, the first row's high - low included"
)
ROWS = (
    Row(
        "trange", "True range", "high low close", (), "trange", update_trange,
        slots=lambda: 0, warmup=lambda: 1, history=lambda: 1,
        formula="max(high, close before) - min(low, close before)", source=WILDER, talib="TRANGE",
    ),
    Row(
        "atr", "Average true range", "high low close", (length(14, 1), RANGES), "atr", update_atr,
        slots=lambda n, seed: 2, warmup=lambda n, seed: n - (seed == 2), history=lambda n, seed: 1,
        formula="a += (true range - a) / n", source=WILDER,
        seeding=RANGED,
        talib="ATR timeperiod", ta="AverageTrueRange",
    ),
    Row(
        "natr", "Normalised average true range", "high low close", (length(14, 1), RANGES), "natr",
        update_natr, slots=lambda n, seed: 2, warmup=lambda n, seed: n - (seed == 2),
        history=lambda n, seed: 1, formula="100 ATR / close",
        source="Forman, Stocks & Commodities 24:5 (2006)", seeding="as atr",
        talib="NATR timeperiod",
    ),
    Row(
        "adr", "Average day range", "high low", (length(14, 1),), "adr", update_adr,
        slots=lambda n: 2, warmup=lambda n: n - 1, history=lambda n: n,
        formula="mean of high - low", source="TA-Lib", talib="ADR timeperiod",
    ),
    Row(
        "cvi", "Chaikin's volatility", "high low",
        (length(10), length(10, 1, "roc_length"), SEED_STEP), "cvi", update_cvi,
        slots=lambda n, m, seed: 3 + m, warmup=lambda n, m, seed: n + m - 1,
        bindings=starts("ema"),
        formula="rate of change in per cent over m rows of EMA(high - low, n)",
        source="Achelis 2001, Technical Analysis from A to Z",
        seeding="mean of the first n ranges; seed=first: the first",
        talib="CVI timeperiod rocperiod",
    ),
    Row(
        "massi", "Mass index", "high low",
        (length(9, 2, "fast"), length(25, 1, "slow"), SEED_STEP), "massi", update_massi,
        slots=lambda n, m, seed: 7 + m, warmup=lambda n, m, seed: 2 * n + m - 3,
        bindings=starts("ema"),
        formula="sum over m rows of EMA(range) / EMA(EMA(range))",
        source="Dorsey, Stocks & Commodities 10:6 (1992)",
        seeding="each EMA by the mean of its first n values; seed=first: by the first of them",
        talib="MASSI fastperiod slowperiod", ta="MassIndex",
    ),
)  # fmt: skip
