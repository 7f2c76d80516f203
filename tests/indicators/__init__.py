"""Tests of indicators: laws for every row, outside oracles, streams, banks, bad input."""
