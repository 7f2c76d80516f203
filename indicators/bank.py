"""Many symbols at once: one call a tick, whatever the number of indicators."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from zlib import crc32

import numpy as np

from indicators.batch import Function
from indicators.plan import Columns, Plan, lanes, many, remembering
from indicators.registry import get

Array = np.ndarray[Any, Any]
Request = str | tuple[str, Mapping[str, Any]]
VERSION = 2


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
        plans: dict[str, Plan] = {}
        for request in indicators:
            name, values = (request, {}) if isinstance(request, str) else request
            label = name if name not in plans else f"{name}({_shown(values)})"
            if label in plans:
                raise ValueError(f"{label} is asked for twice")
            plans[label] = Function(get(name)).plan((), dict(values))
        if not plans:
            raise ValueError("a bank needs at least one indicator")
        self._columns: dict[str, Array] = {}
        self._pasts: dict[str, _Past] = {}
        self._parts = {label: self._part(plan, plans) for label, plan in plans.items()}

    def _part(self, plan: Plan, plans: Mapping[str, Plan]) -> _Part:
        """An indicator, and the past of its columns unless another has it already."""
        named = plan.row.columns
        for column in named:
            self._columns.setdefault(column, np.empty(self.count))
        if " ".join(named) not in self._pasts:
            same = [p for p in plans.values() if p.row.columns == named]
            rows = max(p.row.past(p.numbers) for p in same)
            past = _Past(tuple([self._columns[c] for c in named]), rows)
            self._pasts[" ".join(named)] = past
        return _Part(plan, self._pasts[" ".join(named)])

    @property
    def indicators(self) -> tuple[str, ...]:
        """The names of the results."""
        return tuple(self._parts)

    def update(self, **columns: Any) -> dict[str, Any]:
        """One tick: a value for each symbol in each column that the indicators need."""
        given = {name: self._column(name, columns) for name in self._columns}
        for name, column in self._columns.items():
            column[:] = given[name]
        for past in self._pasts.values():
            past.update()
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
        kept = {
            "parameters": {label: list(part.numbers) for label, part in self._parts.items()},
            "states": {label: part.save() for label, part in self._parts.items()},
            "pasts": {columns: past.save() for columns, past in self._pasts.items()},
        }
        return {"version": VERSION, "count": self.count, **kept, "checksum": _checksum(kept)}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Go back to what `save` gave; ValueError if it is of another bank or damaged."""
        wanted = {label: list(part.numbers) for label, part in self._parts.items()}
        known = saved.get("version") == VERSION and saved.get("count") == self.count
        if not known or saved.get("parameters") != wanted:
            raise ValueError("this is not the saved state of a bank like this one")
        kept = {name: saved.get(name, {}) for name in ("parameters", "states", "pasts")}
        if _checksum(kept) != saved.get("checksum"):  # kernels trust the places that it names
            raise ValueError("the saved state of the bank is damaged: its checksum differs")
        for label, text in kept["states"].items():
            self._parts[label].restore(text)
        for columns, past in self._pasts.items():
            past.restore(kept["pasts"][columns])


def _checksum(kept: Mapping[str, Any]) -> int:
    return crc32(json.dumps(kept, sort_keys=True).encode())


def _shown(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{k}={v}" for k, v in values.items())


class _Past:
    """The past of a set of columns, which all indicators of these columns share."""

    __slots__ = ("_remember", "_where", "at", "live", "rings", "width", "x")

    def __init__(self, x: Columns, rows: int) -> None:
        self.x, self.width, count = x, rows + 1 if rows else 0, len(x[0])
        self.live, self.at = np.zeros(count, np.bool_), np.zeros(count, np.int64)
        self.rings = lanes(np.zeros(2 * self.width * len(x)), count)
        self._remember, self._where = remembering(len(x)), self.rings.ctypes.data

    def update(self) -> None:
        """Take the row of this tick."""
        self._remember(self.x, self._where, self.width, self.at, self.live)

    def save(self) -> list[str]:
        """Places and rings."""
        return [self.at.tobytes().hex(), self.rings.tobytes().hex()]

    def restore(self, saved: list[str]) -> None:
        """Take what was saved."""
        at, rings = (bytes.fromhex(text) for text in saved)
        self.at[:] = np.frombuffer(at, np.int64)
        self.rings.reshape(-1)[:] = np.frombuffer(rings)


class _Part:
    """One indicator of a bank: a state for each symbol."""

    __slots__ = ("_arguments", "_state", "_step", "_view", "numbers")

    def __init__(self, plan: Plan, past: _Past) -> None:
        names, count, self.numbers = plan.row.results, len(past.live), plan.numbers
        self._step, self._state = many(plan), lanes(plan.private(), count)
        y = tuple(np.empty(count) for _ in names)
        views = dict(zip(names, y, strict=True))
        self._view: Any = views if len(names) > 1 else y[0]
        state = self._state.ctypes.data, self._state.shape[1]
        behind = ((past.rings.ctypes.data, past.width), past.at) if plan.row.history else ()
        self._arguments = (past.x, y, *state, past.live, *behind)

    def update(self) -> Any:
        """One tick from the columns of inputs."""
        self._step(*self._arguments)
        return self._view

    def save(self) -> str:
        """The states."""
        return self._state.tobytes().hex()

    def restore(self, saved: str) -> None:
        """Take what was saved."""
        self._state.reshape(-1)[:] = np.frombuffer(bytes.fromhex(saved))


__all__ = ["IndicatorBank"]
