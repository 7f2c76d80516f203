"""`Backtest` and `Signals`: parameters in, measures out; what a search calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from backtest.events import EventKind
from backtest.record import Listing, Record
from backtest.results import MEASURES
from backtest.results.analysis import Analysis
from backtest.results.measures import measures_of
from backtest.results.series import returns_at
from backtest.search.keys import digest, key_of_code, key_of_rows
from backtest.settings import Settings
from backtest.simulator import History, run, signals
from backtest.simulator.functions import Compiled
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


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What is kept of a run: the fields that all objectives have.

    Args:
        measures: names of MEASURES; () keeps all. Fewer take less time.
        returns: the returns of all samples and their times too, for cross-validation,
            walk-forward and the probability of overfitting.
        version: of code that the strategy calls and that is not part of its class.
    """

    measures: tuple[str, ...] = ()
    returns: bool = False
    version: str = ""

    def __post_init__(self) -> None:
        for name in self.measures:
            if name not in NAMES:
                raise InvalidField("measures", name, ", ".join(NAMES))

    def of(self, record: Record) -> dict[str, Any]:
        """What is kept of a record. A run that ended early has its error in `error`."""
        found: dict[str, Any] = dict(measures_of(Analysis(record), self.measures))
        if self.returns:
            found["times"] = record.times
            found["returns"] = returns_at(record.equity.astype(np.float64), record.start_cash)
        return found | ({"error": record.error} if record.error else {})

    def key_over(self, code: Any, data: History, settings: Settings) -> str:
        """A hash of everything that a result depends on besides the parameters."""
        described = [repr(each) for each in data.listings]
        rows = key_of_rows(data.chunks(), *described)
        kept = f"{self.measures} {self.returns} {self.version} {settings!r}"
        return digest(key_of_code(code), rows, kept)


@dataclass(frozen=True)
class Backtest(Kept):
    """A strategy over a data set as a function of its parameters.

    A compiled strategy (`gw.backtest.compiled`) wants `backend="threads"`.
    """

    strategy: type[Strategy] | Compiled
    data: History
    settings: Settings = field(default_factory=Settings)

    def record(self, parameters: dict[str, Any], span: Span | None = None) -> Record:
        """Run it."""
        data = self.data if span is None else Part(self.data, span)
        return run(self.strategy, data, parameters, self.settings)

    def __call__(self, parameters: dict[str, Any], span: Span | None = None) -> dict[str, Any]:
        """Run it and measure."""
        return self.of(self.record(parameters, span))

    def key(self) -> str:
        """A hash of everything that a result depends on besides the parameters."""
        code = self.strategy
        chosen = code.function if isinstance(code, Compiled) else code
        return self.key_over(chosen, self.data, self.settings)


@dataclass(frozen=True)
class Signals(Kept):
    """Positions worked out from whole columns of bars, as a function of parameters.

    Args:
        function: is called with a dictionary of columns (open, high, low, close, volume in units,
            time in ns), as arrays over the bars of the first instrument, and the parameters by
            their names; returns the position wanted after each bar. It sees all bars at once:
            that it does not look ahead is its own business.
        data: bars of one instrument.
    """

    function: Callable[..., Any]
    data: History
    settings: Settings = field(default_factory=Settings)

    @cached_property
    def held(self) -> Held:
        """The bars in memory: they are read once for all runs."""
        return Held(self.data.listings, np.concatenate([*self.data.chunks()]))

    def record(self, parameters: dict[str, Any], span: Span | None = None) -> Record:
        """Run it."""
        held = self.held if span is None else self.held.part(span)
        return signals(held, self.function(held.columns, **parameters), self.settings)

    def __call__(self, parameters: dict[str, Any], span: Span | None = None) -> dict[str, Any]:
        """Run it and measure."""
        return self.of(self.record(parameters, span))

    def key(self) -> str:
        """A hash of everything that a result depends on besides the parameters."""
        return self.key_over(self.function, self.data, self.settings)


@dataclass(frozen=True)
class Held:
    """Bars of one instrument in memory."""

    listings: tuple[Listing, ...]
    rows: Any

    def __post_init__(self) -> None:
        kinds = np.unique(self.rows["kind"])
        if len(self.listings) != 1 or kinds.tolist() not in ([], [EventKind.BAR]):
            raise InvalidField("data", f"{len(self.listings)} instruments", "bars of one")

    def chunks(self) -> Iterator[Any]:
        """All at once."""
        yield self.rows

    def part(self, span: Span) -> Held:
        """The rows of a span."""
        low, high = np.searchsorted(self.rows["time"], span)
        return Held(self.listings, self.rows[low:high])

    @cached_property
    def columns(self) -> dict[str, Any]:
        """Columns in units."""
        rows, listing = self.rows, self.listings[0]
        tick, lot = float(listing.tick), float(listing.lot)
        found = {name: rows[name] * tick for name in ("open", "high", "low")}
        more = {"close": rows["price"] * tick, "volume": rows["qty"] * lot, "time": rows["time"]}
        return found | more
