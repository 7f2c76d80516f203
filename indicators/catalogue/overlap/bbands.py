"""Bands around an average: Bollinger's, acceleration bands, Keltner's channel."""

from __future__ import annotations

from typing import Any

import numpy as np

from indicators.blocks.average import ema, sma_at
from indicators.blocks.bands import true_range, wilder
from indicators.blocks.choice import bind, ma_slots, ma_warmup
from indicators.blocks.choice import sma as ma1
from indicators.blocks.edge import hide, warm
from indicators.blocks.seed import starts
from indicators.blocks.window import recentred
from indicators.registry import SEED_STEP, Row, choice, length, matype, real


def update_bbands(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: centre, sum and sum of squares about it, age, then the average."""
    v, n, kind, seen = x[0], int(s[0]), int(s[3]), warm(s)
    centre, first, second, age = s[4], s[5], s[6], int(s[7])
    for i in range(start, stop):
        d, old = v[i] - centre, v[i - n] - centre if seen >= n else 0.0
        first += d - old
        second += d * d - old * old
        seen += 1
        age += 1
        if age >= n and seen >= n:
            centre, first, second = recentred(v, i + 1 - n, i + 1)
            age = 0
        mean = first / n
        deviation = np.sqrt(max(second / n - mean * mean, 0.0))
        center = centre + mean if kind == 0 else ma1(s, 8, n, v[i])
        i -= base
        y[0][i] = center + s[1] * deviation
        y[1][i] = center
        y[2][i] = center - s[2] * deviation
    s[4], s[5], s[6], s[7] = centre, first, second, age
    for out in y:
        hide(out, s, start, stop, base)


def update_accbands(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: three simple averages."""
    high, low, close, n = x[0], x[1], x[2], int(s[0])
    for i in range(start, stop):
        total, wide = high[i] + low[i], 0.0
        if total != 0.0:
            wide = 4.0 * (high[i] - low[i]) / total
        y[0][i - base] = sma_at(s, 1, n, high[i] * (1.0 + wide))
        y[1][i - base] = sma_at(s, 5 + n, n, close[i])
        y[2][i - base] = sma_at(s, 9 + 2 * n, n, low[i] * (1.0 - wide))


def update_kc(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: count and value of the middle line and of the range."""
    high, low, close, n, m = x[0], x[1], x[2], int(s[0]), int(s[1])
    c, e, d, a, seen, k = int(s[4]), s[5], int(s[6]), s[7], warm(s), 2.0 / (s[0] + 1.0)
    for i in range(start, stop):
        if s[3] == 0.0:
            c, e = ema(c, e, n, k, close[i])
        else:
            c, e = ema(c, e, n, k, (high[i] + low[i] + close[i]) / 3.0)
        if seen > max(n - 1 - m, 0):
            d, a = wilder(d, a, m, true_range(high[i], low[i], close[i - 1]))
        seen += 1
        y[0][i - base] = e + s[2] * a
        y[1][i - base] = e
        y[2][i - base] = e - s[2] * a
    s[4], s[5], s[6], s[7] = c, e, d, a
    for out in y:
        hide(out, s, start, stop, base)


ROWS = (
    Row(
        "bbands", "Bollinger bands", "close",
        (
            length(20), real("nbdevup", 2.0, 0, 1e6, "deviations above"),
            real("nbdevdn", 2.0, 0, 1e6, "deviations below"), matype(),
        ),
        "upper middle lower", update_bbands, slots=lambda n, u, d, kind: 4 + ma_slots(n),
        warmup=lambda n, u, d, kind: max(n - 1, ma_warmup(n, kind)),
        history=lambda n, u, d, kind: n,
        formula="average +- k population standard deviations of the last n values",
        source="Bollinger 2001, Bollinger on Bollinger Bands",
        seeding="that of the chosen average",
        bindings=lambda n, u, d, kind: bind(ma1=(kind or 10, n)),
        talib="BBANDS timeperiod nbdevup nbdevdn matype", ta="BollingerBands",
    ),
    Row(
        "accbands", "Acceleration bands", "high low close", (length(20),), "upper middle lower",
        update_accbands, slots=lambda n: 12 + 3 * n, warmup=lambda n: n - 1,
        formula="SMA of high (1 + w), close, low (1 - w) with w = 4 (high - low) / (high + low)",
        source="Headley 2002, Big Trends in Trading", talib="ACCBANDS timeperiod",
    ),
    Row(
        "kc", "Keltner channel", "high low close",
        (
            length(20), length(10, 1, "atr_length"), real("nbdev", 2.0, 0, 1e6, "ranges away"),
            choice("price", "typical", ("close", "typical"), "what the middle line averages"),
            SEED_STEP,
        ),
        "upper middle lower", update_kc, slots=lambda n, m, k, p, seed: 4,
        warmup=lambda n, m, k, p, seed: max(n - 1, m), history=lambda n, m, k, p, seed: 1,
        bindings=starts("ema", "wilder"),
        formula="EMA of the typical price +- k ATR", source="Keltner 1960; Raschke 1990s",
        seeding="EMA and ATR by the mean of their first values; seed=first: by the first of them;"
        " ATR begins so late that both have a value on the same row",
        talib="KC timeperiod atrperiod nbdev", ta="KeltnerChannel",
    ),
)  # fmt: skip
