"""Dataset: listings, and the rows of what happened to them, read as often as one likes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from backtest.data.merging import in_order, merged
from backtest.events import EVENT, EventKind
from backtest.record import Listing
from domain.errors import InvalidField
from domain.limits import MAX_TIME

Rows = NDArray[Any]
CHUNK = 65_536  # rows
Transform = Callable[[Iterator[Rows]], Iterator[Rows]]


class Source(Protocol):
    """One sequence of EVENT rows in the order of time, which can be read again and again."""

    def rows(self, first: int, last: int) -> Iterator[Rows]:
        """The rows of first <= time <= last, in pieces of any size."""

    def extent(self) -> tuple[int, int, int] | None:
        """(rows, first time, last time), or None if only reading it would tell."""


def window(rows: Rows, first: int, last: int) -> Rows:
    """The rows of first <= time <= last out of rows in the order of time."""
    times = rows["time"]
    return rows[np.searchsorted(times, first) : np.searchsorted(times, last, "right")]


@dataclass(frozen=True, slots=True)
class Held:
    """Rows in memory."""

    held: Rows

    def rows(self, first: int, last: int) -> Iterator[Rows]:
        yield window(self.held, first, last)

    def extent(self) -> tuple[int, int, int]:
        times = self.held["time"]
        return (len(times), int(times[0]), int(times[-1])) if len(times) else (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Derived:
    """What a function makes of another data set's chunks, each time they are read."""

    data: Dataset
    function: Transform

    def rows(self, first: int, last: int) -> Iterator[Rows]:
        for chunk in self.function(self.data.chunks()):
            yield window(chunk, first, last)

    def extent(self) -> None:
        return None


@dataclass(frozen=True, slots=True)
class _Part:
    source: Source
    numbers: tuple[int, ...]  # of the source's instruments 1, 2, ... in the data set; 0: left out

    @property
    def plain(self) -> bool:
        return self.numbers == tuple(range(1, len(self.numbers) + 1))

    def rows(self, first: int, last: int) -> Iterator[Rows]:
        table = np.array((0, *self.numbers), np.int32)
        for chunk in self.source.rows(first, last):
            if not self.plain and len(chunk):
                number = table[chunk["instrument"]]
                ref = table[chunk["ref"][(roll := chunk["kind"] == EventKind.ROLL)]]
                chunk = chunk.copy()
                chunk["instrument"], chunk["ref"][roll] = number, ref
                chunk = chunk[number > 0] if 0 in self.numbers else chunk
            yield chunk


