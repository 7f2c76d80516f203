"""What margin is about: contracts, positions, and the margin with its parts.

Amounts of money are whole minor units (`decimals` of the currency); prices and rates are numbers
in the currency, as the exchange publishes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

import numpy as np

from domain.errors import InvalidField
from risk.scenario.fields import MAX_NUMBER, Fields, number, whole

KINDS = ("EQUITY", "FUTURE", "OPTION", "PERPETUAL")
MAX_LOTS = 2**40


@dataclass(frozen=True, slots=True)
class Contract:
    """One instrument as margin sees it; money and prices in the currency of the parameters.

    `commodity`: what it is margined together with (a combined commodity, or an underlying).
    `multiplier`: units of the underlying in one lot. `rates`: further numbers by name, which some
    models read (`value_at_risk_percent`, ...). `risk_array`: what one lot held loses in each of
    16 scenarios, and `delta`, its composite delta; without them both are worked out.
    """

    name: str
    commodity: str = ""
    kind: str = "EQUITY"
    price: float = 0.0
    multiplier: float = 1.0
    expiry: str = ""
    right: str = ""
    strike: float = 0.0
    volatility: float = 0.0
    underlying_price: float = 0.0
    rate: float = 0.0
    dividend_yield: float = 0.0
    exercise: str = "european"
    style: str = "premium"
    delta_scale: float = 1.0
    delta: float | None = None
    risk_array: tuple[float, ...] = ()
    rates: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        numbers = (self.price, self.strike, self.volatility, self.underlying_price, self.rate,
                   self.dividend_yield, self.multiplier, self.delta_scale)  # fmt: skip
        if self.multiplier > 0.0 and self.volatility >= 0.0 and abs(sum(numbers)) < MAX_NUMBER:
            return  # so none is NaN or infinite
        for name in ("price", "strike", "underlying_price", "rate", "dividend_yield"):
            number(f"contracts[{self.name}].{name}", getattr(self, name))
        number(f"contracts[{self.name}].volatility", self.volatility, 0.0, 100.0)
        for name in ("multiplier", "delta_scale"):
            number(f"contracts[{self.name}].{name}", getattr(self, name), 1e-12)

    def minor(self, amount: float, decimals: int) -> int:
        """Minor units of `amount` for one unit, times the multiplier, half away from zero."""
        scaled = amount * self.multiplier * 10.0**decimals
        return int(np.floor(abs(scaled) + 0.5)) * (1 if scaled >= 0 else -1)


def contract_of(row: Fields) -> Contract:
    """A contract from its fields. Raises InvalidField with the contract's name."""
    name, kind = row.text("name"), row.choice("kind", KINDS, "EQUITY")
    option = kind == "OPTION"
    rates = {
        name: row.number(name, 0.0)
        for name in ("value_at_risk_percent", "extreme_loss_percent", "minimum_per_lot")
        if row.has(name)
    }
    return Contract(
        name=name,
        commodity=row.text("commodity", "") or name,
        kind=kind,
        price=row.number("price", least=-1e15 if kind == "FUTURE" else 0.0),
        multiplier=row.number("multiplier", 1.0, least=1e-12),
        expiry=row.day("expiry", ""),
        right=row.choice("right", ("call", "put")) if option else row.text("right", ""),
        strike=row.number("strike", least=1e-12) if option else row.number("strike", 0.0),
        volatility=row.number("volatility", 0.0, most=100.0),
        underlying_price=row.number("underlying_price", 0.0),
        rate=row.number("rate", 0.0, least=-1.0, most=10.0),
        dividend_yield=row.number("dividend_yield", 0.0, least=-1.0, most=10.0),
        exercise=row.choice("exercise", ("european", "american"), "european"),
        style=row.choice("style", ("premium", "futures"), "premium"),
        delta_scale=row.number("delta_scale", 1.0, least=1e-6, most=1e6),
        delta=row.number("delta", least=-1e6, most=1e6) if row.has("delta") else None,
        risk_array=row.numbers("risk_array", 16),
        rates=rates,
    )


