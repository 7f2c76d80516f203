"""What positions are worth at given spots: today's value, Greeks, and P&L under moves."""

from __future__ import annotations

import os
from collections.abc import Callable
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
_CHUNK = 1 << 15  # prices at a time: what the cache holds
Pricer = Callable[[Floats, Floats], Floats]


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Options that are priced in one way: which, what they cost today, how they are priced."""

    chosen: NDArray[np.intp]
    base: Floats
    price: Pricer


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
                here = self.spot[chosen][None, :]
                found[chosen] = self._pricer(chosen, 0.0, 0.0)(here, np.zeros(here.shape))[0]
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
        made = self._unit_pnl(rate, days)
        found = np.empty((len(moves), len(self.spot)))
        wide = np.broadcast_to(np.asarray(shifts, np.float64), moves.shape)

        def fill(here: slice) -> None:
            found[here] = made(moves[here], wide[here])

        _on_all_cores(fill, len(moves), len(self.spot))
        return found

    def totals(self, moves: Floats, shifts: ArrayLike = 0.0) -> Floats:
        """P&L of everything held, shape (scenarios,), without a table of all positions.

        What is linear is added up by underlying first.
        """
        held = self.positions
        plain = np.flatnonzero(~held.is_option)
        money = (held.size * self.spot)[plain]
        found: Floats = moves @ np.bincount(self.column[plain], money, moves.shape[1])
        parts = self._parts(0.0, 0.0)
        wide = np.broadcast_to(np.asarray(shifts, np.float64), moves.shape)

        def fill(here: slice) -> None:
            for part in parts:
                made = self._moved(part, moves[here], wide[here])
                found[here] += made @ held.size[part.chosen]

        if parts:
            _on_all_cores(fill, len(moves), len(held) - len(plain))
        return found

    def _parts(self, rate: float, days: float) -> list[_Part]:
        """The options by how they are priced, with today's prices and tomorrow's pricing."""
        found = []
        for chosen in (self.european(), self.american()):
            if len(chosen):
                here = self.spot[chosen][None, :]
                base = self._pricer(chosen, 0.0, 0.0)(here, np.zeros(here.shape))
                found.append(_Part(chosen, base, self._pricer(chosen, rate, days)))
        return found

    def _moved(self, part: _Part, moves: Floats, shifts: Floats) -> Floats:
        """P&L of one unit of some options."""
        after = moves[:, self.column[part.chosen]]
        after += 1.0
        after *= self.spot[part.chosen]
        self._survives(part.chosen, after)
        made = part.price(after, shifts[:, self.column[part.chosen]])
        made -= part.base
        return made

    def _unit_pnl(self, rate: float, days: float) -> Callable[[Floats, Floats], Floats]:
        """P&L of one unit by moves and shifts of the underlyings; what stays is worked out once."""
        parts = self._parts(rate, days)

        def made(moves: Floats, shifts: Floats) -> Floats:
            found = moves[:, self.column]
            found *= self.spot
            for part in parts:
                found[:, part.chosen] = self._moved(part, moves, shifts)
            return found

        return made

    def _pricer(self, chosen: NDArray[np.intp], rate: float, days: float) -> Pricer:
        """Prices of some options, all European or all American, by spots and shifts."""
        strike, time, rates, sigma, carry = self._terms(chosen)
        kinds, left = self._kinds(chosen), time - days / DAYS
        carry = np.where(self.positions.is_future[chosen], carry + rate, carry)
        if not self.positions.american[chosen[0]]:
            years = np.maximum(left, 0.0)
            return options.revaluation(kinds, strike, years, rates + rate, sigma, carry).prices

        def approximation(spots: Floats, shifts: Floats) -> Floats:
            """Barone-Adesi and Whaley, before and after a move alike."""
            moved, years = np.maximum(sigma + shifts, 1e-4), np.maximum(left, 1e-6)
            return options.american_approximation(
                kinds, spots, strike, years, rates + rate, moved, carry
            )

        return approximation

    def _survives(self, chosen: NDArray[np.intp], after: Floats) -> None:
        if not after.min(initial=np.inf) > 0.0:
            least = after.min(axis=0)
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


def _on_all_cores(fill: Callable[[slice], None], scenarios: int, positions: int) -> None:
    """Stretches of scenarios that the cache holds, on every core: kernels hold no lock."""
    rows = max(_CHUNK // max(positions, 1), 1)
    stretches = [slice(start, start + rows) for start in range(0, scenarios, rows)]
    if len(stretches) < 2:
        for here in stretches:
            fill(here)
        return
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(fill, stretches))


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
