"""Indicators: one registry row and one update kernel each, for batch, stream and many symbols.

``rsi(close, length=14)`` works on whole columns, ``RSI(14).update(x)`` on one value at a time,
`IndicatorBank` on thousands of symbols; all three run the same kernel, so any way of cutting a
series into chunks gives the same bits, and no value ever depends on a later row. `catalog()`
lists what there is, `talib` has TA-Lib's signatures, `df.gw` is a pandas accessor; it is there
if pandas was imported before this package, else after ``import indicators.accessor``.

Importing this package compiles nothing and imports no kernel; the first use of an indicator
compiles (or loads) that one. Lives here: formulas and their state. Does not: files, clocks,
threads, orders. May import: domain, numpy, pandas (when used). Imported by: gridworks, backtest,
server, the AI sidecar.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from indicators.bank import IndicatorBank
    from indicators.stream import restore
    from indicators.tables import catalog

_HOMES = {
    "IndicatorBank": "indicators.bank",
    "catalog": "indicators.tables",
    "restore": "indicators.stream",
}
_MODULES = ("talib", "accessor", "registry")

__all__ = ["IndicatorBank", "accessor", "catalog", "registry", "restore", "talib"]


def __getattr__(name: str) -> Any:
    """Functions by lower-case and classes by upper-case name, made when first asked for."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in _MODULES:
        return importlib.import_module(f"indicators.{name}")
    if name.startswith("_"):
        raise AttributeError(f"module 'indicators' has no attribute {name!r}")
    from indicators.registry import rows

    row = rows().get(name.lower())
    if row is None or name not in (row.name, row.name.upper()):
        raise AttributeError(f"no indicator called {name!r}; see indicators.catalog()")
    return _make(name, row)


def _make(name: str, row: Any) -> Any:
    from indicators import batch, stream

    made = stream.stream_class(row) if name.isupper() else batch.Function(row)
    globals()[name] = made
    return made


def __dir__() -> list[str]:
    """Everything that can be asked for."""
    from indicators.registry import rows

    return sorted({*__all__, *rows(), *(n.upper() for n in rows())})


if "pandas" in sys.modules:
    importlib.import_module("indicators.accessor")
