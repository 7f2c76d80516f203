"""What a pricing function returns: an array for the price and for each Greek."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Greeks:
    """Price of an option for one unit of the underlying, and its derivatives.

    Arrays of float64 of one shape, that of the inputs broadcast together. Units: time in years
    (theta, charm and veta are by calendar time, so mostly negative: divide by 365 for a day),
    volatility and rates as fractions (vega of 0.25 is 0.0025 for one point of volatility).
    """

    price: Floats
    delta: Floats  # by spot
    vega: Floats  # by volatility
    theta: Floats  # by calendar time
    rho: Floats  # by rate
    phi: Floats  # by dividend yield
    gamma: Floats  # by spot, twice
    vanna: Floats  # by spot and volatility
    vomma: Floats  # by volatility, twice
    charm: Floats  # of delta by calendar time
    veta: Floats  # of vega by calendar time
    vera: Floats  # by rate and volatility

    def __add__(self, other: Greeks) -> Greeks:
        return Greeks(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def __mul__(self, factor: object) -> Greeks:
        scale = np.asarray(factor, np.float64)
        return Greeks(*(values * scale for values in self))

    __rmul__ = __mul__

    def __iter__(self):  # type: ignore[no-untyped-def]
        return (getattr(self, field.name) for field in fields(self))

    def frame(self) -> pd.DataFrame:
        """A row an option, a column a measure."""
        import pandas as pd

        return pd.DataFrame({f.name: np.ravel(getattr(self, f.name)) for f in fields(self)})
