"""Series that every indicator is tried on."""

from __future__ import annotations

import functools

import numpy as np

from indicators.registry import Row

Columns = dict[str, np.ndarray]
KINDS = ("random", "trending", "constant", "tiny", "huge", "ticks")


@functools.cache
def bars(kind: str = "random", rows: int = 400, seed: int = 7) -> Columns:
    """All columns that any indicator asks for, in step with one another."""
    r = np.random.default_rng(seed)
    drift = {"trending": 0.002, "constant": 0.0}.get(kind, 0.0)
    noise = 0.0 if kind == "constant" else 1.0
    close = 100.0 * np.exp(np.cumsum(r.normal(drift, 0.01, rows) * noise))
    first = close * (1.0 + r.normal(0.0, 0.005, rows) * noise)
    high = np.maximum(first, close) * (1.0 + np.abs(r.normal(0.0, 0.004, rows)) * noise)
    low = np.minimum(first, close) * (1.0 - np.abs(r.normal(0.0, 0.004, rows)) * noise)
    scale = {"tiny": 1e-7, "huge": 1e9}.get(kind, 1.0)
    prices = {"open": first, "high": high, "low": low, "close": close}
    out = {k: v * scale for k, v in prices.items()}
    if kind == "ticks":
        out = {k: np.round(v * 20.0) / 20.0 for k, v in out.items()}
    out["volume"] = r.integers(100_000, 1_000_000, rows).astype(np.float64)
    out |= {"x": out["high"], "y": out["low"], "price": out["close"]}
    out["periods"] = r.integers(2, 31, rows).astype(np.float64)
    out["session"] = np.floor(np.arange(rows) / 60.0)
    out |= {"bid": out["close"] * 0.9999, "ask": out["close"] * 1.0001}
    out["bid_size"] = r.integers(1, 100, rows).astype(np.float64)
    out["ask_size"] = r.integers(1, 100, rows).astype(np.float64)
    out["size"] = r.integers(1, 900, rows).astype(np.float64)
    out["side"] = r.choice([-1.0, 1.0], rows)
    return out


def inputs(row: Row, kind: str = "random", rows: int = 400) -> list[np.ndarray]:
    """The columns of one indicator."""
    data = bars(kind, rows)
    return [data[c] for c in row.columns]


def columns(result: object) -> tuple[np.ndarray, ...]:
    """One or more output columns as a tuple."""
    return tuple(result) if isinstance(result, tuple) else (result,)  # type: ignore[return-value]
