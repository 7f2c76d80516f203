"""Averages that adapt their speed: Kaufman's, Chande's VIDYA, McGinley's dynamic."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from indicators.blocks.average import adapt
from indicators.blocks.edge import hide, warm
from indicators.blocks.seed import before, starts
from indicators.blocks.window import REFRESH
from indicators.registry import SEED_STEP, Row, length


def update_kama(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: path, average, rows since the last refresh."""
    v, out = x[0], y[0]
    n, fast, slow = int(s[0]), 2.0 / (s[1] + 1.0), 2.0 / (s[2] + 1.0)
    path, mean, age, seen, every = s[3], s[4], int(s[5]), warm(s), max(REFRESH, n)
    i = start
    while i < stop and seen <= n:
        path += abs(v[i] - v[i - 1]) if seen > 0 else 0.0
        mean = before(v, i, n) if seen == n else mean
        k = adapt(v[i] - v[i - n], path, fast, slow)
        mean = (1.0 - k) * mean + k * v[i]
        path -= abs(v[i - n + 1] - v[i - n]) if seen == n else 0.0
        out[i - base] = mean
        seen += 1
        i += 1
    while i < stop:
        end = min(stop, i + every - age)
        for j in range(i, end):
            path += abs(v[j] - v[j - 1])
            k = adapt(v[j] - v[j - n], path, fast, slow)
            mean = (1.0 - k) * mean + k * v[j]
            out[j - base] = mean
            path -= abs(v[j - n + 1] - v[j - n])
        age += end - i
        i = end
        if age == every:
            path, age = 0.0, 0
            for j in range(i - n + 1, i):
                path += abs(v[j] - v[j - 1])
    s[3], s[4], s[5] = path, mean, age
    hide(out, s, start, stop, base)


def update_vidya(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: average."""
    v, out, n = x[0], y[0], int(s[0])
    k, mean, seen = 2.0 / (s[1] + 1.0), s[2], warm(s)
    for i in range(start, stop):
        up, down = 0.0, 0.0
        for j in range(i - n + 1, i + 1):
            change = v[j] - v[j - 1]
            up += max(change, 0.0)
            down += max(-change, 0.0)
        speed = abs(up - down) / (up + down) if up + down > 0.0 else 0.0
        mean = mean + k * speed * (v[i] - mean) if seen >= n else v[i]
        out[i - base] = mean
        seen += 1
    s[2] = mean
    hide(out, s, start, stop, base)


def update_mcginley(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: seen, average."""
    v, out = x[0], y[0]
    n, seen, mean = int(s[0]), int(s[1]), s[2]
    for i in range(start, stop):
        if seen < n:
            mean += v[i]
            seen += 1
            if seen == n:
                mean /= n
        else:
            ratio = v[i] / mean if mean != 0.0 else 1.0
            pace = n * ratio * ratio * ratio * ratio
            mean += (v[i] - mean) / pace if pace > 1.0 else v[i] - mean
        out[i - base] = mean if seen == n else np.nan
    s[1], s[2] = seen, mean


START = replace(SEED_STEP, default="first")
ROWS = (
    Row(
        "kama", "Kaufman's adaptive moving average", "close",
        (length(30), length(2, 1, "fast"), length(30, 1, "slow"), START),
        "kama", update_kama, slots=lambda n, f, w, seed: 3, history=lambda n, f, w, seed: n,
        warmup=lambda n, f, w, seed: n, bindings=starts("before"),
        formula="k = (ER (2 / (fast + 1) - 2 / (slow + 1)) + 2 / (slow + 1))^2, e += k (close - e)",
        source="Kaufman 1995, Smarter Trading",
        seeding="first: the value one row before the first; sma: the mean of the n before it",
        talib="KAMA timeperiod", ta="KAMAIndicator",
    ),
    Row(
        "vidya", "Chande's variable index dynamic average", "close",
        (length(9), length(12, 1, "smoothing")), "vidya", update_vidya,
        slots=lambda n, m: 1, warmup=lambda n, m: n, history=lambda n, m: n,
        formula="e += 2 / (smoothing + 1) * |CMO(n)| / 100 * (close - e)",
        source="Chande, Stocks & Commodities 10:3 (1992) and 1995", seeding="the value n rows in",
    ),
    Row(
        "mcginley", "McGinley dynamic", "close", (length(14),), "mcginley", update_mcginley,
        slots=lambda n: 2, warmup=lambda n: n - 1,
        formula="m += (close - m) / max(1, n (close / m)^4)",
        source="McGinley, Journal of Technical Analysis 1990",
        seeding="mean of the first n values",
    ),
)  # fmt: skip
