"""Kernels that cut the bytes of a file into rows.

Lives here: one module of kernels per way of writing: comma-separated text, ITCH messages, and the
step from LOBSTER's columns to facts; and the hash table of a feed's live orders.

Does not live here: files, error messages, what a column means (the modules one folder up).

Who may import it: backtest.readers.
"""