class Dataset:
    """Market history: `listings` and, in `chunks()`, EVENT rows in the order of their time.

    `between` (ns, both included) is the part of the time that is shown. Nothing is read before it
    is asked for; `count` and `span` read a source once if it cannot tell them.
    """

    def __init__(
        self,
        listings: Iterable[Listing],
        *sources: Source | _Part,
        between: tuple[int, int] = (0, MAX_TIME),
    ) -> None:
        self.listings = tuple(listings)
        symbols = [each.symbol for each in self.listings]
        for symbol in symbols:
            if symbols.count(symbol) > 1:
                raise InvalidField("listings", symbol, "each symbol once")
        everyone = tuple(range(1, len(symbols) + 1))
        self._parts = tuple(s if isinstance(s, _Part) else _Part(s, everyone) for s in sources)
        self._between = between

    @classmethod
    def of(cls, rows: Rows, *listings: Listing) -> Dataset:
        """EVENT rows in memory, in the order of their time. Raises InvalidField."""
        if rows.dtype != EVENT:
            raise InvalidField("rows", str(rows.dtype), "an array of backtest.events.EVENT")
        in_order(rows["time"], 0, 0)
        numbers = rows["instrument"]
        outside = (numbers < 1) | (numbers > len(listings))
        if outside.any():
            at = int(np.argmax(outside))
            allowed = f"1 to {len(listings)}, a place in listings"
            raise InvalidField(f"row {at}, instrument", int(numbers[at]), allowed)
        return cls(listings, Held(rows))

    def chunks(self, rows: int = CHUNK) -> Iterator[Rows]:
        """EVENT rows, at most `rows` at a time (not to be written to), from the beginning.

        At the same nanosecond: corporate actions and phases, quotes and books, trades, bars, and
        what one source says in the order in which it says it (`backtest.data.merging`).
        """
        if rows < 1:
            raise InvalidField("rows", rows, "1 or more")
        for block in merged([part.rows(*self._between) for part in self._parts]):
            for at in range(0, len(block), rows):
                yield block[at : at + rows]

    def events(self) -> Rows:
        """Everything as one array: for what fits into memory."""
        found = list(self.chunks())
        return np.concatenate(found) if found else np.zeros(0, EVENT)

    def _known(self) -> tuple[int, int, int] | None:
        """What the sources can tell without being read."""
        if self._between != (0, MAX_TIME) or any(0 in part.numbers for part in self._parts):
            return None
        known = [part.source.extent() for part in self._parts]
        if any(each is None for each in known):
            return None
        full = [each for each in known if each and each[0]]
        firsts, lasts = [each[1] for each in full], [each[2] for each in full]
        return sum(each[0] for each in full), min(firsts, default=0), max(lasts, default=0)

    @cached_property
    def _extent(self) -> tuple[int, int, int]:
        if (known := self._known()) is not None:
            return known
        count, first, last = 0, 0, 0
        for chunk in self.chunks():
            first = first if count else int(chunk["time"][0])
            count, last = count + len(chunk), int(chunk["time"][-1])
        return count, first, last

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self._extent[0]

    @property
    def known_count(self) -> int:
        """How many rows there are; 0 if only reading them would tell."""
        known = self._known()
        return known[0] if known else 0

    @property
    def span(self) -> tuple[int, int]:
        """Times of the first and last row, ns since 1970 UTC; (0, 0) if there is none."""
        return self._extent[1:]

    def number(self, symbol: str) -> int:
        """The instrument's number. Raises InvalidField."""
        for number, each in enumerate(self.listings, 1):
            if each.symbol == symbol:
                return number
        raise InvalidField("symbol", symbol, ", ".join(each.symbol for each in self.listings))

    def between(self, first: int, last: int) -> Dataset:
        """The rows of first <= time <= last, ns since 1970 UTC. Raises InvalidField."""
        if first > last:
            raise InvalidField("between", (first, last), "a first time and one that is not earlier")
        low, high = self._between
        limits = (max(low, first), min(high, last))
        return Dataset(self.listings, *self._parts, between=limits)

    def only(self, *symbols: str) -> Dataset:
        """Some of the instruments, numbered as they are named here. Raises InvalidField."""
        numbers = [self.number(symbol) for symbol in symbols]
        new = {number: at for at, number in enumerate(numbers, 1)}
        parts = [
            replace(part, numbers=tuple(new.get(number, 0) for number in part.numbers))
            for part in self._parts
        ]
        chosen = [self.listings[number - 1] for number in numbers]
        return Dataset(chosen, *parts, between=self._between)

    def derived(self, function: Transform, listings: Iterable[Listing] | None = None) -> Dataset:
        """What a function makes of the chunks: rows in the order of time, as these are."""
        return Dataset(self.listings if listings is None else listings, Derived(self, function))


def merge(*datasets: Dataset) -> Dataset:
    """All rows of all data sets on one clock; a symbol that several have is one instrument.

    Raises InvalidField if two of them describe a symbol differently.
    """
    listings: dict[str, Listing] = {}
    for each in (listing for data in datasets for listing in data.listings):
        if listings.setdefault(each.symbol, each) != each:
            allowed = f"the same in all data sets: {listings[each.symbol]}"
            raise InvalidField(f"listing of {each.symbol}", each, allowed)
    numbers = {symbol: at for at, symbol in enumerate(listings, 1)}
    parts: list[_Part] = []
    for data in datasets:
        own = tuple(numbers[each.symbol] for each in data.listings)
        if data._between == (0, MAX_TIME):
            parts += [
                replace(p, numbers=tuple(own[n - 1] if n else 0 for n in p.numbers))
                for p in data._parts
            ]
        else:
            parts.append(_Part(Derived(data, iter), own))
    return Dataset(listings.values(), *parts)
