"""Where accounts, desks or a firm stand, live in a terminal.

    python examples/risk_dashboard.py north alice bob
"""

import argparse
from decimal import Decimal

from rich.console import Console
from rich.live import Live
from rich.table import Table

import gridworks as gw


class Board:
    """The newest state of each node."""

    def __init__(self):
        self.states, self.positions, self.limits = {}, {}, {}

    def take(self, message):
        """What has changed of a node; its limits come all together."""
        self.states[message.state.node] = message.state
        for position in message.positions:
            self.positions[position.name] = position
        if message.utilisations:
            self.limits[message.state.node] = list(message.utilisations)

    def show(self):
        """All of it as one picture."""
        grid = Table.grid(padding=(1, 0))
        for table in (self._nodes(), self._positions(), self._limits()):
            grid.add_row(table)
        return grid

    def _nodes(self):
        table = Table(title="nodes", title_justify="left", expand=True)
        for name in ("node", "cash", "profit today", "margin", "buying power", "open", "state"):
            table.add_column(name, justify="left" if name in ("node", "state") else "right")
        for node, state in sorted(self.states.items()):
            profit = Decimal(state.daily_profit or 0)
            marks = [name for name in ("killed", "throttled", "risk_reduction")
                     if getattr(state, name)]  # fmt: skip
            table.add_row(
                node.partition("/")[2], f"{Decimal(state.cash or 0):,}",
                f"[{'red' if profit < 0 else 'green'}]{profit:+,}[/]",
                f"{Decimal(state.margin or 0):,}", f"{Decimal(state.buying_power or 0):,}",
                f"{state.open_orders:,}", f"[red]{', '.join(marks)}[/]" if marks else "well",
            )  # fmt: skip
        return table

    def _positions(self):
        table = Table(title="positions", title_justify="left", expand=True)
        for name in ("node", "instrument", "quantity", "average", "mark", "unrealised"):
            table.add_column(name, justify="left" if name in ("node", "instrument") else "right")
        for name, held in sorted(self.positions.items()):
            table.add_row(
                name.split("/")[1], held.instrument.partition("/")[2], held.qty, held.avg_px,
                held.mark_px, held.unrealised,
            )  # fmt: skip
        return table

    def _limits(self):
        table = Table(title="limits, fullest first", title_justify="left", expand=True)
        for name in ("limit", "of", "about", "used", "allowed", ""):
            table.add_column(name)
        uses = [use for of_node in self.limits.values() for use in of_node]
        shown = {(use.node, use.limit, use.subject): use for use in uses}
        for used in sorted(shown.values(), key=lambda use: -use.ratio)[:10]:
            colour = "red" if used.ratio > 0.9 else "yellow" if used.ratio > 0.5 else "green"
            bar = "█" * min(round(used.ratio * 20), 20)
            table.add_row(
                used.limit, used.node.partition("/")[2], used.subject, used.used, used.allowed,
                f"[{colour}]{bar} {used.ratio:.0%}[/]",
            )  # fmt: skip
        return table


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nodes", nargs="+")
    parser.add_argument("--interval", type=float, default=0.5, help="seconds")
    parser.add_argument("--updates", type=int, default=0, help="end after so many; 0: never")
    parser.add_argument("--insecure", action="store_true")
    args = parser.parse_args()
    board, console = Board(), Console()
    with gw.Client(insecure=args.insecure) as client:
        found = client.risk.stream_risk(
            *args.nodes, interval=args.interval, include_positions=True, min_ratio=0.0001
        )
        with found, Live(board.show(), console=console, auto_refresh=False) as live:
            for number, message in enumerate(found, 1):
                board.take(message)
                live.update(board.show(), refresh=True)
                if number == args.updates:
                    break
    words = ", ".join(f"{node.partition('/')[2]}: {word_of(s)}" for node, s in board.states.items())
    console.print(words)


def word_of(state):
    """One word on a node."""
    return "killed" if state.killed else f"{state.open_orders} open orders"


if __name__ == "__main__":
    main()
