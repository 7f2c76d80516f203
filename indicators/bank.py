"""Many symbols at once: one call a tick, whatever the number of indicators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from indicators.batch import Function
from indicators.plan import Plan, many, store
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
        self._blocks: dict[tuple[str, ...], Array] = {}
        for request in indicators:
            name, values = (request, {}) if isinstance(request, str) else request
            plan = Function(get(name)).plan((), dict(values))
            columns = plan.row.columns
            if columns not in self._blocks:
                self._blocks[columns] = np.zeros((self.count, len(columns), 1))
            part = _Part(plan, self._blocks[columns])
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
        given = {name: self._column(name, columns) for name in self._needed()}
        for wanted, block in self._blocks.items():
            for k, name in enumerate(wanted):
                block[:, k, 0] = given[name]
        return {label: part.update() for label, part in self._parts.items()}

    def _needed(self) -> list[str]:
        return list(dict.fromkeys(name for wanted in self._blocks for name in wanted))

    def _column(self, name: str, columns: dict[str, Any]) -> Array:
        if name not in columns:
            raise TypeError(f"the bank needs the column {name}")
        values = np.asarray(columns[name], np.float64)
        if values.shape != (self.count,):
            raise ValueError(f"{name}: wanted {self.count} values, got shape {values.shape}")
        return values

    def save(self) -> dict[str, Any]:
        """Every state, fit for JSON."""
        states = {label: part.state.tobytes().hex() for label, part in self._parts.items()}
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
    """One indicator of a bank: a row of state for each symbol."""

    __slots__ = ("_address", "_at", "_block", "_out", "_step", "_view", "state")

    def __init__(self, plan: Plan, block: Array) -> None:
        count, names = len(block), plan.row.results
        self._step, self._block = many(plan), block
        self.state = np.tile(plan.state(), (count, 1))
        self._out = np.empty((count, len(names), 1))
        self._at = store(block, self._out, self.state)
        self._address = self._at.ctypes.data
        views = {name: self._out[:, k, 0] for k, name in enumerate(names)}
        self._view: Any = views if len(names) > 1 else views[names[0]]

    def update(self) -> Any:
        """One tick from the block of inputs."""
        self._step(self._at, self._address, len(self._block))
        return self._view

    def restore(self, label: str, values: Array) -> None:
        """Take saved numbers as the state."""
        if values.size != self.state.size:
            raise ValueError(f"{label}: the saved state has another size")
        new = values.reshape(self.state.shape)
        self.state[:] = new


__all__ = ["IndicatorBank"]
