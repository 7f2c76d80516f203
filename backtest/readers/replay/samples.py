"""The book at a few hundred moments, kept while a replay runs, whatever its length."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from backtest.readers.facts import Rows
from backtest.readers.replay.rebuild import Levels


def _rows(levels: Levels) -> Rows:
    return np.array(levels, np.int64).reshape(-1, 3)


@dataclass(slots=True)
class Sample:
    """The best levels at one time (ns)."""

    time: int
    bids: Rows  # (price, quantity, orders), best first
    asks: Rows


@dataclass(slots=True)
class Samples:
    """At most twice `wanted` samples, evenly spread over the messages.

    `step` is the number of messages between two samples; when there are too many, every second
    one is dropped and the step doubles.
    """

    LEVELS: ClassVar[int] = 1000
    wanted: int
    step: int = 16
    kept: list[Sample] = field(default_factory=list)
    since: int = 0

    def take(self, time: int, bids: Levels, asks: Levels, count: int) -> None:
        """Keep the book as it is after `count` more messages."""
        self.since += count
        if self.since < self.step and self.kept:
            return
        self.since = 0
        self.kept.append(Sample(time, _rows(bids), _rows(asks)))
        if len(self.kept) >= 2 * self.wanted:
            self.kept = self.kept[::2]
            self.step *= 2
