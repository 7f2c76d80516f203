"""Candlestick patterns, by TA-Lib's names and rules."""
