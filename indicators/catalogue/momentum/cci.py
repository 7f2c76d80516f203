"""Distance of the typical price from its mean, and money flow."""

from __future__ import annotations

from typing import Any

from domain.jit import kernel
from indicators.blocks.edge import hide, warm
from indicators.blocks.window import REFRESH
from indicators.registry import Row, length, real


def update_cci(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: place, then the window of typical prices."""
    n, p = int(s[0]), int(s[2])
    window = s[3 : 3 + n]
    for i in range(start, stop):
        v = (x[0][i] + x[1][i] + x[2][i]) / 3.0
        window[p] = v
        p = p + 1 if p + 1 < n else 0
        mean, away = 0.0, 0.0
        for j in range(n):
            mean += window[j]
        mean /= n
        for j in range(n):
            away += abs(window[j] - mean)
        d = v - mean
        y[0][i - base] = d / (s[1] * (away / n)) if d != 0.0 and away != 0.0 else 0.0
    s[2] = p
    hide(y[0], s, start, stop, base)


@kernel
def flow(new: Any, last: Any, volume: Any) -> Any:
    """(inflow, outflow) from the typical prices of a row and the one before."""
    money = new * volume
    even = abs(new - last) <= 1e-14 * (abs(new) + abs(last))
    return (0.0 if even or new < last else money), (0.0 if even or new > last else money)


@kernel
def flows(x: Any, first: Any, stop: Any) -> Any:
    """Sums of `flow` over the rows first .. stop - 1."""
    into, out = 0.0, 0.0
    for j in range(first, stop):
        k = j - 1
        new, last = (x[0][j] + x[1][j] + x[2][j]) / 3.0, (x[0][k] + x[1][k] + x[2][k]) / 3.0
        a, b = flow(new, last, x[3][j])
        into, out = into + a, out + b
    return into, out


@kernel
def typical(high: Any, low: Any, close: Any, i: Any) -> Any:
    """The typical price of row i."""
    return (high[i] + low[i] + close[i]) / 3.0


def update_mfi(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: inflow, outflow, age."""
    n, seen, into, out, age, quiet = int(s[0]), warm(s), s[1], s[2], int(s[3]), int(s[4])
    high, low, close, volume, i, flown = x[0], x[1], x[2], x[3], start, y[0]
    while i < stop:
        end = min(stop, i + max(REFRESH - age, 1)) if seen > n else i + 1
        for j in range(i, end):
            new, last = typical(high, low, close, j), typical(high, low, close, j - 1)
            a, b = flow(new, last, volume[j])
            if seen == 0:
                a, b = 0.0, 0.0
            into, out = into + a, out + b
            if seen > n:
                new = typical(high, low, close, j - n)
                gone, went = flow(new, typical(high, low, close, j - n - 1), volume[j - n])
                into, out = into - gone, out - went
            quiet = 0 if a + b > 0.0 else quiet + 1
            both = into + out
            share = 100.0 * min(max(into / both, 0.0), 1.0)
            flown[j - base] = share if both > 0.0 and quiet < n else 0.0
        age, seen, i = age + end - i, seen + end - i, end
        if age >= REFRESH and seen > n:
            into, out = flows(x, i - n, i)
            age = 0
    s[1], s[2], s[3], s[4] = into, out, age, quiet
    hide(y[0], s, start, stop, base)


ROWS = (
    Row(
        "cci", "Commodity channel index", "high low close",
        (length(14), real("constant", 0.015, 1e-9, 1e9, "scale")), "cci", update_cci,
        slots=lambda n, c: 1 + n, warmup=lambda n, c: n - 1,
        formula="(typical price - mean) / (0.015 * mean absolute deviation)",
        source="Lambert, Commodities 1980", talib="CCI timeperiod", ta="CCIIndicator",
    ),
    Row(
        "mfi", "Money flow index", "high low close volume", (length(14),), "mfi", update_mfi,
        slots=lambda n: 4, warmup=lambda n: n, history=lambda n: n + 1,
        formula="100 inflow / (inflow + outflow) of typical price * volume; 0 without flow",
        source="Quong and Soudack, Stocks & Commodities 7:3 (1989)", talib="MFI timeperiod",
        ta="MFIIndicator",
    ),
)  # fmt: skip
