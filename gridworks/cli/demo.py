"""`gridworks demo`: a real server, a market over TLS, kill -9 under way, and the proofs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from gridworks.client import Client
    from gridworks.demo.flow import Flow
    from gridworks.demo.house import House
    from gridworks.demo.proof import Proof

LEVELS = 6
BAR = 14


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    orders: Annotated[
        int, typer.Option(min=500, max=50_000, help="Commands of the traders' flow.")
    ] = 6_000,
) -> None:
    """A real server over TLS, killed with -9, and what survived it.

    Starts `gridworks serve` in a temporary folder, trades through gw.Client, kills the server under
    load, starts it again and compares. Ends with 1 if a proof fails.
    """
    from rich.console import Console

    from gridworks.demo.house import Broken, house

    console = Console(highlight=False)
    console.print(
        "[bold]GridWorks[/]  an exchange behind gRPC: this demo starts it, trades, kills it"
    )
    try:
        with house() as made:
            sound = _story(console, made, orders)
    except Broken as problem:
        console.print("[bold red]The server did not start:[/]")
        console.print(str(problem), markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    console.print(
        "\n[bold green]Everything holds.[/]" if sound else "\n[bold red]A proof has failed.[/]"
    )
    if not sound:
        raise typer.Exit(1)


def _story(console: Any, house: House, orders: int) -> bool:
    from gridworks.demo.flow import Flow
    from gridworks.demo.proof import of_the_books, of_the_flow

    _start(console, house)
    with house.client("house") as operator, house.client("north") as broker:
        _opening(console, operator, broker)
        _refusals(console, broker)
        with Flow(broker, orders) as flow:
            _flow(console, flow, house)
            proofs = of_the_flow(broker, flow)
        _books(console, broker)
        _switches(console, operator, broker)
        _holdings(console, broker)
        proofs += of_the_books(operator, broker)
    house.stop()
    return _proofs(console, proofs)


def _title(console: Any, number: int, text: str) -> None:
    console.print(f"\n[bold cyan]{number}[/]  [bold]{text}[/]")


def _start(console: Any, house: House) -> None:
    _title(console, 1, "A server with certificates and keys of its own")
    console.print("  [dim]$ gridworks certs certs[/]")
    house.make_certificates()
    console.print("  [dim]$ gridworks control migrate; partner create ...; key create ...[/]")
    house.make_keys()
    console.print("  [dim]$ gridworks serve --certs certs --folder data[/]")
    begun = time.perf_counter()
    console.print("  [dim]the very first start compiles the engine, which takes about a minute[/]")
    with console.status("starting ..."):
        house.start()
    console.print(
        f"  ready after [bold]{time.perf_counter() - begun:.1f} s[/] on port {house.port}, the "
        f"gateway for orders on {house.gateway_port}: TLS, acknowledged when on disk"
    )


def _opening(console: Any, operator: Client, broker: Client) -> None:
    from gridworks.demo import market

    _title(console, 2, "Opening auction")
    market.set_up(operator)
    books = market.collect(operator, broker)
    opened = market.uncross(operator, broker)
    for symbol, book in books.items():
        price, lots = opened[symbol]
        console.print(
            f"  {symbol:<6} indicative {book.indicative_px} for {book.indicative_qty} lots; opens "
            f"at [bold]{price:,.2f}[/] with {lots:,} lots"
        )


def _refusals(console: Any, broker: Client) -> None:
    from rich.table import Table

    from gridworks.client import word
    from gridworks.demo import market

    _title(console, 3, "A careless account: what the checks stop, and the numbers that stop it")
    table = Table(box=None, padding=(0, 1))
    for name in ("order", "stopped by", "limit", "observed"):
        table.add_column(name, no_wrap=True)
    for order, refusal in market.careless(broker):
        table.add_row(
            order, f"[yellow]{word(refusal, 'reason')}[/]", f"{refusal.limit:,} {refusal.unit}",
            f"{refusal.observed:,}",
        )  # fmt: skip
    console.print(table)


def _flow(console: Any, flow: Flow, house: House) -> None:
    from rich.progress import BarColumn, Progress, TextColumn

    _title(console, 4, f"Four traders on order-entry streams: {flow.orders:,} commands")
    columns = (BarColumn(), TextColumn("{task.completed:,.0f} commands"))
    hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress:
        task = progress.add_task("", total=flow.orders)
        half = flow.orders // 2
        flow.trade(half, lambda n: progress.update(task, advance=n))
        away = flow.crash(house.kill, house.start)
        flow.trade(flow.orders - half, lambda n: progress.update(task, advance=n))
    flow.settle()
    rate = flow.orders / flow.seconds
    console.print(f"  {rate:,.0f} commands/s from one Python thread, over TLS")
    console.print(
        f"  [bold red]kill -9[/] in the middle, with {flow.in_flight:,} commands on their way; "
        f"{flow.while_down} more were sent while it was down"
    )
    console.print(
        f"  started again and all four sessions back after [bold]{away:.1f} s[/], by themselves"
    )


def _books(console: Any, broker: Client) -> None:
    from rich.table import Table

    from gridworks.demo.market import SYMBOLS

    _title(console, 5, "The books after it")
    for symbol in SYMBOLS:
        book = broker.market_data.get_book(symbol, depth=LEVELS)
        most = max((int(level.qty) for level in (*book.bids, *book.asks)), default=1)
        table = Table(title=symbol, box=None, padding=(0, 1), title_justify="left")
        for name, side in (("", "right"), ("bid lots", "right"), ("bid", "right"),
                           ("ask", "left"), ("ask lots", "left"), ("", "left")):  # fmt: skip
            table.add_column(name, justify=side)  # type: ignore[arg-type]
        for bid, ask in zip(book.bids, book.asks, strict=False):
            table.add_row(
                f"[green]{_bar(bid.qty, most)}[/]", bid.qty, f"[green]{bid.price}[/]",
                f"[red]{ask.price}[/]", ask.qty, f"[red]{_bar(ask.qty, most)}[/]",
            )  # fmt: skip
        console.print(table)


def _bar(qty: str, most: int) -> str:
    return "█" * max(1, round(BAR * int(qty) / most))


def _switches(console: Any, operator: Client, broker: Client) -> None:
    from gridworks.demo import market

    _title(console, 6, "Kill switch and volatility auction")
    gone, reason, left = market.kill_switch(operator, broker)
    console.print(
        f"  {market.OWNERS[-1]} is stopped: [bold]{gone:,}[/] resting orders canceled by one call, "
        f"{left} left.\n  The next order: [yellow]{reason}[/]"
    )
    before, fills, phases, after = market.volatility(operator, broker)
    console.print(
        f"  {market.SYMBOLS[-1]} at {before:,.2f}: a large order trades {fills} times inside the "
        f"band;\n  the channel then says {' → '.join(phases)}, at [bold]{after:,.2f}[/]"
    )


def _holdings(console: Any, broker: Client) -> None:
    from rich.table import Table

    from gridworks.demo.market import SYMBOLS, holdings

    _title(console, 7, "Positions, and profit after fees")
    table = Table(box=None, padding=(0, 2))
    table.add_column("account")
    for name in (*SYMBOLS, "profit", "fees", "open orders"):
        table.add_column(name, justify="right")
    for each in holdings(broker):
        colour = "red" if each.profit < 0 else "green"
        table.add_row(
            each.owner, *(f"{each.lots[symbol]:+,}" for symbol in SYMBOLS),
            f"[{colour}]{each.profit:+,.2f}[/]", f"{each.fees:,.2f}", f"{each.open_orders:,}",
        )  # fmt: skip
    console.print(table)


def _proofs(console: Any, proofs: list[Proof]) -> bool:
    _title(console, 8, "Proof: nothing was lost, nothing was doubled")
    for what, holds, figures in proofs:
        mark = "[green]yes[/]" if holds else "[bold red]NO [/]"
        console.print(f"  {mark}  {what}\n       [dim]{figures}[/]")
    return all(holds for _, holds, _ in proofs)
