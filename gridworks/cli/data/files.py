"""Market history: bring it into a store on disk, and see what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from backtest.data import Dataset

Sources = Annotated[
    list[str],
    typer.Argument(
        help="CSV, parquet, market data file or store; options after a colon: "
        "AAPL.csv:tz=UTC,tick=0.01"
    ),
]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        help="bars, quotes, trades, levels, orders, actions, funding, lobster, itch, bitstamp, "
        "binance",
    ),
]
Zone = Annotated[str, typer.Option("--tz", help="Zone of times that name none: UTC, Asia/Kolkata")]
Tick = Annotated[str, typer.Option("--tick", help="Step of prices")]
Lot = Annotated[str, typer.Option("--lot", help="Step of quantities")]
Calendar = Annotated[str, typer.Option(help="Public calendar that gaps are compared with: XNYS")]


def import_(
    files: Sources,
    out: Annotated[Path, typer.Option(help="Folder of the new store")],
    format: Format = "",  # noqa: A002 - named by typer after the parameter
    tz: Zone = "",
    tick: Tick = "",
    lot: Lot = "",
) -> None:
    """Files to one store: one clock, exact, with checksums.

    Nothing is written unless every row is understood.
    """
    from backtest.data import write_store

    with told():
        data = opened(files, {"format": format, "tz": tz, "tick": tick, "lot": lot})
        with progress("reading", 0) as seen:
            kept = write_store(data.derived(seen), out)
        size = sum(each.stat().st_size for each in out.iterdir()) / 1e6
    typer.echo(f"{out}: {kept.count:,} rows of {named(kept)}, {moments(kept)}, {size:,.1f} MB")


def check(
    files: Sources,
    format: Format = "",  # noqa: A002
    tz: Zone = "",
    tick: Tick = "",
    lot: Lot = "",
    calendar: Calendar = "",
    gap: Annotated[str, typer.Option(help="Longest time without a row: 1h, 5D")] = "",
) -> None:
    """Report gaps, duplicates, bad ticks and impossible rows.

    A store's checksums too. Exit code 1 if anything is wrong, 2 if a file is not understood.
    """
    from backtest.data import validate
    from backtest.data.opening import split
    from backtest.data.store import read_header

    with told():
        for path in (split(each)[0] for each in files):
            if path.is_dir():
                segments = sum(1 for _ in read_header(path).verify())
                typer.echo(f"{path}: {segments} segments, all as they were written")
        usual = {"format": format, "tz": tz, "tick": tick, "lot": lot, "bad": "keep"}
        data = opened(files, usual)
        report = validate(data, calendar=calendar, gap=gap or None)
    typer.echo(f"{named(data)}: {report}")
    if not report.ok:
        raise typer.Exit(1)


@contextmanager
def told() -> Iterator[None]:
    """What is wrong with the input as one line and exit code 2."""
    from domain.errors import GridWorksError

    try:
        yield
    except OSError as error:
        what = f"{error.strerror}: {error.filename}" if error.filename else str(error)
        typer.echo(f"gridworks: {what}", err=True)
        raise typer.Exit(2) from error
    except GridWorksError as error:
        typer.echo(f"gridworks: {error}", err=True)
        raise typer.Exit(2) from error


def opened(files: list[str], usual: dict[str, str]) -> Dataset:
    """The files as one data set. Raises InvalidField where they come to no row at all."""
    from backtest.data.opening import FEEDS, open_data
    from domain.errors import InvalidField

    if usual["format"] in FEEDS:
        usual = {name: value for name, value in usual.items() if name not in ("tz", "bad")}
    data = open_data(*files, **usual)
    if not any(len(rows) for rows in data.chunks()):
        raise InvalidField("number of rows", 0, f"1 or more in {', '.join(files)}")
    return data


def named(data: Dataset) -> str:
    """The symbols, at most five by name."""
    symbols = [each.symbol for each in data.listings]
    more = f" and {len(symbols) - 5} more" if len(symbols) > 5 else ""
    return ", ".join(symbols[:5]) + more


def moments(data: Dataset) -> str:
    """The span of the data."""
    from pandas import Timestamp

    first, last = (f"{Timestamp(time):%Y-%m-%d %H:%M}" for time in data.span)
    return f"{first} to {last} UTC"


@contextmanager
def progress(what: str, total: int) -> Iterator[Any]:
    """A function that lets chunks pass and shows how many rows have; a bar on a terminal only."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,} rows"),
        TimeElapsedColumn(),
    )  # fmt: skip
    quiet = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quiet) as bar:
        task = bar.add_task(what, total=total or None)

        def seen(chunks: Iterable[Any]) -> Iterator[Any]:
            for chunk in chunks:
                yield chunk
                bar.advance(task, len(chunk))

        yield seen
