"""Training and test parts of a series of observations, so that neither knows of the other.

Each splitter has `split(x)` and `get_n_splits`, so scikit-learn takes it too. `split` yields two
arrays of places, training and test.

Lopez de Prado, "Advances in financial machine learning" (2018), chapters 7 and 12.
"""

from __future__ import annotations

from collections.abc import Iterator, Sized
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.errors import InvalidField

Places = NDArray[np.int64]
Split = tuple[Places, Places]


def _whole(least: int, **values: Any) -> None:
    for name, value in values.items():
        if not isinstance(value, int) or value < least:
            raise InvalidField(name, value, f"a whole number from {least} up")


@dataclass(frozen=True, slots=True)
class WalkForward:
    """Train on the past, test on what follows, move on by the length of the test.

    Args:
        train, test: observations; the last test part may be shorter.
        anchored: training starts at the beginning each time and grows; else it rolls.
        gap: observations between training and test that belong to neither.
    """

    train: int
    test: int
    anchored: bool = False
    gap: int = 0

    def __post_init__(self) -> None:
        _whole(1, train=self.train, test=self.test)
        _whole(0, gap=self.gap)

    def split(self, x: Sized, y: Any = None, groups: Any = None) -> Iterator[Split]:
        """Raises InvalidField if there is no room for a first test."""
        count, lead = len(x), self.train + self.gap
        if count <= lead:
            raise InvalidField("observations", count, f"more than train + gap = {lead}")
        for start in range(lead, count, self.test):
            stop = start - self.gap
            first = 0 if self.anchored else stop - self.train
            yield np.arange(first, stop), np.arange(start, min(start + self.test, count))

    def get_n_splits(self, x: Sized, y: Any = None, groups: Any = None) -> int:
        return sum(1 for _ in self.split(x))


def purged(test: Places, ends: Places, embargo: int) -> Places:
    """Places that may be trained on beside a test: they share no information with it.

    ends: for each observation the last place that its outcome depends on. An observation is
    dropped if its span [i, ends[i]] meets the test's span, block by block, or if it begins within
    `embargo` observations after it.
    """
    places = np.arange(len(ends))
    keep = np.ones(len(ends), bool)
    for block in np.split(test, np.flatnonzero(np.diff(test) > 1) + 1):
        last = int(ends[block].max())
        keep &= (ends < block[0]) | (places > last + embargo)
    return places[keep]


def _ends(count: int, ends: ArrayLike | None) -> Places:
    if ends is None:
        return np.arange(count)
    found = np.asarray(ends, np.int64)
    if found.shape != (count,) or (found < np.arange(count)).any() or (found >= count).any():
        raise InvalidField("ends", f"shape {found.shape}", "a place i to n - 1 for each i of n")
    return found


def _blocks(count: int, parts: int, name: str) -> list[Places]:
    if count < parts:
        raise InvalidField("observations", count, f"at least {name} = {parts}")
    return [np.asarray(part) for part in np.array_split(np.arange(count), parts)]


@dataclass(frozen=True, slots=True)
class PurgedKFold:
    """k folds in the order of time; training leaves out what overlaps the test, and an embargo.

    Args:
        folds: k.
        embargo: observations after the test that are not trained on.
        ends: for each observation the last place that its outcome depends on; None: itself.
    """

    folds: int = 5
    embargo: int = 0
    ends: ArrayLike | None = None

    def __post_init__(self) -> None:
        _whole(2, folds=self.folds)
        _whole(0, embargo=self.embargo)

    def split(self, x: Sized, y: Any = None, groups: Any = None) -> Iterator[Split]:
        ends = _ends(len(x), self.ends)
        for test in _blocks(len(x), self.folds, "folds"):
            yield purged(test, ends, self.embargo), test

    def get_n_splits(self, x: Any = None, y: Any = None, groups: Any = None) -> int:
        return self.folds


@dataclass(frozen=True, slots=True)
class CombinatorialPurged:
    """Every choice of `tests` of `groups` groups is the test once, purged and with an embargo.

    Their tests make up `paths` whole histories that were never trained on.
    """

    groups: int = 6
    tests: int = 2
    embargo: int = 0
    ends: ArrayLike | None = None

    def __post_init__(self) -> None:
        _whole(2, groups=self.groups)
        _whole(1, tests=self.tests)
        _whole(0, embargo=self.embargo)
        if self.tests >= self.groups:
            raise InvalidField("tests", self.tests, f"fewer than groups = {self.groups}")

    @property
    def paths(self) -> int:
        """How many histories the tests make: (tests / groups) x number of splits."""
        return comb(self.groups, self.tests) * self.tests // self.groups

    def chosen(self) -> list[tuple[int, ...]]:
        """The test groups of each split."""
        return list(combinations(range(self.groups), self.tests))

    def blocks(self, count: int) -> list[Places]:
        """The places of each group."""
        return _blocks(count, self.groups, "groups")

    def split(self, x: Sized, y: Any = None, groups: Any = None) -> Iterator[Split]:
        ends, blocks = _ends(len(x), self.ends), self.blocks(len(x))
        for chosen in self.chosen():
            test = np.concatenate([blocks[group] for group in chosen])
            yield purged(test, ends, self.embargo), test

    def get_n_splits(self, x: Any = None, y: Any = None, groups: Any = None) -> int:
        return comb(self.groups, self.tests)
