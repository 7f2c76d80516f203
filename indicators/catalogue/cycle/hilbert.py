"""Ehlers' cycle indicators and the averages that follow the cycle."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.jit import kernel
from indicators.blocks.edge import hide, hide_whole, warm
from indicators.blocks.hilbert import CYCLE_SLOTS, DEGREES, cycle_at, mama_step
from indicators.registry import Row, real

EARLY, LATE = 12, 37
RADIANS = 1.0 / DEGREES


@kernel
def smoothed(v: Any, i: Any) -> Any:
    """The price smoothed over four rows."""
    return (4.0 * v[i] + 3.0 * v[i - 1] + 2.0 * v[i - 2] + v[i - 3]) / 10.0


@kernel
def phase_of(v: Any, i: Any, known: Any, period: Any, last: Any) -> Any:
    """The phase in degrees of the dominant cycle at row i; `known` rows are not zero."""
    count = int(period + 0.5)
    turn = 2.0 * np.pi / count if count > 0 else 0.0
    cos_turn, sin_turn = np.cos(turn), np.sin(turn)
    c, q, real_part, imaginary = 1.0, 0.0, 0.0, 0.0
    for j in range(min(count, known)):
        price = smoothed(v, i - j)
        real_part += q * price
        imaginary += c * price
        c, q = c * cos_turn - q * sin_turn, q * cos_turn + c * sin_turn
    phase = last
    if abs(imaginary) > 0.0:
        phase = np.arctan(real_part / imaginary) * DEGREES
    elif real_part < 0.0:
        phase -= 90.0
    elif real_part > 0.0:
        phase += 90.0
    phase += 90.0 + (360.0 / period if period > 0.0 else 0.0)
    if imaginary < 0.0:
        phase += 180.0
    return phase - 360.0 if phase > 315.0 else phase


@kernel
def trendline(v: Any, s: Any, b: Any, i: Any, period: Any) -> Any:
    """The price averaged over one cycle, smoothed. Slots: its last three values."""
    count, mean = int(period + 0.5), 0.0
    for j in range(count):
        mean += v[i - j]
    mean = mean / count if count > 0 else 0.0
    line = (4.0 * mean + 3.0 * s[b] + 2.0 * s[b + 1] + s[b + 2]) / 10.0
    s[b], s[b + 1], s[b + 2] = mean, s[b], s[b + 1]
    return line


def update_dcperiod(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the cycle."""
    seen = warm(s) - start
    for i in range(start, stop):
        if seen + i >= EARLY:
            y[0][i - base] = cycle_at(s, 0, smoothed(x[0], i))
    hide(y[0], s, start, stop, base)


