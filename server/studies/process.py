"""A process that computes indicators: begun when it is needed, ended when it takes too long."""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import sys
from collections.abc import Sequence

from domain.errors import CapacityError, Unavailable
from server.studies.worker import LENGTH, Done, Job

MOST_WAITING = 16  # requests, the one under way included


class TooLong(CapacityError):
    """A computation took longer than the server allows."""

    reason = "TOO_LONG"
    retry_seconds = 0.0

    def __str__(self) -> str:
        return (
            f"the indicator was not computed within {self.limit} s: ask for fewer rows or a "
            "shorter window; the first use of an indicator takes some seconds more, once"
        )


class Process:
    """One process, one request at a time, a few in the queue."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock, self._waiting = asyncio.Lock(), 0
        self._child: asyncio.subprocess.Process | None = None
        self._tasks: set[asyncio.Task[list[Done]]] = set()

    async def run(self, jobs: Sequence[Job]) -> list[Done]:
        """The results, in order. Raises CapacityError (also TooLong), Unavailable.

        Who stops waiting does not stop the computation: the next one is answered in its turn.
        """
        if self._waiting >= MOST_WAITING:
            raise CapacityError("the queue of indicator computations", MOST_WAITING)
        task = asyncio.create_task(self._one(list(jobs)))
        self._tasks.add(task)
        task.add_done_callback(self._over)
        return await asyncio.shield(task)

    def _over(self, task: asyncio.Task[list[Done]]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # seen, also when nobody waits any more

    async def _one(self, jobs: list[Job]) -> list[Done]:
        self._waiting += 1
        try:
            async with self._lock:
                try:
                    async with asyncio.timeout(self._seconds):
                        return await self._exchange(jobs)
                except TimeoutError:
                    await self.close()
                    raise TooLong("seconds", round(self._seconds)) from None
                except (OSError, EOFError, RuntimeError, asyncio.IncompleteReadError) as error:
                    await self.close()
                    raise Unavailable("the process that computes indicators has ended") from error
        finally:
            self._waiting -= 1

    async def _exchange(self, jobs: list[Job]) -> list[Done]:
        if self._child is not None and self._child.returncode is not None:
            await self.close()  # it has died since: nothing is lost but the time to begin another
        if self._child is None:
            self._child = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "server.studies.worker",
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
        to, back = self._child.stdin, self._child.stdout
        assert to is not None
        assert back is not None
        data = pickle.dumps(jobs, protocol=5)
        to.write(LENGTH.pack(len(data)) + data)
        await to.drain()
        [size] = LENGTH.unpack(await back.readexactly(LENGTH.size))
        found: list[Done] = pickle.loads(await back.readexactly(size))
        return found

    async def close(self) -> None:
        """End the process; the next request begins another."""
        child, self._child = self._child, None
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
            if child.stdin is not None:
                child.stdin.close()

    async def stop(self) -> None:
        """End everything that is under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.close()
