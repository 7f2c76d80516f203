"""What plays a row of history: bars without a book, levels and quotes, single orders.

Who may import it: backtest.simulator.core.
"""
