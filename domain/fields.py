"""The cells of a COMMAND row without numpy: their places, ranges and codes, and what is refused;
codes and attributes by the names that people type.

`tests/domain/test_messages.py` holds this table against `domain.layout.COMMAND`.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum, IntFlag
from operator import index
from typing import Any

from domain.codes import (
    Contingency,
    ExecInst,
    OrdType,
    Scope,
    SelfTrade,
    Side,
    TimeInForce,
)
from domain.errors import InvalidField
from domain.limits import INT64_MAX, MAX_LIST, MAX_PRICE, MAX_QTY, MAX_TIME

ROW = struct.Struct("<6q2i4BH2B7q2i2BH3i5q8x")
LABEL_AT, LABEL_BYTES = 64, 56  # orig_cl_ord_id .. cl_ord_link_id: unused by the commands that add

Names = Mapping[str, Mapping[str, int]]  # "instrument" and "node": name -> number


@dataclass(frozen=True, slots=True)
class Field:
    """One cell: where it stands, what it may hold, and which names may stand for a number."""

    name: str
    place: int
    low: int
    high: int
    codes: type[IntEnum] | type[IntFlag] | None = None
    names: str = ""  # "instrument", "node" or "entity" (by scope: either)

    def named(self, name: str) -> Field:
        """The same cell under the name that a message gives it."""
        return self if name == self.name else replace(self, name=name)

    def allowed(self) -> str:
        """In words what the cell may hold."""
        if self.codes is not None and issubclass(self.codes, IntEnum):
            return ", ".join(f"{code.name} ({int(code)})" for code in self.codes)
        words = f"a whole number from {self.low} to {self.high}"
        return f"{words}, or a name" if self.names else words

    def check(self, value: Any) -> int:
        """The value as an int. Raises InvalidField; a name passes as 0."""
        if isinstance(value, str) and self.names:
            if value:
                return 0
            raise InvalidField(self.name, value, self.allowed())
        if isinstance(value, (bool, str, bytes, float)):
            raise InvalidField(self.name, value, self.allowed())
        try:
            whole = index(value)
        except TypeError:
            raise InvalidField(self.name, value, self.allowed()) from None
        if not self.low <= whole <= self.high:
            raise InvalidField(self.name, value, self.allowed())
        return whole


def number(field: Field, value: Any, names: Names | None) -> int:
    """A checked value as an int; a name is looked up. Raises InvalidField."""
    if not isinstance(value, str):
        return int(value)
    kinds = ("instrument", "node") if field.names == "entity" else (field.names,)
    for kind in kinds:
        found = (names or {}).get(kind, {}).get(value)
        if found is not None:
            return found
    raise InvalidField(field.name, value, "a name that was added to this exchange")


def label_into(row: bytes, label: object) -> bytes:
    """The row with a symbol or name in the cells that its command does not use."""
    text = label.encode() if isinstance(label, str) else b"\0"
    if len(text) > LABEL_BYTES or b"\0" in text:
        raise InvalidField("label", label, f"text of at most {LABEL_BYTES} bytes of UTF-8, no NUL")
    return row[:LABEL_AT] + text.ljust(LABEL_BYTES, b"\0") + row[LABEL_AT + LABEL_BYTES :]


def label_of(row: bytes) -> str:
    """The symbol or name in a row that adds an instrument or a node; "" when there is none."""
    text = row[LABEL_AT : LABEL_AT + LABEL_BYTES].rstrip(b"\0")
    try:
        return text.decode()
    except UnicodeDecodeError:
        return ""


_ID = 2**31 - 1
_RANGES: dict[str, tuple[int, int]] = {
    "seq": (0, INT64_MAX), "transact_time": (0, MAX_TIME), "cl_ord_id": (0, INT64_MAX),
    "order_id": (0, INT64_MAX), "price": (0, MAX_PRICE), "order_qty": (0, MAX_QTY),
    "instrument": (0, _ID), "account": (0, _ID), "command": (0, 255), "side": (0, 6),
    "ord_type": (0, 255), "time_in_force": (0, 255), "exec_inst": (0, ExecInst.QUOTE_LEG - 1),
    "stp_mode": (0, 5), "contingency": (0, 4), "orig_cl_ord_id": (0, INT64_MAX),
    "stop_px": (0, MAX_PRICE), "display_qty": (0, MAX_QTY), "min_qty": (0, MAX_QTY),
    "offset": (-MAX_PRICE, MAX_PRICE), "expire_time": (0, MAX_TIME),
    "cl_ord_link_id": (0, INT64_MAX), "algo_id": (0, _ID), "session": (0, _ID),
    "list_size": (0, MAX_LIST), "scope": (0, 7), "attribute": (0, 65_535), "index": (0, _ID),
    "entity": (0, _ID), "parent": (0, _ID), "value": (-INT64_MAX, INT64_MAX),
    "price_low": (0, MAX_PRICE), "price_high": (0, MAX_PRICE), "offer_px": (0, MAX_PRICE),
    "offer_size": (0, MAX_QTY),
}  # fmt: skip
_CODES: dict[str, type[IntEnum]] = {
    "side": Side, "ord_type": OrdType, "time_in_force": TimeInForce, "stp_mode": SelfTrade,
    "contingency": Contingency, "scope": Scope,
}  # fmt: skip
_NAMES = {"instrument": "instrument", "account": "node", "parent": "node", "entity": "entity"}


class _Coded(Field):
    """A cell that holds one of the codes; 0 also where FIX has no code 0."""

    __slots__ = ()

    def check(self, value: Any) -> int:
        whole = Field.check(self, value)
        if self.codes is not None and whole and whole not in [int(code) for code in self.codes]:
            raise InvalidField(self.name, value, self.allowed())
        return whole


FIELDS: dict[str, Field] = {
    name: (_Coded if name in _CODES else Field)(
        name, place, low, high, _CODES.get(name), _NAMES.get(name, "")
    )
    for place, (name, (low, high)) in enumerate(_RANGES.items())
}


def code_named(field: str, codes: Any, value: Any) -> Any:
    """A code by its name, in any case; a number as it is, for the message to check."""
    if value is not None and not isinstance(value, str):
        return value
    found = codes.__members__.get(str(value).upper())
    if found is None:
        raise InvalidField(field, value, ", ".join(codes.__members__))
    return found


def attributes_named(
    codes: Any, given: Mapping[str, int], field: str = "attribute"
) -> dict[int, int]:
    """Attributes by lower-case name. Raises InvalidField for an unknown one."""
    names = {name.lower(): code for name, code in codes.__members__.items() if name != "COLUMNS"}
    for name, value in given.items():
        if name not in names:
            raise InvalidField(field, name, ", ".join(names))
        if isinstance(value, (bool, str, float)):
            raise InvalidField(name, value, "a whole number")
    return {int(names[name]): value for name, value in given.items()}
