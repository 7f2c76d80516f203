"""The summary for the terminal: measures in columns, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from itertools import groupby

import numpy as np

from backtest.results.analysis import Analysis
from backtest.results.definitions import MEASURES, written


def heading(run: Analysis) -> str:
    """From when to when, over what, with how much."""
    record = run.record
    if not len(record.times):
        return "no samples"
    start, end = (str(t)[:16].replace("T", " ") for t in record.times[[0, -1]].astype("M8[ns]"))
    symbols = ", ".join(listing.symbol for listing in record.listings[:6])
    more = f" and {len(record.listings) - 6} more" if len(record.listings) > 6 else ""
    cash = record.start_cash / run.unit
    return f"{symbols}{more} · {start} to {end} UTC · {cash:,.2f} {run.currency} at the start"


def summary_of(run: Analysis, measures: Mapping[str, float], width: int | None = None) -> str:
    """Text; measures that are not defined for the run are left out."""
    from rich.columns import Columns
    from rich.console import Console, Group
    from rich.table import Table
    from rich.text import Text

    parts = []
    for group, members in groupby(MEASURES, key=lambda measure: measure.group):
        shown = [m for m in members if not np.isnan(measures[m.name])]
        if not shown:
            continue
        table = Table(title=group, box=None, show_header=False, title_justify="left")
        table.add_column()
        table.add_column(justify="right")
        for measure in shown:
            table.add_row(measure.label, written(measure.name, measures[measure.name]))
        parts.append(table)
    lines = [Text(run.record.name, style="bold"), Text(heading(run)), Text("")]
    if run.record.error:
        lines.append(Text(f"ended with an error: {run.record.error}\n", style="red"))
    console = Console(file=StringIO(), width=width or 110, force_terminal=False)
    console.print(Group(*lines, Columns(parts, padding=(1, 3))))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()
