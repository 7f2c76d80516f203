"""Ranges, volatility and its estimators."""
