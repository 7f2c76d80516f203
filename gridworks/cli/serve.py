"""`gridworks serve`: the exchange behind gRPC."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


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
) -> None:
    """Serve the exchange until SIGTERM; settings also come from GRIDWORKS_... variables."""
    import asyncio

    from domain.errors import GridWorksError
    from server import config as settings
    from server import main, telemetry

    try:
        wish = settings.load(
            config, folder=folder, host=host, port=port, insecure=insecure or None,
            certificate=certs / "server.pem" if certs else None,
            private_key=certs / "server-key.pem" if certs else None,
        )  # fmt: skip
        telemetry.set_up_logs(wish.log_json)
        asyncio.run(main.serve(wish, _ready))
    except GridWorksError as problem:
        typer.echo(f"gridworks: {problem}", err=True)
        raise typer.Exit(1) from None


def _ready(server: object) -> None:
    """One line for whoever started it: a program reads the port here."""
    typer.echo(f"ready on port {server.port}")  # type: ignore[attr-defined]
