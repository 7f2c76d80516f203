"""Where the close stands in the range of a window: stochastics and Williams' %R."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.jit import kernel
from indicators.blocks.average import ema
from indicators.blocks.choice import bind, ma_slots, ma_warmup
from indicators.blocks.choice import sma as ma1
from indicators.blocks.choice import sma as ma2
from indicators.blocks.edge import hide, warm
from indicators.blocks.seed import opening, starts
from indicators.blocks.window import bottoms, highest_at, lowest_at, tops
from indicators.registry import SEED_STEP, Row, length, matype


@kernel
def raw(x: Any, out: Any, s: Any, b: Any, n: Any, span: Any, flat: Any) -> None:
    """100 (close - lowest) / (highest - lowest), or `flat`. Slots: 4 n of work space."""
    start, stop, base = span
    i, last = start, x[2]
    while i < stop:
        end = min(stop, i + n)
        tops(x[0], i, end, n, s, b)
        bottoms(x[1], i, end, n, s, b + 2 * n)
        for j in range(i, end):
            low = s[b + 2 * n + j - i]
            wide = s[b + j - i] - low
            out[j - base] = 100.0 * (last[j] - low) / wide if wide != 0.0 else flat
        i = end


def update_stochf(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: work space, then the average."""
    n, m, seen = int(s[0]), int(s[1]), warm(s)
    raw(x, y[0], s, 3, n, (start, stop, base), 0.0)
    for i in range(start - base, stop - base):
        if seen >= n - 1:
            y[1][i] = ma1(s, 3 + 4 * n, m, y[0][i])
        seen += 1
    hide(y[0], s, start, stop, base)
    hide(y[1], s, start, stop, base)


