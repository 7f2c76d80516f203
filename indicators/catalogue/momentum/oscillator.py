"""Oscillators made of averages and changes of one or two prices."""

from __future__ import annotations

from typing import Any

from domain.jit import kernel
from indicators.blocks.average import ema_line, weigh
from indicators.blocks.edge import hide, warm
from indicators.blocks.seed import from_first, starts
from indicators.blocks.window import (
    REFRESH,
    WIDE,
    bottoms,
    room,
    space,
    tops,
    total,
    wide_slots,
)
from indicators.registry import SEED_STEP, Row, length


@kernel
def median_sum(x: Any, stop: Any, n: Any) -> Any:
    """The sum of high + low of the n rows before `stop`."""
    value = 0.0
    for j in range(stop - n, stop):
        value += x[0][j] + x[1][j]
    return value


@kernel
def awesome(x: Any, out: Any, s: Any, span: Any) -> None:
    """SMA(fast) - SMA(slow) of the median price. Slots 3 .. 5: two sums, age."""
    start, stop, base = span
    high, low, n, m = x[0], x[1], int(s[0]), int(s[1])
    fast, slow, age, j, every = s[3], s[4], int(s[5]), start, max(REFRESH, max(n, m))
    a, b = 0.5 / n, 0.5 / m
    while j < stop:
        end = min(stop, j + every - age)
        for i in range(j, end):
            v = high[i] + low[i]
            fast += v - (high[i - n] + low[i - n])
            slow += v - (high[i - m] + low[i - m])
            out[i - base] = fast * a - slow * b
        age += end - j
        j = end
        if age == every:
            fast, slow, age = median_sum(x, j, n), median_sum(x, j, m), 0
    s[3], s[4], s[5] = fast, slow, age


