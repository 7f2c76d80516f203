"""What may a portfolio lose, which position makes it, and was the model right?

Lives here: historical, parametric and simulated value at risk and expected shortfall, their
contributions and backtests, covariance, stress, liquidity, and measures of performance. Series
come as arrays or pandas columns, oldest first; losses are positive in measures of risk.

Does not live here: margin in the order path, which counts in integers (`risk.margin`), and reports.
Who may import it: risk, backtest, gridworks, sidecars.ai, benches, tests. It imports only domain.
"""

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
