"""What can be wrong with the bytes of a request, and the error that says where."""

from __future__ import annotations

from enum import IntEnum

from domain.errors import InvalidField

MAX_GROUPS = 64  # nested groups in unknown fields; protobuf itself takes about a hundred


class Fault(IntEnum):
    """Why the decoder refused a message."""

    NONE = 0
    TRUNCATED = 1
    VARINT = 2
    TAG = 3
    WIRE_TYPE = 4
    GROUP = 5
    TOO_DEEP = 6
    UNKNOWN_CODE = 7
    OUT_OF_RANGE = 8
    MISSING = 9
    TOO_MANY = 10
    COMPRESSED = 11
    TOO_LONG = 12


WORDS = {
    Fault.TRUNCATED: "a field that ends within its message",
    Fault.VARINT: "a varint of at most 10 bytes, a length of at most 5",
    Fault.TAG: "a field number from 1 to 536870911 in a tag of at most 5 bytes",
    Fault.WIRE_TYPE: "a wire type from 0 to 5",
    Fault.GROUP: "groups that end where they began",
    Fault.TOO_DEEP: f"at most {MAX_GROUPS} nested groups",
    Fault.COMPRESSED: "uncompressed messages",
}


class WireFault(InvalidField):
    """A message that cannot be read: `position` is the byte where it goes wrong, from 0."""

    def __init__(
        self, field: str, value: object, allowed: str, position: int, fault: Fault
    ) -> None:
        super().__init__(field, value, allowed)
        self.args = (field, value, allowed, position, fault)
        self.position, self.fault = position, fault

    def __str__(self) -> str:
        return f"{super().__str__()} (at byte {self.position})"
