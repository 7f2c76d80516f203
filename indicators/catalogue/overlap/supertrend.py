"""SuperTrend: a trailing stop of bands around the middle of the range."""

from __future__ import annotations

from typing import Any

from indicators.blocks.bands import true_range, wilder
from indicators.blocks.edge import hide, hide_whole, warm
from indicators.blocks.seed import starts
from indicators.registry import SEED_STEP, Row, length, real


def update(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: count and value of the range, upper and lower band, side."""
    high, low, close, n = x[0], x[1], x[2], int(s[0])
    c, a, upper, lower, side, seen = int(s[2]), s[3], s[4], s[5], s[6], warm(s)
    for i in range(start, stop):
        if seen > 0:
            c, a = wilder(c, a, n, true_range(high[i], low[i], close[i - 1]))
        middle, wide = (high[i] + low[i]) * 0.5, s[1] * a
        if seen == n:
            upper, lower = middle + wide, middle - wide
            side = 1.0
        elif seen > n:
            last = close[i - 1]
            upper = middle + wide if middle + wide < upper or last > upper else upper
            lower = middle - wide if middle - wide > lower or last < lower else lower
            if side > 0.0:
                side = -1.0 if close[i] < lower else 1.0
            else:
                side = 1.0 if close[i] > upper else -1.0
        seen += 1
        y[0][i - base] = lower if side > 0.0 else upper
        y[1][i - base] = int(side)
    s[2], s[3], s[4], s[5], s[6] = c, a, upper, lower, side
    hide(y[0], s, start, stop, base)
    hide_whole(y[1], s, start, stop, base)


ROWS = (
    Row(
        "supertrend", "SuperTrend", "high low close",
        (length(10, 1), real("multiplier", 3.0, 0, 1e6, "ranges away"), SEED_STEP),
        "supertrend trend", update, slots=lambda n, m, seed: 5, warmup=lambda n, m, seed: n,
        history=lambda n, m, seed: 1, integer_outputs=(1,), bindings=starts("wilder"),
        formula="bands (high + low) / 2 +- m ATR that only tighten; the side flips when the close"
        " crosses its band",
        source="Seban 2009",
        seeding="ATR by the mean of its first n values; seed=first: by the first; the first side is"
        " long",
        talib="SUPERTREND timeperiod multiplier",
    ),
)  # fmt: skip
