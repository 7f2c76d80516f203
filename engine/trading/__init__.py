"""Where orders meet: continuous matching, trades, self-trade prevention, auctions, phases.

Here: everything that needs two sides of a book. Not here: how one order is read or ended
(engine.orders), positions and money (risk).
"""
