"""Adaptive smoothers after Jurik and Ehlers."""

from __future__ import annotations

from typing import Any

import numpy as np

from indicators.blocks.edge import hide, warm
from indicators.registry import Row, length, real


def update_jma(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: three stages of smoothing."""
    n, phase, power, seen = s[0], s[1], s[2], warm(s)
    ratio = min(max(phase / 100.0 + 1.5, 0.5), 2.5)
    beta = 0.45 * (n - 1.0) / (0.45 * (n - 1.0) + 2.0)
    alpha = beta**power
    a, b, c, out = s[3], s[4], s[5], s[6]
    for i in range(start, stop):
        v = x[0][i]
        if seen == 0:
            a, out = v, v
        a = (1.0 - alpha) * v + alpha * a
        b = (v - a) * (1.0 - beta) + beta * b
        c = (a + ratio * b - out) * (1.0 - alpha) ** 2 + alpha**2 * c
        out += c
        seen += 1
        y[0][i - base] = out
    s[3], s[4], s[5], s[6] = a, b, c, out
    hide(y[0], s, start, stop, base)


def update_supersmoother(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the last two results."""
    n, seen, one, two, v = s[0], warm(s), s[1], s[2], x[0]
    a = np.exp(-np.sqrt(2.0) * np.pi / n)
    b, c = 2.0 * a * np.cos(np.sqrt(2.0) * np.pi / n), -a * a
    for i in range(start, stop):
        if seen < 2:
            new = v[i]
        else:
            new = (1.0 - b - c) * (v[i] + v[i - 1]) * 0.5 + b * one + c * two
        one, two = new, one
        seen += 1
        y[0][i - base] = new
    s[1], s[2] = one, two
    hide(y[0], s, start, stop, base)


ROWS = (
    Row(
        "jma", "Jurik-like moving average", "close",
        (length(7, 1), real("phase", 50, -100, 100), real("power", 2, 0.1, 10)), "jma",
        update_jma, slots=lambda n, p, q: 4, warmup=lambda n, p, q: n - 1,
        formula="two adaptive exponential stages and a phase correction (not Jurik's own code)",
        source="published reconstructions of Jurik 1998", seeding="the first value",
    ),
    Row(
        "supersmoother", "Ehlers' super smoother", "close", (length(10),), "supersmoother",
        update_supersmoother, slots=lambda n: 2, warmup=lambda n: n - 1, history=lambda n: 1,
        formula="two-pole Butterworth filter with cut-off n of the mean of two closes",
        source="Ehlers 2013, Cycle Analytics", seeding="the first two values",
    ),
)  # fmt: skip
