"""Prices weighted by volume over a session, from an anchor, over a window; volume profile."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.jit import kernel
from indicators.blocks.edge import hide, warm
from indicators.registry import Row, length, real


@kernel
def weighted(s: Any, b: Any, out: Any, row: Any, wide: Any) -> None:
    """Price and bands from sums of volume, money, money * distance (about slot b + 3)."""
    shares = s[b]
    away = s[b + 1] / shares if shares > 0.0 else 0.0
    deviation = np.sqrt(max(s[b + 2] / shares - away * away, 0.0)) if shares > 0.0 else 0.0
    out[0][row] = s[b + 3] + away
    out[1][row] = s[b + 3] + away + wide * deviation
    out[2][row] = s[b + 3] + away - wide * deviation


@kernel
def count(s: Any, b: Any, price: Any, volume: Any) -> None:
    """Add one row to the sums."""
    d = price - s[b + 3]
    s[b] += volume
    s[b + 1] += d * volume
    s[b + 2] += d * d * volume


def update_session(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: three sums, their centre, the session."""
    seen = warm(s)
    for i in range(start, stop):
        price = (x[0][i] + x[1][i] + x[2][i]) / 3.0
        if seen == 0 or x[4][i] != s[5]:
            s[1], s[2], s[3], s[4], s[5] = 0.0, 0.0, 0.0, price, x[4][i]
        seen += 1
        count(s, 1, price, x[3][i])
        weighted(s, 1, y, i - base, s[0])


def update_anchored(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: three sums, their centre."""
    seen = warm(s)
    for i in range(start, stop):
        price = (x[0][i] + x[1][i] + x[2][i]) / 3.0
        if seen == int(s[0]):
            s[5] = price
        if seen >= int(s[0]):
            count(s, 2, price, x[3][i])
            weighted(s, 2, y, i - base, s[1])
        seen += 1
    for out in y:
        hide(out, s, start, stop, base)


def update_rolling(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Sums the window anew for each row. Slots: three sums, their centre."""
    n = int(s[0])
    for i in range(start, stop):
        s[2], s[3], s[4] = 0.0, 0.0, 0.0
        s[5] = (x[0][i] + x[1][i] + x[2][i]) / 3.0
        for j in range(i - n + 1, i + 1):
            count(s, 2, (x[0][j] + x[1][j] + x[2][j]) / 3.0, x[3][j])
        weighted(s, 2, y, i - base, s[1])
    for out in y:
        hide(out, s, start, stop, base)


def update_profile(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the volume in each bin."""
    close, volume, n, bins = x[0], x[1], int(s[0]), int(s[1])
    held = s[3 : 3 + bins]
    for i in range(start, stop):
        low, high, total = close[i], close[i], 0.0
        for j in range(i - n + 1, i + 1):
            low, high, total = min(low, close[j]), max(high, close[j]), total + volume[j]
        step = (high - low) / bins
        held[:] = 0.0
        for j in range(i - n + 1, i + 1):
            k = int((close[j] - low) / step) if step > 0.0 else 0
            held[min(max(k, 0), bins - 1)] += volume[j]
        first, last = area(held, bins, total * s[2] / 100.0)
        top = int(np.argmax(held))
        y[0][i - base] = low + (top + 0.5) * step
        y[1][i - base] = low + (last + 1) * step
        y[2][i - base] = low + first * step
    for out in y:
        hide(out, s, start, stop, base)


@kernel
def area(held: Any, bins: Any, wanted: Any) -> Any:
    """(first, last) bin around the fullest that together hold the wanted volume."""
    first = int(np.argmax(held))
    last, inside = first, held[first]
    while inside < wanted and (first > 0 or last < bins - 1):
        below = held[first - 1] if first > 0 else -1.0
        above = held[last + 1] if last < bins - 1 else -1.0
        if above >= below:
            last += 1
            inside += above
        else:
            first -= 1
            inside += below
    return first, last


BANDS = real("multiplier", 2.0, 0, 1e6, "deviations of the bands")
HLCV, OUT = "high low close volume", "vwap upper lower"
FORMULA = "sum of typical price * volume / sum of volume, bands of weighted deviations, "
SOURCE = "Berkowitz, Logue and Noser 1988"
ROWS = (
    Row(
        "vwap_session", "Session VWAP with bands", HLCV + " session", (BANDS,), OUT,
        update_session, slots=lambda k: 5, warmup=lambda k: 0, source=SOURCE,
        formula=FORMULA + "from the first row of a session (a number that changes with it)",
        seeding="starts anew with each session",
    ),
    Row(
        "vwap_anchored", "Anchored VWAP with bands", HLCV,
        (length(0, 0, "anchor", "row it starts from"), BANDS), OUT, update_anchored,
        slots=lambda a, k: 4, warmup=lambda a, k: a, source=SOURCE,
        formula=FORMULA + "from the anchor row on", seeding="zero at the anchor",
    ),
    Row(
        "vwap_rolling", "Rolling VWAP with bands", HLCV, (length(20, 1), BANDS), OUT,
        update_rolling, slots=lambda n, k: 4, warmup=lambda n, k: n - 1,
        history=lambda n, k: n, formula=FORMULA + "over n rows", source=SOURCE,
        ta="VolumeWeightedAveragePrice",
    ),
    Row(
        "volume_profile", "Rolling volume profile", "close volume",
        (length(100), length(24, 1, "bins", "price bins"), real("share", 70, 1, 100, "per cent")),
        "poc value_high value_low", update_profile, slots=lambda n, b, p: b,
        warmup=lambda n, b, p: n - 1, history=lambda n, b, p: n,
        formula="price of the fullest bin; the bins around it that hold the share of the volume",
        source="Steidlmayer 1984, Market Profile",
    ),
)  # fmt: skip
