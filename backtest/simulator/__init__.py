"""The simulator: history and a strategy become commands, reports become a Record.

Lives here: `run`, the house (instruments, accounts, fees as commands), the kernels that play
bars, quotes, levels and single orders against the orders of the strategy.

Does not live here: matching, risk, measures of a result. Who may import it: backtest, gridworks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Protocol

from backtest.record import Listing, Record
from backtest.settings import Settings
from backtest.simulator.simple import run_simple
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

    Raises:
        InvalidField: parameters or settings that do not exist or do not fit.
    """
    made = strategy.made(parameters) if isinstance(strategy, type) else strategy
    chosen = replace(settings or Settings(), **changes)
    record = run_simple(made, dataset, chosen)
    return replace(record, parameters={**made.parameters(), **(parameters or {})})


__all__ = ["History", "run"]
