"""The whole exchange on the flows of `benches.workloads`: risk on, reports written, one core.

A book is filled, then stretches of the flow are applied in batches; only `Exchange.apply` is
timed, into a standing report buffer. The flow is stationary, so each stretch is one repeat;
the first is warm-up and the one whose refusals are counted. After each stretch the number of
live orders must be the generator's.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter_ns
from typing import Any

import numpy as np

from benches.workloads import CHUNK, MIXES, Flow, Mix, set_up
from domain.codes import ExecType, Reason, ReportType
from domain.layout import REPORT
from domain.tables import Table
from engine.exchange import Exchange

Rows = np.ndarray[Any, Any]
BATCH = 1_024
STRETCH = CHUNK  # commands of a repeat
REPEAT = 9
SINGLES = 20_000
TOTALS = {"W2": 10_000_000}  # commands for the record, where the default is not enough


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
    ns: float
    ns_min: float
    ns_max: float
    per_second: float
    commands: int
    reports_per_command: float
    resting: int
    bytes_per_order: float
    refused: dict[str, int]
    single_ns: tuple[float, float, float]  # p50, p99, p99.9 of a batch of one


class Run:
    """An exchange that follows a flow."""

    def __init__(self, mix: Mix, batch: int = BATCH) -> None:
        self.flow, self.exchange, self.batch = Flow(mix), Exchange(), batch
        self.out = np.zeros(max(8 * batch, 65_536), REPORT)
        self.exchange.apply(set_up(mix))
        self.filled = list(self.flow.fill()) if mix.resting <= CHUNK else []
        for rows in self.filled or self.flow.fill():
            self.timed(rows)

    def timed(self, rows: Rows) -> float:
        """Apply rows in batches; nanoseconds per command."""
        apply, out, size, spent = self.exchange.apply, self.out, self.batch, 0
        for first in range(0, len(rows), size):
            part = rows[first : first + size]
            start = perf_counter_ns()
            apply(part, out)
            spent += perf_counter_ns() - start
        return spent / len(rows)

    def counted(self, rows: Rows) -> tuple[int, Counter[str]]:
        """Apply rows; how many reports, and the refusals by reason."""
        reports = self.exchange.apply(rows)
        bad = reports["reason"][
            (reports["exec_type"] == ExecType.REJECTED)
            | (reports["report"] == ReportType.CANCEL_REJECT)
        ]
        return len(reports), Counter(Reason(int(r)).name for r in bad)

    def singles(self, count: int) -> tuple[float, float, float]:
        """p50, p99, p99.9 in ns of batches of one."""
        if not count:
            return 0.0, 0.0, 0.0
        rows, taken = self.flow.commands(count), np.zeros(count)
        for n in range(count):
            one = rows[n : n + 1]
            start = perf_counter_ns()
            self.exchange.apply(one, self.out)
            taken[n] = perf_counter_ns() - start
        p50, p99, p999 = np.percentile(taken, (50, 99, 99.9))
        return float(p50), float(p99), float(p999)

    @property
    def resting(self) -> int:
        """Orders that rest in the exchange; the generator must agree."""
        live = int(self.exchange.table(Table.CORE)["live_orders"][0])
        if live != self.flow.live:
            raise AssertionError(f"{live} orders rest, the generator knows {self.flow.live}")
        return live


def measure(mix: Mix, plan: Plan) -> Result:
    """Fill, warm up, then `plan.repeat` stretches."""
    run = Run(mix, plan.batch)
    reports, refused = run.counted(run.flow.commands(plan.stretch))
    repeats = plan.repeat
    if plan.stretch == STRETCH:
        repeats = max(repeats, TOTALS.get(mix.name, 0) // plan.stretch)
    taken = []
    for _ in range(repeats):
        taken.append(run.timed(run.flow.commands(plan.stretch)))
        resting = run.resting
    singles = run.singles(plan.singles)
    return Result(
        mix.name, median(taken), min(taken), max(taken), 1e9 / median(taken),
        repeats * plan.stretch, reports / plan.stretch, resting,
        run.exchange.nbytes / max(resting, 1), dict(refused), singles,
    )  # fmt: skip


def versus(name: str, plan: Plan) -> tuple[list[dict[str, Any]], list[str]]:
    """The peers on one workload, interleaved with ours."""
    from benches.peers import compare

    run = Run(MIXES[name], plan.batch)
    stretches = [run.flow.commands(plan.stretch) for _ in range(plan.repeat)]
    lines, missing = compare(run.timed, run.filled, stretches)
    return [{"workload": name, **line} for line in lines], missing


def table(results: list[Result]) -> str:
    """The results as Markdown."""
    columns = (
        "workload", "ns/command", "min-max", "commands/s", "reports/command", "resting",
        "bytes/order", "refused", "one: p50 / p99 / p99.9 us",
    )  # fmt: skip
    lines = [f"| {' | '.join(columns)} |", "|---" + "|--:" * (len(columns) - 1) + "|"]
    for r in results:
        one = " / ".join(f"{ns / 1e3:.1f}" for ns in r.single_ns)
        refused = sum(r.refused.values())
        lines.append(
            f"| {r.name} | {r.ns:.0f} | {r.ns_min:.0f}-{r.ns_max:.0f} | {r.per_second:,.0f} | "
            f"{r.reports_per_command:.2f} | {r.resting:,} | {r.bytes_per_order:,.0f} | "
            f"{refused} | {one} |"
        )
    return "\n".join(lines)


def document(results: list[Result], extras: dict[str, Any]) -> dict[str, Any]:
    """Everything as plain data, for JSON."""
    return {**extras, "results": [asdict(r) for r in results]}


def markdown(results: list[Result], extras: dict[str, Any]) -> str:
    """The page that is kept beside the JSON."""
    machine = ", ".join(f"{key} {value}" for key, value in extras["machine"].items())
    parts = ["# The exchange, measured", machine, table(results)]
    if extras.get("starts"):
        seconds = ", ".join(f"{key[:-2]} {value:.1f} s" for key, value in extras["starts"].items())
        parts.append(f"New process to first fill: {seconds}.")
    if extras.get("peers"):
        lines = ["| workload | peer | ns/command | times ours | what it is |"]
        lines.append("|---|---|--:|--:|---|")
        lines += [
            f"| {p['workload']} | {p['peer']} | {p['ns']:,.0f} | {p['ratio']:.1f} | {p['lacks']} |"
            for p in extras["peers"]
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"
