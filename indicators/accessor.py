"""The pandas accessor: ``df.gw.rsi(length=7)``. It imports a kernel when it is first used.

A DataFrame's columns are found by name, whatever their case. Other columns can be named:
``df.gw.correl(x="close", y="volume")``, ``df.gw.sma(close="vwap")``. A Series is the first input:
``df["close"].gw.rsi()``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas

if TYPE_CHECKING:
    from indicators.registry import Row


class Accessor:
    """Indicators as methods of a DataFrame or Series."""

    def __init__(self, data: Any) -> None:
        self._data = data

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        from indicators.registry import get

        try:
            row = get(name)
        except KeyError as problem:
            raise AttributeError(problem.args[0]) from None
        return lambda *values, **named: self._run(row, values, named)

    def _run(self, row: Row, values: tuple[Any, ...], named: dict[str, Any]) -> Any:
        from indicators.batch import Function

        inputs = {c: named.pop(c, None) for c in row.columns}
        if isinstance(self._data, pandas.Series):
            found = {row.columns[0]: self._data}
            found |= {c: v for c, v in inputs.items() if v is not None}
        else:
            found = {c: self._column(row, c, v) for c, v in inputs.items()}
        missing = [c for c in row.columns if c not in found]
        if missing:
            raise TypeError(f"{row.name}: give {missing[0]}=")
        return Function(row)(*(found[c] for c in row.columns), *values, **named)

    def _column(self, row: Row, wanted: str, given: Any) -> Any:
        if given is not None and not isinstance(given, str):
            return given
        name = wanted if given is None else given
        alike = [c for c in self._data.columns if str(c).lower() == name.lower()]
        found = [c for c in alike if c == name] or alike
        if len(found) == 1:
            return self._data[found[0]]
        many = "two columns" if found else "no column"
        raise KeyError(f"{row.name}: the frame has {many} {name!r}; give {wanted}=")


pandas.api.extensions.register_dataframe_accessor("gw")(Accessor)
pandas.api.extensions.register_series_accessor("gw")(Accessor)
