"""Swings: ZigZag and Renko, told row by row without looking ahead."""

from __future__ import annotations

from typing import Any

import numpy as np

from indicators.blocks.edge import warm
from indicators.registry import Row, real

MOST_BRICKS = 2.0**31 - 1.0  # what a column of 32-bit whole numbers holds


def update_zigzag(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: direction, extreme, its row, last pivot."""
    seen, part = warm(s), s[0] / 100.0
    for i in range(start, stop):
        high, low = x[0][i], x[1][i]
        if seen == 0:
            s[1], s[2], s[3], s[4] = 1.0, high, 0.0, low
        turned = 0
        if s[1] > 0.0:
            if high >= s[2]:
                s[2], s[3] = high, seen
            elif low <= s[2] * (1.0 - part):
                s[4], s[1], s[2], s[3], turned = s[2], -1.0, low, seen, -1
        elif low <= s[2]:
            s[2], s[3] = low, seen
        elif high >= s[2] * (1.0 + part):
            s[4], s[1], s[2], s[3], turned = s[2], 1.0, high, seen, 1
        seen += 1
        row = i - base
        y[0][row], y[1][row], y[2][row], y[3][row] = s[2], s[4], int(s[1]), turned


def update_renko(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: close of the last brick, its direction."""
    seen, size = warm(s), s[0]
    for i in range(start, stop):
        v, made = x[0][i], 0
        if seen == 0:
            s[1] = v
        far = v - s[1]
        need = 2.0 if s[2] * far < 0.0 else 1.0
        if abs(far) >= need * size:
            side = 1.0 if far > 0.0 else -1.0
            bricks = np.floor(abs(far) / size) - need + 1.0
            made = int(side * min(bricks, MOST_BRICKS))
            s[1] += size * side * (bricks + need - 1.0)
            s[2] = side
        seen += 1
        y[0][i - base], y[1][i - base] = s[1], made


ROWS = (
    Row(
        "zigzag", "ZigZag", "high low", (real("percent", 5.0, 1e-9, 99.9, "reversal"),),
        "extreme pivot direction turned", update_zigzag, slots=lambda p: 4, warmup=lambda p: 0,
        formula="running extreme of the leg, last confirmed pivot, direction, and +-1 on the row"
        " that confirms a pivot", source="Merrill 1977, Filtered Waves",
        seeding="the first leg is taken to rise from the first low", integer_outputs=(2, 3),
    ),
    Row(
        "renko", "Renko bricks", "close", (real("size", 1.0, 1e-12, 1e12, "brick"),),
        "brick made", update_renko, slots=lambda b: 2, warmup=lambda b: 0,
        formula="close of the last brick, and how many bricks (signed) this row made; a turn takes"
        " two sizes", source="Nison 1994, Beyond Candlesticks", seeding="the first close",
        integer_outputs=(1,),
    ),
)  # fmt: skip
