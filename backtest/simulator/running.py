"""`run`: a strategy over history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Protocol

from backtest.record import Listing, Record
from backtest.settings import Settings
from backtest.simulator.drive import Drive
from backtest.simulator.machine import Machine
from backtest.strategy import Strategy


class History(Protocol):
    """What a run reads: `backtest.data.Dataset`, or anything like it."""

    @property
    def listings(self) -> tuple[Listing, ...]:
        """The instruments 1, 2, 3, ..."""

    def chunks(self) -> Iterable[Any]:
        """EVENT rows in the order of their time, in arrays of any size."""


def run(
    strategy: type[Strategy] | Strategy, dataset: History,
    parameters: dict[str, Any] | None = None, settings: Settings | None = None, **changes: Any,
) -> Record:  # fmt: skip
    """Run a strategy over history; returns what it left behind.

    Args:
        strategy: a class, or an instance (used once, its parameters as they are).
        dataset: `listings` and `chunks()` (`backtest.data`).
        parameters: of the strategy.
        settings: `Settings`; `changes` are fields of it: `run(S, data, cash=10_000, seed=3)`.

    What the strategy raises ends the run: `Record.error` says what and where in the data, the rest
    of the record is what was until then.

    Raises:
        InvalidField: parameters or settings that do not exist or do not fit.
    """
    made = strategy.made(parameters) if isinstance(strategy, type) else strategy
    chosen = replace(settings or Settings(), **changes)
    machine = Machine(dataset.listings, chosen)
    drive = Drive(made, machine)
    drive.run(dataset)
    known = {name: getattr(made, name) for name in made.parameters()}
    return machine.record(chosen.name or type(made).__name__, known, drive.error)
