"""Bands around an average: Bollinger's, acceleration bands, Keltner's channel."""

from __future__ import annotations

from typing import Any

import numpy as np

from indicators.blocks.average import ema, sma_line
from indicators.blocks.bands import true_range, wilder
from indicators.blocks.choice import bind, ma_slots, ma_warmup
from indicators.blocks.choice import sma as ma1
from indicators.blocks.edge import hide, warm
from indicators.blocks.seed import starts
from indicators.blocks.spread import spread
from indicators.registry import SEED_STEP, Row, choice, length, matype, real


def update_bbands(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: centre, sum and sum of squares about it, age, then the average."""
    v, n, kind = x[0], int(s[0]), int(s[3])
    upper, center, lower = y[0], y[1], y[2]
    spread(v, upper, center, s, 4, n, (start, stop, base))
    if kind != 0:
        ma1(s, 8, n, v[start:stop], center[start - base : stop - base])
    up, down = s[1], s[2]
    for i in range(start - base, stop - base):
        away, mean = np.sqrt(max(upper[i], 0.0)), center[i]
        upper[i] = mean + up * away
        lower[i] = mean - down * away
    for out in y:
        hide(out, s, start, stop, base)


def update_accbands(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: three simple averages."""
    n, first, end = int(s[0]), start - base, stop - base
    high, low, upper, lower = x[0][start:stop], x[1][start:stop], y[0][first:end], y[2][first:end]
    for i in range(len(high)):
        total = high[i] + low[i]
        part = 4.0 * (high[i] - low[i]) / total
        wide = part if total != 0.0 else 0.0
        upper[i] = high[i] * (1.0 + wide)
        lower[i] = low[i] * (1.0 - wide)
    sma_line(s, 1, n, upper, upper)
    sma_line(s, 5 + n, n, x[2][start:stop], y[1][first:end])
    sma_line(s, 9 + 2 * n, n, lower, lower)


def update_kc(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: count and value of the middle line and of the range."""
    high, low, close, n, m = x[0], x[1], x[2], int(s[0]), int(s[1])
    c, e, d, a, seen, k = int(s[4]), s[5], int(s[6]), s[7], warm(s), 2.0 / (s[0] + 1.0)
    for i in range(start, stop):
        typical = (high[i] + low[i] + close[i]) / 3.0
        if seen >= m - (n - 1):
            c, e = ema(c, e, n, k, close[i] if s[3] == 0.0 else typical)
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
            length(20), real("nbdevup", 2.0, -1e6, 1e6, "deviations above"),
            real("nbdevdn", 2.0, -1e6, 1e6, "deviations below"), matype(),
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
            length(20), length(10, 1, "atr_length"), real("nbdev", 2.0, -1e6, 1e6, "ranges away"),
            choice("price", "typical", ("close", "typical"), "what the middle line averages"),
            SEED_STEP,
        ),
        "upper middle lower", update_kc, slots=lambda n, m, k, p, seed: 4,
        warmup=lambda n, m, k, p, seed: max(n - 1, m), history=lambda n, m, k, p, seed: 1,
        bindings=starts("ema", "wilder"),
        formula="EMA of the typical price +- k ATR", source="Keltner 1960; Raschke 1990s",
        seeding="EMA and ATR by the mean of their first values; seed=first: by the first of them;"
        " the shorter begins so late that both have their first value on the same row",
        talib="KC timeperiod atrperiod nbdev", ta="KeltnerChannel",
    ),
)  # fmt: skip
