"""Twins of candlestick patterns of three and more candles, newest first (a, b, c, d, e)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.reference.indicators.candles import TWINS as BASE
from tests.reference.indicators.candles import (
    Bar,
    about,
    bars,
    over,
    pattern,
    sign,
    under,
)
from tests.reference.indicators.parts import Array


@pattern(3, 12)
def cdl2crows(a: Bar, b: Bar, c: Bar) -> int:
    shape = c.white and c.long and b.black and over(b, c) and a.black
    return sign(shape and b.c < a.o < b.o and c.o < a.c < c.c, -100)


@pattern(4, 13)
def cdl3blackcrows(a: Bar, b: Bar, c: Bar, d: Bar) -> int:
    crows = all(x.black and x.bald_below for x in (a, b, c)) and d.white
    steps = c.c < b.o < c.o and b.c < a.o < b.o and d.h > c.c > b.c > a.c
    return sign(crows and steps, -100)


@pattern(3, 12)
def cdl3inside(a: Bar, b: Bar, c: Bar) -> int:
    held = c.long and b.small and b.top < c.top and b.bottom > c.bottom
    turn = a.black and a.c < c.o if c.white else a.white and a.c > c.o
    return sign(held and turn, -100 * c.color)


@pattern(4, 8)
def cdl3linestrike(a: Bar, b: Bar, c: Bar, d: Bar) -> int:
    row = b.color == c.color == d.color == -a.color
    opens = all(y.bottom - y.near() <= x.o <= y.top + y.near() for x, y in ((c, d), (b, c)))
    if b.white:
        strike = b.c > c.c > d.c and a.o > b.c and a.c < d.o
    else:
        strike = b.c < c.c < d.c and a.o < b.c and a.c > d.o
    return sign(row and opens and strike, 100 * b.color)


@pattern(3, 3)
def cdl3outside(a: Bar, b: Bar, c: Bar) -> int:
    if b.white:
        holds = c.black and b.c > c.o and b.o < c.c and a.c > b.c
    else:
        holds = c.white and b.o > c.c and b.c < c.o and a.c < b.c
    return sign(holds, 100 * b.color)


@pattern(3, 12)
def cdl3starsinsouth(a: Bar, b: Bar, c: Bar) -> int:
    first = c.black and c.long and c.lower > c.body
    second = b.black and b.body < c.body and c.c < b.o <= c.h and c.l <= b.l < c.c
    third = a.black and a.short and a.bald_above and a.bald_below and a.l > b.l and a.h < b.h
    return sign(first and second and b.lower > b.tiny() and third)


@pattern(3, 12)
def cdl3whitesoldiers(a: Bar, b: Bar, c: Bar) -> int:
    white = all(x.white and x.bald_above for x in (a, b, c)) and a.c > b.c > c.c
    opens = c.o < b.o <= c.c + c.near() and b.o < a.o <= b.c + b.near()
    bodies = b.body > c.body - c.far() and a.body > b.body - b.far() and a.long
    return sign(white and opens and bodies)


@pattern(3, 12)
def cdlabandonedbaby(a: Bar, b: Bar, c: Bar, depth: float) -> int:
    shape = c.long and b.doji and a.long and a.color == -c.color
    if c.white:
        holds = a.c < c.c - c.body * depth and b.l > c.h and a.h < b.l
    else:
        holds = a.c > c.c + c.body * depth and b.h < c.l and a.l > b.h
    return sign(shape and holds, 100 * a.color)


@pattern(3, 12)
def cdladvanceblock(a: Bar, b: Bar, c: Bar) -> int:
    white = all(x.white for x in (a, b, c)) and a.c > b.c > c.c
    opens = c.o < b.o <= c.c + c.near() and b.o < a.o <= b.c + b.near()
    first = c.long and c.upper < c.half_shadows()
    tired = (
        (b.body < c.body - c.far() and a.body < b.body + b.near())
        or a.body < b.body - b.far()
        or (a.body < b.body < c.body
            and (a.upper > a.half_shadows() or b.upper > b.half_shadows()))
        or (a.body < b.body and a.upper > a.body)
    )  # fmt: skip
    return sign(white and opens and first and tired, -100)


@pattern(5, 14)
def cdlbreakaway(a: Bar, b: Bar, c: Bar, d: Bar, e: Bar) -> int:
    row = e.long and e.color == d.color == b.color == -a.color
    if e.black:
        run = under(d, e) and c.h < d.h and c.l < d.l and b.h < c.h and b.l < c.l
        back = d.o < a.c < e.c
    else:
        run = over(d, e) and c.h > d.h and c.l > d.l and b.h > c.h and b.l > c.l
        back = e.c < a.c < d.o
    return sign(row and run and back, 100 * a.color)


@pattern(4, 13)
def cdlconcealbabyswall(a: Bar, b: Bar, c: Bar, d: Bar) -> int:
    black = all(x.black for x in (a, b, c, d))
    bald = all(x.bald_above and x.bald_below for x in (c, d))
    baby = under(b, c) and b.upper > b.tiny() and b.h > c.c
    return sign(black and bald and baby and a.h > b.h and a.l < b.l)


def star(a: Bar, b: Bar, c: Bar, depth: float, evening: bool) -> bool:
    """A gap away from a long candle, then a real body back deep into it."""
    if evening:
        return c.white and c.long and over(b, c) and a.long and a.black and (
            a.c < c.c - c.body * depth
        )
    return c.black and c.long and under(b, c) and a.long and a.white and (
        a.c > c.c + c.body * depth
    )


@pattern(3, 12)
def cdleveningdojistar(a: Bar, b: Bar, c: Bar, depth: float) -> int:
    return sign(b.doji and star(a, b, c, depth, True), -100)


@pattern(3, 12)
def cdleveningstar(a: Bar, b: Bar, c: Bar, depth: float) -> int:
    return sign(b.small and star(a, b, c, depth, True), -100)


@pattern(3, 12)
def cdlmorningdojistar(a: Bar, b: Bar, c: Bar, depth: float) -> int:
    return sign(b.doji and star(a, b, c, depth, False))


@pattern(3, 12)
def cdlmorningstar(a: Bar, b: Bar, c: Bar, depth: float) -> int:
    return sign(b.small and star(a, b, c, depth, False))


@pattern(3, 7)
def cdlgapsidesidewhite(a: Bar, b: Bar, c: Bar) -> int:
    up, down = over(b, c) and over(a, c), under(b, c) and under(a, c)
    alike = about(a.body, b.body, b.near()) and about(a.o, b.o, b.equal())
    return sign(a.white and b.white and alike and (up or down), 100 if up else -100)


def hikkake(o: Array, h: Array, low: Array, c: Array, first: int, found: Callable) -> Array:
    """A false break is marked, and once more if a close takes it back within three rows."""
    all_, out = bars(o, h, low, c), np.zeros(len(o), int)
    at, result = -9, 0
    for i in range(first - 3, len(o)):
        value = found(all_, i)
        if value:
            at, result = i, value
        elif i <= at + 3 and (c[i] > h[at - 1] if result > 0 else c[i] < low[at - 1]):
            value, at = 2 * result, -9
        if i >= first:
            out[i] = value
    return out


def within(a: Bar, b: Bar) -> bool:
    return a.h < b.h and a.l > b.l


def broken(a: Bar, b: Bar) -> int:
    """A lower high and low promises a rise, a higher one a fall."""
    if a.h < b.h and a.l < b.l:
        return 100
    return -100 if a.h > b.h and a.l > b.l else 0


@BASE("cdlhikkake")
def cdlhikkake(o: Array, h: Array, low: Array, c: Array) -> Array:
    def found(all_: list[Bar], i: int) -> int:
        a, b, d = all_[i], all_[i - 1], all_[i - 2]
        return broken(a, b) if within(b, d) else 0

    return hikkake(o, h, low, c, 5, found)


@BASE("cdlhikkakemod")
def cdlhikkakemod(o: Array, h: Array, low: Array, c: Array) -> Array:
    def found(all_: list[Bar], i: int) -> int:
        a, b, d, e = (all_[i - k] for k in range(4))
        if not (within(d, e) and within(b, d)):
            return 0
        value = broken(a, b)
        if value > 0:
            return sign(d.c <= d.l + d.near(), value)
        return sign(d.c >= d.h - d.near(), value)

    return hikkake(o, h, low, c, 10, found)


@pattern(3, 12)
def cdlidentical3crows(a: Bar, b: Bar, c: Bar) -> int:
    crows = all(x.black and x.bald_below for x in (a, b, c)) and c.c > b.c > a.c
    return sign(crows and about(b.o, c.c, c.equal()) and about(a.o, b.c, b.equal()), -100)


@pattern(5, 14)
def cdlladderbottom(a: Bar, b: Bar, c: Bar, d: Bar, e: Bar) -> int:
    fall = all(x.black for x in (b, c, d, e)) and e.o > d.o > c.o and e.c > d.c > c.c
    return sign(fall and b.upper > b.tiny() and a.white and a.o > b.o and a.c > b.h)


@pattern(5, 14)
def cdlmathold(a: Bar, b: Bar, c: Bar, d: Bar, e: Bar, depth: float) -> int:
    shape = e.long and e.white and d.black and a.white and all(x.short for x in (b, c, d))
    floor = e.c - e.body * depth
    rest = all(floor < x.bottom < e.c for x in (b, c)) and over(d, e)
    fall = c.top < d.o and b.top < c.top
    return sign(shape and rest and fall and a.o > b.c and a.c > max(b.h, c.h, d.h))


@pattern(5, 14)
def cdlrisefall3methods(a: Bar, b: Bar, c: Bar, d: Bar, e: Bar) -> int:
    k = e.color
    shape = e.long and a.long and all(x.short for x in (b, c, d))
    row = d.color == c.color == b.color == -k and a.color == k
    held = all(x.bottom < e.h and x.top > e.l for x in (b, c, d))
    steps = c.c * k < d.c * k and b.c * k < c.c * k and a.o * k > b.c * k and a.c * k > e.c * k
    return sign(shape and row and held and steps, 100 * k)


@pattern(3, 12)
def cdlstalledpattern(a: Bar, b: Bar, c: Bar) -> int:
    white = all(x.white for x in (a, b, c)) and a.c > b.c > c.c
    two = c.long and b.long and b.bald_above and c.o < b.o <= c.c + c.near()
    return sign(white and two and a.short and a.o >= b.c - a.body - b.near(), -100)


@pattern(3, 7)
def cdlsticksandwich(a: Bar, b: Bar, c: Bar) -> int:
    return sign(c.black and b.white and a.black and b.l > c.c and about(a.c, c.c, c.equal()))


@pattern(3, 7)
def cdltasukigap(a: Bar, b: Bar, c: Bar) -> int:
    alike = abs(b.body - a.body) < b.near() and a.color == -b.color
    if b.white:
        holds = over(b, c) and b.o < a.o < b.c and c.top < a.c < b.o
    else:
        holds = under(b, c) and b.c < a.o < b.o and b.o < a.c < c.bottom
    return sign(alike and holds, 100 * b.color)


@pattern(3, 12)
def cdltristar(a: Bar, b: Bar, c: Bar) -> int:
    if not all(x.body <= c.tiny() for x in (a, b, c)):
        return 0
    if over(b, c) and a.top < b.top:
        return -100
    return sign(under(b, c) and a.bottom > b.bottom)


@pattern(3, 12)
def cdlunique3river(a: Bar, b: Bar, c: Bar) -> int:
    two = c.black and c.long and b.black and b.c > c.c and b.o <= c.o and b.l < c.l
    return sign(two and a.white and a.short and a.o > b.l)


@pattern(3, 12)
def cdlupsidegap2crows(a: Bar, b: Bar, c: Bar) -> int:
    two = c.white and c.long and b.black and b.small and over(b, c)
    return sign(two and a.black and a.o > b.o and c.c < a.c < b.c, -100)


@pattern(3, 2)
def cdlxsidegap3methods(a: Bar, b: Bar, c: Bar) -> int:
    gap = over(b, c) if c.white else under(b, c)
    fill = b.bottom < a.o < b.top and c.bottom < a.c < c.top
    return sign(c.color == b.color == -a.color and gap and fill, 100 * c.color)