@dataclass(frozen=True, slots=True)
class Position:
    """Lots of one contract, with pending orders and what belongs to this position alone.

    `premium_due`, `assignment_due`: money of today's purchases of options, and of assignments, that
    is still to be paid. The last three are for models that hold collateral by position.
    """

    contract: str
    quantity: int = 0
    open_buy: int = 0
    open_sell: int = 0
    premium_due: float = 0.0
    assignment_due: float = 0.0
    entry_price: float = 0.0
    leverage: float = 1.0
    collateral: float = 0.0

    def __post_init__(self) -> None:
        where = f"position {self.contract}"
        whole(f"{where}: quantity", self.quantity, -MAX_LOTS, MAX_LOTS)
        whole(f"{where}: open_buy", self.open_buy, 0, MAX_LOTS)
        whole(f"{where}: open_sell", self.open_sell, 0, MAX_LOTS)
        for name in ("premium_due", "assignment_due", "entry_price", "collateral"):
            number(f"{where}: {name}", getattr(self, name))
        number(f"{where}: leverage", self.leverage, 1e-9, 1e6)


@dataclass(frozen=True, slots=True)
class Portfolio:
    """The positions of one account; at most one a contract. `cash` in the currency."""

    positions: tuple[Position, ...]
    cash: float = 0.0

    @staticmethod
    def of(given: Portfolio | Mapping[str, int] | Iterable[Position]) -> Portfolio:
        """A portfolio from {"contract": lots} (or a pandas Series), from positions, or as it is."""
        if isinstance(given, Portfolio):
            return given
        if hasattr(given, "items"):
            return Portfolio(tuple(Position(name, lots) for name, lots in given.items()))
        return Portfolio(tuple(given))

    def __post_init__(self) -> None:
        number("portfolio: cash", self.cash)
        seen = set()
        for position in self.positions:
            if not isinstance(position, Position):
                raise InvalidField("portfolio", position, "Position objects, or {contract: lots}")
            if position.contract in seen:
                allowed = "one row a contract; add them up"
                raise InvalidField(f"position {position.contract}", "twice", allowed)
            seen.add(position.contract)


@dataclass(frozen=True, slots=True)
class Margin:
    """What an account needs, in whole minor units; the parts add up to `initial`.

    A part that lowers the margin (a credit) is negative. `groups`: the parts by commodity or
    instrument where the model has them, before what is only known for the account as a whole.
    """

    parts: Mapping[str, int]
    maintenance: int
    decimals: int = 2
    currency: str = ""
    groups: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def initial(self) -> int:
        """The margin needed to hold the portfolio, minor units."""
        return sum(self.parts.values())

    def money(self, minor: int) -> Decimal:
        """Minor units as a decimal of the currency."""
        return Decimal(minor).scaleb(-self.decimals)

    def rows(self) -> list[tuple[str, Decimal]]:
        """(part, amount) for people, parts that are 0 left out; initial and maintenance last."""
        shown = [(name, self.money(value)) for name, value in self.parts.items() if value]
        ends = [("initial", self.initial), ("maintenance", self.maintenance)]
        return shown + [(name, self.money(value)) for name, value in ends]


class Model(Protocol):
    """What all margin models have in common."""

    def margin(self, portfolio: Portfolio | Mapping[str, int] | Iterable[Position]) -> Margin:
        """The margin of one account. Raises InvalidField with the name of a bad position."""


def found(contracts: Mapping[str, Contract], position: Position) -> Contract:
    """The contract of a position. Raises InvalidField when the parameters do not have it."""
    contract = contracts.get(position.contract)
    if contract is None:
        raise InvalidField(
            f"position {position.contract}", position.quantity, "a contract of the parameters"
        )
    return contract


def by_name(contracts: Iterable[Contract]) -> dict[str, Contract]:
    """Contracts by name. Raises InvalidField for a name that comes twice."""
    table: dict[str, Contract] = {}
    for contract in contracts:
        if contract.name in table:
            raise InvalidField(f"contracts[{contract.name}]", "twice", "each name once")
        table[contract.name] = contract
    return table
