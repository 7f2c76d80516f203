"""Twins of price transforms, pivots and swings."""

from __future__ import annotations

import numpy as np

from tests.reference.indicators.parts import Array, Table, late, typical

TWINS = Table(typprice=typical)


@TWINS("avgprice")
def avgprice(o: Array, h: Array, low: Array, c: Array) -> Array:
    return (o + h + low + c) / 4


@TWINS("medprice")
def medprice(h: Array, low: Array) -> Array:
    return (h + low) / 2


@TWINS("wclprice")
def wclprice(h: Array, low: Array, c: Array) -> Array:
    return (h + low + 2 * c) / 4


@TWINS("ha")
def ha(o: Array, h: Array, low: Array, c: Array) -> list[Array]:
    last = (o + h + low + c) / 4
    first = np.array((o + c) / 2)
    for i in range(1, len(o)):
        first[i] = (first[i - 1] + last[i - 1]) / 2
    top, bottom = np.maximum(h, np.maximum(first, last)), np.minimum(low, np.minimum(first, last))
    return [first, top, bottom, last]


@TWINS("pivot_standard")
def pivot_standard(h: Array, low: Array, c: Array) -> list[Array]:
    h, low, c = (late(v, 1) for v in (h, low, c))
    p = (h + low + c) / 3
    return [p, 2 * p - low, p + (h - low), h + 2 * (p - low),
            2 * p - h, p - (h - low), low - 2 * (h - p)]  # fmt: skip


@TWINS("pivot_fibonacci")
def pivot_fibonacci(h: Array, low: Array, c: Array) -> list[Array]:
    h, low, c = (late(v, 1) for v in (h, low, c))
    p, r = (h + low + c) / 3, h - low
    return [p, *(p + k * r for k in (0.382, 0.618, 1)), *(p - k * r for k in (0.382, 0.618, 1))]


@TWINS("pivot_camarilla")
def pivot_camarilla(h: Array, low: Array, c: Array) -> list[Array]:
    h, low, c = (late(v, 1) for v in (h, low, c))
    r = 1.1 * (h - low)
    return [(h + low + c) / 3, *(c + r / k for k in (12, 6, 4)), *(c - r / k for k in (12, 6, 4))]


@TWINS("pivot_woodie")
def pivot_woodie(o: Array, h: Array, low: Array, c: Array) -> list[Array]:
    h, low = late(h, 1), late(low, 1)
    p = (h + low + 2 * np.where(np.isnan(h), np.nan, o)) / 4
    return [p, 2 * p - low, p + (h - low), h + 2 * (p - low),
            2 * p - h, p - (h - low), low - 2 * (h - p)]  # fmt: skip


@TWINS("pivot_demark")
def pivot_demark(o: Array, h: Array, low: Array, c: Array) -> list[Array]:
    o, h, low, c = (late(v, 1) for v in (o, h, low, c))
    x = h + low + c + np.where(c < o, low, np.where(c > o, h, c))
    return [x / 4, x / 2 - low, x / 2 - h]


@TWINS("renko")
def renko(c: Array, size: float) -> list[Array]:
    """Nison: a brick in the direction of the trend for each whole size beyond the last brick;
    a turn needs two sizes, and its first brick starts where the last one started."""
    line, made = np.full(len(c), np.nan), np.zeros(len(c))
    if not len(c):
        return [line, np.clip(made, 1 - 2**31, 2**31 - 1)]
    top = bottom = c[0]
    for i in range(len(c)):
        up, down = int((c[i] - top) / size + 1e-9), int((bottom - c[i]) / size + 1e-9)
        if up > 0:
            top, made[i] = top + up * size, up
            bottom = top - size
        elif down > 0:
            bottom, made[i] = bottom - down * size, -down
            top = bottom + size
        line[i] = (top if made[i] > 0 else bottom) if made[i] else (line[i - 1] if i else c[0])
    return [line, np.clip(made, 1 - 2**31, 2**31 - 1)]


@TWINS("zigzag")
def zigzag(h: Array, low: Array, percent: float) -> list[Array]:
    """Merrill: a leg ends when the other side has moved `percent` from its extreme."""
    k = percent / 100
    out: list[list[float]] = []
    up, extreme, pivot = True, h[0] if len(h) else 0.0, low[0] if len(h) else 0.0
    for top, bottom in zip(h, low):
        turned = 0
        if up:
            if top > extreme:
                extreme = top
            elif bottom <= extreme * (1 - k):
                pivot, extreme, up, turned = extreme, bottom, False, -1
        elif bottom < extreme:
            extreme = bottom
        elif top >= extreme * (1 + k):
            pivot, extreme, up, turned = extreme, top, True, 1
        out.append([extreme, pivot, 1 if up else -1, turned])
    return list(np.array(out).T) if out else [np.zeros(0)] * 4
