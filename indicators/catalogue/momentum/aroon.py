"""How long ago the extremes were: Aroon."""

from __future__ import annotations

from typing import Any

from domain.jit import kernel, scratch
from indicators.blocks.edge import hide
from indicators.registry import Row, length

NARROW = 128
space = scratch(10 * NARROW)  # for windows of up to NARROW values


@kernel
def newest(v: Any, i: Any, n: Any, sign: Any, out: Any, t: Any) -> None:
    """Ages of the newest maximum of sign * v over n values, for the len(out) rows from row i.

    By doubling, as `window.tops`, with the place of each maximum beside it. Work space t: four
    times rows + n.
    """
    rows, span, size = len(out), 1, len(out) + n
    last, source = len(out) + n - 1, v[i - n + 1 : i + rows]
    best, place, here = t[:last], t[2 * size : 2 * size + last], 0
    for k in range(last):
        best[k] = sign * source[k]
    for k in range(last):
        place[k] = k
    while span < n:
        step = min(span, n - span)
        last -= step
        here = size - here
        to, at = t[here : here + last], t[2 * size + here : 2 * size + here + last]
        a, b, p, q = best[:last], best[step : step + last], place[:last], place[step : step + last]
        for k in range(last):
            to[k] = b[k] if b[k] >= a[k] else a[k]
        for k in range(last):
            at[k] = q[k] if b[k] >= a[k] else p[k]
        best, place, span = to, at, span + step
    for k in range(rows):
        out[k] = k + (n - 1) - place[k]


def update_aroon(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: work space of wide windows."""
    n, i, scale, end = int(s[0]) + 1, start, 100.0 / s[0], stop - base
    t, down, up = space() if n <= NARROW else s[1 : 1 + 10 * n], y[0], y[1]
    while i < stop:
        rows = min(stop - i, max(n, NARROW))
        newest(x[1], i, n, -1.0, down[i - base : i - base + rows], t)
        newest(x[0], i, n, 1.0, up[i - base : i - base + rows], t)
        i += rows
    for k in range(start - base, end):
        down[k] = (s[0] - down[k]) * scale
        up[k] = (s[0] - up[k]) * scale
    hide(down, s, start, stop, base)
    hide(up, s, start, stop, base)


def update_aroonosc(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: work space of wide windows."""
    n, i, scale, out = int(s[0]) + 1, start, 100.0 / s[0], y[0]
    w = space() if n <= NARROW else s[1 : 1 + 10 * n]
    while i < stop:
        rows = min(stop - i, max(n, NARROW))
        to, up, t = out[i - base : i - base + rows], w[:rows], w[rows:]
        newest(x[1], i, n, -1.0, to, t)
        newest(x[0], i, n, 1.0, up, t)
        for k in range(rows):
            to[k] = (to[k] - up[k]) * scale
        i += rows
    hide(out, s, start, stop, base)


def _slots(n: float) -> int:
    return 10 * int(n + 1) if n + 1 > NARROW else 0


CHANDE = "Chande, Stocks & Commodities 13:9 (1995)"
ROWS = (
    Row(
        "aroon", "Aroon", "high low", (length(14),), "down up", update_aroon,
        slots=_slots, warmup=lambda n: n, history=lambda n: n + 1,
        formula="100 (n - rows since the lowest low, highest high of n + 1 rows) / n",
        source=CHANDE, talib="AROON timeperiod", ta="AroonIndicator",
    ),
    Row(
        "aroonosc", "Aroon oscillator", "high low", (length(14),), "aroonosc", update_aroonosc,
        slots=_slots, warmup=lambda n: n, history=lambda n: n + 1,
        formula="Aroon up - Aroon down", source=CHANDE, talib="AROONOSC timeperiod",
    ),
)  # fmt: skip
