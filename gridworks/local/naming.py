"""Codes and attributes by the names that people type."""

from __future__ import annotations

from typing import Any

from domain.errors import InvalidField


def code_named(field: str, codes: Any, value: Any) -> Any:
    """A code by its name, in any case; anything else as it is, for the message to check."""
    if not isinstance(value, str):
        return value
    found = codes.__members__.get(value.upper())
    if found is None:
        raise InvalidField(field, value, ", ".join(codes.__members__))
    return found


def attributes_named(codes: Any, given: dict[str, int]) -> dict[int, int]:
    """Attributes by lower-case name. Raises InvalidField for an unknown one."""
    names = {name.lower(): code for name, code in codes.__members__.items() if name != "COLUMNS"}
    for name, value in given.items():
        if name not in names:
            raise InvalidField("attribute", name, ", ".join(names))
        if isinstance(value, (bool, str, float)):
            raise InvalidField(name, value, "a whole number")
    return {int(names[name]): value for name, value in given.items()}
