"""Measures of the order book and of trades that an exchange can give.

Columns: `bid`, `ask`, `bid_size`, `ask_size` of the best quotes; `price` and `size` of trades,
`side` +1 bought, -1 sold by the aggressor.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.jit import kernel
from indicators.blocks.average import sma_at
from indicators.blocks.edge import hide, warm
from indicators.blocks.window import total_at
from indicators.registry import Row, length, real


def update_microprice(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Keeps no state."""
    for i in range(start, stop):
        both = x[2][i] + x[3][i]
        middle = (x[0][i] + x[1][i]) * 0.5
        value = (x[0][i] * x[3][i] + x[1][i] * x[2][i]) / both if both > 0.0 else middle
        y[0][i - base] = value


def update_imbalance(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Keeps no state."""
    for i in range(start, stop):
        both = x[0][i] + x[1][i]
        y[0][i - base] = (x[0][i] - x[1][i]) / both if both > 0.0 else 0.0


@kernel
def shift(new: Any, old: Any, size: Any, before: Any) -> Any:
    """What one side of the book gained, in size, from a quote to the next (new >= old: better)."""
    return (size if new >= old else 0.0) - (before if new <= old else 0.0)


def update_ofi(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: a sum."""
    n, seen = int(s[0]), warm(s)
    for i in range(start, stop):
        if seen > 0:
            bid = shift(x[0][i], x[0][i - 1], x[2][i], x[2][i - 1])
            ask = shift(-x[1][i], -x[1][i - 1], x[3][i], x[3][i - 1])
            y[0][i - base] = total_at(s, 1, n, bid - ask)
        seen += 1
    hide(y[0], s, start, stop, base)


def update_vpin(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: bought and all in the open bucket, place, filled buckets, then their imbalances."""
    bucket, n = s[0], int(s[1])
    for i in range(start, stop):
        left = x[0][i]
        while left > 0.0:
            part = min(left, bucket - s[3])
            s[3] += part
            s[2] += part if x[1][i] > 0.0 else 0.0
            left -= part
            if s[3] >= bucket:
                p = int(s[4])
                s[6 + p] = abs(2.0 * s[2] - bucket)
                s[4] = p + 1 if p + 1 < n else 0
                s[2], s[3], s[5] = 0.0, 0.0, s[5] + 1.0
        total = 0.0
        for j in range(6, 6 + n):
            total += s[j]
        y[0][i - base] = total / (n * bucket) if s[5] >= n else np.nan


def update_kyle(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: four sums."""
    n, seen = int(s[0]), warm(s)
    each = 4 + n
    for i in range(start, stop):
        if seen > 0:
            d, q = x[0][i] - x[0][i - 1], x[1][i] * x[2][i]
            sq, sd = total_at(s, 1, n, q), total_at(s, 1 + each, n, d)
            sqq, sqd = total_at(s, 1 + 2 * each, n, q * q), total_at(s, 1 + 3 * each, n, q * d)
            below = n * sqq - sq * sq
            y[0][i - base] = (n * sqd - sq * sd) / below if abs(below) > 1e-12 * sqq else 0.0
        seen += 1
    hide(y[0], s, start, stop, base)


def update_roll(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Sums the window anew for each row."""
    v, n = x[0], int(s[0])
    for i in range(start, stop):
        one, two, both = 0.0, 0.0, 0.0
        for j in range(i - n + 1, i + 1):
            a, b = v[j] - v[j - 1], v[j - 1] - v[j - 2]
            one, two, both = one + a, two + b, both + a * b
        covariance = both / n - one / n * (two / n)
        y[0][i - base] = 2.0 * np.sqrt(-covariance) if covariance < 0.0 else 0.0
    hide(y[0], s, start, stop, base)


def update_amihud(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: a simple average."""
    n, seen = int(s[0]), warm(s)
    for i in range(start, stop):
        if seen > 0:
            money = x[0][i] * x[1][i]
            moved = abs(x[0][i] / x[0][i - 1] - 1.0)
            y[0][i - base] = sma_at(s, 2, n, moved / money if money > 0.0 else 0.0) * s[1]
        seen += 1
    hide(y[0], s, start, stop, base)


def update_spread(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Keeps no state."""
    for i in range(start, stop):
        wide = x[1][i] - x[0][i]
        y[0][i - base], y[1][i - base] = wide, 20000.0 * wide / (x[0][i] + x[1][i])


def update_signed_volume(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the sum."""
    value = s[0]
    for i in range(start, stop):
        value += x[0][i] * x[1][i]
        y[0][i - base] = value
    s[0] = value


def update_tick_rule(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the last side."""
    side, seen, v = s[0], warm(s), x[0]
    for i in range(start, stop):
        if seen + i > start and v[i] != v[i - 1]:
            side = 1.0 if v[i] > v[i - 1] else -1.0
        y[0][i - base] = int(side)
    s[0] = side


QUOTES, TRADES = "bid ask bid_size ask_size", "price size side"
NONE = "none: no memory"
ROWS = (
    Row("microprice", "Micro-price", QUOTES, (), "microprice", update_microprice,
        slots=lambda: 0, warmup=lambda: 0, seeding=NONE, source="Gatheral and Oomen 2010",
        formula="(bid * ask size + ask * bid size) / (bid size + ask size)"),
    Row("imbalance", "Queue imbalance", "bid_size ask_size", (), "imbalance", update_imbalance,
        slots=lambda: 0, warmup=lambda: 0, seeding=NONE, source="Cartea and others 2015",
        formula="(bid size - ask size) / (bid size + ask size)"),
    Row("quoted_spread", "Quoted spread", "bid ask", (), "spread bps", update_spread,
        slots=lambda: 0, warmup=lambda: 0, seeding=NONE, source="Harris 2003",
        formula="ask - bid, and in hundredths of a per cent of the middle"),
    Row("ofi", "Order-flow imbalance", QUOTES, (length(20, 1),), "ofi", update_ofi,
        slots=lambda n: 4 + n, warmup=lambda n: n, history=lambda n: 1,
        formula="sum over n quotes of what the bid gained less what the ask gained, in size",
        source="Cont, Kukanov and Stoikov 2014"),
    Row("vpin", "Volume-synchronised probability of informed trading", "size side",
        (real("bucket", 1000.0, 1e-9, 1e15, "size of a bucket"), length(50, 1, "buckets")),
        "vpin", update_vpin, slots=lambda b, n: 4 + n, warmup=lambda b, n: 0,
        formula="mean over the last filled buckets of |bought - sold| / bucket; NaN until enough"
        " are filled", source="Easley, Lopez de Prado and O'Hara 2012"),
    Row("kyle_lambda", "Kyle's lambda", TRADES, (length(50, 3),), "lambda_", update_kyle,
        slots=lambda n: 4 * (4 + n), warmup=lambda n: n, history=lambda n: 1,
        formula="least squares slope of price changes on signed size over n trades",
        source="Kyle 1985; Hasbrouck 2009"),
    Row("roll_spread", "Roll's implied spread", "price", (length(50),), "spread", update_roll,
        slots=lambda n: 0, warmup=lambda n: n + 1, history=lambda n: n + 2,
        formula="2 sqrt(-covariance of successive price changes), 0 if that is positive",
        source="Roll 1984"),
    Row("amihud", "Amihud illiquidity", "price size",
        (length(20, 1), real("scale", 1e6, 1e-300, 1e300)), "amihud", update_amihud,
        slots=lambda n, k: 4 + n, warmup=lambda n, k: n, history=lambda n, k: 1,
        formula="scale * mean of |return| / (price * size)", source="Amihud 2002"),
    Row("signed_volume", "Cumulative signed volume", "size side", (), "signed_volume",
        update_signed_volume, slots=lambda: 1, warmup=lambda: 0, seeding="zero",
        formula="sum of size * side", source="Hasbrouck 1991"),
    Row("tick_rule", "Tick rule", "price", (), "side", update_tick_rule, slots=lambda: 1,
        warmup=lambda: 0, history=lambda: 1, integer_outputs=(0,), seeding="0 until a price moves",
        formula="1 after a rise, -1 after a fall, unchanged otherwise",
        source="Lee and Ready 1991"),
)  # fmt: skip
