"""Tests of `engine`: batches, growth, recovery."""
