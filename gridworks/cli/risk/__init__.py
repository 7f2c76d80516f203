"""`gridworks risk`, `gridworks margin` and `gridworks profile`: risk from a terminal.

Lives here: the group with its command `report`, the command `margin`, and the group `profile`. Does
not live here: what is measured (`gridworks.risk`, `risk.scenario`), and the rules of jurisdictions
(`gridworks.profiles`). numpy and pandas are imported when a command runs,
never for `--help`.

Who may import it: `gridworks.cli.main` and tests.
"""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the groups, and the command beside them."""
    from gridworks.cli.risk import margin, profile, report

    group = typer.Typer(name="risk", help="What a portfolio may lose.", no_args_is_help=True)
    group.callback()(overview)  # keeps a lone command from becoming the whole group
    group.command()(report.report)
    app.add_typer(group)
    app.command()(margin.margin)
    app.add_typer(profile.GROUP)


def overview() -> None:
    """What a portfolio may lose."""
