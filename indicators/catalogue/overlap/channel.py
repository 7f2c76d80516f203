"""Bands from the highest and lowest of a window: midpoints and Donchian's channel."""

from __future__ import annotations

from typing import Any

from domain.jit import kernel
from indicators.blocks.edge import hide
from indicators.blocks.window import WIDE, bottoms, highest, lowest, room, space, tops, wide_slots
from indicators.registry import Row, length


@kernel
def middle(a: Any, b: Any, out: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Mean of the highest `a` and the lowest `b`. Slots: work space of wide windows."""
    n, i = int(s[0]), start
    w = space() if n <= WIDE else s[1 : 1 + 6 * n]
    while i < stop:
        rows = min(stop - i, room(n))
        top, bottom, t = w[:rows], w[rows : 2 * rows], w[2 * rows :]
        tops(a, i, n, top, t)
        bottoms(b, i, n, bottom, t)
        to = out[i - base : i - base + rows]
        for k in range(rows):
            to[k] = (top[k] + bottom[k]) * 0.5
        i += rows
    hide(out, s, start, stop, base)


def update_midpoint(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `middle`."""
    middle(x[0], x[0], y[0], s, start, stop, base)


def update_midprice(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `middle`."""
    middle(x[0], x[1], y[0], s, start, stop, base)


def update_donchian(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: work space of wide windows."""
    n, i = int(s[0]), start
    t = space() if n <= WIDE else s[1 : 1 + 6 * n]
    if stop - start == 1:
        i, row = stop, start - base
        y[0][row], y[2][row] = highest(x[0], stop - n, n), lowest(x[1], stop - n, n)
        y[1][row] = (y[0][row] + y[2][row]) * 0.5
    while i < stop:
        rows, row = min(stop - i, room(n)), i - base
        top, half, bottom = y[0][row : row + rows], y[1][row : row + rows], y[2][row : row + rows]
        tops(x[0], i, n, top, t)
        bottoms(x[1], i, n, bottom, t)
        for k in range(rows):
            half[k] = (top[k] + bottom[k]) * 0.5
        i += rows
    for out in y:
        hide(out, s, start, stop, base)


ROWS = (
    Row(
        "midpoint", "Midpoint of a series", "close", (length(14),), "midpoint", update_midpoint,
        slots=wide_slots, warmup=lambda n: n - 1, history=lambda n: n,
        formula="(highest close + lowest close) / 2", source="TA-Lib",
        talib="MIDPOINT timeperiod",
    ),
    Row(
        "midprice", "Midpoint of the range", "high low", (length(14),), "midprice",
        update_midprice, slots=wide_slots, warmup=lambda n: n - 1, history=lambda n: n,
        formula="(highest high + lowest low) / 2", source="TA-Lib",
        talib="MIDPRICE timeperiod",
    ),
    Row(
        "donchian", "Donchian channel", "high low", (length(20, 1),), "upper middle lower",
        update_donchian, slots=wide_slots, warmup=lambda n: n - 1, history=lambda n: n,
        formula="highest high, their mean, lowest low", source="Donchian 1960; Murphy 1999",
        talib="DONCHIAN timeperiod", ta="DonchianChannel",
    ),
)  # fmt: skip
