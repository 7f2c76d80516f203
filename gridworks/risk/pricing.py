"""What positions are worth at given spots: today's value, Greeks, and P&L under moves."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.errors import InvalidField
from gridworks.risk.positions import DAYS, Positions, place
from risk import options

Floats = NDArray[np.float64]
GREEKS = ("delta", "gamma", "vega", "theta", "rho")
TREE_STEPS = 201
_CHUNK = 1 << 17  # prices at a time: what the cache holds


@dataclass(frozen=True, slots=True, eq=False)
class Pricing:
    """Positions at today's spots; `column` says which underlying is whose."""

    positions: Positions
    column: NDArray[np.intp]
    spot: Floats  # of each position's underlying

    def european(self) -> NDArray[np.intp]:
        """Which positions are European options."""
        return np.flatnonzero(self.positions.is_option & ~self.positions.american)

    def american(self) -> NDArray[np.intp]:
        """Which positions are American options."""
        return np.flatnonzero(self.positions.american)

    def prices(self) -> Floats:
        """Today's price of each position, by the model."""
        found = self.spot.copy()
        for chosen in (self.european(), self.american()):
            if len(chosen):
                found[chosen] = self._option_prices(chosen, self.spot[chosen][None, :], 0.0)[0]
        return found

    def greeks(self) -> dict[str, Floats]:
        """Greeks of one unit of each position; a spot has a delta of 1."""
        found = {name: np.zeros(len(self.spot)) for name in GREEKS}
        found["delta"][:] = 1.0
        for chosen, american in ((self.european(), False), (self.american(), True)):
            if not len(chosen):
                continue
            terms = (self._kinds(chosen), self.spot[chosen], *self._terms(chosen))
            # columns of `_terms` are those of the pricing functions after the spot
            greeks = (
                options.american_tree(*terms, steps=TREE_STEPS) if american
                else options.black_scholes(*terms)
            )  # fmt: skip
            for name in GREEKS:
                found[name][chosen] = getattr(greeks, name)
        return found

    def profits(
        self, moves: Floats, shifts: ArrayLike = 0.0, rate: float = 0.0, days: float = 0.0
    ) -> Floats:
        """P&L of one unit held, shape (scenarios, positions).

        moves: relative moves of each underlying, shape (scenarios, underlyings); shifts: of
        volatilities, the same shape or what broadcasts to it; rate: a shift; days that pass.
        """
        mine = moves[:, self.column]
        found = mine * self.spot
        wide = np.broadcast_to(np.asarray(shifts, np.float64), moves.shape)
        for chosen in (self.european(), self.american()):
            if not len(chosen):
                continue
            after = self.spot[chosen] * (1.0 + mine[:, chosen])
            self._survives(chosen, after)
            shift = wide[:, self.column[chosen]] if np.any(shifts) else 0.0
            base = self._option_prices(chosen, self.spot[chosen][None, :], 0.0)
            found[:, chosen] = self._option_prices(chosen, after, shift, rate, days) - base
        return found

    def _survives(self, chosen: NDArray[np.intp], after: Floats) -> None:
        least = after.min(axis=0, initial=np.inf)
        if len(chosen) and not (least > 0.0).all():
            at = int(np.argmin(least))
            where = place(self.positions.labels[chosen[at]], "underlying")
            allowed = "moves above -100 % for the underlying of an option"
            raise InvalidField(where, f"worth {least[at]:.6g} in a scenario", allowed)

    def _kinds(self, chosen: NDArray[np.intp]) -> list[str]:
        return [self.positions.kind[at] for at in chosen]

    def _terms(self, chosen: NDArray[np.intp]) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        held = self.positions
        return (
            held.strike[chosen], held.time[chosen], held.rate[chosen],
            held.volatility[chosen], held.dividend_yield[chosen],
        )  # fmt: skip

    def _option_prices(
        self, chosen: NDArray[np.intp], spots: Floats, shifts: ArrayLike,
        rate: float = 0.0, days: float = 0.0,
    ) -> Floats:  # fmt: skip
        strike, time, rates, sigma, carry = self._terms(chosen)
        kinds, left = self._kinds(chosen), time - days / DAYS
        carry = np.where(self.positions.is_future[chosen], carry + rate, carry)
        if self.positions.american[chosen[0]]:
            return _americans(kinds, spots, strike, left, (rates + rate, sigma, carry), shifts)
        made = options.revaluation(
            kinds, strike, np.maximum(left, 0.0), rates + rate, sigma, carry
        )
        return _in_chunks(made, spots, np.broadcast_to(np.asarray(shifts), spots.shape))


def _americans(
    kinds: list[str], spots: Floats, strike: Floats, left: Floats,
    held: tuple[Floats, Floats, Floats], shifts: ArrayLike,
) -> Floats:  # fmt: skip
    """By the approximation of Barone-Adesi and Whaley, before and after a move alike."""
    rates, sigma, carry = held
    moved = np.maximum(sigma + np.asarray(shifts), 1e-4)
    years = np.maximum(left, 1e-6)
    return options.american_approximation(kinds, spots, strike, years, rates, moved, carry)


def _in_chunks(made: options.Revaluation, spots: Floats, shifts: Floats) -> Floats:
    """All prices, a stretch of scenarios at a time on every core: kernels hold no lock."""
    rows = max(_CHUNK // max(spots.shape[1], 1), 1)
    starts = range(0, len(spots), rows)
    if len(starts) < 2:
        return made.prices(spots, shifts)
    found = np.empty(spots.shape)

    def fill(start: int) -> None:
        here = slice(start, start + rows)
        found[here] = made.prices(spots[here], shifts[here])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(fill, starts))
    return found


def with_implied(pricing: Pricing) -> Pricing:
    """Volatilities that the table left out, from the prices that it has."""
    held = pricing.positions
    missing = np.flatnonzero(held.is_option & np.isnan(held.volatility))
    if not len(missing):
        return pricing
    sigma = held.volatility.copy()
    for at in missing:
        time, rate = held.time[at], held.rate[at]
        forward = pricing.spot[at] * np.exp((rate - held.dividend_yield[at]) * time)
        discount = float(np.exp(-rate * time))
        terms = (held.kind[at], held.price[at], forward, held.strike[at], time, discount)
        found = float(options.implied_volatility(*terms, invalid="nan"))
        if not found > 0.0:
            allowed = "a price between the option's intrinsic value and its upper bound"
            raise InvalidField(place(held.labels[at], "price"), float(held.price[at]), allowed)
        sigma[at] = found
    positions = replace(held, volatility=sigma)
    return Pricing(positions, pricing.column, pricing.spot)
