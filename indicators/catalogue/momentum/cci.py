"""Distance of the typical price from its mean, and money flow."""

from __future__ import annotations

from typing import Any

from domain.jit import kernel, scratch
from indicators.blocks.edge import hide, warm
from indicators.blocks.window import REFRESH
from indicators.registry import Row, length, real

SPAN = 128
lines, prices = scratch(4 * SPAN), scratch(SPAN + 1)


def update_cci(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: place, then the window of typical prices."""
    n, p = int(s[0]), int(s[2])
    window, odd = s[3 : 3 + n], n % 2 == 1
    for i in range(start, stop):
        v = (x[0][i] + x[1][i] + x[2][i]) / 3.0
        window[p] = v
        p = p + 1 if p + 1 < n else 0
        mean, more, away, afar = 0.0, 0.0, 0.0, 0.0  # two sums at a time: half the latency
        for j in range(0, n - 1, 2):
            mean, more = mean + window[j], more + window[j + 1]
        mean = (mean + more + (window[n - 1] if odd else 0.0)) / n
        for j in range(0, n - 1, 2):
            away, afar = away + abs(window[j] - mean), afar + abs(window[j + 1] - mean)
        away += afar + (abs(window[n - 1] - mean) if odd else 0.0)
        d = v - mean
        y[0][i - base] = d / (s[1] * (away / n)) if d != 0.0 and away != 0.0 else 0.0
    s[2] = p
    hide(y[0], s, start, stop, base)


@kernel
def flow(new: Any, last: Any, volume: Any) -> Any:
    """(inflow, outflow) from the typical prices of a row and the one before."""
    money = new * volume
    even = abs(new - last) <= 1e-14 * (abs(new) + abs(last))
    return (0.0 if even | (new < last) else money), (0.0 if even | (new > last) else money)


@kernel
def share(into: Any, both: Any) -> Any:
    """Inflow in per cent of all flow, 0 without flow."""
    part = 100.0 * min(max(into / both, 0.0), 1.0)
    return part if both > 0.0 else 0.0


@kernel
def typical(x: Any, i: Any) -> Any:
    """The typical price of row i."""
    return (x[0][i] + x[1][i] + x[2][i]) / 3.0


@kernel
def flow_lines(x: Any, i: Any, into: Any, out: Any) -> None:
    """`flow` of the len(into) rows from row i."""
    rows, price = len(into), prices()
    if rows == 1:
        last, new = typical(x, i - 1), typical(x, i)
        into[0], out[0] = flow(new, last, x[3][i])
        return
    high, low, close = x[0][i - 1 : i + rows], x[1][i - 1 : i + rows], x[2][i - 1 : i + rows]
    volume = x[3][i : i + rows]
    for k in range(rows + 1):
        price[k] = (high[k] + low[k] + close[k]) / 3.0
    for k in range(rows):
        into[k], out[k] = flow(price[k + 1], price[k], volume[k])


@kernel
def flows(x: Any, first: Any, stop: Any, t: Any) -> Any:
    """Sums of `flow` over the rows first .. stop - 1."""
    into, out, i = 0.0, 0.0, first
    while i < stop:
        rows = min(stop - i, SPAN)
        more, less = t[:rows], t[SPAN : SPAN + rows]
        flow_lines(x, i, more, less)
        for k in range(rows):
            into, out = into + more[k], out + less[k]
        i += rows
    return into, out


def update_mfi(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: inflow, outflow, age, rows without flow."""
    n, seen, into, out, age, quiet = int(s[0]), warm(s), s[1], s[2], int(s[3]), int(s[4])
    i, t = start, lines()
    if stop - start == 1 and seen > n and age + 1 < REFRESH:
        a, b = flow(typical(x, i), typical(x, i - 1), x[3][i])
        gone, went = flow(typical(x, i - n), typical(x, i - n - 1), x[3][i - n])
        quiet = 0 if a + b > 0.0 else quiet + 1
        into, out = into + (a - gone), out + (b - went)
        y[0][i - base] = share(into, into + out if quiet < n else 0.0)
        s[1], s[2], s[3], s[4] = into, out, age + 1, quiet
        return
    more, less, gone, went = t[:SPAN], t[SPAN : 2 * SPAN], t[2 * SPAN : 3 * SPAN], t[3 * SPAN :]
    while i < stop:
        rows = min(stop - i, min(SPAN, max(REFRESH - age, 1))) if seen > n else 1
        to = y[0][i - base : i - base + rows]
        gone[0], went[0] = 0.0, 0.0
        if seen == 0:
            more[0], less[0] = 0.0, 0.0
        else:
            flow_lines(x, i, more[:rows], less[:rows])
        if seen > n:
            flow_lines(x, i - n, gone[:rows], went[:rows])
        for k in range(rows):
            quiet = 0 if more[k] + less[k] > 0.0 else quiet + 1
            into, out = into + (more[k] - gone[k]), out + (less[k] - went[k])
            to[k], less[k] = into, into + out if quiet < n else 0.0
        for k in range(rows):
            to[k] = share(to[k], less[k])
        age, seen, i = age + rows, seen + rows, i + rows
        if age >= REFRESH and seen > n:
            into, out = flows(x, i - n, i, t)
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
