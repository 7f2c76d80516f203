"""What `make test` promises: compiled code checks its indices, and runs uncompiled as well.

Marked `nojit`, so each of these runs in both of the modes that it talks about.
"""

import os

import numpy as np
import pytest

from domain.bits import highest_bit, lowest_bit
from domain.jit import BOUNDSCHECK, DISABLED, entry, kernel
from tests.workers import place, share

pytestmark = pytest.mark.nojit


@kernel
def pick(values, index):
    return values[index]


@kernel
def part(values, start, stop):
    return len(values[start:stop]), len(values[start:]), values[start:stop].sum()


@entry
def take_part(values, start, stop):
    return part(values, start, stop)


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


@pytest.mark.skipif(DISABLED, reason="Python counts a negative index from the end")
def test_no_index_counts_from_the_end():
    with pytest.raises(IndexError):
        pick_one(np.zeros(3, np.int64), -1)


def test_slices_are_cut_as_in_python_but_never_from_the_end():
    row = np.arange(7.0)
    for values in (row, np.repeat(row, 3)[::3]):
        for start in range(9):
            for stop in range(11):
                cut = values[start:stop]
                want = len(cut), len(values[start:]), cut.sum()
                assert take_part(values, start, stop) == want, (start, stop)
    if not DISABLED:
        with pytest.raises(IndexError, match="negative start"):
            take_part(row, -1, 3)


@pytest.mark.skipif(DISABLED, reason="uncompiled kernels are plain functions")
def test_a_kernel_called_from_python_says_what_to_do():
    with pytest.raises(TypeError, match=r"test_toolchain\.pick is a kernel.*call an `entry`"):
        pick(np.zeros(3, np.int64), 0)
    assert pick_one(np.arange(3), 2) == 2
    with pytest.raises(TypeError, match="NUMBA_DISABLE_JIT=1"):
        pick(np.zeros(3, np.int64), index=0)


def test_the_mode_is_the_one_that_was_asked_for():
    assert (os.environ.get("NUMBA_DISABLE_JIT") == "1") == DISABLED
    assert hasattr(pick_bits, "py_func") is not DISABLED


@pytest.mark.parametrize("word", [1, 2, 3, 2**31, 2**63, 2**64 - 1, 0b1011000])
def test_bits_are_found_in_both_modes(word):
    expected = bin(word)[::-1].index("1"), word.bit_length() - 1
    assert pick_bits(np.uint64(word)) == expected


def test_an_indicator_is_compiled_by_one_worker():
    laws, values = "tests/indicators/test_laws.py::test_laws", "tests/indicators/test_a.py::test_b"
    halves = {name: share(f"{laws}[{name}]") for name in ("rsi", "sma", "atr", "obv")}
    assert len(set(halves.values())) == 2
    for name, half in halves.items():
        assert half == share(f"{values}[random-{name.upper()}]")
    files = ["tests/engine/test_a.py::test_b", "tests/scenarios/test_a.py::test_b[c]"]
    assert sorted([*files, f"{laws}[rsi]"], key=place)[0] == files[1]
    assert share(files[1]) == "tests/scenarios/test_a.py"
