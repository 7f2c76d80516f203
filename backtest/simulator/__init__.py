"""The simulator: history and a strategy become commands, reports become a Record.

Lives here: `running.run`, the house (instruments, accounts, fees as commands), the machine that
owns the memory of a run, the drive of Python strategies, and in `core/` the kernels that play
bars, quotes, levels and single orders against the orders of the strategy.

Does not live here: matching, risk, measures of a result. Who may import it: backtest, gridworks.
"""

from backtest.simulator.running import History, run, signals

__all__ = ["History", "run", "signals"]
