"""COMMAND rows of the monitor."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.attributes import NodeAttr
from domain.codes import Command, ExecInst, NodeStatus, OrdType, Scope, Side, TimeInForce
from domain.layout import COMMAND

Rows = np.ndarray[Any, Any]
FIRST_ID = 2**61  # client order ids of the monitor's orders start here


def rows_of(commands: list[dict[str, int]]) -> Rows:
    """COMMAND rows with these fields, the rest 0."""
    rows = np.zeros(len(commands), COMMAND)
    for at, fields in enumerate(commands):
        for name, value in fields.items():
            rows[at][name] = value
    return rows


def cancel_all(account: int) -> dict[str, int]:
    """Cancel every order of an account."""
    return {"command": Command.MASS_CANCEL, "account": account}


def set_status(account: int, status: NodeStatus) -> dict[str, int]:
    """Let an account trade, or only close."""
    return {
        "command": Command.SET, "scope": Scope.NODE, "entity": account,
        "attribute": NodeAttr.STATUS, "value": status,
    }  # fmt: skip


def close_out(account: int, instrument: int, lots: int, price: int, number: int) -> dict[str, int]:
    """An IOC limit order that closes `lots` (signed as held) of a position."""
    return {
        "command": Command.NEW_ORDER, "account": account, "instrument": instrument,
        "side": Side.SELL if lots > 0 else Side.BUY, "ord_type": OrdType.LIMIT,
        "time_in_force": TimeInForce.IOC, "exec_inst": ExecInst.REDUCE_ONLY,
        "order_qty": abs(lots), "price": price, "cl_ord_id": FIRST_ID + number,
    }  # fmt: skip


def move_lots(account: int, instrument: int, lots: int, price: int) -> dict[str, int]:
    """Put lots into an account's position at a price, or take them out (negative)."""
    return {
        "command": Command.DEPOSIT if lots > 0 else Command.WITHDRAW, "scope": Scope.POSITION,
        "account": account, "instrument": instrument, "value": abs(lots), "price": price,
    }  # fmt: skip


def move_cash(account: int, value: int) -> dict[str, int]:
    """Pay into an account, or out of it (negative)."""
    command = Command.DEPOSIT if value > 0 else Command.WITHDRAW
    return {"command": command, "account": account, "value": abs(value)}


def tick(instrument: int, price: int) -> dict[str, int]:
    """A settlement mark: the instrument's last price, published elsewhere."""
    return {"command": Command.TICK, "instrument": instrument, "price": price}


def day_end() -> dict[str, int]:
    """The end of the day."""
    return {"command": Command.END_OF_DAY}
