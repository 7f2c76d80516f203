"""Momentum of smoothed prices and directional sums: TRIX, TSI, vortex, ultimate, fractals."""

from __future__ import annotations

from typing import Any

from domain.bits import fma
from domain.jit import kernel, scratch
from indicators.blocks.average import ema
from indicators.blocks.bands import true_range
from indicators.blocks.edge import hide, hide_whole, warm
from indicators.blocks.seed import starts
from indicators.blocks.window import REFRESH
from indicators.registry import SEED_STEP, Row, length

space = scratch(8 * 128)


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
        e1 = fma(a, e1, k * v[j])
        e2 = fma(a, e2, k * e1)
        e3 = fma(a, e3, k * e2)
        grown = (e3 / last - 1.0) * 100.0
        y[0][j - base] = grown if last != 0.0 else 0.0
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
        a = fma(g1, a, k1 * move)
        b = fma(g1, b, k1 * abs(move))
        c = fma(g2, c, k2 * a)
        d = fma(g2, d, k2 * b)
        y[0][j - base] = 100.0 * c / d if d != 0.0 else 0.0
    s[2], s[3], s[4], s[5], s[6], s[7] = c1, a, b, c2, c, d
    hide(y[0], s, start, stop, base)


@kernel
def turned(x: Any, i: Any, rows: Any, there: Any, t: Any) -> None:
    """Up movement, down movement and true range of `rows` rows from row i, or zeros."""
    high, low, high0 = x[0][i : i + rows], x[1][i : i + rows], x[0][i - 1 : i - 1 + rows]
    low0, last = x[1][i - 1 : i - 1 + rows], x[2][i - 1 : i - 1 + rows]
    up, down, size = t[:rows], t[rows : 2 * rows], t[2 * rows : 3 * rows]
    for k in range(rows):
        a, b = abs(high[k] - low0[k]), abs(low[k] - high0[k])
        c = true_range(high[k], low[k], last[k])
        up[k], down[k], size[k] = (a, b, c) if there else (0.0, 0.0, 0.0)


