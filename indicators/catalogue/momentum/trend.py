"""Momentum of smoothed prices and directional sums: TRIX, TSI, vortex, ultimate, fractals."""

from __future__ import annotations

from typing import Any

from domain.jit import kernel
from indicators.blocks.average import ema
from indicators.blocks.bands import true_range
from indicators.blocks.edge import hide, hide_whole, warm
from indicators.blocks.seed import starts
from indicators.blocks.window import REFRESH
from indicators.registry import SEED_STEP, Row, length


def update_trix(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: three (count, average) pairs."""
    v, n, k, i, seen = x[0], int(s[0]), 2.0 / (s[0] + 1.0), start, warm(s)
    c1, e1, c2, e2, c3, e3 = int(s[1]), s[2], int(s[3]), s[4], int(s[5]), s[6]
    while i < stop and seen < 3 * n - 1:
        last = e3
        c1, e1 = ema(c1, e1, n, k, v[i])
        if c1 >= n:
            c2, e2 = ema(c2, e2, n, k, e1)
            if c2 >= n:
                c3, e3 = ema(c3, e3, n, k, e2)
        y[0][i - base] = (e3 / last - 1.0) * 100.0 if last != 0.0 else 0.0
        seen += 1
        i += 1
    a = 1.0 - k
    for j in range(i, stop):
        last = e3
        e1 = a * e1 + k * v[j]
        e2 = a * e2 + k * e1
        e3 = a * e3 + k * e2
        y[0][j - base] = (e3 / last - 1.0) * 100.0 if last != 0.0 else 0.0
    s[1], s[2], s[3], s[4], s[5], s[6] = c1, e1, c2, e2, c3, e3
    hide(y[0], s, start, stop, base)


def update_tsi(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: (count, average, average of sizes) twice."""
    v, n, m, seen, i = x[0], int(s[0]), int(s[1]), warm(s), start
    k1, k2 = 2.0 / (s[0] + 1.0), 2.0 / (s[1] + 1.0)
    c1, a, b, c2, c, d = int(s[2]), s[3], s[4], int(s[5]), s[6], s[7]
    while i < stop and c2 < m:
        if seen > 0:
            move = v[i] - v[i - 1]
            _, b = ema(c1, b, n, k1, abs(move))
            c1, a = ema(c1, a, n, k1, move)
        if c1 >= n:
            _, d = ema(c2, d, m, k2, b)
            c2, c = ema(c2, c, m, k2, a)
        y[0][i - base] = 100.0 * c / d if d != 0.0 else 0.0
        seen += 1
        i += 1
    g1, g2 = 1.0 - k1, 1.0 - k2
    for j in range(i, stop):
        move = v[j] - v[j - 1]
        a = g1 * a + k1 * move
        b = g1 * b + k1 * abs(move)
        c = g2 * c + k2 * a
        d = g2 * d + k2 * b
        y[0][j - base] = 100.0 * c / d if d != 0.0 else 0.0
    s[2], s[3], s[4], s[5], s[6], s[7] = c1, a, b, c2, c, d
    hide(y[0], s, start, stop, base)


def update_vortex(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: three sums, age."""
    high, low, close, n, seen = x[0], x[1], x[2], int(s[0]), warm(s)
    plus, minus, wide, age = s[1], s[2], s[3], int(s[4])
    for i in range(start, stop):
        if seen > 0:
            plus += abs(high[i] - low[i - 1])
            minus += abs(low[i] - high[i - 1])
            wide += true_range(high[i], low[i], close[i - 1])
        if seen > n:
            j = i - n
            plus -= abs(high[j] - low[j - 1])
            minus -= abs(low[j] - high[j - 1])
            wide -= true_range(high[j], low[j], close[j - 1])
        seen, age = seen + 1, age + 1
        if age >= REFRESH and seen > n:
            plus, minus, wide, age = 0.0, 0.0, 0.0, 0
            for j in range(i - n + 1, i + 1):
                plus += abs(high[j] - low[j - 1])
                minus += abs(low[j] - high[j - 1])
                wide += true_range(high[j], low[j], close[j - 1])
        share = 1.0 / wide if wide > 0.0 else 0.0
        y[0][i - base], y[1][i - base] = plus * share, minus * share
    s[1], s[2], s[3], s[4] = plus, minus, wide, age
    hide(y[0], s, start, stop, base)
    hide(y[1], s, start, stop, base)


@kernel
def pressure(high: Any, low: Any, close: Any, last: Any) -> Any:
    """(buying pressure, true range) from a row and the close before."""
    low = low if low < last else last
    return close - low, (high if high > last else last) - low


@kernel
def pressures(x: Any, stop: Any, n: Any) -> Any:
    """Sums of `pressure` over the n rows before `stop`."""
    one, two = 0.0, 0.0
    for j in range(stop - n, stop):
        a, b = pressure(x[0][j], x[1][j], x[2][j], x[2][j - 1])
        one, two = one + a, two + b
    return one, two


def update_ultosc(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: three pairs of sums, age."""
    seen, age, high, low, close = warm(s), int(s[9]), x[0], x[1], x[2]
    n1, n2, n3 = int(s[0]), int(s[1]), int(s[2])
    a1, b1, a2, b2, a3, b3 = s[3], s[4], s[5], s[6], s[7], s[8]
    longest, shortest = max(n1, n2, n3), min(n1, n2, n3)
    middle, w = n1 + n2 + n3 - longest - shortest, 100.0 / 7.0
    for i in range(start, stop):
        if seen > 0:
            a, b = pressure(high[i], low[i], close[i], close[i - 1])
            a1, b1, a2, b2, a3, b3 = a1 + a, b1 + b, a2 + a, b2 + b, a3 + a, b3 + b
        if seen > shortest:
            j = i - shortest
            a, b = pressure(high[j], low[j], close[j], close[j - 1])
            a1, b1 = a1 - a, b1 - b
        if seen > middle:
            j = i - middle
            a, b = pressure(high[j], low[j], close[j], close[j - 1])
            a2, b2 = a2 - a, b2 - b
        if seen > longest:
            j = i - longest
            a, b = pressure(high[j], low[j], close[j], close[j - 1])
            a3, b3 = a3 - a, b3 - b
        seen, age = seen + 1, age + 1
        if age >= REFRESH and seen > longest:
            a1, b1 = pressures(x, i + 1, shortest)
            a2, b2 = pressures(x, i + 1, middle)
            a3, b3 = pressures(x, i + 1, longest)
            age = 0
        value = 4.0 * a1 / b1 if b1 > 0.0 else 0.0
        value += 2.0 * a2 / b2 if b2 > 0.0 else 0.0
        value += a3 / b3 if b3 > 0.0 else 0.0
        y[0][i - base] = w * value
    s[3], s[4], s[5], s[6], s[7], s[8], s[9] = a1, b1, a2, b2, a3, b3, age
    hide(y[0], s, start, stop, base)


def update_fractal(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Compares the row `right` rows ago with its neighbours."""
    high, low, left, right = x[0], x[1], int(s[0]), int(s[1])
    for i in range(start, stop):
        top, bottom, at = 100, 100, i - right
        for j in range(at - left, i + 1):
            if j != at:
                top = 0 if high[j] >= high[at] else top
                bottom = 0 if low[j] <= low[at] else bottom
        y[0][i - base], y[1][i - base] = top, bottom
    hide_whole(y[0], s, start, stop, base)
    hide_whole(y[1], s, start, stop, base)


EACH = "each EMA by the mean of its first values; seed=first: by the first of them"
ROWS = (
    Row(
        "trix", "TRIX", "close", (length(30, 1), SEED_STEP), "trix", update_trix,
        slots=lambda n, seed: 6, bindings=starts("ema"), warmup=lambda n, seed: 3 * n - 2,
        formula="rate of change in per cent of a triple EMA",
        source="Hutson, Stocks & Commodities 1:5 (1983)",
        seeding=EACH, talib="TRIX timeperiod",
        ta="TRIXIndicator",
    ),
    Row(
        "tsi", "True strength index", "close",
        (length(25, 1, "first"), length(13, 1, "second"), SEED_STEP), "tsi", update_tsi,
        slots=lambda n, m, seed: 6, bindings=starts("ema"), warmup=lambda n, m, seed: n + m - 1,
        history=lambda n, m, seed: 1, formula="100 EMA(EMA(change)) / EMA(EMA(|change|))",
        source="Blau, Stocks & Commodities 9:11 (1991)",
        seeding=EACH, talib="TSI firstperiod secondperiod",
        ta="TSIIndicator",
    ),
    Row(
        "vortex", "Vortex indicator", "high low close", (length(14),), "plus minus", update_vortex,
        slots=lambda n: 4, warmup=lambda n: n, history=lambda n: n + 1,
        formula="sums of |high - low before| and |low - high before| / sum of true ranges",
        source="Botes and Siepman, Stocks & Commodities 28:1 (2010)", talib="VORTEX timeperiod",
        ta="VortexIndicator",
    ),
    Row(
        "ultosc", "Ultimate oscillator", "high low close",
        (length(7, 1, "length1"), length(14, 1, "length2"), length(28, 1, "length3")), "ultosc",
        update_ultosc, slots=lambda a, b, c: 7, warmup=lambda a, b, c: max(a, b, c),
        history=lambda a, b, c: max(a, b, c) + 1,
        formula="100 (4 A1 + 2 A2 + A3) / 7, A = buying pressure / true range over each length",
        source="Williams, Stocks & Commodities 3:4 (1985)",
        talib="ULTOSC timeperiod1 timeperiod2 timeperiod3", ta="UltimateOscillator",
    ),
    Row(
        "fractal", "Williams' fractals", "high low",
        (length(2, 1, "left"), length(2, 1, "right")), "swinghigh swinglow", update_fractal,
        slots=lambda a, b: 0, warmup=lambda a, b: a + b, history=lambda a, b: a + b,
        formula="100 where the row `right` rows ago is higher (lower) than all its neighbours",
        source="Williams 1995, Trading Chaos", talib="FRACTAL leftbars rightbars",
        integer_outputs=(0, 1),
    ),
)  # fmt: skip
