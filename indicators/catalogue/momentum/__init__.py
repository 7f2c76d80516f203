"""Momentum and oscillators."""
