"""Where a recursion starts: steps for ``seed="sma"`` and ``seed="first"``.

A row with the parameter `SEED_STEP` (its last one) names the steps of its kernel that depend on
it; `indicators.plan` puts the chosen ones in their place, so the default costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from domain.jit import kernel
from indicators.blocks.average import ema, ema_at, ema_first, first_at
from indicators.blocks.bands import wilder, wilder_first
from indicators.blocks.window import total


@kernel
def rsi_at(s: Any, b: Any, n: Any, v: Any) -> Any:
    """RSI. Slots: seen, last value, gain (2), loss (2)."""
    seen, change = s[b], v - s[b + 1]
    s[b], s[b + 1] = seen + 1.0, v
    if seen == 0.0:
        return np.nan
    up = ema_at(s, b + 2, n, 1.0 / n, max(change, 0.0))
    down = ema_at(s, b + 4, n, 1.0 / n, max(-change, 0.0))
    return 100.0 * up / (up + down) if up + down != 0.0 else 0.0


@kernel
def rsi_first_at(s: Any, b: Any, n: Any, v: Any) -> Any:
    """`rsi_at` with averages from the first change."""
    seen, change = s[b], v - s[b + 1]
    s[b], s[b + 1] = seen + 1.0, v
    if seen == 0.0:
        return np.nan
    up = first_at(s, b + 2, n, 1.0 / n, max(change, 0.0))
    down = first_at(s, b + 4, n, 1.0 / n, max(-change, 0.0))
    return 100.0 * up / (up + down) if up + down != 0.0 else 0.0


@kernel
def opening(total: Any, v: Any, seen: Any, n: Any, r: Any) -> Any:
    """A Wilder average of changes up to row n: the sum, on row n the mean."""
    total += v
    return total * r if seen == n else total


@kernel
def opening_first(total: Any, v: Any, seen: Any, n: Any, r: Any) -> Any:
    """A Wilder average of changes up to row n, from the first of them (row 1)."""
    return total + (v - total) * r if seen > 1 else v


@kernel
def from_mean() -> Any:
    """seed="sma"."""
    return False


@kernel
def from_first() -> Any:
    """seed="first"; the name that kernels call, whichever is bound."""
    return True


@kernel
def before(v: Any, i: Any, n: Any) -> Any:
    """The value one row before row i."""
    return v[i - 1]


@kernel
def mean_before(v: Any, i: Any, n: Any) -> Any:
    """The mean of the n values before row i."""
    return total(v, i - n, i) / n


STEPS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "ema": (ema, ema_first),
    "ema_at": (ema_at, first_at),
    "wilder": (wilder, wilder_first),
    "rsi_at": (rsi_at, rsi_first_at),
    "opening": (opening, opening_first),
    "from_first": (from_mean, from_first),
    "before": (mean_before, before),
}


def starts(*names: str) -> Callable[..., dict[str, Callable[..., Any]]]:
    """`Row.bindings` for a kernel that calls these steps; the seed is its last parameter."""
    return lambda *values: {name: STEPS[name][int(values[-1])] for name in names}
