"""What `make test` promises: compiled code checks its indices, and runs uncompiled as well.

Marked `nojit`, so each of these runs in both of the modes that it talks about.
"""

import os

import numpy as np
import pytest

from domain.bits import highest_bit, lowest_bit
from domain.jit import BOUNDSCHECK, DISABLED, entry, kernel

pytestmark = pytest.mark.nojit


@kernel
def pick(values, index):
    return values[index]


@entry
def pick_bits(word):
    return lowest_bit(word), highest_bit(word)


@entry
def pick_one(values, index):
    return pick(values, index)


def test_bounds_are_checked():
    assert BOUNDSCHECK
    with pytest.raises(IndexError):
        pick_one(np.zeros(3, np.int64), 3)


def test_the_mode_is_the_one_that_was_asked_for():
    assert (os.environ.get("NUMBA_DISABLE_JIT") == "1") == DISABLED
    assert hasattr(pick_bits, "py_func") is not DISABLED


@pytest.mark.parametrize("word", [1, 2, 3, 2**31, 2**63, 2**64 - 1, 0b1011000])
def test_bits_are_found_in_both_modes(word):
    expected = bin(word)[::-1].index("1"), word.bit_length() - 1
    assert pick_bits(np.uint64(word)) == expected
