"""`Backtest`: parameters in, measures out; what a search calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backtest.record import Listing, Record
from backtest.results import MEASURES, Result
from backtest.results.series import returns_at
from backtest.search.keys import digest, key_of_code, key_of_rows
from backtest.settings import Settings
from backtest.simulator import History, run
from backtest.strategy import Strategy
from domain.errors import InvalidField

Span = tuple[int, int]  # ns: from (included), to (not included)
NAMES = tuple(measure.name for measure in MEASURES)


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of a history in a span of time."""

    history: History
    span: Span

    @property
    def listings(self) -> tuple[Listing, ...]:
        return self.history.listings

    def chunks(self) -> Iterator[Any]:
        for chunk in self.history.chunks():
            low, high = np.searchsorted(chunk["time"], self.span)
            if high > low:
                yield chunk[low:high]


@dataclass(frozen=True)
class Backtest:
    """A strategy over a data set as a function of its parameters.

    Args:
        measures: names of MEASURES to keep; () keeps all.
        returns: keep the returns of all samples and their times too, for cross-validation,
            walk-forward and the probability of overfitting.
        version: of code that the strategy calls and that is not part of its class.
    """

    strategy: type[Strategy]
    data: History
    settings: Settings = field(default_factory=Settings)
    measures: tuple[str, ...] = ()
    returns: bool = False
    version: str = ""

    def __post_init__(self) -> None:
        for name in self.measures:
            if name not in NAMES:
                raise InvalidField("measures", name, ", ".join(NAMES))

    def record(self, parameters: dict[str, Any], span: Span | None = None) -> Record:
        """Run it."""
        data = self.data if span is None else Part(self.data, span)
        return run(self.strategy, data, parameters, self.settings)

    def __call__(self, parameters: dict[str, Any], span: Span | None = None) -> dict[str, Any]:
        """Run it and measure. A run that ended early has its error in `error`."""
        record = self.record(parameters, span)
        found: dict[str, Any] = dict(Result(record).measures)
        if self.measures:
            found = {name: found[name] for name in self.measures}
        if self.returns:
            found["times"] = record.times
            found["returns"] = returns_at(record.equity.astype(np.float64), record.start_cash)
        return found | ({"error": record.error} if record.error else {})

    def key(self) -> str:
        """A hash of everything that a result depends on besides the parameters."""
        described = [repr(each) for each in self.data.listings]
        rows = key_of_rows(self.data.chunks(), *described)
        kept = f"{self.measures} {self.returns} {self.version} {self.settings!r}"
        return digest(key_of_code(self.strategy), rows, kept)
