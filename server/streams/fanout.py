"""Told of every batch: gives each reader what is theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol

import numpy as np

from domain.layout import MARKET, REPORT
from server.codec.encoder import Encoder
from server.sequencer.channels import feed_of, instrument_of
from server.sequencer.numbering.window import Kept
from server.sequencer.state import Applied, State
from server.streams.conflated import CatchUp, Conflated
from server.streams.outbox import Outbox
from server.streams.pictures import Pictures
from server.streams.resend import Missed, messages, missed

Array = np.ndarray[Any, Any]
MANY = 1_024  # reports: to encode so many takes much longer than to hand them to a thread


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """Who reads a stream: their queue, and the key that let them in."""

    key_id: int
    outbox: Outbox


class Ends(Protocol):
    """What a stream reads from, as far as its end goes."""

    def end(self, error: Exception | None) -> None: ...


class Fanout:
    """The live readers of one state. Everything happens between two batches, in the loop."""

    def __init__(
        self, state: State, stage: Callable[[str, float], None] = lambda name, seconds: None
    ) -> None:
        self._state, self._stage = state, stage
        self._reports, self._market = Encoder(REPORT), Encoder(MARKET)
        self._again = {REPORT: Encoder(REPORT), MARKET: Encoder(MARKET)}
        self._sessions: dict[int, Reader] = {}
        self._nodes: dict[int, set[Reader]] = {}
        self._channels: dict[int, set[Reader]] = {}
        self._followers: dict[int, set[Conflated]] = {}
        self._others: dict[Ends, int] = {}
        self._aside = Encoder(REPORT)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="gridworks-encode")
        self._making: Future[None] | None = None
        state.reports.window.settle = self._settle
        self.pictures = Pictures(state)
        self.catch_up = CatchUp(state, self.pictures)

    def __call__(self, applied: Applied) -> None:
        if self._sessions or self._nodes:
            self._tell_reports(applied)
        if (self._channels or self._followers) and applied.market.size:
            self._tell_market(applied)

    def _tell_reports(self, applied: Applied) -> None:
        begin, kept = perf_counter(), applied.reports
        only = self._sessions.get(applied.numbers.only)
        if only is not None and not self._nodes:  # a batch of one session, as when few trade
            sessions, number = self._state.sessions, applied.numbers.only
            seq = int(sessions.reports[number]) - kept.size + 1
            processed = int(sessions.commands[number])
            if kept.size >= MANY:
                self._tell_aside(only.outbox, kept, seq, processed)
                return
            made = self._reports.whole(kept.rows, kept.address, seq, processed=processed)
            self._stage("encode", perf_counter() - begin)
            only.outbox.put(made)
        else:
            self._reports.encode(kept.rows, kept.address)
            self._stage("encode", perf_counter() - begin)
            self._tell_sessions(applied)
        for node, readers in self._nodes.items():
            below = self._state.reports.below(node, kept.column("account"))
            picks = np.flatnonzero(below)
            if len(picks):
                begins = int(self._state.reports.counts[node]) - len(picks) + 1
                made = self._reports.reply(picks, begins)
                for reader in readers:
                    reader.outbox.put(made)

    def _tell_aside(self, outbox: Outbox, kept: Kept, seq: int, processed: int) -> None:
        """Encode in a thread while the next batch is applied: the rows stay where they are."""
        loop, keep = asyncio.get_running_loop(), outbox.promise()
        rows, address = kept.rows, kept.address

        def done(made: bytes, seconds: float) -> None:
            self._stage("encode", seconds)
            keep(made)

        def make() -> None:
            begin = perf_counter()
            try:
                made = self._aside.whole(rows, address, seq, processed=processed)
                loop.call_soon_threadsafe(done, made, perf_counter() - begin)
            except Exception as error:
                loop.call_soon_threadsafe(outbox.end, error)

        self._making = self._thread.submit(make)

    def _settle(self) -> None:
        """Wait until nothing is encoded any more."""
        if self._making is not None:
            self._making.result()
            self._making = None

    def close(self) -> None:
        """Nothing more will be told."""
        self._thread.shutdown()

    def _tell_sessions(self, applied: Applied) -> None:
        """What was encoded, to each session its own."""
        _, first, count = applied.reports
        numbered, done = self._state.sessions.reports, self._state.sessions.commands
        for number, picks in applied.numbers.groups(first, first + count, len(numbered)):
            reader = self._sessions.get(number)
            if reader is not None:
                begins = int(numbered[number]) - len(picks) + 1
                every = None if len(picks) == count else picks
                made = self._reports.reply(every, begins, processed=int(done[number]))
                reader.outbox.put(made)

    def _tell_market(self, applied: Applied) -> None:
        time, encoded = int(applied.rows["transact_time"][-1]), False
        channels = applied.market.column("channel")
        for number in np.unique(channels).tolist():
            for queue in self._followers.get(number, ()):
                queue.moved(number)
            readers = self._channels.get(number)
            if readers:
                if not encoded:
                    begin = perf_counter()
                    self._market.encode(applied.market.rows, applied.market.address)
                    self._stage("encode", perf_counter() - begin)
                    encoded = True
                picks = np.flatnonzero(channels == number)
                first = self._state.channels.last(number) - len(picks) + 1
                made = self._market.reply(
                    picks, first, instrument=instrument_of(number), feed=int(feed_of(number)),
                    transact_time=time,
                )  # fmt: skip
                for reader in readers:
                    reader.outbox.put(made)

    # ------------------------------------------------------------------ coming and going

    def session(self, number: int) -> Reader | None:
        """Who has a session open."""
        return self._sessions.get(number)

    def join_session(self, number: int, reader: Reader) -> None:
        """From the next batch on the session's reports go to this reader."""
        self._sessions[number] = reader

    def hang_up(self, number: int, error: Exception) -> None:
        """End the stream of a session, if one is open."""
        reader = self._sessions.get(number)
        if reader is not None:
            reader.outbox.end(error)

    def leave_session(self, number: int, reader: Reader) -> bool:
        """No more; whether it was this reader's."""
        mine = self._sessions.get(number) is reader
        if mine:
            del self._sessions[number]
        return mine

    def join_node(self, node: int, reader: Reader) -> None:
        """From the next batch on the reports of a node's accounts go to this reader."""
        self._nodes.setdefault(node, set()).add(reader)

    def join_channel(self, number: int, reader: Reader) -> None:
        """From the next batch on the updates of a channel go to this reader."""
        self._channels.setdefault(number, set()).add(reader)

    def follow_channel(self, number: int, queue: Conflated) -> None:
        """From the next batch on this queue is told that a channel has moved."""
        self._followers.setdefault(number, set()).add(queue)

    def leave(self, reader: Reader) -> None:
        """No more of anything but sessions."""
        _remove(self._nodes, reader)
        _remove(self._channels, reader)

    def attend(self, queue: Ends, key_id: int) -> None:
        """A stream that somebody else tells what is new; it ends with the others."""
        self._others[queue] = key_id

    def dismiss(self, queue: Ends) -> None:
        """It is over."""
        self._others.pop(queue, None)
        if isinstance(queue, Conflated):
            _remove(self._followers, queue)

    def end(self, error: Exception | None, keys: frozenset[int] | None = None) -> None:
        """End the streams of some keys, or all."""
        readers = set(self._sessions.values()).union(
            *self._nodes.values(), *self._channels.values()
        )
        for queue, key_id in list(self._others.items()):
            if keys is None or key_id in keys:
                queue.end(error)
        for reader in readers:
            if keys is None or reader.key_id in keys:
                reader.outbox.end(error)

    @property
    def readers(self) -> int:
        """How many streams are open."""
        tables = (*self._nodes.values(), *self._channels.values())
        return len(self._sessions) + len(self._others) + len(set().union(*tables))

    # ------------------------------------------------------------------ what was missed

    def missed_by_session(self, number: int, wanted: int, until: int = 0) -> Missed:
        """Reports of a session from a number on."""
        reports, session = self._state.reports, self._state.sessions[number]
        return missed(reports.of_session(number), session.reports, wanted, until)

    def missed_by_node(self, node: int, wanted: int) -> Missed:
        """Reports of a node from a number on."""
        reports = self._state.reports
        return missed(reports.of_node(node), int(reports.counts[node]), wanted)

    def missed_on_channel(self, number: int, wanted: int) -> Missed:
        """Updates of a channel from a number on."""
        channels = self._state.channels
        return missed(channels.places(number), channels.last(number), wanted)

    def reports_again(self, found: Missed, **fields: int) -> list[bytes]:
        """The messages for missed reports."""
        window = self._state.reports.window
        return list(messages(self._again[REPORT], window, found, lambda _: fields))

    def updates_again(self, number: int, found: Missed) -> list[bytes]:
        """The messages for missed updates."""
        window = self._state.channels.window
        times = window.column("time")
        fixed = {"instrument": instrument_of(number), "feed": int(feed_of(number))}
        return list(
            messages(
                self._again[MARKET], window, found,
                lambda place: {**fixed, "transact_time": int(times[place])},
            )
        )  # fmt: skip


def _remove(table: dict[int, set[Any]], member: Any) -> None:
    """Take somebody out of every set that they are in."""
    for number in [n for n, members in table.items() if member in members]:
        table[number].discard(member)
        if not table[number]:
            del table[number]
