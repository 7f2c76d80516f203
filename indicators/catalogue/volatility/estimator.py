"""Volatility from bars: range estimators, ulcer, choppiness, relative volatility, band widths."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.bits import fma
from domain.jit import kernel
from indicators.blocks.average import ema, sma_at
from indicators.blocks.bands import true_range
from indicators.blocks.edge import hide, warm
from indicators.blocks.seed import starts
from indicators.blocks.spread import spread
from indicators.blocks.window import highest_at, lowest_at, recentred, spread_at, total_at
from indicators.registry import SEED_STEP, Row, length, real


def update_parkinson(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: a simple average."""
    for i in range(start, stop):
        r = np.log(x[0][i] / x[1][i])
        y[0][i - base] = np.sqrt(max(sma_at(s, 2, int(s[0]), r * r), 0.0) / LN16 * s[1])


def update_garman_klass(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: a simple average."""
    for i in range(start, stop):
        r, q = np.log(x[1][i] / x[2][i]), np.log(x[3][i] / x[0][i])
        mean = sma_at(s, 2, int(s[0]), 0.5 * r * r - (2.0 * LN2 - 1.0) * q * q)
        y[0][i - base] = np.sqrt(max(mean, 0.0) * s[1])


@kernel
def rogers(first: Any, high: Any, low: Any, close: Any) -> Any:
    """Rogers and Satchell's term of one bar."""
    up, down = np.log(high / first), np.log(low / first)
    drift = np.log(close / first)
    return up * (up - drift) + down * (down - drift)


def update_rogers_satchell(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: a simple average."""
    for i in range(start, stop):
        term = rogers(x[0][i], x[1][i], x[2][i], x[3][i])
        y[0][i - base] = np.sqrt(max(sma_at(s, 2, int(s[0]), term), 0.0) * s[1])


def update_yang_zhang(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: two deviations, a simple average."""
    n, seen = int(s[0]), warm(s)
    k, unit = 0.34 / (1.34 + (n + 1.0) / (n - 1.0)), n / (n - 1.0)
    for i in range(start, stop):
        if seen > 0:
            night = np.log(x[0][i] / x[3][i - 1])
            _, one = spread_at(s, 2, n, night)
            _, two = spread_at(s, 7 + n, n, np.log(x[3][i] / x[0][i]))
            three = sma_at(s, 12 + 2 * n, n, rogers(x[0][i], x[1][i], x[2][i], x[3][i]))
            value = one * unit + k * two * unit + (1.0 - k) * three
            y[0][i - base] = np.sqrt(max(value, 0.0) * s[1])
        seen += 1
    hide(y[0], s, start, stop, base)


def update_historical(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the deviation."""
    n, seen = int(s[0]), warm(s)
    for i in range(start, stop):
        if seen > 0:
            _, var = spread_at(s, 2, n, np.log(x[0][i] / x[0][i - 1]))
            y[0][i - base] = np.sqrt(var * n / (n - 1.0) * s[1])
        seen += 1
    hide(y[0], s, start, stop, base)


def update_realised(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: a sum."""
    seen = warm(s)
    for i in range(start, stop):
        if seen > 0:
            r = np.log(x[0][i] / x[0][i - 1])
            y[0][i - base] = np.sqrt(max(total_at(s, 2, int(s[0]), r * r), 0.0) * s[1])
        seen += 1
    hide(y[0], s, start, stop, base)


def update_ulcer(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the maximum, a simple average."""
    n = int(s[0])
    for i in range(start, stop):
        top = highest_at(s, 1, n, x[0][i])
        fall = 100.0 * (x[0][i] - top) / top
        y[0][i - base] = np.sqrt(max(sma_at(s, 4 + n, n, fall * fall), 0.0))


def update_choppiness(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: a sum, two extremes."""
    n, seen = int(s[0]), warm(s)
    for i in range(start, stop):
        high, low = highest_at(s, 1, n, x[0][i]), lowest_at(s, 4 + n, n, x[1][i])
        v = x[0][i] - x[1][i]
        if seen > 0:
            v = true_range(x[0][i], x[1][i], x[2][i - 1])
        path = total_at(s, 7 + 2 * n, n, v)
        seen += 1
        ratio = path / (high - low) if high != low else np.nan
        y[0][i - base] = 100.0 * np.log10(ratio) / np.log10(n) if ratio > 0.0 else 0.0
    hide(y[0], s, start, stop, base)


def update_rvi(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: two averages and their count, then the deviation."""
    n, m, v, seen, out = int(s[0]), int(s[1]), x[0], warm(s), y[0]
    spread(v, out, out, s, 5, m, (start, stop, base))
    c, up, down, r, i = int(s[2]), s[3], s[4], 1.0 / s[0], start
    while i < stop and c < n:
        away = np.sqrt(max(out[i - base], 0.0))
        if seen >= m - 1:
            _, up = ema(c, up, n, r, away if v[i] > v[i - 1] else 0.0)
            c, down = ema(c, down, n, r, away if v[i] < v[i - 1] else 0.0)
        out[i - base] = 100.0 * up / (up + down) if up + down != 0.0 else 0.0
        seen += 1
        i += 1
    for j in range(i, stop):
        away = np.sqrt(max(out[j - base], 0.0))
        up = fma(1.0 - r, up, r * (away if v[j] > v[j - 1] else 0.0))
        down = fma(1.0 - r, down, r * (away if v[j] < v[j - 1] else 0.0))
        share = 100.0 * up / (up + down)
        out[j - base] = share if up + down != 0.0 else 0.0
    s[2], s[3], s[4] = c, up, down
    hide(out, s, start, stop, base)


def update_bbwidth(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Two walks over the window for each row."""
    n = int(s[0])
    for i in range(start, stop):
        centre, _, second = recentred(x[0], i - n + 1, i + 1)
        wide, v = s[1] * np.sqrt(second / n), x[0][i]
        y[0][i - base] = 200.0 * wide / centre if centre != 0.0 else np.nan
        y[1][i - base] = (v - centre + wide) / (2.0 * wide) if wide > 0.0 else np.nan
    hide(y[0], s, start, stop, base)
    hide(y[1], s, start, stop, base)


def update_ibs(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Keeps no state."""
    for i in range(start, stop):
        wide = x[0][i] - x[1][i]
        y[0][i - base] = (x[2][i] - x[1][i]) / wide if wide > 0.0 else 0.5


LN2, LN16 = float(np.log(2.0)), float(4.0 * np.log(2.0))
YEAR = real("periods", 1.0, 1e-9, 1e9, "rows a year to scale by; 1: per row")
OHLC = "open high low close"


def _row(name: str, title: str, inputs: str, kernel: Any, **more: Any) -> Row:
    past = 1 if more.pop("past", False) else 0
    return Row(
        name, title, inputs, (length(20), YEAR), name, kernel,
        slots=lambda n, k: 16 + 3 * n, warmup=lambda n, k: n - 1 + past,
        history=(lambda n, k: 1) if past else None, **more,
    )  # fmt: skip


ROWS = (
    _row("parkinson", "Parkinson volatility", "high low", update_parkinson,
         formula="sqrt(mean ln(high / low)^2 / (4 ln 2))", source="Parkinson 1980"),
    _row("garman_klass", "Garman-Klass volatility", OHLC, update_garman_klass,
         formula="sqrt(mean(0.5 ln(high / low)^2 - (2 ln 2 - 1) ln(close / open)^2))",
         source="Garman and Klass 1980"),
    _row("rogers_satchell", "Rogers-Satchell volatility", OHLC, update_rogers_satchell,
         formula="sqrt(mean(u (u - c) + d (d - c))), logs of high, low, close over the open",
         source="Rogers and Satchell 1991"),
    _row("yang_zhang", "Yang-Zhang volatility", OHLC, update_yang_zhang, past=True,
         formula="overnight variance + k open-close variance + (1 - k) Rogers-Satchell",
         source="Yang and Zhang 2000"),
    _row("historical_vol", "Historical volatility", "close", update_historical, past=True,
         formula="sample deviation of log returns", source="Hull 2018, ch. 15"),
    _row("realised_vol", "Realised volatility", "close", update_realised, past=True,
         formula="sqrt of the sum of squared log returns over n rows",
         source="Andersen and Bollerslev 1998"),
    Row(
        "ulcer", "Ulcer index", "close", (length(14, 1),), "ulcer", update_ulcer,
        slots=lambda n: 7 + 2 * n, warmup=lambda n: 2 * n - 2,
        formula="root mean square over n rows of the fall in per cent from the highest of n",
        source="Martin and McCann 1989", ta="UlcerIndex",
    ),
    Row(
        "choppiness", "Choppiness index", "high low close", (length(14),), "choppiness",
        update_choppiness, slots=lambda n: 10 + 3 * n, warmup=lambda n: n - 1,
        history=lambda n: 1, formula="100 log10(sum of true ranges / range of n rows) / log10 n",
        source="Dreiss 1993",
    ),
    Row(
        "rvi", "Relative volatility index", "close",
        (length(14, 1), length(10, 2, "deviation"), SEED_STEP), "rvi", update_rvi,
        slots=lambda n, m, seed: 7, warmup=lambda n, m, seed: n + m - 2,
        history=lambda n, m, seed: m, bindings=starts("ema"),
        formula="100 up / (up + down), Wilder averages of the deviation on rising, falling rows",
        source="Dorsey, Stocks & Commodities 11:6 (1993)",
        seeding="mean of the first n values; seed=first: the first",
        talib="RVI timeperiod stddevperiod",
    ),
    Row(
        "bbwidth", "Bollinger band width and %b", "close",
        (length(20), real("deviations", 2.0, 0, 1e6)), "width percent", update_bbwidth,
        slots=lambda n, k: 0, warmup=lambda n, k: n - 1, history=lambda n, k: n,
        formula="100 (upper - lower) / middle; (close - lower) / (upper - lower)",
        source="Bollinger 2001", ta="BollingerBands",
    ),
    Row(
        "ibs", "Internal bar strength", "high low close", (), "ibs", update_ibs,
        slots=lambda: 0, warmup=lambda: 0,
        formula="(close - low) / (high - low), 0.5 without range",
        source="Pagonidis 2013", seeding="none: no memory",
    ),
)  # fmt: skip
