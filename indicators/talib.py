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
from indicators.frames import column
from indicators.registry import MA_TYPES, Param, Row, get, rows


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


def _inputs(row: Row) -> dict[str, str]:
    """Our column names by TA-Lib's: a lone price is `real`, two are `real0` and `real1`."""
    if row.columns == ("x", "y"):
        return {"real0": "x", "real1": "y"}
    lone = row.columns[0] == "close" and row.talib_name not in CLOSES
    return {"real" if lone and c == "close" else c: c for c in row.columns}


CLOSES = ("EFI", "NVI", "PVI", "PVT")  # TA-Lib says close, not real


def _function(row: Row) -> Callable[..., Any]:
    """A function with TA-Lib's argument names around the indicator."""
    params = dict(zip(row.talib.split()[1:], row.params, strict=False))
    base, inputs = Function(row), _inputs(row)
    names = inputs | {theirs: ours.name for theirs, ours in params.items()}
    indexed = bool(row.integer_outputs) and row.name.endswith("index")

    def call(*arguments: Any, **named: Any) -> Any:
        ours = {names.get(k, k): v for k, v in named.items()}
        parts = _parts(base(*arguments, **ours))
        if indexed:
            column = arguments[0] if arguments else ours.pop("close")
            ours |= {p.name: v for p, v in zip(row.params, arguments[1:])}
            parts = [_counted(part, column, row.lookback(**ours)) for part in parts]
        return parts[0] if len(parts) == 1 else tuple(parts)

    named = [inspect.Parameter(c, inspect.Parameter.POSITIONAL_OR_KEYWORD) for c in inputs]
    for theirs, param in params.items():
        value = _plain(_default(param), param)
        named.append(inspect.Parameter(theirs, named[0].kind, default=value))
    call.__signature__ = inspect.Signature(named)  # type: ignore[attr-defined]
    call.__name__, call.__doc__ = row.talib_name, base.__doc__
    return call


def _parts(out: Any) -> list[Any]:
    """TA-Lib gives one column, or a tuple of them, of the kind that came in."""
    if hasattr(out, "_fields"):
        return list(out)
    if hasattr(out, "columns"):
        return [out[name] for name in out.columns]
    return [out]


def _counted(part: Any, column: Any, warmup: int) -> Any:
    """TA-Lib counts rows from the start of the column, leading NaNs included."""
    live = ~np.isnan(np.asarray(column, np.float64))
    first = int(np.argmax(live)) if len(live) else 0
    values = np.array(part)
    values[first + warmup :] += first
    if isinstance(part, np.ndarray):
        return values
    more = {"index": part.index} if hasattr(part, "index") else {}
    return type(part)(name=part.name, **{"values" if not more else "data": values}, **more)


def MAVP(
    real: Any, periods: Any, minperiod: int = 2, maxperiod: int = 30, matype: int = 0
) -> Any:
    """TA-Lib's MAVP with averages of any kind; `indicators.mavp` is the one of simple averages.

    Every length that occurs is computed over the whole column and the wanted rows are taken, all
    averages starting so late that they have their first value on the same row.
    """
    if minperiod > maxperiod:
        raise ValueError(f"MAVP: minperiod {minperiod} exceeds maxperiod {maxperiod}")
    if matype == MA_Type.SMA:
        return Function(get("mavp"))(real, periods, minperiod, maxperiod)
    v = column("MAVP", "real", real)
    wanted = np.clip(column("MAVP", "periods", periods), minperiod, maxperiod).astype(np.int64)
    average = Function(get("ma"))
    first, out = average.row.lookback(length=maxperiod, matype=matype), np.full(len(v), np.nan)
    for length in np.unique(wanted[first:]):
        late = first - average.row.lookback(length=int(length), matype=matype)
        values = np.concatenate([np.full(late, np.nan), average(v[late:], int(length), matype)])
        rows_ = np.flatnonzero(wanted == length)
        out[rows_] = values[rows_]
    out[:first] = np.nan
    return out
