"""Settings of instruments and limits of nodes: fields of messages and attributes of SET rows.

A field has the attribute's name in lower case, or is named in `_NAMES`. How a value is written
follows from the field's type and the attribute's unit: decimal text of ticks, lots or money, whole
numbers, times, durations; lists of codes are sets of bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from domain.attributes import (
    INSTRUMENT_ATTRIBUTES,
    NODE_ATTRIBUTES,
    ORD_TYPE_BIT,
    TIF_BIT,
    Attribute,
    InstrumentAttr,
    NodeAttr,
)
from domain.codes import InstrumentType, Scope
from domain.errors import InvalidField
from domain.limits import INT64_MAX, MAX_TICK_BANDS, NO_LIMIT
from domain.messages import Setting
from gridworks.api.risk.v1.resources_pb2 import Limits
from gridworks.api.types.v1.instrument_pb2 import Instrument
from server.codec.people.decimals import Scale, nanoseconds, timestamp
from server.codec.tables import ZERO

_NAMES = {
    "qty_step": "LOT_SIZE", "expiry_time": "EXPIRY", "volatility_duration": "VOLATILITY_NS",
    "extension_duration": "EXTENSION_NS", "allowed_times_in_force": "ALLOWED_TIFS",
    "duplicate_window": "DUPLICATE_WINDOW_NS", "execution_window": "EXECUTION_WINDOW_NS",
}  # fmt: skip
_T = FieldDescriptor
_NOT = {"type", "tick_size", "lot_size", "tick_table", "name"}
_CHARGES = ("charge_buy_ppb", "charge_sell_ppb")
_MOST_CHARGES = 4
_BITS: dict[str, dict[int, int]] = {
    "allowed_ord_types": ORD_TYPE_BIT,
    "allowed_times_in_force": TIF_BIT,
    "allowed_types": {int(kind): int(kind) for kind in InstrumentType},
}


def _plain(message: Any, codes: Any) -> dict[str, int]:
    found = {}
    for field in message.DESCRIPTOR.fields:
        name = _NAMES.get(field.name, field.name.upper())
        if name in codes.__members__ and field.name not in _NOT:
            found[field.name] = int(codes[name])
    return found


INSTRUMENT_FIELDS = _plain(Instrument, InstrumentAttr)
LIMIT_FIELDS = _plain(Limits, NodeAttr)
CHANGEABLE_INSTRUMENT = (*INSTRUMENT_FIELDS, *_CHARGES, "tick_table")
CHANGEABLE_LIMITS = (*LIMIT_FIELDS, "allow_buy", "allow_sell")


def given(message: Any, allowed: Iterable[str]) -> list[str]:
    """The fields that are set, of those that are settings."""
    known = set(allowed)
    return [field.name for field, _ in message.ListFields() if field.name in known]


def instrument_settings(
    number: int, message: Instrument, names: Iterable[str], scale: Scale
) -> list[Setting]:
    """SET commands for fields of an instrument. Raises InvalidField."""
    found = []
    for name in names:
        if name in _CHARGES:
            values, most = list(getattr(message, name)), _MOST_CHARGES
            if len(values) > most:
                raise InvalidField(f"instrument.{name}", len(values), f"at most {most} charges")
            values += [0] * (most - len(values))
            found += [(_first(name) + at, value) for at, value in enumerate(values)]
        elif name == "tick_table":
            found += _tick_table(message, scale)
        else:
            attribute = INSTRUMENT_FIELDS[name]
            row = INSTRUMENT_ATTRIBUTES[InstrumentAttr(attribute)]
            found.append((attribute, _number(message, name, row, scale)))
    return [
        Setting(scope=Scope.INSTRUMENT, entity=number, attribute=attribute, value=value)
        for attribute, value in found
    ]


def field_of_instrument(attribute: int) -> str:
    """The field of Instrument that an attribute stands in."""
    held = (field for field, number in INSTRUMENT_FIELDS.items() if number == attribute)
    lists = (field for field in _CHARGES if 0 <= attribute - _first(field) < _MOST_CHARGES)
    return next(held, next(lists, "tick_table"))


def _first(charge: str) -> int:
    """The attribute of the first of these charges."""
    return int(InstrumentAttr[f"{charge.upper()}_1"])


def limit_settings(
    number: int, message: Limits, names: Iterable[str], scale: Scale, sides: int
) -> list[Setting]:
    """SET commands for limits of a node; `sides` is ALLOWED_SIDES as it is. Raises InvalidField."""
    found, touched = [], False
    for name in names:
        if name in ("allow_buy", "allow_sell"):
            bit = 1 if name == "allow_buy" else 2
            sides = sides | bit if getattr(message, name) else sides & ~bit
            touched = True
        else:
            attribute = LIMIT_FIELDS[name]
            row = NODE_ATTRIBUTES[NodeAttr(attribute)]
            found.append((attribute, _number(message, name, row, scale)))
    if touched:
        found.append((int(NodeAttr.ALLOWED_SIDES), sides))
    return [
        Setting(scope=Scope.NODE, entity=number, attribute=attribute, value=value)
        for attribute, value in found
    ]


def _tick_table(message: Instrument, scale: Scale) -> Iterator[tuple[int, int]]:
    """The bands that there were end, the last one first; then the new ones begin."""
    first, count = int(InstrumentAttr.TICK_FROM_1), len(message.tick_table)
    if count > MAX_TICK_BANDS:
        raise InvalidField("instrument.tick_table", count, f"at most {MAX_TICK_BANDS} bands")
    yield from ((tick, 0) for tick in range(InstrumentAttr.TICK_8, InstrumentAttr.TICK_1, -2))
    if not count:  # as an instrument begins
        yield from ((first, 0), (first + 1, 1))
    for at, band in enumerate(message.tick_table):
        path = f"instrument.tick_table[{at}]"
        yield first + 2 * at, scale.ticks(f"{path}.from_price", band.from_price)
        yield first + 2 * at + 1, scale.ticks(f"{path}.tick", band.tick)


def _number(message: Any, name: str, row: Attribute, scale: Scale) -> int:
    """A field's value as the attribute holds it. Raises InvalidField."""
    value, field = getattr(message, name), message.DESCRIPTOR.fields_by_name[name]
    path = f"{message.DESCRIPTOR.name.lower()}.{name}"
    if name in _BITS:
        bits = _BITS[name]
        found = {0 if code == ZERO else code for code in value}
        for code in found - set(bits):
            raise InvalidField(path, code, ", ".join(str(known or ZERO) for known in sorted(bits)))
        nameless = row.default & ~sum(1 << bit for bit in bits.values())
        return sum(1 << bits[code] for code in found) | nameless
    if field.type == _T.TYPE_STRING:
        if row.unit.startswith("ticks"):
            return scale.ticks(path, value)
        return scale.lots(path, value) if row.unit.startswith("lots") else scale.minor(path, value)
    if field.type == _T.TYPE_MESSAGE:
        if field.message_type.name == "Timestamp":
            return nanoseconds(path, value)
        return _span(path, value)
    if field.type == _T.TYPE_ENUM and value not in field.enum_type.values_by_number:
        known = ", ".join(f"{name} ({each.number})"
                          for name, each in field.enum_type.values_by_name.items())  # fmt: skip
        raise InvalidField(path, value, known)
    return 0 if value == ZERO and field.type == _T.TYPE_ENUM else int(value)


