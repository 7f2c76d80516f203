"""Decimals to ticks, lots and minor units and back: exact, or rounded by a name that is given.

    >>> ticks("101.25", "0.05")
    2025
    >>> price(2025, "0.05")
    Decimal('101.25')
    >>> ticks("101.26", "0.05", "down"), ticks("101.26", "0.05", "up")
    (2025, 2026)
    >>> minor("12.34", 2), major(1234, 2)
    (1234, Decimal('12.34'))
    >>> ticks(101.25, "0.05")
    Traceback (most recent call last):
    domain.errors.InvalidField: price is 101.25; allowed: a decimal as text, Decimal or int
"""

from __future__ import annotations

from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Context,
    Decimal,
    InvalidOperation,
)
from typing import Literal

from domain.errors import InvalidField
from domain.limits import INT64_MAX

Number = Decimal | str | int
Rounding = Literal["exact", "down", "up", "to_zero", "half_up", "half_even"]
_MODES = {
    "down": ROUND_FLOOR, "up": ROUND_CEILING, "to_zero": ROUND_DOWN,
    "half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN,
}  # fmt: skip
_WIDE = Context(prec=120)  # a wide price over a small tick is exact or visibly not


def _decimal(field: str, value: Number) -> Decimal:
    allowed = "a decimal as text, Decimal or int"
    if isinstance(value, bool) or not isinstance(value, (Decimal, str, int)):
        raise InvalidField(field, value, allowed)
    try:
        found = Decimal(value)
    except InvalidOperation:
        raise InvalidField(field, value, allowed) from None
    if not found.is_finite() or abs(found.adjusted()) > 60:
        raise InvalidField(field, value, "a finite decimal of ordinary size")
    return found


def _units(field: str, value: Number, step: Number, rounding: Rounding) -> int:
    """`value / step` as a whole number."""
    number, unit = _decimal(field, value), _decimal(f"step of {field}", step)
    if unit <= 0:
        raise InvalidField(f"step of {field}", step, "more than 0")
    if rounding != "exact" and rounding not in _MODES:
        raise InvalidField("rounding", rounding, f"exact, {', '.join(_MODES)}")
    exact = _WIDE.remainder(number, unit) == 0
    if rounding == "exact" and not exact:
        raise InvalidField(field, value, f"a multiple of {unit}, or name a rounding")
    whole = _WIDE.divide(number, unit)
    result = int(whole.to_integral_value(_MODES.get(rounding, ROUND_DOWN), _WIDE))
    if abs(result) > INT64_MAX:
        raise InvalidField(field, value, f"at most {INT64_MAX} units of {unit}")
    return result


def ticks(price: Number, tick_size: Number, rounding: Rounding = "exact") -> int:
    """A price in ticks; "down" and "up" are towards minus and plus infinity."""
    return _units("price", price, tick_size, rounding)


def lots(quantity: Number, lot_size: Number, rounding: Rounding = "exact") -> int:
    """A quantity in lots."""
    return _units("quantity", quantity, lot_size, rounding)


def minor(amount: Number, digits: int, rounding: Rounding = "exact") -> int:
    """An amount of money in minor units of a currency with so many digits (ISO 4217)."""
    return _units("amount", amount, Decimal(1).scaleb(-digits), rounding)


def price(ticks: int, tick_size: Number) -> Decimal:
    """Ticks as a price, exact."""
    return _WIDE.multiply(Decimal(ticks), _decimal("tick_size", tick_size))


def quantity(lots: int, lot_size: Number) -> Decimal:
    """Lots as a quantity, exact."""
    return _WIDE.multiply(Decimal(lots), _decimal("lot_size", lot_size))


def major(minor_units: int, digits: int) -> Decimal:
    """Minor units as an amount, exact."""
    return Decimal(minor_units).scaleb(-digits, _WIDE)
