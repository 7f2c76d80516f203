"""`gridworks demo`: a small market, from its first order to the books of both sides."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gridworks.demo import Market

LEVELS = 6
BAR = 14


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    commands: Annotated[int, typer.Option(min=1_000, help="Commands of the trading day")] = 200_000,
    plot: Annotated[Path | None, typer.Option(help="Write a picture of the depth")] = None,
) -> None:
    """A small market: auction, risk-checked flow, kill switch, replay."""
    from rich.console import Console

    console = Console(highlight=False)
    market = _start(console)
    _opening(console, market)
    _day(console, market, commands)
    _depth(console, market)
    _books(console, market)
    _refusals(console, market)
    _switches(console, market)
    sound = _proof(console, market)
    if plot is not None:
        _picture(console, market, plot)
    if not sound:
        raise typer.Exit(1)


def _title(console: Any, number: int, text: str) -> None:
    console.print(f"\n[bold cyan]{number}[/]  [bold]{text}[/]")


def _start(console: Any) -> Market:
    console.print("[bold]GridWorks[/]  one deterministic function from commands to reports\n")
    console.print(
        "Starting the engine. The first start compiles it, once: about a minute."
    )
    start = time.perf_counter()
    with console.status("compiling or loading the kernels ..."):
        from gridworks.demo import Market, warm_up

        warm_up()
    seconds = time.perf_counter() - start
    what = "compiled, later starts take a second" if seconds > 10 else "taken from the cache"
    console.print(f"Ready after [bold]{seconds:.1f} s[/] ({what}).")
    return Market()


def _opening(console: Any, market: Market) -> None:
    from gridworks.demo import OWNERS, SYMBOLS, open_market

    _title(console, 1, "Opening auction")
    trades = open_market(market)
    console.print(
        f"A firm, 2 clients, 4 desks, {len(OWNERS) + 1} accounts; 26 limits at each level; "
        f"{len(SYMBOLS)} instruments."
    )
    for number, symbol in enumerate(SYMBOLS, 1):
        own = trades[trades["instrument"] == number]
        lots, price = int(own["last_qty"].sum()) // 2, int(own["last_px"][0]) / 100
        console.print(f"  {symbol:<6} opens at [bold]{price:,.2f}[/] with {lots:,} lots")


def _day(console: Any, market: Market, commands: int) -> None:
    from rich.progress import BarColumn, Progress, TextColumn

    from gridworks.demo import trade

    _title(console, 2, f"Continuous trading: {commands:,} commands, each through every check")
    busy, done, reports, trades = (
        market.busy_ns, market.commands, market.reports, market.trades,
    )  # fmt: skip
    columns = (BarColumn(), TextColumn("{task.completed:,.0f} commands"))
    hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress:
        task = progress.add_task("", total=commands)
        trade(market, commands, lambda n: progress.update(task, advance=n))
    busy, done = market.busy_ns - busy, market.commands - done
    console.print(
        f"  {done:,} commands -> {market.reports - reports:,} reports, "
        f"{market.trades - trades:,} trades"
    )
    console.print(
        f"  [bold green]{done / busy * 1e9:,.0f} commands/s[/], {busy / done:,.0f} ns each: one "
        "core, batches of 1,024;\n  matching, risk checks and reports included"
    )


def _depth(console: Any, market: Market) -> None:
    from rich.table import Table

    from gridworks.demo import SYMBOLS

    _title(console, 3, "The books")
    for number, symbol in enumerate(SYMBOLS[:2], 1):
        bids, asks = market.exchange.depth(number, LEVELS)
        most = max(int(bids[:, 1].max()), int(asks[:, 1].max()))
        table = Table(title=symbol, box=None, padding=(0, 1), title_justify="left")
        for name, side in (("", "right"), ("bid lots", "right"), ("bid", "right"),
                           ("ask", "left"), ("ask lots", "left"), ("", "left")):  # fmt: skip
            table.add_column(name, justify=side)  # type: ignore[arg-type]
        for bid, ask in zip(bids, asks, strict=False):
            table.add_row(
                f"[green]{_bar(bid[1], most)}[/]", f"{bid[1]:,}", f"[green]{bid[0] / 100:,.2f}[/]",
                f"[red]{ask[0] / 100:,.2f}[/]", f"{ask[1]:,}", f"[red]{_bar(ask[1], most)}[/]",
            )  # fmt: skip
        console.print(table)


def _bar(qty: int, most: int) -> str:
    return "█" * max(1, round(BAR * int(qty) / most))


def _books(console: Any, market: Market) -> None:
    from rich.table import Table

    from gridworks.demo import SYMBOLS, holdings

    _title(console, 4, "Positions, and profit after fees")
    table = Table(box=None, padding=(0, 2))
    table.add_column("account")
    for name in (*SYMBOLS, "profit", "fees", "open orders"):
        table.add_column(name, justify="right")
    for owner, lots, profit, fees, orders in holdings(market):
        colour = "red" if profit < 0 else "green"
        table.add_row(
            owner, *(f"{n:+,}" for n in lots), f"[{colour}]{profit:+,.2f}[/]", f"{fees:,.2f}",
            f"{orders:,}",
        )  # fmt: skip
    console.print(table)


def _refusals(console: Any, market: Market) -> None:
    from rich.table import Table

    from domain.codes import Level
    from gridworks.demo import refusals

    _title(console, 5, "What the checks stopped, with the numbers that stopped it")
    table = Table(box=None, padding=(0, 1))
    table.add_column("check", no_wrap=True)
    table.add_column("at")
    for name in ("times", "limit", "observed", "headroom"):
        table.add_column(name, justify="right")
    for reason, count, first in refusals(market):
        level = int(first["level"])
        where = Level(level).name.lower() if level else "instrument"
        numbers = (f"{int(first[name]):,}" for name in ("limit", "observed", "headroom"))
        table.add_row(f"[yellow]{reason.name}[/]", where, f"{count:,}", *numbers)
    console.print(table)


def _switches(console: Any, market: Market) -> None:
    from gridworks.demo import SYMBOLS, kill_switch, volatility_auction

    _title(console, 6, "Kill switch and volatility auction")
    gone, reason, left = kill_switch(market)
    console.print(
        f"  Desk 5 is killed: [bold]{gone:,}[/] resting orders canceled by one command, {left} "
        f"left.\n  Its next order: [yellow]{reason.name}[/]"
    )
    before, fills, price, during, after = volatility_auction(market)
    console.print(
        f"  {SYMBOLS[-1]} at {before / 100:,.2f}: a large order trades {fills} times inside the "
        f"band;\n  its next trade would leave it: [yellow]{during.name}[/].\n  30 seconds later it "
        f"uncrosses at [bold]{price / 100:,.2f}[/] and returns to {after.name}"
    )


def _proof(console: Any, market: Market) -> bool:
    from gridworks.demo import laws, replayed

    _title(console, 7, "Proof")
    checks = laws(market)
    found, seconds = replayed(market)
    mine = market.exchange.state_hash()
    what = f"replay of {market.commands:,} commands in {seconds:.2f} s ends in the same state"
    checks.append((what, found == mine, f"{mine[:16]} = {found[:16]}"))
    for law, holds, figures in checks:
        mark = "[green]yes[/]" if holds else "[bold red]NO [/]"
        console.print(f"  {mark}  {law}\n       [dim]{figures}[/]")
    return all(holds for _, holds, _ in checks)


def _picture(console: Any, market: Market, path: Path) -> None:
    from matplotlib.figure import Figure

    from gridworks.demo import SYMBOLS

    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    for side, colour in zip(market.exchange.depth(1), ("tab:green", "tab:red"), strict=True):
        axes.step(side[:, 0] / 100, side[:, 1].cumsum(), where="post", color=colour)
    axes.set(title=f"{SYMBOLS[0]}: depth", xlabel="price", ylabel="lots, cumulative")
    figure.savefig(path)
    console.print(f"\nDepth picture: {path}")