def update_phasor(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the cycle."""
    seen = warm(s) - start
    for i in range(start, stop):
        if seen + i >= EARLY:
            cycle_at(s, 0, smoothed(x[0], i))
        y[0][i - base], y[1][i - base] = s[6], s[7]
    hide(y[0], s, start, stop, base)
    hide(y[1], s, start, stop, base)


def update_dcphase(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the cycle, then the phase."""
    seen = warm(s) - start
    for i in range(start, stop):
        if seen + i >= LATE:
            period = cycle_at(s, 0, smoothed(x[0], i))
            s[CYCLE_SLOTS] = phase_of(x[0], i, seen + i - LATE + 1, period, s[CYCLE_SLOTS])
        y[0][i - base] = s[CYCLE_SLOTS]
    hide(y[0], s, start, stop, base)


def update_sine(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the cycle, then the phase."""
    seen, b = warm(s) - start, CYCLE_SLOTS
    for i in range(start, stop):
        if seen + i >= LATE:
            period = cycle_at(s, 0, smoothed(x[0], i))
            s[b] = phase_of(x[0], i, seen + i - LATE + 1, period, s[b])
        y[0][i - base] = np.sin(s[b] * RADIANS)
        y[1][i - base] = np.sin((s[b] + 45.0) * RADIANS)
    hide(y[0], s, start, stop, base)
    hide(y[1], s, start, stop, base)


def update_trendline(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the cycle, then three values of the line."""
    seen = warm(s) - start
    for i in range(start, stop):
        if seen + i >= LATE:
            period = cycle_at(s, 0, smoothed(x[0], i))
            y[0][i - base] = trendline(x[0], s, CYCLE_SLOTS, i, period)
    hide(y[0], s, start, stop, base)


@kernel
def mode_at(v: Any, s: Any, b: Any, i: Any, known: Any, period: Any) -> Any:
    """1 in a trend, 0 in a cycle. Slots: phase, sine, lead, days, three values of the line."""
    phase = phase_of(v, i, known, period, s[b])
    sine, lead = np.sin(phase * RADIANS), np.sin((phase + 45.0) * RADIANS)
    line, trend, moved = trendline(v, s, b + 4, i, period), 1, phase - s[b]
    if (sine > lead and s[b + 1] <= s[b + 2]) or (sine < lead and s[b + 1] >= s[b + 2]):
        s[b + 3], trend = 0.0, 0
    s[b + 3] += 1.0
    if s[b + 3] < 0.5 * period:
        trend = 0
    if period != 0.0 and 0.67 * 360.0 / period < moved < 1.5 * 360.0 / period:
        trend = 0
    if line != 0.0 and abs((smoothed(v, i) - line) / line) >= 0.015:
        trend = 1
    s[b], s[b + 1], s[b + 2] = phase, sine, lead
    return trend


def update_trendmode(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the cycle, then those of `mode_at`."""
    seen = warm(s) - start
    for i in range(start, stop):
        if seen + i >= LATE:
            period = cycle_at(s, 0, smoothed(x[0], i))
            y[0][i - base] = mode_at(x[0], s, CYCLE_SLOTS, i, seen + i - LATE + 1, period)
    hide_whole(y[0], s, start, stop, base)


def update_mama(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: MAMA, FAMA, phase, the cycle."""
    seen = warm(s) - start
    for i in range(start, stop):
        if seen + i >= EARLY:
            cycle_at(s, 5, smoothed(x[0], i))
            mama_step(s, 2, s[0], s[1], x[0][i])
        y[0][i - base], y[1][i - base] = s[2], s[3]
    hide(y[0], s, start, stop, base)
    hide(y[1], s, start, stop, base)


SEEDING = "the transform starts on zeros {} rows in and settles during the warm-up"
BOOK = "Ehlers 2001, Rocket Science for Traders, "
EARLY_SEED, LATE_SEED = SEEDING.format(EARLY), SEEDING.format(LATE)
ROWS = (
    Row(
        "ht_dcperiod", "Dominant cycle period", "close", (), "period", update_dcperiod,
        slots=lambda: CYCLE_SLOTS, warmup=lambda: 32, history=lambda: 3, seeding=EARLY_SEED,
        formula="homodyne discriminator on a Hilbert transform of the smoothed price",
        source=BOOK + "ch. 7", talib="HT_DCPERIOD",
    ),
    Row(
        "ht_phasor", "Phasor components", "close", (), "inphase quadrature", update_phasor,
        slots=lambda: CYCLE_SLOTS, warmup=lambda: 32, history=lambda: 3, seeding=EARLY_SEED,
        formula="in-phase: detrended price 3 rows ago; quadrature: its Hilbert transform",
        source=BOOK + "ch. 6", talib="HT_PHASOR",
    ),
    Row(
        "ht_dcphase", "Dominant cycle phase", "close", (), "phase", update_dcphase,
        slots=lambda: CYCLE_SLOTS + 1, warmup=lambda: 63, history=lambda: 60, seeding=LATE_SEED,
        formula="phase in degrees of the price projected on one dominant cycle",
        source=BOOK + "ch. 9", talib="HT_DCPHASE",
    ),
    Row(
        "ht_sine", "Sine wave", "close", (), "sine leadsine", update_sine,
        slots=lambda: CYCLE_SLOTS + 1, warmup=lambda: 63, history=lambda: 60, seeding=LATE_SEED,
        formula="sin(phase), sin(phase + 45 degrees)", source=BOOK + "ch. 9", talib="HT_SINE",
    ),
    Row(
        "ht_trendline", "Instantaneous trendline", "close", (), "trendline", update_trendline,
        slots=lambda: CYCLE_SLOTS + 3, warmup=lambda: 63, history=lambda: 60, seeding=LATE_SEED,
        formula="price averaged over the dominant cycle, weighted 4 3 2 1 over four rows",
        source=BOOK + "ch. 10", talib="HT_TRENDLINE",
    ),
    Row(
        "ht_trendmode", "Trend or cycle mode", "close", (), "mode", update_trendmode,
        slots=lambda: CYCLE_SLOTS + 7, warmup=lambda: 63, history=lambda: 60, seeding=LATE_SEED,
        formula="1 in a trend, 0 within half a cycle of a crossing of the sine lines",
        source=BOOK + "ch. 11", talib="HT_TRENDMODE", integer_outputs=(0,),
    ),
    Row(
        "mama", "MESA adaptive moving average", "close",
        (real("fastlimit", 0.5, 0.01, 0.99), real("slowlimit", 0.05, 0.01, 0.99)), "mama fama",
        update_mama, slots=lambda f, w: 3 + CYCLE_SLOTS, warmup=lambda f, w: 32,
        history=lambda f, w: 3, seeding=EARLY_SEED,
        formula="alpha = fast / phase change within slow .. fast; fama follows with alpha / 2",
        source="Ehlers, Stocks & Commodities 19:10 (2001)", talib="MAMA fastlimit slowlimit",
    ),
)  # fmt: skip
