"""A portfolio that the tests measure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

DAYS = pd.bdate_range("2024-01-01", periods=501)
NAMES = ["ACME", "BETA", "CRUDE"]


def prices(seed: int = 3) -> pd.DataFrame:
    """Three underlyings with heavy tails, two of them correlated."""
    draw = np.random.default_rng(seed)
    steps = draw.standard_t(4, (len(DAYS), 3)) * (0.008, 0.012, 0.015)
    steps[:, 1] += steps[:, 0]
    return pd.DataFrame(np.array([100, 50, 70]) * np.exp(steps.cumsum(axis=0)), DAYS, NAMES)


def rows() -> list[dict[str, Any]]:
    """An equity, a future, and options of each kind."""
    return [
        {"position": "shares", "type": "equity", "underlying": "ACME", "quantity": 1000},
        {"position": "short", "type": "future", "underlying": "BETA", "quantity": -20,
         "multiplier": 100},
        {"position": "puts", "type": "option", "underlying": "ACME", "quantity": 10,
         "multiplier": 100, "kind": "put", "strike": 95.0, "expiry": "2026-06-19",
         "volatility": 0.25},
        {"position": "calls", "type": "future_option", "underlying": "CRUDE", "quantity": -15,
         "multiplier": 100, "kind": "call", "strike": 75.0, "time": 0.4, "volatility": 0.4},
        {"position": "american", "type": "option", "underlying": "BETA", "quantity": 500,
         "kind": "p", "strike": 52.0, "time": 0.7, "volatility": 0.3, "style": "American"},
    ]  # fmt: skip
