"""`Numbers`: shows the kernel a batch and every count that it moves."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from server.sequencer.numbering.places import Note, Place, Places
from server.sequencer.numbering.tally import follow

Array = np.ndarray[Any, Any]


class Owned(NamedTuple):
    """Whose the rows of a batch are; memory that the next batch reuses."""

    entered: Array
    asked: Array
    channels: Array
    tokens: bool  # whether a row carries the token of a request id
    others: bool  # whether there are commands that clients do not number


class Numbers:
    """The list of arrays, and room for what is found."""

    def __init__(self, kinds: Array) -> None:
        self.places = Places()
        self._notes = np.zeros(len(Note), np.int64)
        self.places.put(Place.KINDS, kinds)
        self.places.put(Place.NOTES, self._notes)
        self._entered = self._asked = self._found = np.zeros(0, np.int32)

    def show(self, rows: Array, reports: Array, market: Array) -> None:
        """The next batch."""
        put = self.places.put
        put(Place.ROWS, rows)
        put(Place.REPORTS, reports)
        put(Place.MARKET, market)
        if len(reports) > len(self._entered):
            self._entered = np.zeros(2 * len(reports), np.int32)
            self._asked = np.zeros(2 * len(reports), np.int32)
            put(Place.ENTERED, self._entered)
            put(Place.ASKED, self._asked)
        if len(market) > len(self._found):
            self._found = np.zeros(2 * len(market), np.int64)
            put(Place.FOUND, self._found)

    def follow(self, begin: int) -> int:
        """Count from a row on; the row where somebody else must look first, or all are done."""
        return int(follow(self.places.address, begin))

    def owned(self, reports: int, market: int) -> Owned:
        """What was found."""
        tokens, others = self._notes.tolist()
        found = self._entered[:reports], self._asked[:reports], self._found[:market]
        return Owned(*found, bool(tokens), bool(others))
