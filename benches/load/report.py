"""The outcome as a table, as JSON and as a picture."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benches.load.recorder import PERCENTILES
from benches.load.run import Outcome, Wish
from benches.load.workers import Way

NAMES = tuple("max" if p == 100 else f"p{p:g}" for p in PERCENTILES)
MARK = {True: "[green]yes[/]", False: "[bold red]NO[/]", None: "[yellow]not asked[/]"}


def show(outcome: Outcome, console: Any) -> None:
    """Latencies by kind, what was carried, and the checks."""
    from rich.table import Table

    recorder = outcome.recorder
    table = Table(title="from due to answered, milliseconds", title_justify="left")
    table.add_column("kind")
    for name in ("count", *NAMES, "mean"):
        table.add_column(name, justify="right")
    for title, lines in (
        ("", recorder.lines(recorder.from_due)),
        (" from sent", {"all": recorder.lines(recorder.from_sent).get("all")}),
    ):
        for kind, line in lines.items():
            if line:
                cells = (f"{line[name] / 1e6:,.2f}" for name in (*NAMES, "mean"))
                table.add_row(kind + title, f"{line['count']:,}", *cells)
    console.print(table)
    rate = recorder.rate(outcome.seconds)
    cpu = f", server {outcome.server_cpu / outcome.seconds:.2f} cores" if outcome.server_cpu else ""
    console.print(
        f"{outcome.commands:,} commands of {outcome.sessions:,} sessions in "
        f"{outcome.seconds:.1f} s: [bold]{rate:,.0f} answers/s[/]{cpu}"
    )
    if outcome.memory:
        first, last = settled(outcome.memory)
        console.print(f"server memory: {first / 1e6:,.0f} MB, at the end {last / 1e6:,.0f} MB")
    for each in outcome.checks:
        console.print(f"  {MARK[each.ok]}  {each.name}: {each.text}", highlight=False)


def settled(memory: list[tuple[float, int]]) -> tuple[int, int]:
    """Resident bytes: the median of the second and of the last fifth of the time."""
    sizes = np.array([size for _, size in memory])
    part = max(len(sizes) // 5, 1)
    return int(np.median(sizes[part : 2 * part])), int(np.median(sizes[-part:]))


def document(outcome: Outcome, wish: Wish, way: Way, machine: dict[str, str]) -> dict[str, Any]:
    """Everything as plain data, for JSON. Times are ns, counts by second since the start."""
    recorder = outcome.recorder
    return {
        "machine": machine,
        "wish": {**asdict(wish), "replay": str(wish.replay or "")},
        "way": asdict(way),
        "commands": outcome.commands,
        "sessions": outcome.sessions,
        "seconds": outcome.seconds,
        "answers_per_second": recorder.rate(outcome.seconds),
        "unanswered": recorder.unanswered,
        "from_due_ns": recorder.lines(recorder.from_due),
        "from_sent_ns": recorder.lines(recorder.from_sent),
        "sent": recorder.sent,
        "answered": recorder.acked,
        "server_cpu_seconds": outcome.server_cpu,
        "server_memory": outcome.memory,
        "checks": [asdict(each) for each in outcome.checks],
        "ok": outcome.ok,
    }


def draw(outcome: Outcome, path: Path) -> None:
    """Percentiles of each kind over a scale of nines; commands and memory over time."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    recorder = outcome.recorder
    shares = 1 - np.logspace(0, -5, 200)
    for kind, histogram in sorted(recorder.from_due.items()):
        values = [histogram.get_value_at_percentile(100 * share) / 1e6 for share in shares]
        left.plot(1 / (1 - shares), values, label=kind, lw=2.2 if kind == "all" else 1.2)
    left.set(xscale="log", yscale="log", xlabel="percentile", ylabel="ms from due to answered")
    left.set_xticks([1, 10, 100, 1e3, 1e4, 1e5], ["0", "90", "99", "99.9", "99.99", "99.999"])
    left.legend()
    left.grid(alpha=0.3)
    for counts, label in ((recorder.sent, "sent"), (recorder.acked, "answered")):
        seconds = range(max(max(counts, default=0), 1))  # the last one is not a whole second
        right.step(seconds, [counts.get(s, 0) for s in seconds], where="post", label=label)
    right.set(xlabel="seconds", ylabel="commands a second")
    right.set_ylim(bottom=0)
    right.legend(loc="lower left")
    if outcome.memory:
        other = right.twinx()
        times, sizes = zip(*outcome.memory)
        other.plot(times, np.array(sizes) / 1e6, color="tab:gray", lw=1)
        other.set_ylabel("server memory, MB (gray)")
        other.set_ylim(bottom=0)
    figure.savefig(path)
