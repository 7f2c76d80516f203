"""Tests of `domain`: messages, money, fields."""
