"""Tests of back-testing: strategies, the simulator, data, results; nobody imports them."""
