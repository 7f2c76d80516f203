"""Hikkake: an inside bar, a false break and, within three bars, its confirmation."""

from __future__ import annotations

from typing import Any

from domain.jit import kernel, scratch
from indicators.blocks.edge import hide_whole, warm
from indicators.registry import Row

# slots: unused (0), total of ranges (1), the pattern that waits for confirmation (2), for how many
# more bars (3), the level that confirms a rise (4) and a fall (5)
SPAN = 128
space = scratch(SPAN)


@kernel
def broken(h1: Any, l1: Any, h0: Any, l0: Any) -> Any:
    """100 if the second of two bars has the lower high and low, -100 if the higher, 0 else."""
    down, up = (h0 < h1) & (l0 < l1), (h0 > h1) & (l0 > l1)
    return 100 if down else -100 if up else 0


@kernel
def inside(h1: Any, l1: Any, h0: Any, l0: Any) -> Any:
    """The second of two bars lies inside the first."""
    return (h0 < h1) & (l0 > l1)


@kernel
def follow(out: Any, s: Any, high: Any, low: Any, close: Any) -> None:
    """Add the confirmations (200, signed) to the patterns in out (100, signed).

    `high` and `low` are those of the bar before each row: the inside bar, where there is one.
    """
    side, left, top, bottom = int(s[2]), int(s[3]), s[4], s[5]
    for k in range(len(out)):
        if out[k] != 0:
            side, left, top, bottom = int(out[k]), 3, high[k], low[k]
        elif left > 0:
            left -= 1
            if (side > 0 and close[k] > top) or (side < 0 and close[k] < bottom):
                out[k], left = 2 * side, 0
    s[2], s[3], s[4], s[5] = side, left, top, bottom


def update_hikkake(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See the module for the slots."""
    first = min(start + max(2 - warm(s), 0), stop)
    h, low, to = x[1][first - 2 : stop], x[2][first - 2 : stop], y[0][first - base : stop - base]
    for k in range(len(to)):
        h2, h1, h0, l2, l1, l0 = h[k], h[k + 1], h[k + 2], low[k], low[k + 1], low[k + 2]
        found = broken(h1, l1, h0, l0)
        to[k] = found if inside(h2, l2, h1, l1) else 0
    follow(to, s, h[1:], low[1:], x[3][first:stop])
    hide_whole(y[0], s, start, stop, base)


def update_hikkakemod(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See the module for the slots."""
    seen, total, out, i = warm(s), s[1], y[0], start
    while i < stop and seen < 7:
        total += x[1][i - 2] - x[2][i - 2] if seen >= 2 else 0.0
        seen, i = seen + 1, i + 1
    first = i - base
    while i < stop:
        rows = min(stop - i, SPAN)
        h, low, to = x[1][i - 7 : i + rows], x[2][i - 7 : i + rows], out[i - base : i - base + rows]
        c, t = x[3][i - 2 : i + rows], space()
        for k in range(rows):
            t[k] = (h[k + 5] - low[k + 5]) - (h[k] - low[k])
        for k in range(rows):
            change = t[k]
            t[k] = total
            total += change
        for k in range(rows):
            h2, h1, l2, l1, slack = h[k + 5], h[k + 6], low[k + 5], low[k + 6], 0.2 * (t[k] / 5.0)
            found, last = broken(h1, l1, h[k + 7], low[k + 7]), c[k]
            twice = inside(h[k + 4], low[k + 4], h2, l2) & inside(h2, l2, h1, l1)
            ends = last <= l2 + slack if found > 0 else last >= h2 - slack
            to[k] = found if twice & ends else 0
        i += rows
    s[1], i = total, first + base
    follow(out[first : stop - base], s, x[1][i - 1 :], x[2][i - 1 :], x[3][i:])
    hide_whole(out, s, start, stop, base)


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
