"""Changes over n rows: momentum, rates of change, returns."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.jit import kernel
from indicators.blocks.edge import hide, warm
from indicators.registry import Row, length


@kernel
def ratios(v: Any, out: Any, s: Any, span: Any, scale: Any, less: Any) -> None:
    """(v / v n rows ago - less) * scale, 0 after a zero."""
    start, stop, base = span
    n = int(s[0])
    new, old, to = v[start:stop], v[start - n : stop - n], out[start - base : stop - base]
    for i in range(len(to)):
        ratio = (new[i] / old[i] - less) * scale
        to[i] = ratio if old[i] != 0.0 else 0.0
    hide(out, s, start, stop, base)


def update_mom(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Reads n rows back."""
    n, v, out = int(s[0]), x[0], y[0]
    new, old, to = v[start:stop], v[start - n : stop - n], out[start - base : stop - base]
    for i in range(len(to)):
        to[i] = new[i] - old[i]
    hide(out, s, start, stop, base)


def update_roc(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Reads n rows back."""
    ratios(x[0], y[0], s, (start, stop, base), 100.0, 1.0)


def update_rocp(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Reads n rows back."""
    ratios(x[0], y[0], s, (start, stop, base), 1.0, 1.0)


def update_rocr(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Reads n rows back."""
    ratios(x[0], y[0], s, (start, stop, base), 1.0, 0.0)


def update_rocr100(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Reads n rows back."""
    ratios(x[0], y[0], s, (start, stop, base), 100.0, 0.0)


def update_logreturn(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Reads n rows back."""
    n, v, out = int(s[0]), x[0], y[0]
    for i in range(start, stop):
        out[i - base] = np.log(v[i] / v[i - n]) if v[i] * v[i - n] > 0.0 else np.nan
    hide(out, s, start, stop, base)


def update_cumreturn(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the first value."""
    first = x[0][start] if warm(s) == 0 and start < stop else s[0]
    for i in range(start, stop):
        y[0][i - base] = 100.0 * (x[0][i] / first - 1.0) if first != 0.0 else np.nan
    s[0] = first


def _row(name: str, title: str, formula: str, kernel: Any, default: int = 10, **more: Any) -> Row:
    return Row(
        name, title, "close", (length(default, 1),), name, kernel, slots=lambda n: 0,
        warmup=lambda n: n, history=lambda n: n, formula=formula, source="Murphy 1999, ch. 10",
        **more,
    )  # fmt: skip


ROWS = (
    _row("mom", "Momentum", "close - close n rows ago", update_mom, talib="MOM timeperiod"),
    _row("roc", "Rate of change, per cent", "100 (close / close n rows ago - 1)", update_roc,
         talib="ROC timeperiod", ta="ROCIndicator"),
    _row("rocp", "Rate of change, fraction", "close / close n rows ago - 1", update_rocp,
         talib="ROCP timeperiod", ta="DailyReturnIndicator"),
    _row("rocr", "Rate of change, ratio", "close / close n rows ago", update_rocr,
         talib="ROCR timeperiod"),
    _row("rocr100", "Rate of change, ratio of 100", "100 close / close n rows ago",
         update_rocr100, talib="ROCR100 timeperiod"),
    _row("logreturn", "Logarithmic return", "ln(close / close n rows ago)", update_logreturn, 1,
         ta="DailyLogReturnIndicator"),
    Row(
        "cumreturn", "Cumulative return, per cent", "close", (), "cumreturn", update_cumreturn,
        slots=lambda: 1, warmup=lambda: 0, formula="100 (close / first close - 1)",
        source="arithmetic", ta="CumulativeReturnIndicator", seeding="the first value",
    ),
)  # fmt: skip
