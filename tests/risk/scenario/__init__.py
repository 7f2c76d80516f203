"""Margin models: stories worked by hand, an obvious reference, laws, bad input, readers.

`golden/*.txt` are portfolios with their margins and the arithmetic in words; `golden/*.json` the
parameters that they stand on. Who may import it: tests.
"""
