"""`gridworks data`: market history from files into a store, and what is wrong with it.

Lives here: the group and its commands. Does not live here: what is read and checked
(`backtest.data`). numpy and pandas are imported when a command runs, never for `--help`.

Who may import it: `gridworks.cli` and tests.
"""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the group."""
    from gridworks.cli.data import files

    group = typer.Typer(name="data", help="Market history on disk.", no_args_is_help=True)
    group.command("import")(files.import_)
    group.command()(files.check)
    app.add_typer(group)