def update_stoch(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: work space, two averages."""
    n, k, d, seen = int(s[0]), int(s[1]), int(s[3]), warm(s)
    first = 5 + 4 * n
    second = first + 2 * k + 400
    raw(x, y[0], s, 5, n, (start, stop, base), 0.0)
    for i in range(start - base, stop - base):
        slow = np.nan
        if seen >= n - 1:
            slow = ma1(s, first, k, y[0][i])
        y[0][i], y[1][i] = slow, ma2(s, second, d, slow)
        seen += 1
    hide(y[0], s, start, stop, base)
    hide(y[1], s, start, stop, base)


def update_kdj(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: as stoch."""
    n, k, d, seen = int(s[0]), int(s[1]), int(s[3]), warm(s)
    first = 5 + 4 * n
    second = first + 2 * k + 400
    raw(x, y[0], s, 5, n, (start, stop, base), 0.0)
    for i in range(start - base, stop - base):
        slow = np.nan
        if seen >= n - 1:
            slow = ma1(s, first, k, y[0][i])
        signal = ma2(s, second, d, slow)
        y[0][i], y[1][i], y[2][i] = slow, signal, 3.0 * slow - 2.0 * signal
        seen += 1
    for out in y:
        hide(out, s, start, stop, base)


def update_willr(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: 4 n of work space."""
    raw(x, y[0], s, 1, int(s[0]), (start, stop, base), 100.0)
    for i in range(start - base, stop - base):
        y[0][i] -= 100.0
    hide(y[0], s, start, stop, base)


def update_stochrsi(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: gain, loss, then highest, lowest, average."""
    v, n, k, d = x[0], int(s[0]), int(s[1]), int(s[2])
    gain, loss, seen, r, b = s[4], s[5], warm(s), 1.0 / s[0], 6
    for i in range(start, stop):
        change = v[i] - v[i - 1] if seen > 0 else 0.0
        up, down = (change, 0.0) if change > 0.0 else (0.0, -change)
        if seen > n:
            gain, loss = gain + (up - gain) * r, loss + (down - loss) * r
        elif seen > 0:
            gain, loss = opening(gain, up, seen, n, r), opening(loss, down, seen, n, r)
        if seen >= n:
            both = gain + loss
            rsi = 100.0 * gain / both if both > 0.0 else 0.0
            low, top = lowest_at(s, b, k, rsi), highest_at(s, b + 3 + k, k, rsi)
            wide = top - low
            fast = 100.0 * (rsi - low) / wide if wide != 0.0 else wide
            y[0][i - base] = fast
            y[1][i - base] = ma1(s, b + 6 + 2 * k, d, fast)
        seen += 1
    s[4], s[5] = gain, loss
    hide(y[0], s, start, stop, base)
    hide(y[1], s, start, stop, base)


def update_smi(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: five (count, average) pairs, then 4 n of work space."""
    n, i = int(s[0]), start
    k1, k2, k3 = 2.0 / (s[1] + 1.0), 2.0 / (s[2] + 1.0), 2.0 / (s[3] + 1.0)
    fast, slow, signal, seen = int(s[1]), int(s[2]), int(s[3]), warm(s)
    c1, a, b, c2, c, d, c3, e = int(s[4]), s[5], s[6], int(s[7]), s[8], s[9], int(s[10]), s[11]
    while i < stop:
        end = min(stop, i + n)
        tops(x[0], i, end, n, s, 12)
        bottoms(x[1], i, end, n, s, 12 + 2 * n)
        for j in range(i, end):
            top, low = s[12 + j - i], s[12 + 2 * n + j - i]
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
        i = end
    s[4], s[5], s[6], s[7], s[8], s[9], s[10], s[11] = c1, a, b, c2, c, d, c3, e
    hide(y[0], s, start, stop, base)
    hide(y[1], s, start, stop, base)


def _room(n: float) -> int:
    return max(2 * int(n) + 400, ma_slots(n))


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
        "fastk fastd", update_stochf, slots=lambda n, m, k: 4 * n + _room(m),
        warmup=lambda n, m, k: n - 1 + ma_warmup(m, k), history=lambda n, m, k: n,
        bindings=lambda n, m, k: bind(ma1=(k, m)),
        formula="100 (close - lowest low) / (highest high - lowest low), its average",
        source=LANE, seeding="that of the average", ta="StochasticOscillator",
        talib="STOCHF fastk_period fastd_period fastd_matype",
    ),
    Row(
        "stoch", "Stochastic, slow", HLC, (length(5, 1, "fastk"), *SMOOTH), "slowk slowd",
        update_stoch, slots=lambda n, k, a, d, b: 4 * n + _room(k) + _room(d),
        warmup=lambda n, k, a, d, b: n - 1 + ma_warmup(k, a) + ma_warmup(d, b),
        history=lambda n, k, a, d, b: n,
        bindings=lambda n, k, a, d, b: bind(ma1=(a, k), ma2=(b, d)),
        formula="average of the fast %K, average of that",
        source=LANE, seeding="those of the averages",
        talib="STOCH fastk_period slowk_period slowk_matype slowd_period slowd_matype",
    ),
    Row(
        "kdj", "KDJ stochastic", HLC, (length(9, 1, "fastk"), *KDJ), "k d j", update_kdj,
        slots=lambda n, k, a, d, b: 4 * n + _room(k) + _room(d),
        warmup=lambda n, k, a, d, b: n - 1 + ma_warmup(k, a) + ma_warmup(d, b),
        history=lambda n, k, a, d, b: n,
        bindings=lambda n, k, a, d, b: bind(ma1=(a, k), ma2=(b, d)),
        formula="stoch with Wilder's averages; j = 3 k - 2 d",
        source="futures practice in Asia", seeding="those of the averages",
        talib="KDJ fastk_period slowk_period slowk_matype slowd_period slowd_matype",
    ),
    Row(
        "willr", "Williams' %R", HLC, (length(14),), "willr", update_willr,
        slots=lambda n: 4 * n, warmup=lambda n: n - 1, history=lambda n: n,
        formula="-100 (highest high - close) / (highest high - lowest low)",
        source="Williams 1973", talib="WILLR timeperiod", ta="WilliamsRIndicator",
    ),
    Row(
        "stochrsi", "Stochastic RSI", "close",
        (
            length(14), length(5, 1, "fastk"), length(3, 1, "fastd"),
            matype("sma", "fastd_matype"), SEED_STEP,
        ),
        "fastk fastd", update_stochrsi, slots=lambda n, k, d, m, seed: 8 + 2 * k + _room(d),
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
        "smi signal", update_smi, slots=lambda n, f, w, g, seed: 8 + 4 * n,
        history=lambda n, f, w, g, seed: n, bindings=starts("ema"),
        warmup=lambda n, f, w, g, seed: n + f + w + g - 4,
        formula="200 EMA(EMA(close - middle of the range)) / EMA(EMA(range)), its EMA",
        source="Blau, Stocks & Commodities 11:1 (1993)",
        seeding="each EMA by the mean of its first values; seed=first: by the first of them",
        talib="SMI timeperiod fastperiod slowperiod signalperiod",
    ),
)  # fmt: skip
