"""`gridworks bench`: the whole exchange on defined order flows."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from gridworks.cli import writable

QUICK = ("W1", "W2", "W3", "W5", "crash", "gaps")  # what fills in a second
EVERY_S = 10  # between two lines of progress in a file; a terminal sees all of them


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(bench)


def bench(
    workload: Annotated[
        list[str] | None,
        typer.Option("--workload", "-w", help="W1 to W5, crash, gaps, pile, crowd; default: all"),
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="Commands a call")] = 1_024,
    repeat: Annotated[int, typer.Option(min=1, help="Stretches that are measured")] = 9,
    stretch: Annotated[int, typer.Option(min=1_000, help="Commands of a stretch")] = 131_072,
    quick: Annotated[bool, typer.Option("--quick", help="Short stretches, no large books")] = False,
    peers: Annotated[bool, typer.Option("--peers", help="Other engines, interleaved")] = False,
    starts: Annotated[bool, typer.Option("--starts", help="Also start times and pieces")] = False,
    out: Annotated[
        Path | None, typer.Option("--json", help="Write FILE.json and FILE.md", callback=writable)
    ] = None,
) -> None:
    """Nanoseconds per command with risk on, reports written.

    All flows with --peers and --starts take about five minutes on a machine without other work.
    """
    from benches.exchange import Plan, measure
    from benches.machine import facts
    from benches.page import document, markdown
    from benches.pieces.submit import timings
    from benches.workloads import MIXES

    names = workload or (list(QUICK) if quick else list(MIXES))
    if unknown := [name for name in names if name not in MIXES]:
        typer.echo(f"gridworks: no workload {unknown[0]}; there are {', '.join(MIXES)}", err=True)
        raise typer.Exit(2)
    plan = Plan(batch, min(repeat, 3), min(stretch, 16_384), 2_000) if quick else Plan(
        batch, repeat, stretch
    )  # fmt: skip
    say = Progress()
    extras: dict[str, Any] = {"machine": facts(), "batch": batch, "stretch": plan.stretch}
    results = [measure(MIXES[name], plan, say) for name in names]
    say("one order object at a time")
    extras["submit"] = timings(plan.singles // 4)
    if peers:
        extras["peers"], extras["missing"] = _peers(repeat, say)
    if starts:
        extras |= _starts(say)
    say.done()
    typer.echo(markdown(results, extras))
    if out is not None:
        data = json.dumps(document(results, extras), indent=1)
        out.with_suffix(".json").write_text(data + "\n", encoding="utf-8")
        out.with_suffix(".md").write_text(markdown(results, extras), encoding="utf-8")


class Progress:
    """One line that changes, or in a file a line now and then."""

    def __init__(self) -> None:
        self._live, self._next = sys.stderr.isatty(), 0.0

    def __call__(self, text: str) -> None:
        """Show what is being done."""
        if self._live:
            typer.echo(f"\r\033[K{text}", err=True, nl=False)
        elif time.monotonic() >= self._next:
            typer.echo(text, err=True)
            self._next = time.monotonic() + EVERY_S

    def done(self) -> None:
        """Take the line away."""
        if self._live:
            typer.echo("\r\033[K", err=True, nl=False)


def _peers(repeat: int, say: Progress) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """W1 and the flash crash, short stretches: the peers are slow."""
    from benches.exchange import Plan, versus

    found: list[dict[str, Any]] = []
    missing: dict[str, str] = {}
    for name in ("W1", "crash"):
        lines, missing = versus(name, Plan(repeat=repeat, stretch=4_096), say)
        found += lines
    for peer, why in missing.items():
        typer.echo(f"\n{peer}: {why}; pip install 'gridworks-infra[bench]'", err=True)
    return found, missing


def _starts(say: Progress) -> dict[str, Any]:
    from benches.starts import pieces, starts

    say("start times, with a compilation from nothing")
    found: dict[str, Any] = {"starts": starts(cold=True)}
    say("pieces")
    found["pieces"], problem = pieces()
    if problem:
        typer.echo(f"\npieces: {problem}", err=True)
    return found
