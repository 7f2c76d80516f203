"""Collects the subcommands and turns a missing extra into one line instead of a traceback."""

from importlib import import_module
from importlib.util import find_spec
from typing import Annotated

import typer

from gridworks import __version__
from gridworks.extras import hint

# The order in which `gridworks --help` lists them.
COMMANDS = (
    "demo", "backtest", "data", "replay", "bench", "check", "indicators", "control", "certs",
    "serve", "sandbox", "status", "log", "load", "risk",
)  # fmt: skip
WIDTH = 100  # columns of help, where the terminal has them


def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def _asked(wanted: bool) -> None:
    if wanted:
        version()
        raise typer.Exit


def overview(
    _: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_asked, is_eager=True)
    ] = False,
) -> None:
    """Open financial infrastructure: a deterministic matching and risk engine."""


def build() -> typer.Typer:
    """The whole command line, without importing what the commands will need."""
    app = typer.Typer(
        name="gridworks",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # boxes would take half of the start
        context_settings={"max_content_width": WIDTH},
    )
    app.callback()(overview)  # also keeps a lone command from becoming the whole program
    for name in COMMANDS:
        module = f"gridworks.cli.{name}"
        if find_spec(module) is not None:
            import_module(module).register(app)
    app.command()(version)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            group.typer_instance.rich_markup_mode = None
    return app


def run() -> None:
    """Entry point of the console script."""
    try:
        build()()
    except ModuleNotFoundError as error:
        typer.echo(f"gridworks: {hint(error)}", err=True)
        raise SystemExit(1) from error
