"""Decimal text and times of the unary calls to ticks, lots, minor units and ns, and back; exact.

The grammar is that of google.type.Decimal: an optional sign, ASCII digits with an optional point,
an optional exponent. Text that goes out has no exponent and no needless zeros.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache

from google.protobuf.timestamp_pb2 import Timestamp

from domain import money
from domain.errors import InvalidField
from domain.limits import MAX_TIME

_GRAMMAR = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_LONGEST = 64
_ALLOWED = f'a decimal such as "101.25", at most {_LONGEST} characters'
_WIDE = Context(prec=120, rounding=ROUND_HALF_EVEN)
_MORE_PLACES = 8  # of an average price, beyond those of a tick


@dataclass(frozen=True, slots=True)
class Scale:
    """An instrument, and what its integers are worth.

    tick_size: price of one tick; lot_size: quantity of one lot; digits: decimal places of the
    currency's minor unit. The decimals are those of the catalogue and greater than 0.
    """

    number: int
    symbol: str
    tick_size: Decimal = Decimal(1)
    lot_size: Decimal = Decimal(1)
    digits: int = 2

    def ticks(self, field: str, text: str) -> int:
        """A price as ticks, 0 for an empty one. Raises InvalidField with the name `field`."""
        return _whole(field, text, self.tick_size)

    def lots(self, field: str, text: str) -> int:
        """A quantity as lots, 0 for an empty one. Raises InvalidField."""
        return _whole(field, text, self.lot_size)

    def minor(self, field: str, text: str) -> int:
        """An amount as minor units, 0 for an empty one. Raises InvalidField."""
        return _whole(field, text, Decimal(1).scaleb(-self.digits))

    def price(self, ticks: int) -> str:
        """Ticks as text."""
        return _shown(ticks, self.tick_size)

    def quantity(self, lots: int) -> str:
        """Lots as text."""
        return _shown(lots, self.lot_size)

    def amount(self, minor_units: int) -> str:
        """Minor units as text."""
        return _shown(minor_units, Decimal(1).scaleb(-self.digits))

    def average(self, value: int, lots: int) -> str:
        """ticks x lots / lots as a price, half even, 8 places beyond a tick's; "" for no lots."""
        if not lots:
            return ""
        places = max(0, -int(self.tick_size.normalize().as_tuple().exponent)) + _MORE_PLACES
        exact = _WIDE.divide(_WIDE.multiply(Decimal(value), self.tick_size), Decimal(lots))
        return plain(exact.quantize(Decimal(1).scaleb(-places), context=_WIDE))


def decimal(field: str, text: str) -> Decimal:
    """Text as a decimal. Raises InvalidField."""
    if len(text) > _LONGEST or not _GRAMMAR.fullmatch(text):
        raise InvalidField(field, text, _ALLOWED)
    return Decimal(text)


def plain(value: Decimal) -> str:
    """A decimal as text without exponent and trailing zeros."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


@lru_cache(4096)
def _whole_and_places(step: Decimal) -> tuple[int, int]:
    """A step as a whole number and how many of its digits stand behind the point."""
    places = max(0, -int(step.normalize().as_tuple().exponent))
    return int(step.scaleb(places)), places


def _shown(units: int, step: Decimal) -> str:
    """units x step as `plain` writes it, in whole numbers."""
    whole, places = _whole_and_places(step)
    if not places:
        return str(units * whole)
    text = str(abs(units) * whole).rjust(places + 1, "0")
    text = f"{text[:-places]}.{text[-places:]}".rstrip("0").rstrip(".")
    return f"-{text}" if units < 0 else text


def _whole(field: str, text: str, step: Decimal) -> int:
    if not text:
        return 0
    number = decimal(field, text)
    try:
        return money.ticks(number, step)
    except InvalidField as error:  # say it about the caller's field
        allowed = error.allowed.removesuffix(", or name a rounding")  # nobody can here
        raise InvalidField(field, text, allowed) from None


def nanoseconds(field: str, time: Timestamp) -> int:
    """A time as ns since 1970. Raises InvalidField."""
    whole = time.seconds * 10**9 + time.nanos
    if not (0 <= time.nanos < 10**9 and 0 <= whole <= MAX_TIME):
        raise InvalidField(field, f"{time.seconds}.{time.nanos:09}", "a time from 1970 to 2116")
    return whole


def timestamp(ns: int) -> Timestamp:
    """ns since 1970 as a time."""
    return Timestamp(seconds=ns // 10**9, nanos=ns % 10**9)
