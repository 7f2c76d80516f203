"""The command log off the event loop: one thread writes, and what waits goes in one commit.

Under `disk` a batch is applied when it is on the device. Under `memory` it is applied at once and
written soon after, with what else came in GATHER_SECONDS: a crash loses what had not been written,
and nothing in the middle.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Literal

from domain.errors import LogError
from journal import Batch, Blob, SqliteLog
from server.sequencer.rows import WIDTH

Policy = Literal["memory", "disk"]
GATHER_SECONDS = 0.02
MOST_GATHERED = 2_048  # commands of small batches that are stored as one
MOST_WAITING = 64 * 2**20  # bytes that the policy `memory` leaves unwritten at most


def gathered(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Neighbours as one batch: what came one by one is stored like what came together.

    Any split of commands gives the same state, and rows that are alike share their bytes.
    """
    parts, first, count = list[Blob](), 0, 0
    for begin, size, blob in batches:
        if parts and count + size > MOST_GATHERED:
            yield first, count, b"".join(parts)
            parts, count = [], 0
        first = first if parts else begin
        parts.append(blob)
        count += size
    if parts:
        yield first, count, b"".join(parts)


class Logbook:
    """Wraps a log that was opened with the policy `disk`. One task appends at a time."""

    def __init__(self, log: SqliteLog, policy: Policy) -> None:
        self.log, self.policy = log, policy
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="gridworks-log")
        self._waiting: list[Batch] = []
        self._bytes = 0
        self._flush: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._broken: LogError | None = None

    @property
    def durable_seq(self) -> int:
        """The last command that survives a power cut."""
        return self.log.durable_seq

    def takes_at_once(self, count: int) -> bool:
        """Whether `append` of so many commands would be done when it returns."""
        room = self._bytes + count * WIDTH <= MOST_WAITING
        return self.policy == "memory" and self._broken is None and room

    def append(self, first_seq: int, count: int, blob: Blob) -> asyncio.Future[float]:
        """Begin to accept a batch; done when it is accepted, with the seconds that it took.

        The thread is at work when this returns: the caller can do something else meanwhile.
        Raises StorageFull (nothing was kept), LogFailed, LogUnavailable, in the future.
        """
        loop = asyncio.get_running_loop()
        if self.policy == "disk":
            return loop.run_in_executor(self._thread, self._append, first_seq, count, blob)
        done: asyncio.Future[float] = loop.create_future()
        if self._broken:
            done.set_exception(self._broken)
            return done
        self.keep(first_seq, count, blob)
        if self._bytes > MOST_WAITING:
            return asyncio.ensure_future(self._room())
        done.set_result(0.0)
        return done

    def keep(self, first_seq: int, count: int, blob: Blob) -> None:
        """Accept a batch under `memory`, where there is room for it. Nobody changes it any more."""
        self._waiting.append((first_seq, count, blob))
        self._bytes += count * WIDTH
        if self._flush is None or self._flush.done():
            self._flush = asyncio.create_task(self._write_waiting())

    def _append(self, first_seq: int, count: int, blob: Blob) -> float:
        begin = time.perf_counter()
        self.log.append(first_seq, count, blob)
        return time.perf_counter() - begin

    async def _room(self) -> float:
        begin = time.perf_counter()
        await self.drain()
        return time.perf_counter() - begin

    async def _write_waiting(self) -> None:
        try:
            while self._waiting:
                await self._gathered()
                batches, self._waiting, self._bytes = self._waiting, [], 0
                await self._run(self.log.append_many, gathered(batches))
        except LogError as error:  # what was applied is not in the log: nothing can go on
            self._broken = error

    async def _gathered(self) -> None:
        """Wait a little for more to go into one commit, unless somebody waits for it."""
        if not self._hurry.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), GATHER_SECONDS)

    async def drain(self) -> None:
        """Wait until everything accepted is written. Raises LogError."""
        if self._flush is not None:
            self._hurry.set()
            await self._flush
            self._hurry.clear()
        if self._broken:
            raise self._broken

    async def snapshot(self, seq: int, parts: dict[str, bytes]) -> None:
        """Keep the state after command `seq`. Raises LogError."""
        await self.drain()
        await self._run(self.log.write_snapshot, seq, parts)

    async def close(self) -> None:
        """Write what waits and let go of the file. Raises LogError."""
        try:
            await self.drain()
        finally:
            await self._run(self.log.close)
            self._thread.shutdown(wait=False)

    async def _run(self, what: Callable[..., Any], *given: Any) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, what, *given)
