"""Bands from the highest and lowest of a window: midpoints and Donchian's channel."""

from __future__ import annotations

from typing import Any

from domain.jit import kernel
from indicators.blocks.edge import hide
from indicators.blocks.window import bottoms, tops
from indicators.registry import Row, length


@kernel
def middle(a: Any, b: Any, out: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Mean of the highest `a` and the lowest `b`. Slots: 4 n of work space."""
    n, i = int(s[0]), start
    while i < stop:
        end = min(stop, i + n)
        tops(a, i, end, n, s, 1)
        bottoms(b, i, end, n, s, 1 + 2 * n)
        for k in range(end - i):
            out[i - base + k] = (s[1 + k] + s[1 + 2 * n + k]) * 0.5
        i = end
    hide(out, s, start, stop, base)


def update_midpoint(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `middle`."""
    middle(x[0], x[0], y[0], s, start, stop, base)


def update_midprice(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `middle`."""
    middle(x[0], x[1], y[0], s, start, stop, base)


def update_donchian(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: 4 n of work space."""
    n, i = int(s[0]), start
    while i < stop:
        end = min(stop, i + n)
        tops(x[0], i, end, n, s, 1)
        bottoms(x[1], i, end, n, s, 1 + 2 * n)
        for k in range(end - i):
            top, bottom, row = s[1 + k], s[1 + 2 * n + k], i - base + k
            y[0][row], y[1][row], y[2][row] = top, (top + bottom) * 0.5, bottom
        i = end
    for out in y:
        hide(out, s, start, stop, base)


ROWS = (
    Row(
        "midpoint", "Midpoint of a series", "close", (length(14),), "midpoint", update_midpoint,
        slots=lambda n: 4 * n, warmup=lambda n: n - 1, history=lambda n: n,
        formula="(highest close + lowest close) / 2", source="TA-Lib",
        talib="MIDPOINT timeperiod",
    ),
    Row(
        "midprice", "Midpoint of the range", "high low", (length(14),), "midprice",
        update_midprice, slots=lambda n: 4 * n, warmup=lambda n: n - 1, history=lambda n: n,
        formula="(highest high + lowest low) / 2", source="TA-Lib",
        talib="MIDPRICE timeperiod",
    ),
    Row(
        "donchian", "Donchian channel", "high low", (length(20, 1),), "upper middle lower",
        update_donchian, slots=lambda n: 4 * n, warmup=lambda n: n - 1, history=lambda n: n,
        formula="highest high, their mean, lowest low", source="Donchian 1960; Murphy 1999",
        talib="DONCHIAN timeperiod", ta="DonchianChannel",
    ),
)  # fmt: skip
