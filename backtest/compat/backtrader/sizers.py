"""How many units an order has that names no size."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FixedSize:
    """Always the same."""

    stake: int = 1

    def units(self, value: float, price: float) -> int:
        """Units for an account of that value."""
        return self.stake


@dataclass(frozen=True, slots=True)
class PercentSizer:
    """As many as a percentage of the account's value buys at the last close."""

    percents: float = 20.0

    def units(self, value: float, price: float) -> int:
        """Units for an account of that value."""
        return int(value * self.percents / 100.0 / price)


@dataclass(frozen=True, slots=True)
class AllInSizer:
    """As many as nearly all of the account's value buys at the last close."""

    percents: float = 100.0

    def units(self, value: float, price: float) -> int:
        """Units for an account of that value."""
        return PercentSizer(self.percents).units(value, price)
