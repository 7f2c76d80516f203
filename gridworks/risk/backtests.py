"""Would value at risk have been right? Forecasts for past days beside what those days made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from domain.errors import InvalidField
from risk.portfolio import backtest, historical, parametric
from risk.portfolio.tail import Tail

Floats = NDArray[np.float64]


def _normal(past: Floats, confidence: float) -> Tail:
    deviation = float(np.sqrt(np.mean(past * past)))
    return parametric.normal_tail(parametric.Moments(0.0, deviation), confidence)


FORECASTS: dict[str, Callable[[Floats, float], Tail]] = {
    "historical": historical.historical,
    "age_weighted": historical.age_weighted,
    "volatility_scaled": historical.volatility_scaled,
    "normal": _normal,
}


@dataclass(frozen=True, slots=True, eq=False)
class Backtest:
    """days: a row a day with pnl, value_at_risk, expected_shortfall and exception; verdict: the
    tests of Kupiec, Christoffersen, Basel, and Acerbi and Szekely (docs/portfolio.md).
    """

    method: str
    confidence: float
    days: pd.DataFrame
    verdict: pd.Series


def backtested(
    pnl: Floats, index: pd.Index, method: str, confidence: float, window: int
) -> Backtest:
    """Each day after the first `window` against the forecast from the `window` days before it."""
    if method not in FORECASTS:
        raise InvalidField("method", method, ", ".join(FORECASTS))
    if window not in range(20, len(pnl) - 1):
        allowed = f"20 to {len(pnl) - 2}: days of history must be left to test"
        raise InvalidField("window", window, allowed)
    tails = [FORECASTS[method](pnl[at - window : at], confidence) for at in range(window, len(pnl))]
    made = pnl[window:]
    limit = np.array([tail.value_at_risk for tail in tails])
    short = np.array([tail.expected_shortfall for tail in tails])
    hits = backtest.exceptions(made, limit) > 0.0
    columns = {
        "pnl": made, "value_at_risk": limit, "expected_shortfall": short, "exception": hits,
    }  # fmt: skip
    frame = pd.DataFrame(columns, index=index[window:])
    return Backtest(method, confidence, frame, _verdict(made, limit, short, confidence))


def _verdict(made: Floats, limit: Floats, short: Floats, confidence: float) -> pd.Series:
    seen = backtest.coverage(made, limit, confidence)
    found: dict[str, object] = {
        "days": seen.days,
        "exceptions": seen.exceptions,
        "expected": seen.expected,
        "kupiec_p": seen.unconditional.p_value,
        "independence_p": seen.independence.p_value,
        "christoffersen_p": seen.conditional.p_value,
        "zone": seen.zone,
        "multiplier": seen.multiplier,
    }
    if (short > 0.0).all():
        first, second = backtest.acerbi_szekely(made, limit, short, confidence)
        found |= {"acerbi_szekely_1": first.statistic, "acerbi_szekely_2": second.statistic}
    return pd.Series(found, name="verdict", dtype=object)
