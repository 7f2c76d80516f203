"""`Numbers`: shows the kernel a batch and every count that it moves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from server.sequencer.numbering.places import Note, Place, Places
from server.sequencer.numbering.tally import follow, group

Array = np.ndarray[Any, Any]
_TOKENS, _OTHERS, _ONLY = int(Note.TOKENS), int(Note.OTHERS), int(Note.ONLY)


class Lent:
    """Finds the address of arrays that lie in one buffer again and again, always at its begin.

    Asking numpy takes a microsecond or two.
    """

    def __init__(self) -> None:
        self._base: Any = None
        self._address = 0

    def __call__(self, array: Array) -> int:
        if array.base is not self._base or self._base is None:
            self._base, self._address = array.base, int(array.ctypes.data)
        return self._address


class Numbers:
    """The list of arrays, and room for what is found."""

    def __init__(self, kinds: Array) -> None:
        self.places = Places()
        notes = np.zeros(len(Note), np.int64)
        self.notes = notes.data
        self.places.put(Place.KINDS, kinds)
        self.places.put(Place.NOTES, notes)
        self._names = self._picks = self._starts = np.zeros(0, np.int64)
        self._reports, self._market = Lent(), Lent()

    def show(self, rows: Array, at: int, reports: Array, market: Array) -> None:
        """The next batch; `at` is the address of its rows, 0: not known."""
        put = self.places.put_at
        put(Place.ROWS, at or int(rows.ctypes.data), len(rows))
        put(Place.REPORTS, self._reports(reports), len(reports))
        put(Place.MARKET, self._market(market), len(market))

    def follow(self, begin: int) -> int:
        """Count from a row on; the row where somebody else must look first, or all are done."""
        return int(follow(self.places.address, begin))

    @property
    def tokens(self) -> bool:
        """Whether a row of the batch carries the token of a request id."""
        return self.notes[_TOKENS] != 0

    @property
    def others(self) -> bool:
        """Whether there are commands in it that clients do not number."""
        return self.notes[_OTHERS] != 0

    @property
    def only(self) -> int:
        """The session that all reports of the batch belong to, and no other to any; 0: none."""
        return self.notes[_ONLY]

    def groups(self, begin: int, end: int, sessions: int) -> Iterator[tuple[int, Array]]:
        """Each session that the reports from `begin` to before `end` of the window belong to, and
        which of them: memory that the next call reuses.
        """
        if sessions > len(self._starts):
            self._starts, self._names = np.zeros(sessions, np.int64), np.zeros(0, np.int64)
            self.places.put(Place.STARTS, self._starts)
        if 2 * (end - begin) > len(self._picks) or not len(self._names):
            self._picks = np.zeros(4 * (end - begin), np.int64)
            self._names = np.zeros(2 * max(sessions, len(self._picks)), np.int64)
            self.places.put(Place.PICKS, self._picks)
            self.places.put(Place.NAMES, self._names)
        first, names = 0, self._names.data
        for k in range(group(self.places.address, begin, end)):
            last = names[2 * k + 1]
            yield names[2 * k], self._picks[first:last]
            first = last
