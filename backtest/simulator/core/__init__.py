"""The kernels of the simulator: history against the orders of a strategy, through the engine.

Lives here: the tables of a run (`tables`), the way into the engine (`calls`, `wire`), and what
plays bars, books, single orders and corporate actions.

Does not live here: files, Python objects, statistics. Who may import it: backtest.simulator.
"""
