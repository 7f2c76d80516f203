"""May this order enter, and what does a fill do to the accounts?

Lives here: the pre-trade checks in their order of precedence, throttles, margin, positions and
cash, the hierarchy of account, desk, client and firm, portfolio measures, option prices, and
the rules of jurisdictions as data.

Does not live here: the book and matching (`engine`), and whatever touches the world. Time and
ids come in with commands, so a replay decides exactly what the live run decided.

Who may import it: engine, backtest, server, gridworks. It imports only domain.
"""
