"""Strength of gains against losses: RSI, Chande's momentum, and kin."""

from __future__ import annotations

from typing import Any

from domain.bits import fma
from domain.jit import kernel
from indicators.blocks.edge import hide, warm
from indicators.blocks.window import REFRESH
from indicators.registry import SEED, Row, length


@kernel
def strength(x: Any, out: Any, s: Any, span: Any, one: Any, two: Any) -> None:
    """100 (one * gain + two * loss) / (gain + loss), both by Wilder. Slots: gain, loss."""
    start, stop, base = span
    v, n, first, seen = x[0], int(s[0]), s[1] == 1.0, warm(s)
    gain, loss, i, k = s[2], s[3], start, 1.0 / s[0]
    while i < stop and seen <= n:
        d = v[i] - v[i - 1] if seen > 0 else 0.0
        up, down = (d, 0.0) if d > 0.0 else (0.0, -d)
        if first:
            pace = k if seen > 1 else 1.0
            gain, loss = gain + pace * (up - gain), loss + pace * (down - loss)
        else:
            gain, loss = gain + up, loss + down
            if seen == n:
                gain, loss = gain * k, loss * k
        both = gain + loss
        out[i - base] = 100.0 * (one * gain + two * loss) / both if both != 0.0 else 0.0
        seen += 1
        i += 1
    a, k1, k2 = 1.0 - k, 100.0 * one, 100.0 * two
    for j in range(i, stop):
        d = v[j] - v[j - 1]
        gain = fma(a, gain, k * (d if d > 0.0 else 0.0))
        loss = fma(a, loss, k * (-d if d < 0.0 else 0.0))
        both = gain + loss
        share = (k1 * gain + k2 * loss) / both
        out[j - base] = share if both > 1e-300 else 0.0
    s[2], s[3] = gain, loss
    hide(out, s, start, stop, base)


def update_rsi(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `strength`."""
    strength(x, y[0], s, (start, stop, base), 1.0, 0.0)


def update_cmo(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `strength`."""
    strength(x, y[0], s, (start, stop, base), 1.0, -1.0)


@kernel
def part(a: Any, b: Any, i: Any) -> Any:
    """(gain, loss) of a against b."""
    d = a[i] - b
    return (d, 0.0) if d > 0.0 else (0.0, -d)


def update_cmou(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: gains, losses, age."""
    v, n, seen, gain, loss, age = x[0], int(s[0]), warm(s), s[1], s[2], int(s[3])
    for i in range(start, stop):
        if seen > 0:
            up, down = part(v, v[i - 1], i)
            gain, loss = gain + up, loss + down
        if seen > n:
            up, down = part(v, v[i - n - 1], i - n)
            gain, loss = gain - up, loss - down
        seen, age = seen + 1, age + 1
        if age >= REFRESH and seen > n:
            gain, loss, age = 0.0, 0.0, 0
            for j in range(i - n + 1, i + 1):
                up, down = part(v, v[j - 1], j)
                gain, loss = gain + up, loss + down
        both = gain + loss
        y[0][i - base] = 100.0 * (gain - loss) / both if both > 0.0 else 0.0
    s[1], s[2], s[3] = gain, loss, age
    hide(y[0], s, start, stop, base)


def update_imi(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Sums the window anew for each row."""
    first, last, n = x[0], x[1], int(s[0])
    for i in range(start, stop):
        gain, loss = 0.0, 0.0
        for j in range(i - n + 1, i + 1):
            d = last[j] - first[j]
            gain += d if d > 0.0 else 0.0
            loss += -d if d < 0.0 else 0.0
        both = gain + loss
        y[0][i - base] = 100.0 * gain / both if both > 0.0 else 50.0
    hide(y[0], s, start, stop, base)


ROWS = (
    Row(
        "rsi", "Relative strength index", "close", (length(14), SEED), "rsi", update_rsi,
        slots=lambda n, seed: 2, warmup=lambda n, seed: n, history=lambda n, seed: 1,
        formula="100 gain / (gain + loss), both averaged by Wilder", source="Wilder 1978, ch. 6",
        seeding="sma: mean of the first n changes; first: the first change",
        talib="RSI timeperiod", ta="RSIIndicator",
    ),
    Row(
        "cmo", "Chande momentum oscillator, smoothed", "close", (length(14), SEED), "cmo",
        update_cmo, slots=lambda n, seed: 2, warmup=lambda n, seed: n,
        history=lambda n, seed: 1, formula="100 (gain - loss) / (gain + loss), by Wilder",
        source="TA-Lib's form of Chande and Kroll 1994",
        seeding="sma: mean of the first n changes; first: the first change",
        talib="CMO timeperiod",
    ),
    Row(
        "cmou", "Chande momentum oscillator", "close", (length(14),), "cmo", update_cmou,
        slots=lambda n: 3, warmup=lambda n: n, history=lambda n: n + 1,
        formula="100 (gains - losses) / (gains + losses) over n changes",
        source="Chande and Kroll 1994, The New Technical Trader", talib="CMOU timeperiod",
    ),
    Row(
        "imi", "Intraday momentum index", "open close", (length(14),), "imi", update_imi,
        slots=lambda n: 0, warmup=lambda n: n - 1, history=lambda n: n,
        formula="100 gains / (gains + losses) of close against open over n rows",
        source="Chande and Kroll 1994", talib="IMI timeperiod",
    ),
)  # fmt: skip
