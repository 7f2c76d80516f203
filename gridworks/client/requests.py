"""Python values into request messages. Nothing is rounded and nothing is guessed.

- Prices, quantities and money are decimal text on the wire: pass Decimal, str or int. A float is
  refused, because 0.1 as a float is not 0.1.
- Codes: the name ("BUY"), a member of the vocabulary (gw.Side.BUY) or the number on the wire.
- Times: an aware datetime, or int nanoseconds since 1970. Spans: timedelta, or seconds.
- Resource names: the text, or a message that has a `name` ("accounts/alice", an Order).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import IntEnum, IntFlag
from typing import Any, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp

from domain.errors import InvalidField

Built = TypeVar("Built", bound=Message)
Number = Decimal | str | int
Code = IntEnum | str | int
ZERO = 48  # what a FIX code 0 is on the wire: the ASCII code of "0"
_FLOAT = "Decimal, str or int: a float such as 0.1 is not the number that it looks like"
_D = FieldDescriptor
_WHOLE = (
    _D.TYPE_INT32, _D.TYPE_INT64, _D.TYPE_UINT32, _D.TYPE_UINT64, _D.TYPE_SINT32, _D.TYPE_SINT64,
)  # fmt: skip


def build(kind: type[Built], fields: Mapping[str, Any], path: str = "") -> Built:
    """A message of a kind; None leaves a field out. Raises InvalidField with the field's name.

    >>> from gridworks.api.trading.v1.resources_pb2 import Order
    >>> build(Order, {"side": "BUY", "order_qty": 10, "price": Decimal("101.25")}).price
    '101.25'
    >>> build(Order, {"price": 101.25})
    Traceback (most recent call last):
    domain.errors.InvalidField: price is 101.25; allowed: Decimal, str or int: a float such as \
0.1 is not the number that it looks like
    """
    made = kind()
    for name, value in fields.items():
        field = kind.DESCRIPTOR.fields_by_name.get(name)
        if field is None:
            known = ", ".join(kind.DESCRIPTOR.fields_by_name)
            raise InvalidField(path + name, value, f"one of {known}")
        if value is not None:
            _set(made, field, value, path + name)
    return made


def _set(made: Message, field: Any, value: Any, path: str) -> None:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        _fill_map(getattr(made, field.name), field, value, path)
    elif field.is_repeated:
        getattr(made, field.name).extend(
            _value(field, each, f"{path}[{at}]") for at, each in enumerate(_several(field, value))
        )
    elif field.message_type is not None:
        getattr(made, field.name).CopyFrom(_value(field, value, path))
    else:
        found = _value(field, value, path)
        try:
            setattr(made, field.name, found)
        except (TypeError, ValueError) as problem:
            raise InvalidField(path, value, str(problem)) from None


def _fill_map(found: Any, field: Any, value: Any, path: str) -> None:
    inner = field.message_type.fields_by_name["value"]
    for key, each in dict(value).items():
        made = _value(inner, each, f"{path}[{key}]")
        if inner.message_type is None:
            found[key] = made
        else:
            found[key].CopyFrom(made)


def _several(field: Any, value: Any) -> Iterable[Any]:
    """The members of a repeated field; a set of flags is one member for each."""
    if field.enum_type is not None and isinstance(value, IntFlag):
        return list(value)
    if isinstance(value, (str, int, Message, Mapping)):
        return [value]
    return value  # type: ignore[no-any-return]


def _value(field: Any, value: Any, path: str) -> Any:
    if field.enum_type is not None:
        return _code(field.enum_type, value, path)
    if field.message_type is not None:
        return _message(GetMessageClass(field.message_type), value, path)
    if field.type == _D.TYPE_STRING:
        return _text(value, path)
    if field.type in _WHOLE and (isinstance(value, bool) or not isinstance(value, int)):
        raise InvalidField(path, value, "a whole number (streams count ticks and lots)")
    if field.type == _D.TYPE_BOOL and not isinstance(value, bool):
        raise InvalidField(path, value, "True or False")
    return value


def _text(value: Any, path: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise InvalidField(path, value, "a finite decimal")
        return format(value, "f")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        raise InvalidField(path, value, _FLOAT)
    name = getattr(value, "name", None)
    if isinstance(value, Message) and isinstance(name, str):
        return name
    raise InvalidField(path, value, "text, Decimal or int, or a message with a name")


def _code(kind: Any, value: Any, path: str) -> int:
    names: dict[str, int] = {each.name: each.number for each in kind.values}
    prefix = next(iter(names)).removesuffix("UNSPECIFIED")
    if isinstance(value, str):
        found = names.get(value if value.startswith(prefix) else prefix + value.upper())
        if found is not None:
            return found
    elif isinstance(value, int) and not isinstance(value, bool):
        number = int(value)
        if number == 0 and isinstance(value, IntEnum):
            number = ZERO  # a member of the vocabulary means its 0
        if number in kind.values_by_number:
            return number
    words = ", ".join(name.removeprefix(prefix) for name in names if names[name])
    raise InvalidField(path, value, words)


def _message(kind: type[Message], value: Any, path: str) -> Message:
    if isinstance(value, kind):
        return value
    if kind is Timestamp:
        return _time(value, path)
    if kind is Duration:
        return _span(value, path)
    if kind is FieldMask:
        return FieldMask(paths=[value] if isinstance(value, str) else list(value))
    if isinstance(value, Mapping):
        return build(kind, value, f"{path}.")
    raise InvalidField(path, value, f"a {kind.DESCRIPTOR.name}, or a dict of its fields")


def _time(value: Any, path: str) -> Timestamp:
    made = Timestamp()
    if isinstance(value, datetime) and value.tzinfo is not None:
        made.FromDatetime(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        made.FromNanoseconds(value)
    else:
        raise InvalidField(path, value, "a datetime with a time zone, or int nanoseconds")
    return made


def _span(value: Any, path: str) -> Duration:
    made = Duration()
    if isinstance(value, timedelta):
        made.FromTimedelta(value)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        made.FromNanoseconds(round(value * 1e9))
    else:
        raise InvalidField(path, value, "a timedelta, or a number of seconds")
    return made


def under(kind: str, name: Any) -> Any:
    """A resource name: "alice" under "accounts" is "accounts/alice"; a full name stays.

    >>> under("accounts", "alice"), under("accounts", "accounts/bob")
    ('accounts/alice', 'accounts/bob')
    """
    return f"{kind}/{name}" if isinstance(name, str) and name and "/" not in name else name


def word(message: Message, field: str) -> str:
    """The name of a code in a message, without the prefix of its kind.

    >>> from gridworks.api.trading.v1.resources_pb2 import Order
    >>> word(Order(ord_status=48), "ord_status")
    'NEW'
    """
    kind: Any = message.DESCRIPTOR.fields_by_name[field].enum_type
    number = getattr(message, field)
    known = kind.values_by_number.get(number)
    prefix = kind.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return known.name.removeprefix(prefix) if known else str(number)
