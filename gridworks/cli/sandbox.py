"""`gridworks sandbox`: everything that is needed to try it, in one command."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridworks.cli.replay import history_of
from gridworks.cli.serve import named

if TYPE_CHECKING:
    from server.main import Server

PARTNER, ACCOUNTS = "me", ("me", "me-*", "desk")
FOLDER = Path("gridworks-sandbox")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(sandbox)


def sandbox(
    folder: Annotated[Path, typer.Argument(help="Where everything is kept.")] = FOLDER,
    port: Annotated[int, typer.Option(help="Port; 0: any free one.")] = 7400,
    insecure: Annotated[bool, typer.Option("--insecure", help="Without certificates.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of the agents.")] = 1,
    speed: Annotated[float, typer.Option(help="How fast time runs; 0: by command only.")] = 1.0,
    pace: Annotated[float, typer.Option(help="How busy the agents are.")] = 1.0,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any setting of docs/server.md; repeat."),
    ] = None,
) -> None:
    """A market to try things on, with a key and certificates."""
    import uvloop

    from domain.errors import GridWorksError
    from portal.address import BadAddress
    from portal.store import StoreProblem
    from server import config, main, telemetry

    try:
        folder.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{folder.resolve() / 'control.db'}"
        key = _key(folder / "api-key", url)
        secure = {} if insecure else _certificates(folder / "certs")
        usual: dict[str, object] = {
            "folder": folder / "data", "control_url": url, "port": port, "environment": "sandbox",
            "insecure": insecure, "sandbox_market": "agents", "sandbox_scripts": True,
            "sandbox_seed": seed, "sandbox_speed": speed, "sandbox_pace": pace,
        }  # fmt: skip
        wish = config.load(None, **(usual | secure | named(setting or [])))
        telemetry.set_up_logs(wish.log_json)

        def ready(server: Server) -> None:
            if server.gateway_port:
                typer.echo(f"gateway       localhost:{server.gateway_port}")
            _tell(server.port, key, None if insecure else folder / "certs" / "ca.pem")

        uvloop.run(main.serve(wish, ready, history_of(wish)))
    except (GridWorksError, BadAddress, StoreProblem, OSError) as problem:
        typer.echo(f"gridworks: {problem}", err=True)
        raise typer.Exit(1) from None


def _key(file: Path, url: str) -> str:
    """The key of the folder's partner: made once, and kept in a file that only its owner reads."""
    from portal.store import migrate, open_store

    migrate(url)
    if not file.exists():
        open_store(url)  # before anything that needs Django's models
        from portal.acts.audit import By
        from portal.acts.keys import Rights, create_key
        from portal.acts.partners import create_partner
        from portal.names import SCOPES

        by = By("gridworks sandbox", "to try it")
        create_partner(by, PARTNER, "Me", "quantum", ("*", *ACCOUNTS))
        issued = create_key(by, PARTNER, "test", "sandbox", Rights(tuple(SCOPES), (), ()))
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(issued.reveal() + "\n")
    return file.read_text().strip()


def _certificates(folder: Path) -> dict[str, object]:
    from gridworks.cli.certs import LOCAL
    from server import certificates

    if not (folder / "server.pem").exists():
        certificates.make(folder, certificates.Wish(LOCAL, ()))
    return {"certificate": folder / "server.pem", "private_key": folder / "server-key.pem"}


def _tell(port: int, key: str, ca: Path | None) -> None:
    """What one needs to begin; a program reads the port in the last line."""
    typer.echo(f"endpoint      localhost:{port}" + (", without TLS" if ca is None else ""))
    if ca is not None:
        typer.echo(f"trust         {ca}")
    typer.echo(f"key           {key}")
    typer.echo(f"accounts      {', '.join(ACCOUNTS)}")
    typer.echo("instruments   ACME, ACME-FUT, EURUSD, BTCUSD, ACME-C100; and SCRIPT-me")
    typer.echo("read          docs/sandbox.md")
    typer.echo(f"ready on port {port}")
