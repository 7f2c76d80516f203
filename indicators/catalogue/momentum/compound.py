"""Oscillators built of several others: KST, STC, Connors RSI, QQE, Fisher, squeeze."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.jit import kernel
from indicators.blocks.average import ema_at, sma_at
from indicators.blocks.bands import true_range
from indicators.blocks.edge import hide, warm
from indicators.blocks.seed import rsi_at, starts
from indicators.blocks.window import delay_at, highest_at, lowest_at, spread_at
from indicators.registry import SEED_STEP, Row, length, real


def update_kst(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: for each of four lines a delay and an average; the signal."""
    for i in range(start, stop):
        v, value, b = x[0][i], 0.0, 9
        for j in range(4):
            far, n = int(s[j]), int(s[4 + j])
            old = delay_at(s, b, far, v)
            rate = 100.0 * (v / old - 1.0) if old != 0.0 else 0.0
            value += (j + 1) * sma_at(s, b + 2 + far, n, rate)
            b += 6 + far + n
        y[0][i - base] = value
        y[1][i - base] = sma_at(s, b, int(s[8]), value)
    hide(y[0], s, start, stop, base)


@kernel
def placed(s: Any, b: Any, n: Any, v: Any) -> Any:
    """Where v stands in the range of its last n values, 0 .. 100. Slots: 7 + 2 n."""
    low, high = lowest_at(s, b, n, v), highest_at(s, b + 3 + n, n, v)
    if high > low:
        s[b + 6 + 2 * n] = 100.0 * (v - low) / (high - low)
    return s[b + 6 + 2 * n] if high == high else np.nan


