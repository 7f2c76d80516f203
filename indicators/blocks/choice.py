"""A moving average of any kind, for indicators that let the user choose.

A kernel calls ``ma1(s, b, n, v)`` (and `ma2`, `ma3` for a second and third choice); `bind` tells
`indicators.plan` which step stands behind each name, so that only what is used is compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.jit import kernel
from indicators.blocks import average as steps
from indicators.blocks.hilbert import MAMA_SLOTS, mama_at
from indicators.registry import MA_TYPES


@kernel
def none(s: Any, b: Any, n: Any, v: Any) -> Any:
    """The value itself."""
    return v


@kernel
def sma(s: Any, b: Any, n: Any, v: Any) -> Any:
    """Simple."""
    return steps.sma_at(s, b, n, v)


@kernel
def ema(s: Any, b: Any, n: Any, v: Any) -> Any:
    """Exponential."""
    return steps.ema_at(s, b, n, 2.0 / (n + 1.0), v)


@kernel
def rma(s: Any, b: Any, n: Any, v: Any) -> Any:
    """Wilder's."""
    return steps.ema_at(s, b, n, 1.0 / n, v)


@kernel
def dema(s: Any, b: Any, n: Any, v: Any) -> Any:
    """Double exponential."""
    return steps.dema_at(s, b, n, 2.0 / (n + 1.0), v)


@kernel
def tema(s: Any, b: Any, n: Any, v: Any) -> Any:
    """Triple exponential."""
    return steps.tema_at(s, b, n, 2.0 / (n + 1.0), v)


@kernel
def kama(s: Any, b: Any, n: Any, v: Any) -> Any:
    """Kaufman's with constants 2 and 30."""
    return steps.kama_at(s, b, n, 2.0 / 3.0, 2.0 / 31.0, v)


@kernel
def mama(s: Any, b: Any, n: Any, v: Any) -> Any:
    """Ehlers' with limits 0.5 and 0.05; the length is not used."""
    return mama_at(s, b, 0.5, 0.05, v)[0]


@kernel
def t3(s: Any, b: Any, n: Any, v: Any) -> Any:
    """Tillson's with volume factor 0.7."""
    return steps.t3_at(s, b, n, 0.7, v)


KINDS: dict[str, Callable[..., Any]] = {
    "sma": sma,
    "ema": ema,
    "wma": steps.wma_at,
    "dema": dema,
    "tema": tema,
    "trima": steps.trima_at,
    "kama": kama,
    "mama": mama,
    "t3": t3,
    "hma": steps.hma_at,
    "none": none,
    "default": sma,
    "zlema": steps.zlema_at,
    "rma": rma,
}


def bind(**chosen: tuple[float, float]) -> dict[str, Callable[..., Any]]:
    """The step behind each name, from (kind, length) pairs."""
    return {
        name: KINDS[MA_TYPES[int(kind)]] if n > 1 else none for name, (kind, n) in chosen.items()
    }


def ma_slots(n: float) -> int:
    """State slots that any kind of average of length n needs."""
    return max(16 + 2 * int(n) + int(n**0.5), MAMA_SLOTS)


def ma_warmup(n: float, kind: float) -> int:
    """Leading rows without a value of average number `kind`."""
    if n <= 1 or kind == 10:
        return 0
    k, m = int(kind), int(n)
    if k == 9:
        return m + int(n**0.5) - 2
    special = {3: 2 * m - 2, 4: 3 * m - 3, 6: m, 7: 32, 8: 6 * m - 6, 12: m - 1 + (m - 1) // 2}
    return special.get(k, m - 1)
