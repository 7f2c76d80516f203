"""Moving averages, one step at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.bits import fma
from domain.jit import kernel
from indicators.blocks.window import REFRESH, delay_at, refresh, total_at


@kernel
def ema(c: Any, m: Any, n: Any, k: Any, v: Any) -> Any:
    """Exponential average seeded by the mean of the first n values: (count, average).

    The average is valid once the count has reached n; until then it is the running sum.
    """
    if c >= n:
        return c, fma(1.0 - k, m, k * v)
    c += 1
    m += v
    if c == n:
        m /= n
    return c, m


@kernel
def ema_first(c: Any, m: Any, n: Any, k: Any, v: Any) -> Any:
    """As `ema`, from the first value; valid from the n-th on as well."""
    if c >= n:
        return c, fma(1.0 - k, m, k * v)
    return c + 1, (m + k * (v - m) if c > 0 else v)


@kernel
def ema_from(first: Any, c: Any, m: Any, n: Any, k: Any, v: Any) -> Any:
    """`ema_first` if `first`, else `ema`."""
    return ema_first(c, m, n, k, v) if first else ema(c, m, n, k, v)


@kernel
def first_at(s: Any, b: Any, n: Any, k: Any, v: Any) -> Any:
    """`ema_first` with its two numbers in the state, as `ema_at`."""
    if v != v:
        return np.nan
    s[b], s[b + 1] = ema_first(s[b], s[b + 1], n, k, v)
    return s[b + 1] if s[b] >= n else np.nan


@kernel
def ema_at(s: Any, b: Any, n: Any, k: Any, v: Any) -> Any:
    """`ema` with its two numbers in the state. Slots: count, average."""
    if v != v:
        return np.nan
    s[b], s[b + 1] = ema(s[b], s[b + 1], n, k, v)
    return s[b + 1] if s[b] >= n else np.nan


@kernel
def sma_at(s: Any, b: Any, n: Any, v: Any) -> Any:
    """Simple average. Slots: 4 + n."""
    return total_at(s, b, n, v) / n


@kernel
def sma_line(s: Any, b: Any, n: Any, v: Any, out: Any) -> None:
    """Simple averages of the values of v into out, which may be v. Slots: as `total_at`."""
    seen, p, age, total = int(s[b]), int(s[b + 1]), int(s[b + 2]), s[b + 3]
    ring, share, every = s[b + 4 : b + 4 + n], 1.0 / n, max(REFRESH, n)
    for i in range(len(v)):
        new = v[i]
        if new != new:
            out[i] = new
            continue
        total += new - ring[p]
        ring[p] = new
        p = p + 1 if p + 1 < n else 0
        seen, age = seen + 1, age + 1
        if age >= every:
            total, age = refresh(ring, 0, n), 0
        out[i] = total * share if seen >= n else np.nan
    s[b], s[b + 1], s[b + 2], s[b + 3] = min(seen, n), p, age, total


@kernel
def ema_line(first: Any, s: Any, b: Any, n: Any, k: Any, v: Any, out: Any) -> None:
    """Exponential averages (`ema_from`) of v into out, which may be v. Slots: as `ema_at`."""
    c, m, i = int(s[b]), s[b + 1], 0
    while i < len(v) and c < n:
        new = v[i]
        out[i] = np.nan
        if new == new:
            c, m = ema_from(first, c, m, n, k, new)
            out[i] = m if c >= n else np.nan
        i += 1
    for j in range(i, len(v)):
        m = fma(1.0 - k, m, k * v[j])
        out[j] = m
    s[b], s[b + 1] = c, m


@kernel
def wma_at(s: Any, b: Any, n: Any, v: Any) -> Any:
    """Linearly weighted average. Slots: seen, place, age, sum, weighted sum, n values."""
    if v != v:
        return np.nan
    p = s[b + 1]
    j = b + 5 + int(p)
    weighted = s[b + 4] + (n * v - s[b + 3])
    total = s[b + 3] + (v - s[j])
    s[j] = v
    p = p + 1.0 if p + 1.0 < n else 0.0
    s[b + 2] += 1.0
    if s[b + 2] >= REFRESH and s[b + 2] >= n:
        total, weighted = weigh(s, b + 5, n, int(p))
        s[b + 2] = 0.0
    s[b + 1], s[b + 3], s[b + 4] = p, total, weighted
    if s[b] < n - 1:
        s[b] += 1.0
        return np.nan
    return weighted / (0.5 * n * (n + 1))


@kernel
def weigh(s: Any, b: Any, n: Any, p: Any) -> Any:
    """(sum, sum weighted 1 .. n from the oldest) of the n values; the oldest is at place p."""
    total, weighted = 0.0, 0.0
    for j in range(n):
        q = p + j if p + j < n else p + j - n
        total += s[b + q]
        weighted += (j + 1) * s[b + q]
    return total, weighted


@kernel
def dema_at(s: Any, b: Any, n: Any, k: Any, v: Any) -> Any:
    """Double exponential average. Slots: 4."""
    one = ema_at(s, b, n, k, v)
    two = ema_at(s, b + 2, n, k, one)
    return 2.0 * one - two


@kernel
def tema_at(s: Any, b: Any, n: Any, k: Any, v: Any) -> Any:
    """Triple exponential average. Slots: 6."""
    one = ema_at(s, b, n, k, v)
    two = ema_at(s, b + 2, n, k, one)
    return 3.0 * one - 3.0 * two + ema_at(s, b + 4, n, k, two)


@kernel
def trima_at(s: Any, b: Any, n: Any, v: Any) -> Any:
    """Triangular average: a mean of means. Slots: 9 + n."""
    first = n // 2 + 1
    second = n + 1 - first
    return sma_at(s, b + 4 + first, second, sma_at(s, b, first, v))


@kernel
def t3_at(s: Any, b: Any, n: Any, volume: Any, v: Any) -> Any:
    """Tillson's T3: six exponential averages in a row. Slots: 12."""
    k = 2.0 / (n + 1)
    e1 = ema_at(s, b, n, k, v)
    e2 = ema_at(s, b + 2, n, k, e1)
    e3 = ema_at(s, b + 4, n, k, e2)
    e4 = ema_at(s, b + 6, n, k, e3)
    e5 = ema_at(s, b + 8, n, k, e4)
    e6 = ema_at(s, b + 10, n, k, e5)
    a = volume
    c2 = 3.0 * a * a + 3.0 * a * a * a
    c3 = -6.0 * a * a - 3.0 * a - 3.0 * a * a * a
    c4 = 1.0 + 3.0 * a + a * a * a + 3.0 * a * a
    return -a * a * a * e6 + c2 * e5 + c3 * e4 + c4 * e3


