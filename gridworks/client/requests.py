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
from functools import cache
from typing import Any, NamedTuple, TypeVar, cast

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
    known: dict[str, _Field] = _fields(cast(Any, kind))
    made = kind()
    for name, value in fields.items():
        field = known.get(name)
        if field is None:
            raise InvalidField(path + name, value, f"one of {', '.join(known)}")
        if value is not None:
            _set(made, name, field, value, path + name)
    return made


class _Field(NamedTuple):
    """What a field takes, worked out once."""

    sort: str  # "code", "text", "whole", "flag", "message" or "other"
    shape: str  # "one", "many" or "map"
    kind: Any  # class of the message, names and numbers of the code, field of the map's values


@cache
def _fields(kind: Any) -> dict[str, _Field]:
    return {field.name: _field(field) for field in kind.DESCRIPTOR.fields}


def _field(field: Any) -> _Field:
    """A field of a descriptor."""
    inner = field.message_type
    if inner is not None and inner.GetOptions().map_entry:
        return _Field("message", "map", _field(inner.fields_by_name["value"]))
    shape = "many" if field.is_repeated else "one"
    if field.enum_type is not None:
        return _Field("code", shape, _Codes(field.enum_type))
    if inner is not None:
        return _Field("message", shape, GetMessageClass(inner))
    sorts = {_D.TYPE_STRING: "text", _D.TYPE_BOOL: "flag"} | dict.fromkeys(_WHOLE, "whole")
    return _Field(sorts.get(field.type, "other"), shape, None)


def _set(made: Any, name: str, field: _Field, value: Any, path: str) -> None:
    if field.shape == "map":
        _fill_map(getattr(made, name), field.kind, value, path)
    elif field.shape == "many":
        getattr(made, name).extend(
            _value(field, each, f"{path}[{at}]") for at, each in enumerate(_several(field, value))
        )
    elif field.sort == "message":
        getattr(made, name).CopyFrom(_value(field, value, path))
    else:
        found = _value(field, value, path)
        try:
            setattr(made, name, found)
        except (TypeError, ValueError) as problem:
            raise InvalidField(path, value, str(problem)) from None


def _fill_map(found: Any, inner: _Field, value: Any, path: str) -> None:
    for key, each in dict(value).items():
        made = _value(inner, each, f"{path}[{key}]")
        if inner.sort == "message":
            found[key].CopyFrom(made)
        else:
            found[key] = made


def _several(field: _Field, value: Any) -> Iterable[Any]:
    """The members of a repeated field; a set of flags is one member for each."""
    if field.sort == "code" and isinstance(value, IntFlag):
        return list(value)
    if isinstance(value, (str, int, Message, Mapping)):
        return [value]
    return value  # type: ignore[no-any-return]


def _value(field: _Field, value: Any, path: str) -> Any:
    sort = field.sort
    if sort == "whole":
        if isinstance(value, bool) or not isinstance(value, int):
            raise InvalidField(path, value, "a whole number (streams count ticks and lots)")
        return value
    if sort == "code":
        return field.kind.number(value, path)
    if sort == "text":
        return _text(value, path)
    if sort == "message":
        return _message(field.kind, value, path)
    if sort == "flag" and not isinstance(value, bool):
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


class _Codes:
    """The members of an enum, by all the words and numbers that stand for them."""

    def __init__(self, kind: Any) -> None:
        self._names = {each.name: each.number for each in kind.values}
        self._prefix = next(iter(self._names)).removesuffix("UNSPECIFIED")
        self._numbers = frozenset(self._names.values())
        short = {name.removeprefix(self._prefix): n for name, n in self._names.items()}
        self._words = short | {word.lower(): n for word, n in short.items()} | self._names

    def number(self, value: Any, path: str) -> int:
        """The number on the wire. Raises InvalidField."""
        if isinstance(value, str):
            found: int | None = self._words.get(value)
            if found is not None:
                return found
        elif isinstance(value, int) and not isinstance(value, bool):
            number = int(value)
            if number == 0 and isinstance(value, IntEnum):
                number = ZERO  # a member of the vocabulary means its 0
            if number in self._numbers:
                return number
        words = (name.removeprefix(self._prefix) for name, n in self._names.items() if n)
        raise InvalidField(path, value, ", ".join(words))


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
