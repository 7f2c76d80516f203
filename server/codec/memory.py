"""The list of addresses that the kernels of a codec get."""

from __future__ import annotations

from typing import Any

import numpy as np

from server.codec.slots import Slot

Array = np.ndarray[Any, Any]
_SIZES = {Slot.WORDS: 3, Slot.INTS: 2, Slot.SHORTS: 1, Slot.BYTES: 0}  # powers of two
_VIEWS = tuple((2 * slot, shift) for slot, shift in _SIZES.items())


class Memory:
    """(address, count) of each table; keeps the arrays alive. `address` is what kernels get."""

    def __init__(self) -> None:
        self._pairs = np.zeros(2 * len(Slot), np.int64)
        self._kept: dict[Slot, Array] = {}
        self._places = self._pairs.data  # quicker to write than the array
        self.address = int(self._pairs.ctypes.data)

    def place(self, slot: Slot, array: Array) -> None:
        """Let a table be this array, which must be contiguous."""
        assert array.flags.c_contiguous
        self._kept[slot] = array
        self._pairs[2 * slot] = array.ctypes.data
        self._pairs[2 * slot + 1] = len(array)

    def place_at(self, slot: Slot, array: Array, at: int) -> None:
        """The same where the address is known: to ask numpy takes a microsecond."""
        self._kept[slot] = array
        self._places[2 * slot], self._places[2 * slot + 1] = at, len(array)

    def place_rows(self, rows: Array, at: int = 0) -> None:
        """Let the four views of the rows be these; `at` is their address, if it is known."""
        assert rows.flags.c_contiguous
        self._kept[Slot.WORDS] = rows
        address, size, places = at or rows.ctypes.data, rows.nbytes, self._places
        for at, shift in _VIEWS:
            places[at], places[at + 1] = address, size >> shift
