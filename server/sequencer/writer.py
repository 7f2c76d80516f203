"""`Sequencer`: the one task that writes.

It takes all that has arrived, stamps seq and time, has the log keep it and applies it, then tells
everybody in the order of the commands. While the log keeps one batch, the batch before it is
applied and the next one gathers: that is the group commit, and the disk and the engine work at
the same time. Where the log needs no waiting the task sleeps on, and the loop calls `_at_once`.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

import numpy as np

from domain.codes import Phase
from domain.errors import CapacityError, LogError, StorageFull, Unavailable
from domain.layout import REPORT
from domain.tables import Table
from server.sequencer import rows as own
from server.sequencer.answers import Answer, Entry, give
from server.sequencer.clock import HeldClock
from server.sequencer.logbook import Logbook
from server.sequencer.rows import WIDTH, Rows, Stamped, marked, token_of
from server.sequencer.state import Applied, State

Publish = Callable[[Applied], None]
Stage = Callable[[str, float], None]
BROKEN = "the exchange has to recover from its log; what was acknowledged is safe"
CLOSED = "the server is stopping"
APPLIED_AT_ONCE = 2_048  # commands, or those of one answer: what they cause fits a core's cache
TAKEN = "taken"  # the part of a snapshot that says when, ns since 1970


class Interposer(Protocol):
    """Somebody who sees what arrives before it is queued, in a sandbox."""

    def rewrite(self, data: bytes) -> bytes:
        """Commands as they are to be taken; the same for the same commands."""

    def __call__(self, entry: Entry) -> Entry | None:
        """An entry to queue; None: it comes later, or never."""


Batch = tuple[list[Entry], Stamped, asyncio.Future[float]]  # and when the log has it


class Sequencer:
    """The single writer of one exchange.

    Args:
        most_waiting: commands in the inbox; more are refused with CapacityError.
        most_batch: commands of one batch.
        publish: told of every batch that was applied.
        stage: told how long each part of the way took, in seconds.
    """

    def __init__(
        self, state: State, book: Logbook, clock: HeldClock, publish: Publish,
        *, most_waiting: int = 65_536, most_batch: int = 16_384, snapshot_every: int = 0,
        stage: Stage = lambda name, seconds: None,
    ) -> None:  # fmt: skip
        self.state, self.book, self.clock = state, book, clock
        self._publish, self._stage = publish, stage
        self._most_waiting, self._most_batch = most_waiting, most_batch
        self._every, self._snapshot_seq = snapshot_every, state.seq
        self._inbox: deque[Entry] = deque()
        self._waiting = 0
        self._pending: dict[int, tuple[bytes, asyncio.Future[Answer]]] = {}
        self._arrived, self._left = asyncio.Event(), asyncio.Event()
        self._closing, self._working = "", False
        self._idle = self._soon = False  # whether `run` waits; whether `_at_once` will be called
        self.interpose: Interposer | None = None
        self.alarm: Callable[[], int] = lambda: 0  # when somebody outside waits for time to pass
        self.failed: BaseException | None = None
        self.snapshot_error: LogError | None = None

    # ------------------------------------------------------------------ from outside

    @property
    def waiting(self) -> int:
        """Commands in the inbox."""
        return self._waiting

    @property
    def closing(self) -> bool:
        """Whether nothing more is taken."""
        return bool(self._closing)

    def put(self, entry: Entry) -> None:
        """Queue commands. Raises CapacityError, Unavailable."""
        if self._closing:
            raise Unavailable(self._closing)
        if self.interpose is not None:
            changed = self.interpose(entry)
            if changed is None:
                return
            entry = changed
        if entry.count > self._most_batch:
            raise CapacityError("commands of one call", self._most_batch)
        if self._waiting + entry.count > self._most_waiting:
            raise CapacityError("the inbox of commands", self._most_waiting)
        entry.since = time.perf_counter()
        self._inbox.append(entry)
        self._waiting += entry.count
        if not self._idle or self.book.policy == "disk":
            self._arrived.set()
        elif not self._soon:  # what else comes in this turn of the loop is a batch of its own
            self._soon = True
            self._loop.call_soon(self._next_turn)
            self._at_once()

    def fits(self, count: int) -> bool:
        """Whether there is room for so many commands."""
        return self._waiting + count <= self._most_waiting

    async def room(self, count: int) -> None:
        """Wait until so many commands fit. Raises Unavailable."""
        while not self.fits(count) and not self._closing:
            self._left.clear()
            await self._left.wait()
        if self._closing:
            raise Unavailable(self._closing)

    async def call(self, data: bytes, key_id: int = 0, request_id: str = "") -> Answer:
        """Apply rows as one; their answer. A request id that was seen gets its first answer.

        Raises CapacityError, Unavailable, StorageFull, AlreadyExists.
        """
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if not request_id:
            self.put(Entry(data, future))
            return await future
        if self.interpose is not None:
            data = self.interpose.rewrite(data)
        token, rows, meant = marked(data, key_id, request_id)
        found = self.state.answers.find(token, meant, request_id)
        if found is not None:
            return found
        waiting = self._pending.get(token)
        if waiting is not None:
            answer = await asyncio.shield(waiting[1])
            return self.state.answers.find(token, meant, request_id) or answer
        self.put(Entry(rows.tobytes(), future))
        self._pending[token] = meant, future
        future.add_done_callback(lambda _: self._pending.pop(token, None))
        return await asyncio.shield(future)

    def answered(self, data: bytes, key_id: int, request_id: str) -> bool:
        """Whether `call` would give the answer of before. Raises AlreadyExists."""
        token, _, meant = marked(data, key_id, request_id)
        return bool(request_id) and self.state.answers.find(token, meant, request_id) is not None

    def first_answer(self, key_id: int, request_id: str) -> Answer | None:
        """What a request id was answered with, if it was; not whether it asked for the same."""
        return self.state.answers.first(token_of(key_id, request_id)) if request_id else None

    # ------------------------------------------------------------------ the loop

    async def run(self) -> None:
        """Work until `stop`; ends with an exception only when the state cannot be trusted."""
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                if not self._inbox:
                    if self._closing:
                        return
                    self._arrived.clear()
                    self._idle = True
                    await self._arrived.wait()
                    self._idle = False
                    if self.failed is not None:
                        raise self.failed
                    continue
                self._working = True
                await self._work()
                self._working = False
        except BaseException as error:
            self.failed = error
            self._refuse_all(Unavailable(BROKEN))
            raise

    def _next_turn(self) -> None:
        """What came in the turn before, behind the first."""
        if self._idle and self._inbox:
            self._at_once()
        self._soon = False

    def _at_once(self) -> None:
        """Apply what has arrived, if neither `run` nor the log is busy.

        Handing it to the task would take two turns more. What has to wait goes there.
        """
        due = self._every and self.state.seq - self._snapshot_seq >= self._every
        entries: list[Entry] = []
        try:
            if not due and self.book.takes_at_once(self._waiting) and not self._inbox[0].make:
                entries = self._take()
                batch = self._stamped(entries, self.state.seq + 1)
                self.book.keep(self.state.seq + 1, len(batch.rows), batch.data)
                self._apply(entries, batch)
        except BaseException as error:
            self.failed = error
            for entry in entries:
                give(entry, Unavailable(BROKEN))
            self._refuse_all(Unavailable(BROKEN))
        if self._inbox or self.failed is not None:
            self._arrived.set()

    async def _work(self) -> None:
        """Until nothing waits. Between two turns at most one batch is kept and not yet applied."""
        kept: Batch | None = None
        while kept or self._inbox:
            due = self._every and self.state.seq - self._snapshot_seq >= self._every
            going: Batch | None = None
            try:
                if self._inbox and not due and not (kept and self._inbox[0].make):
                    going = self._begin(kept)
                if kept:
                    self._apply(*kept[:2])
                    kept = None
                if due:
                    await self.snapshot()
                elif going and await self._is_kept(going):
                    kept = going
            except BaseException:
                for entry in [*(kept[0] if kept else ()), *(going[0] if going else ())]:
                    give(entry, Unavailable(BROKEN))
                raise
            if self.book.policy == "memory":
                await asyncio.sleep(0)  # nothing else would let others run

    def _begin(self, before: Batch | None) -> Batch | None:
        """Take what has arrived and hand it to the log; None: there is nothing to do."""
        entries = self._take()
        first = self.state.seq + 1 + (len(before[1].rows) if before else 0)
        batch = self._stamped(entries, first)
        if not batch.data:
            for entry in entries:  # what was to be made turned out to be nothing
                give(entry, Answer(np.zeros(0, REPORT), self.state.seq, self.state.time))
            return None
        return entries, batch, self.book.append(first, len(batch.rows), batch.data)

    async def _is_kept(self, going: Batch) -> bool:
        """Wait for the log. When it is full nothing was kept, and nothing is applied."""
        try:
            self._stage("log", await going[2])
            return True
        except StorageFull as full:
            for entry in going[0]:
                give(entry, full)
            return False

    def _apply(self, entries: list[Entry], batch: Stamped) -> None:
        """Apply what the log has kept, in parts: large commits are good for disks, not for caches.

        Any split of a batch gives the same state, so a restart may apply it whole.
        """
        rows, at = batch.rows, batch.address
        if len(entries) == 1 and len(rows) <= APPLIED_AT_ONCE:
            self._apply_part(entries, rows, at)
            return
        begin = place = count = 0
        for number, entry in enumerate(entries, 1):
            count += entry.count
            while count > APPLIED_AT_ONCE and not entry.waits:
                part = rows[place : place + APPLIED_AT_ONCE]
                self._apply_part(entries[begin : number - 1], part, at + place * WIDTH)
                begin, place, count = number - 1, place + len(part), count - len(part)
            is_last = number == len(entries) or entry.alone or entries[number].alone
            if is_last or count >= APPLIED_AT_ONCE:
                part = rows[place : place + count]
                self._apply_part(entries[begin:number], part, at + place * WIDTH)
                begin, place, count = number, place + count, 0

    def _apply_part(self, entries: list[Entry], rows: Rows, at: int) -> None:
        begin = time.perf_counter()
        applied = self.state.apply(rows, at)
        done = time.perf_counter()
        self._publish(applied)
        self._tell(entries, applied)
        self._stage("engine", done - begin)
        self._stage("publish", time.perf_counter() - done)

    def _take(self) -> list[Entry]:
        entries, count = list[Entry](), 0
        while self._inbox:
            entry = self._inbox[0]
            if entries and (count + entry.count > self._most_batch or entry.make):
                break
            entries.append(self._inbox.popleft())
            count += entry.count
            if entry.make:
                break
        self._waiting -= count
        self._left.set()
        self._stage("queue", time.perf_counter() - entries[0].since)
        for entry in entries:
            self._make(entry)
        return entries

    def _make(self, entry: Entry) -> None:
        """Have an entry's commands made; one that cannot be made is answered with the error."""
        if entry.make is not None:
            try:
                entry.data = entry.make()
            except Exception as error:
                entry.data = b""
                give(entry, error)
            entry.count = len(entry.data) // WIDTH

    def _stamped(self, entries: list[Entry], first: int) -> Stamped:
        at = entries[0].at
        now, seq = max(at, self.state.time) if at else self.clock(), first
        for entry in entries:
            entry.first = seq
            seq += entry.count
        return own.stamped([entry.data for entry in entries], first, now)

    def _tell(self, entries: list[Entry], applied: Applied) -> None:
        """Answer those who wait, in the order of their commands."""
        if not any(entry.waits for entry in entries):
            return
        now, reports = int(applied.rows["transact_time"][0]), applied.reports.rows
        seqs = reports["seq"]
        for entry in entries:
            if entry.waits:
                begin = entry.first + entry.before
                end = entry.first + entry.count - entry.behind
                low, high = np.searchsorted(seqs, (begin, end))
                part = np.ndarray(high - low, REPORT, reports[low:high].tobytes())
                give(entry, Answer(part, begin, now))

    def _refuse_all(self, error: Exception) -> None:
        self._closing = self._closing or str(error)
        while self._inbox:
            give(self._inbox.popleft(), error)
        for _, future in list(self._pending.values()):
            if not future.done():
                future.set_exception(error)
        self._waiting = 0
        self._left.set()

    # ------------------------------------------------------------------ snapshots, the end

    async def snapshot(self) -> int:
        """Write a snapshot into the log; returns its seq. Raises StorageFull, LogFailed."""
        seq = self.state.seq
        if seq:
            try:
                taken = {TAKEN: str(self.clock()).encode()}
                await self.book.snapshot(seq, self.state.parts() | taken)
                self.snapshot_error = None
            except StorageFull as full:
                self.snapshot_error = full
        self._snapshot_seq = seq
        return seq

    async def stop(self) -> None:
        """Take nothing more, finish what is there, write a snapshot, let go of the log."""
        self._closing = self._closing or CLOSED
        self._arrived.set()
        self._left.set()
        while (self._inbox or self._working) and self.failed is None:
            await asyncio.sleep(0.001)
        if self.failed is None and self.state.seq > self._snapshot_seq:
            await self.snapshot()
        await self.book.close()

    async def keep_time(self, every_seconds: float) -> None:
        """Give a TICK when something is due, and once a second while anything moves."""
        last_seq, last_time = self.state.seq, 0
        while not self._closing:
            await asyncio.sleep(every_seconds)
            now = self.clock()
            moved = self.state.seq > last_seq and now - last_time >= 10**9
            if (moved or self.due(now)) and not self._closing:
                done = asyncio.get_running_loop().create_future()
                try:
                    self.put(Entry(own.tick(), done))
                    await done
                except (CapacityError, StorageFull, Unavailable):
                    continue
                last_seq, last_time = self.state.seq, now

    def due(self, now: int) -> bool:
        """Whether an expiry, a dead-man timer, a volatility auction or a bar has ended."""
        engine = self.state.engine
        core, books = engine.table(Table.CORE)[0], engine.table(Table.BOOK)
        if any(0 < int(core[name]) <= now for name in ("next_expiry", "next_deadline")):
            return True
        if 0 < self.alarm() <= now:
            return True
        halted = books["phase"] == Phase.VOLATILITY_AUCTION
        return bool((halted & (books["end_time"] <= now)).any())
