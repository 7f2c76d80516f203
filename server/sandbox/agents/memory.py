"""What the agents remember: averages of each middle price, a function of the log alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.codes import Command
from domain.tables import Table
from engine.exchange import Exchange

Array = np.ndarray[Any, Any]
FAST, SLOW, SPREAD = 10.0, 60.0, 300.0  # seconds of the two averages and of the variance
_WORDS = 5  # time of the last look; middle, fast, slow, variance of a second


class Memory:
    """Looks at every book whenever a batch holds a TICK; the agents' batches do, once a second."""

    def __init__(self) -> None:
        self._cells = np.zeros((0, _WORDS))

    def learn(self, engine: Exchange, rows: Array) -> None:
        """After a batch."""
        if not (rows["command"] == Command.TICK).any():
            return
        books = engine.table(Table.BOOK)
        self._grow(len(books))
        now = float(engine.table(Table.CORE)[0]["time"]) / 1e9
        bid, ask = books["top_bid"], books["top_ask"]
        there = (bid > 0) & (ask > 0)
        middle = (bid + ask) / 2
        new = there & (self._cells[:, 0] == 0)
        self._cells[new] = 0
        self._cells[new, 0] = now
        self._cells[new, 1:4] = middle[new, None]
        old = there & ~new & (self._cells[:, 0] < now)
        cells = self._cells[old]
        passed = now - cells[:, 0]
        move = middle[old] - cells[:, 1]
        cells[:, 4] += (move * move / passed - cells[:, 4]) * -np.expm1(-passed / SPREAD)
        cells[:, 0], cells[:, 1] = now, middle[old]
        cells[:, 2] += (middle[old] - cells[:, 2]) * -np.expm1(-passed / FAST)
        cells[:, 3] += (middle[old] - cells[:, 3]) * -np.expm1(-passed / SLOW)
        self._cells[old] = cells

    def _grow(self, size: int) -> None:
        if size > len(self._cells):
            wider = np.zeros((size, _WORDS))
            wider[: len(self._cells)] = self._cells
            self._cells = wider

    def trend(self, instruments: Array) -> Array:
        """Fast average less slow average, in ticks."""
        self._grow(int(instruments.max(initial=0)) + 1)
        found: Array = self._cells[instruments, 2] - self._cells[instruments, 3]
        return found

    def variance(self, instruments: Array) -> Array:
        """Of the change of the middle price in a second, in ticks squared."""
        self._grow(int(instruments.max(initial=0)) + 1)
        found: Array = self._cells[instruments, 4]
        return found

    def parts(self) -> dict[str, bytes]:
        """For a snapshot."""
        return {"sandbox.memory": self._cells.tobytes()}

    def load(self, parts: dict[str, bytes]) -> None:
        """Take back what `parts` gave."""
        kept = np.frombuffer(parts.get("sandbox.memory", b""))
        self._cells = kept.reshape(-1, _WORDS).copy()
