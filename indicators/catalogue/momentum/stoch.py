"""Where the close stands in the range of a window: stochastics and Williams' %R."""

from __future__ import annotations

from typing import Any

from domain.bits import fma
from domain.jit import kernel
from indicators.blocks.average import ema
from indicators.blocks.choice import bind, ma_room, ma_slots, ma_warmup
from indicators.blocks.choice import sma as ma1
from indicators.blocks.choice import sma as ma2
from indicators.blocks.edge import hide, warm
from indicators.blocks.seed import opening, starts
from indicators.blocks.window import (
    WIDE,
    bottoms,
    climb,
    highest,
    lowest,
    room,
    space,
    tops,
    wide_slots,
)
from indicators.registry import SEED_STEP, Row, length, matype


@kernel
def place(last: Any, top: Any, bottom: Any, flat: Any) -> Any:
    """Where `last` stands between bottom and top, 0 .. 100."""
    wide = top - bottom
    value = 100.0 * (last - bottom) / wide
    return value if wide != 0.0 else flat


@kernel
def raw(x: Any, out: Any, s: Any, b: Any, n: Any, span: Any, flat: Any) -> None:
    """100 (close - lowest) / (highest - lowest), or `flat`. Slots: work space, wide windows."""
    start, stop, base = span
    if stop - start == 1:
        top, bottom = highest(x[0], stop - n, n), lowest(x[1], stop - n, n)
        out[start - base] = place(x[2][start], top, bottom, flat)
        return
    i = start
    w = space() if n <= WIDE else s[b : b + 6 * n]
    while i < stop:
        rows = min(stop - i, room(n))
        top, bottom, t = w[:rows], w[rows : 2 * rows], w[2 * rows :]
        tops(x[0], i, n, top, t)
        bottoms(x[1], i, n, bottom, t)
        to, last = out[i - base : i - base + rows], x[2][i : i + rows]
        for k in range(rows):
            to[k] = place(last[k], top[k], bottom[k], flat)
        i += rows


@kernel
def skip(s: Any, wait: Any, start: Any, stop: Any) -> Any:
    """How many rows of this piece come before row number `wait` of the series."""
    return min(max(wait - warm(s), 0), stop - start)


