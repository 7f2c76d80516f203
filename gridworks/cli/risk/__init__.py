"""`gridworks risk`: portfolio risk from a terminal.

Lives here: the group and its command `report`. Does not live here: what is measured
(`gridworks.risk`). numpy and pandas are imported when a command runs, never for `--help`.

Who may import it: `gridworks.cli.main` and tests.
"""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the group."""
    from gridworks.cli.risk import report

    group = typer.Typer(name="risk", help="What a portfolio may lose.", no_args_is_help=True)
    group.callback()(overview)  # keeps a lone command from becoming the whole group
    group.command()(report.report)
    app.add_typer(group)


def overview() -> None:
    """What a portfolio may lose."""
