"""The layers in one process, each added to those before it, in turns, on W1.

    engine      Exchange.apply without a limit of risk, no market data
    + risk      the same with every limit of benches.flows.scene on four levels
    + state     what the server keeps beside it: market data, sessions, numbering, what streams
                resume from
    + memory    the log under the policy memory: the batch is packed, chained, written later
    + disk      the log under the policy disk: it is on the device before it is applied
    + codec     decoded from the bytes of an OrderEntryRequest before, and the reports encoded
                into an OrderEntryResponse behind

Every layer has its own exchange and the same flow. What is not here, the event loop, gRPC and TLS,
is in `wire`. In a server the log works while the batch before is applied; here nothing overlaps.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter_ns, thread_time_ns
from typing import Any

import numpy as np

from benches.load.encoding import messages
from benches.workloads import MIXES, Flow, set_up
from domain.codes import Command
from domain.layout import COMMAND
from engine.exchange import Exchange
from journal import SqliteLog
from server.codec.decoder import Decoder
from server.codec.encoder import Encoder
from server.sequencer.logbook import Policy
from server.sequencer.rows import WIDTH
from server.sequencer.state import State

Rows = np.ndarray[Any, Any]
Step = Callable[[Rows, bytes], object]
BATCHES = (1, 256, 2_048)
LAYERS = ("engine", "+ risk", "+ state", "+ memory", "+ disk", "+ codec")
MIX = MIXES["W1"]


@dataclass
class Taken:
    """Nanoseconds a command of each round: on the clock, and of this thread's processor time."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


class Chain:
    """State and log as the sequencer drives them."""

    def __init__(self, folder: Path, policy: Policy | None, *, coded: bool = False) -> None:
        self.state, self._coded = State(), coded
        self._log: SqliteLog | None = None
        if policy is not None:
            self._log = SqliteLog(
                folder / f"{policy}{coded}.db", row_size=WIDTH, layout="layers", policy=policy
            )
        self._decoder, self._encoder = Decoder(), Encoder()
        self._decoder.open(1, 0)

    def __call__(self, rows: Rows, message: bytes) -> None:
        """One batch, from bytes when the codec is part of it."""
        if self._coded and message:
            rows = self._decoder.one(message)
        first = self.state.seq + 1
        rows["seq"] = np.arange(first, first + len(rows))
        if self._log is not None:
            self._log.append(first, len(rows), rows.tobytes())
        applied = self.state.apply(rows)
        if self._coded:
            self._encoder.encode(applied.reports.rows, applied.reports.address)
            self._encoder.reply(None, 1, processed=first)

    def close(self) -> None:
        """Let go of the log."""
        if self._log is not None:
            self._log.close()


def without_risk(rows: Rows) -> Rows:
    """The set-up of a workload without its limits."""
    found: Rows = rows[rows["command"] != Command.SET]
    return found


def layers(folder: Path, stack: ExitStack) -> dict[str, tuple[Step, Rows]]:
    """What each layer does with a batch, and its set-up."""
    whole = set_up(MIX)
    bare, risk = Exchange(), Exchange()
    found: dict[str, tuple[Step, Rows]] = {
        "engine": (lambda rows, _: bare.apply(rows), without_risk(whole)),
        "+ risk": (lambda rows, _: risk.apply(rows), whole),
    }
    policies: dict[str, tuple[Policy | None, bool]] = {
        "+ state": (None, False), "+ memory": ("memory", False), "+ disk": ("disk", False),
        "+ codec": ("disk", True),
    }  # fmt: skip
    for name, (policy, coded) in policies.items():
        chain = Chain(folder, policy, coded=coded)
        stack.callback(chain.close)
        found[name] = chain, whole
    return found


def measure(
    rounds: int, commands: int, say: Callable[[str], None] = lambda text: None
) -> dict[int, dict[str, Taken]]:
    """Each layer at each size of batch; `commands` a round, fewer for batches of one."""
    taken = {batch: {name: Taken() for name in LAYERS} for batch in BATCHES}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gridworks-layers-")))
        steps = layers(folder, stack)
        flow = Flow(MIX)
        for rows in [np.zeros(0, COMMAND), *flow.fill()]:
            for step, opening in steps.values():
                step((rows if len(rows) else opening).copy(), b"")
        for number in range(rounds):
            for batch in BATCHES:
                say(f"layers, batches of {batch:,}: round {number + 1} of {rounds}")
                rows = flow.commands(max(commands // (32 if batch == 1 else 1), batch))
                _round(steps, rows, batch, taken[batch])
    return taken


def _round(
    steps: dict[str, tuple[Step, Rows]], rows: Rows, batch: int, taken: dict[str, Taken]
) -> None:
    rows["session"] = 1
    texts = [text for _, text in messages(rows, batch)]
    for name, (step, _) in steps.items():
        parts = [rows[at : at + batch].copy() for at in range(0, len(rows), batch)]
        wall, cpu = perf_counter_ns(), thread_time_ns()
        for part, text in zip(parts, texts):
            step(part, text)
        taken[name].cpu.append((thread_time_ns() - cpu) / len(rows))
        taken[name].wall.append((perf_counter_ns() - wall) / len(rows))


def summary(taken: dict[int, dict[str, Taken]]) -> list[dict[str, Any]]:
    """Medians of the rounds, as plain data."""
    return [
        {
            "batch": batch, "layer": name, "wall_ns": median(found.wall),
            "cpu_ns": median(found.cpu), "cpu_ns_min": min(found.cpu),
        }
        for batch, line in taken.items()
        for name, found in line.items()
    ]  # fmt: skip
