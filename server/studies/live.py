"""Indicators that move with the bars: one state for all who follow the same one.

A study begins with the closed bars that are kept and goes on with each that closes, so its value
is what a batch over the bars from `origin` on gives, to the bit. Bars that close while a round is
computed are in the next one. Values on the open bar come from a copy of the state.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, NamedTuple

import numpy as np
import structlog

from domain.errors import CapacityError, GridWorksError
from gridworks.api.indicators.v1.indicator_service_pb2 import SubscribeIndicatorsResponse
from indicators.bars import BAR
from indicators.registry import Row
from server.codec.people.decimals import Scale, timestamp
from server.streams.barfeed import EVERY_SECONDS, Bar, BarFeed
from server.streams.outbox import Outbox
from server.studies.parameters import bar_columns
from server.studies.process import Process
from server.studies.worker import Done, Job

Array = np.ndarray[Any, Any]
KEPT = 1000  # values that readers resume from
MOST_STATE = 64 * 2**20  # bytes of all states
MOST_FAILURES = 3  # rounds in a row before readers are told
_log = structlog.get_logger(__name__)


class Value(NamedTuple):
    """The value at one bar. `message` is the same for everybody but for the line of the request."""

    start: int
    closed: bool
    message: bytes


class Follower:
    """One line of somebody's request: where its values go."""

    def __init__(self, outbox: Outbox, index: int, also_open: bool) -> None:
        self.outbox, self.also_open = outbox, also_open
        # protobuf joins messages that follow one another: the value, then which line it is for
        self._behind = SubscribeIndicatorsResponse(index=index).SerializeToString()

    def put(self, value: Value) -> None:
        """A value for this line."""
        if value.closed or self.also_open:
            self.outbox.put(value.message + self._behind)


class Wish(NamedTuple):
    """What makes two studies the same."""

    instrument: int
    period: int  # ns
    name: str
    numbers: tuple[float, ...]


class Study:
    """One indicator on the bars of one instrument."""

    def __init__(self, wish: Wish, row: Row, scale: Scale) -> None:
        self.wish, self.row, self.scale = wish, row, scale
        self.state: Array | None = None
        self.origin = 0
        self.waiting: list[Any] = []  # closed bars that are not in the state
        self.open: Any = None  # the open bar, when it has changed
        self.values: deque[Value] = deque(maxlen=KEPT)
        self.followers: set[Follower] = set()
        self.users = 0  # followers, and those who wait for the beginning
        self.begun: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether the history is in."""
        return self.begun is not None and self.begun.done()

    @property
    def wants_open(self) -> bool:
        """Whether the open bar has changed and somebody wants to know."""
        return self.open is not None and any(each.also_open for each in self.followers)

    def bar(self, bar: Bar) -> None:
        """What the feed tells."""
        if bar.closed:
            self.waiting.append(bar.row)
            self.open = None
        else:
            self.open = bar.row

    def job(self, rows: Array) -> Job:
        """To go on over these bars."""
        columns = bar_columns(self.row, self.scale, rows, "name")
        return Job(self.row.name, self.wish.numbers, columns, self.state)

    def told(self, rows: Array, done: Done, closed: bool) -> None:
        """The values at these bars have come."""
        if closed and len(rows):
            self.state = done.state
            self.origin = self.origin or int(rows[0]["start"])
        keep = max(len(rows) - KEPT, 0)
        for at, row in enumerate(rows[keep:], keep):
            value = self._value(row, [float(column[at]) for column in done.outputs], closed)
            if closed:
                self.values.append(value)
            for follower in list(self.followers):
                follower.put(value)

    def _value(self, row: Any, values: list[float], closed: bool) -> Value:
        start = int(row["start"])
        message = SubscribeIndicatorsResponse(
            msg_seq_num=int(row["number"]), start_time=timestamp(start), values=values,
            closed=closed, origin_time=timestamp(self.origin or start),
        )  # fmt: skip
        return Value(start, closed, message.SerializeToString())


class Studies:
    """All that is followed, and the two processes that compute."""

    def __init__(self, feed: BarFeed, seconds: float) -> None:
        self.computing, self._moving = Process(seconds), Process(seconds)
        self._feed = feed
        self._studies: dict[Wish, Study] = {}
        self._bytes = 0  # of all states

    async def join(self, wish: Wish, row: Row, scale: Scale) -> Study:
        """The study of a wish, once its history is in; each call needs a `leave`.

        Raises CapacityError, Unavailable: then it does not.
        """
        study = self._studies.get(wish)
        if study is None:
            size = 8 * row.state_size(wish.numbers)
            if self._bytes + size > MOST_STATE:
                raise CapacityError("bytes of live indicators", MOST_STATE)
            study = self._studies[wish] = Study(wish, row, scale)
            self._bytes += size
            study.begun = asyncio.create_task(self._begin(study))
        assert study.begun is not None
        study.users += 1
        try:
            await asyncio.shield(study.begun)
        except BaseException:
            self.leave(study)
            raise
        return study

    async def _begin(self, study: Study) -> None:
        key = study.wish.instrument, study.wish.period
        for bar in self._feed.follow(key, study.bar):
            study.bar(bar)
        rows = self._feed.closed(key)
        [done] = await self.computing.run([study.job(rows)])  # compiles it, where it must be
        study.state = done.state
        study.told(rows, done, closed=True)

    def leave(self, study: Study, follower: Follower | None = None) -> None:
        """Somebody has gone; a study that nobody follows is forgotten."""
        if follower is not None:
            study.followers.discard(follower)
        study.users -= 1
        if not study.users:
            self._drop(study)

    def _drop(self, study: Study) -> None:
        self._feed.leave(study.bar)
        if self._studies.get(study.wish) is study:
            del self._studies[study.wish]
            self._bytes -= 8 * study.row.state_size(study.wish.numbers)
        if study.begun is not None:
            study.begun.cancel()

    async def run(self) -> None:
        """Until it is canceled."""
        failures = 0
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self._round([s for s in self._studies.values() if s.ready])
                failures = 0
            except GridWorksError as error:
                failures += 1
                _log.warning("indicators were not moved", error=str(error), failures=failures)
                if failures == MOST_FAILURES:
                    self._give_up(error)
                    failures = 0

    def _give_up(self, error: Exception) -> None:
        """Those who follow anything are told, and may come again."""
        for study in list(self._studies.values()):
            for follower in list(study.followers):
                follower.outbox.end(error)
            self._drop(study)

    async def _round(self, ready: list[Study]) -> None:
        """First what has closed, then what is open."""
        closed = [(study, np.array(study.waiting, BAR)) for study in ready if study.waiting]
        for study, rows, done in await self._done(closed):
            del study.waiting[: len(rows)]
            study.told(rows, done, closed=True)
        opened = [(study, np.array([study.open], BAR)) for study in ready if study.wants_open]
        for study, _ in opened:
            study.open = None
        for study, rows, done in await self._done(opened):
            study.told(rows, done, closed=False)

    async def _done(self, wanted: list[tuple[Study, Array]]) -> list[tuple[Study, Array, Done]]:
        if not wanted:
            return []
        found = await self._moving.run([study.job(rows) for study, rows in wanted])
        return [(study, rows, done) for (study, rows), done in zip(wanted, found, strict=True)]

    async def stop(self) -> None:
        """End both processes."""
        for study in list(self._studies.values()):
            self._drop(study)
        await self.computing.stop()
        await self._moving.stop()
