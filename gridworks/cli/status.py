"""`gridworks status`: how a running server is, as it changes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import RenderableType

STAGES = ("decode", "queue", "log", "engine", "encode", "publish")
COLOURS = {"SERVING": "green", "STARTING": "yellow", "DEGRADED": "yellow", "DRAINING": "yellow"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(status)


def status(
    target: Annotated[str, typer.Argument(help="host:port of the server")] = "127.0.0.1:7400",
    key: Annotated[
        str, typer.Option(envvar="GRIDWORKS_API_KEY", help="A key with the scope admin:read.",
                          show_default=False),
    ] = "",
    ca: Annotated[
        Path | None, typer.Option(help="PEM of the authority that signed the server's certificate.")
    ] = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="No TLS.")] = False,
    every: Annotated[float, typer.Option(help="Seconds between two looks.", min=0.1)] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="Print it once; exit code 1 if not well.")]
    = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it once, as JSON.")] = False,
) -> None:  # fmt: skip
    """Show rates, latencies, streams and health of a server, live."""
    import grpc

    if not key:
        typer.echo("gridworks: give a key with --key or in GRIDWORKS_API_KEY", err=True)
        raise typer.Exit(2)
    channel = _channel(target, ca, insecure)
    ask = _asking(channel, key)
    try:
        if once or as_json:
            first = ask()
            time.sleep(min(every, 1.0))
            raise typer.Exit(_once(first, ask(), as_json))
        _live(ask, every, target)
    except grpc.RpcError as problem:
        typer.echo(f"gridworks: {target}: {problem.code().name}: {problem.details()}", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        return
    finally:
        channel.close()


def _channel(target: str, ca: Path | None, insecure: bool) -> Any:
    import grpc

    if insecure:
        return grpc.insecure_channel(target)
    try:
        root = ca.read_bytes() if ca else None
    except OSError as problem:
        typer.echo(f"gridworks: {ca}: {problem}", err=True)
        raise typer.Exit(2) from None
    return grpc.secure_channel(target, grpc.ssl_channel_credentials(root))


def _asking(channel: Any, key: str) -> Any:
    """What asks the server: gives (monotonic seconds, SystemStatus)."""
    from gridworks.api.admin.v1.admin_service_pb2 import GetSystemStatusRequest
    from gridworks.api.admin.v1.admin_service_pb2_grpc import AdminServiceStub

    stub = AdminServiceStub(channel)

    def ask() -> tuple[float, Any]:
        found = stub.GetSystemStatus(
            GetSystemStatusRequest(), timeout=15, metadata=[("authorization", f"Bearer {key}")]
        )
        return time.monotonic(), found

    return ask


def facts(before: tuple[float, Any], now: tuple[float, Any]) -> dict[str, Any]:
    """What two looks say, as plain values."""
    (t0, old), (t1, new) = before, now
    gauges = {part.name: dict(part.gauges) for part in new.parts}
    earlier = {part.name: dict(part.gauges) for part in old.parts}
    span = max(t1 - t0, 1e-9)
    calls = gauges.get("latency", {}).get("calls", 0.0) - earlier.get("latency", {}).get("calls", 0)
    latency = gauges.get("latency", {})
    return {
        "state": _state(new, new.state), "version": new.version, "environment": new.environment,
        "seq": new.seq, "durable_seq": new.durable_seq,
        "commands_per_second": (new.seq - old.seq) / span, "calls_per_second": calls / span,
        "inbox": gauges.get("sequencer", {}).get("inbox", 0.0),
        "streams": gauges.get("grpc", {}).get("streams", 0.0),
        "latency_us": {
            stage: [latency.get(f"{stage}_p50_us"), latency.get(f"{stage}_p99_us")]
            for stage in STAGES
        },
        "parts": {
            part.name: {"state": _state(new, part.state), "detail": part.detail,
                        "gauges": dict(part.gauges)} for part in new.parts
        },
    }  # fmt: skip


def _state(message: Any, number: int) -> str:
    return str(message.State.Name(number)).removeprefix("STATE_")


def _once(first: tuple[float, Any], second: tuple[float, Any], as_json: bool) -> int:
    """Print, and say whether all is well by the exit code."""
    import json

    from rich.console import Console

    found = facts(first, second)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    else:
        Console().print(view(found, ""))
    return 0 if found["state"] == "SERVING" else 1


def _live(ask: Any, every: float, target: str) -> None:
    from rich.live import Live

    before = ask()
    with Live(view(facts(before, before), target), screen=False) as live:
        while True:
            time.sleep(every)
            now = ask()
            live.update(view(facts(before, now), target))
            before = now


def view(found: dict[str, Any], target: str) -> RenderableType:
    """The picture of one look."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    head = Text(f"{target}  {found['environment']}  {found['version']}  ")
    head.append(found["state"], COLOURS.get(found["state"], "red"))
    numbers = Table.grid(padding=(0, 3))
    for name, value in (
        ("commands/s", f"{found['commands_per_second']:,.0f}"),
        ("calls/s", f"{found['calls_per_second']:,.0f}"),
        ("inbox", f"{found['inbox']:,.0f}"), ("streams", f"{found['streams']:,.0f}"),
        ("seq", f"{found['seq']:,}"), ("durable", f"{found['durable_seq']:,}"),
    ):  # fmt: skip
        numbers.add_row(name, Text(value, "bold"))
    latency = Table("stage", "p50 µs at most", "p99 µs at most", box=None)
    for stage, pair in found["latency_us"].items():
        latency.add_row(stage, *("-" if value is None else f"{value:,.0f}" for value in pair))
    parts = Table("part", "state", "gauges", "detail", box=None)
    for name, part in found["parts"].items():
        gauges = "" if name == "latency" else "  ".join(
            f"{key} {value:,.6g}" for key, value in sorted(part["gauges"].items())
        )
        state = Text(part["state"], COLOURS.get(part["state"], "red"))
        parts.add_row(name, state, gauges, part["detail"])
    return Group(head, "", numbers, "", latency, "", parts)
