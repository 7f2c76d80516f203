"""Chunks of one series: the gap rule, and a function for each indicator.

The gap rule: a row in which any input is NaN or infinite has no value in any output (NaN, or 0
in columns of whole numbers) and leaves the state as it was, as though the row were not there.
Elementwise functions (`Row.elementwise`) keep no state and follow IEEE arithmetic instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from domain import jit
from indicators import frames
from indicators.plan import Columns, Plan
from indicators.registry import Row
from indicators.scan import BLOCK

Array = np.ndarray[Any, Any]
TOGETHER = 4  # columns of a stack that one call of a mapper works on


def run(plan: Plan, x: Columns, state: Array) -> Columns:
    """One chunk: plain float64 columns of one length in, output columns out, state moved on."""
    y = plan.blank(len(x[0]))
    _fill(plan, x, y, state)
    return y


def _fill(plan: Plan, x: Columns, y: Columns, state: Array) -> None:
    done = plan.kernel(state, *x, *y)
    if done < len(x[0]):
        _rest(plan, x, y, state, done)


def _stacked(plan: Plan, x: Columns, mapper: Callable[..., Any]) -> Columns:
    """Every column of two-dimensional inputs, a few at a time, each with a state of its own.

    What is copied and computed for one group depends on no other, so all of it is spread.
    """
    rows, count = x[0].shape
    y = tuple([np.empty((count, rows), c.dtype) for c in plan.blank(0)])

    def group(first: int) -> None:
        parts = [np.ascontiguousarray(c[:, first : first + TOGETHER].T) for c in x]
        for j in range(len(parts[0])):
            columns = tuple([c[j] for c in parts])
            _fill(plan, columns, tuple([c[first + j] for c in y]), plan.state())

    for _ in mapper(group, range(0, count, TOGETHER)):
        pass
    return tuple([c.T for c in y])


def _rest(plan: Plan, x: Columns, y: Columns, state: Array, done: int) -> None:
    """The rows from the first block with a gap on."""
    rows = len(x[0])
    while done < rows:
        stop = min(done + BLOCK, rows)
        part = tuple([c[done:stop] for c in x])
        for to, value in zip(y, _around_gaps(plan, part, state), strict=True):
            to[done:stop] = value
        done = stop
        if done < rows:
            done += plan.kernel(state, *[c[done:] for c in x], *[c[done:] for c in y])


def _around_gaps(plan: Plan, x: Columns, state: Array) -> Columns:
    live = np.logical_and.reduce([np.isfinite(c) for c in x])
    rows = np.flatnonzero(live)
    dense = tuple([np.ascontiguousarray(c[rows]) for c in x])
    part, y = plan.blank(len(rows)), plan.missing(len(live))
    plan.kernel(state, *dense, *part)
    for to, value in zip(y, part, strict=True):
        to[rows] = value
    return y


class Function:
    """``rsi(close, length=14)``: an indicator over whole columns.

    Takes and returns ndarrays, pandas Series (DataFrame if there is more than one output; the
    index is kept) or polars Series. Columns stacked in two dimensions (or a DataFrame of one
    input for many symbols) are worked on four at a time; `mapper`, for example the `map` of a
    thread pool, spreads them over cores (kernels release the GIL).

    Raises TypeError for what is not numeric, ValueError for columns of unequal length and for
    parameters out of range. Fewer rows than the warm-up needs: every value is NaN.
    """

    def __init__(self, row: Row) -> None:
        self.row = row
        self.__name__, self.__doc__ = row.name, describe(row)
        self._arity = len(row.columns)
        self._plans: dict[Any, Plan] = {}
        self._one = len(row.results) == 1
        self._tuple = frames.results(row)

    def __repr__(self) -> str:
        return f"<indicator {self.row.name}>"

    def plan(self, values: tuple[Any, ...], named: dict[str, Any]) -> Plan:
        """The plan for parameters given by place and by name (remembered)."""
        key = (values, tuple(named.items())) if named else values
        try:
            return self._plans[key]
        except (KeyError, TypeError):
            pass
        if len(values) > len(self.row.params):
            raise TypeError(f"{self.row.name}: at most {len(self.row.params)} parameters")
        given = {p.name: v for p, v in zip(self.row.params, values, strict=False)}
        twice = set(given) & set(named)
        if twice:
            raise TypeError(f"{self.row.name}: {sorted(twice)[0]} is given twice")
        plan = Plan(self.row, self.row.numbers({**given, **named}))
        if len(self._plans) > 1000:
            self._plans.clear()
        self._plans[key] = plan
        return plan

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """See the class."""
        arity = self._arity
        x, values = arguments[:arity], arguments[arity:]
        try:  # the short way: a known plan, plain columns of one length
            plan = self._plans[(values, tuple(named.items())) if named else values]
            if type(x[0]) is np.ndarray and not jit.DISABLED:
                state, y = plan.state(), plan.blank(rows := len(x[0]))
                done = plan.checked(state, *x, *y)
                if done == rows:
                    return y[0] if self._one else self._tuple(y)
                if done >= 0:
                    _rest(plan, x, y, state, done)
                    return y[0] if self._one else self._tuple(y)
        except (KeyError, TypeError, IndexError):
            pass
        return self._other(arguments, named)

    def _other(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Anything that is not plain columns: names, frames, lists, other dtypes, stacks."""
        columns = self.row.columns
        mapper = named.pop("mapper", map)
        given = dict(zip(columns, arguments, strict=False))
        for name in columns:
            if name in named:
                if name in given:
                    raise TypeError(f"{self.row.name}: {name} is given twice")
                given[name] = named.pop(name)
        if len(given) < len(columns):
            lost = [c for c in columns if c not in given]
            raise TypeError(f"{self.row.name}: needs {', '.join(columns)}; missing {lost[0]}")
        plan = self.plan(arguments[len(columns) :], named)
        x, wrap = frames.unwrap(self.row, given)
        if x[0].ndim == 1:
            return wrap(run(plan, x, plan.state()))
        return wrap(_stacked(plan, x, mapper))


def describe(row: Row) -> str:
    """The help text of an indicator, made from its row."""
    lines = [f"{row.title}.", "", row.formula, "", f"Inputs: {', '.join(row.columns)}."]
    for p in row.params:
        span = ", ".join(p.choices) if p.choices else f"{p.low:g} .. {p.high:g}"
        lines.append(f"{p.name}: {p.meaning or 'value'} (default {p.default}; {span}).")
    lines += [f"Outputs: {', '.join(row.results)}.", f"Seeding: {row.seeding}."]
    return "\n".join([*lines, f"Source: {row.source}."])
