"""`gridworks bench`: the whole exchange on defined order flows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(bench)


def bench(
    workloads: Annotated[list[str] | None, typer.Argument(help="Default: W1 W2 W3 W4")] = None,
    batch: Annotated[int, typer.Option(min=1, help="Commands per call")] = 1_024,
    repeat: Annotated[int, typer.Option(min=1, help="Stretches measured")] = 9,
    stretch: Annotated[int, typer.Option(min=1_000, help="Commands of a stretch")] = 131_072,
    peers: Annotated[bool, typer.Option("--peers", help="Other engines, interleaved")] = False,
    starts: Annotated[bool, typer.Option("--starts", help="Start times; compiles afresh")] = False,
    out: Annotated[Path | None, typer.Option("--json", help="Also FILE.json and FILE.md")] = None,
) -> None:
    """Nanoseconds per command with risk on and reports written, one core."""
    from benches.exchange import Plan, document, markdown, measure
    from benches.machine import facts
    from benches.workloads import MIXES

    names = workloads or ["W1", "W2", "W3", "W4"]
    unknown = [name for name in names if name not in MIXES]
    if unknown:
        typer.echo(f"gridworks: no workload {unknown[0]}; there are {', '.join(MIXES)}", err=True)
        raise typer.Exit(2)
    extras: dict[str, Any] = {"machine": facts(), "batch": batch}
    plan = Plan(batch, repeat, stretch)
    results = []
    for name in names:
        typer.echo(f"{name} ...", err=True)
        results.append(measure(MIXES[name], plan))
    if peers:
        extras["peers"] = _peers(repeat)
    if starts:
        extras["starts"] = _starts()
    typer.echo(markdown(results, extras))
    if out is not None:
        data = json.dumps(document(results, extras), indent=1)
        out.with_suffix(".json").write_text(data + "\n", encoding="utf-8")
        out.with_suffix(".md").write_text(markdown(results, extras), encoding="utf-8")


def _peers(repeat: int) -> list[dict[str, Any]]:
    """W1 and the flash crash, short stretches: the peers are slow."""
    from benches.exchange import Plan, versus

    found: list[dict[str, Any]] = []
    missing: list[str] = []
    for name in ("W1", "crash"):
        lines, missing = versus(name, Plan(repeat=repeat, stretch=10_000))
        found += lines
    for peer in missing:
        typer.echo(f"{peer}: not installed, skipped (pip install 'gridworks-infra[bench]')")
    return found


def _starts() -> dict[str, float]:
    from benches.starts import starts

    typer.echo("start times ...", err=True)
    return starts(cold=True)
