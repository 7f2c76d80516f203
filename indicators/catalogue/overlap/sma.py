"""Simple moving average and the sum it is made of."""

from __future__ import annotations

from typing import Any

from domain.jit import kernel
from indicators.blocks.edge import hide
from indicators.blocks.window import REFRESH, total
from indicators.registry import Row, length


@kernel
def rolling(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any, scale: Any) -> None:
    """Sum of the last n values times `scale`. Slots: sum, rows since the last refresh."""
    v, out, n = x[0], y[0], int(s[0])
    value, age, every, j = s[1], int(s[2]), max(REFRESH, n), start
    while j < stop:
        end = min(stop, j + every - age)
        for i in range(j, end):
            value += v[i] - v[i - n]
            out[i - base] = value * scale
        age += end - j
        j = end
        if age == every:
            value, age = total(v, j - n, j), 0
    s[1], s[2] = value, age
    hide(out, s, start, stop, base)


def update_sma(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `rolling`."""
    rolling(x, y, s, start, stop, base, 1.0 / s[0])


def update_sum(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `rolling`."""
    rolling(x, y, s, start, stop, base, 1.0)


ROWS = (
    Row(
        "sma", "Simple moving average", "close", (length(30, 1),), "sma", update_sma,
        slots=lambda n: 2, warmup=lambda n: n - 1, history=lambda n: n,
        formula="mean of the last n values", source="Murphy 1999, Technical Analysis, ch. 9",
        talib="SMA timeperiod", ta="SMAIndicator",
    ),
    Row(
        "sum", "Rolling sum", "close", (length(30, 1),), "sum", update_sum,
        slots=lambda n: 2, warmup=lambda n: n - 1, history=lambda n: n,
        formula="sum of the last n values", source="arithmetic", talib="SUM timeperiod",
    ),
)  # fmt: skip
