"""Differences of two averages: MACD, price and volume oscillators."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from domain.bits import fma
from domain.jit import kernel
from indicators.blocks.average import ema_from
from indicators.blocks.choice import bind, ma_room, ma_slots, ma_warmup
from indicators.blocks.choice import sma as ma1
from indicators.blocks.choice import sma as ma2
from indicators.blocks.choice import sma as ma3
from indicators.blocks.edge import hide, warm
from indicators.blocks.seed import from_first, starts
from indicators.blocks.window import space
from indicators.registry import SEED, SEED_STEP, Row, length, matype


@kernel
def converge(x: Any, y: Any, s: Any, span: Any, paces: Any, slot: Any) -> None:
    """MACD, signal, histogram. Slots: seen, then count and value of fast, slow and signal."""
    start, stop, base = span
    fast, slow, signal, k1, k2, k3, first = paces
    v, seen, c1, e1 = x[0], int(s[slot]), int(s[slot + 1]), s[slot + 2]
    c2, e2, c3, e3 = int(s[slot + 3]), s[slot + 4], int(s[slot + 5]), s[slot + 6]
    late = 0 if first else max(slow - fast, 0)
    lines, signals, rests, i = y[0], y[1], y[2], start
    while i < stop and (c1 < fast or c2 < slow or c3 < signal or seen < slow):
        if seen >= late:
            c1, e1 = ema_from(first, c1, e1, fast, k1, v[i])
        c2, e2 = ema_from(first, c2, e2, slow, k2, v[i])
        line = e1 - e2
        seen += 1
        if seen >= slow:
            c3, e3 = ema_from(first, c3, e3, signal, k3, line)
        lines[i - base], signals[i - base], rests[i - base] = line, e3, line - e3
        i += 1
    a1, a2, a3 = 1.0 - k1, 1.0 - k2, 1.0 - k3
    for j in range(i, stop):
        e1, e2 = fma(a1, e1, k1 * v[j]), fma(a2, e2, k2 * v[j])
        line = e1 - e2
        e3 = fma(a3, e3, k3 * line)
        lines[j - base], signals[j - base], rests[j - base] = line, e3, line - e3
    s[slot], s[slot + 1], s[slot + 2] = seen + stop - i, c1, e1
    s[slot + 3], s[slot + 4], s[slot + 5], s[slot + 6] = c2, e2, c3, e3
    for out in y:
        hide(out, s, start, stop, base)


def update_macd(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `converge`; the shorter length is the fast one."""
    a, b, c = min(s[0], s[1]), max(s[0], s[1]), s[2]
    k = 2.0 / (a + 1.0), 2.0 / (b + 1.0), 2.0 / (c + 1.0)
    paces = int(a), int(b), int(c), k[0], k[1], k[2], s[3] == 1.0
    converge(x, y, s, (start, stop, base), paces, 4)


