"""A plan: one indicator with fixed parameters, compiled at its first use."""

from __future__ import annotations

import functools
from types import FunctionType
from typing import Any

import numpy as np

from domain import bits, jit
from indicators import scan
from indicators.registry import Row

FLOAT = np.dtype(np.float64)
INTEGER = np.dtype(np.int32)
BUILTINS: dict[str, Any] = {
    "np": np, "len": len, "range": range, "min": min, "max": max, "int": int,
}  # fmt: skip
Columns = tuple[np.ndarray[Any, Any], ...]


def opened(compiled: Any, *arguments: Any) -> tuple[Any, Any]:
    """Compile an entry for these arguments (it runs once): (checked call, its entry point).

    The checked call raises TypeError for other types and never compiles again; the entry point
    looks at no type at all, so they must always be those of `arguments`.
    """
    compiled(*arguments)
    if jit.DISABLED:
        return compiled, compiled
    point = compiled.overloads[compiled.signatures[-1]].entry_point
    compiled.disable_compile()
    return compiled, point


def _bound(row: Row, template: Any, prefix: str, scope: dict[str, Any]) -> Any:
    """A copy of a template that stands in the indicator's file, so that it is cached with it."""
    name, code = f"{prefix}_{row.name}", template.__code__
    file = code.co_filename if jit.DISABLED else row.kernel.__code__.co_filename
    code = code.replace(co_filename=file, co_name=name)
    made = FunctionType(code, {**scope, **BUILTINS}, name)
    made.__module__, made.__qualname__ = row.kernel.__module__, name
    return made


@functools.cache
def _shared(name: str) -> Any:
    return jit.kernel(getattr(scan, name))


def _scope(plan: Plan) -> tuple[dict[str, Any], str]:
    """What the templates call, with `step` bound to the indicator, and a suffix for names."""
    row, kernel = plan.row, plan.row.kernel
    suffix = ""
    if row.bindings:
        bound = row.bindings(*plan.numbers)
        suffix = "_" + "_".join(f.__name__ for f in bound.values())
        assert isinstance(kernel, FunctionType)
        kernel = FunctionType(kernel.__code__, {**kernel.__globals__, **bound}, kernel.__name__)
    scope = {
        "step": jit.kernel(kernel, inline=True),
        "gather": _shared(f"gather_{len(row.columns)}"),
    }
    scope |= {"keep": _shared("keep"), "finite": _shared("finite")}
    scope |= {"BLOCK": scan.BLOCK, "CHECKED": not row.elementwise}
    return scope, suffix


def _kinds(plan: Plan) -> Any:
    """What tells the compiled versions of an indicator apart."""
    row = plan.row
    return tuple(row.bindings(*plan.numbers).values()) if row.bindings else None


def _spread(row: Row, suffix: str, chunk: Any) -> Any:
    """``call(s, x0, x1, .., y0, y1, ..)`` around ``chunk(x, y, s)``.

    Plain arrays in place of tuples: the dispatcher tells their types in half the time.
    """
    x = ", ".join(f"x{k}" for k in range(len(row.columns)))
    y = ", ".join(f"y{k}" for k in range(len(row.results)))
    text = f"def call(s, {x}, {y}):\n    return chunk(({x},), ({y},), s)\n"
    made: dict[str, Any] = {"chunk": chunk}
    exec(compile(text, "<call>", "exec"), made)  # the names are ours, made one line above
    return _bound(row, made["call"], f"call{suffix}", {"chunk": chunk})


_single: dict[Any, Any] = {}
_many: dict[Any, Any] = {}


def single(plan: Plan) -> Any:
    """(checked, trusting): two ways into the kernel of an indicator for chunks of one series.

    Both take the state, the input columns, the output columns. The first raises TypeError unless
    all are whole arrays of the right dtype; the second, about 0.2 microseconds faster, looks at
    nothing.
    """
    key = plan.row.name, _kinds(plan)
    if key not in _single:
        scope, suffix = _scope(plan)
        template = scan.taped if plan.row.history else scan.direct
        chunk = jit.kernel(_bound(plan.row, template, f"chunk{suffix}", scope), inline=True)
        call = jit.entry(_spread(plan.row, suffix, chunk))
        columns = [np.ones(1) for _ in plan.row.columns]
        _single[key] = opened(call, plan.state(), *columns, *plan.blank(1))
    return _single[key]


