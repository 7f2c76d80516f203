"""How long ago the extremes were: Aroon."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.jit import kernel, scratch
from indicators.blocks.edge import hide
from indicators.registry import Row, length

WIDE = 256
space = scratch(3 * WIDE)  # for windows of up to WIDE values


@kernel
def newest(v: Any, i: Any, n: Any, sign: Any, out: Any, t: Any) -> None:
    """Ages of the newest maximum of sign * v over n values, for the len(out) <= n rows from row i.

    A window is the end of the n values up to row i and the beginning of those after it: the maxima
    of all such ends (into t, 2 n slots: values, then places), then those of the beginnings on the
    way. Two comparisons a row whatever the length and the data.
    """
    rows, at = len(out), n - 1
    source, tops, places = v[i - n + 1 : i + rows], t[:n], t[n : 2 * n]
    top, place, here = -np.inf, 0.0, float(at)  # places are floats: chosen without a branch
    for k in range(at, -1, -1):
        new = sign * source[k]
        place, top = (here if new > top else place), (new if new > top else top)
        tops[k], places[k] = top, place
        here -= 1.0
    out[0] = at - place
    top, place, here = -np.inf, 0.0, float(n)
    for k in range(1, rows):
        new = sign * source[at + k]
        place, top = (here if new >= top else place), (top if top > new else new)
        out[k] = here - (place if top >= tops[k] else places[k])
        here += 1.0


def update_aroon(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: work space of wide windows."""
    n, i, scale, end = int(s[0]) + 1, start, 100.0 / s[0], stop - base
    t, down, up = space() if n <= WIDE else s[1 : 1 + 2 * n], y[0], y[1]
    while i < stop:
        first, last = i - base, min(i + n, stop) - base
        newest(x[1], i, n, -1.0, down[first:last], t)
        newest(x[0], i, n, 1.0, up[first:last], t)
        i += n
    for k in range(start - base, end):
        down[k] = (s[0] - down[k]) * scale
        up[k] = (s[0] - up[k]) * scale
    hide(down, s, start, stop, base)
    hide(up, s, start, stop, base)


def update_aroonosc(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: work space of wide windows."""
    n, i, scale, out = int(s[0]) + 1, start, 100.0 / s[0], y[0]
    w = space() if n <= WIDE else s[1 : 1 + 3 * n]
    while i < stop:
        rows = min(stop - i, n)
        to, up, t = out[i - base : i - base + rows], w[:rows], w[n:]
        newest(x[1], i, n, -1.0, to, t)
        newest(x[0], i, n, 1.0, up, t)
        for k in range(rows):
            to[k] = (to[k] - up[k]) * scale
        i += rows
    hide(out, s, start, stop, base)


def _slots(n: float) -> int:
    return 3 * int(n + 1) if n + 1 > WIDE else 0


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
