"""Ehlers' homodyne discriminator: the dominant cycle by a Hilbert transform, step by step."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.jit import kernel

DEGREES = 180.0 / np.pi
CYCLE_SLOTS = 44
MAMA_SLOTS = CYCLE_SLOTS + 8
# slots of a cycle: 0 count, 1 period, 2 I2, 3 Q2, 4 Re, 5 Im, 6 I1, 7 Q1, 8 smoothed period;
# then four rings of 7 (smoothed price, detrender, I1, Q1) at 10, 17, 24, 31 and their place at 9


@kernel
def quad(s: Any, b: Any, p: Any, v: Any, gain: Any) -> Any:
    """Put v in the ring of 7 at slot b and return its Hilbert transform."""
    s[b + p] = v
    p2, p4, p6 = (p + 5) % 7, (p + 3) % 7, (p + 1) % 7
    return (0.0962 * v + 0.5769 * s[b + p2] - 0.5769 * s[b + p4] - 0.0962 * s[b + p6]) * gain


@kernel
def bounded(raw: Any, last: Any) -> Any:
    """The new period: bounded by the last one and by 6 .. 50, then smoothed."""
    raw = min(raw, 1.5 * last)
    raw = max(raw, 0.67 * last)
    raw = min(max(raw, 6.0), 50.0)
    return 0.2 * raw + 0.8 * last


@kernel
def cycle_at(s: Any, b: Any, smooth: Any) -> Any:
    """One step from the smoothed price: moves the period and leaves I1 and Q1 in the state."""
    p, gain = int(s[b + 9]), 0.075 * s[b + 1] + 0.54
    detrender = quad(s, b + 10, p, smooth, gain)
    q1 = quad(s, b + 17, p, detrender, gain)
    i1 = s[b + 17 + (p + 4) % 7]
    ji = quad(s, b + 24, p, i1, gain)
    jq = quad(s, b + 31, p, q1, gain)
    q2 = 0.2 * (q1 + ji) + 0.8 * s[b + 3]
    i2 = 0.2 * (i1 - jq) + 0.8 * s[b + 2]
    re = 0.2 * (i2 * s[b + 2] + q2 * s[b + 3]) + 0.8 * s[b + 4]
    im = 0.2 * (i2 * s[b + 3] - q2 * s[b + 2]) + 0.8 * s[b + 5]
    raw = s[b + 1]
    if im != 0.0 and re != 0.0:
        raw = 360.0 / (np.arctan(im / re) * DEGREES)
    s[b + 1] = bounded(raw, s[b + 1])
    s[b + 2], s[b + 3], s[b + 4], s[b + 5] = i2, q2, re, im
    s[b + 6], s[b + 7], s[b + 9] = i1, q1, (p + 1) % 7
    s[b + 8] = 0.33 * s[b + 1] + 0.67 * s[b + 8]
    return s[b + 8]


@kernel
def mama_step(s: Any, b: Any, fast: Any, slow: Any, v: Any) -> None:
    """Move MAMA (slot b) and FAMA (b + 1) by the phase of the cycle after them (from b + 3)."""
    i1, q1 = s[b + 9], s[b + 10]
    phase = np.arctan(q1 / i1) * DEGREES if i1 != 0.0 else 0.0
    delta = max(s[b + 2] - phase, 1.0)
    s[b + 2] = phase
    alpha = max(fast / delta, slow) if delta > 1.0 else fast
    s[b] += alpha * (v - s[b])
    s[b + 1] += 0.5 * alpha * (s[b] - s[b + 1])


@kernel
def mama_at(s: Any, b: Any, fast: Any, slow: Any, v: Any) -> Any:
    """(MAMA, FAMA) of a series. Slots: `MAMA_SLOTS`."""
    c = b + MAMA_SLOTS - 5
    if v != v:
        return np.nan, np.nan
    seen = s[c]
    smooth = (4.0 * v + 3.0 * s[c + 1] + 2.0 * s[c + 2] + s[c + 3]) / 10.0
    s[c + 1], s[c + 2], s[c + 3] = v, s[c + 1], s[c + 2]
    s[c] = seen + 1
    if seen < 12:
        return np.nan, np.nan
    cycle_at(s, b + 3, smooth)
    mama_step(s, b, fast, slow, v)
    if seen < 32:
        return np.nan, np.nan
    return s[b], s[b + 1]
