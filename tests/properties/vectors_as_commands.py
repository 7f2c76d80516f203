"""The independent matching vectors as commands, and reports as the lines that they expect."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import (
    Command,
    ExecType,
    InstrumentType,
    Level,
    OrdType,
    Phase,
    ReportType,
    Scope,
    Side,
    TimeInForce,
)
from domain.layout import COMMAND

Array = np.ndarray[Any, Any]
_HEADER = struct.Struct("<8sII")
_RECORD = struct.Struct("<BBBBIQQqq")
_NEW, _CANCEL, _MODIFY = range(3)
_KINDS = {"NEW": _NEW, "CANCEL": _CANCEL, "MODIFY": _MODIFY}
ACCOUNT = INSTRUMENT = 1


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a vector: `side` is 0 buy, 1 sell."""

    kind: int
    side: int
    ioc: int
    qty: int
    seq: int
    order_id: int
    price: int


def read_stream(path: Path) -> list[Message]:
    """A binary stream of 40-byte records behind its header."""
    data = path.read_bytes()
    _, _, count = _HEADER.unpack_from(data)
    found = []
    for k in range(count):
        kind, side, ioc, _, qty, seq, order_id, price, _ = _RECORD.unpack_from(
            data, _HEADER.size + k * _RECORD.size
        )
        found.append(Message(kind, side, ioc, qty, seq, order_id, price))
    return found


def read_edge_cases(path: Path) -> dict[str, tuple[list[Message], list[str]]]:
    """Name -> messages, expected lines. (One case has a description in place of messages.)"""
    cases = {}
    for name, case in json.loads(path.read_text(encoding="utf-8")).items():
        if isinstance(case["messages"], str):
            continue
        messages = [
            Message(
                _KINDS[m["type"]],
                int(m["side"] == "S"),
                m["ioc"],
                m["qty"],
                seq,
                m["order_id"],
                m["price"],
            )
            for seq, m in enumerate(case["messages"])
        ]
        cases[name] = (messages, case["expected_reports"])
    return cases


def prologue() -> Array:
    """One instrument in continuous trading in which a replace always loses priority."""
    rows = np.zeros(5, dtype=COMMAND)
    rows["command"] = [
        Command.INSTRUMENT_ADD,
        Command.NODE_ADD,
        Command.SET,
        Command.SET,
        Command.PHASE,
    ]
    rows["entity"] = 1
    rows["index"] = [InstrumentType.EQUITY, Level.ACCOUNT, 0, 0, 0]
    rows["scope"] = [0, 0, Scope.INSTRUMENT, Scope.NODE, Scope.MARKET]
    rows["attribute"][2] = InstrumentAttr.REPLACE_LOSES_PRIORITY
    rows["attribute"][3] = NodeAttr.CHECK_BUYING_POWER
    rows["value"] = [0, 0, 1, 0, Phase.CONTINUOUS]
    return rows


def as_commands(messages: list[Message]) -> Array:
    """One row a message. An order keeps its id through a replace, so cl_ord_id is its number."""
    rows = np.zeros(len(messages), dtype=COMMAND)
    for row, m in zip(rows, messages, strict=True):
        row["account"], row["instrument"] = ACCOUNT, INSTRUMENT
        row["price"], row["order_qty"] = m.price, m.qty
        if m.kind == _NEW:
            row["command"], row["cl_ord_id"] = Command.NEW_ORDER, m.order_id
            row["side"] = Side.SELL if m.side else Side.BUY
            row["ord_type"] = OrdType.LIMIT
            row["time_in_force"] = TimeInForce.IOC if m.ioc else TimeInForce.DAY
        else:
            replace = m.kind == _MODIFY
            row["command"] = Command.REPLACE_ORDER if replace else Command.CANCEL_ORDER
            row["orig_cl_ord_id"] = m.order_id
    return rows


def as_lines(message: Message, reports: Array) -> Iterator[str]:
    """The lines of one message: first acknowledgements, then trades, then the rest."""
    seq, side = message.seq, message.side
    makers: list[Any] = []
    for r in reports:
        kind, oid = r["exec_type"], r["cl_ord_id"]
        if r["report"] == ReportType.CANCEL_REJECT:
            yield f"{5 if message.kind == _MODIFY else 4},{seq},{message.order_id}"
        elif kind == ExecType.NEW:
            yield f"0,{seq},{side},{oid},{r['price']},{r['order_qty']}"
        elif kind == ExecType.REPLACED:
            yield f"3,{seq},{side},{oid},{message.price},{message.qty}"
        elif kind == ExecType.CANCELED:
            yield f"2,{seq},{r['side'] - 1},{oid},{r['price']}"
        elif kind == ExecType.TRADE:
            makers.append(r)
            if len(makers) == 2:
                maker, taker = makers
                makers = []
                yield (
                    f"1,{seq},{maker['last_px']},{maker['last_qty']},"
                    f"{maker['cl_ord_id']},{taker['cl_ord_id']}"
                )


def lines(messages: list[Message], exchange: Any) -> list[str]:
    """Everything that an exchange reports about a vector, in the vector's words.

    The vectors' modify names the new quantity left, ours the new total.
    """
    exchange.apply(prologue())
    found: list[str] = []
    traded: dict[int, int] = {}
    for message, row in zip(messages, as_commands(messages), strict=True):
        if message.kind == _NEW:
            traded[message.order_id] = 0
        else:
            row["order_qty"] += traded.get(message.order_id, 0)
        reports = exchange.apply(row.reshape(1))
        for fill in reports[reports["exec_type"] == ExecType.TRADE]:
            traded[int(fill["cl_ord_id"])] = int(fill["cum_qty"])
        found += sorted(as_lines(message, reports), key=lambda line: line.split(",")[0])
    return found
