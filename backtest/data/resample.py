"""Longer bars out of shorter ones, and bars out of trades, while the rows stream by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from backtest.data.dataset import Dataset, Rows
from backtest.data.merging import by_kind
from backtest.data.sources.times import span_of
from backtest.events import EVENT, EventKind
from domain.errors import InvalidField
from indicators.bars import BAR, joined, single, start_of

Of = Literal["trades", "bars"]


def resample(data: Dataset, period: Any, of: Of = "trades") -> Dataset:
    """Bars of a length, out of trades (and executions with a price) or of shorter bars.

    `period` is "5min", "1h", "1D", seconds or a timedelta; bars are counted from Monday 1970-01-05
    00:00 UTC, as those of the server are. A bar carries the time at which its period ends: nobody
    sees it earlier. The last may be cut short by the end of the data. Corporate actions, rolls,
    funding and phases stay; quotes and books do not. Raises InvalidField, when read also if a
    shorter bar does not fit into one of the longer ones.
    """
    length = span_of(period)
    if of not in ("trades", "bars"):
        raise InvalidField("of", of, "trades or bars")
    return data.derived(lambda chunks: _Resampler(length, of).through(chunks))


class _Resampler:
    def __init__(self, period: int, of: Of) -> None:
        self._period, self._of = period, of
        self._waiting: dict[int, Rows] = {}  # instrument -> bars that may still grow
        self._seen = False

    def through(self, chunks: Iterator[Rows]) -> Iterator[Rows]:
        for chunk in chunks:
            if not len(chunk):
                continue
            kept = chunk[(chunk["kind"] >= EventKind.SPLIT)]
            self._take(chunk)
            yield _sorted([kept, self._closed(int(chunk["time"][-1]))])
        if not self._seen:
            raise InvalidField("of", self._of, f"what the data has: there are no {self._of} in it")
        yield _sorted([self._closed(None)])

    def _take(self, chunk: Rows) -> None:
        kind = chunk["kind"]
        if self._of == "bars":
            rows = chunk[kind == EventKind.BAR]
        else:
            traded = (kind == EventKind.TRADE) | (kind == EventKind.EXECUTE)
            rows = chunk[traded & (chunk["price"] > 0)]
        self._seen |= len(rows) > 0
        for number in np.unique(rows["instrument"]).tolist():
            mine = rows[rows["instrument"] == number]
            bars = self._of == "bars"
            made = _shorter(mine, self._period) if bars else single(mine, mine["time"])
            if (waiting := self._waiting.get(number)) is not None:
                made = np.concatenate((waiting, made))
            self._waiting[number] = joined(made, self._period)

    def _closed(self, now: int | None) -> Rows:
        """The bars that ended before `now`; None: all."""
        out = []
        for number, bars in self._waiting.items():
            count = len(bars) if now is None else int(
                np.searchsorted(bars["start"] + self._period, now)
            )  # fmt: skip
            if count:
                out.append(_events(bars[:count], number, self._period, self._of))
                self._waiting[number] = bars[count:]
        return np.concatenate(out) if out else np.zeros(0, EVENT)


def _shorter(rows: Rows, period: int) -> Rows:
    """BAR events as bars. Raises InvalidField for one that reaches over the end of a longer bar."""
    over = rows["time"] > start_of(rows["start"], period) + period
    if over.any():
        row = rows[int(np.argmax(over))]
        length = f"{(int(row['time']) - int(row['start'])) / 1e9:g} s from {int(row['start'])}"
        allowed = f"bars that end inside the {period / 1e9:g} s in which they begin"
        raise InvalidField("bar", length, allowed)
    return _plain(rows)


def _plain(rows: Rows) -> Rows:
    """The open interest rides where other bars have the number of their last trade."""
    made = np.zeros(len(rows), BAR)
    for name, source in (
        ("start", "start"), ("open", "open"), ("high", "high"), ("low", "low"), ("close", "price"),
        ("volume", "qty"), ("trades", "ref"), ("number", "qty_2"),
    ):  # fmt: skip
        made[name] = rows[source]
    return made


def _events(bars: Rows, number: int, period: int, of: Of) -> Rows:
    made = np.zeros(len(bars), EVENT)
    for name, source in (
        ("start", "start"), ("open", "open"), ("high", "high"), ("low", "low"), ("price", "close"),
        ("qty", "volume"), ("ref", "trades"),
    ):  # fmt: skip
        made[name] = bars[source]
    if of == "bars":
        made["qty_2"] = bars["number"]  # the open interest, see _plain
    made["time"], made["kind"], made["instrument"] = bars["start"] + period, EventKind.BAR, number
    return made


def _sorted(parts: list[Rows]) -> Rows:
    rows: Rows = np.concatenate(parts)
    return rows[np.lexsort((rows["instrument"], by_kind(rows), rows["time"]))]

