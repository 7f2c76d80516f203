"""`gw.risk`: a portfolio of equities, futures and options with names, and what it may lose.

Lives here: positions, prices and factors as people have them (frames, labels, dates), and one call
each for value, Greeks, P&L under scenarios, value at risk, contributions, stress and backtests,
with frames back (`portfolio`); reading them from files (`files`); the report as a page (`report`).

Does not live here: formulas (`risk.options`, `risk.portfolio`). Who may import it: users, the
command line, examples, benches, tests.
"""

from gridworks.risk.backtests import Backtest
from gridworks.risk.portfolio import Portfolio
from gridworks.risk.tails import METHODS
from risk.portfolio.stress import EPISODES

__all__ = ["EPISODES", "METHODS", "Backtest", "Portfolio"]