@functools.cache
def _lines() -> Any:
    return jit.grid(np.float64, scan.LANES)


@functools.cache
def _lane() -> Any:
    return bits.strided(scan.LANES)


def many(plan: Plan) -> Any:
    """The compiled walk of an indicator over symbols: `scan.direct_tick` or `scan.taped_tick`.

    Arguments: input columns, output columns, address and slots of the states, which symbols are
    live; and, for a kernel that reads past inputs, the (address, width) of rings and the places.
    """
    key = plan.row.name, _kinds(plan)
    if key not in _many:
        scope, suffix = _scope(plan)
        scope |= {"lane": _lane(), "miss": _shared("miss"), "LANES": scan.LANES}
        template = scan.taped_tick if plan.row.history else scan.direct_tick
        call = jit.entry(_bound(plan.row, template, f"tick{suffix}", scope))
        x = tuple(np.ones(1) for _ in plan.row.columns)
        y = tuple(np.empty(1) for _ in plan.row.results)
        s, width = lanes(plan.private(), 1), plan.row.past(plan.numbers) + 1
        past = lanes(np.zeros(2 * width * len(x)), 1)
        behind = ((past.ctypes.data, width), np.zeros(1, np.int64)) if plan.row.history else ()
        live = np.ones(1, np.bool_)
        _many[key] = opened(call, x, y, s.ctypes.data, s.shape[1], live, *behind)[1]
    return _many[key]


@functools.cache
def remembering(columns: int) -> Any:
    """The compiled `scan.remember` for a number of columns."""
    scope = {**vars(scan), "lines": _lines(), "one": jit.kernel(scan.one)}
    for part in (scan.seek, scan.in_step, scan.put):
        scope[part.__name__] = jit.kernel(part, inline=True)
    made = FunctionType(scan.remember.__code__, scope, "remember")
    made.__module__ = scan.__name__
    x, past = tuple(np.ones(1) for _ in range(columns)), lanes(np.zeros(4 * columns), 1)
    live, at = np.ones(1, np.bool_), np.zeros(1, np.int64)
    return opened(jit.entry(made), x, past.ctypes.data, 2, at, live)[1]


def lanes(start: np.ndarray[Any, Any], count: int) -> np.ndarray[Any, Any]:
    """The state `start` for each of `count` symbols, as `indicators.scan` wants them."""
    groups = -(-count // scan.LANES)
    return np.ascontiguousarray(np.broadcast_to(start[:, None], (groups, len(start), scan.LANES)))


class Plan:
    """An indicator with fixed parameters: its first state and its output columns."""

    __slots__ = ("_kinds", "_start", "checked", "kernel", "numbers", "row", "state")

    def __init__(self, row: Row, numbers: tuple[float, ...]) -> None:
        self.row, self.numbers = row, numbers
        start = np.zeros(row.state_size(numbers))
        held = row.held(numbers)
        start[: len(held)] = held
        past = row.past(numbers)
        start[-scan.TAIL :] = past, past, row.warmup(*numbers), 0
        self.state = start.copy  # a fresh state vector
        whole = row.integer_outputs
        self._kinds = tuple(INTEGER if i in whole else FLOAT for i in range(len(row.results)))
        self.checked, self.kernel = single(self)

    def private(self) -> np.ndarray[Any, Any]:
        """A fresh state without the tape, its length and its cursor."""
        start = self.state()
        own = len(start) - scan.TAIL - self.row.tape_size(self.numbers)
        return np.concatenate([start[:own], start[-2:]])

    def blank(self, count: int) -> Columns:
        """Output columns of `count` rows, not filled."""
        return tuple([np.empty(count, kind) for kind in self._kinds])

    def missing(self, count: int) -> Columns:
        """Output columns of `count` rows that say "no value": NaN, or 0 where whole numbers."""
        return tuple([np.full(count, np.nan if kind is FLOAT else 0, kind) for kind in self._kinds])

    @property
    def warmup(self) -> int:
        """How many leading rows have no value."""
        return int(self.row.warmup(*self.numbers))
