"""The list of addresses that the kernels of this folder get."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np

from server.sequencer.numbering.window import Window

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
    NOTES = 10  # i8: Note
    KEPT = 11  # i8, told: the window of reports, and its columns:
    ENTERED = 12  # i4, told: session of the order of each report
    ASKED = 13  # i4, told: session that asked, where it is another
    ACCOUNT = 14  # i4, told
    UPDATES = 15  # i8, told: the window of market rows, and its columns:
    CHANNEL = 16  # i8, told
    TIME = 17  # i8, told: when it happened, never earlier than the one before
    SECONDS = 18  # BAR, told: seconds of instruments, of trades
    TRADED = 19  # i8: instrument of each of them, and
    LATEST = 20  # i8: instrument -> its latest of them, counted from 1
    STARTS = 21  # i8: a zero for each session
    NAMES = 22  # i8, told: session and end of each group of reports
    PICKS = 23  # i8, told: the reports of each group


class Note(IntEnum):
    """What the kernel is told of a batch and says about it."""

    TOKENS = 0  # said: whether a row carries the token of a request id
    OTHERS = 1  # said: whether there are commands that clients do not number
    KEPT = 2  # told: where in the window of reports these go
    UPDATES = 3  # told: and the market rows in theirs
    NOW = 4  # both: the latest time of a command
    SECONDS = 5  # both: how many seconds of instruments wait
    ONLY = 6  # said: the session that all reports belong to, and no other to any; 0: there is none


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

    def put_window(self, window: Window, place: int, columns: dict[str, Place]) -> None:
        """Let the rows and the columns of a window be these."""
        if self._kept[place] is not window.words:
            self.put(place, window.words)
            for name, cells in window.columns.items():
                self.put(columns[name], cells)

    def put_at(self, place: int, address: int, count: int) -> None:
        """The same, of an array that somebody else keeps alive."""
        self._kept[place] = None
        self._cells[2 * place], self._cells[2 * place + 1] = address, count
