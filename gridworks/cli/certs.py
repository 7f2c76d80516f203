"""`gridworks certs`: TLS for development in one command."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Annotated

import typer

LOCAL = ("localhost", "127.0.0.1", "::1")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(certs)


def certs(
    folder: Annotated[Path, typer.Argument(help="Where the files go.")] = Path("certs"),
    host: Annotated[
        list[str] | None,
        typer.Option(help="A name or address of the server; repeat it. Local ones are included."),
    ] = None,
    client: Annotated[
        list[str] | None, typer.Option(help="A client to make a certificate for; repeat it.")
    ] = None,
    days: Annotated[int, typer.Option(help="How long server and clients are valid.")] = 397,
    use_ca: Annotated[
        bool, typer.Option("--use-ca", help="Sign with the CA that is in the folder.")
    ] = False,
) -> None:
    """Make a development CA and certificates for TLS and mutual TLS."""
    from cryptography import x509

    from domain.errors import InvalidField
    from server import certificates

    wish = certificates.Wish(*_wanted(host, client, use_ca), days)
    try:
        files = certificates.make(folder, wish, use_ca=use_ca)
    except FileExistsError as problem:
        told = f"{problem}; nothing was written. Name another folder, or use its CA: --use-ca"
        raise _stop(told) from None
    except FileNotFoundError as problem:
        raise _stop(f"no CA to use: {problem.filename} is missing") from None
    except (InvalidField, OSError, ValueError) as problem:
        raise _stop(problem) from None
    for path in files:
        kind = "private key, keep it to yourself"
        if not path.stem.endswith("-key"):
            made = x509.load_pem_x509_certificate(path.read_bytes())
            kind = f"valid until {made.not_valid_after_utc:%Y-%m-%d}"
        typer.echo(f"{path!s:32}  {kind}")
    _next(folder, wish.hosts, wish.clients)


def _wanted(
    host: list[str] | None, client: list[str] | None, use_ca: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Everything that is usual, or with a CA that is there only what was asked for."""
    if use_ca and not host and not client:
        raise _stop("--use-ca makes what you name: give --host, --client or both")
    if use_ca:
        hosts = (*LOCAL, *host) if host else ()
        return tuple(dict.fromkeys(hosts)), tuple(client or ())
    named = socket.gethostname()
    usual = (*LOCAL, *([named] if named else []), *(host or ()))
    return tuple(dict.fromkeys(usual)), tuple(client or ("dev",))


def _next(folder: Path, hosts: tuple[str, ...], clients: tuple[str, ...]) -> None:
    if hosts:
        typer.echo(f"\nThe server answers to {', '.join(hosts)}.")
        typer.echo("Give the server:")
        typer.echo(f"  certificate  {folder / 'server.pem'}")
        typer.echo(f"  key          {folder / 'server-key.pem'}")
        typer.echo(f"  mutual TLS   {folder / 'ca.pem'}, to ask clients for certificates")
    typer.echo("Give each client:")
    typer.echo(f"  to trust     {folder / 'ca.pem'}")
    for name in clients:
        typer.echo(
            f"  mutual TLS   {folder / f'client-{name}.pem'} and "
            f"{folder / f'client-{name}-key.pem'}"
        )
    typer.echo("For development only: whoever has ca-key.pem can be anybody.")


def _stop(problem: object) -> typer.Exit:
    typer.echo(f"gridworks: {problem}", err=True)
    return typer.Exit(1)
