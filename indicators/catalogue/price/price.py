"""One price for a bar, and bars made of bars."""

from __future__ import annotations

from typing import Any

from domain.jit import scratch
from indicators.blocks.edge import hide, warm
from indicators.registry import Row, length

space = scratch(128)


def update_avgprice(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Keeps no state."""
    a, b, c, d, out = x[0], x[1], x[2], x[3], y[0]
    for i in range(start, stop):
        out[i - base] = (a[i] + b[i] + c[i] + d[i]) * 0.25


def update_medprice(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Keeps no state."""
    a, b, out = x[0], x[1], y[0]
    for i in range(start, stop):
        out[i - base] = (a[i] + b[i]) * 0.5


def update_typprice(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Keeps no state."""
    a, b, c, out = x[0], x[1], x[2], y[0]
    for i in range(start, stop):
        out[i - base] = (a[i] + b[i] + c[i]) / 3.0


def update_wclprice(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Keeps no state."""
    a, b, c, out = x[0], x[1], x[2], y[0]
    for i in range(start, stop):
        out[i - base] = (a[i] + b[i] + 2.0 * c[i]) * 0.25


def update_ha(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: open and close of the bar before."""
    o, h, low, c = x[0][start:stop], x[1][start:stop], x[2][start:stop], x[3][start:stop]
    row, end, first, last = start - base, stop - base, s[0], s[1]
    opens, highs, lows, closes = y[0][row:end], y[1][row:end], y[2][row:end], y[3][row:end]
    if warm(s) == 0 and start < stop:
        first = (o[0] + c[0]) * 0.5
        last = first  # so that the first row's open is its own
    for j in range(len(o)):
        first = (first + last) * 0.5
        last = (o[j] + h[j] + low[j] + c[j]) * 0.25
        opens[j], closes[j] = first, last
    for j in range(len(o)):
        a, b = opens[j], closes[j]
        top, bottom = (a if a > b else b), (a if a < b else b)
        highs[j] = h[j] if h[j] > top else top
        lows[j] = low[j] if low[j] < bottom else bottom
    s[0], s[1] = first, last


def update_avgdev(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Two walks over the window, for many rows side by side."""
    v, n, i, means = x[0], int(s[0]), start, space()
    while i < stop:
        rows = min(stop - i, len(means))
        mean, out = means[:rows], y[0][i - base : i - base + rows]
        for k in range(rows):
            mean[k], out[k] = 0.0, 0.0
        for back in range(n):
            old = v[i - n + 1 + back : i - n + 1 + back + rows]
            for k in range(rows):
                mean[k] += old[k]
        for k in range(rows):
            mean[k] /= n
        for back in range(n):
            old = v[i - n + 1 + back : i - n + 1 + back + rows]
            for k in range(rows):
                out[k] += abs(old[k] - mean[k])
        for k in range(rows):
            out[k] /= n
        i += rows
    hide(y[0], s, start, stop, base)


def _price(name: str, title: str, inputs: str, formula: str, kernel: Any) -> Row:
    return Row(
        name, title, inputs, (), name, kernel, slots=lambda: 0, warmup=lambda: 0,
        formula=formula, source="Murphy 1999; TA-Lib", talib=name.upper(), elementwise=True,
        seeding="none: no memory",
    )  # fmt: skip


ROWS = (
    _price("avgprice", "Average price", "open high low close", "(open + high + low + close) / 4",
           update_avgprice),
    _price("medprice", "Median price", "high low", "(high + low) / 2", update_medprice),
    _price("typprice", "Typical price", "high low close", "(high + low + close) / 3",
           update_typprice),
    _price("wclprice", "Weighted close", "high low close", "(high + low + 2 close) / 4",
           update_wclprice),
    Row(
        "ha", "Heikin-Ashi bars", "open high low close", (), "open high low close", update_ha,
        slots=lambda: 2, warmup=lambda: 0,
        formula="close: mean of the four; open: mean of the open and close before; high and low"
        " stretched to hold them",
        source="Valcu, Stocks & Commodities 22:2 (2004)",
        seeding="the first open is (open + close) / 2", talib="HA",
    ),
    Row(
        "avgdev", "Mean absolute deviation", "close", (length(14),), "avgdev", update_avgdev,
        slots=lambda n: 0, warmup=lambda n: n - 1, history=lambda n: n,
        formula="mean of |close - mean|", source="Lambert 1980", talib="AVGDEV timeperiod",
    ),
)  # fmt: skip
