"""Which field of a message goes into which cell of a row: worked out from names, given to kernels.

Kernels get these tables as data and not as constants: compiled code is cached by the sources of
this project, and generated messages are not among them.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from domain.codes import Command, ExecInst, MarketType, ReportType
from domain.layout import COMMAND, MARKET, REPORT
from gridworks.api.market_data.v1.stream_pb2 import MarketUpdate
from gridworks.api.trading.v1.order_entry_pb2 import OrderCommand, Report

Array = np.ndarray[Any, Any]

ZERO = 48  # how the wire writes a code that is 0: the character "0"
REFUSED = 255  # in the table of codes: not a code
STEP = 5  # numbers that a step of a plan of the encoder has
FIELDS = 32  # rows of the decoder's table: field numbers below this
CODES = 128  # codes below this number
ORDERS = (
    Command.NEW_ORDER, Command.CANCEL_ORDER, Command.REPLACE_ORDER, Command.MASS_CANCEL,
    Command.QUOTE,
)  # fmt: skip
EXEC_INST = 12  # field number: a literal, because kernels keep it (see above)
assert EXEC_INST == OrderCommand.EXEC_INST_FIELD_NUMBER
FLAGS = sum(int(flag) for flag in ExecInst if flag != ExecInst.QUOTE_LEG)


Field = tuple[int, int, str]  # tag, kind and cell


class Kind(IntEnum):
    """How a field's value and a cell's value become one another."""

    UNKNOWN = 0
    INT64 = 1  # varint, two's complement, 8-byte cell
    SINT64 = 2  # zigzag varint, 8-byte cell
    INT32 = 3  # varint cut to 32 bits, 4-byte cell
    CODE = 4  # varint, one of a table of codes, 1-byte cell
    BYTE = 5  # varint cut to 32 bits, at most 255, 1-byte cell
    FLAGS = 6  # repeated bits, 2-byte cell
    CODE_ZERO = 7  # encoding only: a code whose 0 is written 48
    SHORT = 8  # encoding only: 2-byte cell


_T = FieldDescriptor
_INTEGERS = {_T.TYPE_INT64: Kind.INT64, _T.TYPE_SINT64: Kind.SINT64, _T.TYPE_INT32: Kind.INT32}
_SIZES = {"u1": Kind.BYTE, "u2": Kind.SHORT}


def place(dtype: np.dtype[Any], cell: str) -> int:
    """Where a cell stands in a row, counted in cells of its own size."""
    kind, offset = dtype.fields[cell][:2]  # type: ignore[index]
    assert offset % kind.itemsize == 0
    return int(offset) // kind.itemsize


def _kind(field: FieldDescriptor) -> Kind:
    if field.type == _T.TYPE_ENUM:
        return Kind.FLAGS if field.is_repeated else Kind.CODE
    return _INTEGERS.get(field.type, Kind.BYTE)


def commands() -> tuple[Array, Array]:
    """What a varint with a tag is, and what its codes are: two flat tables.

    The first has kind, place and first code at three times the tag; the second CODES bytes for each
    coded field, number on the wire -> code or REFUSED.
    """
    fields, codes = np.zeros((8 * FIELDS, 3), np.int64), list[Array]()
    for field in OrderCommand.DESCRIPTOR.fields:
        kind = _kind(field)
        fields[field.number << 3] = kind, place(COMMAND, field.name), CODES * len(codes)
        if kind == Kind.CODE:
            codes.append(_codes(field))
    return fields.reshape(-1), np.concatenate(codes)


def _codes(field: FieldDescriptor) -> Array:
    row = np.full(CODES, REFUSED, np.uint8)
    row[0] = 0  # a 0 that is written out says no more than none
    for number in allowed(field.name):
        row[number] = 0 if number == ZERO else number
    return row


def allowed(name: str) -> dict[int, str]:
    """Number on the wire -> name, of what a coded field of a command may be."""
    kind = OrderCommand.DESCRIPTOR.fields_by_name[name].enum_type
    assert kind is not None
    names = {number: value.name for number, value in kind.values_by_number.items()}
    if name == "command":
        return {int(code): names[int(code)] for code in ORDERS}
    return {n: text for n, text in names.items() if n != ExecInst.QUOTE_LEG}


# ------------------------------------------------------------------------------ encoding

# MARKET cells under the names that MarketUpdate gives them, by the kind of row
_COMMON = {"market": "market", "instrument": "instrument", "seq": "seq", "phase": "phase"}
_PRICED = {"price": "price", "qty": "qty"}
_BOOKED = {**_COMMON, **_PRICED, "side": "side", "order_id": "order_id"}
_MARKET = {
    MarketType.TRADE: {**_COMMON, **_PRICED, "side": "side", "trade_id": "order_id"},
    MarketType.TOP: {
        **_COMMON, "bid_px": "price", "bid_size": "qty", "offer_px": "price_2",
        "offer_size": "qty_2",
    },
    MarketType.LEVEL: {**_COMMON, **_PRICED, "side": "side", "orders": "orders"},
    MarketType.ORDER_ADD: _BOOKED,
    MarketType.ORDER_REDUCE: _BOOKED,
    MarketType.ORDER_DELETE: _BOOKED,
    MarketType.INDICATIVE: {**_COMMON, **_PRICED, "surplus": "qty_2"},
    MarketType.STATUS: {**_COMMON, "price": "price"},
}  # fmt: skip
_REPORT = {field.name: field.name for field in Report.DESCRIPTOR.fields}
# of these codes 0 is one, in the reports that are about an order; of a refused replace or cancel
# only the status is the order's
_ZEROS = {"exec_type", "ord_status", "time_in_force"}


def requests() -> tuple[Array, Array]:
    """The plan of COMMAND rows: (first step by command), (steps)."""
    steps = []
    for field in OrderCommand.DESCRIPTOR.fields:
        kind = _kind(field)
        kind = Kind.BYTE if kind == Kind.CODE else kind
        steps.append((field.number << 3, int(kind), field.name))
    return _joined({int(command): steps for command in ORDERS}, COMMAND)


def reports() -> tuple[Array, Array]:
    """The plan of REPORT rows: (first step by report type), (steps)."""
    zeros = {kind: set[str]() for kind in ReportType}
    zeros |= {ReportType.EXECUTION: _ZEROS, ReportType.CANCEL_REJECT: {"ord_status"}}
    plans = {int(kind): _plan(Report.DESCRIPTOR, REPORT, _REPORT, zeros[kind]) for kind in zeros}
    return _joined(plans, REPORT)


def responses() -> Array:
    """What a varint with a tag of a Report is: kind, place and 0 at three times the tag."""
    fields = np.zeros((8 * (FIELDS + 1), 3), np.int64)
    for tag, kind, cell in _plan(Report.DESCRIPTOR, REPORT, _REPORT, _ZEROS):
        fields[tag] = kind, place(REPORT, cell), 0
    return fields.reshape(-1)


def markets() -> tuple[Array, Array]:
    """The plan of MARKET rows: (first step by market type), (steps)."""
    plans = {
        int(k): _plan(MarketUpdate.DESCRIPTOR, MARKET, m, {"phase"}) for k, m in _MARKET.items()
    }
    return _joined(plans, MARKET)


def _plan(
    message: Descriptor, dtype: np.dtype[Any], cells: dict[str, str], zeros: set[str]
) -> list[Field]:
    steps = []
    for field in sorted(message.fields, key=lambda field: field.number):
        if field.name not in cells:
            continue
        cell = cells[field.name]
        kind = _kind(field)
        if kind not in (Kind.INT64, Kind.SINT64, Kind.INT32):
            size = dtype.fields[cell][0].str[1:]  # type: ignore[index]
            kind = Kind.CODE_ZERO if field.name in zeros else _SIZES[size]
        steps.append((field.number << 3, int(kind), cell))
    return steps


def _joined(plans: dict[int, list[Field]], dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """Plans one after the other, and where each begins; a type without one is encoded as empty.

    A step is the tag, the kind and where the cell is: the word of the row, by how many bits that
    is shifted down, and the bits that remain.
    """
    starts, steps = list[int](), list[tuple[int, ...]]()
    for kind in range(257):
        starts.append(len(steps))
        steps += [(tag, how, *_bits(dtype, cell)) for tag, how, cell in plans.get(kind, [])]
    return np.array(starts, np.int64), np.array(steps, np.int64)


def _bits(dtype: np.dtype[Any], cell: str) -> tuple[int, int, int]:
    """Word, shift and mask of a cell."""
    kind, offset = dtype.fields[cell][:2]  # type: ignore[index]
    mask = (1 << 8 * kind.itemsize) - 1 if kind.itemsize < 8 else -1
    return offset // 8, 8 * (offset % 8), mask
