"""Twins of oscillators."""

from __future__ import annotations

import math

import numpy as np

from tests.reference.indicators.averages import ma
from tests.reference.indicators.parts import (
    Array,
    Table,
    begin,
    change,
    deviation,
    ema,
    hidden,
    highest,
    late,
    lowest,
    over,
    rma,
    rolling,
    sma,
    smoothed,
    total,
    true_range,
    typical,
    wma,
)
from tests.reference.indicators.statistic import linearreg, percentrank

TWINS = Table()


@TWINS("mom")
def mom(c: Array, n: int) -> Array:
    return change(c, n)


@TWINS("roc")
def roc(c: Array, n: int) -> Array:
    return 100 * over(c - late(c, n), late(c, n))


@TWINS("rocp")
def rocp(c: Array, n: int) -> Array:
    return over(c - late(c, n), late(c, n))


@TWINS("rocr")
def rocr(c: Array, n: int) -> Array:
    return over(c, late(c, n))


@TWINS("rocr100")
def rocr100(c: Array, n: int) -> Array:
    return 100 * over(c, late(c, n))


@TWINS("logreturn")
def logreturn(c: Array, n: int) -> Array:
    return np.log(c / late(c, n))


@TWINS("cumreturn")
def cumreturn(c: Array) -> Array:
    return 100 * (c / c[0] - 1) if len(c) else c


@TWINS("ao")
def ao(h: Array, low: Array, fast: int, slow: int) -> Array:
    return sma((h + low) / 2, fast) - sma((h + low) / 2, slow)


@TWINS("ac")
def ac(h: Array, low: Array, fast: int, slow: int, signal: int) -> Array:
    line = ao(h, low, fast, slow)
    return line - sma(line, signal)


def gains(c: Array, n: int, seed: str) -> tuple[Array, Array]:
    d = change(c)
    up = np.where(np.isnan(d), np.nan, np.maximum(d, 0.0))
    down = np.where(np.isnan(d), np.nan, np.maximum(-d, 0.0))
    return rma(up, n, seed), rma(down, n, seed)


@TWINS("rsi")
def rsi(c: Array, n: int, seed: str = "sma") -> Array:
    up, down = gains(c, n, seed)
    return 100 * over(up, up + down)


@TWINS("cmo")
def cmo(c: Array, n: int, seed: str = "sma") -> Array:
    up, down = gains(c, n, seed)
    return 100 * over(up - down, up + down)


@TWINS("cmou")
def cmou(c: Array, n: int) -> Array:
    d = change(c)
    return 100 * over(total(d, n), total(np.abs(d), n))


@TWINS("imi")
def imi(o: Array, c: Array, n: int) -> Array:
    return 100 * over(total(np.maximum(c - o, 0), n), total(np.abs(c - o), n), 0.5)


@TWINS("er")
def er(c: Array, n: int) -> Array:
    return over(np.abs(change(c, n)), total(np.abs(change(c)), n), 1.0)


@TWINS("vhf")
def vhf(c: Array, n: int) -> Array:
    return over(highest(c, n) - lowest(c, n), total(np.abs(change(c)), n))


@TWINS("bop")
def bop(o: Array, h: Array, low: Array, c: Array) -> Array:
    return np.where(h - low > 1e-14, over(c - o, h - low), 0.0)


@TWINS("qstick")
def qstick(o: Array, c: Array, n: int) -> Array:
    return sma(c - o, n)


@TWINS("cci")
def cci(h: Array, low: Array, c: Array, n: int, k: float) -> Array:
    def at(w: Array) -> float:
        mean = math.fsum(w) / n
        wide = math.fsum(abs(x - mean) for x in w) / n
        return (w[-1] - mean) / (k * wide) if wide > 0 and w[-1] != mean else 0.0

    return rolling(typical(h, low, c), n, at)


@TWINS("mfi")
def mfi(h: Array, low: Array, c: Array, v: Array, n: int) -> Array:
    price = typical(h, low, c)
    d, flow = change(price), price * v
    up, down = total(np.where(d > 0, flow, d * 0), n), total(np.where(d < 0, flow, d * 0), n)
    return 100 * over(up, up + down)


@TWINS("willr")
def willr(h: Array, low: Array, c: Array, n: int) -> Array:
    top, bottom = highest(h, n), lowest(low, n)
    return -100 * over(top - c, top - bottom)


@TWINS("ultosc")
def ultosc(h: Array, low: Array, c: Array, a: int, b: int, d: int) -> Array:
    a, b, d = sorted((a, b, d))
    pressure, span = c - np.minimum(low, late(c, 1)), true_range(h, low, c)
    part = [over(total(pressure, n), total(span, n)) for n in (a, b, d)]
    return 100 * (4 * part[0] + 2 * part[1] + part[2]) / 7


