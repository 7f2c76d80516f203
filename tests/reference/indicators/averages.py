"""Twins of moving averages, bands and channels."""

from __future__ import annotations

import math

import numpy as np

from tests.reference.indicators.cycle import mama
from tests.reference.indicators.parts import (
    Array,
    Table,
    begin,
    change,
    deviation,
    each,
    ema,
    hidden,
    highest,
    late,
    lowest,
    rma,
    rolling,
    sma,
    total,
    true_range,
    typical,
    wma,
)

TWINS = Table(ema=ema, rma=rma, sma=sma, wma=wma, sum=total)


@TWINS("dema")
def dema(v: Array, n: int, seed: str = "sma") -> Array:
    one = ema(v, n, seed)
    return 2 * one - ema(one, n, seed)


@TWINS("tema")
def tema(v: Array, n: int, seed: str = "sma") -> Array:
    one = ema(v, n, seed)
    two = ema(one, n, seed)
    return 3 * one - 3 * two + ema(two, n, seed)


@TWINS("t3")
def t3(v: Array, n: int, a: float = 0.7, seed: str = "sma") -> Array:
    """Tillson's GD(GD(GD(v))) multiplied out, GD(v) = (1 + a) EMA(v) - a EMA(EMA(v))."""
    e = [v]
    for _ in range(6):
        e.append(ema(e[-1], n, seed))
    return (
        -(a**3) * e[6]
        + 3 * (a**2 + a**3) * e[5]
        - (6 * a**2 + 3 * a + 3 * a**3) * e[4]
        + (1 + 3 * a + a**3 + 3 * a**2) * e[3]
    )


