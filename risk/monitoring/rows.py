"""What the monitor sends: messages, and the COMMAND rows that they become."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from domain.attributes import NodeAttr
from domain.codes import ExecInst, NodeStatus, OrdType, Scope, Side, TimeInForce
from domain.layout import COMMAND
from domain.messages import Deposit, Message, NewOrder, Setting, Withdraw

Rows = np.ndarray[Any, Any]
FIRST_ID = 2**61  # client order ids of the monitor's orders start here


def rows_of(messages: Sequence[Message]) -> Rows:
    """The COMMAND rows of messages."""
    packed = bytearray().join([message.pack() for message in messages])
    return np.ndarray(len(messages), COMMAND, packed)


def set_status(account: int, status: NodeStatus) -> Setting:
    """Let an account trade, or only close."""
    return Setting(scope=Scope.NODE, entity=account, attribute=NodeAttr.STATUS, value=status)


def close_out(account: int, instrument: int, lots: int, price: int, number: int) -> NewOrder:
    """An IOC limit order that closes `lots` (signed as held) of a position."""
    return NewOrder(
        account=account, instrument=instrument, side=Side.SELL if lots > 0 else Side.BUY,
        ord_type=OrdType.LIMIT, time_in_force=TimeInForce.IOC, exec_inst=ExecInst.REDUCE_ONLY,
        order_qty=abs(lots), price=price, cl_ord_id=FIRST_ID + number,
    )  # fmt: skip


def move_lots(account: int, instrument: int, lots: int, price: int) -> Message:
    """Put lots into an account's position at a price, or take them out (negative)."""
    kind: type[Deposit | Withdraw] = Deposit if lots > 0 else Withdraw
    return kind(
        account=account, value=abs(lots), scope=Scope.POSITION, instrument=instrument, price=price
    )


def move_cash(account: int, value: int) -> Message:
    """Pay into an account, or out of it (negative)."""
    return (Deposit if value > 0 else Withdraw)(account=account, value=abs(value))
