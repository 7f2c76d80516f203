"""Any bytes in a COMMAND row: always a report, never a crash, a hang or a broken book."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from domain.codes import Command, Feed
from domain.layout import COMMAND
from engine.exchange import Exchange
from tests.engine.invariants import check
from tests.properties.streams import seeded_stream
from tests.soaking import blocks, fresh_seeds

Rows = np.ndarray[Any, Any]
NAMES = [name for name in COMMAND.names or () if name not in ("_spare", "seq")]
EXTREMES = np.array([0, 1, -1, 2**31 - 1, -(2**31), 2**40, 2**62, 2**63 - 1, -(2**63)])


def noise(random: np.random.Generator, count: int) -> Rows:
    """Rows of random bytes."""
    return random.integers(0, 256, count * COMMAND.itemsize, dtype=np.uint8).view(COMMAND)


def extremes(random: np.random.Generator, rows: Rows) -> Rows:
    """`rows` with one or two fields of each set to an extreme value."""
    rows = rows.copy()
    for row in rows:
        for name in random.choice(NAMES, random.integers(1, 3)):
            kind = COMMAND[str(name)]
            row[name] = np.int64(random.choice(EXTREMES)).astype(kind)
    return rows


def swapped(random: np.random.Generator, rows: Rows) -> Rows:
    """`rows` with the command code of each drawn anew: right fields, wrong command."""
    rows = rows.copy()
    rows["command"] = random.integers(0, max(Command) + 2, len(rows))
    return rows


def mutated(random: np.random.Generator, rows: Rows) -> Rows:
    """`rows` with a bit flipped, a cell of another row, or a time that goes back."""
    rows = rows.copy()
    raw = rows.view(np.uint8).reshape(len(rows), -1)
    for at in range(len(rows)):
        name = str(random.choice(NAMES))
        match random.integers(3):
            case 0:
                raw[at, random.integers(raw.shape[1])] ^= np.uint8(1 << random.integers(8))
            case 1:
                rows[name][at] = rows[name][random.integers(len(rows))]
            case _:
                rows["transact_time"][at] -= random.integers(10**12)
    return rows


MAKERS = (extremes, swapped, mutated)


@pytest.mark.nojit
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("make", MAKERS)
def test_hostile_rows_leave_a_sound_exchange(make: Any, seed: int) -> None:
    check_hostile(make, seed)


@pytest.mark.soak
@blocks(0.2)
def test_fresh_hostile_rows(block: int) -> None:
    for seed in fresh_seeds(block + 2_000):
        check_hostile(MAKERS[seed % len(MAKERS)], seed)


def check_hostile(make: Any, seed: int) -> None:
    """After each row of a stream, spoilt rows and noise: one seq more, an answer, a sound state."""
    random = np.random.default_rng(seed)
    good = seeded_stream(seed, 150)
    exchange = Exchange(feed=Feed.ALL)
    for start in range(0, len(good), 15):
        batch = good[start : start + 15]
        for rows in (batch, make(random, batch), noise(random, 10)):
            for at in range(len(rows)):
                before = exchange.seq
                reports = exchange.apply(rows[at : at + 1])
                assert exchange.seq == before + 1
                assert len(reports) >= 1
                check(exchange)


@pytest.mark.nojit
def test_noise_is_refused_with_a_reason() -> None:
    exchange = Exchange()
    rows = noise(np.random.default_rng(1), 200)
    reports = exchange.apply(rows)
    assert len(reports) == len(rows)
    assert (reports["reason"] > 0).all()


def test_an_exec_id_has_no_gap_whatever_comes() -> None:
    exchange = Exchange()
    random = np.random.default_rng(9)
    rows = np.concatenate([seeded_stream(3, 300), noise(random, 50), seeded_stream(4, 300)])
    reports = exchange.apply(np.concatenate([rows, extremes(random, rows)]))
    assert (np.diff(reports["exec_id"]) == 1).all()
