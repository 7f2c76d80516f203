"""`run`: a strategy over history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from backtest.record import Listing, Record
from backtest.settings import Settings
from backtest.simulator.core import tables as t
from backtest.simulator.core.calls import address
from backtest.simulator.core.follow import HOLD, follow
from backtest.simulator.core.tables import Part
from backtest.simulator.drive import Drive
from backtest.simulator.functions import Compiled
from backtest.simulator.machine import Machine, instants
from backtest.strategy import Strategy
from domain.errors import InvalidField


class History(Protocol):
    """What a run reads: `backtest.data.Dataset`, or anything like it."""

    @property
    def listings(self) -> tuple[Listing, ...]:
        """The instruments 1, 2, 3, ..."""

    def chunks(self) -> Iterable[Any]:
        """EVENT rows in the order of their time, in arrays of any size."""


def run(
    strategy: type[Strategy] | Strategy | Compiled, dataset: History,
    parameters: dict[str, Any] | None = None, settings: Settings | None = None, **changes: Any,
) -> Record:  # fmt: skip
    """Run a strategy over history; returns what it left behind.

    Args:
        strategy: a class, or an instance (used once, its parameters as they are), or what
            `compiled` made of a function.
        dataset: `listings` and `chunks()` (`backtest.data`).
        parameters: of the strategy.
        settings: `Settings`; `changes` are fields of it: `run(S, data, cash=10_000, seed=3)`.

    What the strategy raises ends the run: `Record.error` says what and where in the data, the rest
    of the record is what was until then.

    Raises:
        InvalidField: parameters or settings that do not exist or do not fit.
    """
    chosen = replace(settings or Settings(), **changes)
    if isinstance(strategy, Compiled):
        return _run_compiled(strategy, dataset, parameters, chosen)
    made = strategy.made(parameters) if isinstance(strategy, type) else strategy
    machine = Machine(dataset.listings, chosen)
    drive = Drive(made, machine)
    drive.run(dataset)
    known = {name: getattr(made, name) for name in made.parameters()}
    return machine.record(chosen.name or type(made).__name__, known, drive.error)


def _run_compiled(
    strategy: Compiled, dataset: History, parameters: dict[str, Any] | None, settings: Settings
) -> Record:
    state = strategy.state(parameters)
    machine = Machine(dataset.listings, settings)
    machine.head["wants"], machine.head["strategy"] = strategy.wants, address(strategy.step(), 2)
    machine.hold(Part.STATE, state)
    raised = _go_through(machine, dataset)
    known = {**strategy.parameters(), **(parameters or {})}
    error = f"an exception in {strategy.name} {raised}" if raised else ""
    return machine.record(settings.name or strategy.name, known, error)


def _go_through(machine: Machine, dataset: History) -> str:
    """Play all of history; nothing is asked of Python. Where a compiled strategy raised, or ""."""
    played = 0
    for rows, final in instants(dataset.chunks()):
        machine.feed(rows, final)
        before = played - int(machine.head["carried"])
        if machine.advance(len(machine.arrays[Part.EVENT])) == t.RAISED:
            at = int(machine.head["seen"]) - 1
            return machine.place(at, before + at)
        played += len(rows)
    return ""


def signals(
    dataset: History, targets: Any, settings: Settings | None = None, **changes: Any
) -> Record:
    """Follow positions that are given as an array: a market order for what is missing, each bar.

    Args:
        dataset: bars.
        targets: positions wanted after a bar, in units, NaN to leave it as it is: shape (n,), one
            for each bar in the order of the data, or (m, k), one row for each instant at which
            bars close and one column for each instrument.
        settings, changes: as in `run`.

    It is the simulation that `run` does, with a strategy that reads an array. Raises InvalidField.
    """
    chosen = replace(settings or Settings(), **changes)
    wanted = np.asarray(targets, np.float64)
    k = len(dataset.listings)
    if wanted.ndim not in (1, 2) or (wanted.ndim == 2 and wanted.shape[1] != k):
        raise InvalidField("targets", wanted.shape, f"(bars,) or (instants, {k})")
    if wanted.ndim == 1 and k > 1 and len({each.lot for each in dataset.listings}) > 1:
        raise InvalidField("targets", wanted.shape, "two dimensions where lots differ")
    sizes = np.array([float(each.lot) for each in dataset.listings])
    lots = wanted / (sizes if wanted.ndim == 2 else sizes[0])
    nearest = np.rint(lots)  # a quotient that is whole but for rounding is whole
    lots = np.where(np.abs(lots - nearest) < 1e-9 * np.abs(nearest), nearest, np.trunc(lots))
    rows = np.where(np.isnan(wanted), HOLD, np.nan_to_num(lots))
    machine = Machine(dataset.listings, chosen)
    machine.head["wants"], machine.head["strategy"] = t.SHOW_BARS, address(follow, 2)
    machine.head["target_width"] = k if wanted.ndim == 2 else 0
    machine.hold(Part.TARGET, np.ascontiguousarray(rows.reshape(-1), np.int64))
    _go_through(machine, dataset)
    return machine.record(chosen.name or "signals", {}, "")
