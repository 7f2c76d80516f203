"""Thousands of readers in a process of their own, which notes what each got and when."""

from __future__ import annotations

import multiprocessing
import selectors
import time
from array import array
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from benches.fan_out.frames import Connection
from benches.load.local import Target
from domain.errors import Unavailable
from gridworks.api.market_data.v1.stream_pb2 import SubscribeRequest, SubscribeResponse
from gridworks.api.types.v1 import codes_pb2 as codes

METHOD = "/gridworks.api.market_data.v1.MarketDataService/Subscribe"
KNOWN = 4096  # distinct messages that are remembered
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Plan:
    """Who reads what: reader n follows the L1 of instrument n modulo their number."""

    readers: int
    instruments: tuple[tuple[str, int], ...]  # name and number
    connections: int
    updates: tuple[int, ...]  # that each instrument will have
    conflation_ms: int = 0


class Told(NamedTuple):
    """What a message says. All readers of a channel get the same bytes, so it is read once."""

    instrument: int  # 0: a heartbeat
    first: int  # number of its first update
    last: int
    transact_time: int  # ns since 1970
    bid_size: int
    snapshot: bool


@dataclass
class Heard:
    """What all readers got, in the order of arrival, and what was wrong."""

    reader: Array
    last: Array  # number of the last update of the message
    at: Array  # ns of the monotonic clock
    told: list[Told]  # each distinct message, once
    bases: Array  # number of each reader's snapshot
    gaps: int
    seconds: float  # of processor time, while updates came
    problems: list[str] = field(default_factory=list)


class Crowd:
    """Opens all streams, then reads."""

    def __init__(self, target: Target, plan: Plan) -> None:
        self._plan, self._left = plan, 0
        self._reader, self._last, self._at = array("i"), array("q"), array("q")
        self._known: dict[bytes, Told] = {}
        self._told: list[Told] = []
        self._bases = [-1] * plan.readers
        self._newest = [-1] * plan.readers
        self._goals = [0] * plan.readers
        self._waiting = plan.readers  # for a snapshot
        self._gaps, self._now, self._ends = 0, 0, 0.0
        self._problems: list[str] = []
        self._selector = selectors.DefaultSelector()
        self._connections = [
            self._open(target, range(number, plan.readers, plan.connections))
            for number in range(plan.connections)
        ]

    def _open(self, target: Target, readers: range) -> Connection:
        connection = Connection(target.address, target.root)
        streams = {}
        for reader in readers:
            instrument, _ = self._plan.instruments[reader % len(self._plan.instruments)]
            wish = SubscribeRequest()
            wish.subscriptions.add(instrument=instrument, feed=codes.FEED_L1)
            if self._plan.conflation_ms:
                wish.conflation.FromMilliseconds(self._plan.conflation_ms)
            streams[connection.call(METHOD, target.key, wish.SerializeToString())] = reader
        connection.socket.setblocking(False)
        take = partial(self._take, streams)
        self._selector.register(connection.socket, selectors.EVENT_READ, (connection, take))
        return connection

    def gather(self, wait: float) -> None:
        """Read until each has its snapshot. Raises Unavailable."""
        ends = time.monotonic() + wait
        while self._waiting and not self._problems and time.monotonic() < ends:
            self._step()
        if self._waiting:
            missing = f"{self._waiting:,} readers have no snapshot after {wait:.0f} s"
            raise Unavailable("; ".join(self._problems or [missing]))

    def follow(self, pipe: Any, ends: float) -> Heard:
        """Read until each reader has every update; until `ends`, or the time that the pipe says."""
        self._ends, begin = ends, time.process_time()
        self._selector.register(pipe, selectors.EVENT_READ, None)
        while self._left and not self._problems and time.monotonic() < self._ends:
            self._step()
        used = time.process_time() - begin
        reader, last, at = (np.array(each) for each in (self._reader, self._last, self._at))
        bases = np.array(self._bases)
        return Heard(reader, last, at, self._told, bases, self._gaps, used, self._problems)

    def _step(self) -> None:
        for key, _ in self._selector.select(0.1):
            if key.data is None:
                self._ends = min(self._ends, key.fileobj.recv())  # type: ignore[union-attr]
                continue
            connection, take = key.data
            while data := connection.receive():
                self._now = time.monotonic_ns()
                connection.read(data, take)
                if not connection.more:
                    break
            if connection.gone or connection.ended:
                self._end(connection)

    def _end(self, connection: Connection) -> None:
        """The server has ended a stream, or all of a connection."""
        said = connection.gone or f"the server has ended {len(connection.ended):,} streams"
        self._problems.append(said)

    def close(self) -> None:
        """Hang up."""
        self._selector.close()
        for connection in self._connections:
            connection.close()

    def _take(self, streams: dict[int, int], stream: int, message: bytes) -> None:
        told = self._known.get(message) or self._learn(message)
        if not told.instrument:
            return
        reader = streams[stream]
        newest, self._newest[reader] = self._newest[reader], told.last
        if told.snapshot and newest < 0:
            self._begin(reader, told.last)
            return
        if told.last <= newest or (not self._plan.conflation_ms and told.first != newest + 1):
            self._gaps += 1
        if newest < self._goals[reader] <= told.last:
            self._left -= 1
        self._reader.append(reader)
        self._last.append(told.last)
        self._at.append(self._now)

    def _begin(self, reader: int, base: int) -> None:
        """A reader's snapshot: from here on it waits for all updates of its instrument."""
        updates = self._plan.updates[reader % len(self._plan.instruments)]
        self._bases[reader], self._goals[reader] = base, base + updates
        self._waiting -= 1
        self._left += updates > 0

    def _learn(self, message: bytes) -> Told:
        read = SubscribeResponse.FromString(message)
        first = last = read.msg_seq_num
        if not self._plan.conflation_ms and not read.snapshot:
            last += len(read.updates) - 1
        size = read.updates[-1].bid_size if read.updates else 0
        told = Told(read.instrument, first, last, read.transact_time, size, read.snapshot)
        if len(self._known) == KNOWN:
            self._known.clear()
        self._known[message] = told
        if told.instrument:
            self._told.append(told)
        return told


