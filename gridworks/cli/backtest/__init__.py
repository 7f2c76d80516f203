"""`gridworks backtest`: a strategy over history, from a terminal.

Lives here: the command, and `strategies`, which finds the class in a user's file. Does not live
here: what a back-test does (`backtest`). numpy, pandas and the engine are imported when the command
runs, never for `--help`.

Who may import it: `gridworks.cli.main` and tests.
"""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    from gridworks.cli.backtest.running import backtest

    app.command()(backtest)
