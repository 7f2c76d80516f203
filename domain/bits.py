"""Bit scans and a hash, compiled and as plain Python with the same results."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.jit import DISABLED, count_leading_zeros, count_trailing_zeros, kernel

if DISABLED:

    def lowest_bit(bits: Any) -> int:
        """Index of the lowest set bit of a non-zero uint64."""
        value = int(bits)
        return (value & -value).bit_length() - 1

    def highest_bit(bits: Any) -> int:
        """Index of the highest set bit of a non-zero uint64."""
        return int(bits).bit_length() - 1

    def mix(a: Any, b: Any) -> int:
        """A 31-bit hash of two int64 (multiply-fold in 64 bits)."""
        word = (1 << 64) - 1
        x = ((int(a) & word) * 0x9E3779B97F4A7C15 + (int(b) & word)) & word
        x = ((x ^ (x >> 32)) * 0xD6E8FEB86659FD93) & word
        return (x ^ (x >> 32)) & 0x7FFFFFFF
else:

    @kernel
    def lowest_bit(bits: Any) -> Any:
        """Index of the lowest set bit of a non-zero uint64."""
        return count_trailing_zeros(np.uint64(bits))

    @kernel
    def highest_bit(bits: Any) -> Any:
        """Index of the highest set bit of a non-zero uint64."""
        return np.int64(63) - count_leading_zeros(np.uint64(bits))

    @kernel
    def mix(a: Any, b: Any) -> Any:
        """A 31-bit hash of two int64 (multiply-fold in 64 bits)."""
        x = np.uint64(a) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(b)
        x = (x ^ (x >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
        return np.int64((x ^ (x >> np.uint64(32))) & np.uint64(0x7FFFFFFF))
