"""Twins of candlestick patterns: the vocabulary, and patterns of one and two candles.

The words are TA-Lib's: what counts as long, short or near is relative to the ten (five) candles
before the one in question.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.reference.indicators.parts import Array, Table

TWINS = Table()


@dataclass
class Bar:
    """One candle and what is usual in front of it."""

    o: float
    h: float
    l: float  # noqa: E741
    c: float
    before: list[Bar]

    @property
    def body(self) -> float:
        return abs(self.c - self.o)

    @property
    def upper(self) -> float:
        return self.h - max(self.o, self.c)

    @property
    def lower(self) -> float:
        return min(self.o, self.c) - self.l

    @property
    def span(self) -> float:
        return self.h - self.l

    @property
    def white(self) -> bool:
        return self.c >= self.o

    @property
    def black(self) -> bool:
        return not self.white

    @property
    def color(self) -> int:
        return 1 if self.white else -1

    @property
    def top(self) -> float:
        return max(self.o, self.c)

    @property
    def bottom(self) -> float:
        return min(self.o, self.c)

    def usual(self, measure: Callable[[Bar], float], n: int) -> float:
        return sum(measure(b) for b in self.before[-n:]) / n

    def usual_body(self) -> float:
        return self.usual(lambda b: b.body, 10)

    def tiny(self) -> float:
        """A tenth of the usual range: dojis have bodies, bald candles shadows below it."""
        return 0.1 * self.usual(lambda b: b.span, 10)

    def near(self) -> float:
        return 0.2 * self.usual(lambda b: b.span, 5)

    def far(self) -> float:
        return 0.6 * self.usual(lambda b: b.span, 5)

    def equal(self) -> float:
        return 0.05 * self.usual(lambda b: b.span, 5)

    def half_shadows(self) -> float:
        return self.usual(lambda b: b.upper + b.lower, 10) / 2

    @property
    def long(self) -> bool:
        return self.body > self.usual_body()

    @property
    def short(self) -> bool:
        return self.body < self.usual_body()

    @property
    def small(self) -> bool:
        return self.body <= self.usual_body()

    @property
    def doji(self) -> bool:
        return self.body <= self.tiny()

    @property
    def bald_above(self) -> bool:
        return self.upper < self.tiny()

    @property
    def bald_below(self) -> bool:
        return self.lower < self.tiny()


def over(a: Bar, b: Bar) -> bool:
    """The body of a lies wholly above that of b."""
    return a.bottom > b.top


def under(a: Bar, b: Bar) -> bool:
    return a.top < b.bottom


def about(value: float, target: float, room: float) -> bool:
    return target - room <= value <= target + room


def bars(o: Array, h: Array, low: Array, c: Array) -> list[Bar]:
    out: list[Bar] = []
    for i in range(len(o)):
        out.append(Bar(o[i], h[i], low[i], c[i], out[max(i - 10, 0) : i]))
    return out


def pattern(count: int, first: int) -> Callable[..., Any]:
    """Turns rule(newest, one before ...) into a column; rows before `first` are 0."""

    def make(rule: Callable[..., int]) -> Callable[..., Array]:
        def column(o: Array, h: Array, low: Array, c: Array, *values: float) -> Array:
            all_ = bars(o, h, low, c)
            out = np.zeros(len(o), int)
            for i in range(first, len(o)):
                out[i] = rule(*(all_[i - j] for j in range(count)), *values)
            return out

        TWINS[rule.__name__] = column
        return column

    return make


def sign(yes: bool, value: int = 100) -> int:
    return value if yes else 0


@pattern(1, 10)
def cdlbelthold(a: Bar) -> int:
    return sign(a.long and (a.bald_below if a.white else a.bald_above), 100 * a.color)


@pattern(1, 10)
def cdlclosingmarubozu(a: Bar) -> int:
    return sign(a.long and (a.bald_above if a.white else a.bald_below), 100 * a.color)


@pattern(1, 10)
def cdlmarubozu(a: Bar) -> int:
    return sign(a.long and a.bald_above and a.bald_below, 100 * a.color)


@pattern(1, 10)
def cdldoji(a: Bar) -> int:
    return sign(a.doji)


@pattern(1, 10)
def cdldragonflydoji(a: Bar) -> int:
    return sign(a.doji and a.bald_above and a.lower > a.tiny())


@pattern(1, 10)
def cdlgravestonedoji(a: Bar) -> int:
    return sign(a.doji and a.bald_below and a.upper > a.tiny())


@pattern(1, 10)
def cdllongleggeddoji(a: Bar) -> int:
    return sign(a.doji and (a.lower > a.body or a.upper > a.body))


@pattern(1, 10)
def cdlrickshawman(a: Bar) -> int:
    middle = a.l + a.span / 2
    here = a.bottom <= middle + a.near() and a.top >= middle - a.near()
    return sign(a.doji and a.lower > a.body and a.upper > a.body and here)


@pattern(1, 10)
def cdltakuri(a: Bar) -> int:
    return sign(a.doji and a.bald_above and a.lower > 2 * a.body)


@pattern(1, 10)
def cdlhighwave(a: Bar) -> int:
    far = a.upper > 2 * a.body and a.lower > 2 * a.body
    return sign(a.short and far, 100 * a.color)


@pattern(1, 10)
def cdlspinningtop(a: Bar) -> int:
    return sign(a.short and a.upper > a.body and a.lower > a.body, 100 * a.color)


@pattern(1, 10)
def cdllongline(a: Bar) -> int:
    half = a.half_shadows()
    return sign(a.long and a.upper < half and a.lower < half, 100 * a.color)


@pattern(1, 10)
def cdlshortline(a: Bar) -> int:
    half = a.half_shadows()
    return sign(a.short and a.upper < half and a.lower < half, 100 * a.color)


@pattern(2, 11)
def cdlhammer(a: Bar, b: Bar) -> int:
    return sign(a.short and a.lower > a.body and a.bald_above and a.bottom <= b.l + b.near())


@pattern(2, 11)
def cdlhangingman(a: Bar, b: Bar) -> int:
    shape = a.short and a.lower > a.body and a.bald_above
    return sign(shape and a.bottom >= b.h - b.near(), -100)


@pattern(2, 11)
def cdlinvertedhammer(a: Bar, b: Bar) -> int:
    return sign(a.short and a.upper > a.body and a.bald_below and under(a, b))


@pattern(2, 11)
def cdlshootingstar(a: Bar, b: Bar) -> int:
    return sign(a.short and a.upper > a.body and a.bald_below and over(a, b), -100)


@pattern(2, 11)
def cdlcounterattack(a: Bar, b: Bar) -> int:
    turn = a.color == -b.color and a.long and b.long
    return sign(turn and about(a.c, b.c, b.equal()), 100 * a.color)


@pattern(2, 11)
def cdldarkcloudcover(a: Bar, b: Bar, depth: float = 0.5) -> int:
    shape = b.white and b.long and a.black and a.o > b.h
    return sign(shape and b.o < a.c < b.c - b.body * depth, -100)


@pattern(2, 11)
def cdldojistar(a: Bar, b: Bar) -> int:
    apart = over(a, b) if b.white else under(a, b)
    return sign(b.long and a.doji and apart, -100 * b.color)


@pattern(2, 2)
def cdlengulfing(a: Bar, b: Bar) -> int:
    if a.white and b.black:
        holds = (a.c >= b.o and a.o < b.c) or (a.c > b.o and a.o <= b.c)
    elif a.black and b.white:
        holds = (a.o >= b.c and a.c < b.o) or (a.o > b.c and a.c <= b.o)
    else:
        return 0
    return sign(holds, a.color * (100 if a.o != b.c and a.c != b.o else 80))


def inside(a: Bar, b: Bar) -> int:
    """100 if the body of a lies within that of b, 80 if they touch."""
    if a.top < b.top and a.bottom > b.bottom:
        return 100
    return 80 if a.top <= b.top and a.bottom >= b.bottom else 0


@pattern(2, 11)
def cdlharami(a: Bar, b: Bar) -> int:
    return sign(b.long and a.small, -b.color * inside(a, b))


@pattern(2, 11)
def cdlharamicross(a: Bar, b: Bar) -> int:
    return sign(b.long and a.doji, -b.color * inside(a, b))


@pattern(2, 11)
def cdlhomingpigeon(a: Bar, b: Bar) -> int:
    return sign(a.black and b.black and b.long and a.small and a.o < b.o and a.c > b.c)


@pattern(2, 11)
def cdlinneck(a: Bar, b: Bar) -> int:
    shape = b.black and b.long and a.white and a.o < b.l
    return sign(shape and b.c <= a.c <= b.c + b.equal(), -100)


@pattern(2, 11)
def cdlonneck(a: Bar, b: Bar) -> int:
    shape = b.black and b.long and a.white and a.o < b.l
    return sign(shape and about(a.c, b.l, b.equal()), -100)


@pattern(2, 11)
def cdlthrusting(a: Bar, b: Bar) -> int:
    shape = b.black and b.long and a.white and a.o < b.l
    return sign(shape and b.c + b.equal() < a.c <= b.c + 0.5 * b.body, -100)


@pattern(2, 11)
def cdlpiercing(a: Bar, b: Bar) -> int:
    shape = b.black and b.long and a.white and a.long and a.o < b.l
    return sign(shape and b.c + 0.5 * b.body < a.c < b.o)


def kick(a: Bar, b: Bar) -> bool:
    bald = all(x.long and x.bald_above and x.bald_below for x in (a, b))
    return bald and a.color == -b.color and (a.l > b.h if b.black else a.h < b.l)


@pattern(2, 11)
def cdlkicking(a: Bar, b: Bar) -> int:
    return sign(kick(a, b), 100 * a.color)


@pattern(2, 11)
def cdlkickingbylength(a: Bar, b: Bar) -> int:
    return sign(kick(a, b), 100 * (a if a.body > b.body else b).color)


@pattern(2, 6)
def cdlmatchinglow(a: Bar, b: Bar) -> int:
    return sign(a.black and b.black and about(a.c, b.c, b.equal()))


@pattern(2, 11)
def cdlseparatinglines(a: Bar, b: Bar) -> int:
    shape = a.color == -b.color and about(a.o, b.o, b.equal()) and a.long
    return sign(shape and (a.bald_below if a.white else a.bald_above), 100 * a.color)
