"""What is an option worth, and how does that move? Arrays in, arrays out.

Lives here: European options under Black-Scholes-Merton, Black-76 and Bachelier with all Greeks
to second order, digital options, American options (a tree and a closed-form approximation), and
implied volatility to machine precision, and the surface of volatility out of a chain of quotes
(`surface`). `pricing` is what people call; the kernels price one option each.

Does not live here: what a portfolio of them may lose, and margin in the order path, which counts
in integers. Prices of models are floating point: they are estimates, never money that moved.

Who may import it: risk, backtest, gridworks, benches, tests. It imports only domain.
"""

from risk.options import surface
from risk.options.exercise import (
    AmericanGreeks,
    american_approximation,
    american_tree,
    american_tree_price,
)
from risk.options.greeks import Greeks
from risk.options.pricing import (
    asset_or_nothing,
    bachelier,
    black_76,
    black_scholes,
    black_scholes_price,
    cash_or_nothing,
)
from risk.options.revaluation import Revaluation, revaluation
from risk.options.volatility import implied_normal_volatility, implied_volatility

__all__ = [
    "AmericanGreeks",
    "Greeks",
    "Revaluation",
    "american_approximation",
    "american_tree",
    "american_tree_price",
    "asset_or_nothing",
    "bachelier",
    "black_76",
    "black_scholes",
    "black_scholes_price",
    "cash_or_nothing",
    "implied_normal_volatility",
    "implied_volatility",
    "revaluation",
    "surface",
]
