"""What may a portfolio lose, which position makes it, and was the model right?

Lives here: historical, parametric and simulated value at risk and expected shortfall, their
contributions and backtests, covariance, stress, liquidity, and measures of performance. Series
come as arrays or pandas columns, oldest first; losses are positive in measures of risk.

Does not live here: margin in the order path, which counts in integers (`risk.margin`), and reports.
A module is imported when it is first used: half of them want scipy's distributions, which take a
second, and who asks for a Sharpe ratio in a thousand processes wants none.

Who may import it: risk, backtest, gridworks, sidecars.ai, benches, tests. It imports only domain.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from risk.portfolio import (
        backtest,
        contributions,
        covariance,
        garch,
        historical,
        liquidity,
        montecarlo,
        parametric,
        performance,
        stress,
    )
    from risk.portfolio.tail import Tail, tail_of

__all__ = [
    "Tail",
    "backtest",
    "contributions",
    "covariance",
    "garch",
    "historical",
    "liquidity",
    "montecarlo",
    "parametric",
    "performance",
    "stress",
    "tail_of",
]


def __getattr__(name: str) -> object:
    if name in ("Tail", "tail_of"):
        return getattr(import_module("risk.portfolio.tail"), name)
    if name not in __all__:
        raise AttributeError(f"module 'risk.portfolio' has no attribute {name!r}")
    return import_module(f"risk.portfolio.{name}")


def __dir__() -> list[str]:
    return sorted(__all__)
