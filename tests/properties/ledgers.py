"""The ledgers of an engine and of the reference: positions, cash, holds, counters, modes.

Reports show only part of them, and a wrong sum may stay unseen until a limit is near.
"""

from __future__ import annotations

from typing import Any

from domain.state import open_lots
from domain.tables import Table
from tests.reference.exchange import accounts
from tests.reference.exchange.model import Node
from tests.reference.exchange.scenarios import margined
from tests.reference.exchange.world import World

_ROW = (
    "qty cost buy_value sell_value value exposure margin unrealised realised "
    "fifo_realised bought sold fees"
).split()
_NODE = (
    "cash hold_fee open_value open_orders realised peak base_unrealised messages executions fees "
    "order_tat replace_tat cancel_tat execution_tat deadline timeout reducing throttled killed"
).split()


def ledger_difference(engine: Any, w: World) -> str:
    """What the engine's tables say otherwise than the reference, "" if nothing; needs `table`."""
    if not hasattr(engine, "table"):
        return ""
    for row in engine.table(Table.POSITION)[1:]:
        account, instrument = int(row["node"]), int(row["instrument"])
        if not w.is_account(account):
            continue
        own = w.position(account, instrument)
        for name in _ROW:
            if name == "margin" and margined(w, instrument):
                continue  # its part of the account's margin depends on the order of things
            if row[name] != getattr(own, name):
                where = f"{name} of account {account} in instrument {instrument}"
                return f"{where} is {row[name]}, the reference has {getattr(own, name)}"
        if open_lots(row) != (own.open_buy, own.open_sell):
            lots = f"open lots of account {account} in instrument {instrument}"
            return f"{lots} are {open_lots(row)}, not {own.open_buy} and {own.open_sell}"
    nodes = engine.table(Table.NODE)
    for number, node in w.nodes.items():
        for name, expected in _sums(w, node).items():
            if nodes[number][name] != expected:
                found = nodes[number][name]
                return f"{name} of node {number} is {found}, the reference has {expected}"
    return ""


def _sums(w: World, node: Node) -> dict[str, int]:
    found = {name: int(getattr(node, name)) for name in _NODE}
    return found | {"margin": accounts.margin(w, node), "unrealised": accounts.unrealised(w, node)}
