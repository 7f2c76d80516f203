"""`gridworks control | partner | plan | key | usage`: the control plane from a terminal.

Lives here: one module for each of these groups, `session` (the options they share, the store they
open, errors as one line), `spans` (times as people write them) and `tables` (how results look).

Does not live here: what the acts do; that is `portal/acts`. Django is imported when a command
runs, never for `--help`.

Who may import it: `gridworks.cli.main` and tests.
"""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the five groups."""
    from gridworks.cli.control import key, partner, plan, store, usage

    for module in (store, partner, plan, key, usage):
        app.add_typer(module.GROUP)
