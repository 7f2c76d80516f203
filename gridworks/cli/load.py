"""`gridworks load`: an open-loop load on a server, every answer checked."""

from __future__ import annotations

import inspect
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from gridworks.cli import writable

KEY = "GRIDWORKS_API_KEY"
LOCAL = "127.0.0.1:7400"


@dataclass(frozen=True)
class Options:
    """What the command is told; typer reads the fields as it would read parameters."""

    target: Annotated[str, typer.Option(help="host:port of a running server")] = LOCAL
    start_server: Annotated[
        bool, typer.Option("--start-server", help="A server of its own instead, on loopback")
    ] = False
    key: Annotated[str, typer.Option(envvar=KEY, help="A key that may trade and read risk",
                                     show_default=False)] = ""  # fmt: skip
    ca: Annotated[Path | None, typer.Option(help="PEM of the CA to trust; none: no TLS")] = None
    tls: Annotated[bool, typer.Option(help="TLS for --start-server")] = True
    policy: Annotated[str, typer.Option(help="memory or disk, for --start-server")] = "disk"
    door: Annotated[str, typer.Option(help="That sessions go through: main or gateway")] = "main"
    gateway: Annotated[str, typer.Option(help="host:port of a running server's gateway")] = ""
    mix: Annotated[str, typer.Option(help="Workload of docs/benchmarks.md")] = "W1"
    rate: Annotated[float, typer.Option(min=0.01, help="Commands a second in all")] = 1000.0
    seconds: Annotated[float, typer.Option(min=0.1, max=86_400, help="How long")] = 10.0
    warmup: Annotated[float, typer.Option(min=0, help="Seconds that do not count")] = 1.0
    arrivals: Annotated[str, typer.Option(help="poisson, bursts or even")] = "poisson"
    burst: Annotated[int, typer.Option(min=1, help="Commands of a burst")] = 100
    replay: Annotated[
        Path | None, typer.Option(help="Times, one a line in seconds; or a command log (.db)")
    ] = None
    speed: Annotated[float, typer.Option(help="Of the replay; 1: as recorded")] = 1.0
    sessions: Annotated[int, typer.Option(min=1, max=10_000, help="Order-entry sessions")] = 4
    processes: Annotated[int, typer.Option(min=1, max=64, help="That carry them")] = 1
    connections: Annotated[int, typer.Option(min=1, max=1_000, help="Of each process")] = 1
    batch: Annotated[
        int, typer.Option(min=1, max=4096, help="Late commands that may share a message")
    ] = 1
    drop_copy: Annotated[bool, typer.Option(help="Read the drop copy and check with it")] = True
    seed: Annotated[int, typer.Option(min=0, help="Of traffic and arrivals")] = 7
    json: Annotated[
        Path | None, typer.Option(help="Write FILE.json and FILE.png", callback=writable)
    ] = None


def load(**given: Any) -> None:
    """Load a server at a set rate and check every answer and fill.

    Latency counts from when a command was due. Ends with 1 when a check fails.
    """
    from rich.console import Console

    from benches.load import run
    from benches.load.local import Target
    from benches.load.workers import Way
    from domain.errors import GridWorksError

    told = Options(**given)
    if told.json is not None and not told.json.absolute().parent.is_dir():
        raise typer.BadParameter(f"{told.json.absolute().parent} is no folder", param_hint="--json")
    wish = run.Wish(**{name: given[name] for name in run.Wish.__dataclass_fields__})
    way = Way(told.processes, told.connections, told.batch, door=told.door)
    console = Console() if sys.stdout.isatty() else Console(width=110)
    try:
        with _Live(console, told.rate * told.seconds) as live:
            if told.start_server:
                outcome = run.on_own_server(
                    wish, way, live.say, live.watch, tls=told.tls, policy=told.policy
                )
            else:
                target = Target(told.target, told.key, told.ca, told.gateway)
                outcome = run.load(target, wish, way, live.say, live.watch)
    except (GridWorksError, OSError) as problem:
        typer.echo(f"gridworks: {problem}", err=True)
        raise typer.Exit(2) from None
    _tell(outcome, wish, way, console, told.json)
    if not outcome.ok:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(load)


load.__signature__ = inspect.signature(Options, eval_str=True)  # type: ignore[attr-defined]
load.__annotations__ = get_type_hints(Options, include_extras=True)


def _tell(outcome: Any, wish: Any, way: Any, console: Any, out: Path | None) -> None:
    from benches.load import report
    from benches.machine import facts

    report.show(outcome, console)
    if out is not None:
        data = json.dumps(report.document(outcome, wish, way, facts()), indent=1)
        out.with_suffix(".json").write_text(data + "\n", encoding="utf-8")
        try:
            report.draw(outcome, out.with_suffix(".png"))
        except ModuleNotFoundError:
            typer.echo("no picture: pip install matplotlib", err=True)


class _Live:
    """A bar of what is answered, on a terminal."""

    def __init__(self, console: Any, commands: float) -> None:
        from rich.progress import BarColumn, Progress, TextColumn

        columns = (
            TextColumn("{task.description}"), BarColumn(),
            TextColumn("{task.completed:,.0f} answered"), TextColumn("{task.fields[late]}"),
        )  # fmt: skip
        shown = console.is_terminal and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self._bar = Progress(*columns, console=console, transient=True, disable=not shown)
        self._task = self._bar.add_task("starting", total=max(commands, 1), late="")

    def __enter__(self) -> _Live:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def say(self, text: str) -> None:
        """What is being done."""
        self._bar.update(self._task, description=text)

    def watch(self, sent: int, acked: int, seconds: float) -> None:
        """How far it is."""
        late = f"{sent - acked:,} in flight, {seconds:.0f} s"
        self._bar.update(self._task, description="load", completed=acked, late=late)
