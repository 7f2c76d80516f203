"""Many sessions in several processes that begin at the same moment."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import grpc
from grpc import aio

from benches.load.local import Target
from benches.load.session import ALIVE_S, Caller, Heard
from benches.load.traffic import Line
from domain.errors import InvalidField, Unavailable

AHEAD_NS = 500_000_000  # between "go" and the first command
DOORS = ("main", "gateway")
LOGONS = 64  # at a time, in a process


@dataclass(frozen=True)
class Way:
    """How the load is carried."""

    processes: int = 1
    connections: int = 1  # of each process
    batch: int = 1  # commands that may share a message when they are late
    drain: float = 20.0  # seconds for the last answers
    door: str = "main"  # that sessions go through; or "gateway"


def channel(target: Target) -> Any:
    """A connection of its own, for asyncio."""
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1)]
    if target.root is None:
        return aio.insecure_channel(target.address, options)
    trusted = grpc.ssl_channel_credentials(target.root.read_bytes())
    return aio.secure_channel(target.address, trusted, options)


async def _work(target: Target, lines: list[Line], way: Way, pipe: Any, counts: Any) -> Any:
    """Log on, say "ready", begin at the time that is told, give what was heard."""
    channels = [channel(target) for _ in range(min(way.connections, max(len(lines), 1)))]

    def tell(sent: int, acked: int) -> None:
        counts[0] += sent
        counts[1] += acked

    try:
        callers = [
            Caller(channels[n % len(channels)], target, line) for n, line in enumerate(lines)
        ]
        alive = asyncio.create_task(_beats(callers))
        for at in range(0, len(callers), LOGONS):
            await asyncio.gather(*(caller.log_on() for caller in callers[at : at + LOGONS]))
        pipe.send("ready")
        start = await asyncio.to_thread(pipe.recv)
        await asyncio.gather(*(each.work(start, way.batch, way.drain, tell) for each in callers))
        pipe.send("done")
        await asyncio.to_thread(pipe.recv)  # until all processes are: then nothing trades any more
        alive.cancel()
        for at in range(0, len(callers), LOGONS):
            await asyncio.gather(*(each.end() for each in callers[at : at + LOGONS]))
        return [caller.heard for caller in callers]
    finally:
        await asyncio.gather(*(each.close() for each in channels))


async def _beats(callers: list[Caller]) -> None:
    """Sessions that have nothing to send say that they are there."""
    while True:
        await asyncio.sleep(ALIVE_S)
        # a stream that has ended says so where it is read, and one that is full holds up no other
        await asyncio.gather(*(caller.beat() for caller in callers), return_exceptions=True)


def _process(target: Target, lines: list[Line], way: Way, pipe: Any, counts: Any) -> None:
    """What a process runs."""
    try:
        pipe.send(asyncio.run(_work(target, lines, way, pipe, counts)))
    except BaseException as error:
        pipe.send(f"{type(error).__name__}: {error}")


def carry(
    target: Target, lines: list[Line], way: Way, watch: Callable[[int, int, float], None]
) -> tuple[int, list[Heard]]:
    """Send all lines; (ns of the monotonic clock at which they began, what was heard).

    `watch` is called some times a second: commands sent, answered, seconds since the start.
    Raises InvalidField, and Unavailable when a process fails.
    """
    if way.door not in DOORS:
        raise InvalidField("door", way.door, " or ".join(DOORS))
    if way.door == "main":
        target = replace(target, gateway="")
    elif not target.gateway:
        raise InvalidField("gateway", "", "host:port of the server's gateway")
    context = multiprocessing.get_context("spawn")
    teams: list[tuple[Any, Any, Any]] = []
    count = min(way.processes, len(lines))
    try:
        for number in range(count):
            here, there = context.Pipe()
            counts = context.Array("q", 2, lock=False)
            part = lines[number::count]
            process = context.Process(
                target=_process, args=(target, part, way, there, counts), daemon=True
            )
            process.start()
            there.close()
            teams.append((process, here, counts))
        for _, here, _ in teams:
            _said(here, wait=120)
        start = time.monotonic_ns() + AHEAD_NS
        for _, here, _ in teams:
            here.send(start)
        return start, _gathered(teams, start, watch)
    finally:
        for process, here, _ in teams:
            here.close()
            process.join(5)
            if process.is_alive():
                process.kill()
                process.join(5)


def _gathered(
    teams: list[tuple[Any, Any, Any]], start: int, watch: Callable[[int, int, float], None]
) -> list[Heard]:
    found: list[Heard] = []
    for last in (False, True):
        waiting = list(teams)
        while waiting:
            for team in waiting[:]:
                if team[1].poll(0.1):
                    word = _said(team[1])
                    found += word if last else ()
                    waiting.remove(team)
            seconds = max(time.monotonic_ns() - start, 0) / 1e9
            watch(sum(t[2][0] for t in teams), sum(t[2][1] for t in teams), seconds)
        for _, here, _ in teams if not last else ():
            here.send("end")
    return found


def _said(pipe: Any, wait: float = 1.0) -> Any:
    """The next word of a process. Raises Unavailable when it is a problem."""
    try:
        if not pipe.poll(wait):
            raise Unavailable(f"a load process has not logged on in {wait:.0f} s")
        word = pipe.recv()
    except (EOFError, OSError):
        raise Unavailable("a load process has died") from None
    if isinstance(word, str) and word not in ("ready", "done"):
        raise Unavailable(f"a load process: {word}")
    return word
