"""Cycle indicators: the Hilbert transform family."""
