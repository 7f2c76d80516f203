"""Twins of what weighs price by volume."""

from __future__ import annotations

import math

import numpy as np

from tests.reference.indicators.parts import (
    Array,
    Table,
    change,
    ema,
    hidden,
    late,
    over,
    sma,
    smoothed,
    total,
    typical,
)

TWINS = Table()


def money(h: Array, low: Array, c: Array, v: Array) -> Array:
    """Chaikin's money flow volume; nothing without range."""
    return over((c - low) - (h - c), h - low) * v


@TWINS("ad")
def ad(h: Array, low: Array, c: Array, v: Array) -> Array:
    return np.cumsum(money(h, low, c, v))


@TWINS("adosc")
def adosc(h: Array, low: Array, c: Array, v: Array, fast: int, slow: int) -> Array:
    line = ad(h, low, c, v)
    out = smoothed(line, 1, 2 / (fast + 1)) - smoothed(line, 1, 2 / (slow + 1))
    return hidden(out, max(fast, slow) - 1)


@TWINS("cmf")
def cmf(h: Array, low: Array, c: Array, v: Array, n: int) -> Array:
    return over(total(money(h, low, c, v), n), total(v, n))


@TWINS("obv")
def obv(c: Array, v: Array) -> Array:
    return np.cumsum(np.concatenate([v[:1], np.sign(np.diff(c)) * v[1:]]))


@TWINS("sobv")
def sobv(c: Array, v: Array, n: int) -> Array:
    return sma(obv(c, v), n)


@TWINS("pvt")
def pvt(c: Array, v: Array) -> Array:
    return np.concatenate([np.zeros(min(len(c), 1)), np.cumsum((c[1:] / c[:-1] - 1) * v[1:])])


def index(c: Array, v: Array, moves: int) -> Array:
    """Fosback: from 1000, the close's relative change on rows where the volume moved so."""
    out = np.full(len(c), 1000.0)
    for i in range(1, len(c)):
        go = np.sign(v[i] - v[i - 1]) == moves
        out[i] = out[i - 1] * (c[i] / c[i - 1] if go else 1.0)
    return out


@TWINS("nvi")
def nvi(c: Array, v: Array) -> Array:
    return index(c, v, -1)


@TWINS("pvi")
def pvi(c: Array, v: Array) -> Array:
    return index(c, v, 1)


@TWINS("efi")
def efi(c: Array, v: Array, n: int, seed: str = "sma") -> Array:
    return ema(change(c) * v, n, seed)


@TWINS("emv")
def emv(h: Array, low: Array, v: Array, n: int, scale: float) -> list[Array]:
    """Arms: distance moved over the box ratio."""
    one = change((h + low) / 2) * (h - low) * scale / v
    return [one, sma(one, n)]


@TWINS("eri")
def eri(h: Array, low: Array, c: Array, n: int, seed: str = "sma") -> list[Array]:
    e = ema(c, n, seed)
    return [h - e, low - e]


@TWINS("marketfi")
def marketfi(h: Array, low: Array, v: Array) -> Array:
    return over(h - low, v)


@TWINS("wad")
def wad(h: Array, low: Array, c: Array) -> Array:
    out = np.zeros(len(c))
    for i in range(1, len(c)):
        step = 0.0
        if c[i] > c[i - 1]:
            step = c[i] - min(low[i], c[i - 1])
        elif c[i] < c[i - 1]:
            step = c[i] - max(h[i], c[i - 1])
        out[i] = out[i - 1] + step
    return out


@TWINS("rvol")
def rvol(v: Array, n: int) -> Array:
    return over(v, late(sma(v, n), 1))


@TWINS("klinger")
def klinger(
    h: Array, low: Array, c: Array, v: Array, fast: int, slow: int, signal: int,
    seed: str = "sma",
) -> list[Array]:  # fmt: skip
    """Klinger 1997: the measurement cm restarts from the last range when the trend turns."""
    force, span, key = np.full(len(c), np.nan), h - low, h + low + c
    trend, cm = 0, 0.0
    for i in range(1, len(c)):
        now = 1 if key[i] > key[i - 1] else -1
        cm = cm + span[i] if now == trend else span[i - 1] + span[i]
        trend = now
        force[i] = v[i] * abs(2 * (span[i] / cm - 1)) * trend * 100 if cm else 0.0
    line = ema(force, fast, seed) - ema(force, slow, seed)
    return [line, ema(line, signal, seed)]


def weighted(price: Array, size: Array, k: float) -> tuple[float, float, float]:
    """Mean by volume and k weighted deviations on both sides."""
    whole = math.fsum(size)
    mean = math.fsum(price * size) / whole
    wide = k * math.sqrt(math.fsum(size * (price - mean) ** 2) / whole)
    return mean, mean + wide, mean - wide


def bands(h: Array, low: Array, c: Array, v: Array, first, k: float) -> list[Array]:
    """Over the rows first(i) .. i; no value where first(i) is None."""
    price, out = typical(h, low, c), np.full((3, len(c)), np.nan)
    for i in range(len(c)):
        at = first(i)
        if at is not None:
            out[:, i] = weighted(price[at : i + 1], v[at : i + 1], k)
    return list(out)


@TWINS("vwap")
def vwap(h: Array, low: Array, c: Array, v: Array) -> Array:
    return bands(h, low, c, v, lambda i: 0, 0.0)[0]


@TWINS("vwap_anchored")
def vwap_anchored(h: Array, low: Array, c: Array, v: Array, anchor: int, k: float) -> list[Array]:
    return bands(h, low, c, v, lambda i: anchor if i >= anchor else None, k)


@TWINS("vwap_rolling")
def vwap_rolling(h: Array, low: Array, c: Array, v: Array, n: int, k: float) -> list[Array]:
    return bands(h, low, c, v, lambda i: i - n + 1 if i >= n - 1 else None, k)


@TWINS("vwap_session")
def vwap_session(
    h: Array, low: Array, c: Array, v: Array, session: Array, k: float
) -> list[Array]:
    def first(i: int) -> int:
        while i > 0 and session[i - 1] == session[i]:
            i -= 1
        return i

    return bands(h, low, c, v, first, k)


@TWINS("volume_profile")
def volume_profile(c: Array, v: Array, n: int, bins: int, share: float) -> list[Array]:
    """Steidlmayer: from the fullest bin the larger neighbour joins until the share is held."""
    out = np.full((3, len(c)), np.nan)
    for i in range(n - 1, len(c)):
        w, size = c[i - n + 1 : i + 1], v[i - n + 1 : i + 1]
        low, wide = min(w), (max(w) - min(w)) / bins
        held = np.zeros(bins)
        for x, q in zip(w, size):
            held[min(int((x - low) / wide), bins - 1) if wide > 0 else 0] += q
        a = b = int(np.argmax(held))
        while math.fsum(held[a : b + 1]) < share / 100 * math.fsum(held):
            below = held[a - 1] if a > 0 else -1.0
            above = held[b + 1] if b < bins - 1 else -1.0
            a, b = (a, b + 1) if above >= below else (a - 1, b)
        top = int(np.argmax(held))
        out[:, i] = low + (top + 0.5) * wide, low + (b + 1) * wide, low + a * wide
    return list(out)

