"""One price for a bar, and bars made of bars."""

from __future__ import annotations

from typing import Any

from indicators.blocks.edge import hide, warm
from indicators.registry import Row, length


def update_avgprice(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Keeps no state."""
    a, b, c, d, out = x[0], x[1], x[2], x[3], y[0]
    for i in range(stop):
        out[i] = (a[i] + b[i] + c[i] + d[i]) * 0.25


def update_medprice(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Keeps no state."""
    a, b, out = x[0], x[1], y[0]
    for i in range(stop):
        out[i] = (a[i] + b[i]) * 0.5


def update_typprice(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Keeps no state."""
    a, b, c, out = x[0], x[1], x[2], y[0]
    for i in range(stop):
        out[i] = (a[i] + b[i] + c[i]) / 3.0


def update_wclprice(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Keeps no state."""
    a, b, c, out = x[0], x[1], x[2], y[0]
    for i in range(stop):
        out[i] = (a[i] + b[i] + 2.0 * c[i]) * 0.25


def update_ha(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: open and close of the bar before."""
    first, last, seen = s[0], s[1], warm(s)
    for i in range(start, stop):
        new = (x[0][i] + x[1][i] + x[2][i] + x[3][i]) * 0.25
        first = (first + last) * 0.5 if seen + i > start else (x[0][i] + x[3][i]) * 0.5
        last = new
        y[0][i - base] = first
        y[1][i - base] = max(x[1][i], first, new)
        y[2][i - base] = min(x[2][i], first, new)
        y[3][i - base] = new
    s[0], s[1] = first, last


def update_avgdev(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Two walks over the window for each row."""
    v, n = x[0], int(s[0])
    for i in range(start, stop):
        mean, away = 0.0, 0.0
        for j in range(i - n + 1, i + 1):
            mean += v[j]
        mean /= n
        for j in range(i - n + 1, i + 1):
            away += abs(v[j] - mean)
        y[0][i - base] = away / n
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
