"""`gridworks replay`: a market data file through the exchange, checked and drawn."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridworks.cli import writable

if TYPE_CHECKING:
    from backtest.readers.replay.compare import Match
    from backtest.readers.replay.running import Replay
    from server.config import Settings
    from server.sandbox.replay import History, Piece

SAMPLES = 600  # moments of a picture
PICTURES = (".png", ".svg", ".pdf", ".jpg", ".webp")
QUIET_SECONDS = 2.0  # between two lines of progress where there is no terminal
FORMAT_HELP = (
    "lobster, itch, csv, bitstamp or binance; with options after a colon: "
    "csv:tick=0.01,lot=1,time_unit=s  bitstamp:tick=0.01  binance:tick=0.1,lot=0.001"
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(replay)


def replay(
    file: Annotated[Path, typer.Argument(help="Market data file, plain or .gz, .xz, .bz2")],
    kind: Annotated[str, typer.Option("--format", help=FORMAT_HELP)],
    book: Annotated[Path | None, typer.Option(help="lobster: the order book file")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Compare the books; exit code 1 if they differ")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option(help="Write a picture of depth and trades", callback=writable)
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Stop after so many; 0: the whole file")] = 0,
    mode: Annotated[
        str, typer.Option(help="Executions as facts (book) or as aggressors to match (trade)")
    ] = "book",
    instrument: Annotated[str, typer.Option(help="Symbols to take, comma-separated")] = "",
) -> None:
    """Send a market data file through the exchange, check it.

    Exit code 1: the books differ (--check). 2: the file is not understood, with the place.
    """
    from domain.errors import GridWorksError, InvalidField

    try:
        if plot is not None and plot.suffix not in PICTURES:
            allowed = f"a name that ends in {', '.join(PICTURES)}"
            raise InvalidField("plot", str(plot), allowed)
        run = _prepare(file, kind, _symbols(book, instrument), (mode, check, limit, plot))
        for _ in _progress(run):
            pass
        if not sum(run.feed.counts.values()):
            raise InvalidField("number of messages", 0, f"1 or more in {file}")
        there = {each.symbol.upper() for each in run.feed.instruments}
        for symbol in _listed(instrument) if run.feed.format == "itch" and not limit else ():
            if symbol.upper() not in there:
                raise InvalidField("instrument", symbol, f"a stock that {file} names")
        _tell(run)
        if plot is not None:
            _draw(run, plot)
    except OSError as error:
        typer.echo(f"gridworks: {error.filename}: {error.strerror}", err=True)
        raise typer.Exit(2) from error
    except (GridWorksError, ValueError) as error:
        typer.echo(f"gridworks: {error}", err=True)
        raise typer.Exit(2) from error
    if check and not run.agrees:
        raise typer.Exit(1)


def _listed(symbols: str) -> list[str]:
    return [symbol.strip() for symbol in symbols.split(",") if symbol.strip()]


def _symbols(book: Path | None, instrument: str) -> dict[str, Any]:
    options: dict[str, Any] = {"instrument": instrument} if instrument else {}
    return options | ({"book": book} if book is not None else {})


def _prepare(
    file: Path, kind: str, options: dict[str, Any], plan: tuple[str, bool, int, Path | None]
) -> Replay:
    """Open the file and an exchange for it."""
    from backtest.readers.formats import check_trade, open_feed
    from backtest.readers.replay.running import Plan, Replay
    from engine.exchange import Exchange

    mode, check, limit, plot = plan
    name, _, written = kind.partition(":")
    feed = open_feed(file, name, **options_of(name, written, options))
    check_trade(feed, mode)
    samples = SAMPLES if plot is not None else 0
    return Replay(feed, Plan(mode, check, limit=limit, samples=samples), Exchange())


def options_of(name: str, written: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What follows the format's name, and what --book and --instrument mean for it."""
    from backtest.readers.formats import OPTIONS
    from domain.errors import InvalidField

    options = dict(part.partition("=")[::2] for part in written.split(",") if part)
    symbols = _listed(given.get("instrument", ""))
    wanted: dict[str, Any] = {**options}
    if "book" in given:
        wanted["book"] = given["book"]
    if symbols:
        one = {"symbol": symbols[0]} if len(symbols) == 1 else {"symbols": symbols}
        wanted |= {"instruments": symbols} if name == "itch" else one
    allowed = OPTIONS.get(name, ())
    for key in wanted:
        if name in OPTIONS and key not in allowed:
            raise InvalidField(f"option of {name}", key, ", ".join(allowed))
    return wanted