def update_vortex(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: three sums, age."""
    n, seen, plus, minus, wide, age = int(s[0]), warm(s), s[1], s[2], s[3], int(s[4])
    i, every, work = start, max(REFRESH, n), space()
    while i < stop:
        if age >= every and seen > n:
            plus, minus, wide, age = 0.0, 0.0, 0.0, 0
            for j in range(i - n, i):
                turned(x, j, 1, True, work)
                plus, minus, wide = plus + work[0], minus + work[1], wide + work[2]
        rows = min(stop - i, min(128, max(every - age, 1))) if seen > n else 1
        new, old = work[: 3 * rows], work[3 * rows : 6 * rows]
        turned(x, i, rows, seen > 0, new)
        turned(x, i - n, rows, seen > n, old)
        a, b, c, d = new[:rows], new[rows : 2 * rows], new[2 * rows :], old[:rows]
        e, f = old[rows : 2 * rows], old[2 * rows :]
        up, down = y[0][i - base : i - base + rows], y[1][i - base : i - base + rows]
        for k in range(rows):
            plus, minus, wide = plus + (a[k] - d[k]), minus + (b[k] - e[k]), wide + (c[k] - f[k])
            share = 1.0 / wide
            share = share if wide > 0.0 else 0.0
            up[k], down[k] = plus * share, minus * share
        seen, age, i = seen + rows, age + rows, i + rows
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


@kernel
def rated(a: Any, b: Any, c: Any, d: Any, e: Any, f: Any) -> Any:
    """(4 a / b + 2 c / d + e / f) / 7 in per cent; a quotient by zero counts as zero."""
    one, two, three = 4.0 * a / b, 2.0 * c / d, e / f
    value = one if b > 0.0 else 0.0
    value += two if d > 0.0 else 0.0
    value += three if f > 0.0 else 0.0
    return 100.0 / 7.0 * value


def update_ultosc(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: three pairs of sums, age."""
    seen, age, i = warm(s), int(s[9]), start
    n1, n2, n3 = int(s[0]), int(s[1]), int(s[2])
    a1, b1, a2, b2, a3, b3 = s[3], s[4], s[5], s[6], s[7], s[8]
    long, short = max(n1, n2, n3), min(n1, n2, n3)
    middle, work = n1 + n2 + n3 - long - short, space()
    while i < stop:
        if age >= REFRESH and seen > long:
            a1, b1 = pressures(x, i, short)
            a2, b2 = pressures(x, i, middle)
            a3, b3 = pressures(x, i, long)
            age = 0
        rows = min(stop - i, min(128, max(REFRESH - age, 1))) if seen > long else 1
        t = work[: 8 * rows]
        for k in range(4):
            back = 0 if k == 0 else short if k == 1 else middle if k == 2 else long
            pressed(x, i - back, seen >= back + 1, t[2 * k * rows : (2 * k + 2) * rows])
        a, b, c, d = t[:rows], t[rows : 2 * rows], t[2 * rows : 3 * rows], t[3 * rows : 4 * rows]
        e, f, g = t[4 * rows : 5 * rows], t[5 * rows : 6 * rows], t[6 * rows : 7 * rows]
        h, out = t[7 * rows :], y[0][i - base : i - base + rows]
        for j in range(rows):
            a1, b1 = a1 + (a[j] - c[j]), b1 + (b[j] - d[j])
            a2, b2 = a2 + (a[j] - e[j]), b2 + (b[j] - f[j])
            a3, b3 = a3 + (a[j] - g[j]), b3 + (b[j] - h[j])
            out[j] = rated(a1, b1, a2, b2, a3, b3)
        seen, age, i = seen + rows, age + rows, i + rows
    s[3], s[4], s[5], s[6], s[7], s[8], s[9] = a1, b1, a2, b2, a3, b3, age
    hide(y[0], s, start, stop, base)


@kernel
def pressed(x: Any, j: Any, there: Any, t: Any) -> None:
    """`pressure` of len(t) / 2 rows from row j: first the pressures, then the ranges; or zeros."""
    rows = len(t) // 2
    high, low, close = x[0][j : j + rows], x[1][j : j + rows], x[2][j : j + rows]
    last, a, b = x[2][j - 1 : j - 1 + rows], t[:rows], t[rows : 2 * rows]
    for k in range(rows):
        one, two = pressure(high[k], low[k], close[k], last[k])
        a[k], b[k] = (one if there else 0.0), (two if there else 0.0)


@kernel
def peaks(v: Any, out: Any, start: Any, stop: Any, base: Any, reach: Any) -> None:
    """100 where the row `right` rows ago is above its neighbours, which are compared one by one."""
    left, right = reach
    to, here = out[start - base : stop - base], v[start - right : stop - right]
    for k in range(len(to)):
        to[k] = 100
    for away in range(-left - right, 1):
        if away != -right:
            other = v[start + away : stop + away]
            for k in range(len(to)):
                to[k] = to[k] if here[k] > other[k] else 0


@kernel
def pits(v: Any, out: Any, start: Any, stop: Any, base: Any, reach: Any) -> None:
    """100 where the row `right` rows ago is below its neighbours; see `peaks`."""
    left, right = reach
    to, here = out[start - base : stop - base], v[start - right : stop - right]
    for k in range(len(to)):
        to[k] = 100
    for away in range(-left - right, 1):
        if away != -right:
            other = v[start + away : stop + away]
            for k in range(len(to)):
                to[k] = to[k] if here[k] < other[k] else 0


def update_fractal(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Compares the row `right` rows ago with its neighbours."""
    reach = int(s[0]), int(s[1])
    peaks(x[0], y[0], start, stop, base, reach)
    pits(x[1], y[1], start, stop, base, reach)
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
        "vortex", "Vortex indicator", "high low close", (length(14, 1),), "plus minus",
        update_vortex,
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
