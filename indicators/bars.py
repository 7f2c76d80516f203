"""Bars out of trades and out of shorter bars: the same rows in the server and in a back-test.

Bars are counted from Monday 1970-01-05 00:00 UTC, because the first second of 1970 was a Thursday
and a week should not begin there. A period without a trade has no bar.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.limits import INT64_MAX

Array = np.ndarray[Any, Any]

DAY = 86_400 * 10**9
ORIGIN = 4 * DAY  # ns: the first Monday
BAR = np.dtype(
    [
        ("start", "i8"),  # ns since 1970
        ("open", "i8"), ("high", "i8"), ("low", "i8"), ("close", "i8"),  # ticks
        ("volume", "i8"),  # lots; sums stay at the largest int64
        ("value", "i8"),  # ticks x lots
        ("trades", "i8"),
        ("number", "i8"),  # of the last trade
    ]
)  # fmt: skip


def start_of(times: Any, period: int) -> Any:
    """When the bar of a time begins; ns, also of many."""
    return (times - ORIGIN) // period * period + ORIGIN


def single(trades: Array, times: Array, before: int = 0) -> Array:
    """Each trade (`price`, `qty`) of an instrument as a bar; the first has number `before` + 1."""
    made = np.zeros(len(trades), BAR)
    made["start"] = times
    for cell in ("open", "high", "low", "close"):
        made[cell] = trades["price"]
    made["volume"], made["trades"] = trades["qty"], 1
    made["value"] = trades["price"] * trades["qty"]
    made["number"] = np.arange(before + 1, before + 1 + len(trades))
    return made


def joined(bars: Array, period: int) -> Array:
    """Bars of one instrument, oldest first, put together to longer ones."""
    if not len(bars):
        return bars
    starts = start_of(bars["start"], period)
    edges = np.flatnonzero(np.diff(starts, prepend=starts[0] - 1))
    ends = np.append(edges[1:], len(bars)) - 1
    made = np.zeros(len(edges), BAR)
    made["start"], made["open"], made["close"] = starts[edges], bars["open"][edges], (
        bars["close"][ends]
    )
    made["high"] = np.maximum.reduceat(bars["high"], edges)
    made["low"] = np.minimum.reduceat(bars["low"], edges)
    made["trades"] = np.add.reduceat(bars["trades"], edges)
    made["number"] = bars["number"][ends]
    for cell in ("volume", "value"):
        made[cell] = _sums(bars[cell], edges)
    return made


def _sums(values: Array, edges: Array) -> Array:
    """Sums of runs of numbers >= 0 that stop at the largest int64 rather than wrap."""
    low = np.add.reduceat(values & 0xFFFF_FFFF, edges)
    high = np.add.reduceat(values >> 32, edges) + (low >> 32)
    return np.where(high >> 31, INT64_MAX, ((high & 0x7FFF_FFFF) << 32) | (low & 0xFFFF_FFFF))
