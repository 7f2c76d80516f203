"""How `make soak` spends its minutes: seeds that nobody has drawn before, one minute at a time.

A soak test is a row of blocks (`blocks`), so that pytest shows how far it is; a block goes through
`fresh_seeds` until its minute is over. SOAK_SEED=n draws the seeds of an earlier run again; a
failure names its own seed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

Array = np.ndarray[Any, Any]
MINUTES = int(os.environ.get("SOAK_MINUTES", "60"))
# Processes that pytest starts inherit it, so that all draw from the same place.
FIRST_SEED = int(os.environ.setdefault("SOAK_SEED", str(time.time_ns() // 10**9 % 10**9)))
BLOCK = 100_000  # seeds that a block has for itself
SHORTEN_SECONDS = 60.0


def blocks(share: float) -> pytest.MarkDecorator:
    """Blocks of a minute each, `share` of the whole soak."""
    return pytest.mark.parametrize("block", range(max(1, round(share * MINUTES))))


def fresh_seeds(block: int, seconds: float = 60.0) -> Iterator[int]:
    """Seeds of one block until its time is over; at least one."""
    first, end = (FIRST_SEED * 1_000 + block) * BLOCK, time.monotonic() + seconds
    for seed in range(first, first + BLOCK):
        yield seed
        if time.monotonic() > end:
            return


def examples(few: int) -> settings:
    """So many examples in `make test`; under the soak profile many times as many."""
    return settings(max_examples=few * settings.default.max_examples // 100)


def shortest(commands: Array, fails: Callable[[Array], bool]) -> Array:
    """The same failure with fewer commands, as few as are found in a minute.

    First the shortest beginning that fails, then without what can be left out, in ever smaller
    pieces.
    """
    end = time.monotonic() + SHORTEN_SECONDS
    few, many = 0, len(commands)  # a beginning of `many` commands fails, one of `few` does not
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if fails(commands[:middle]) else (middle, many)
    commands, size = commands[:many], many // 2
    while size:
        at = 0
        while at < len(commands) and time.monotonic() < end:
            fewer = np.concatenate([commands[:at], commands[at + size :]])
            if len(fewer) and fails(fewer):
                commands = fewer
            else:
                at += size
        size //= 2
    return commands
