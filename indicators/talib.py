"""TA-Lib's functions with TA-Lib's signatures: ``from indicators import talib``.

``talib.RSI(close, timeperiod=14)`` gives what TA-Lib gives: float64 columns with NaN during the
warm-up, int32 columns with 0 for patterns and indexes. Kinds of averages are TA-Lib's numbers
(`MA_Type`). Where the two differ on purpose (gaps), see docs/indicators/differences.md.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from indicators.batch import Function
from indicators.registry import MA_TYPES, Param, Row, rows


class MA_Type:
    """The numbers of the kinds of moving averages."""

    SMA, EMA, WMA, DEMA, TEMA, TRIMA, KAMA, MAMA, T3, HMA, NONE, DEFAULT, ZLEMA, RMA = range(
        len(MA_TYPES)
    )


def _table() -> dict[str, Row]:
    return {row.talib_name: row for row in rows().values() if row.talib}


def get_functions() -> list[str]:
    """The names of the functions here."""
    return sorted(_table())


def __getattr__(name: str) -> Any:
    row = _table().get(name) if name.isupper() else None
    if row is None:
        raise AttributeError(f"no TA-Lib function {name!r}")
    made = _function(row)
    globals()[name] = made
    return made


def __dir__() -> list[str]:
    return [*get_functions(), "MA_Type", "get_functions"]


def _default(param: Param) -> float:
    return float(param.choices.index(str(param.default))) if param.choices else float(param.default)


def _plain(value: float, param: Param) -> int | float:
    return int(value) if param.integer or param.choices else value


def _function(row: Row) -> Callable[..., Any]:
    """A function with TA-Lib's argument names around the indicator."""
    names = row.talib.split()[1:]
    params = dict(zip(names, row.params, strict=False))
    base, columns = Function(row), row.columns
    indexed = bool(row.integer_outputs) and row.name.endswith("index")

    def call(*arguments: Any, **named: Any) -> Any:
        ours = {params[k].name if k in params else k: v for k, v in named.items()}
        out = base(*arguments, **ours)
        if indexed:
            ours |= {p.name: v for p, v in zip(row.params, arguments[len(columns) :])}
            _shift(out, arguments[0], row.lookback(**ours))
        return out if not hasattr(out, "_fields") else tuple(out)

    positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = [inspect.Parameter(c, positional) for c in columns]
    signature += [
        inspect.Parameter(n, positional, default=_plain(_default(p), p)) for n, p in params.items()
    ]
    call.__signature__ = inspect.Signature(signature)  # type: ignore[attr-defined]
    call.__name__, call.__doc__ = row.talib_name, base.__doc__
    return call


def _shift(out: Any, column: Any, warmup: int) -> None:
    """TA-Lib counts rows from the start of the column, leading NaNs included."""
    first = int(np.argmax(~np.isnan(np.asarray(column, np.float64)))) if len(column) else 0
    if first:
        for values in out if isinstance(out, tuple) else (out,):
            values[first:][warmup:] += first
