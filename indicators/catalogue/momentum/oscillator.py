"""Oscillators made of averages and changes of one or two prices."""

from __future__ import annotations

from typing import Any

from domain.jit import kernel
from indicators.blocks.average import ema, weigh
from indicators.blocks.edge import hide, warm
from indicators.blocks.seed import starts
from indicators.blocks.window import REFRESH, bottoms, tops, total
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
    high, low, n, m = x[0], x[1], int(min(s[0], s[1])), int(max(s[0], s[1]))
    fast, slow, age, j, every = s[3], s[4], int(s[5]), start, max(REFRESH, m)
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
    for i in range(start, stop):
        wide = x[1][i] - x[2][i]
        y[0][i - base] = (x[3][i] - x[0][i]) / wide if wide >= 1e-14 else 0.0


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


def update_er(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: path, age."""
    v, n, seen = x[0], int(s[0]), warm(s)
    path, age, every = s[1], int(s[2]), max(REFRESH, n)
    for i in range(start, stop):
        path += abs(v[i] - v[i - 1]) if seen > 0 else 0.0
        path -= abs(v[i - n] - v[i - n - 1]) if seen > n else 0.0
        seen, age = seen + 1, age + 1
        if age >= every and seen > n:
            path, age = 0.0, 0
            for j in range(i - n + 1, i + 1):
                path += abs(v[j] - v[j - 1])
        y[0][i - base] = min(abs(v[i] - v[i - n]) / path, 1.0) if path > 0.0 else 1.0
    s[1], s[2] = path, age
    hide(y[0], s, start, stop, base)


def update_vhf(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: path, age, then 4 n of work space."""
    v, n, seen, path, age = x[0], int(s[0]), warm(s), s[1], int(s[2])
    i = start
    while i < stop:
        end = min(stop, i + n)
        tops(v, i, end, n, s, 3)
        bottoms(v, i, end, n, s, 3 + 2 * n)
        for j in range(i, end):
            path += abs(v[j] - v[j - 1]) if seen > 0 else 0.0
            path -= abs(v[j - n] - v[j - n - 1]) if seen > n else 0.0
            seen, age = seen + 1, age + 1
            if age >= REFRESH and seen > n:
                path, age = 0.0, 0
                for k in range(j - n + 1, j + 1):
                    path += abs(v[k] - v[k - 1])
            wide = s[3 + j - i] - s[3 + 2 * n + j - i]
            y[0][j - base] = wide / path if path > 0.0 else 0.0
        i = end
    s[1], s[2] = path, age
    hide(y[0], s, start, stop, base)


def update_eri(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: count, average."""
    n, k, c, e = int(s[0]), 2.0 / (s[0] + 1.0), int(s[1]), s[2]
    for i in range(start, stop):
        c, e = ema(c, e, n, k, x[2][i])
        y[0][i - base] = x[0][i] - e
        y[1][i - base] = x[1][i] - e
    s[1], s[2] = c, e
    hide(y[0], s, start, stop, base)
    hide(y[1], s, start, stop, base)


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
        slots=lambda n: 2 + 4 * n, warmup=lambda n: n, history=lambda n: n + 1,
        formula="(highest - lowest of n values) / sum of n |changes|",
        source="White, Futures 1991", talib="VHF timeperiod",
    ),
    Row(
        "eri", "Elder ray", "high low close", (length(13, 1), SEED_STEP), "bull bear",
        update_eri, slots=lambda n, seed: 2, warmup=lambda n, seed: n - 1, bindings=starts("ema"),
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