def update_stochf(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the average, then work space."""
    n, m = int(s[0]), int(s[1])
    raw(x, y[0], s, 3 + ma_room(m), n, (start, stop, base), 0.0)
    first, end = start - base + skip(s, n - 1, start, stop), stop - base
    ma1(s, 3, m, y[0][first:end], y[1][first:end])
    hide(y[0], s, start, stop, base)
    hide(y[1], s, start, stop, base)


def update_stoch(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: two averages, then work space. A third output is 3 K - 2 D."""
    n, k, d = int(s[0]), int(s[1]), int(s[3])
    second = 5 + ma_room(k)
    raw(x, y[0], s, second + ma_room(d), n, (start, stop, base), 0.0)
    first, end = start - base + skip(s, n - 1, start, stop), stop - base
    ma1(s, 5, k, y[0][first:end], y[0][first:end])
    ma2(s, second, d, y[0][first:end], y[1][first:end])
    if len(y) == 3:
        for i in range(start - base, stop - base):
            y[2][i] = 3.0 * y[0][i] - 2.0 * y[1][i]
    for out in y:
        hide(out, s, start, stop, base)


def update_willr(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: work space of wide windows."""
    raw(x, y[0], s, 1, int(s[0]), (start, stop, base), 100.0)
    for i in range(start - base, stop - base):
        y[0][i] -= 100.0
    hide(y[0], s, start, stop, base)


@kernel
def placed(s: Any, b: Any, k: Any, p: Any, top: Any, bottom: Any, gain: Any, loss: Any) -> Any:
    """(place of the RSI among its last k values, next slot, top and bottom of this block)."""
    both = gain + loss
    rsi = 100.0 * gain / both if both > 0.0 else 0.0
    low, _, bottom = climb(s, b, k, p, bottom, -rsi)
    high, p, top = climb(s, b + k, k, p, top, rsi)
    wide = high + low
    return (100.0 * (rsi + low) / wide if wide != 0.0 else 0.0), p, top, bottom


def update_stochrsi(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: gain, loss, next slot, block maximum and minimum, two rings, the average."""
    v, n, k, d, seen = x[0], int(s[0]), int(s[1]), int(s[2]), warm(s)
    gain, loss, r, i, fast = s[4], s[5], 1.0 / s[0], start, y[0]
    p, top, bottom = int(s[6]), s[7], s[8]
    while i < stop and seen <= n:
        change = v[i] - v[i - 1] if seen > 0 else 0.0
        if seen > 0:
            gain = opening(gain, max(change, 0.0), seen, n, r)
            loss = opening(loss, max(-change, 0.0), seen, n, r)
        if seen == n:
            value, p, top, bottom = placed(s, 9, k, p, top, bottom, gain, loss)
            fast[i - base] = value
        seen += 1
        i += 1
    for j in range(i, stop):
        change = v[j] - v[j - 1]
        gain = fma(1.0 - r, gain, r * max(change, 0.0))
        loss = fma(1.0 - r, loss, r * max(-change, 0.0))
        value, p, top, bottom = placed(s, 9, k, p, top, bottom, gain, loss)
        fast[j - base] = value
    s[4], s[5], s[6], s[7], s[8] = gain, loss, p, top, bottom
    first, end = start - base + skip(s, n + k - 1, start, stop), stop - base
    ma1(s, 9 + 2 * k, d, fast[first:end], y[1][first:end])
    hide(y[0], s, start, stop, base)
    hide(y[1], s, start, stop, base)


def update_smi(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: five averages and their counts, then work space of wide windows."""
    n, i = int(s[0]), start
    k1, k2, k3 = 2.0 / (s[1] + 1.0), 2.0 / (s[2] + 1.0), 2.0 / (s[3] + 1.0)
    fast, slow, signal, seen = int(s[1]), int(s[2]), int(s[3]), warm(s)
    c1, a, b, c2, c, d, c3, e = int(s[4]), s[5], s[6], int(s[7]), s[8], s[9], int(s[10]), s[11]
    w = space() if n <= WIDE else s[12 : 12 + 6 * n]
    while i < stop:
        rows = min(stop - i, room(n))
        tops(x[0], i, n, w[:rows], w[2 * rows :])
        bottoms(x[1], i, n, w[rows : 2 * rows], w[2 * rows :])
        for j in range(i, i + rows):
            top, low = w[j - i], w[rows + j - i]
            if seen >= n - 1:
                _, b = ema(c1, b, slow, k2, top - low)
                c1, a = ema(c1, a, slow, k2, x[2][j] - (top + low) * 0.5)
            if c1 >= slow:
                _, d = ema(c2, d, fast, k1, b)
                c2, c = ema(c2, c, fast, k1, a)
            smi = 200.0 * c / d if d != 0.0 else 0.0
            if c2 >= fast:
                c3, e = ema(c3, e, signal, k3, smi)
            seen += 1
            y[0][j - base], y[1][j - base] = smi, e
        i += rows
    s[4], s[5], s[6], s[7], s[8], s[9], s[10], s[11] = c1, a, b, c2, c, d, c3, e
    hide(y[0], s, start, stop, base)
    hide(y[1], s, start, stop, base)


HLC = "high low close"
LANE = "Lane, Stocks & Commodities 2:3 (1984)"
SMOOTH = (
    length(3, 1, "slowk"), matype("sma", "slowk_matype"), length(3, 1, "slowd"),
    matype("sma", "slowd_matype"),
)  # fmt: skip
KDJ = (
    length(3, 1, "slowk"), matype("rma", "slowk_matype"), length(3, 1, "slowd"),
    matype("rma", "slowd_matype"),
)  # fmt: skip
ROWS = (
    Row(
        "stochf", "Stochastic, fast", HLC,
        (length(5, 1, "fastk"), length(3, 1, "fastd"), matype("sma", "fastd_matype")),
        "fastk fastd", update_stochf, slots=lambda n, m, k: ma_slots(m) + wide_slots(n),
        warmup=lambda n, m, k: n - 1 + ma_warmup(m, k), history=lambda n, m, k: n,
        bindings=lambda n, m, k: bind(ma1=(k, m)),
        formula="100 (close - lowest low) / (highest high - lowest low), its average",
        source=LANE, seeding="that of the average", ta="StochasticOscillator",
        talib="STOCHF fastk_period fastd_period fastd_matype",
    ),
    Row(
        "stoch", "Stochastic, slow", HLC, (length(5, 1, "fastk"), *SMOOTH), "slowk slowd",
        update_stoch, slots=lambda n, k, a, d, b: ma_slots(k) + ma_slots(d) + wide_slots(n),
        warmup=lambda n, k, a, d, b: n - 1 + ma_warmup(k, a) + ma_warmup(d, b),
        history=lambda n, k, a, d, b: n,
        bindings=lambda n, k, a, d, b: bind(ma1=(a, k), ma2=(b, d)),
        formula="average of the fast %K, average of that",
        source=LANE, seeding="those of the averages",
        talib="STOCH fastk_period slowk_period slowk_matype slowd_period slowd_matype",
    ),
    Row(
        "kdj", "KDJ stochastic", HLC, (length(9, 1, "fastk"), *KDJ), "k d j", update_stoch,
        slots=lambda n, k, a, d, b: ma_slots(k) + ma_slots(d) + wide_slots(n),
        warmup=lambda n, k, a, d, b: n - 1 + ma_warmup(k, a) + ma_warmup(d, b),
        history=lambda n, k, a, d, b: n,
        bindings=lambda n, k, a, d, b: bind(ma1=(a, k), ma2=(b, d)),
        formula="stoch with Wilder's averages; j = 3 k - 2 d",
        source="futures practice in Asia", seeding="those of the averages",
        talib="KDJ fastk_period slowk_period slowk_matype slowd_period slowd_matype",
    ),
    Row(
        "willr", "Williams' %R", HLC, (length(14),), "willr", update_willr,
        slots=wide_slots, warmup=lambda n: n - 1, history=lambda n: n,
        formula="-100 (highest high - close) / (highest high - lowest low)",
        source="Williams 1973", talib="WILLR timeperiod", ta="WilliamsRIndicator",
    ),
    Row(
        "stochrsi", "Stochastic RSI", "close",
        (
            length(14), length(5, 1, "fastk"), length(3, 1, "fastd"),
            matype("sma", "fastd_matype"), SEED_STEP,
        ),
        "fastk fastd", update_stochrsi, slots=lambda n, k, d, m, seed: 5 + 2 * k + ma_slots(d),
        warmup=lambda n, k, d, m, seed: n + k - 1 + ma_warmup(d, m),
        history=lambda n, k, d, m, seed: 1,
        bindings=lambda n, k, d, m, seed: bind(ma1=(m, d)) | starts("opening")(seed),
        formula="fast stochastic of the RSI", source="Chande and Kroll 1994",
        seeding="as rsi; then that of the average", ta="StochRSIIndicator",
        talib="STOCHRSI timeperiod fastk_period fastd_period fastd_matype",
    ),
    Row(
        "smi", "Stochastic momentum index", HLC,
        (
            length(13), length(2, 1, "fast"), length(25, 1, "slow"), length(9, 1, "signal"),
            SEED_STEP,
        ),
        "smi signal", update_smi, slots=lambda n, f, w, g, seed: 8 + wide_slots(n),
        history=lambda n, f, w, g, seed: n, bindings=starts("ema"),
        warmup=lambda n, f, w, g, seed: n + f + w + g - 4,
        formula="200 EMA(EMA(close - middle of the range)) / EMA(EMA(range)), its EMA",
        source="Blau, Stocks & Commodities 11:1 (1993)",
        seeding="each EMA by the mean of its first values; seed=first: by the first of them",
        talib="SMI timeperiod fastperiod slowperiod signalperiod",
    ),
)  # fmt: skip
