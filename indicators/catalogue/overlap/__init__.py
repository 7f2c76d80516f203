"""Averages, bands and other lines that overlay the price."""
