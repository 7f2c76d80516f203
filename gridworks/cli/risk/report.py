"""`gridworks risk report FILE`: tables in the terminal, and a page with pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridworks.cli import writable

if TYPE_CHECKING:
    import pandas as pd

    from gridworks.risk.report import Report

VALUES = 6  # columns of a position's values, before its Greeks


def report(
    file: Annotated[
        Path, typer.Argument(help="Positions: .json with everything, or .csv or .parquet beside "
                                  "prices, factors, volatilities, quotes of the same kind"),
    ],
    html: Annotated[
        Path | None, typer.Option(help="Also write a page with pictures", callback=writable)
    ] = None,
    confidence: Annotated[float, typer.Option(help="Of value at risk and shortfall")] = 0.99,
    window: Annotated[int, typer.Option(help="Days of history of a backtest's forecast")] = 250,
    method: Annotated[
        str, typer.Option(help="Of the backtest: historical, age_weighted, volatility_scaled, "
                               "normal"),
    ] = "historical",
    rate: Annotated[
        float | None, typer.Option(help="Continuous interest a year; default: the file's, else 0")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of simulations")] = 0,
) -> None:  # fmt: skip
    """Value at risk of a portfolio, and what it is made of.

    With contributions, backtest, scenarios and volatility surface.
    """
    from domain.errors import InvalidField
    from gridworks.risk import files
    from gridworks.risk.report import page, report

    try:
        read = files.read(file, rate)
        found = report(
            read.portfolio, read.quotes, confidence=confidence, window=window, method=method,
            rate=read.rate, seed=seed,
        )  # fmt: skip
    except InvalidField as error:
        typer.echo(f"gridworks: {error}", err=True)
        raise typer.Exit(1) from None
    _show(found)
    if html is not None:
        try:
            page(found, f"Portfolio risk: {file.stem}").write(html)
        except OSError as error:
            typer.echo(f"gridworks: {html}: {error.strerror}", err=True)
            raise typer.Exit(1) from None
        typer.echo(f"page         {html}")


def _show(found: Report) -> None:
    _table("Positions", found.positions.iloc[:, :VALUES])
    _table("Greeks", found.positions.iloc[:, VALUES:])
    _table(f"Value at risk, {found.confidence:.1%}, 1 day", found.tails)
    _table("Contributions, historical", found.parts)
    if found.backtest is not None:
        verdict = found.backtest.verdict.to_frame("result").rename_axis("test")
        _table(f"Backtest, {found.backtest.method}", verdict)
    _table("Scenario ladder", found.ladder)
    _table("Stress", found.stress[["pnl", "unknown"]])
    for name, fitted in found.fitted.items():
        _table(f"Volatility surface {name}".rstrip(), fitted.frame())
        broken = fitted.violations()
        typer.echo(f"arbitrage    {len(broken)} violations" if broken else "arbitrage    none")
    for part, why in found.missing.items():
        typer.echo(f"not computed {part}: {why}")


def _table(title: str, frame: pd.DataFrame) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    table.add_column("" if frame.index.name is None else str(frame.index.name))
    for column in frame.columns:
        table.add_column(str(column), justify="right")
    for label, row in zip(frame.index, frame.itertuples(index=False), strict=True):
        table.add_row(_text(label), *(_text(value) for value in row))
    Console().print(table)


def _text(value: object) -> str:
    if not isinstance(value, float):
        return "" if value is None else str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"
