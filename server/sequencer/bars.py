"""Bars of every instrument out of its trades: a function of the log, like everything here.

Kept are bars of a second, a minute, an hour and a day, the newest `keep` of each for each
instrument; any other period of whole seconds is put together from the longest of these that
divides it. So a chart of seconds reaches back an hour or more and one of days for years, and a bar
is never made from a part of its trades: where something was dropped, bars begin behind it.

Bars are counted from Monday 1970-01-05 00:00 UTC. A second without a trade has no bar, and neither
has a longer period without one. Trades are put together to seconds as they come; those wait until
somebody asks, or there are many.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from indicators.bars import BAR, joined, start_of
from server.sequencer.numbering.places import Place, Places
from server.sequencer.numbering.window import Window

Array = np.ndarray[Any, Any]

SECOND = 10**9
BASES = tuple(seconds * SECOND for seconds in (1, 60, 3600, 86_400))
MOST_WAITING = 8192  # seconds of instruments
_KEPT = np.dtype([("instrument", "i8"), ("base", "i8"), ("count", "i8"), ("last", "i8")])


def _from(time: int, period: int) -> int:
    """When the first bar begins that does not begin before a time."""
    return int(start_of(time + period - 1, period))


class Bars:
    """The bars of all instruments, at least the newest `keep` of each of the four lengths."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._series: dict[tuple[int, int], Window] = {}
        self.count = 0  # of seconds that wait
        self._latest = np.zeros(1, np.int64)
        self._wait(MOST_WAITING)

    def _wait(self, room: int) -> None:
        self._seconds, self._traded = np.zeros(room, BAR), np.zeros(room, np.int64)

    def make_room(self, instruments: int) -> None:
        """Let there be bars of instruments with numbers up to this one."""
        if instruments >= len(self._latest):
            self._fold()
            self._latest = np.zeros(2 * instruments + 1, np.int64)

    def show(self, places: Places, updates: int) -> None:
        """Let the kernel put trades here, at most so many."""
        if self.count + updates > len(self._traded):
            self._fold()
            if updates > len(self._traded):
                self._wait(2 * updates)
        places.put(Place.SECONDS, self._seconds)
        places.put(Place.TRADED, self._traded)
        places.put(Place.LATEST, self._latest)

    def _fold(self) -> None:
        """Put the seconds that wait to their series."""
        if not self.count:
            return
        numbers = self._traded[: self.count]
        order = np.argsort(numbers, kind="stable")
        seconds, numbers = self._seconds[order], numbers[order]
        self.count, self._latest[numbers] = 0, 0
        edges = np.flatnonzero(np.diff(numbers, prepend=-1))
        for begin, end in zip(edges.tolist(), [*edges[1:].tolist(), len(numbers)]):
            instrument, bars = int(numbers[begin]), seconds[begin:end]
            bars["number"] = self._last(instrument) + np.cumsum(bars["trades"])
            for base in BASES:
                bars = joined(bars, base) if base > SECOND else bars
                self._append(instrument, base, bars)

    def _last(self, instrument: int) -> int:
        """Number of the last trade that is in a bar."""
        series = self._series.get((instrument, BASES[0]))
        return int(series.rows[-1]["number"]) if series else 0

    def _append(self, instrument: int, base: int, bars: Array) -> None:
        series = self._series.get((instrument, base))
        if series is None:
            series = self._series[instrument, base] = Window(BAR, self._keep, {})
        rows = series.rows
        if len(rows) and rows[-1]["start"] == bars[0]["start"]:
            rows[-1] = joined(np.concatenate((rows[-1:], bars[:1])), base)[0]
            bars = bars[1:]
        if len(bars):
            series.add(bars)

    # ------------------------------------------------------------------ asking

    def last(self, instrument: int) -> int:
        """Number of the last trade of an instrument that is in a bar now."""
        self._fold()
        return self._last(instrument)

    def of(self, instrument: int, period: int, start: int = 0) -> tuple[Array, int]:
        """(bars that start at or after `start`, from when on they are complete), oldest first.

        `period` is a multiple of a second, in ns; the last bar may not be at its end. The second
        number is 0 when nothing was ever dropped.
        """
        self._fold()
        base = next(each for each in reversed(BASES) if period % each == 0)
        series = self._series.get((instrument, base))
        if series is None:
            return np.zeros(0, BAR), 0
        rows, begin = series.rows[-self._keep :], 0
        if series.last > self._keep:
            begin = _from(int(rows[0]["start"]), period)
        wanted = max(begin, _from(start, period)) if start else begin
        rows = rows[np.searchsorted(rows["start"], wanted) :]
        return joined(rows, period), begin

    # ------------------------------------------------------------------ snapshots

    def parts(self) -> dict[str, bytes]:
        """For a snapshot."""
        self._fold()
        lines, bars = np.zeros(len(self._series), _KEPT), list[bytes]()
        for at, ((instrument, base), series) in enumerate(sorted(self._series.items())):
            rows = series.rows[-self._keep :]
            lines[at] = instrument, base, len(rows), series.last
            bars.append(rows.tobytes())
        return {"bars": b"".join(bars), "bars.series": lines.tobytes()}

    def load(self, parts: dict[str, bytes]) -> None:
        """Take back what `parts` gave. Raises ValueError: the snapshot knows of no bars."""
        if "bars" not in parts:
            raise ValueError("it was written before there were bars")
        self._series.clear()
        self.count = 0
        self._latest[:] = 0
        bars, at = np.frombuffer(parts["bars"], BAR), 0
        lines: Any = np.frombuffer(parts["bars.series"], _KEPT)
        for line in lines:
            series = Window(BAR, self._keep, {})
            count = int(line["count"])
            series.last = int(line["last"]) - count
            series.add(bars[at : at + count])
            at += count
            self._series[int(line["instrument"]), int(line["base"])] = series
