"""Windows: the last n values in a ring inside the state, sums, extremes and delays over them.

Sums are refreshed from the ring every max(1024, n) rows, so rounding errors do not pile up:
the error of a sum stays below about 1024 roundings however long the stream. Maxima use two
folds (a running maximum of the current block, suffix maxima of the block before), three
comparisons a row however the data fall.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.jit import kernel

REFRESH = 1024


@kernel
def slide(s: Any, b: Any, n: Any, p: Any, v: Any) -> Any:
    """Put `v` in place of the oldest of the n values from slot `b`: (oldest, next place)."""
    old = s[b + p]
    s[b + p] = v
    p += 1
    return old, (p if p < n else 0)


@kernel
def refresh(s: Any, b: Any, n: Any) -> Any:
    """The sum of the n values from slot `b`."""
    total = 0.0
    for j in range(b, b + n):
        total += s[j]
    return total


@kernel
def fold(s: Any, b: Any, n: Any) -> None:
    """Turn the n values from slot `b` into their suffix maxima."""
    top = s[b + n - 1]
    for j in range(b + n - 2, b - 1, -1):
        top = max(top, s[j])
        s[j] = top


@kernel
def climb(s: Any, b: Any, n: Any, p: Any, top: Any, v: Any) -> Any:
    """The maximum of the last n values: (maximum, next place, maximum of this block)."""
    if p == 0 or v > top:
        top = v
    s[b + p] = v
    p += 1
    if p == n:
        fold(s, b, n)
        return top, 0, top
    return (top if top > s[b + p] else s[b + p]), p, top


@kernel
def delay_at(s: Any, b: Any, n: Any, v: Any) -> Any:
    """The value n rows ago. Slots: seen, place, n values."""
    if v != v:
        return np.nan
    p = s[b + 1]
    j = b + 2 + int(p)
    old = s[j] if s[b] >= n else np.nan
    s[j] = v
    s[b + 1] = p + 1.0 if p + 1.0 < n else 0.0
    s[b] += 1.0
    return old


@kernel
def total_at(s: Any, b: Any, n: Any, v: Any) -> Any:
    """The sum of the last n values. Slots: seen, place, age, sum, n values."""
    if v != v:
        return np.nan
    p = s[b + 1]
    j = b + 4 + int(p)
    total = s[b + 3] + (v - s[j])
    s[j] = v
    p = p + 1.0 if p + 1.0 < n else 0.0
    s[b + 2] += 1.0
    if s[b + 2] >= REFRESH and s[b + 2] >= n:
        total = refresh(s, b + 4, n)
        s[b + 2] = 0.0
    s[b + 1], s[b + 3] = p, total
    if s[b] < n - 1:
        s[b] += 1.0
        return np.nan
    return total


@kernel
def highest_at(s: Any, b: Any, n: Any, v: Any) -> Any:
    """The maximum of the last n values. Slots: seen, place, block maximum, n values."""
    if v != v:
        return np.nan
    best, p, top = climb(s, b + 3, n, int(s[b + 1]), s[b + 2], v)
    s[b + 1], s[b + 2] = p, top
    if s[b] < n - 1:
        s[b] += 1.0
        return np.nan
    return best


@kernel
def lowest_at(s: Any, b: Any, n: Any, v: Any) -> Any:
    """The minimum of the last n values; slots as `highest_at`."""
    return -highest_at(s, b, n, -v)


@kernel
def spread_at(s: Any, b: Any, n: Any, v: Any) -> Any:
    """(mean, population variance) of the last n values.

    Slots: seen, place, centre, sum, sum of squares (both about the centre), n values. Centre and
    sums are made anew from the ring each time it is full.
    """
    if v != v:
        return np.nan, np.nan
    p = int(s[b + 1])
    d = v - s[b + 2]
    old = s[b + 5 + p] - s[b + 2] if s[b] >= n else 0.0
    s[b + 5 + p] = v
    s[b + 3] += d - old
    s[b + 4] += d * d - old * old
    if s[b] < n:
        s[b] += 1.0
    p += 1
    if p == n:
        p = 0
        recentre(s, b + 2, n)
    s[b + 1] = p
    if s[b] < n:
        return np.nan, np.nan
    mean = s[b + 3] / n
    return s[b + 2] + mean, max(s[b + 4] / n - mean * mean, 0.0)


@kernel
def recentre(s: Any, b: Any, n: Any) -> None:
    """Centre, sum and sum of squares anew from the n values behind them (from slot b + 3)."""
    centre = refresh(s, b + 3, n) / n
    first, second = 0.0, 0.0
    for j in range(b + 3, b + 3 + n):
        d = s[j] - centre
        first += d
        second += d * d
    s[b], s[b + 1], s[b + 2] = centre, first, second


@kernel
def total(v: Any, first: Any, stop: Any) -> Any:
    """The sum of v[first .. stop - 1], oldest first."""
    value = 0.0
    for j in range(first, stop):
        value += v[j]
    return value


@kernel
def tops(v: Any, i: Any, end: Any, n: Any, s: Any, b: Any) -> None:
    """Maxima of the last n values for rows i .. end - 1 (at most n rows) into slots from b.

    Two scans instead of a search: maxima backward over the n - 1 rows before, forward over the
    new ones. Slots: 2 n.
    """
    rows, best = end - i, -np.inf
    suffix, old, new, out = s[b + n : b + n + n], v[i - n + 1 : i + 1], v[i:end], s[b : b + rows]
    suffix[n - 1] = best
    for j in range(n - 2, -1, -1):
        best = best if best > old[j] else old[j]
        suffix[j] = best
    best = -np.inf
    for k in range(rows):
        best = best if best > new[k] else new[k]
        out[k] = best
    for k in range(rows):
        out[k] = out[k] if out[k] > suffix[k] else suffix[k]


@kernel
def bottoms(v: Any, i: Any, end: Any, n: Any, s: Any, b: Any) -> None:
    """Minima of the last n values; see `tops`."""
    rows, best = end - i, np.inf
    suffix, old, new, out = s[b + n : b + n + n], v[i - n + 1 : i + 1], v[i:end], s[b : b + rows]
    suffix[n - 1] = best
    for j in range(n - 2, -1, -1):
        best = best if best < old[j] else old[j]
        suffix[j] = best
    best = np.inf
    for k in range(rows):
        best = best if best < new[k] else new[k]
        out[k] = best
    for k in range(rows):
        out[k] = out[k] if out[k] < suffix[k] else suffix[k]


@kernel
def recentred(v: Any, first: Any, stop: Any) -> Any:
    """(mean, 0-ish sum, sum of squares about it) of v[first .. stop - 1]."""
    centre = total(v, first, stop) / (stop - first)
    plain, square = 0.0, 0.0
    for j in range(first, stop):
        d = v[j] - centre
        plain += d
        square += d * d
    return centre, plain, square
