"""Windows: the last n values in a ring inside the state, sums, extremes and delays over them.

Sums are refreshed from the ring every max(1024, n) rows, so rounding errors do not pile up:
the error of a sum stays below about 1024 roundings however long the stream. Maxima of single
values use two folds (a running maximum of the current block, suffix maxima of the block before),
three comparisons a row however the data fall; maxima of many rows are made by doubling.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.jit import kernel, scratch

REFRESH = 1024
WIDE = 256
space = scratch(6 * WIDE)  # for windows of up to WIDE values: two results, then 4 n


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
def room(n: Any) -> Any:
    """Rows that `tops` and `bottoms` do at a time: as many as fit the work space."""
    return n if n > WIDE else WIDE


def wide_slots(n: float) -> int:
    """State slots for work space: none for windows that fit the stack."""
    return 6 * int(n) if n > WIDE else 0


@kernel
def highest(v: Any, i: Any, n: Any) -> Any:
    """The maximum of n values from row i, of equal ones the newest: four walks at once."""
    q = n // 4
    j, k, m, end = i + q, i + 2 * q, i + 3 * q, i + n
    a, b, c, d = v[i], v[j], v[k], v[m]
    for _ in range(1, q):
        i, j, k, m = i + 1, j + 1, k + 1, m + 1
        a, b = (a if a > v[i] else v[i]), (b if b > v[j] else v[j])
        c, d = (c if c > v[k] else v[k]), (d if d > v[m] else v[m])
    for j in range(m + 1, end):
        d = d if d > v[j] else v[j]
    b, d = (a if a > b else b), (c if c > d else d)
    return b if b > d else d


@kernel
def lowest(v: Any, i: Any, n: Any) -> Any:
    """The minimum of n values from row i; see `highest`."""
    q = n // 4
    j, k, m, end = i + q, i + 2 * q, i + 3 * q, i + n
    a, b, c, d = v[i], v[j], v[k], v[m]
    for _ in range(1, q):
        i, j, k, m = i + 1, j + 1, k + 1, m + 1
        a, b = (a if a < v[i] else v[i]), (b if b < v[j] else v[j])
        c, d = (c if c < v[k] else v[k]), (d if d < v[m] else v[m])
    for j in range(m + 1, end):
        d = d if d < v[j] else v[j]
    b, d = (a if a < b else b), (c if c < d else d)
    return b if b < d else d


@kernel
def tops(v: Any, i: Any, n: Any, out: Any, t: Any) -> None:
    """Maxima of the last n values for the len(out) rows from row i; t: 2 (rows + n) slots.

    Maxima of 2, 4, 8 ... values, each from two of the pass before, then of n: no branch depends
    on the values, many rows at once, and the bits of a row depend on nothing but its window.
    """
    rows, span, here = len(out), 1, 0
    if rows == 1:
        out[0] = highest(v, i - n + 1, n)
        return
    last, source = rows + n - 1, v[i - n + 1 : i + rows]
    while 2 * span <= n:
        last -= span
        a, b, to = source[:last], source[span : span + last], t[here : here + last]
        for k in range(last):
            to[k] = a[k] if a[k] > b[k] else b[k]
        source, here, span = to, rows + n - here, 2 * span
    a, b = source[:rows], source[n - span : n - span + rows]
    for k in range(rows):
        out[k] = a[k] if a[k] > b[k] else b[k]


@kernel
def bottoms(v: Any, i: Any, n: Any, out: Any, t: Any) -> None:
    """Minima of the last n values; see `tops`."""
    rows, span, here = len(out), 1, 0
    if rows == 1:
        out[0] = lowest(v, i - n + 1, n)
        return
    last, source = rows + n - 1, v[i - n + 1 : i + rows]
    while 2 * span <= n:
        last -= span
        a, b, to = source[:last], source[span : span + last], t[here : here + last]
        for k in range(last):
            to[k] = a[k] if a[k] < b[k] else b[k]
        source, here, span = to, rows + n - here, 2 * span
    a, b = source[:rows], source[n - span : n - span + rows]
    for k in range(rows):
        out[k] = a[k] if a[k] < b[k] else b[k]


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
