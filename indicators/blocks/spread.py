"""Mean and variance over a window, about a centre that is made anew from the window."""

from __future__ import annotations

from typing import Any

from domain.jit import kernel
from indicators.blocks.edge import warm
from indicators.blocks.window import recentred


@kernel
def spread(v: Any, out: Any, means: Any, s: Any, b: Any, n: Any, span: Any) -> None:
    """Population variance of the last n values into `out`, their mean into `means`.

    `means` may be `out`, which then ends as the variance.

    Slots: centre, sum, square sum, age. Centre and sums are made anew every max(n, 64) rows: no
    cancellation, no drift. A variance may come out a rounding below zero.
    """
    start, stop, base = span
    seen, r = warm(s), 1.0 / n
    centre, first, second, age = s[b], s[b + 1], s[b + 2], int(s[b + 3])
    i = start
    while i < stop:
        every = n if seen < n else max(n, 64)
        end = min(stop, i + every - age)
        if seen < n:
            for j in range(i, end):
                d = v[j] - centre
                first += d
                second += d * d
                mean = first * r
                means[j - base] = centre + mean
                out[j - base] = second * r - mean * mean
        else:
            for j in range(i, end):
                d, old = v[j] - centre, v[j - n] - centre
                first += d - old
                second += (d - old) * (d + old)
                mean = first * r
                means[j - base] = centre + mean
                out[j - base] = second * r - mean * mean
        age += end - i
        seen += end - i
        i = end
        if age == every:
            centre, first, second = recentred(v, i - n, i)
            means[i - 1 - base] = centre
            out[i - 1 - base] = second * r
            age = 0
    s[b], s[b + 1], s[b + 2], s[b + 3] = centre, first, second, age
