"""Volume against movement: Klinger, ease of movement, smoothed OBV."""

from __future__ import annotations

from typing import Any

from indicators.blocks.average import ema_at, sma_at
from indicators.blocks.edge import hide, warm
from indicators.blocks.seed import starts
from indicators.registry import SEED_STEP, Row, length, real


def update_klinger(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: three averages, trend, movement of the trend, range before."""
    seen = warm(s)
    a, b, c = 2.0 / (s[0] + 1.0), 2.0 / (s[1] + 1.0), 2.0 / (s[2] + 1.0)
    for i in range(start, stop):
        wide = x[0][i] - x[1][i]
        if seen > 0:
            before = x[0][i - 1] + x[1][i - 1] + x[2][i - 1]
            trend = 1.0 if x[0][i] + x[1][i] + x[2][i] > before else -1.0
            s[10] = (s[10] if trend == s[9] and seen > 1 else s[11]) + wide
            s[9] = trend
            part = abs(2.0 * (wide / s[10] - 1.0)) if s[10] > 0.0 else 0.0
            force = x[3][i] * part * trend * 100.0
            line = ema_at(s, 3, int(s[0]), a, force) - ema_at(s, 5, int(s[1]), b, force)
            y[0][i - base], y[1][i - base] = line, ema_at(s, 7, int(s[2]), c, line)
        s[11] = wide
        seen += 1
    hide(y[0], s, start, stop, base)
    hide(y[1], s, start, stop, base)


def update_emv(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: a simple average."""
    n, seen = int(s[0]), warm(s)
    for i in range(start, stop):
        if seen > 0:
            moved = (x[0][i] + x[1][i] - x[0][i - 1] - x[1][i - 1]) * 0.5
            value = moved * (x[0][i] - x[1][i]) * s[1] / x[2][i] if x[2][i] != 0.0 else 0.0
            y[0][i - base], y[1][i - base] = value, sma_at(s, 2, n, value)
        seen += 1
    hide(y[0], s, start, stop, base)
    hide(y[1], s, start, stop, base)


def update_sobv(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the line, a simple average."""
    seen = warm(s)
    for i in range(start, stop):
        if seen == 0:
            s[1] = x[1][i]
        elif x[0][i] > x[0][i - 1]:
            s[1] += x[1][i]
        elif x[0][i] < x[0][i - 1]:
            s[1] -= x[1][i]
        seen += 1
        y[0][i - base] = sma_at(s, 2, int(s[0]), s[1])


ROWS = (
    Row(
        "klinger", "Klinger volume oscillator", "high low close volume",
        (length(34, 1, "fast"), length(55, 1, "slow"), length(13, 1, "signal"), SEED_STEP),
        "klinger signal", update_klinger, slots=lambda a, b, c, seed: 9,
        warmup=lambda a, b, c, seed: max(a, b), history=lambda a, b, c, seed: 1,
        bindings=starts("ema_at"),
        formula="EMA(fast) - EMA(slow) of volume * |2 (range / movement of the trend - 1)| *"
        " trend * 100, its EMA", source="Klinger, Stocks & Commodities 15:12 (1997)",
        seeding="each EMA by the mean of its first values; seed=first: by the first of them",
    ),
    Row(
        "emv", "Ease of movement", "high low volume",
        (length(14, 1), real("scale", 1e8, 1e-300, 1e300, "volume unit")), "emv sma", update_emv,
        slots=lambda n, k: 4 + n, warmup=lambda n, k: 1, history=lambda n, k: 1,
        formula="change of the middle * range * scale / volume, its simple average",
        source="Arms 1983; Achelis 2001", ta="EaseOfMovementIndicator",
    ),
    Row(
        "sobv", "Smoothed on-balance volume", "close volume", (length(20, 1),), "sobv",
        update_sobv, slots=lambda n: 5 + n, warmup=lambda n: n - 1, history=lambda n: 1,
        formula="SMA of the on-balance volume", source="Granville 1963",
        seeding="the first volume",
    ),
)  # fmt: skip