def update_macdfix(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `converge`; smoothing constants 0.15 and 0.075."""
    paces = 12, 26, int(s[0]), 0.15, 0.075, 2.0 / (s[0] + 1.0), from_first()
    converge(x, y, s, (start, stop, base), paces, 1)


def update_macdext(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: three averages of any kind. Each waits for the rows that `waits` says."""
    fast, slow, signal = int(min(s[0], s[2])), int(max(s[0], s[2])), int(s[4])
    each, seen = ma_room(max(slow, signal)), warm(s)
    line, second, rest = y[0], y[1], y[2]
    wait1, wait2, wait3 = waits(s, fast, slow, signal)
    end = stop - base
    one = min(start + max(wait1 - seen, 0), stop)
    ma1(s, 6, fast, x[0][one:stop], line[one - base : end])
    two = min(start + max(wait2 - seen, 0), stop)
    ma2(s, 6 + each, slow, x[0][two:stop], rest[two - base : end])
    first = min(start + max(wait3 - seen, 0), stop) - base
    for i in range(first, end):
        line[i] -= rest[i]
    ma3(s, 6 + 2 * each, signal, line[first:end], second[first:end])
    for i in range(first, end):
        rest[i] = line[i] - second[i]
    for out in y:
        hide(out, s, start, stop, base)


@kernel
def lag(kind: Any, n: Any) -> Any:
    """Leading rows without a value of an average, as `choice.ma_warmup`."""
    if n <= 1 or kind == 10:
        return 0
    if kind == 3 or kind == 4:
        return (kind - 1) * (n - 1)
    if kind == 6 or kind == 7:
        return n if kind == 6 else 32
    if kind == 8 or kind == 9:
        return 6 * n - 6 if kind == 8 else n + int(np.sqrt(n)) - 2
    return n - 1 + ((n - 1) // 2 if kind == 12 else 0)


@kernel
def waits(s: Any, fast: Any, slow: Any, signal: Any) -> Any:
    """The rows each line waits so that both have their first value together."""
    swap = s[2] < s[0]
    one = lag(int(s[3] if swap else s[1]), fast)
    two = lag(int(s[1] if swap else s[3]), slow)
    both = max(one, two)
    return both - one, both - two, both


@kernel
def difference(one: Any, two: Any, ratio: Any) -> Any:
    """one - two, or that in per cent of two."""
    if not ratio:
        return one - two
    return 100.0 * (one - two) / two if two != 0.0 else 0.0


@kernel
def exponential(v: Any, out: Any, s: Any, span: Any, how: Any) -> None:
    """The difference of two exponential averages. Slots: their counts and values."""
    start, stop, base = span
    ratio, first = how
    fast, slow = int(min(s[0], s[1])), int(max(s[0], s[1]))
    k1, k2 = 2.0 / (fast + 1.0), 2.0 / (slow + 1.0)
    c1, e1, c2, e2, i = int(s[3]), s[4], int(s[5]), s[6], start
    while i < stop and c2 < slow:
        c1, e1 = ema_from(first, c1, e1, fast, k1, v[i])
        c2, e2 = ema_from(first, c2, e2, slow, k2, v[i])
        out[i - base] = difference(e1, e2, ratio)
        i += 1
    for j in range(i, stop):
        e1 = fma(1.0 - k1, e1, k1 * v[j])
        e2 = fma(1.0 - k2, e2, k2 * v[j])
        out[j - base] = difference(e1, e2, ratio)
    s[3], s[4], s[5], s[6] = c1, e1, c2, e2


@kernel
def absolute() -> Any:
    """The difference itself."""
    return False


@kernel
def relative() -> Any:
    """The difference in per cent."""
    return True


def update_pair(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """The difference of two averages of any kind. Slots: the averages."""
    if s[2] == 1.0:
        exponential(x[0], y[0], s, (start, stop, base), (shown(), from_first()))
    else:
        fast, slow, t, i = int(min(s[0], s[1])), int(max(s[0], s[1])), space(), start
        while i < stop:
            rows = min(stop - i, len(t))
            v, out = x[0][i : i + rows], y[0][i - base : i - base + rows]
            ma1(s, 3, fast, v, out)
            ma2(s, 3 + ma_room(slow), slow, v, t)
            for k in range(rows):
                out[k] = difference(out[k], t[k], shown())
            i += rows
    hide(y[0], s, start, stop, base)


shown = absolute  # the name that the kernel calls, whichever is bound


def _pair(how: Any) -> Any:
    """The kinds of the two averages; exponential ones have their own way."""

    def bound(fast: float, slow: float, kind: float, seed: float) -> dict[str, Any]:
        named = 10.0 if kind == 1 else kind
        kinds = bind(ma1=(named, min(fast, slow)), ma2=(named, max(fast, slow)))
        return {"shown": how} | kinds | starts("from_first")(seed)

    return bound


def _three(*p: float) -> dict[str, Any]:
    fast, slow = (p[1], p[0]), (p[3], p[2])
    if p[2] < p[0]:
        fast, slow = slow, fast
    return bind(ma1=fast, ma2=slow, ma3=(p[5], p[4]))


def _ext_slots(*p: float) -> int:
    return 3 * ma_slots(max(p[0], p[2], p[4]))


def _ext_warmup(*p: float) -> int:
    fast, slow = (p[0], p[1]), (p[2], p[3])
    if p[2] < p[0]:
        fast, slow = slow, fast
    return max(ma_warmup(*fast), ma_warmup(*slow)) + ma_warmup(p[4], p[5])


FAST, SLOW, SIGNAL = length(12, 2, "fast"), length(26, 2, "slow"), length(9, 1, "signal")
MACD = "macd signal histogram"
EACH = "each average from its own first values; seed=first: an ema by the first value"
EMA_SEED = replace(SEED_STEP, meaning="what an ema starts from")
LATE = "each EMA by the mean of its first values; the fast one starts slow - fast rows late, so"
BOTH = LATE + " that both begin together; the signal by the mean of the first values of the macd"
LAST = "; seed=first: by the first value each is given, the signal by the first shown macd"
APPEL = "Appel 1979; Murphy 1999, ch. 10"
ROWS = (
    Row(
        "macd", "Moving average convergence divergence", "close", (FAST, SLOW, SIGNAL, SEED), MACD,
        update_macd, slots=lambda f, w, g, seed: 7,
        warmup=lambda f, w, g, seed: max(f, w) + g - 2,
        formula="EMA(fast) - EMA(slow), its EMA(signal), their difference", source=APPEL,
        seeding=BOTH + LAST, ta="MACD",
        talib="MACD fastperiod slowperiod signalperiod",
    ),
    Row(
        "macdfix", "MACD 12/26 with fixed constants", "close", (SIGNAL, SEED_STEP), MACD,
        update_macdfix, slots=lambda g, seed: 7, warmup=lambda g, seed: 24 + g,
        formula="as macd with smoothing constants 0.15 and 0.075", source=APPEL,
        seeding=BOTH + LAST, bindings=starts("from_first"),
        talib="MACDFIX signalperiod",
    ),
    Row(
        "macdext", "MACD with chosen averages", "close",
        (
            length(12, 2, "fast"), matype("sma", "fast_matype"), length(26, 2, "slow"),
            matype("sma", "slow_matype"), length(9, 1, "signal"), matype("sma", "signal_matype"),
        ),
        MACD, update_macdext, slots=_ext_slots, bindings=_three, warmup=_ext_warmup,
        formula="as macd with averages of any kind", source=APPEL, seeding="those of the averages",
        talib="MACDEXT fastperiod fastmatype slowperiod slowmatype signalperiod signalmatype",
    ),
    Row(
        "apo", "Absolute price oscillator", "close", (FAST, SLOW, matype("ema"), EMA_SEED), "apo",
        update_pair, bindings=_pair(absolute), slots=lambda f, w, k, seed: 2 * ma_slots(max(f, w)),
        warmup=lambda f, w, k, seed: max(ma_warmup(f, k), ma_warmup(w, k)),
        formula="average(fast) - average(slow)", source=APPEL, seeding=EACH,
        talib="APO fastperiod slowperiod matype",
    ),
    Row(
        "ppo", "Percentage price oscillator", "close", (FAST, SLOW, matype("ema"), EMA_SEED), "ppo",
        update_pair, bindings=_pair(relative), slots=lambda f, w, k, seed: 2 * ma_slots(max(f, w)),
        warmup=lambda f, w, k, seed: max(ma_warmup(f, k), ma_warmup(w, k)),
        formula="100 (average(fast) - average(slow)) / average(slow)", source=APPEL,
        seeding=EACH, ta="PercentagePriceOscillator",
        talib="PPO fastperiod slowperiod matype",
    ),
    Row(
        "pvo", "Percentage volume oscillator", "volume", (FAST, SLOW, matype("ema"), EMA_SEED),
        "pvo", update_pair, bindings=_pair(relative),
        slots=lambda f, w, k, seed: 2 * ma_slots(max(f, w)),
        warmup=lambda f, w, k, seed: max(ma_warmup(f, k), ma_warmup(w, k)),
        formula="ppo of the volume", source=APPEL, seeding=EACH,
        talib="PVO fastperiod slowperiod matype", ta="PercentageVolumeOscillator",
    ),
)  # fmt: skip
