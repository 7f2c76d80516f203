"""A plan: one indicator with fixed parameters, compiled at its first use."""

from __future__ import annotations

import functools
from types import FunctionType
from typing import Any

import numpy as np

from domain import jit
from indicators import scan
from indicators.registry import Row

FLOAT = np.dtype(np.float64)
INTEGER = np.dtype(np.int32)
BUILTINS: dict[str, Any] = {"np": np, "len": len, "range": range, "min": min, "max": max}
Columns = tuple[np.ndarray[Any, Any], ...]


def fast(compiled: Any, *arguments: Any) -> Any:
    """The entry point of the version compiled for these arguments, without the dispatcher.

    Calling it costs about 0.2 microseconds; the types must be those of `arguments`, always.
    The call made here to compile it runs the kernel once.
    """
    compiled(*arguments)
    if jit.DISABLED:
        return compiled
    return compiled.overloads[compiled.signatures[-1]].entry_point


@functools.cache
def finite(arity: int) -> Any:
    """A fast function that tells whether a tuple of `arity` columns is free of gaps."""
    return fast(_finite(), tuple(np.zeros(1) for _ in range(arity)))


@functools.cache
def _finite() -> Any:
    return jit.entry(scan.all_finite)


def _bound(row: Row, template: Any, prefix: str, scope: dict[str, Any]) -> Any:
    """A copy of a template that stands in the indicator's file, so that it is cached with it."""
    name, code = f"{prefix}_{row.name}", template.__code__
    file = code.co_filename if jit.DISABLED else row.kernel.__code__.co_filename
    code = code.replace(co_filename=file, co_name=name)
    made = FunctionType(code, {**scope, **BUILTINS, "int": int}, name)
    made.__module__, made.__qualname__ = row.kernel.__module__, name
    return made


@functools.cache
def _gather(arity: int) -> Any:
    return jit.kernel(getattr(scan, f"gather_{arity}"))


@functools.cache
def _keep() -> Any:
    return jit.kernel(scan.keep)


def _chunk(plan: Plan) -> tuple[Any, str]:
    """The walk over a chunk, bound to the kernel of the indicator, not compiled yet."""
    row, kernel = plan.row, plan.row.kernel
    suffix = ""
    if row.bindings:
        bound = row.bindings(*plan.numbers)
        suffix = "_" + "_".join(f.__name__ for f in bound.values())
        assert isinstance(kernel, FunctionType)
        kernel = FunctionType(kernel.__code__, {**kernel.__globals__, **bound}, kernel.__name__)
    scope = {"step": jit.kernel(kernel), "gather": _gather(len(row.columns)), "keep": _keep()}
    template = scan.taped if row.history else scan.direct
    return _bound(row, template, f"chunk{suffix}", scope), suffix


def _kinds(plan: Plan) -> Any:
    """What tells the compiled versions of an indicator apart."""
    row = plan.row
    return tuple(row.bindings(*plan.numbers).values()) if row.bindings else None


_single: dict[Any, Any] = {}
_many: dict[Any, Any] = {}


def single(plan: Plan) -> Any:
    """The compiled kernel of an indicator for chunks of one series."""
    key = plan.row.name, _kinds(plan)
    if key not in _single:
        x = tuple(np.ones(1) for _ in plan.row.columns)
        _single[key] = fast(jit.entry(_chunk(plan)[0]), x, plan.blank(1), plan.state())
    return _single[key]


@functools.cache
def _tables() -> dict[str, Any]:
    """The views of `scan.sweep`."""
    return {
        "inputs": jit.table(0, np.float64, 1, moves=True),
        "outputs": jit.table(1, np.float64, 1, moves=True),
        "state": jit.table(2, np.float64, moves=True),
    }


def store(x: Any, y: Any, s: Any) -> np.ndarray[Any, Any]:
    """What `scan.sweep` finds its arrays by; they must stay alive and in place."""
    places = (x.ctypes.data, x.shape[1], y.ctypes.data, y.shape[1], s.ctypes.data, s.shape[1])
    return np.array(places, np.int64)


def many(plan: Plan) -> Any:
    """The compiled walk of an indicator over symbols: `scan.sweep` around its kernel."""
    key = plan.row.name, _kinds(plan)
    if key not in _many:
        chunk, suffix = _chunk(plan)
        walk = _bound(
            plan.row, scan.sweep, f"sweep{suffix}", {"chunk": jit.kernel(chunk), **_tables()}
        )
        x, y = np.ones((1, len(plan.row.columns), 1)), np.empty((1, len(plan.row.results), 1))
        s = plan.state().reshape(1, -1)
        at = store(x, y, s)
        _many[key] = fast(jit.entry(walk), at, at.ctypes.data, 1)
    return _many[key]


class Plan:
    """An indicator with fixed parameters: its first state and its output columns."""

    __slots__ = ("_kinds", "_start", "kernel", "numbers", "row")

    def __init__(self, row: Row, numbers: tuple[float, ...]) -> None:
        self.row, self.numbers = row, numbers
        self._start = np.zeros(row.state_size(numbers))
        held = row.held(numbers)
        self._start[: len(held)] = held
        past = row.past(numbers)
        self._start[-scan.TAIL :] = row.warmup(*numbers), 0, past, past
        whole = row.integer_outputs
        self._kinds = tuple(INTEGER if i in whole else FLOAT for i in range(len(row.results)))
        self.kernel = single(self)

    def state(self) -> np.ndarray[Any, Any]:
        """A fresh state vector."""
        return self._start.copy()

    def blank(self, count: int) -> Columns:
        """Output columns of `count` rows, not filled."""
        return tuple([np.empty(count, kind) for kind in self._kinds])

    def missing(self, count: int) -> Columns:
        """Output columns of `count` rows that say "no value": NaN, or 0 where whole numbers."""
        return tuple(
            [np.full(count, np.nan if kind is FLOAT else 0, kind) for kind in self._kinds]
        )

    @property
    def warmup(self) -> int:
        """How many leading rows have no value."""
        return int(self.row.warmup(*self.numbers))
