"""The newest rows of a stream of rows, in one array, with columns beside them."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
_FIRST = 256  # rows that there is room for at first


class Window:
    """Keeps at least the last `keep` rows that were added, once there are so many.

    `columns` are more arrays with one cell a row: their names and dtypes. Rows are numbered 1, 2,
    3, ... over all that were ever added; `first` is the number of the oldest that is kept.
    """

    def __init__(self, dtype: np.dtype[Any], keep: int, columns: dict[str, Any]) -> None:
        self._keep, self._room = keep, min(2 * keep, _FIRST)
        self._rows = np.zeros(self._room, dtype)
        self._columns = {name: np.zeros(self._room, kind) for name, kind in columns.items()}
        self._bytes = self._rows.view(np.uint8).reshape(self._room, -1)
        self._end = 0
        self.last = 0

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
        return self._columns[name][: self._end]

    def add(self, rows: Array, **columns: Array) -> None:
        """Add rows and their cells."""
        count = len(rows)
        skip = max(count - self._keep, 0)
        self.last += count
        if skip:
            rows, count = rows[skip:], count - skip
            columns = {name: cells[skip:] for name, cells in columns.items()}
        if self._end + count > self._room:
            self._make_room(count)
        begin, self._end = self._end, self._end + count
        self._bytes[begin : self._end] = rows.view(np.uint8).reshape(count, -1)
        for name, cells in columns.items():
            self._columns[name][begin : self._end] = cells

    def _make_room(self, count: int) -> None:
        """For so many more rows, at most `keep`: more memory, or the oldest are forgotten."""
        wanted = self._end + count
        if wanted > 2 * self._keep:
            self._drop(self._end - (self._keep - count))
            return
        self._room = min(max(2 * self._room, wanted), 2 * self._keep)
        self._rows = _longer(self._rows, self._room)
        self._bytes = self._rows.view(np.uint8).reshape(self._room, -1)
        self._columns = {n: _longer(cells, self._room) for n, cells in self._columns.items()}

    def _drop(self, count: int) -> None:
        """Forget the oldest rows."""
        left = self._end - count
        for cells in (self._bytes, *self._columns.values()):
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
        for column, cells in self._columns.items():
            found[f"{name}.{column}"] = cells[begin : self._end].tobytes()
        found[f"{name}.last"] = str(self.last).encode()
        return found

    def load(self, name: str, parts: dict[str, bytes]) -> None:
        """Take back what `parts` gave; a smaller window keeps the newest."""
        last = int(parts.get(f"{name}.last", b"0"))
        rows = np.frombuffer(parts.get(name, b""), self._rows.dtype)
        cells = {
            column: np.frombuffer(parts.get(f"{name}.{column}", b""), kept.dtype)
            for column, kept in self._columns.items()
        }
        self._end, self.last = 0, last - len(rows)
        if len(rows):
            self.add(rows, **cells)


def _longer(cells: Array, size: int) -> Array:
    """The same cells, and zeros behind them."""
    made = np.zeros(size, cells.dtype)
    made[: len(cells)].view(np.uint8)[:] = cells.view(np.uint8)
    return made
