"""Strategies that were written for other libraries, on this simulator with small changes.

    from backtest.compat.backtesting import Backtest, Strategy  # instead of backtesting
    from backtest.compat import backtrader as bt                # instead of import backtrader

Lives here: the classes that such strategies inherit from and call, over `backtest.strategy`.
docs/migration.md says what maps to what, what differs and why. Nothing of these libraries is
imported or copied.

Does not live here: fills, positions, equity; those are the exchange's. Who may import it:
gridworks, benches, tests.
"""
