"""A market of one's own, orders on its instruments in turn, and how long each reader waits."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

import numpy as np

from benches.fan_out.crowd import Plan, Readers
from benches.fan_out.outcome import Outcome, evaluate
from benches.flows.scene import MIDDLE
from benches.load import local
from benches.load.encoding import messages
from benches.load.local import Local, Target
from benches.load.schedule import even
from benches.load.standing import Window
from benches.load.traffic import Line, Place
from benches.load.workers import Way, carry
from benches.workloads import Mix, set_up
from domain.codes import Command, OrdType, Side, TimeInForce
from domain.errors import InvalidField
from domain.layout import COMMAND

DOORS = ("gateway", "grpcio")
STREAMS = 500  # most on a connection: all their requests fit into the first window
MOST = 10_000_000  # deliveries of one run: each is kept until the end
SPARE_FILES = 256  # that a process opens besides connections
OPENING = 120.0  # seconds for all readers to come
DRAIN = 20.0  # seconds for the last updates


@dataclass(frozen=True)
class Wish:
    """How many readers of how many instruments, and orders a second in all."""

    readers: int = 5000
    instruments: int = 50
    rate: float = 50.0
    seconds: float = 10.0
    warmup: float = 1.0
    door: str = "gateway"
    connections: int = 0  # 0: one for each 100 readers
    conflation_ms: int = 0
    price: int = MIDDLE - 100  # ticks

    @property
    def sockets(self) -> int:
        """How many connections carry the readers."""
        return self.connections or ceil(self.readers / 100)

    def check(self) -> None:
        """Raises InvalidField."""
        bounds = {
            "readers": (1, 20_000), "instruments": (1, min(self.readers, 10_000)),
            "rate": (0.1, 5_000), "seconds": (0.1, 600), "warmup": (0, self.seconds),
            "connections": (0, self.readers), "conflation_ms": (0, 60_000),
        }  # fmt: skip
        for name, (least, most) in bounds.items():
            if not least <= getattr(self, name) <= most:
                raise InvalidField(name, getattr(self, name), f"{least} to {most:,}")
        if self.door not in DOORS:
            raise InvalidField("door", self.door, " or ".join(DOORS))
        if self.readers > STREAMS * self.sockets:
            raise InvalidField(
                "connections", self.sockets, f"one for each {STREAMS} readers at the least"
            )
        if (all_in_all := self.rate * self.seconds * self.readers / self.instruments) > MOST:
            raise InvalidField(
                "rate x seconds x readers / instruments", f"{all_in_all:,.0f}",
                f"at most {MOST:,} messages",
            )  # fmt: skip


def raise_files(connections: int) -> None:
    """Let this process, and those that it starts, have so many connections. Raises InvalidField."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + SPARE_FILES
    if resource.RLIM_INFINITY in (soft, hard) or wanted <= soft:
        return
    if wanted > hard:
        raise InvalidField(
            "connections", connections,
            f"at most {hard - SPARE_FILES:,}: a process may open {hard:,} files here (ulimit -Hn)",
        )  # fmt: skip
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def on_own_server(wish: Wish, *, tls: bool, policy: str) -> Outcome:
    """Start a server in a temporary folder, measure, stop it. Raises InvalidField, Unavailable."""
    wish.check()
    raise_files(wish.sockets)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gridworks-fan-")))
        mix = Mix("fan-out", 0, 2, instruments=wish.instruments, accounts=1)
        local.seed(folder, [set_up(mix)])
        streams = max(ceil(wish.readers / wish.sockets), 100)
        server = local.start(folder, tls=tls, policy=policy, gateway_streams=streams)
        stack.callback(server.stop)
        return measure(server.target, wish, server)


def measure(target: Target, wish: Wish, server: Local | None = None) -> Outcome:
    """Readers on a server, then orders. Nobody else may trade meanwhile.

    Each order adds a lot to the best bid of its instrument, so that each is one update of L1 and
    the size of the bid says how many there were. Raises InvalidField, Unavailable.
    """
    wish.check()
    window = Window(target)
    try:
        place, _ = window.place()
    finally:
        window.close()
    if len(place.instruments) < wish.instruments:
        most = len(place.instruments)
        raise InvalidField("instruments", wish.instruments, f"at most {most:,} on this server")
    used = place.instruments[: wish.instruments]
    line = orders(wish, place)
    updates = np.bincount(np.arange(len(line.due)) % len(used), minlength=len(used)).tolist()
    plan = Plan(wish.readers, used, wish.sockets, tuple(updates), wish.conflation_ms)
    ends = time.monotonic() + OPENING + wish.seconds + 2 * DRAIN
    door = replace(target, address=target.gateway) if wish.door == "gateway" else target
    with Readers(door, plan, ends) as readers:
        cpu = server.processor_seconds if server else 0.0
        apart = time.time_ns() - time.monotonic_ns()
        start, (sender,) = carry(target, [line], Way(drain=DRAIN), lambda *numbers: None)
        heard = readers.heard(DRAIN + wish.conflation_ms / 1000)
        cpu = server.processor_seconds - cpu if server else 0.0
    outcome = evaluate(plan, heard, (line.due + start, sender.sent), wish.warmup, apart)
    outcome.problems[:0] = [f"orders: {sender.problem}"] if sender.problem else []
    outcome.server_cpu = cpu
    return outcome


def orders(wish: Wish, place: Place) -> Line:
    """One session that buys a lot of each instrument in turn, always at the same price."""
    due = even(wish.rate, wish.seconds, np.random.default_rng(1))
    if not len(due):
        raise InvalidField("rate x seconds", wish.rate * wish.seconds, "one order or more")
    account, number = place.accounts[0]
    rows, count = np.zeros(len(due), COMMAND), np.arange(len(due))
    numbers = np.array([number for _, number in place.instruments[: wish.instruments]])
    rows["command"], rows["ord_type"] = Command.NEW_ORDER, OrdType.LIMIT
    rows["side"], rows["time_in_force"] = Side.BUY, TimeInForce.DAY
    rows["cl_ord_id"], rows["account"] = time.time_ns() + count, number
    rows["instrument"] = numbers[count % len(numbers)]
    rows["price"], rows["order_qty"] = wish.price, 1
    sent = [message for _, message in messages(rows, 1)]
    return Line(f"fan-out-{time.time_ns():x}", account, rows, due, sent)