def _span(path: str, value: Any) -> int:
    """A duration in ns. Raises InvalidField."""
    found = int(value.seconds) * 10**9 + int(value.nanos)
    if not 0 <= found <= INT64_MAX:
        raise InvalidField(path, f"{found} ns", f"0 to {INT64_MAX} ns")
    return found


def fill_instrument(message: Instrument, values: Any, scale: Scale) -> None:
    """Write the attributes of an instrument (one row of its table) into a message."""
    for name, attribute in INSTRUMENT_FIELDS.items():
        row = INSTRUMENT_ATTRIBUTES[InstrumentAttr(attribute)]
        _put(message, name, row, int(values[attribute]), scale)
    for name in _CHARGES:
        first = int(InstrumentAttr[f"{name.upper()}_1"])
        getattr(message, name).extend(int(value) for value in values[first : first + 4])
    for at in range(8):
        first = int(InstrumentAttr.TICK_FROM_1) + 2 * at
        if values[first + 1]:
            message.tick_table.add(
                from_price=scale.price(int(values[first])), tick=scale.price(int(values[first + 1]))
            )


_LIMIT_NAMES = {attribute: name for name, attribute in LIMIT_FIELDS.items()}
_INSTRUMENT_NAMES = {attribute: name for name, attribute in INSTRUMENT_FIELDS.items()}


