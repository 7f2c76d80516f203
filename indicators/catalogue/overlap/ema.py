"""Exponential moving averages: the common one and Wilder's."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.jit import kernel
from indicators.registry import SEED, Row, length


@kernel
def smooth(v: Any, out: Any, s: Any, start: Any, stop: Any, base: Any, k: Any) -> None:
    """Slots: seen, average, phase, value pending.

    Two rows at a time, ``m'' = a a m + (a k v + k v')``: half the latency of one at a time. The
    phase makes the pairs the same however the series is cut.
    """
    n, first, seen, m = int(s[0]), int(s[1]), int(s[2]), s[3]
    i, a = start, 1.0 - k
    if stop - start == 1 and seen >= n:  # the way of streams and banks
        v1, wait = v[i], s[4] == 1.0
        one = a * m + k * v1
        two = a * a * m + (a * k * s[5] + k * v1)
        out[i - base] = two if wait else one
        s[3], s[4], s[5] = (two if wait else m), (0.0 if wait else 1.0), v1
        return
    while i < stop and seen < n:
        seen += 1
        if first == 0:
            m = (m + v[i]) / n if seen == n else m + v[i]
        else:
            m = v[i] if seen == 1 else a * m + k * v[i]
        out[i - base] = m if seen == n else np.nan
        i += 1
    if i < stop and s[4] == 1.0:
        m = a * a * m + (a * k * s[5] + k * v[i])
        out[i - base] = m
        s[4] = 0.0
        i += 1
    aa, ak = a * a, a * k
    for j in range(i, stop - 1, 2):
        out[j - base] = a * m + k * v[j]
        m = aa * m + (ak * v[j] + k * v[j + 1])
        out[j + 1 - base] = m
    if i < stop and (stop - i) % 2 == 1:
        out[stop - 1 - base] = a * m + k * v[stop - 1]
        s[4], s[5] = 1.0, v[stop - 1]
    s[2], s[3] = seen, m


def update_ema(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Smoothing constant 2 / (n + 1)."""
    smooth(x[0], y[0], s, start, stop, base, 2.0 / (s[0] + 1.0))


def update_rma(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Smoothing constant 1 / n."""
    smooth(x[0], y[0], s, start, stop, base, 1.0 / s[0])


ROWS = (
    Row(
        "ema", "Exponential moving average", "close", (length(30, 1), SEED), "ema", update_ema,
        slots=lambda n, seed: 4, warmup=lambda n, seed: n - 1,
        formula="e += 2 / (n + 1) * (close - e)", source="Murphy 1999, ch. 9",
        seeding="sma: mean of the first n values; first: the first value",
        talib="EMA timeperiod", ta="EMAIndicator",
    ),
    Row(
        "rma", "Wilder's smoothed moving average", "close", (length(30, 1), SEED), "rma",
        update_rma, slots=lambda n, seed: 4, warmup=lambda n, seed: n - 1,
        formula="e += (close - e) / n", source="Wilder 1978, New Concepts, p. 21",
        seeding="sma: mean of the first n values; first: the first value",
        talib="RMA timeperiod",
    ),
)  # fmt: skip
