"""Twins of directional movement, stops and swings."""

from __future__ import annotations

import numpy as np

from tests.reference.indicators.parts import Array, Table, late, over, total, true_range

TWINS = Table()


def moves(h: Array, low: Array) -> tuple[Array, Array]:
    """Wilder's +DM and -DM; the first row has none."""
    plus, minus = np.full(len(h), np.nan), np.full(len(h), np.nan)
    for i in range(1, len(h)):
        up, down = h[i] - h[i - 1], low[i - 1] - low[i]
        plus[i] = up if up > down and up > 0 else 0.0
        minus[i] = down if down > up and down > 0 else 0.0
    return plus, minus


def running(v: Array, n: int, seed: str) -> Array:
    """Wilder's running sum: plain over the first n moves (TA-Lib: n - 1), then s - s / n + v."""
    if n == 1:
        return v
    plain = n if seed == "wilder" else n - 1
    out, s = np.full(len(v), np.nan), 0.0
    for i in range(1, len(v)):
        s = s + v[i] if i <= plain else s - s / n + v[i]
        if i >= plain:
            out[i] = s
    return out


@TWINS("plus_dm")
def plus_dm(h: Array, low: Array, n: int, seed: str) -> Array:
    return running(moves(h, low)[0], n, seed)


@TWINS("minus_dm")
def minus_dm(h: Array, low: Array, n: int, seed: str) -> Array:
    return running(moves(h, low)[1], n, seed)


def share(part: Array, whole: Array, n: int) -> Array:
    """100 part / whole, 0 without movement; one row later than the sums."""
    out = np.full(len(part), np.nan)
    for i in range(n, len(part)):
        out[i] = 100 * part[i] / whole[i] if abs(whole[i]) > 0 else 0.0
    return out


@TWINS("plus_di")
def plus_di(h: Array, low: Array, c: Array, n: int, seed: str) -> Array:
    return share(running(moves(h, low)[0], n, seed), running(true_range(h, low, c), n, seed), n)


@TWINS("minus_di")
def minus_di(h: Array, low: Array, c: Array, n: int, seed: str) -> Array:
    return share(running(moves(h, low)[1], n, seed), running(true_range(h, low, c), n, seed), n)


@TWINS("dx")
def dx(h: Array, low: Array, c: Array, n: int, seed: str) -> Array:
    """Keeps its value while nothing moves."""
    a, b = plus_di(h, low, c, n, seed), minus_di(h, low, c, n, seed)
    out = np.full(len(c), np.nan)
    last = 0.0
    for i in range(n, len(c)):
        if a[i] + b[i] > 0:
            last = 100 * abs(a[i] - b[i]) / (a[i] + b[i])
        out[i] = last
    return out


@TWINS("adx")
def adx(h: Array, low: Array, c: Array, n: int, seed: str) -> Array:
    """Mean of the first n DX, then Wilder's average; rows without movement are passed over."""
    a, b = plus_di(h, low, c, n, seed), minus_di(h, low, c, n, seed)
    out = np.full(len(c), np.nan)
    value = 0.0
    for i in range(n, len(c)):
        both = a[i] + b[i]
        new = 100 * abs(a[i] - b[i]) / both if both > 0 else None
        if i < 2 * n:
            value += new or 0.0
            if i == 2 * n - 1:
                value /= n
        elif new is not None:
            value += (new - value) / n
        if i >= 2 * n - 1:
            out[i] = value
    return out


@TWINS("adxr")
def adxr(h: Array, low: Array, c: Array, n: int, seed: str) -> Array:
    line = adx(h, low, c, n, seed)
    return (line + late(line, n - 1)) / 2


def age(v: Array, n: int, best) -> Array:
    """Rows since the newest of the extremes of the last n + 1 rows."""
    out = np.full(len(v), np.nan)
    for i in range(n, len(v)):
        w = v[i - n : i + 1]
        out[i] = min(n - j for j in range(n + 1) if w[j] == best(w))
    return out


@TWINS("aroon")
def aroon(h: Array, low: Array, n: int) -> list[Array]:
    return [100 * (n - age(low, n, min)) / n, 100 * (n - age(h, n, max)) / n]


@TWINS("aroonosc")
def aroonosc(h: Array, low: Array, n: int) -> Array:
    down, up = aroon(h, low, n)
    return up - down


@TWINS("vortex")
def vortex(h: Array, low: Array, c: Array, n: int) -> list[Array]:
    whole = total(true_range(h, low, c), n)
    plus, minus = total(np.abs(h - late(low, 1)), n), total(np.abs(low - late(h, 1)), n)
    return [over(plus, whole), over(minus, whole)]


def walk(h: Array, low: Array, start: float, jump: float, factors: tuple) -> Array:
    """Wilder's stop and reverse; negative while short. `factors`: first, step, most a side."""
    out = np.full(len(h), np.nan)
    if len(h) < 2:
        return out
    long = not (low[0] - low[1] > h[1] - h[0] and low[0] - low[1] > 0) if start == 0 else start > 0
    sar = (low[0] if long else h[0]) if start == 0 else abs(start)
    extreme = h[1] if long else low[1]
    af = factors[0 if long else 1][0]
    for i in range(1, len(h)):
        # Two rows before that the stop may not pass; on the first, TA-Lib takes the row itself.
        a = i - 1 if i > 1 else 1
        _, step, most = factors[0 if long else 1]
        if long and low[i] <= sar:
            long, sar = False, max(extreme, h[a], h[i])
            sar += sar * jump
            out[i], af, extreme = -sar, factors[1][0], low[i]
            sar = max(sar + af * (extreme - sar), h[a], h[i])
        elif not long and h[i] >= sar:
            long, sar = True, min(extreme, low[a], low[i])
            sar -= sar * jump
            out[i], af, extreme = sar, factors[0][0], h[i]
            sar = min(sar + af * (extreme - sar), low[a], low[i])
        elif long:
            out[i] = sar
            if h[i] > extreme:
                extreme, af = h[i], min(af + step, most)
            sar = min(sar + af * (extreme - sar), low[a], low[i])
        else:
            out[i] = -sar
            if low[i] < extreme:
                extreme, af = low[i], min(af + step, most)
            sar = max(sar + af * (extreme - sar), h[a], h[i])
    return out


@TWINS("sar")
def sar(h: Array, low: Array, step: float, most: float) -> Array:
    side = (min(step, most), step, most)
    return np.abs(walk(h, low, 0.0, 0.0, (side, side)))


@TWINS("sarext")
def sarext(h: Array, low: Array, start: float, jump: float, *f: float) -> Array:
    sides = (min(f[0], f[2]), min(f[1], f[2]), f[2]), (min(f[3], f[5]), min(f[4], f[5]), f[5])
    return walk(h, low, start, jump, sides)


@TWINS("fractal")
def fractal(h: Array, low: Array, left: int, right: int) -> tuple[Array, Array]:
    up, down = np.zeros(len(h), int), np.zeros(len(h), int)
    for i in range(left + right, len(h)):
        m = i - right
        near = [j for j in range(m - left, i + 1) if j != m]
        up[i] = 100 * all(h[j] < h[m] for j in near)
        down[i] = 100 * all(low[j] > low[m] for j in near)
    return up, down
