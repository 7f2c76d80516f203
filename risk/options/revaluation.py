"""A set of European options priced again and again: at other spots, volatilities, dates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.errors import InvalidField
from risk.options.inputs import columns
from risk.options.kernels import scenarios

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Revaluation:
    """What stays the same while spots and volatilities move; made by `revaluation`."""

    fixed: Floats

    def prices(self, spots: ArrayLike, shifts: ArrayLike = 0.0) -> Floats:
        """Prices, shape (scenarios, options), at spots of that shape or (scenarios, 1).

        shifts: added to volatilities, broadcast to the same shape; what falls below 0 counts as 0.
        Raises InvalidField for a spot that is not above 0, NaN and infinity.
        """
        count = self.fixed.shape[1]
        seen, moved = np.asarray(spots, np.float64), np.asarray(shifts, np.float64)
        if seen.ndim != 2 or seen.shape[1] not in (1, count):
            raise InvalidField("spots", f"shape {seen.shape}", f"shape (scenarios, {count})")
        for name, numbers, least in (("spots", seen, 5e-324), ("shifts", moved, -1e300)):
            if numbers.size and not (numbers.min() >= least and numbers.max() <= 1e300):
                good = (numbers >= least) & (numbers <= 1e300)
                place = tuple(int(i) for i in np.argwhere(~good)[0])
                allowed = "a finite number" + (" above 0" if name == "spots" else "")
                raise InvalidField(f"{name}[{place}]", float(numbers[place]), allowed)
        found = np.empty((len(seen), count))
        wide = np.broadcast_to(seen, found.shape), np.broadcast_to(moved, found.shape)
        scenarios.prices(self.fixed, np.ascontiguousarray(wide[0]),
                         np.ascontiguousarray(wide[1]), found)  # fmt: skip
        return found


def revaluation(
    kind: ArrayLike,
    strike: ArrayLike,
    time: ArrayLike,
    rate: ArrayLike,
    volatility: ArrayLike,
    dividend_yield: ArrayLike = 0.0,
) -> Revaluation:
    """European options (Black, Scholes, Merton) that will be priced at many spots.

    Arguments as in `black_scholes`, shape (options,); the spot comes with each scenario. Logarithm
    and the two distribution functions are all that is left to do for a price.
    """
    terms, shape = columns(
        kind, strike=strike, time=time, rate=rate, volatility=volatility,
        dividend_yield=dividend_yield, spot=1.0,
    )  # fmt: skip
    if len(shape) > 1:
        raise InvalidField("options", f"shape {shape}", "one dimension")
    # columns() keeps the order of its arguments
    k, t, r, sigma, q, _, right = terms
    fixed = np.empty((scenarios.FIXED, terms.shape[1]))
    fixed[scenarios.GROWTH], fixed[scenarios.PAID] = np.exp(-q * t), k * np.exp(-r * t)
    fixed[scenarios.ROOT], fixed[scenarios.VOLATILITY] = np.sqrt(t), sigma
    fixed[scenarios.WAY] = right
    return Revaluation(fixed)
