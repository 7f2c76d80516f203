"""Portfolios to measure: options to revalue, positions with a long history."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridworks.risk import Portfolio
from risk.portfolio import historical

Floats = NDArray[np.float64]


def option_book(options: int, underlyings: int = 10) -> Portfolio:
    """European options on a few underlyings with two years of prices."""
    draw = np.random.default_rng(7)
    days = pd.bdate_range("2024-01-01", periods=500)
    names = [f"U{at}" for at in range(underlyings)]
    steps = draw.normal(0, 0.01, (500, underlyings)).cumsum(axis=0)
    prices = pd.DataFrame(100.0 * np.exp(steps), days, names)
    held = pd.DataFrame({
        "position": [f"P{at}" for at in range(options)],
        "underlying": draw.choice(names, options),
        "quantity": draw.integers(-50, 51, options),
        "kind": draw.choice(["call", "put"], options),
        "strike": draw.uniform(70, 130, options),
        "time": draw.uniform(0.05, 2, options),
        "volatility": draw.uniform(0.1, 0.6, options),
    })  # fmt: skip
    return Portfolio(held, prices, rate=0.03)


class History:
    """Positions and the returns of each on many days; the table is what takes the memory."""

    def __init__(self, positions: int, days: int) -> None:
        draw = np.random.default_rng(7)
        self.values: Floats = draw.uniform(-1e5, 1e5, positions)
        self.returns: Floats = 0.01 * draw.standard_normal((days, positions))

    def tail(self) -> object:
        """Historical value at risk and expected shortfall."""
        return historical.historical(historical.profits(self.values, self.returns))

    def read(self) -> object:
        """What reading the table once costs."""
        return self.returns.sum()
