"""Where the flows happen: the clock, the prices, the hierarchy, its limits and the instruments."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import Command, Level, Scope
from domain.layout import COMMAND

Rows = np.ndarray[Any, Any]
START_NS = 1_700_000_000 * 10**9
GAP_NS = 10_000  # between two commands
MIDDLE = 1_000_000  # ticks
MONEY = 10**17  # minor units, shared out over the accounts
FIRM, CLIENTS, DESKS, FIRST_ACCOUNT = 1, (2, 3), (4, 5, 6, 7), 8
HUGE = 10**17

LIMITS: dict[NodeAttr, int] = {
    NodeAttr.MAX_ORDER_QTY: 10**9,
    NodeAttr.MAX_ORDER_VALUE: 10**15,
    NodeAttr.MAX_OPEN_ORDERS: 10**8,
    NodeAttr.MAX_OPEN_VALUE: HUGE,
    NodeAttr.MAX_POSITION: 10**11,
    NodeAttr.MAX_GROSS_POSITION: 10**11,
    NodeAttr.MAX_INSTRUMENT_EXPOSURE: HUGE,
    NodeAttr.MAX_GROSS_EXPOSURE: HUGE,
    NodeAttr.MAX_NET_EXPOSURE: HUGE,
    NodeAttr.MAX_MARGIN: HUGE,
    NodeAttr.MAX_REALISED_LOSS: HUGE,
    NodeAttr.MAX_DAILY_LOSS: HUGE,
    NodeAttr.MAX_DRAWDOWN: HUGE,
    NodeAttr.MAX_CONCENTRATION_BPS: 10**7,
    NodeAttr.FAT_FINGER_BPS: 5_000,
    NodeAttr.FAT_FINGER_TICKS: 500_000,
    NodeAttr.MAX_ADV_BPS: 10**7,
    NodeAttr.MAX_BOOK_BPS: 10**7,
    NodeAttr.ORDER_RATE: 10**8,
    NodeAttr.ORDER_BURST: 10**6,
    NodeAttr.REPLACE_RATE: 10**8,
    NodeAttr.REPLACE_BURST: 10**6,
    NodeAttr.CANCEL_RATE: 10**8,
    NodeAttr.CANCEL_BURST: 10**6,
    NodeAttr.ORDER_TO_TRADE: 10**6,
    NodeAttr.ORDER_TO_TRADE_FLOOR: 10**9,
    NodeAttr.MAX_EXECUTIONS: 10**6,
    NodeAttr.EXECUTION_WINDOW_NS: 10**8,  # a server in batches fills more than 10**6 a second
}
INSTRUMENT: dict[InstrumentAttr, int] = {
    InstrumentAttr.REFERENCE_PRICE: MIDDLE,
    InstrumentAttr.STATIC_LOW: MIDDLE // 10,
    InstrumentAttr.STATIC_HIGH: 10 * MIDDLE,
    InstrumentAttr.DYNAMIC_BPS: 5_000,
    InstrumentAttr.ADV: 10**12,
    InstrumentAttr.MAKER_PPB: -20_000,
    InstrumentAttr.TAKER_PPB: 30_000,
}


def row(command: Command, **fields: int) -> dict[str, int]:
    """One command as a mapping, for `array_of`."""
    return {"command": command, **fields}


def array_of(rows: list[dict[str, int]]) -> Rows:
    """COMMAND rows from mappings."""
    out = np.zeros(len(rows), COMMAND)
    for number, fields in enumerate(rows):
        for name, value in fields.items():
            out[number][name] = value
    return out


def hierarchy(accounts: int) -> list[dict[str, int]]:
    """A firm of two clients of two desks each, the accounts shared out over the desks."""
    rows = [row(Command.NODE_ADD, entity=FIRM, index=Level.FIRM)]
    rows += [row(Command.NODE_ADD, entity=n, index=Level.CLIENT, parent=FIRM) for n in CLIENTS]
    rows += [
        row(Command.NODE_ADD, entity=n, index=Level.DESK, parent=CLIENTS[k // 2])
        for k, n in enumerate(DESKS)
    ]
    for account in range(FIRST_ACCOUNT, FIRST_ACCOUNT + accounts):
        desk = DESKS[account % len(DESKS)]
        rows.append(row(Command.NODE_ADD, entity=account, index=Level.ACCOUNT, parent=desk))
        rows.append(row(Command.DEPOSIT, account=account, value=MONEY // accounts))
    return rows


def settings(scope: Scope, entities: range, values: dict[Any, int]) -> Rows:
    """SET rows of the same values for many entities."""
    rows = np.zeros(len(entities) * len(values), COMMAND)
    rows["command"], rows["scope"] = Command.SET, scope
    rows["entity"] = np.repeat(np.asarray(entities), len(values))
    rows["attribute"] = np.tile([int(a) for a in values], len(entities))
    rows["value"] = np.tile(list(values.values()), len(entities))
    return rows
