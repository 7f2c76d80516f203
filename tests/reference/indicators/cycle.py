"""Twins of Ehlers' cycle measures, with his arrays of bars instead of rings."""

from __future__ import annotations

import math

import numpy as np

from tests.reference.indicators.parts import Array, Table

TWINS = Table()


class Cycle:
    """Ehlers' homodyne discriminator; lists grow by one a bar, [-1] is the newest.

    `start` is the bar at which TA-Lib feeds the first smoothed price (12 for the cycle alone and
    MAMA, 37 for what needs the phase); all before it is 0.
    """

    def __init__(self, v: Array, start: int) -> None:
        rows = len(v)
        self.smooth, self.detrend = np.zeros(rows), np.zeros(rows)
        self.i1, self.q1 = np.zeros(rows), np.zeros(rows)
        self.i2, self.q2, self.re, self.im = (np.zeros(rows) for _ in range(4))
        self.period, self.smoothed = np.zeros(rows), np.zeros(rows)
        for i in range(start, rows):
            self.smooth[i] = (4 * v[i] + 3 * v[i - 1] + 2 * v[i - 2] + v[i - 3]) / 10
            self._step(i)

    def _hilbert(self, x: Array, i: int) -> float:
        gain = 0.075 * self.period[i - 1] + 0.54
        return gain * (
            0.0962 * x[i] + 0.5769 * x[i - 2] - 0.5769 * x[i - 4] - 0.0962 * x[i - 6]
        )

    def _step(self, i: int) -> None:
        self.detrend[i] = self._hilbert(self.smooth, i)
        self.q1[i], self.i1[i] = self._hilbert(self.detrend, i), self.detrend[i - 3]
        ji, jq = self._hilbert(self.i1, i), self._hilbert(self.q1, i)
        self.i2[i] = 0.2 * (self.i1[i] - jq) + 0.8 * self.i2[i - 1]
        self.q2[i] = 0.2 * (self.q1[i] + ji) + 0.8 * self.q2[i - 1]
        re = self.i2[i] * self.i2[i - 1] + self.q2[i] * self.q2[i - 1]
        im = self.i2[i] * self.q2[i - 1] - self.q2[i] * self.i2[i - 1]
        self.re[i] = 0.2 * re + 0.8 * self.re[i - 1]
        self.im[i] = 0.2 * im + 0.8 * self.im[i - 1]
        last = self.period[i - 1]
        period = last
        if self.im[i] != 0 and self.re[i] != 0:
            period = 360 / math.degrees(math.atan(self.im[i] / self.re[i]))
        period = max(min(period, 1.5 * last), 0.67 * last)
        self.period[i] = 0.2 * max(min(period, 50.0), 6.0) + 0.8 * last
        self.smoothed[i] = 0.33 * self.period[i] + 0.67 * self.smoothed[i - 1]


def blank(values: Array, rows: int) -> Array:
    out = np.array(values, float)
    out[:rows] = np.nan
    return out


@TWINS("ht_dcperiod")
def ht_dcperiod(v: Array) -> Array:
    return blank(Cycle(v, 12).smoothed, 32)


@TWINS("ht_phasor")
def ht_phasor(v: Array) -> list[Array]:
    c = Cycle(v, 12)
    return [blank(c.i1, 32), blank(c.q1, 32)]


@TWINS("mama")
def mama(v: Array, fast: float, slow: float) -> list[Array]:
    c = Cycle(v, 12)
    one, two = np.full(len(v), np.nan), np.full(len(v), np.nan)
    m = f = last = 0.0
    for i in range(12, len(v)):
        phase = math.degrees(math.atan(c.q1[i] / c.i1[i])) if c.i1[i] != 0 else 0.0
        delta, last = max(last - phase, 1.0), phase
        alpha = min(max(fast / delta, slow), fast) if delta > 1 else fast
        m += alpha * (v[i] - m)
        f += 0.5 * alpha * (m - f)
        one[i], two[i] = m, f
    return [blank(one, 32), blank(two, 32)]


def phases(c: Cycle) -> Array:
    """Ehlers, ch. 9: the phase of the smoothed price on one whole dominant cycle, degrees."""
    out, phase = np.zeros(len(c.smooth)), 0.0
    for i in range(37, len(out)):
        whole = c.smoothed[i] + 0.5
        count, real, imag = int(whole), 0.0, 0.0
        for j in range(count):
            angle = math.radians(360.0 * j / count)
            value = c.smooth[i - j] if i - j >= 0 else 0.0
            real += math.sin(angle) * value
            imag += math.cos(angle) * value
        if abs(imag) > 0:
            phase = math.degrees(math.atan(real / imag))
        elif real < 0:
            phase -= 90
        elif real > 0:
            phase += 90
        phase += 90 + (360 / c.smoothed[i] if c.smoothed[i] else 0.0)
        phase += 180 if imag < 0 else 0
        phase -= 360 if phase > 315 else 0
        out[i] = phase
    return out


@TWINS("ht_dcphase")
def ht_dcphase(v: Array) -> Array:
    return blank(phases(Cycle(v, 37)), 63)


@TWINS("ht_sine")
def ht_sine(v: Array) -> list[Array]:
    angle = np.radians(phases(Cycle(v, 37)))
    return [blank(np.sin(angle), 63), blank(np.sin(angle + math.radians(45)), 63)]


def trendline(v: Array, c: Cycle) -> Array:
    """Mean over the dominant cycle, then weights 4 3 2 1."""
    mean = np.zeros(len(v))
    for i in range(37, len(v)):
        n = int(c.smoothed[i] + 0.5)
        mean[i] = sum(v[i - j] for j in range(n)) / n if n > 0 else 0.0
    out = np.zeros(len(v))
    for i in range(37, len(v)):
        out[i] = (4 * mean[i] + 3 * mean[i - 1] + 2 * mean[i - 2] + mean[i - 3]) / 10
    return out


@TWINS("ht_trendline")
def ht_trendline(v: Array) -> Array:
    return blank(trendline(v, Cycle(v, 37)), 63)


@TWINS("ht_trendmode")
def ht_trendmode(v: Array) -> Array:
    """Ehlers, ch. 11."""
    c = Cycle(v, 37)
    angle, line = phases(c), trendline(v, c)
    sine, lead = np.sin(np.radians(angle)), np.sin(np.radians(angle + 45))
    sine[:37] = lead[:37] = 0.0
    mode, days = np.zeros(len(v), int), 0
    for i in range(37, len(v)):
        trend = 1
        above, before = sine[i] > lead[i], sine[i - 1] > lead[i - 1]
        below, under = sine[i] < lead[i], sine[i - 1] < lead[i - 1]
        if (above and not before) or (below and not under):
            days, trend = 0, 0
        days += 1
        if days < 0.5 * c.smoothed[i]:
            trend = 0
        turn = angle[i] - angle[i - 1]
        if c.smoothed[i] and 0.67 * 360 / c.smoothed[i] < turn < 1.5 * 360 / c.smoothed[i]:
            trend = 0
        if line[i] and abs((c.smooth[i] - line[i]) / line[i]) >= 0.015:
            trend = 1
        mode[i] = trend
    mode[:63] = 0
    return mode
