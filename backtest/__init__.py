"""History through the same exchange that trades live.

Lives here: readers of market data files, strategies, the simulator that turns history and a
strategy into commands, costs, statistics, reports and parameter sweeps.

Does not live here: a second matching engine. A fill in a back-test comes out of
`engine.exchange` exactly as it would live; whatever a back-test needs to know about fills is in
report rows.

Who may import it: gridworks. It imports engine, risk, indicators, journal and domain.
"""
