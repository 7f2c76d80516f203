"""A moving average of any kind, for indicators that let the user choose.

A kernel calls ``ma1(s, b, n, v, out)`` (and `ma2`, `ma3` for a second and third choice): the
averages of the values of `v` go to `out`, which may be the same array; the state lies in s from
slot b on. `bind` tells `indicators.plan` which average stands behind each name, so that only
what is used is compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from domain.jit import kernel
from indicators.blocks import average as steps
from indicators.blocks.hilbert import MAMA_SLOTS, mama_at
from indicators.registry import MA_TYPES


@kernel
def none(s: Any, b: Any, n: Any, v: Any, out: Any) -> None:
    """The values themselves."""
    for i in range(len(v)):
        out[i] = v[i]


@kernel
def ema(s: Any, b: Any, n: Any, v: Any, out: Any) -> None:
    """Exponential."""
    steps.ema_line(False, s, b, n, 2.0 / (n + 1.0), v, out)


@kernel
def rma(s: Any, b: Any, n: Any, v: Any, out: Any) -> None:
    """Wilder's."""
    steps.ema_line(False, s, b, n, 1.0 / n, v, out)


@kernel
def wma(s: Any, b: Any, n: Any, v: Any, out: Any) -> None:
    """Weighted."""
    for i in range(len(v)):
        out[i] = steps.wma_at(s, b, n, v[i])


@kernel
def dema(s: Any, b: Any, n: Any, v: Any, out: Any) -> None:
    """Double exponential."""
    for i in range(len(v)):
        out[i] = steps.dema_at(s, b, n, 2.0 / (n + 1.0), v[i])


@kernel
def tema(s: Any, b: Any, n: Any, v: Any, out: Any) -> None:
    """Triple exponential."""
    for i in range(len(v)):
        out[i] = steps.tema_at(s, b, n, 2.0 / (n + 1.0), v[i])


@kernel
def trima(s: Any, b: Any, n: Any, v: Any, out: Any) -> None:
    """Triangular."""
    for i in range(len(v)):
        out[i] = steps.trima_at(s, b, n, v[i])


@kernel
def kama(s: Any, b: Any, n: Any, v: Any, out: Any) -> None:
    """Kaufman's with constants 2 and 30."""
    for i in range(len(v)):
        out[i] = steps.kama_at(s, b, n, 2.0 / 3.0, 2.0 / 31.0, v[i])


@kernel
def mama(s: Any, b: Any, n: Any, v: Any, out: Any) -> None:
    """Ehlers' with limits 0.5 and 0.05; the length is not used."""
    for i in range(len(v)):
        out[i] = mama_at(s, b, 0.5, 0.05, v[i])[0]


@kernel
def t3(s: Any, b: Any, n: Any, v: Any, out: Any) -> None:
    """Tillson's with volume factor 0.7."""
    for i in range(len(v)):
        out[i] = steps.t3_at(s, b, n, 0.7, v[i])


@kernel
def hma(s: Any, b: Any, n: Any, v: Any, out: Any) -> None:
    """Hull's."""
    for i in range(len(v)):
        out[i] = steps.hma_at(s, b, n, v[i])


@kernel
def zlema(s: Any, b: Any, n: Any, v: Any, out: Any) -> None:
    """Zero-lag exponential."""
    for i in range(len(v)):
        out[i] = steps.zlema_at(s, b, n, v[i])


sma = steps.sma_line
KINDS: dict[str, Callable[..., Any]] = {
    "sma": sma,
    "ema": ema,
    "wma": wma,
    "dema": dema,
    "tema": tema,
    "trima": trima,
    "kama": kama,
    "mama": mama,
    "t3": t3,
    "hma": hma,
    "none": none,
    "default": sma,
    "zlema": zlema,
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


@kernel
def ma_room(n: Any) -> Any:
    """`ma_slots` for kernels."""
    return max(16 + 2 * n + int(np.sqrt(n)), MAMA_SLOTS)


def ma_warmup(n: float, kind: float) -> int:
    """Leading rows without a value of average number `kind`."""
    if n <= 1 or kind == 10:
        return 0
    k, m = int(kind), int(n)
    if k == 9:
        return m + int(n**0.5) - 2
    special = {3: 2 * m - 2, 4: 3 * m - 3, 6: m, 7: 32, 8: 6 * m - 6, 12: m - 1 + (m - 1) // 2}
    return special.get(k, m - 1)
