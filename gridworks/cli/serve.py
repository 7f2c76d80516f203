"""`gridworks serve`: the exchange behind gRPC."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gridworks.cli.replay import history_of


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def serve(
    config: Annotated[Path | None, typer.Option(help="A TOML file of settings.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Where the command log is.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0: any free one.")] = None,
    certs: Annotated[
        Path | None, typer.Option(help="Folder that `gridworks certs` has filled.")
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="No TLS: only for this machine's own use.")
    ] = False,
    market: Annotated[
        str | None, typer.Option(help="Who trades in the sandbox: none, agents or replay.")
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any setting, sandbox_seed=7; repeat it."),
    ] = None,
) -> None:
    """Serve the exchange until SIGTERM.

    Settings also come from GRIDWORKS_... variables.
    """
    import uvloop

    from domain.errors import GridWorksError
    from server import config as settings
    from server import main, telemetry

    try:
        wish = settings.load(
            config,
            **named(setting or [])
            | given(folder=folder, host=host, port=port, insecure=insecure or None)
            | given(certificate=certs and certs / "server.pem")
            | given(private_key=certs and certs / "server-key.pem", sandbox_market=market),
        )
        telemetry.set_up_logs(wish.log_json)
        uvloop.run(main.serve(wish, _ready, history_of(wish)))
    except (GridWorksError, OSError) as problem:
        typer.echo(f"gridworks: {problem}", err=True)
        raise typer.Exit(1) from None


def given(**options: object) -> dict[str, object]:
    """The options that were given."""
    return {name: value for name, value in options.items() if value is not None}


def named(settings: list[str]) -> dict[str, object]:
    """NAME=VALUE pairs. Raises InvalidField."""
    from domain.errors import InvalidField

    pairs: dict[str, object] = {}
    for text in settings:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise InvalidField("--set", text, "NAME=VALUE, such as sandbox_seed=7")
        pairs[name.strip()] = value.strip()
    return pairs


def _ready(server: object) -> None:
    """One line for whoever started it: a program reads the port here."""
    typer.echo(f"ready on port {server.port}")  # type: ignore[attr-defined]
    if server.gateway_port:  # type: ignore[attr-defined]
        typer.echo(f"gateway on port {server.gateway_port}")  # type: ignore[attr-defined]
