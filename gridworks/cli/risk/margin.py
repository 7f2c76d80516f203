"""`gridworks margin FILE --parameters P`: what a portfolio needs, part by part."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from gridworks.cli.risk.faults import one_line


def margin(
    file: Annotated[Path, typer.Argument(help="The portfolio: CSV or JSON, see docs/margin.md")],
    parameters: Annotated[
        Path, typer.Option(help="Parameters: JSON of any model, or a SPAN file (.xml, .spn, .zip)")
    ],
    contracts: Annotated[
        Path | None, typer.Option(help="CSV with contracts that the JSON does not list")
    ] = None,
    groups: Annotated[bool, typer.Option(help="Also by commodity or instrument")] = False,
) -> None:
    """Work out the margin of a portfolio and print its parts."""
    from risk.scenario import read_portfolio

    with one_line():
        with file.open("rb") as opened:
            portfolio = read_portfolio(opened)
        found = _model(parameters, contracts).margin(portfolio)
    _print(found, groups)


def _model(parameters: Path, contracts: Path | None) -> Any:
    from risk.scenario import Scenario, read_model, read_span

    if parameters.suffix.lower() == ".zip":
        return Scenario(_zipped(parameters))
    with parameters.open("rb") as opened:
        if parameters.suffix.lower() in (".xml", ".spn"):
            return Scenario(read_span(opened))
        if contracts is None:
            return read_model(opened)
        with contracts.open("rb") as listed:
            return read_model(opened, listed)


def _zipped(parameters: Path) -> Any:
    """The one SPAN file of an archive, as clearing houses publish it."""
    from zipfile import BadZipFile, ZipFile

    from domain.errors import InvalidField
    from risk.scenario import read_span

    try:
        with ZipFile(parameters) as archive:
            names = [n for n in archive.namelist() if n.lower().endswith((".spn", ".xml"))]
            if len(names) != 1:
                raise InvalidField(str(parameters), names, "an archive of one .spn or .xml file")
            with archive.open(names[0]) as opened:
                return read_span(opened)
    except BadZipFile as error:
        raise InvalidField(str(parameters), str(error), "a zip archive") from None


def _print(found: Any, groups: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    unit = f" ({found.currency})" if found.currency else ""
    table = Table("part", f"margin{unit}")
    table.columns[1].justify = "right"
    for name, amount in found.rows():
        table.add_row(name.replace("_", " "), f"{amount:,}")
    for group, parts in found.groups.items() if groups else ():
        table.add_section()
        for name, minor in parts.items():
            if minor:
                table.add_row(f"{group}: {name.replace('_', ' ')}", f"{found.money(minor):,}")
    Console().print(table)
