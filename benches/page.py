"""The results of `benches.exchange` as data and as a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from benches.exchange import PERCENTILES, Result

Line = dict[str, Any]


def table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], texts: int = 1) -> str:
    """Markdown: the first `texts` columns are text, the others numbers."""
    lines = [f"| {' | '.join(columns)} |", "|---" * texts + "|--:" * (len(columns) - texts) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(cells)} |" for cells in rows)])


def throughput(results: list[Result]) -> str:
    """Nanoseconds per command and what the flow is like."""
    columns = (
        "workload", "ns/command", "min-max", "CPU ns", "commands/s", "commands", "reports/command",
        "resting", "bytes/order", "MB in all", "refused",
    )  # fmt: skip
    rows = [
        (
            r.name, f"{r.ns:.0f}", f"{r.ns_min:.0f}-{r.ns_max:.0f}", f"{r.cpu_ns:.0f}",
            f"{r.per_second:,.0f}", f"{r.commands:,}", f"{r.reports_per_command:.2f}",
            f"{r.resting:,}", f"{r.order_bytes:.0f}", f"{r.all_bytes / 1e6:.1f}",
            f"{r.refused_share:.1%}",
        )
        for r in results
    ]  # fmt: skip
    return table(columns, rows)


def latency(results: list[Result], batch: int) -> str:
    """Percentiles of a batch of one and of a batch of many, in microseconds."""
    names = tuple("max" if p == 100 else f"p{p:g}" for p in PERCENTILES)
    columns = ("workload", *(f"one {n}" for n in names), *(f"{batch:,} {n}" for n in names))
    rows = [
        (r.name, *(f"{ns / 1e3:,.1f}" for ns in r.single_ns + r.batch_ns))
        for r in results
    ]  # fmt: skip
    return table(columns, rows)


def refusals(results: list[Result]) -> str:
    """By what rows were refused, for the flows in which some are."""
    lines = []
    for r in results:
        counts = ", ".join(f"{name} {count:,}" for name, count in r.refused.items())
        lines += [f"{r.name}: {counts}."] if counts else []
    return "\n\n".join(lines)


def peers(lines: list[Line]) -> str:
    """Other engines beside ours."""
    columns = ("workload", "engine", "what it is", "CPU ns/command", "times ours", "stretches")
    rows = [
        (
            line["workload"], line["peer"], line["what"], f"{line['ns']:,.0f}",
            f"{line['ratio']:,.2f}", str(line["stretches"]),
        )
        for line in lines
    ]  # fmt: skip
    return table(columns, rows, 3)


def timings(lines: list[Line]) -> str:
    """Pieces: minimum, median and rounds."""
    columns = ("piece", "min us", "median us", "mean us", "rounds")
    rows = [
        (
            line["name"], *(f"{line[key] * 1e6:,.2f}" for key in ("min", "median", "mean")),
            f"{line['rounds']:,}",
        )
        for line in lines
    ]  # fmt: skip
    return table(columns, rows)


def document(results: list[Result], extras: Line) -> Line:
    """Everything as plain data, for JSON."""
    return {**extras, "percentiles": PERCENTILES, "results": [asdict(r) for r in results]}


def markdown(results: list[Result], extras: Line) -> str:
    """The page that is kept beside the JSON."""
    machine = ", ".join(f"{key} {value}" for key, value in extras["machine"].items())
    parts = ["# The exchange, measured", machine + "."]
    if results:
        parts += [throughput(results), "## Latency, microseconds a call"]
        parts += [latency(results, extras["batch"])]
        if text := refusals(results):
            parts += ["## What was refused", f"In {extras['stretch']:,} commands. {text}"]
    if line := extras.get("submit"):
        parts += ["## One order object at a time", submit(line)]
    if line := extras.get("starts"):
        seconds = ", ".join(f"{key[:-2]} {value:.1f} s" for key, value in line.items())
        parts += ["## Starts", f"New process to first fill: {seconds}."]
    if lines := extras.get("peers"):
        parts += ["## Other engines", peers(lines)]
    if missing := extras.get("missing"):
        parts += [", ".join(f"{name}: {why}" for name, why in missing.items()) + "."]
    if lines := extras.get("pieces"):
        parts += ["## Pieces", timings(lines)]
    return "\n\n".join(parts) + "\n"


def submit(line: Line) -> str:
    """`Exchange.submit` and `cancel` of the public face."""
    return " ".join(
        f"`{name}`: p50 {p50 / 1e3:.1f} us, p90 {p90 / 1e3:.1f}, p99 {p99 / 1e3:.1f}."
        for name, (p50, p90, p99, *_) in line.items()
    )
