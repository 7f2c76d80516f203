"""Tests of backtest.readers: formats, translation, replay."""