@TWINS("dpo")
def dpo(c: Array, n: int) -> Array:
    return hidden(late(c, n // 2 + 1) - sma(c, n), max(n - 1, n // 2 + 1))


@TWINS("coppock")
def coppock(c: Array, n: int, a: int, b: int) -> Array:
    return wma(roc(c, a) + roc(c, b), n)


@TWINS("kst")
def kst(c: Array, *p: int) -> list[Array]:
    line = sum((j + 1) * sma(roc(c, p[j]), p[4 + j]) for j in range(4))
    return [line, sma(line, p[8])]


def fast_k(h: Array, low: Array, c: Array, n: int) -> Array:
    bottom = lowest(low, n)
    return 100 * over(c - bottom, highest(h, n) - bottom)


def both(*columns: Array) -> list[Array]:
    """Values only on rows where all columns have one."""
    lost = np.isnan(np.stack(columns)).any(0)
    return [np.where(lost, np.nan, c) for c in columns]


@TWINS("stochf")
def stochf(h: Array, low: Array, c: Array, n: int, m: int, kind: str) -> list[Array]:
    line = fast_k(h, low, c, n)
    return both(line, ma(line, m, kind))


@TWINS("stoch")
def stoch(
    h: Array, low: Array, c: Array, n: int, m: int, kind: str, d: int, last: str
) -> list[Array]:
    k = ma(fast_k(h, low, c, n), m, kind)
    return both(k, ma(k, d, last))


@TWINS("kdj")
def kdj(
    h: Array, low: Array, c: Array, n: int, m: int, kind: str, d: int, last: str
) -> list[Array]:
    k, d_line = stoch(h, low, c, n, m, kind, d, last)
    return [k, d_line, 3 * k - 2 * d_line]


@TWINS("stochrsi")
def stochrsi(
    c: Array, n: int, m: int, d: int, kind: str, seed: str = "sma"
) -> list[Array]:
    line = rsi(c, n, seed)
    return stochf(line, line, line, m, d, kind)


@TWINS("smi")
def smi(
    h: Array, low: Array, c: Array, n: int, fast: int, slow: int, signal: int,
    seed: str = "sma",
) -> list[Array]:  # fmt: skip
    top, bottom = highest(h, n), lowest(low, n)
    twice = lambda v: ema(ema(v, slow, seed), fast, seed)  # noqa: E731
    line = 200 * over(twice(c - (top + bottom) / 2), twice(top - bottom))
    return both(line, ema(line, signal, seed))


@TWINS("tsi")
def tsi(c: Array, one: int, two: int, seed: str = "sma") -> Array:
    twice = lambda v: ema(ema(v, one, seed), two, seed)  # noqa: E731
    d = change(c)
    return 100 * over(twice(d), twice(np.abs(d)))


@TWINS("trix")
def trix(c: Array, n: int, seed: str = "sma") -> Array:
    e = ema(ema(ema(c, n, seed), n, seed), n, seed)
    return 100 * over(change(e), late(e, 1))


def difference(c: Array, fast: int, slow: int, kinds: tuple[str, str]) -> Array:
    """Fast less slow average, both from the same row on."""
    late_one, early_one = ma(c, slow, kinds[1]), ma(c, fast, kinds[0])
    first = max(begin(late_one), begin(early_one))
    parts = []
    for line, n, kind in ((early_one, fast, kinds[0]), (late_one, slow, kinds[1])):
        skip = first - begin(line)
        parts.append(np.concatenate([np.full(skip, np.nan), ma(c[skip:], n, kind)]))
    return parts[0] - parts[1]


@TWINS("macd")
def macd(c: Array, fast: int, slow: int, signal: int, seed: str = "sma") -> list[Array]:
    """Appel; TA-Lib puts the shorter length first and starts both averages together."""
    fast, slow = sorted((fast, slow))
    line = ema(c, fast, seed) - ema(c, slow, seed)
    if seed == "sma":
        line = difference(c, fast, slow, ("ema", "ema"))
    mean = ema(line, signal, seed)
    return [*both(line, mean), line - mean]


@TWINS("macdfix")
def macdfix(c: Array, signal: int, seed: str = "sma") -> list[Array]:
    """Constants 0.15 and 0.075 with the seeds of 12 and 26."""
    skip = 14 if seed == "sma" else 0
    fast = np.concatenate([np.full(skip, np.nan), smoothed(c[skip:], 12, 0.15, seed)])
    line = fast - smoothed(c, 26, 0.075, seed)
    mean = ema(line, signal, seed)
    return [*both(line, mean), line - mean]


@TWINS("macdext")
def macdext(
    c: Array, fast: int, kind: str, slow: int, slow_kind: str, signal: int, last: str
) -> list[Array]:
    if slow < fast:
        fast, kind, slow, slow_kind = slow, slow_kind, fast, kind
    line = difference(c, fast, slow, (kind, slow_kind))
    mean = ma(line, signal, last)
    return [*both(line, mean), line - mean]


@TWINS("apo")
def apo(c: Array, fast: int, slow: int, kind: str, seed: str = "sma") -> Array:
    one, two = two_averages(c, fast, slow, kind, seed)
    return one - two


def two_averages(c: Array, fast: int, slow: int, kind: str, seed: str) -> tuple[Array, Array]:
    """Each from its own first values; the seed is that of an ema."""
    fast, slow = sorted((fast, slow))
    if kind == "ema":
        return ema(c, fast, seed), ema(c, slow, seed)
    return ma(c, fast, kind), ma(c, slow, kind)


@TWINS("ppo", "pvo")
def ppo(c: Array, fast: int, slow: int, kind: str, seed: str = "sma") -> Array:
    one, two = two_averages(c, fast, slow, kind, seed)
    return 100 * over(one - two, two)


@TWINS("crsi")
def crsi(c: Array, n: int, m: int, far: int, seed: str = "sma") -> Array:
    streak = np.zeros(len(c))
    for i in range(1, len(c)):
        s = np.sign(c[i] - c[i - 1])
        streak[i] = streak[i - 1] + s if s * streak[i - 1] > 0 else s
    rank = np.concatenate([[np.nan], percentrank(c[1:] / c[:-1] - 1, far)])
    return (rsi(c, n, seed) + rsi(streak, m, seed) + rank) / 3


@TWINS("fisher")
def fisher(h: Array, low: Array, n: int) -> list[Array]:
    """Ehlers 2002: 0.33 * 2 (place - 0.5) is 0.66 of it; beyond 0.99 it is cut to 0.999."""
    v = (h + low) / 2
    top, bottom = highest(v, n), lowest(v, n)
    out, x, f = np.full(len(v), np.nan), 0.0, 0.0
    for i in range(n - 1, len(v)):
        place = (v[i] - bottom[i]) / (top[i] - bottom[i]) if top[i] > bottom[i] else 0.5
        x = 0.33 * 2 * (place - 0.5) + 0.67 * x
        x = 0.999 if x > 0.99 else -0.999 if x < -0.99 else x
        f = 0.5 * math.log((1 + x) / (1 - x)) + 0.5 * f
        out[i] = f
    signal = late(out, 1)
    signal[n - 1 : n] = 0.0
    return [out, signal]


@TWINS("stc")
def stc(c: Array, a: int, b: int, n: int, m1: int, m2: int, seed: str = "sma") -> Array:
    def place(v: Array) -> Array:
        low, high, out, last = lowest(v, n), highest(v, n), np.full(len(v), np.nan), 0.0
        for i in range(len(v)):
            if high[i] == high[i]:
                last = 100 * (v[i] - low[i]) / (high[i] - low[i]) if high[i] > low[i] else last
                out[i] = last
        return out

    return ema(place(ema(place(ema(c, a, seed) - ema(c, b, seed)), m1, seed)), m2, seed)


@TWINS("qqe")
def qqe(c: Array, n: int, m: int, k: float, seed: str = "sma") -> list[Array]:
    """Livshin: RSI, smoothed; its moves averaged twice over 2 n - 1 rows; a line that trails them
    and, while the RSI stays on its side, never moves away from it."""
    line = ema(rsi(c, n, seed), m, seed)
    wild = 2 * n - 1
    wide = k * ema(ema(np.abs(change(line)), wild, seed), wild, seed)
    trail, tr = np.full(len(c), np.nan), 0.0
    for i in range(begin(wide), len(c)):
        old = tr
        if line[i] < old:
            tr = line[i] + wide[i]
            if line[i - 1] < old < tr:
                tr = old
        elif line[i] > old:
            tr = line[i] - wide[i]
            if line[i - 1] > old > tr:
                tr = old
        trail[i] = tr
    return both(line, trail)


@TWINS("squeeze")
def squeeze(h: Array, low: Array, c: Array, n: int, k: float, m: float) -> list[Array]:
    """Carter: Bollinger bands inside Keltner's (mean range of n rows)."""
    inside = np.where(k * deviation(c, n) < m * sma(true_range(h, low, c, first=True), n), 1.0, 0.0)
    middle = ((highest(h, n) + lowest(low, n)) / 2 + sma(c, n)) / 2
    force = linearreg(c - middle, n)
    return [np.where(np.isnan(force), np.nan, inside), force]
