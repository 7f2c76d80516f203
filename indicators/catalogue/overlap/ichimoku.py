"""Channels and stops from extremes: Ichimoku, chandelier, Chande-Kroll, Alligator."""

from __future__ import annotations

from typing import Any

from indicators.blocks.average import ema_at
from indicators.blocks.bands import true_range
from indicators.blocks.edge import hide, warm
from indicators.blocks.seed import starts
from indicators.blocks.window import delay_at, highest_at, lowest_at
from indicators.registry import SEED_STEP, Row, length, real


def update_ichimoku(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: highest and lowest of three windows, two delays."""
    a, b, c, d = int(s[0]), int(s[1]), int(s[2]), int(s[3])
    p = 4 + 6 + 2 * a
    q = p + 6 + 2 * b
    r = q + 6 + 2 * c
    for i in range(start, stop):
        high, low, row = x[0][i], x[1][i], i - base
        one = (highest_at(s, 4, a, high) + lowest_at(s, 7 + a, a, low)) * 0.5
        two = (highest_at(s, p, b, high) + lowest_at(s, p + 3 + b, b, low)) * 0.5
        three = (highest_at(s, q, c, high) + lowest_at(s, q + 3 + c, c, low)) * 0.5
        y[0][row], y[1][row] = one, two
        y[2][row] = delay_at(s, r, d, (one + two) * 0.5) if d > 0 else (one + two) * 0.5
        y[3][row] = delay_at(s, r + 2 + d, d, three) if d > 0 else three


def update_chandelier(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: average range, highest, lowest."""
    n, k, seen = int(s[0]), s[1], warm(s)
    for i in range(start, stop):
        wide = 0.0
        if seen > 0:
            v = true_range(x[0][i], x[1][i], x[2][i - 1])
            wide = ema_at(s, 2, n, 1.0 / n, v)
        seen += 1
        y[0][i - base] = highest_at(s, 4, n, x[0][i]) - k * wide
        y[1][i - base] = lowest_at(s, 7 + n, n, x[1][i]) + k * wide
    hide(y[0], s, start, stop, base)
    hide(y[1], s, start, stop, base)


def update_chandekroll(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: average range, four extremes."""
    n, k, m, seen = int(s[0]), s[1], int(s[2]), warm(s)
    b, p = 5 + 3 + n, 5 + 6 + 2 * n
    for i in range(start, stop):
        v = x[0][i] - x[1][i]
        if seen > 0:
            v = true_range(x[0][i], x[1][i], x[2][i - 1])
        wide = ema_at(s, 3, n, 1.0 / n, v)
        seen += 1
        first = highest_at(s, 5, n, x[0][i]) - k * wide
        second = lowest_at(s, b, n, x[1][i]) + k * wide
        y[0][i - base] = highest_at(s, p, m, first)
        y[1][i - base] = lowest_at(s, p + 3 + m, m, second)
    hide(y[0], s, start, stop, base)
    hide(y[1], s, start, stop, base)


def update_alligator(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: three averages, three delays (8, 5, 3 rows)."""
    for i in range(start, stop):
        v, row = (x[0][i] + x[1][i]) * 0.5, i - base
        y[0][row] = delay_at(s, 10, 8, ema_at(s, 3, int(s[0]), 1.0 / s[0], v))
        y[1][row] = delay_at(s, 20, 5, ema_at(s, 5, int(s[1]), 1.0 / s[1], v))
        y[2][row] = delay_at(s, 27, 3, ema_at(s, 7, int(s[2]), 1.0 / s[2], v))


ROWS = (
    Row(
        "ichimoku", "Ichimoku kinko hyo", "high low",
        (
            length(9, 1, "conversion"), length(26, 1, "base"), length(52, 1, "span"),
            length(26, 0, "shift", "rows the spans are drawn ahead"),
        ),
        "conversion base span_a span_b", update_ichimoku,
        slots=lambda a, b, c, d: 22 + 2 * (a + b + c) + 2 * d,
        warmup=lambda a, b, c, d: min(a, b) - 1,
        formula="midpoints of the range over three lengths; the spans as seen today, that is, as"
        " computed `shift` rows ago (shift=0: the newest)",
        source="Hosoda 1969; Patel 2010", ta="IchimokuIndicator",
    ),
    Row(
        "chandelier", "Chandelier exit", "high low close",
        (length(22), real("multiplier", 3.0, 0, 1e6), SEED_STEP), "long short", update_chandelier,
        slots=lambda n, k, seed: 8 + 2 * n, warmup=lambda n, k, seed: n,
        history=lambda n, k, seed: 1, bindings=starts("ema_at"),
        formula="highest high - k ATR, lowest low + k ATR", source="LeBeau; Elder 2002",
        seeding="ATR by the mean of its first n values; seed=first: by the first of them",
    ),
    Row(
        "chandekroll", "Chande-Kroll stop", "high low close",
        (length(10, 1), real("multiplier", 1.0, 0, 1e6), length(9, 1, "stop_length")),
        "short long", update_chandekroll, slots=lambda n, k, m: 14 + 2 * n + 2 * m,
        warmup=lambda n, k, m: n + m - 2, history=lambda n, k, m: 1,
        formula="highest of (highest high - k ATR), lowest of (lowest low + k ATR)",
        source="Chande and Kroll 1994",
        seeding="ATR by the mean of its first n ranges, the first of them high - low",
    ),
    Row(
        "alligator", "Williams' Alligator", "high low",
        (length(13, 1, "jaw"), length(8, 1, "teeth"), length(5, 1, "lips"), SEED_STEP),
        "jaw teeth lips", update_alligator, slots=lambda a, b, c, seed: 32,
        warmup=lambda a, b, c, seed: min(a + 7, b + 4, c + 2), bindings=starts("ema_at"),
        formula="Wilder averages of the median price, shown 8, 5 and 3 rows late",
        source="Williams 1995, Trading Chaos",
        seeding="mean of the first n values; seed=first: the first",
    ),
)  # fmt: skip
