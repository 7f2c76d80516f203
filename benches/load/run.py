"""A whole load: traffic, sessions, drop copy, end state, checks."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benches.load import local, schedule, traffic
from benches.load.checker import Check, Evidence, check
from benches.load.local import Local, Target
from benches.load.recorder import Recorder
from benches.load.session import Heard
from benches.load.standing import DropCopy, Window
from benches.load.traffic import Line, Place
from benches.load.workers import Way, carry
from benches.workloads import Flow, set_up

Say = Callable[[str], None]


@dataclass(frozen=True)
class Wish:
    """What load is wanted: commands a second in all, for so long, shared out over sessions."""

    mix: str = "W1"
    rate: float = 1000.0
    seconds: float = 10.0
    warmup: float = 1.0
    arrivals: str = "poisson"
    burst: int = 100
    replay: Path | None = None  # times, or a command log with its commands
    speed: float = 1.0
    sessions: int = 4
    seed: int = 7
    drop_copy: bool = True


@dataclass
class Outcome:
    """What came of it."""

    recorder: Recorder
    checks: list[Check]
    commands: int
    sessions: int
    seconds: float  # from the first command due to the last answer
    memory: list[tuple[float, int]]  # (seconds, resident bytes) of a server of one's own
    server_cpu: float  # its processor seconds; 0: not known

    @property
    def ok(self) -> bool:
        """Whether no check failed."""
        return all(each.ok is not False for each in self.checks)


def on_own_server(
    wish: Wish, way: Way, say: Say, watch: Callable[[int, int, float], None], *, tls: bool,
    policy: str,
) -> Outcome:  # fmt: skip
    """Start a server in a temporary folder with the book of the mix, load it, stop it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gridworks-load-")))
        mix = traffic.mix_of(wish.mix, wish.sessions)
        say("the market and its resting orders")
        flow = Flow(mix, wish.seed)
        local.seed(folder, [set_up(mix), *flow.fill()])
        say("starting the server")
        server = local.start(folder, tls=tls, policy=policy)
        stack.callback(server.stop)
        return load(server.target, wish, way, say, watch, flow=flow, server=server)


def load(
    target: Target, wish: Wish, way: Way, say: Say, watch: Callable[[int, int, float], None],
    *, flow: Flow | None = None, server: Local | None = None,
) -> Outcome:  # fmt: skip
    """Load a server. `flow` has filled its book; without one the flow begins with an empty book.

    Raises InvalidField, Unavailable.
    """
    window = Window(target)
    try:
        place, firms = window.place()
        lines = _lines(wish, place, flow)
        say("where everything stands")
        before = window.standing(place)
        drops = [DropCopy(window, firm) for firm in firms] if wish.drop_copy else []
        memory: list[tuple[float, int]] = []
        cpu = server.processor_seconds if server else 0.0

        def seen(sent: int, acked: int, seconds: float) -> None:
            if server:
                memory.append((seconds, server.memory))
            watch(sent, acked, seconds)

        start, heard = carry(target, lines, way, seen)
        cpu = server.processor_seconds - cpu if server else 0.0
        for drop in drops:
            drop.stop()
        say("checking")
        numbers = frozenset(number for _, number in place.accounts)
        evidence = Evidence(heard, drops, before, window.standing(place), numbers)
        return _outcome(wish, heard, start, evidence, memory, cpu)
    finally:
        window.close()


def _lines(wish: Wish, place: Place, flow: Flow | None) -> list[Line]:
    label, first_id = f"load-{time.time_ns():x}", 0
    random = np.random.default_rng(wish.seed)
    if wish.replay is not None and wish.replay.suffix == ".db":
        rows, due = traffic.from_log(wish.replay, wish.speed)
    else:
        if wish.replay is not None:
            due = schedule.from_file(wish.replay, wish.speed)
        else:
            more = {"size": wish.burst} if wish.arrivals == "bursts" else {}
            due = schedule.arrivals(wish.arrivals, wish.rate, wish.seconds, random, **more)
        mix = traffic.mix_of(wish.mix, wish.sessions)
        if flow is None:
            flow, first_id = Flow(mix, wish.seed), time.time_ns()
        rows = traffic.placed(flow.commands(len(due)), mix, place, first_id)
    busy = traffic.lines(rows, due, place, wish.sessions, label)
    return traffic.spare(busy, wish.sessions, label)


def _outcome(
    wish: Wish, heard: list[Heard], start: int, evidence: Evidence,
    memory: list[tuple[float, int]], cpu: float,
) -> Outcome:  # fmt: skip
    recorder = Recorder(start, wish.warmup)
    for each in heard:
        recorder.add(each)
    seconds = max((recorder.last - start) / 1e9, 1e-9)
    commands = sum(len(each.line.due) for each in heard)
    return Outcome(recorder, check(evidence), commands, len(heard), seconds, memory, cpu)
