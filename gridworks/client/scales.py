"""What an instrument's ticks and lots are worth: the only way from prices to the streams' numbers.

    >>> acme = Scale("instruments/ACME", 3, Decimal("0.05"), Decimal("10"))
    >>> acme.ticks("101.25"), acme.lots(200)
    (2025, 20)
    >>> acme.price(2025), acme.quantity(20)
    (Decimal('101.25'), Decimal('200'))
    >>> acme.ticks("101.26")
    Traceback (most recent call last):
    domain.errors.InvalidField: price is '101.26'; allowed: a multiple of 0.05, or name a rounding
    >>> acme.ticks("101.26", "down")
    2025
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from domain import money
from domain.money import Number, Rounding
from gridworks.api.types.v1.instrument_pb2 import Instrument


@dataclass(frozen=True, slots=True)
class Scale:
    """An instrument's number in the streams and its published sizes."""

    name: str
    number: int
    tick_size: Decimal
    lot_size: Decimal

    @classmethod
    def of(cls, instrument: Instrument) -> Scale:
        """The sizes that an instrument of the catalogue publishes."""
        return cls(
            instrument.name, instrument.number, Decimal(instrument.tick_size),
            Decimal(instrument.lot_size),
        )  # fmt: skip

    @property
    def symbol(self) -> str:
        """The name without "instruments/"."""
        return self.name.partition("/")[2]

    def ticks(self, price: Number, rounding: Rounding = "exact") -> int:
        """A price in ticks. Raises InvalidField for a float, and for part of a tick unless a
        rounding is named."""
        return money.ticks(price, self.tick_size, rounding)

    def lots(self, quantity: Number, rounding: Rounding = "exact") -> int:
        """A quantity in lots. Raises InvalidField as `ticks` does."""
        return money.lots(quantity, self.lot_size, rounding)

    def price(self, ticks: int) -> Decimal:
        """Ticks as a price, exact."""
        return money.price(ticks, self.tick_size)

    def quantity(self, lots: int) -> Decimal:
        """Lots as a quantity, exact."""
        return money.quantity(lots, self.lot_size)
