"""Many sequences of EVENT rows on one clock, as a stream.

The order of what happens at the same nanosecond is stated, because a result hangs on it: splits,
dividends, rolls, funding, phases and halts first, then quotes and books, then trades, then bars;
between equals the source that was named first. Rows of one source never change places: a source
says in which order its own rows happened.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backtest.events import EVENT, EventKind
from domain.errors import InvalidField

Rows = NDArray[Any]
_RANK = np.ones(256, np.int64)
_RANK[[EventKind.SPLIT, EventKind.DIVIDEND, EventKind.ROLL, EventKind.FUNDING, EventKind.PHASE,
       EventKind.HALT, EventKind.RESUME]] = 0  # fmt: skip
_RANK[EventKind.TRADE] = 2
_RANK[EventKind.BAR] = 3


def by_kind(rows: Rows) -> NDArray[np.int64]:
    """The place that each row's kind has among rows of the same time."""
    found: NDArray[np.int64] = _RANK[rows["kind"]]
    return found


def ranks(rows: Rows) -> NDArray[np.int64]:
    """The place of each row among rows of its time: the highest rank that the time had so far.

    A row waits for what its own source has before it, which is why it takes over its rank.
    """
    rank = by_kind(rows)
    time = rows["time"]
    if not np.any(time[1:] == time[:-1]):
        return rank
    group = np.cumsum(np.diff(time, prepend=time[0]) != 0)
    highest: NDArray[np.int64] = np.maximum.accumulate(rank + 4 * group) - 4 * group
    return highest


def fallen(time: NDArray[np.int64], after: int) -> NDArray[np.bool_]:
    """Where a time is before the one before it; `after` is the one before the first."""
    falls: NDArray[np.bool_] = time < np.concatenate(([after], time[:-1]))
    return falls


def in_order(time: NDArray[np.int64], after: int, row: int) -> None:
    """Raise InvalidField unless times never fall; `after` is the time before, `row` the number."""
    falls = fallen(time, after)
    if falls.any():
        at = int(np.argmax(falls))
        before = after if at == 0 else int(time[at - 1])
        allowed = f"at or after {before}, the time of the row before it (sort the rows)"
        raise InvalidField(f"row {row + at}, time", int(time[at]), allowed)


class _Head:
    """What was read of one sequence and not yet given on."""

    def __init__(self, chunks: Iterator[Rows]) -> None:
        self._chunks, self.ended = chunks, False
        self.rows: Rows = np.zeros(0, EVENT)
        self._last, self._read = -(2**63), 0

    def fill(self) -> None:
        """One more chunk."""
        for chunk in self._chunks:
            if len(chunk):
                in_order(chunk["time"], self._last, self._read)
                self._last = int(chunk["time"][-1])
                self._read += len(chunk)
                self.rows = chunk if not len(self.rows) else np.concatenate((self.rows, chunk))
                return
        self.ended = True

    def straight(self) -> Iterator[Rows]:
        """Chunk after chunk, with nobody to wait for."""
        self.fill()
        while not self.ended:
            yield self.before(None)
            self.fill()

    def before(self, time: int | None) -> Rows:
        """Take what happened before a time; None: everything."""
        if time is None:
            taken, self.rows = self.rows, self.rows[:0]
            return taken
        at = int(np.searchsorted(self.rows["time"], time))
        taken, self.rows = self.rows[:at], self.rows[at:]
        return taken


def merged(sequences: Sequence[Iterator[Rows]]) -> Iterator[Rows]:
    """The rows of all sequences in the order above; any way of cutting them gives the same.

    Each sequence is in the order of time, and is asked for its next chunk when all that it gave
    has been passed on. Raises InvalidField with the row's number where a time falls.
    """
    heads = [_Head(iter(chunks)) for chunks in sequences]
    if len(heads) == 1:
        yield from heads[0].straight()
        return
    while heads:
        waiting = [head for head in heads if not head.ended]
        times = [int(head.rows["time"][-1]) for head in waiting if len(head.rows)]
        safe = min(times, default=None)
        for head in waiting:
            if not len(head.rows) or head.rows["time"][-1] == safe:
                head.fill()
        open_ends = [int(head.rows["time"][-1]) for head in heads if not head.ended]
        until = min(open_ends, default=None)
        parts = [part for head in heads if len(part := head.before(until))]
        heads = [head for head in heads if not head.ended or len(head.rows)]
        if parts:
            yield _interleaved(parts)


def _interleaved(parts: list[Rows]) -> Rows:
    if len(parts) == 1:
        return parts[0]
    together: Rows = np.concatenate(parts)
    rank = np.concatenate([ranks(part) for part in parts])
    order = np.lexsort((rank, together["time"]))  # stable: equals stay in the order of the parts
    return together[order]
