"""One instrument's book as data structures: who stands where, at which price.

Here: the ladder (price -> level), queues in levels, row pools, the ClOrdID directory, chains of
moving orders, the queue of released orders, ticks and caps. Not here: what an order is for, when
it trades, or what it costs. Imported by engine.orders, engine.trading and engine itself.
"""
