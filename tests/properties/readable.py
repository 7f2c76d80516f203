"""Rows as a person reads them: names for codes, and no fields that are 0."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Any

import numpy as np

from domain.attributes import InstrumentAttr, NodeAttr, PositionAttr
from domain.codes import (
    Command,
    Contingency,
    ExecInst,
    ExecType,
    Level,
    Liquidity,
    OrdStatus,
    OrdType,
    Phase,
    Reason,
    ReportType,
    Scope,
    SelfTrade,
    Side,
    TimeInForce,
)

Array = np.ndarray[Any, Any]
_CODES: dict[str, type[IntEnum] | type[IntFlag]] = {
    "command": Command,
    "side": Side,
    "ord_type": OrdType,
    "time_in_force": TimeInForce,
    "exec_inst": ExecInst,
    "stp_mode": SelfTrade,
    "contingency": Contingency,
    "scope": Scope,
    "report": ReportType,
    "exec_type": ExecType,
    "ord_status": OrdStatus,
    "liquidity": Liquidity,
    "level": Level,
    "reason": Reason,
}
_ATTRIBUTES: dict[int, type[IntEnum]] = {
    Scope.INSTRUMENT: InstrumentAttr,
    Scope.NODE: NodeAttr,
    Scope.POSITION: PositionAttr,
    Scope.GROUP: PositionAttr,
}
# codes whose 0 means something
_ALWAYS = {"command", "exec_type", "ord_status"}


def _named(codes: type[IntEnum] | type[IntFlag], value: int) -> str:
    try:
        return codes(value).name or str(value)
    except ValueError:
        return f"{value}?"


def fields_of(row: np.void) -> dict[str, str]:
    """Field -> text, for every field that says something."""
    found: dict[str, str] = {}
    for name in row.dtype.names or ():
        if name == "_spare":
            continue
        value = int(row[name])
        if value == 0 and name not in _ALWAYS:
            continue
        text = _named(_CODES[name], value) if name in _CODES else str(value)
        if name == "attribute" and int(row["scope"]) in _ATTRIBUTES:
            text = _named(_ATTRIBUTES[int(row["scope"])], value)
        if name == "value" and int(row["command"]) == Command.PHASE:
            text = _named(Phase, value)
        found[name] = text
    return found


def command_text(row: np.void) -> str:
    fields = fields_of(row)
    name = fields.pop("command")
    return " ".join([name, *(f"{k}={v}" for k, v in fields.items() if k != "transact_time")])


def report_text(row: np.void) -> str:
    fields = fields_of(row)
    head = [fields.pop(k, "") for k in ("report", "exec_type", "ord_status", "reason")]
    left_out = ("seq", "transact_time", "command")
    return " ".join([*head, *(f"{k}={v}" for k, v in fields.items() if k not in left_out)])


def reports_text(rows: Array) -> str:
    return "\n".join(f"    {report_text(row)}" for row in rows) or "    (none)"


def depth_text(sides: tuple[Any, Any]) -> str:
    bids, asks = ([tuple(map(int, row)) for row in side] for side in sides)
    return f"    bids {bids}\n    asks {asks}"