@kernel
def hma_at(s: Any, b: Any, n: Any, v: Any) -> Any:
    """Hull's average. Slots: 15 + n + n // 2 + floor(sqrt(n))."""
    half, root = n // 2, int(np.sqrt(n))
    slow = wma_at(s, b, n, v)
    fast = wma_at(s, b + 5 + n, half, v)
    return wma_at(s, b + 10 + n + half, root, 2.0 * fast - slow)


@kernel
def zlema_at(s: Any, b: Any, n: Any, v: Any) -> Any:
    """Zero-lag exponential average. Slots: 5 + (n - 1) // 2."""
    lag = (n - 1) // 2
    old = delay_at(s, b + 2, lag, v) if lag > 0 else v
    return ema_at(s, b, n, 2.0 / (n + 1), 2.0 * v - old)


@kernel
def kama_at(s: Any, b: Any, n: Any, fast: Any, slow: Any, v: Any) -> Any:
    """Kaufman's adaptive average. Slots: seen, place, path length, average, n values."""
    if v != v:
        return np.nan
    p, seen = int(s[b + 1]), int(s[b])
    last = s[b + 4 + (p - 1 if p > 0 else n - 1)]
    oldest = s[b + 4 + p]
    following = s[b + 4 + (p + 1 if p + 1 < n else 0)]
    s[b + 4 + p] = v
    s[b + 1] = p + 1 if p + 1 < n else 0
    s[b] = seen + 1
    if seen == 0:
        return np.nan
    s[b + 2] += abs(v - last)
    if seen < n:
        return np.nan
    if seen == n:
        s[b + 3] = last
    s[b + 3] += adapt(v - oldest, s[b + 2], fast, slow) * (v - s[b + 3])
    s[b + 2] -= abs((following if n > 1 else v) - oldest)
    return s[b + 3]


@kernel
def adapt(move: Any, path: Any, fast: Any, slow: Any) -> Any:
    """Kaufman's smoothing constant from the move and the path it took."""
    ratio = 1.0 if path <= move or abs(path) < 1e-14 else abs(move / path)
    root = ratio * (fast - slow) + slow
    return root * root
