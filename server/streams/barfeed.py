"""Bars that somebody follows: twenty times a second what has closed and what has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gridworks.api.market_data.v1.stream_pb2 import SubscribeBarsResponse
from server.sequencer.state import State

Array = np.ndarray[Any, Any]
EVERY_SECONDS = 0.05
CELLS = ("open", "high", "low", "close", "volume", "value", "trades")


class Bar(NamedTuple):
    """A bar and the message that brings it, the same for everybody."""

    row: Any  # of indicators.bars.BAR
    closed: bool
    message: bytes


Sink = Callable[[Bar], None]
Key = tuple[int, int]  # instrument, period in ns


class _Line:
    """One period of one instrument. `start`: the first bar that has not been told as closed."""

    def __init__(self, start: int) -> None:
        self.start, self.number, self.end = start, 0, 0
        self.sinks: set[Sink] = set()


class BarFeed:
    """Tells sinks of the bars of one state; nothing is computed for what nobody follows."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._lines: dict[Key, _Line] = {}
        self._seq = 0

    def follow(self, key: Key, sink: Sink) -> list[Bar]:
        """From now on tell the sink of every bar. Returns the open bar, if there is one."""
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = _Line(0)
            closed = self.closed(key)
            line.start = int(closed[-1]["start"]) + key[1] if len(closed) else 0
        self._bring(key, line)
        line.sinks.add(sink)
        rows, _ = self._state.bars.of(*key, line.start)
        return [_told(key[0], row, False) for row in rows]

    def leave(self, sink: Sink) -> None:
        """Tell the sink no more."""
        for key in [key for key, line in self._lines.items() if sink in line.sinks]:
            self._lines[key].sinks.discard(sink)
            if not self._lines[key].sinks:
                del self._lines[key]

    def closed(self, key: Key, start: int = 0) -> Array:
        """The bars that are kept and at their end, those that start at or after a time."""
        rows, _ = self._state.bars.of(*key, start)
        return rows[rows["start"] + key[1] <= self._state.time]

    def history(self, key: Key, start: int, count: int) -> list[bytes]:
        """The messages of the last `count` closed bars that start at or after a time."""
        rows = self.closed(key, start)
        return [_told(key[0], row, True).message for row in rows[max(len(rows) - count, 0) :]]

    @property
    def next_end(self) -> int:
        """When the next open bar that is followed ends, ns; 0: none, or the exchange knows."""
        ends = [line.end for line in self._lines.values() if line.end]
        first = min(ends, default=0)
        return first if first > self._state.time else 0

    def bring(self) -> None:
        """Tell everybody what is new."""
        if self._seq != self._state.seq:
            self._seq = self._state.seq
            for key, line in list(self._lines.items()):
                self._bring(key, line)

    def _bring(self, key: Key, line: _Line) -> None:
        (instrument, period), now = key, self._state.time
        number = self._state.bars.last(instrument)
        if number == line.number and not 0 < line.end <= now:
            return
        line.number, line.end = number, 0
        rows, _ = self._state.bars.of(instrument, period, line.start)
        for row in rows:
            end = int(row["start"]) + period
            bar = _told(instrument, row, end <= now)
            if bar.closed:
                line.start = end
            else:
                line.end = end
            for sink in list(line.sinks):
                sink(bar)

    async def run(self) -> None:
        """Until it is canceled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            if self._lines:
                self.bring()


def _told(instrument: int, row: Any, closed: bool) -> Bar:
    message = SubscribeBarsResponse(
        msg_seq_num=int(row["number"]), instrument=instrument, start_time=int(row["start"]),
        closed=closed, **{name: int(row[name]) for name in CELLS},
    )  # fmt: skip
    return Bar(row, closed, message.SerializeToString())
