"""Strategies of other libraries: the same source in both, where the other one is installed."""