def field_of_limit(attribute: int) -> str:
    """The field of Limits for an attribute of a node."""
    return _LIMIT_NAMES.get(attribute, "allow_buy, allow_sell")


def put_limit(message: Limits, name: str, value: int, scale: Scale) -> None:
    """Write one attribute of a node, as its table holds it, into a message."""
    _put(message, name, NODE_ATTRIBUTES[NodeAttr(LIMIT_FIELDS[name])], value, scale)


def put_limit_setting(
    message: Limits, attribute: NodeAttr, value: int, scale: Scale
) -> tuple[str, ...]:
    """Write one attribute of a node, as a SET row holds it; returns the fields that say it."""
    if attribute == NodeAttr.ALLOWED_SIDES:
        message.allow_buy, message.allow_sell = bool(value & 1), bool(value & 2)
        return "allow_buy", "allow_sell"
    name = _LIMIT_NAMES[attribute]
    put_limit(message, name, value, scale)
    return (name,)


def put_instrument_setting(
    message: Instrument, attribute: InstrumentAttr, value: int, scale: Scale
) -> str:
    """The same for an instrument; charges of a message are all there. Raises InvalidField."""
    kind, _, place = attribute.name.lower().rpartition("_")
    if kind in _CHARGES:
        getattr(message, kind)[int(place) - 1] = value
        return kind
    name = _INSTRUMENT_NAMES.get(attribute)
    if name is None:
        allowed = ", ".join(CHANGEABLE_INSTRUMENT)
        raise InvalidField("attribute", attribute.name.lower(), f"one that is a field: {allowed}")
    _put(message, name, INSTRUMENT_ATTRIBUTES[attribute], value, scale)
    return name


def shown(message: Any, name: str) -> str:
    """A field as text: codes by their names."""
    field, value = message.DESCRIPTOR.fields_by_name[name], getattr(message, name)
    if field.type == _T.TYPE_ENUM:
        names = field.enum_type.values_by_number
        codes = value if name in _BITS else [value]
        return ", ".join(names[code].name.lower() if code in names else str(code) for code in codes)
    if field.type == _T.TYPE_MESSAGE:
        return str(value.ToJsonString())
    return str(value).lower() if field.type == _T.TYPE_BOOL else str(value)


def fill_limits(message: Limits, values: Any, scale: Scale) -> None:
    """Write the attributes of a node (one row of its table of limits) into a message."""
    for name, attribute in LIMIT_FIELDS.items():
        row = NODE_ATTRIBUTES[NodeAttr(attribute)]
        _put(message, name, row, int(values[attribute]), scale)
    sides = int(values[NodeAttr.ALLOWED_SIDES])
    message.allow_buy, message.allow_sell = bool(sides & 1), bool(sides & 2)


def _put(message: Any, name: str, row: Attribute, value: int, scale: Scale) -> None:
    field = message.DESCRIPTOR.fields_by_name[name]
    if row.none and value == NO_LIMIT:
        value = 0
    if name in _BITS:
        codes = [code or 48 for code, bit in _BITS[name].items() if value >> bit & 1]
        known = field.enum_type.values_by_number
        getattr(message, name).extend(code for code in codes if code in known)
    elif field.type == _T.TYPE_STRING:
        as_text: Callable[[int], str] = scale.amount
        if row.unit.startswith("ticks"):
            as_text = scale.price
        elif row.unit.startswith("lots"):
            as_text = scale.quantity
        setattr(message, name, as_text(value))
    elif field.type == _T.TYPE_MESSAGE:
        if field.message_type.name == "Timestamp":
            if value:
                getattr(message, name).CopyFrom(timestamp(value))
        else:
            getattr(message, name).FromNanoseconds(value)
    elif field.type == _T.TYPE_BOOL:
        setattr(message, name, bool(value))
    elif field.type == _T.TYPE_ENUM:
        known = field.enum_type.values_by_number
        setattr(message, name, 48 if value == 0 and 48 in known else value)
    else:
        setattr(message, name, value)
