"""Weighted moving averages: linear, triangular, Hull's, Arnaud Legoux's, volume-weighted."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.jit import kernel
from indicators.blocks.average import weigh as weigh_ring
from indicators.blocks.edge import hide, warm
from indicators.blocks.window import REFRESH, total
from indicators.registry import Row, length, real


@kernel
def weigh(v: Any, stop: Any, n: Any) -> Any:
    """(sum, sum weighted 1 .. n from the oldest) of the n values before row `stop`."""
    plain, weighted = 0.0, 0.0
    for j in range(n):
        plain += v[stop - n + j]
        weighted += (j + 1) * v[stop - n + j]
    return plain, weighted


def update_wma(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: sum, weighted sum, rows since the last refresh."""
    v, out, n = x[0], y[0], int(s[0])
    plain, weighted, age, every, j = s[1], s[2], int(s[3]), max(REFRESH, n), start
    scale = 2.0 / (s[0] * (s[0] + 1.0))
    while j < stop:
        end = min(stop, j + every - age)
        for i in range(j, end):
            weighted += s[0] * v[i] - plain
            plain += v[i] - v[i - n]
            out[i - base] = weighted * scale
        age += end - j
        j = end
        if age == every:
            plain, weighted = weigh(v, j, n)
            age = 0
    s[1], s[2], s[3] = plain, weighted, age
    hide(out, s, start, stop, base)


def update_trima(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: window sum, the same `first` rows earlier, sum of window sums, age."""
    v, out, n = x[0], y[0], int(s[0])
    first = n // 2 + 1
    second = n + 1 - first
    new, old, value, age, j = s[1], s[2], s[3], int(s[4]), start
    scale, every = 1.0 / (first * second), max(REFRESH, n)
    while j < stop:
        end = min(stop, j + every - age)
        for i in range(j, end):
            new += v[i] - v[i - second]
            old += v[i - first] - v[i - n - 1]
            value += new - old
            out[i - base] = value * scale
        age += end - j
        j = end
        if age == every:
            new, old, value, age = total(v, j - second, j), total(v, j - n - 1, j - first), 0.0, 0
            for i in range(first):
                value += total(v, j - i - second, j - i)
    s[1], s[2], s[3], s[4] = new, old, value, age
    hide(out, s, start, stop, base)


def update_hma(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: sums and weighted sums of three windows, place, age, ring of raw values."""
    v, out, n = x[0], y[0], int(s[0])
    half, root = n // 2, int(np.sqrt(s[0]))
    p1, w1, p2, w2, p3, w3 = s[1], s[2], s[3], s[4], s[5], s[6]
    p, age, seen = int(s[7]), int(s[8]), warm(s)
    slow, fast = 2.0 / (n * (n + 1.0)), 4.0 / (half * (half + 1.0))
    scale, every = 2.0 / (root * (root + 1.0)), max(REFRESH, n)
    for i in range(start, stop):
        w1 += n * v[i] - p1
        p1 += v[i] - v[i - n]
        w2 += half * v[i] - p2
        p2 += v[i] - v[i - half]
        if seen >= n - 1:
            raw = fast * w2 - slow * w1
            w3 += root * raw - p3
            p3 += raw - s[9 + p]
            s[9 + p] = raw
            p = p + 1 if p + 1 < root else 0
        out[i - base] = w3 * scale
        seen += 1
        age += 1
        if age == every:
            p1, w1 = weigh(v, i + 1, n)
            p2, w2 = weigh(v, i + 1, half)
            p3, w3 = weigh_ring(s, 9, root, p)
            age = 0
    s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8] = p1, w1, p2, w2, p3, w3, p, age
    hide(out, s, start, stop, base)


def update_alma(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the weights, made anew for each piece."""
    v, out, n, norm = x[0], y[0], int(s[0]), 0.0
    for j in range(n):
        s[3 + j] = np.exp(-((j - s[1] * (n - 1)) ** 2) / (2.0 * (n / s[2]) ** 2))
        norm += s[3 + j]
    for i in range(start, stop):
        value = 0.0
        for j in range(n):
            value += s[3 + j] * v[i - n + 1 + j]
        out[i - base] = value / norm
    hide(out, s, start, stop, base)


def update_vwma(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: sum of value times volume, sum of volume, rows since the last refresh."""
    v, volume, out, n = x[0], x[1], y[0], int(s[0])
    money, shares, age, every, j = s[1], s[2], int(s[3]), max(REFRESH, n), start
    while j < stop:
        end = min(stop, j + every - age)
        for i in range(j, end):
            money += v[i] * volume[i] - v[i - n] * volume[i - n]
            shares += volume[i] - volume[i - n]
            out[i - base] = money / shares if shares != 0.0 else np.nan
        age += end - j
        j = end
        if age == every:
            money, shares, age = 0.0, total(volume, j - n, j), 0
            for i in range(j - n, j):
                money += v[i] * volume[i]
    s[1], s[2], s[3] = money, shares, age
    hide(out, s, start, stop, base)


ROWS = (
    Row(
        "wma", "Linearly weighted moving average", "close", (length(30, 1),), "wma", update_wma,
        slots=lambda n: 3, warmup=lambda n: n - 1, history=lambda n: n,
        formula="sum of i * close_i / (n (n + 1) / 2), the newest weighted n",
        source="Murphy 1999, ch. 9", talib="WMA timeperiod", ta="WMAIndicator",
    ),
    Row(
        "trima", "Triangular moving average", "close", (length(30, 1),), "trima", update_trima,
        slots=lambda n: 4, warmup=lambda n: n - 1,
        history=lambda n: n + 1,
        formula="SMA of an SMA, lengths n // 2 + 1 and n - n // 2", source="Kaufman 2013, ch. 7",
        talib="TRIMA timeperiod",
    ),
    Row(
        "hma", "Hull moving average", "close", (length(20),), "hma", update_hma,
        slots=lambda n: 8 + int(n**0.5), history=lambda n: n,
        warmup=lambda n: n + int(n**0.5) - 2,
        formula="WMA(2 WMA(n / 2) - WMA(n), sqrt n), lengths rounded down", source="Hull 2005",
        talib="HMA timeperiod",
    ),
    Row(
        "alma", "Arnaud Legoux moving average", "close",
        (length(9), real("offset", 0.85, 0, 1, "centre"), real("sigma", 6, 0.01, 1000, "width")),
        "alma", update_alma, slots=lambda n, o, w: n, warmup=lambda n, o, w: n - 1,
        history=lambda n, o, w: n,
        formula="Gaussian weights around offset * (n - 1) of width n / sigma",
        source="Legoux and Kouzis-Loukas 2009",
    ),
    Row(
        "vwma", "Volume-weighted moving average", "close volume", (length(30, 1),), "vwma",
        update_vwma, slots=lambda n: 3, warmup=lambda n: n - 1, history=lambda n: n,
        formula="sum(close * volume) / sum(volume)", source="Kirkpatrick and Dahlquist 2010",
        talib="VWMA timeperiod",
    ),
)  # fmt: skip
