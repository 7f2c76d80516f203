"""One value at a time: ``RSI(14).update(x)``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zlib import crc32

import numpy as np

from indicators import batch, frames
from indicators.plan import FLOAT, Plan
from indicators.registry import Row, rows

VERSION = 2
NAN = float("nan")


class Stream:
    """An indicator that lives: each `update` takes one row and returns the newest value.

    `update` returns a float (NaN during the warm-up), or a named tuple if there is more than one
    output; a row with a NaN or an infinity returns NaN and is skipped. `extend` takes a chunk of
    any size. Both move the same state, so any mix gives the bits of one batch call. `save` and
    `restore` keep the state; a stream can be pickled and copied.
    """

    row: Row
    update: Callable[..., Any]

    def __init__(self, *values: Any, **named: Any) -> None:
        plan = batch.Function(self.row).plan(values, named)
        self._set(plan, plan.state())

    def _set(self, plan: Plan, state: np.ndarray[Any, Any]) -> None:
        self.plan, self.state = plan, state
        one = len(plan.row.columns) == 1 and len(plan.row.results) == 1
        self.update = (_one if one else _general)(plan, state)

    def extend(self, *columns: Any) -> Any:
        """Feed a chunk: columns in, output columns out (arrays)."""
        if len(columns) != len(self.row.columns):
            raise TypeError(f"{self.row.name}: needs {', '.join(self.row.columns)}")
        x, _ = frames.unwrap(self.row, dict(zip(self.row.columns, columns, strict=True)))
        if x[0].ndim != 1:
            raise ValueError(f"{self.row.name}: a stream takes columns, got shape {x[0].shape}")
        y = batch.run(self.plan, x, self.state)
        return y[0] if len(y) == 1 else frames.results(self.row)(y)

    def save(self) -> dict[str, Any]:
        """The parameters and the state, fit for JSON."""
        state = self.state.tobytes()
        return {
            "indicator": self.row.name,
            "version": VERSION,
            "parameters": list(self.plan.numbers),
            "state": state.hex(),
            "checksum": crc32(state),
        }

    def __reduce__(self) -> tuple[Any, ...]:
        return restore, (self.save(),)

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{p.name}={p.choices[int(v)] if p.choices else format(v, 'g')}"
            for p, v in zip(self.row.params, self.plan.numbers, strict=True)
        )
        return f"{type(self).__name__}({shown})"


def restore(saved: dict[str, Any]) -> Stream:
    """A stream as it was when `save` was called; ValueError if it does not fit."""
    row = rows().get(saved.get("indicator", ""))
    if row is None or saved.get("version") != VERSION:
        raise ValueError("this is not the saved state of a known indicator of this version")
    names = [p.name for p in row.params]
    numbers = row.numbers(dict(zip(names, saved["parameters"], strict=True)))
    plan = Plan(row, numbers)
    data = bytes.fromhex(saved["state"])
    if crc32(data) != saved.get("checksum"):  # a kernel trusts the places that its state names
        raise ValueError(f"{row.name}: the saved state is damaged: its checksum differs")
    state, held = np.frombuffer(data, np.float64).copy(), row.held(numbers)
    if len(state) != row.state_size(numbers) or tuple(state[: len(held)]) != held:
        raise ValueError(f"{row.name}: the saved state does not fit its parameters")
    made = stream_class(row).__new__(stream_class(row))
    made._set(plan, state)
    return made


_classes: dict[str, type[Stream]] = {}


def stream_class(row: Row) -> type[Stream]:
    """The class of an indicator: its name in capitals, ``RSI``."""
    if row.name not in _classes:
        body = {"row": row, "__doc__": batch.describe(row) + "\n\n" + (Stream.__doc__ or "")}
        _classes[row.name] = type(row.name.upper(), (Stream,), body)
    return _classes[row.name]


def _one(plan: Plan, state: np.ndarray[Any, Any]) -> Callable[[float], Any]:
    """The short way: one input, one output, no loop."""
    kernel, x, y = plan.kernel, np.empty(1), plan.blank(1)[0]
    item, lost = y.item, plan.missing(1)[0].item()

    def update(value: float) -> Any:
        """Feed one value, get the newest result."""
        x[0] = value
        return item() if kernel(state, x, y) else lost

    return update


def _general(plan: Plan, state: np.ndarray[Any, Any]) -> Callable[..., Any]:
    row, kernel = plan.row, plan.kernel
    xs, y = tuple(np.empty(1) for _ in row.columns), plan.blank(1)
    arrays, one = (state, *xs, *y), len(y) == 1
    items, make = [c.item for c in y], frames.results(row)
    lost: Any = tuple(c.item() for c in plan.missing(1))
    lost, first = lost[0] if one else make(lost), items[0]
    arity = len(xs)

    def update(*values: float) -> Any:
        """Feed one row (one value for each input), get the newest results."""
        if len(values) != arity:
            raise TypeError(f"{row.name}: needs {', '.join(row.columns)}")
        for column, value in zip(xs, values):
            column[0] = value
        if not kernel(*arrays):
            return lost
        return first() if one else make([item() for item in items])

    return update


__all__ = ["FLOAT", "Stream", "restore", "stream_class"]
