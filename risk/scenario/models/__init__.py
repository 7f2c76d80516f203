"""Margin models that do not scan scenarios of a combined commodity, one file each.

Value at risk plus extreme loss of cash equities, Regulation T with FINRA's maintenance, portfolio
margin by price moves (US), tables of amounts by lot with their history, crypto with notional
tiers. Each has `margin(portfolio) -> Margin`, names its sources, and takes its rates as data.

Who may import it: risk.scenario, gridworks, tests. It imports only domain and risk.scenario.
"""
