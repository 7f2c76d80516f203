"""Back-tests against the clock: one moving-average cross on one set of bars, ours and peers.

    python -m benches.backtest --json benches/results/backtest

Lives here: the bars and the order flow (`histories`), the strategies of this project and of
backtesting.py and backtrader (`ours`, `peers`), what is measured and its page (`__main__`).

Who may import it: tests. It may import anything.
"""
