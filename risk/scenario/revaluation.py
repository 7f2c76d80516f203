"""Risk arrays: what one lot of each contract loses in each scenario, and its composite delta.

Futures and shares move with the price. Options are priced anew (`risk.options`): Black-Scholes-
Merton, or the approximation of Barone-Adesi and Whaley for American exercise, at the moved price,
the moved volatility and the time left after the look-ahead.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain.errors import InvalidField
from risk.options import (
    american_approximation,
    black_scholes,
    black_scholes_price,
    implied_volatility,
)
from risk.scenario.facts import Contract
from risk.scenario.fields import days_between
from risk.scenario.parameters import DELTA_POINTS, Commodity, Parameters

Floats = NDArray[np.float64]

DAYS_A_YEAR = 365.0
LEAST_VOLATILITY = 1e-4  # what a volatility is not moved below
LEAST_PRICE = 1e-6  # and a price, as a share of what it is now
_BUMP = 1e-4  # of the price, for the delta of an American option


def years_left(contract: Contract, date: str) -> float:
    """Years to expiry. Raises InvalidField with the contract's name once it has expired."""
    where = f"contracts[{contract.name}].expiry"
    if not contract.expiry:
        raise InvalidField(where, "", "the expiry of an option")
    days = days_between(date, contract.expiry)
    if days < 0 or (days == 0 and contract.kind == "OPTION"):
        raise InvalidField(where, contract.expiry, f"a date after {date}; it has expired")
    return days / DAYS_A_YEAR


class Book:
    """Options as columns, for pricing many of them under many moves."""

    def __init__(self, options: Sequence[Contract], date: str) -> None:
        for option in options:
            if option.underlying_price <= 0.0:
                where = f"contracts[{option.name}].underlying_price"
                raise InvalidField(where, option.underlying_price, "a price above 0")
        self.options = options
        self.kind = np.array([option.right for option in options])
        self.strike = np.array([option.strike for option in options])
        self.time = np.array([years_left(option, date) for option in options])
        self.rate = np.array([option.rate for option in options])
        self.carry = np.array([option.dividend_yield for option in options])
        self.price = np.array([option.underlying_price for option in options])
        self.american = np.array([option.exercise == "american" for option in options], bool)
        self.volatility = self._volatilities()

    def _volatilities(self) -> Floats:
        """Volatilities as given, else those that the prices imply."""
        found = np.array([option.volatility for option in self.options])
        for at in np.flatnonzero(found == 0.0).tolist():
            option, time = self.options[at], self.time[at]
            forward = option.underlying_price * np.exp((option.rate - option.dividend_yield) * time)
            discount = float(np.exp(-option.rate * time))
            try:
                implied = implied_volatility(
                    option.right, option.price, float(forward), option.strike, time, discount
                )
            except InvalidField as error:
                where, allowed = f"contracts[{option.name}].price", "a price between its bounds"
                raise InvalidField(where, option.price, f"{allowed}, or a volatility") from error
            found[at] = max(float(implied), LEAST_VOLATILITY)
        return found

    def values(self, price: Floats, volatility: Floats, time: Floats) -> Floats:
        """Prices of all options; arguments of shape (n,) or (n, moves)."""
        extra = (1,) * (price.ndim - 1)
        kind, strike, rate, carry = (
            column.reshape(-1, *extra) for column in (self.kind, self.strike, self.rate, self.carry)
        )
        time = np.broadcast_to(time.reshape(-1, *extra), price.shape)
        found = black_scholes_price(kind, price, strike, time, rate, volatility, carry)
        early = np.broadcast_to(self.american.reshape(-1, *extra), price.shape)
        alive = early & (time > 0.0)
        if early.any():
            sign = np.where(kind == "call", 1.0, -1.0)
            worth = np.maximum(sign * (price - strike), 0.0)
            found = np.where(early & ~alive, worth, found)
        if alive.any():
            parts = (kind, price, strike, time, rate, volatility, carry)
            picked = [np.broadcast_to(part, price.shape)[alive] for part in parts]
            found[alive] = american_approximation(*picked)
        return np.asarray(found)

    def deltas(self, price: Floats, time: Floats) -> Floats:
        """Deltas by the underlying's price, shape of `price` (n, moves)."""
        columns = (self.kind, self.strike, time, self.rate, self.volatility, self.carry)
        kind, strike, left, rate, sigma, carry = (column[:, None] for column in columns)
        found = np.asarray(black_scholes(kind, price, strike, left, rate, sigma, carry).delta)
        if self.american.any():
            bump, wide = price * _BUMP, np.broadcast_to(self.volatility[:, None], price.shape)
            above, below = (self.values(price + s * bump, wide, time) for s in (1.0, -1.0))
            found = np.where(self.american[:, None], (above - below) / (2.0 * bump), found)
        return found


def scan_range(commodity: Commodity, contract: Contract) -> float:
    """How far the price is moved: an amount, or a percentage of the (underlying's) price."""
    if commodity.price_scan:
        return commodity.price_scan
    base = contract.underlying_price if contract.kind == "OPTION" else abs(contract.price)
    return base * commodity.price_scan_percent / 100.0


def _priced(
    parameters: Parameters, options: Sequence[Contract], owners: Sequence[Commodity]
) -> tuple[Floats, Floats]:
    book = Book(options, parameters.date)
    scan = np.array([scan_range(o, c) for o, c in zip(owners, options, strict=True)])[:, None]
    moved = np.array([owner.volatility_scan for owner in owners])[:, None]
    moves = np.array(parameters.scenarios)
    later = np.maximum(book.time - parameters.look_ahead_days / DAYS_A_YEAR, 0.0)
    least = book.price[:, None] * LEAST_PRICE
    price = np.maximum(book.price[:, None] + scan * moves[:, 0], least)
    volatility = np.maximum(book.volatility[:, None] + moved * moves[:, 1], LEAST_VOLATILITY)
    now = book.values(book.price, book.volatility, book.time)
    losses = (now[:, None] - book.values(price, volatility, later)) * moves[:, 2]
    points, weights = np.array(DELTA_POINTS).T
    around = np.maximum(book.price[:, None] + scan * points, least)
    return losses, book.deltas(around, later) @ weights


def risk_arrays(
    parameters: Parameters, owners: Sequence[Commodity]
) -> tuple[Floats, Floats]:
    """(losses (contracts, 16) of one unit long, composite deltas (contracts,)).

    `owners`: the commodity of each contract. A contract's own risk array and delta are taken as
    they are, its array being for one lot, so it comes back divided by the multiplier.
    """
    contracts, moves = parameters.contracts, np.array(parameters.scenarios)
    losses, deltas = np.zeros((len(contracts), len(moves))), np.ones(len(contracts))
    options = []
    for at, (contract, owner) in enumerate(zip(contracts, owners, strict=True)):
        if contract.kind == "OPTION":
            options.append(at)
        if contract.expiry and contract.expiry < parameters.date:
            years_left(contract, parameters.date)
        losses[at] = -moves[:, 0] * moves[:, 2] * scan_range(owner, contract)
    needed = [at for at in options if not contracts[at].risk_array or contracts[at].delta is None]
    if needed:
        found = _priced(parameters, [contracts[at] for at in needed], [owners[at] for at in needed])
        losses[needed], deltas[needed] = found
    for at, contract in enumerate(contracts):
        if contract.risk_array:
            losses[at] = np.array(contract.risk_array) / contract.multiplier
        if contract.delta is not None:
            deltas[at] = contract.delta
    return losses, deltas