def _progress(run: Replay) -> Iterator[None]:
    """Drive the run and show how far it is: a bar on a terminal, else a line now and then."""
    feed = run.feed
    if not sys.stdout.isatty():
        told = time.monotonic()
        for _ in run.run():
            if time.monotonic() - told > QUIET_SECONDS:
                told = time.monotonic()
                typer.echo(f"{run.clock.facts:,} rows, {feed.consumed / max(feed.size, 1):.0%}")
            yield
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[rows]:,} rows"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, transient=True) as progress:
        task = progress.add_task(feed.path.name, total=max(feed.size, 1), rows=0)
        for _ in run.run():
            progress.update(task, completed=feed.consumed, rows=run.clock.facts)
            yield


def _tell(run: Replay) -> None:
    """What was read, applied and compared, one line a thing."""
    feed, clock = run.feed, run.clock
    named = ", ".join(i.symbol for i in feed.instruments[:5])
    more = f" and {len(feed.instruments) - 5} more" if len(feed.instruments) > 5 else ""
    typer.echo(f"{feed.path.name}: {feed.format}, {named}{more}")
    counts = "  ".join(f"{name} {count:,}" for name, count in feed.counts.most_common() if count)
    typer.echo(f"messages     {sum(feed.counts.values()):,} at {run.read_rate:,.0f}/s  ({counts})")
    typer.echo(f"commands     {clock.commands:,} at {clock.apply_rate:,.0f}/s")
    for name, count in (feed.notes + run.book.notes).items():
        typer.echo(f"note         {count:,} x {name}")
    if run.refused:
        reasons = ", ".join(f"{name} {count:,}" for name, count in run.refused.items())
        typer.echo(f"refused      {reasons}; first: {run.first_refused}")
    if run.plan.mode == "trade" and not feed.commands:
        _tell_agreement(run)
    for match in (run.quoted_match, run.exchange_match):
        if match.points:
            _tell_match(match)
    if run.hidden and run.plan.check:
        typer.echo("not compared: the file has hidden or iceberg orders, which depth cuts short")


def _tell_agreement(run: Replay) -> None:
    found = run.agreement
    typer.echo(
        f"executions   {found.executions:,}: {found.rate:.2%} hit the order that the file names, "
        f"{found.same_quantity:,} filled at its price, {found.surprises:,} fills it does not have"
    )
    if found.first:
        typer.echo(f"  first: {found.first}")


def _tell_match(match: Match) -> None:
    verdict = "all equal" if not match.mismatches else f"{match.mismatches:,} DIFFER"
    typer.echo(f"{match.what}: {match.levels:,} levels at {match.points:,} moments, {verdict}")
    if match.first:
        typer.echo(f"  first: {match.first}")


def _draw(run: Replay, path: Path) -> None:
    from backtest.readers.replay.picture import draw

    assert run.samples is not None
    if not run.book.watched:
        raise ValueError("a picture needs at least two moments with orders in the book")
    instrument = run.feed.instruments[run.book.watched - 1]
    title = f"{instrument.symbol}  {run.feed.path.name}"
    draw(run.samples.kept, run.book.trades, instrument, title, path)
    typer.echo(f"picture      {path}")


def history_of(settings: Settings) -> History | None:
    """The file of a sandbox, to be read from its beginning as often as it is called.

    `server` cannot import the readers, so the two meet here.

    Raises InvalidField, OSError.
    """
    file = settings.sandbox_file
    if file is None:
        return None
    from backtest.readers.formats import TRADE_FORMATS, open_feed
    from backtest.readers.replay.commands import Director
    from server.sandbox.replay import Listed, Piece

    name, _, written = settings.sandbox_format.partition(":")
    options = options_of(name, written, {})
    mode = "trade" if name in TRADE_FORMATS else "book"
    open_feed(file, name, **options)  # a file that is not there is said at once

    def pieces() -> Iterator[Piece]:
        feed = open_feed(file, name, **options)
        for batch in Director(feed, mode).batches():
            listed = tuple(
                Listed(each.symbol, each.type, str(each.tick), str(each.lot))
                for each in feed.instruments
            )
            yield Piece(batch.commands, listed)

    return pieces
