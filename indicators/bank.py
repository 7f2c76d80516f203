"""Many symbols at once: one call a tick, whatever the number of indicators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from indicators.batch import Function
from indicators.plan import Columns, Plan, lanes, many
from indicators.registry import get

Array = np.ndarray[Any, Any]
Request = str | tuple[str, Mapping[str, Any]]
VERSION = 1


class IndicatorBank:
    """Indicators over many symbols, updated together.

    `symbols` is a number or a list of names; `indicators` a list of names or of (name,
    parameters). ``bank.update(close=..., high=...)`` takes one value for each symbol and returns
    ``{"rsi": array, "macd": {"macd": array, ...}}``, arrays of one value for each symbol that are
    overwritten by the next update. A symbol with NaN or infinity in an input of an indicator gets
    NaN there and keeps its state: so a tick may leave symbols out.

    Raises KeyError for an unknown indicator, TypeError for a missing column, ValueError for
    columns of the wrong length.
    """

    def __init__(self, symbols: int | Iterable[str], indicators: Iterable[Request]) -> None:
        names = None if isinstance(symbols, int) else list(symbols)
        self.symbols = names
        self.count = symbols if isinstance(symbols, int) else len(names or ())
        if self.count <= 0:
            raise ValueError(f"a bank needs at least one symbol, got {self.count}")
        self._parts: dict[str, _Part] = {}
        self._columns: dict[str, Array] = {}
        for request in indicators:
            name, values = (request, {}) if isinstance(request, str) else request
            plan = Function(get(name)).plan((), dict(values))
            for column in plan.row.columns:
                self._columns.setdefault(column, np.empty(self.count))
            part = _Part(plan, tuple([self._columns[c] for c in plan.row.columns]))
            self._parts[self._label(name, values)] = part
        if not self._parts:
            raise ValueError("a bank needs at least one indicator")

    def _label(self, name: str, values: Mapping[str, Any]) -> str:
        label = name if name not in self._parts else f"{name}({_shown(values)})"
        if label in self._parts:
            raise ValueError(f"{label} is asked for twice")
        return label

    @property
    def indicators(self) -> tuple[str, ...]:
        """The names of the results."""
        return tuple(self._parts)

    def update(self, **columns: Any) -> dict[str, Any]:
        """One tick: a value for each symbol in each column that the indicators need."""
        given = {name: self._column(name, columns) for name in self._columns}
        for name, column in self._columns.items():
            column[:] = given[name]
        return {label: part.update() for label, part in self._parts.items()}

    def _column(self, name: str, columns: dict[str, Any]) -> Array:
        if name not in columns:
            raise TypeError(f"the bank needs the column {name}")
        values = np.asarray(columns[name], np.float64)
        if values.shape != (self.count,):
            raise ValueError(f"{name}: wanted {self.count} values, got shape {values.shape}")
        return values

    def save(self) -> dict[str, Any]:
        """Every state, fit for JSON."""
        states = {label: part.save() for label, part in self._parts.items()}
        return {"version": VERSION, "count": self.count, "states": states}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go back to what `save` gave; ValueError if it is of another bank."""
        known = saved.get("version") == VERSION and saved.get("count") == self.count
        if not known or set(saved["states"]) != set(self._parts):
            raise ValueError("this is not the saved state of a bank like this one")
        for label, text in saved["states"].items():
            self._parts[label].restore(label, np.frombuffer(bytes.fromhex(text)))


def _shown(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{k}={v}" for k, v in values.items())


class _Part:
    """One indicator of a bank: a state for each symbol."""

    __slots__ = ("_address", "_count", "_state", "_step", "_view", "_x", "_y")

    def __init__(self, plan: Plan, x: Columns) -> None:
        names = plan.row.results
        self._step, self._x, self._count = many(plan), x, len(x[0])
        self._state = lanes(plan.state(), self._count)
        self._address = self._state.ctypes.data
        self._y = tuple(np.empty(self._count) for _ in names)
        views = dict(zip(names, self._y, strict=True))
        self._view: Any = views if len(names) > 1 else self._y[0]

    def update(self) -> Any:
        """One tick from the columns of inputs."""
        self._step(self._x, self._y, self._address, self._state.shape[1], self._count)
        return self._view

    def save(self) -> str:
        """The states, one symbol after the other."""
        rows = self._state.transpose(0, 2, 1).reshape(-1, self._state.shape[1])
        return rows[: self._count].tobytes().hex()

    def restore(self, label: str, values: Array) -> None:
        """Take saved numbers as the state."""
        groups, slots, width = self._state.shape
        if values.size != self._count * slots:
            raise ValueError(f"{label}: the saved state has another size")
        rows = np.zeros((groups * width, slots))
        rows[: self._count] = values.reshape(self._count, slots)
        self._state[:] = rows.reshape(groups, width, slots).transpose(0, 2, 1)


__all__ = ["IndicatorBank"]
