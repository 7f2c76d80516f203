"""The newest rows of a stream of rows, in one array, with columns beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]
_FIRST = 256  # rows that there is room for at first


class Kept(NamedTuple):
    """Rows where they are kept: from which place of a window on, and how many."""

    window: Window
    begin: int
    size: int

    @property
    def rows(self) -> Array:
        """The rows."""
        return self.window.rows[self.begin : self.begin + self.size]

    @property
    def address(self) -> int:
        """Where they lie."""
        return self.window.address + self.begin * self.window.width

    def column(self, name: str) -> Array:
        """The cells beside them."""
        return self.window.columns[name][self.begin : self.begin + self.size]


class Window:
    """Keeps at least the last `keep` rows that were added, once there are so many.

    `columns` are more arrays with one cell a row: their names and dtypes. Rows are numbered 1, 2,
    3, ... over all that were ever added; `first` is the number of the oldest that is kept.
    """

    def __init__(self, dtype: np.dtype[Any], keep: int, columns: dict[str, Any]) -> None:
        self._keep = keep
        self._end = self.last = 0
        self.settle: Callable[[], None] = lambda: None  # called before rows that are kept move
        self._dtype, self._kinds, self.width = dtype, columns, dtype.itemsize
        self._bytes = np.zeros((0, self.width), np.uint8)
        self.columns: dict[str, Array] = {}
        self._begin(min(2 * keep, _FIRST))

    def _begin(self, room: int) -> None:
        """Fresh memory for so many rows; what was kept moves there."""
        rows = np.zeros(room, self._dtype)
        columns = {name: np.zeros(room, kind) for name, kind in self._kinds.items()}
        found = rows.view(np.uint8).reshape(room, -1)
        found[: self._end] = self._bytes[: self._end]
        for name, cells in self.columns.items():
            columns[name][: self._end] = cells[: self._end]
        self._room, self._rows, self._bytes, self.columns = room, rows, found, columns
        self.words = rows.view(np.int64).reshape(room, -1)  # the rows, as kernels copy them
        self.address = int(rows.ctypes.data)

    @property
    def first(self) -> int:
        """Number of the oldest row that is kept; `last` + 1 if there is none."""
        return self.last - self._end + 1

    @property
    def rows(self) -> Array:
        """The rows that are kept, oldest first: memory that changes with the next `add`."""
        return self._rows[: self._end]

    def column(self, name: str) -> Array:
        """The cells beside them."""
        return self.columns[name][: self._end]

    def reserve(self, count: int) -> Kept:
        """Let there be so many more rows, which the caller writes."""
        if self._end + count > self._room or self._room > 2 * self._keep:
            self._make_room(count)
        begin = self._end
        self._end += count
        self.last += count
        return Kept(self, begin, count)

    def add(self, rows: Array, **columns: Array) -> None:
        """Add rows and their cells."""
        begin = self.reserve(len(rows)).begin
        self._bytes[begin : self._end] = rows.view(np.uint8).reshape(len(rows), -1)
        for name, cells in columns.items():
            self.columns[name][begin : self._end] = cells

    def _make_room(self, count: int) -> None:
        """For so many more rows: the oldest are forgotten, or there is more memory."""
        self.settle()
        if self._end + count > 2 * self._keep:
            self._drop(self._end - max(self._keep - count, 0))
        wanted = self._end + count
        if wanted > self._room or self._room > 2 * self._keep:
            self._begin(max(wanted, min(2 * max(self._room, _FIRST), 2 * self._keep)))

    def _drop(self, count: int) -> None:
        """Forget the oldest rows."""
        if count <= 0:
            return
        left = self._end - count
        for cells in (self._bytes, *self.columns.values()):
            kept = cells[count : self._end]
            cells[:left] = kept if left <= count else kept.copy()  # numpy would copy an overlap
        self._end = left

    def picked(self, places: Array) -> Array:
        """A copy of the rows at these places of `rows`."""
        return np.ndarray(len(places), self._rows.dtype, self._bytes[places].tobytes())

    def parts(self, name: str) -> dict[str, bytes]:
        """What is kept, for a snapshot."""
        begin = max(self._end - self._keep, 0)
        found = {name: self._rows[begin : self._end].tobytes()}
        for column, cells in self.columns.items():
            found[f"{name}.{column}"] = cells[begin : self._end].tobytes()
        found[f"{name}.last"] = str(self.last).encode()
        return found

    def load(self, name: str, parts: dict[str, bytes]) -> None:
        """Take back what `parts` gave; a smaller window keeps the newest."""
        last = int(parts.get(f"{name}.last", b"0"))
        rows = np.frombuffer(parts.get(name, b""), self._rows.dtype)[-self._keep :]
        cells = {
            column: np.frombuffer(parts.get(f"{name}.{column}", b""), kept.dtype)[-self._keep :]
            for column, kept in self.columns.items()
        }
        self._end, self.last = 0, last - len(rows)
        if len(rows):
            self.add(rows, **cells)
