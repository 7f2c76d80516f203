"""Technical indicators, one file per indicator.

Lives here: a kernel per indicator with its row in the registry, the stream that updates one
value at a time and runs a whole batch over the same kernel, and the bank that holds one
indicator for many symbols.

Does not live here: market data and its files (`backtest`), orders, signals, plots. The same
bits come out however the input is cut into chunks, and no value looks ahead.

Who may import it: backtest, server, gridworks, and the AI sidecar. It imports only domain.
"""