def update_stc(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: two averages, two ranges, two smoothings."""
    a, b, n, m1, m2 = int(s[0]), int(s[1]), int(s[2]), int(s[3]), int(s[4])
    p = 9 + 7 + 2 * n
    q = p + 2
    r = q + 7 + 2 * n
    for i in range(start, stop):
        v = x[0][i]
        line = ema_at(s, 5, a, 2.0 / (a + 1.0), v) - ema_at(s, 7, b, 2.0 / (b + 1.0), v)
        one = ema_at(s, p, m1, 2.0 / (m1 + 1.0), placed(s, 9, n, line))
        y[0][i - base] = ema_at(s, r, m2, 2.0 / (m2 + 1.0), placed(s, q, n, one))
    hide(y[0], s, start, stop, base)


def update_crsi(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: two RSIs, the streak."""
    n, m, far, seen, v = int(s[0]), int(s[1]), int(s[2]), warm(s), x[0]
    for i in range(start, stop):
        move = np.sign(v[i] - v[i - 1]) if seen > 0 else 0.0
        s[15] = move + s[15] if move * s[15] > 0.0 else move
        one, two = rsi_at(s, 3, n, v[i]), rsi_at(s, 9, m, s[15])
        below, rate = 0, v[i] / v[i - 1]
        for j in range(i - far, i):
            below += 1 if v[j] / v[j - 1] < rate else 0
        seen += 1
        y[0][i - base] = (one + two + 100.0 * below / far) / 3.0
    hide(y[0], s, start, stop, base)


def update_qqe(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: RSI, smoothing, two averages of moves, last value, line, side."""
    n, m, w = int(s[0]), int(s[1]), 2 * int(s[0]) - 1
    for i in range(start, stop):
        last = s[15]
        smooth = ema_at(s, 9, m, 2.0 / (m + 1.0), rsi_at(s, 3, n, x[0][i]))
        if smooth == smooth:
            move = abs(smooth - last) if s[18] > 0.0 else np.nan
            s[18], s[15] = s[18] + 1.0, smooth
            wide = ema_at(s, 13, w, 2.0 / (w + 1.0), ema_at(s, 11, w, 2.0 / (w + 1.0), move))
            if wide == wide:
                line, room = s[16], s[2] * wide
                if smooth > line and last > line:
                    line = max(line, smooth - room)
                elif smooth < line and last < line:
                    line = min(line, smooth + room)
                else:
                    line = smooth - room if smooth > line else smooth + room
                s[16] = line
        y[0][i - base], y[1][i - base] = smooth, s[16]
    hide(y[0], s, start, stop, base)
    hide(y[1], s, start, stop, base)


def update_fisher(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: highest, lowest, value, result."""
    n = int(s[0])
    for i in range(start, stop):
        v = (x[0][i] + x[1][i]) * 0.5
        high, low = highest_at(s, 3, n, v), lowest_at(s, 6 + n, n, v)
        last = s[2]
        if high == high:
            place = (v - low) / (high - low) - 0.5 if high > low else 0.0
            s[1] = 0.66 * place + 0.67 * s[1]
            s[1] = 0.999 if s[1] > 0.99 else -0.999 if s[1] < -0.99 else s[1]
            s[2] = 0.5 * np.log((1.0 + s[1]) / (1.0 - s[1])) + 0.5 * s[2]
        y[0][i - base], y[1][i - base] = s[2], last
    hide(y[0], s, start, stop, base)
    hide(y[1], s, start, stop, base)


def update_squeeze(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: deviation, average range, extremes, then a ring of detrended closes."""
    n, seen = int(s[0]), warm(s)
    p, q = 3 + 5 + n, 3 + 9 + 2 * n
    r = q + 6 + 2 * n
    for i in range(start, stop):
        mean, var = spread_at(s, 3, n, x[2][i])
        v = x[0][i] - x[1][i]
        if seen > 0:
            v = true_range(x[0][i], x[1][i], x[2][i - 1])
        wide = sma_at(s, p, n, v)
        high, low = highest_at(s, q, n, x[0][i]), lowest_at(s, q + 3 + n, n, x[1][i])
        d = x[2][i] - ((high + low) * 0.5 + mean) * 0.5
        y[0][i - base] = 1 if s[1] * np.sqrt(var) < s[2] * wide else 0
        seen += 1
        y[1][i - base] = line_end(s, r, n, d)
    hide(y[0], s, start, stop, base)
    hide(y[1], s, start, stop, base)


@kernel
def line_end(s: Any, b: Any, n: Any, v: Any) -> Any:
    """The end of the least squares line of the last n values. Slots: seen, place, n values."""
    if v != v:
        return np.nan
    p = int(s[b + 1])
    s[b + 2 + p] = v
    p = p + 1 if p + 1 < n else 0
    s[b], s[b + 1] = s[b] + 1.0, p
    if s[b] < n:
        return np.nan
    total, weighted, middle = 0.0, 0.0, (n - 1) * 0.5
    for j in range(n):
        old = s[b + 2 + (p + j if p + j < n else p + j - n)]
        total += old
        weighted += (j - middle) * old
    slope = weighted * 12.0 / (n * (n * n - 1.0))
    return total / n + slope * middle


EACH = "each average by the mean of its first n values; seed=first: by the first of them"
PRING = "Pring, Stocks & Commodities 10:8 (1992)"
ROWS = (
    Row(
        "kst", "Know sure thing", "close",
        (
            length(10, 1, "roc1"), length(15, 1, "roc2"), length(20, 1, "roc3"),
            length(30, 1, "roc4"), length(10, 1, "sma1"), length(10, 1, "sma2"),
            length(10, 1, "sma3"), length(15, 1, "sma4"), length(9, 1, "signal"),
        ),
        "kst signal", update_kst, slots=lambda *p: 28 + sum(p),
        warmup=lambda *p: max(p[j] + p[4 + j] - 1 for j in range(4)),
        formula="SMA(ROC1) + 2 SMA(ROC2) + 3 SMA(ROC3) + 4 SMA(ROC4), its SMA", source=PRING,
        ta="KSTIndicator",
    ),
    Row(
        "stc", "Schaff trend cycle", "close",
        (
            length(23, 1, "fast"), length(50, 1, "slow"), length(10, 2, "cycle"),
            length(3, 1, "smooth1"), length(3, 1, "smooth2"), SEED_STEP,
        ),
        "stc", update_stc, slots=lambda a, b, n, *c: 24 + 4 * n, bindings=starts("ema_at"),
        warmup=lambda a, b, n, c, d, seed: max(a, b) - 1 + 2 * (n - 1) + c - 1 + d - 1,
        formula="stochastic, smoothed, of the stochastic, smoothed, of EMA(fast) - EMA(slow)",
        source="Schaff 1999", seeding=EACH,
        ta="STCIndicator",
    ),
    Row(
        "crsi", "Connors RSI", "close",
        (length(3, 2), length(2, 2, "streak"), length(100, 2, "rank"), SEED_STEP), "crsi",
        update_crsi, slots=lambda n, m, r, seed: 13, bindings=starts("rsi_at"),
        warmup=lambda n, m, r, seed: max(n, m, r + 1), history=lambda n, m, r, seed: r + 1,
        formula="mean of RSI(close), RSI(streak) and percent rank of the newest change",
        source="Connors and Alvarez 2012", seeding="as rsi",
    ),
    Row(
        "qqe", "Quantitative qualitative estimation", "close",
        (length(14), length(5, 1, "smoothing"), real("factor", 4.236, 0, 1e6), SEED_STEP),
        "qqe trail", update_qqe, slots=lambda n, m, f, seed: 16,
        warmup=lambda n, m, f, seed: n + m + 4 * n - 4, bindings=starts("ema_at", "rsi_at"),
        formula="EMA of the RSI, and a trailing line at `factor` smoothed moves of it",
        source="Livshin; published by Moon 2008", seeding=EACH,
    ),
    Row(
        "fisher", "Fisher transform", "high low", (length(9),), "fisher signal", update_fisher,
        slots=lambda n: 8 + 2 * n, warmup=lambda n: n - 1,
        formula="0.5 ln((1 + v) / (1 - v)) + 0.5 before; v = 0.66 (place in range - 0.5) + 0.67"
        " before, beyond 0.99 taken as 0.999",
        source="Ehlers, Stocks & Commodities 20:11 (2002)", seeding="zero",
    ),
    Row(
        "squeeze", "TTM squeeze", "high low close",
        (length(20), real("deviations", 2.0, 0, 1e6), real("ranges", 1.5, 0, 1e6)),
        "squeeze momentum", update_squeeze, slots=lambda n, a, b: 17 + 5 * n,
        warmup=lambda n, a, b: 2 * n - 2, history=lambda n, a, b: 1,
        formula="1 while Bollinger bands lie inside Keltner's; least squares end of close -"
        " ((highest + lowest) / 2 + SMA) / 2", source="Carter 2005, Mastering the Trade",
    ),
)  # fmt: skip