@TWINS("zlema")
def zlema(v: Array, n: int, seed: str = "sma") -> Array:
    return ema(2 * v - late(v, (n - 1) // 2), n, seed)


@TWINS("hma")
def hma(v: Array, n: int) -> Array:
    return wma(2 * wma(v, n // 2) - wma(v, n), int(math.sqrt(n)))


@TWINS("trima")
def trima(v: Array, n: int) -> Array:
    """Triangular weights."""
    up = [min(i, n + 1 - i) for i in range(1, n + 1)]
    return rolling(v, n, lambda w: math.fsum(w * up) / sum(up))


@TWINS("kama")
def kama(v: Array, n: int, fast: int = 2, slow: int = 30, seed: str = "first") -> Array:
    at, a, b = begin(v), 2 / (fast + 1), 2 / (slow + 1)
    out = np.full(len(v), np.nan)
    if at + n >= len(v):
        return out
    e = v[at + n - 1]
    if seed == "sma":
        e = math.fsum(v[at : at + n]) / n
    for i in range(at + n, len(v)):
        path = math.fsum(abs(v[j] - v[j - 1]) for j in range(i - n + 1, i + 1))
        ratio = abs(v[i] - v[i - n]) / path if path > 0 else 1.0
        e += (ratio * (a - b) + b) ** 2 * (v[i] - e)
        out[i] = e
    return out


@TWINS("ma")
def ma(v: Array, n: int, kind: str = "sma") -> Array:
    """An average by its name; none of any kind over one value is the value (but MAMA)."""
    if n == 1 or kind == "none":
        return np.array(v, float)
    known = {
        "sma": sma, "default": sma, "ema": ema, "wma": wma, "dema": dema, "tema": tema,
        "trima": trima, "kama": kama, "t3": t3, "hma": hma, "zlema": zlema, "rma": rma,
        "mama": lambda x, _: mama(x, 0.5, 0.05)[0],
    }  # fmt: skip
    return known[kind](v, n)


@TWINS("mavp")
def mavp(v: Array, periods: Array, low: int, high: int) -> Array:
    def at(i: int) -> float:
        n = int(min(max(periods[i], low), high))
        return math.fsum(v[i - n + 1 : i + 1]) / n

    return each(high - 1, len(v), at)


@TWINS("alma")
def alma(c: Array, n: int, offset: float, sigma: float) -> Array:
    w = np.exp(-((np.arange(n) - offset * (n - 1)) ** 2) / (2.0 * (n / sigma) ** 2))
    return rolling(c, n, lambda x: np.sum(w * x) / np.sum(w))


@TWINS("vidya")
def vidya(c: Array, n: int, m: int) -> Array:
    out, d = np.full(len(c), np.nan), change(c)
    e = c[n - 1] if len(c) >= n else 0.0
    for i in range(n, len(c)):
        w = d[i - n + 1 : i + 1]
        whole = np.sum(np.abs(w))
        e += 2.0 / (m + 1) * (abs(np.sum(w)) / whole if whole > 0 else 0.0) * (c[i] - e)
        out[i] = e
    return out


@TWINS("mcginley")
def mcginley(c: Array, n: int, seed: str = "sma") -> Array:
    out = np.full(len(c), np.nan)
    if len(c) < n:
        return out
    m = np.mean(c[:n]) if seed == "sma" else c[0]
    for i in range(n if seed == "sma" else 1, len(c)):
        if i >= n:
            out[i - 1] = m
        m = m + (c[i] - m) / max(n * (c[i] / m) ** 4, 1.0)
    out[-1] = m
    return out


@TWINS("jma")
def jma(v: Array, n: int, phase: float, power: float) -> Array:
    """The reconstruction that circulates since about 2000 (three stages, phase 0.5 .. 2.5)."""
    ratio = 0.5 if phase < -100 else 2.5 if phase > 100 else phase / 100 + 1.5
    beta = 0.45 * (n - 1) / (0.45 * (n - 1) + 2)
    alpha = beta**power
    out = np.full(len(v), np.nan)
    e0, e1, e2, value = (v[0], 0.0, 0.0, v[0]) if len(v) else (0.0, 0.0, 0.0, 0.0)
    for i in range(len(v)):
        e0 = (1 - alpha) * v[i] + alpha * e0
        e1 = (v[i] - e0) * (1 - beta) + beta * e1
        e2 = (e0 + ratio * e1 - value) * (1 - alpha) ** 2 + alpha**2 * e2
        value = value + e2
        out[i] = value
    return hidden(out, n - 1)


@TWINS("supersmoother")
def supersmoother(v: Array, n: int) -> Array:
    a1 = math.exp(-1.41421356237309504880 * math.pi / n)
    c2 = 2 * a1 * math.cos(1.41421356237309504880 * math.pi / n)
    c3 = -a1 * a1
    out = np.array(v, float)
    for i in range(2, len(v)):
        out[i] = (1 - c2 - c3) * (v[i] + v[i - 1]) / 2 + c2 * out[i - 1] + c3 * out[i - 2]
    return hidden(out, n - 1)


@TWINS("vwma")
def vwma(c: Array, v: Array, n: int) -> Array:
    return total(c * v, n) / total(v, n)


@TWINS("midpoint")
def midpoint(v: Array, n: int) -> Array:
    return (highest(v, n) + lowest(v, n)) / 2


@TWINS("midprice")
def midprice(h: Array, low: Array, n: int) -> Array:
    return (highest(h, n) + lowest(low, n)) / 2


@TWINS("bbands")
def bbands(c: Array, n: int, up: float, down: float, kind: str) -> list[Array]:
    middle, wide = ma(c, n, kind), deviation(c, n)
    bands = [middle + up * wide, middle, middle - down * wide]
    both = np.isnan(middle) | np.isnan(wide)
    return [np.where(both, np.nan, b) for b in bands]


@TWINS("accbands")
def accbands(h: Array, low: Array, c: Array, n: int) -> list[Array]:
    wide = np.where(h + low != 0, 4 * (h - low) / np.where(h + low != 0, h + low, 1), 0)
    return [sma(h * (1 + wide), n), sma(c, n), sma(low * (1 - wide), n)]


@TWINS("donchian")
def donchian(h: Array, low: Array, n: int) -> list[Array]:
    top, bottom = highest(h, n), lowest(low, n)
    return [top, (top + bottom) / 2, bottom]


@TWINS("kc")
def kc(
    h: Array, low: Array, c: Array, n: int, m: int, k: float, price: str, seed: str = "sma"
) -> list[Array]:
    line = typical(h, low, c) if price == "typical" else c
    middle = ema(hidden(line, max(m - n + 1, 0)), n, seed)  # so that both begin together
    ranges = hidden(true_range(h, low, c), max(n - m, 1))
    wide = k * rma(ranges, m, seed)
    return [np.where(np.isnan(wide + middle), np.nan, b) for b in
            (middle + wide, middle, middle - wide)]  # fmt: skip


@TWINS("alligator")
def alligator(h: Array, low: Array, jaw: int, teeth: int, lips: int, seed: str = "sma") -> list:
    v = (h + low) / 2
    return [late(rma(v, n, seed), shift) for n, shift in ((jaw, 8), (teeth, 5), (lips, 3))]


@TWINS("ichimoku")
def ichimoku(h: Array, low: Array, a: int, b: int, c: int, shift: int) -> list[Array]:
    one, two, three = (midprice(h, low, n) for n in (a, b, c))
    return [one, two, late((one + two) / 2, shift), late(three, shift)]


@TWINS("supertrend")
def supertrend(
    h: Array, low: Array, c: Array, n: int, k: float, seed: str = "sma"
) -> tuple[Array, Array]:
    """Seban: the bands only tighten while the close before stays inside."""
    wide, line, trend = k * rma(true_range(h, low, c), n, seed), np.full(len(c), np.nan), []
    upper = lower = 0.0
    side = 1
    for i in range(len(c)):
        if math.isnan(wide[i]):
            trend.append(0)
            continue
        top, bottom = (h[i] + low[i]) / 2 + wide[i], (h[i] + low[i]) / 2 - wide[i]
        if math.isnan(wide[i - 1]):
            upper, lower = top, bottom
        else:
            upper = top if top < upper or c[i - 1] > upper else upper
            lower = bottom if bottom > lower or c[i - 1] < lower else lower
            if side == 1 and c[i] < lower:
                side = -1
            elif side == -1 and c[i] > upper:
                side = 1
        trend.append(side)
        line[i] = lower if side == 1 else upper
    return line, np.array(trend)


@TWINS("chandelier")
def chandelier(h: Array, low: Array, c: Array, n: int, k: float, seed: str = "sma") -> list[Array]:
    wide = k * rma(true_range(h, low, c), n, seed)
    return [highest(h, n) - wide, lowest(low, n) + wide]


@TWINS("chandekroll")
def chandekroll(
    h: Array, low: Array, c: Array, n: int, k: float, m: int
) -> list[Array]:
    wide = k * rma(true_range(h, low, c, first=True), n)
    return [highest(highest(h, n) - wide, m), lowest(lowest(low, n) + wide, m)]


@TWINS("bbwidth")
def bbwidth(c: Array, n: int, k: float) -> list[Array]:
    upper, middle, lower = bbands(c, n, k, k, "sma")
    flat = upper == lower
    with np.errstate(all="ignore"):
        place = np.where(flat, np.nan, (c - lower) / (upper - lower))
    return [100 * (upper - lower) / middle, place]

