"""A reader that wants the newest state and not every step: it has no queue, only places.

When channels have moved, it is woken at the next step of its interval, and what it has not seen of
each is put together then. While it is slow nothing is kept for it; when it reads again it
gets what is newest.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import numpy as np

from domain.codes import Feed
from domain.layout import MARKET
from server.codec.encoder import Encoder
from server.sequencer.channels import feed_of, instrument_of
from server.sequencer.state import State
from server.streams.pictures import ROWS, Pictures

Array = np.ndarray[Any, Any]
_WHOLE = (Feed.TRADES, Feed.L3)  # each step counts
_PHASES = 32  # moments of an interval
_MOST_KEPT = 4096  # answers that are kept for the others who have seen as much


class CatchUp:
    """What leads from an update of a channel to the newest: made once for all who are there."""

    def __init__(self, state: State, pictures: Pictures) -> None:
        self._state, self._pictures, self._encoder = state, pictures, Encoder(MARKET)
        self._kept: OrderedDict[tuple[int, int, int], list[bytes]] = OrderedDict()

    def messages(self, number: int, seen: int, depth: int) -> tuple[int, list[bytes]]:
        """(number of the last update, messages): those behind `seen`, or a snapshot."""
        last = self._state.channels.last(number)
        if last == seen:
            return last, []
        key = number, seen, last
        found = self._kept.get(key)
        if found is None:
            places = self._state.channels.behind(number, seen)
            if places is None:  # no longer kept; or a number from the future
                return last, self._pictures.messages(number, depth)
            found = self._kept[key] = self._made(number, seen, places)
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return last, found

    def _made(self, number: int, seen: int, places: Array) -> list[bytes]:
        feed, window, last = feed_of(number), self._state.channels.window, seen + len(places)
        ends = np.arange(seen + 1, last + 1)
        if feed == Feed.L2:
            kept = _newest(window.rows, places)
            places, ends = places[kept], np.full(len(kept), last)
        elif feed not in _WHOLE:
            places, ends = places[-1:], ends[-1:]
        found, times = [], window.column("time")
        for at in range(0, len(places), ROWS):
            part = places[at : at + ROWS]
            self._encoder.encode(window.picked(part))
            found.append(
                self._encoder.reply(
                    None, int(ends[at + len(part) - 1]), instrument=instrument_of(number),
                    feed=int(feed), transact_time=int(times[part[-1]]),
                )
            )  # fmt: skip
        return found


def _newest(rows: Array, places: Array) -> Array:
    """Of LEVEL rows the last one of each price and side: which of the places."""
    prices = rows["price"][places] * 4 + rows["side"][places]
    _, back = np.unique(prices[::-1], return_index=True)
    return np.sort(len(places) - 1 - back)


class Conflated:
    """Which channels have moved since the reader was last served. Ends as an Outbox does."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._moved: dict[int, None] = {}
        self._ready = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._end: Exception | None = None
        self.ended = False

    def moved(self, number: int) -> None:
        """A channel has new updates."""
        self._moved[number] = None
        if self._timer is None:
            loop = asyncio.get_running_loop()
            # readers of one channel wake together, those of others at another moment
            phase = instrument_of(number) % _PHASES / _PHASES * self._seconds
            steps = (loop.time() - phase) // self._seconds + 1
            self._timer = loop.call_at(steps * self._seconds + phase, self._ready.set)

    def end(self, error: Exception | None) -> None:
        """Nothing more comes."""
        if not self.ended:
            self.ended, self._end = True, error
            self._ready.set()

    async def take(self, seconds: float) -> Iterable[int] | None:
        """The channels to serve now; none when nothing moved for so long; None: at its end.

        Raises the error of `end`.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._ready.wait()
        except TimeoutError:
            return ()
        if self.ended:
            if self._end is not None:
                raise self._end
            return None
        self._ready.clear()
        self._timer = None
        moved, self._moved = self._moved, {}
        return moved

    def close(self) -> None:
        """The stream is over."""
        if self._timer is not None:
            self._timer.cancel()
