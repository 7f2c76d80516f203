"""Compiled strategies: a function over an event and a small record, millions of events a second.

    import gridworks as gw
    k = gw.backtest.kernels

    @gw.backtest.compiled(fast=10, slow=30, n=0, total=np.zeros(2), closes=np.zeros(30))
    def cross(desk, event, my):
        ...
        if my["total"][0] > my["total"][1] and k.position(desk, 1) == 0:
            k.market(desk, 1, 100)

    record = gw.backtest.run(cross, data, {"fast": 5})

The function is compiled by numba when it first runs (a second or two; uncompiled with
NUMBA_DISABLE_JIT=1). `event` is a row of EVENT: ticks, lots, ns. `my` is the strategy's memory: one
field for each keyword, whole numbers int64, others float64, arrays as they are; the numbers are
parameters. `desk` goes into the functions of `gw.backtest.kernels`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backtest.simulator.core import tables as t
from backtest.simulator.core.tables import Part, events
from domain.errors import InvalidField
from domain.jit import plain, table

_SHOWN = {"bars": t.SHOW_BARS, "trades": t.SHOW_TRADES, "book": t.SHOW_BOOK, "all": t.SHOW_ALL}
Function = Callable[[Any, Any, Any], Any]


@dataclass(slots=True)
class Compiled:
    """A compiled strategy: what `compiled` makes of a function."""

    function: Function
    memory: dict[str, Any]  # field: first value
    shows: tuple[str, ...]
    _built: Any = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The function's."""
        return str(getattr(self.function, "__name__", "compiled"))

    @property
    def wants(self) -> int:
        """SHOW_* bits."""
        found = 0
        for each in self.shows:
            found |= _SHOWN[each]
        return found

    def parameters(self) -> dict[str, Any]:
        """The numbers among the fields of the memory, and their first values."""
        return {n: v for n, v in self.memory.items() if isinstance(v, int | float)}

    def state(self, parameters: dict[str, Any] | None = None) -> np.ndarray[Any, Any]:
        """A fresh memory, one row. Raises InvalidField for a parameter that does not exist."""
        made, known = np.zeros(1, self._dtype()), self.parameters()
        for name in parameters or {}:
            if name not in known:
                raise InvalidField("parameters", name, ", ".join(known) or "none")
        for name, value in {**self.memory, **(parameters or {})}.items():
            made[name][0] = value
        return made

    def _dtype(self) -> np.dtype[Any]:
        fields: list[Any] = []
        for name, value in self.memory.items():
            array = np.asarray(value)
            kind = "i8" if array.dtype.kind in "bui" else "f8"
            fields.append((name, kind, array.shape) if array.ndim else (name, kind))
        return np.dtype(fields or [("unused", "i8")])

    def step(self) -> Any:
        """The function of (desk, number of the event) that the simulation calls."""
        if self._built is None:
            memory, function = table(Part.STATE, self._dtype()), plain(self.function)

            def step(desk: Any, at: Any) -> Any:
                try:
                    function(desk, events(desk)[at], memory(desk)[0])
                except Exception:
                    return np.int64(-1)
                return np.int64(0)

            self._built = plain(step)
        return self._built


def compiled(*, shows: str | tuple[str, ...] = "bars", **memory: Any) -> Callable[..., Compiled]:
    """Make a function of (desk, event, my) a strategy for `run`.

    Args:
        shows: of which events it is called: "bars", "trades", "book" (the best prices have
            changed), "all" rows of history; or several of these.
        memory: fields of `my` and their first values.

    Raises:
        InvalidField: `shows` names something else.
    """
    wanted = (shows,) if isinstance(shows, str) else tuple(shows)
    for each in wanted:
        if each not in _SHOWN:
            raise InvalidField("shows", each, ", ".join(_SHOWN))

    def make(function: Function) -> Compiled:
        return Compiled(function, memory, wanted)

    return make
