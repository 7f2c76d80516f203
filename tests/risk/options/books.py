"""Sets of options that the tests price."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Book = dict[str, NDArray[np.float64]]


def wide(count: int, seed: int) -> Book:
    """Options from deep in to deep out of the money, days to years, calm to wild."""
    draw = np.random.default_rng(seed)
    time = draw.uniform(0.02, 3.0, count)
    volatility = draw.uniform(0.03, 1.2, count)
    distance = draw.normal(0, 1.5, count) * volatility * np.sqrt(time)
    spot = 10 ** draw.uniform(-2, 4, count)
    return {
        "spot": spot,
        "strike": spot * np.exp(distance),
        "time": time,
        "rate": draw.uniform(-0.05, 0.15, count),
        "volatility": volatility,
        "dividend_yield": draw.uniform(0.0, 0.1, count),
    }


def kinds(count: int) -> list[str]:
    """Calls and puts in turn."""
    return ["call" if at % 2 == 0 else "put" for at in range(count)]
