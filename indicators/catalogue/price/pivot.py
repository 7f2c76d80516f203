"""Pivot points from the bar before, in five traditions."""

from __future__ import annotations

from typing import Any

from domain.jit import kernel
from indicators.blocks.edge import hide
from indicators.registry import Row


@kernel
def put(y: Any, row: Any, middle: Any, up: Any, down: Any) -> None:
    """Write the pivot, three resistances and three supports."""
    y[0][row] = middle
    y[1][row], y[2][row], y[3][row] = up
    y[4][row], y[5][row], y[6][row] = down


def update_standard(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Reads the bar before."""
    for i in range(start, stop):
        h, low, c = x[0][i - 1], x[1][i - 1], x[2][i - 1]
        p, w = (h + low + c) / 3.0, h - low
        up = 2.0 * p - low, p + w, h + 2.0 * (p - low)
        put(y, i - base, p, up, (2.0 * p - h, p - w, low - 2.0 * (h - p)))
    for out in y:
        hide(out, s, start, stop, base)


def update_fibonacci(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Reads the bar before."""
    for i in range(start, stop):
        h, low, c = x[0][i - 1], x[1][i - 1], x[2][i - 1]
        p, w = (h + low + c) / 3.0, h - low
        up = p + 0.382 * w, p + 0.618 * w, p + w
        put(y, i - base, p, up, (p - 0.382 * w, p - 0.618 * w, p - w))
    for out in y:
        hide(out, s, start, stop, base)


def update_camarilla(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Reads the bar before."""
    for i in range(start, stop):
        h, low, c = x[0][i - 1], x[1][i - 1], x[2][i - 1]
        w = 1.1 * (h - low)
        up = c + w / 12.0, c + w / 6.0, c + w / 4.0
        put(y, i - base, (h + low + c) / 3.0, up, (c - w / 12.0, c - w / 6.0, c - w / 4.0))
    for out in y:
        hide(out, s, start, stop, base)


def update_woodie(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Reads the bar before and the open of this one."""
    for i in range(start, stop):
        h, low = x[1][i - 1], x[2][i - 1]
        p, w = (h + low + 2.0 * x[0][i]) * 0.25, h - low
        up = 2.0 * p - low, p + w, h + 2.0 * (p - low)
        put(y, i - base, p, up, (2.0 * p - h, p - w, low - 2.0 * (h - p)))
    for out in y:
        hide(out, s, start, stop, base)


def update_demark(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Reads the bar before."""
    for i in range(start, stop):
        o, h, low, c = x[0][i - 1], x[1][i - 1], x[2][i - 1], x[3][i - 1]
        total = h + low + c + (low if c < o else h if c > o else c)
        y[0][i - base] = total * 0.25
        y[1][i - base] = total * 0.5 - low
        y[2][i - base] = total * 0.5 - h
    for out in y:
        hide(out, s, start, stop, base)


SEVEN = "pivot r1 r2 r3 s1 s2 s3"


def _row(name: str, inputs: str, outputs: str, kernel: Any, formula: str, source: str) -> Row:
    return Row(
        f"pivot_{name}", f"Pivot points, {name}", inputs, (), outputs, kernel, slots=lambda: 0,
        warmup=lambda: 1, history=lambda: 1, formula=formula, source=source,
    )  # fmt: skip


HLC = "high low close"
ROWS = (
    _row("standard", HLC, SEVEN, update_standard,
         "p = (h + l + c) / 3 of the bar before; 2 p - l, p + range, h + 2 (p - l) and mirrored",
         "Person 2004"),
    _row("fibonacci", HLC, SEVEN, update_fibonacci,
         "p +- 0.382, 0.618, 1 times the range of the bar before", "Person 2004"),
    _row("camarilla", HLC, SEVEN, update_camarilla,
         "close +- 1.1 range / 12, / 6, / 4 of the bar before", "Scott 1989"),
    _row("woodie", "open high low close", SEVEN, update_woodie,
         "p = (h + l + 2 open of this bar) / 4; levels as standard", "Wood 1990s"),
    _row("demark", "open high low close", "pivot r1 s1", update_demark,
         "x = h + l + c + (l if c < o, h if c > o, else c); x / 4, x / 2 - l, x / 2 - h",
         "DeMark 1994"),
)  # fmt: skip
