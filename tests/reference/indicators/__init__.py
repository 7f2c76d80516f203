"""Naive twins of indicators: slices and loops, one obvious function each."""
