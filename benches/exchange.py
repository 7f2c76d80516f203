"""The whole exchange on the flows of `benches.workloads`: risk on, reports written, one core.

A book is filled, then stretches of the flow are applied in batches; only `Exchange.apply` is
timed, into a standing report buffer. The flow is stationary, so each stretch is one repeat;
the first is warm-up and the one whose refusals are counted. After each stretch the number of
live orders must be the generator's. The mixed flow has a generator without a book: there the
same seed is applied again in batches of another size, and both states must have one hash.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter_ns, thread_time_ns
from typing import Any

import numpy as np

from benches.workloads import CHUNK, MIXES, Mix, flow_of, set_up
from domain.codes import ExecType, Reason, ReportType
from domain.layout import REPORT
from domain.tables import Table
from engine.exchange import Exchange

Rows = np.ndarray[Any, Any]
Say = Callable[[str], None]
BATCH = 1_024
STRETCH = CHUNK  # commands of a repeat
REPEAT = 9
SINGLES = 20_000
TOTALS = {"W2": 10_000_000}  # commands for the record, where the default is not enough
PERCENTILES = (50, 90, 99, 99.9, 100)
ORDER_TABLES = (Table.ORDER, Table.DETAIL, Table.OWNER, Table.EXTRA, Table.DIRECTORY)


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    batch: int = BATCH
    repeat: int = REPEAT
    stretch: int = STRETCH
    singles: int = SINGLES


@dataclass(frozen=True)
class Result:
    """One workload: nanoseconds per command and what came with them."""

    name: str
    ns: float  # median of the stretches
    ns_min: float
    ns_max: float
    cpu_ns: float  # processor time of the measuring thread, median
    per_second: float
    commands: int
    reports_per_command: float
    resting: int
    order_bytes: float  # used rows of the order tables over the resting orders
    all_bytes: int  # all tables, with the room that they grew into
    refused_share: float
    refused: dict[str, int]
    single_ns: tuple[float, ...]  # PERCENTILES of batches of one
    batch_ns: tuple[float, ...]  # PERCENTILES of batches of `Plan.batch`
    state_hash: str


def percentiles(taken: Rows) -> tuple[float, ...]:
    """PERCENTILES of some times; zeros if there are none."""
    if not len(taken):
        return (0.0,) * len(PERCENTILES)
    return tuple(float(p) for p in np.percentile(taken, PERCENTILES))


class Run:
    """An exchange that follows a flow."""

    def __init__(self, mix: Mix, batch: int = BATCH) -> None:
        self.flow, self.exchange, self.batch = flow_of(mix), Exchange(), batch
        self.out = np.zeros(max(8 * batch, 65_536), REPORT)
        self.exchange.apply(set_up(mix))
        self.filled = list(self.flow.fill()) if mix.resting <= CHUNK else []
        for rows in self.filled or self.flow.fill():
            self.timed(rows)

    def times(self, rows: Rows) -> Rows:
        """Apply rows in batches; nanoseconds of each batch."""
        apply, out, size = self.exchange.apply, self.out, self.batch
        taken = np.zeros(-(-len(rows) // size))
        for number, first in enumerate(range(0, len(rows), size)):
            part = rows[first : first + size]
            start = perf_counter_ns()
            apply(part, out)
            taken[number] = perf_counter_ns() - start
        return taken

    def timed(self, rows: Rows) -> float:
        """Apply rows in batches; nanoseconds per command."""
        return float(self.times(rows).sum()) / len(rows)

    def counted(self, rows: Rows) -> tuple[int, Counter[str]]:
        """Apply rows; how many reports, and the refusals by reason."""
        reports = self.exchange.apply(rows)
        bad = reports["reason"][
            (reports["exec_type"] == ExecType.REJECTED)
            | (reports["report"] == ReportType.CANCEL_REJECT)
            | ((reports["report"] == ReportType.ADMIN) & (reports["reason"] != Reason.NONE))
        ]
        return len(reports), Counter(Reason(int(r)).name for r in bad)

    def singles(self, count: int) -> tuple[float, ...]:
        """PERCENTILES in ns of batches of one."""
        rows, taken = self.flow.commands(count), np.zeros(count)
        for n in range(count):
            one = rows[n : n + 1]
            start = perf_counter_ns()
            self.exchange.apply(one, self.out)
            taken[n] = perf_counter_ns() - start
        return percentiles(taken)

    @property
    def resting(self) -> int:
        """Orders that live in the exchange; a generator with a book must agree."""
        live = int(self.exchange.table(Table.CORE)["live_orders"][0])
        if self.flow.live is not None and live != self.flow.live:
            raise AssertionError(f"{live} orders rest, the generator knows {self.flow.live}")
        return live

    @property
    def order_bytes(self) -> int:
        """Bytes in the used rows of the tables that grow with the orders."""
        return sum(self.exchange.table(table).nbytes for table in ORDER_TABLES)


def replayed(mix: Mix, commands: int, batch: int) -> str:
    """The state hash after so many commands of the flow from its beginning, in other batches."""
    flow, exchange = flow_of(mix), Exchange()
    exchange.apply(set_up(mix))
    for rows in flow.fill():
        exchange.apply(rows)
    for first in range(0, commands, CHUNK):
        rows = flow.commands(min(CHUNK, commands - first))
        for at in range(0, len(rows), batch):
            exchange.apply(rows[at : at + batch])
    return exchange.state_hash()


def quiet(text: str) -> None:
    """Says nothing."""


def measure(mix: Mix, plan: Plan, say: Say = quiet) -> Result:
    """Fill, warm up, then `plan.repeat` stretches.

    Raises:
        AssertionError: the exchange and the generator, or the exchange and its replay, disagree.
    """
    say(f"{mix.name}: filling")
    run = Run(mix, plan.batch)
    reports, refused = run.counted(run.flow.commands(plan.stretch))
    repeats = plan.repeat
    if plan.stretch == STRETCH:
        repeats = max(repeats, TOTALS.get(mix.name, 0) // plan.stretch)
    taken, cpu, batches = [], [], []
    for number in range(1, repeats + 1):
        rows = run.flow.commands(plan.stretch)
        start = thread_time_ns()
        batches.append(run.times(rows))
        cpu.append((thread_time_ns() - start) / len(rows))
        taken.append(float(batches[-1].sum()) / len(rows))
        resting = run.resting
        say(f"{mix.name}: {number} of {repeats}, {median(taken):.0f} ns a command")
    singles = run.singles(plan.singles)
    state_hash = run.exchange.state_hash()
    applied = (1 + repeats) * plan.stretch + plan.singles
    if mix.mixed and replayed(mix, applied, plan.batch * 3 // 4 + 1) != state_hash:
        raise AssertionError(f"{mix.name}: the replay has another state")
    return Result(
        mix.name, median(taken), min(taken), max(taken), median(cpu), 1e9 / median(taken),
        repeats * plan.stretch, reports / plan.stretch, resting, run.order_bytes / max(resting, 1),
        run.exchange.nbytes, sum(refused.values()) / plan.stretch, dict(refused.most_common()),
        singles, percentiles(np.concatenate(batches)), state_hash,
    )  # fmt: skip


def versus(name: str, plan: Plan, say: Say = quiet) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The peers on one workload, interleaved with ours in batches and one command a call."""
    from benches.peers.engines import compare

    run, single = Run(MIXES[name], plan.batch), Run(MIXES[name], 1)
    stretches = []
    for _ in range(plan.repeat):
        rows = run.flow.commands(plan.stretch)
        stretches.append((rows, run.flow.live or 0))
    ours: dict[str, Callable[[Rows], object]] = {
        f"ours, {plan.batch:,} a call": run.times,
        "ours, one a call": single.times,
    }
    say(f"{name}: the peers")
    lines, missing = compare(ours, run.filled, stretches)
    return [{"workload": name, **line} for line in lines], missing
