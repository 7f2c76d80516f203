"""The life of an order: read, priced, admitted, sent on its way, changed, linked, ended.

Here: everything that starts from one order or one row about it. Not here: risk checks (risk), the
matching of two orders (engine.trading), sweeps over many (engine.sweeps).
"""