def update_ao(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `awesome`."""
    awesome(x, y[0], s, (start, stop, base))
    hide(y[0], s, start, stop, base)


def update_ac(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `awesome`; then place, sum, age and a ring."""
    awesome(x, y[0], s, (start, stop, base))
    n, p, value, age, seen = int(s[2]), int(s[6]), s[7], int(s[8]), warm(s)
    skip, r = int(max(s[0], s[1])) - 1, 1.0 / s[2]
    for i in range(start - base, stop - base):
        if seen >= skip:
            new = y[0][i]
            value += new - s[9 + p]
            s[9 + p] = new
            p, age = (p + 1 if p + 1 < n else 0), age + 1
            if age == REFRESH:
                value, age = s[9 : 9 + n].sum(), 0
            y[0][i] = new - value * r
        seen += 1
    s[6], s[7], s[8] = p, value, age
    hide(y[0], s, start, stop, base)


def update_bop(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Keeps no state."""
    first, high, low, last = x[0][start:stop], x[1][start:stop], x[2][start:stop], x[3][start:stop]
    out = y[0][start - base : stop - base]
    for i in range(len(out)):
        wide = high[i] - low[i]
        power = (last[i] - first[i]) / wide
        out[i] = power if wide >= 1e-14 else 0.0


def update_qstick(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: sum, age."""
    first, last, n = x[0], x[1], int(s[0])
    value, age, every, j, r = s[1], int(s[2]), max(REFRESH, n), start, 1.0 / s[0]
    while j < stop:
        end = min(stop, j + every - age)
        for i in range(j, end):
            value += (last[i] - first[i]) - (last[i - n] - first[i - n])
            y[0][i - base] = value * r
        age += end - j
        j = end
        if age == every:
            value, age = total(last, j - n, j) - total(first, j - n, j), 0
    s[1], s[2] = value, age
    hide(y[0], s, start, stop, base)


def update_dpo(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: sum, age."""
    v, n, back = x[0], int(s[0]), int(s[0]) // 2 + 1
    value, age, every, j, r = s[1], int(s[2]), max(REFRESH, n), start, 1.0 / s[0]
    while j < stop:
        end = min(stop, j + every - age)
        for i in range(j, end):
            value += v[i] - v[i - n]
            y[0][i - base] = v[i - back] - value * r
        age += end - j
        j = end
        if age == every:
            value, age = total(v, j - n, j), 0
    s[1], s[2] = value, age
    hide(y[0], s, start, stop, base)


@kernel
def path_of(v: Any, first: Any, stop: Any) -> Any:
    """The sum of the sizes of the moves into rows first .. stop - 1."""
    value = 0.0
    for j in range(first, stop):
        value += abs(v[j] - v[j - 1])
    return value


def update_er(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: path, age."""
    v, n, seen, out, i = x[0], int(s[0]), warm(s), y[0], start
    path, age, every = s[1], int(s[2]), max(REFRESH, n)
    while i < stop and seen <= n:
        path += abs(v[i] - v[i - 1]) if seen > 0 else 0.0
        straight = abs(v[i] - v[i - n])
        out[i - base] = min(straight / path, 1.0) if path > 0.0 else 1.0
        seen, age, i = seen + 1, age + 1, i + 1
    while i < stop:
        if age >= every:
            path, age = path_of(v, i - n, i), 0
        end = min(stop, i + every - age)
        for j in range(i, end):
            path += abs(v[j] - v[j - 1]) - abs(v[j - n] - v[j - n - 1])
            ratio = min(abs(v[j] - v[j - n]) / path, 1.0)
            out[j - base] = ratio if path > 0.0 else 1.0
        age, i = age + end - i, end
    s[1], s[2] = path, age
    hide(out, s, start, stop, base)


def update_vhf(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: path, age, then work space of wide windows."""
    v, n, seen, path, age = x[0], int(s[0]), warm(s), s[1], int(s[2])
    w, i = space() if n <= WIDE else s[3 : 3 + 6 * n], start
    while i < stop:
        rows = min(stop - i, room(n))
        top, bottom = w[:rows], w[rows : 2 * rows]
        tops(v, i, n, top, w[2 * rows :])
        bottoms(v, i, n, bottom, w[2 * rows :])
        for j in range(i, i + rows):
            path += abs(v[j] - v[j - 1]) if seen > 0 else 0.0
            path -= abs(v[j - n] - v[j - n - 1]) if seen > n else 0.0
            seen, age = seen + 1, age + 1
            if age >= REFRESH and seen > n:
                path, age = path_of(v, j - n + 1, j + 1), 0
            wide = top[j - i] - bottom[j - i]
            y[0][j - base] = wide / path if path > 0.0 else 0.0
        i += rows
    s[1], s[2] = path, age
    hide(y[0], s, start, stop, base)


def update_eri(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: count, average."""
    n, k = int(s[0]), 2.0 / (s[0] + 1.0)
    high, low, bull, bear = x[0][start:stop], x[1][start:stop], y[0], y[1]
    bull, bear = bull[start - base : stop - base], bear[start - base : stop - base]
    ema_line(from_first(), s, 1, n, k, x[2][start:stop], bear)
    for i in range(len(high)):
        average = bear[i]
        bull[i] = high[i] - average
        bear[i] = low[i] - average


def update_coppock(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: place, age, sum, weighted sum, then a ring of n changes."""
    v, n, a, b, seen = x[0], int(s[0]), int(s[1]), int(s[2]), warm(s)
    p, age, plain, weighted = int(s[3]), int(s[4]), s[5], s[6]
    skip, r = max(a, b), 2.0 / (n * (n + 1.0))
    for i in range(start, stop):
        if seen >= skip:
            one, two = v[i - a], v[i - b]
            new = 100.0 * (v[i] / one - 1.0) if one != 0.0 else 0.0
            new += 100.0 * (v[i] / two - 1.0) if two != 0.0 else 0.0
            weighted += n * new - plain
            plain += new - s[7 + p]
            s[7 + p] = new
            p, age = (p + 1 if p + 1 < n else 0), age + 1
            if age == REFRESH:
                plain, weighted = weigh(s, 7, n, p)
                age = 0
        seen += 1
        y[0][i - base] = weighted * r
    s[3], s[4], s[5], s[6] = p, age, plain, weighted
    hide(y[0], s, start, stop, base)


def _average(name: str, title: str, inputs: str, default: int, low: int, **more: Any) -> Row:
    return Row(
        name, title, inputs, (length(default, low),), name, slots=lambda n: 2,
        history=lambda n: n + 1, talib=name.upper() + " timeperiod", **more,
    )  # fmt: skip


LINES = (length(5, 1, "fast"), length(34, 1, "slow"))
WILLIAMS = "Williams 1998, New Trading Dimensions"
ROWS = (
    Row(
        "ao", "Awesome oscillator", "high low", LINES, "ao", update_ao, slots=lambda a, b: 6,
        warmup=lambda a, b: max(a, b) - 1, history=lambda a, b: max(a, b),
        formula="SMA(fast) - SMA(slow) of (high + low) / 2", source=WILLIAMS,
        talib="AO fastperiod slowperiod", ta="AwesomeOscillatorIndicator",
    ),
    Row(
        "ac", "Accelerator oscillator", "high low", (*LINES, length(5, 1, "signal")), "ac",
        update_ac, slots=lambda a, b, c: 7 + c, warmup=lambda a, b, c: max(a, b) + c - 2,
        history=lambda a, b, c: max(a, b), formula="AO - SMA(AO, signal)", source=WILLIAMS,
        talib="AC fastperiod slowperiod signalperiod",
    ),
    Row(
        "bop", "Balance of power", "open high low close", (), "bop", update_bop,
        slots=lambda: 0, warmup=lambda: 0, seeding="none: no memory",
        formula="(close - open) / (high - low), 0 without range",
        source="Livshin, Stocks & Commodities 19:8 (2001)", talib="BOP",
    ),
    _average("qstick", "Qstick", "open close", 10, 1, kernel=update_qstick,
             warmup=lambda n: n - 1, formula="SMA of close - open",
             source="Chande and Kroll 1994"),
    _average("dpo", "Detrended price oscillator", "close", 20, 2, kernel=update_dpo,
             warmup=lambda n: n - 1, formula="close n // 2 + 1 rows ago - SMA(n)",
             source="Achelis 2001", ta="DPOIndicator"),
    _average("er", "Kaufman's efficiency ratio", "close", 10, 1, kernel=update_er,
             warmup=lambda n: n, formula="|close - close n rows ago| / sum of |changes|, 1 if flat",
             source="Kaufman 1995"),
    Row(
        "vhf", "Vertical horizontal filter", "close", (length(28),), "vhf", update_vhf,
        slots=lambda n: 2 + wide_slots(n), warmup=lambda n: n, history=lambda n: n + 1,
        formula="(highest - lowest of n values) / sum of n |changes|",
        source="White, Futures 1991", talib="VHF timeperiod",
    ),
    Row(
        "eri", "Elder ray", "high low close", (length(13, 1), SEED_STEP), "bull bear",
        update_eri, slots=lambda n, seed: 2, warmup=lambda n, seed: n - 1,
        bindings=starts("from_first"),
        formula="high - EMA(close), low - EMA(close)", source="Elder 1993, Trading for a Living",
        seeding="mean of the first n values; seed=first: the first",
        talib="ERI timeperiod",
    ),
    Row(
        "coppock", "Coppock curve", "close",
        (length(10, 1), length(11, 1, "roc1"), length(14, 1, "roc2")), "coppock", update_coppock,
        slots=lambda n, a, b: 4 + n, warmup=lambda n, a, b: n - 1 + max(a, b),
        history=lambda n, a, b: max(a, b), formula="WMA(n) of ROC(roc1) + ROC(roc2)",
        source="Coppock, Barron's 1962", talib="COPPOCK wmaperiod roc1period roc2period",
    ),
)  # fmt: skip
