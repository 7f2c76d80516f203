"""Hikkake: an inside bar, a false break and, within three bars, its confirmation."""

from __future__ import annotations

from typing import Any

from domain.jit import kernel
from indicators.blocks.candle import near
from indicators.blocks.edge import hide_whole, warm
from indicators.registry import Row

# slots: unused (0), total of ranges (1), strength (2), bars since the pattern (3),
# the level that confirms a rise (4) and a fall (5)


@kernel
def broken(h: Any, low: Any, i: Any) -> Any:
    """1 if bar i has a lower high and low than the one before, -1 if higher, 0 else."""
    if h[i] < h[i - 1] and low[i] < low[i - 1]:
        return 1
    return -1 if h[i] > h[i - 1] and low[i] > low[i - 1] else 0


@kernel
def inside(h: Any, low: Any, i: Any) -> Any:
    """Bar i lies inside the one before."""
    return h[i] < h[i - 1] and low[i] > low[i - 1]


@kernel
def confirm(s: Any, found: Any, h: Any, low: Any, close: Any) -> Any:
    """Note a new pattern, or confirm the last one: 100 or 200, signed."""
    s[3] += 1.0
    if found != 0:
        s[2], s[3], s[4], s[5] = 100.0 * found, 0.0, h, low
        return 100 * found
    if s[2] == 0.0 or s[3] > 3.0:
        return 0
    if (s[2] > 0.0 and close > s[4]) or (s[2] < 0.0 and close < s[5]):
        sign = 1 if s[2] > 0.0 else -1
        s[2] = 0.0
        return 200 * sign
    return 0


def update_hikkake(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See the module for the slots."""
    h, low, c, seen = x[1], x[2], x[3], warm(s)
    for i in range(start, stop):
        value = 0
        if seen >= 2:
            found = broken(h, low, i) if inside(h, low, i - 1) else 0
            value = confirm(s, found, h[i - 1], low[i - 1], c[i])
        y[0][i - base] = value
        seen += 1
    hide_whole(y[0], s, start, stop, base)


def update_hikkakemod(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See the module for the slots."""
    h, low, c, seen = x[1], x[2], x[3], warm(s)
    for i in range(start, stop):
        value = 0
        if seen >= 7:
            found = 0
            if inside(h, low, i - 2) and inside(h, low, i - 1):
                found, slack = broken(h, low, i), near(s, 1)
                if found > 0 and c[i - 2] > low[i - 2] + slack:
                    found = 0
                if found < 0 and c[i - 2] < h[i - 2] - slack:
                    found = 0
            value = confirm(s, found, h[i - 1], low[i - 1], c[i])
        if seen >= 7:
            s[1] += (h[i - 2] - low[i - 2]) - (h[i - 7] - low[i - 7])
        elif seen >= 2:
            s[1] += h[i - 2] - low[i - 2]
        y[0][i - base] = value
        seen += 1
    hide_whole(y[0], s, start, stop, base)


def _row(name: str, title: str, warmup: int, formula: str, update: Any) -> Row:
    return Row(
        name, f"Candlestick pattern: {title}", "open high low close", (), "pattern", update,
        slots=lambda: 6, warmup=lambda: warmup, history=lambda: 8, formula=formula,
        source="Chesler, Active Trader 2004", talib=name.upper(), integer_outputs=(0,),
        seeding="patterns are sought from the third bar on",
    )  # fmt: skip


ROWS = (
    _row("cdlhikkake", "hikkake", 5,
         "inside bar, then a bar with lower (higher) high and low: 100 (-100); 200 (-200) when a"
         " close within three bars passes the inside bar", update_hikkake),
    _row("cdlhikkakemod", "modified hikkake", 10,
         "as hikkake with two inside bars, the first closing near its low (high)",
         update_hikkakemod),
)  # fmt: skip
