"""Elementwise functions and operators, rolling sums and extremes."""