def _process(target: Target, plan: Plan, ends: float, pipe: Any) -> None:
    """What the process runs: says "ready", then what was heard; or what went wrong."""
    try:
        with closing(Crowd(target, plan)) as crowd:
            crowd.gather(max(ends - time.monotonic(), 0))
            pipe.send("ready")
            pipe.send(crowd.follow(pipe, ends))
    except BaseException as error:
        pipe.send(f"{type(error).__name__}: {error}")


class Readers:
    """The process, from outside. A context manager: the process ends with it."""

    def __init__(self, target: Target, plan: Plan, ends: float) -> None:
        context = multiprocessing.get_context("spawn")
        self._ends = ends
        self._pipe, there = context.Pipe()
        self._process = context.Process(
            target=_process, args=(target, plan, ends, there), daemon=True
        )
        self._process.start()
        there.close()

    def __enter__(self) -> Readers:
        if self._said() != "ready":
            raise Unavailable("the readers ended before they began")
        return self

    def heard(self, drain: float) -> Heard:
        """What they got; late updates are waited for `drain` seconds. Raises Unavailable."""
        with suppress(OSError):  # they may have all, and be gone
            self._pipe.send(time.monotonic() + drain)
        found = self._said()
        assert isinstance(found, Heard)
        return found

    def _said(self) -> Any:
        """The next word. Raises Unavailable when it is a problem."""
        try:
            if not self._pipe.poll(max(self._ends - time.monotonic(), 0) + 60):
                raise Unavailable("the readers' process says nothing")
            word = self._pipe.recv()
        except (EOFError, OSError):
            raise Unavailable("the readers' process has died") from None
        if isinstance(word, str) and word != "ready":
            raise Unavailable(f"readers: {word}")
        return word

    def __exit__(self, *exception: object) -> None:
        self._pipe.close()
        self._process.join(2)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(5)
