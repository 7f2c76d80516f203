"""The list of addresses that the kernels of this folder get."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


class Place(IntEnum):
    """Which array is where in the list of (address, count) pairs."""

    ROWS = 0  # COMMAND
    REPORTS = 1  # REPORT
    MARKET = 2  # MARKET
    OWNERS = 3  # i4: row of the order table -> session
    PARENTS = 4  # i4: node -> the node above
    NODES = 5  # i8: reports by node
    COMMANDS = 6  # i8: commands by session
    NUMBERED = 7  # i8: reports by session
    CHANNELS = 8  # i8: updates by channel
    KINDS = 9  # i8: kind of market row -> channel of its instrument
    ENTERED = 10  # i4, told: session of the order of each report
    ASKED = 11  # i4, told: session that asked, where it is another
    FOUND = 12  # i8, told: channel of each market row
    NOTES = 13  # i8, told: Note


class Note(IntEnum):
    """What the kernel says about a batch."""

    TOKENS = 0  # whether a row carries the token of a request id
    OTHERS = 1  # whether there are commands that clients do not number


class Places:
    """(address, count) of each array; keeps the arrays alive. `address` is what kernels get.

    An array argument costs a kernel's caller microseconds when its rows have fields; a batch of
    one is too short for that.
    """

    def __init__(self) -> None:
        self._pairs = np.zeros(2 * len(Place), np.int64)
        self._kept: list[Array | None] = [None] * len(Place)
        self._cells = self._pairs.data  # quicker to write than the array
        self.address = int(self._pairs.ctypes.data)

    def put(self, place: int, array: Array) -> None:
        """Let an array be this one, which must be contiguous."""
        if self._kept[place] is not array:
            assert array.flags.c_contiguous
            self._kept[place] = array
            self._cells[2 * place] = array.ctypes.data
            self._cells[2 * place + 1] = len(array)
