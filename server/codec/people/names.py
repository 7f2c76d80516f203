"""Resource names, codes and update masks: what the unary calls say in words.

`Directory` is the catalogue that translation looks in; the server keeps it up to date.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeVar

from google.protobuf.descriptor import EnumDescriptor
from google.protobuf.message import Message

from domain.codes import ExecInst
from domain.errors import InvalidField, NotFound
from domain.limits import INT64_MAX
from server.codec.people.decimals import Scale
from server.codec.tables import FLAGS, ZERO

Code = TypeVar("Code", bound=IntEnum)
_SEGMENT = re.compile(r"[A-Za-z0-9._~-]{1,56}", re.ASCII)
_CLIENT = "cl-"  # before the client's id in the name of an order


@dataclass
class Directory:
    """Names and numbers of what there is."""

    nodes: dict[str, int] = field(default_factory=dict)
    node_names: dict[int, str] = field(default_factory=dict)
    symbols: dict[str, Scale] = field(default_factory=dict)
    scales: dict[int, Scale] = field(default_factory=dict)

    def add_node(self, name: str, number: int) -> None:
        """An account, desk, client or firm."""
        self.nodes[name], self.node_names[number] = number, name

    def add_instrument(self, scale: Scale) -> None:
        """An instrument."""
        self.symbols[scale.symbol], self.scales[scale.number] = scale, scale

    def account(self, path: str, name: str) -> int:
        """The number of "accounts/{account}". Raises InvalidField, NotFound."""
        return self._number(name, *segments(path, name, "accounts/*"))

    def node(self, path: str, name: str) -> int:
        """The number of "nodes/{node}". Raises InvalidField, NotFound."""
        return self._number(name, *segments(path, name, "nodes/*"))

    def _number(self, name: str, segment: str) -> int:
        found = self.nodes.get(segment)
        if found is None:
            raise NotFound(name.partition("/")[0].removesuffix("s"), name)
        return found

    def instrument(self, path: str, name: str) -> Scale:
        """The scale of "instruments/{symbol}". Raises InvalidField, NotFound."""
        return self.scale(name, *segments(path, name, "instruments/*"))

    def scale(self, name: str, symbol: str) -> Scale:
        """The scale of a symbol that is part of `name`. Raises NotFound."""
        found = self.symbols.get(symbol)
        if found is None:
            raise NotFound("instrument", name)
        return found

    def order(self, path: str, name: str) -> tuple[int, int, int]:
        """(account, order_id, orig_cl_ord_id) of "accounts/{account}/orders/{order}".

        One of the two ids is 0. Raises InvalidField, NotFound.
        """
        account, order = segments(path, name, "accounts/*/orders/*")
        text = order.removeprefix(_CLIENT)
        if not (text.isascii() and text.isdigit() and 0 < int(text) <= INT64_MAX):
            raise InvalidField(path, name, "an order by its number, or cl- and the client's id")
        number = int(text)
        ids = (0, number) if order.startswith(_CLIENT) else (number, 0)
        return (self._number(f"accounts/{account}", account), *ids)

    def account_name(self, number: int) -> str:
        """ "accounts/{account}"; a number that has no name stands for itself."""
        return f"accounts/{self.node_names.get(number, number)}"

    def instrument_name(self, number: int) -> str:
        """ "instruments/{symbol}"; "" for 0."""
        known = self.scales.get(number)
        return f"instruments/{known.symbol if known else number}" if number else ""


def segments(path: str, name: str, pattern: str) -> list[str]:
    """What stands at the stars of a pattern. Raises InvalidField with the name `path`."""
    parts, wanted = name.split("/"), pattern.split("/")
    same = len(parts) == len(wanted) and all(
        _SEGMENT.fullmatch(part) if star == "*" else part == star
        for part, star in zip(parts, wanted)
    )
    if not same:
        raise InvalidField(path, name, f"a name such as {pattern}")
    return [part for part, star in zip(parts, wanted) if star == "*"]


def code(path: str, kind: type[Code], number: int, default: Code | None = None) -> Code:
    """A code of the vocabulary for a number of the wire. Raises InvalidField.

    0 is the default; without one the field is required.
    """
    if number == 0 and default is not None:
        return default
    value = 0 if number == ZERO else number
    names = kind._value2member_map_
    if number == 0 or value not in names:
        words = ", ".join(f"{each.name} ({int(each) or ZERO})" for each in kind)
        raise InvalidField(path, number, words)
    return kind(value)


def identifier(path: str, text: str) -> str:
    """The last part of a name that is to be made. Raises InvalidField."""
    if not _SEGMENT.fullmatch(text):
        raise InvalidField(path, text, "1 to 56 letters, digits and ._~-")
    return text


def codes(path: str, kind: type[Code], numbers: Iterable[int]) -> list[int]:
    """The codes that a filter names, as the vocabulary has them. Raises InvalidField."""
    return [int(code(path, kind, number)) for number in numbers]


def flags(path: str, numbers: Iterable[int]) -> ExecInst:
    """Handling flags. Raises InvalidField for one that clients cannot set."""
    found = ExecInst(0)
    for number in numbers:
        if number < 0 or number & FLAGS != number or number & (number - 1):
            known = (f"{flag.name} ({int(flag)})" for flag in ExecInst if int(flag) & FLAGS)
            raise InvalidField(path, number, ", ".join(known))
        found |= ExecInst(number)
    return found


def on_wire(enum: EnumDescriptor, value: int) -> int:
    """The number on the wire for a code that means something, 0 for one that is not known."""
    number = value or ZERO
    return number if number in enum.values_by_number else value


def masked(path: str, message: Message, paths: Iterable[str], allowed: Iterable[str]) -> list[str]:
    """The fields that an update is about: those of the mask ("*": all), else those that are set.

    Raises InvalidField for a field of the mask that cannot be changed.
    """
    known = list(allowed)
    wanted = list(dict.fromkeys(paths))
    if wanted == ["*"]:
        return known
    for name in wanted:
        if name not in known:
            raise InvalidField(path, name, ", ".join(known))
    if wanted:
        return wanted
    return [f.name for f, _ in message.ListFields() if f.name in known]
