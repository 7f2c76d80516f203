"""Scenario margin in the exchange: after every command it is what a full recomputation gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from domain.attributes import InstrumentAttr
from domain.codes import MarginModel
from domain.jit import DISABLED
from domain.state import open_lots
from domain.tables import Table
from engine.exchange import Exchange
from tests.engine import invariants
from tests.properties.compare import compare, compare_splits
from tests.properties.margined import INSTRUMENTS, CrowdedMargined, Margined
from tests.properties.streams import Seeded, Stream, array_of
from tests.soaking import blocks, fresh_seeds

Array = np.ndarray[Any, Any]
COUNT = 60 if DISABLED else 250


def stream(seed: int, count: int, kind: type[Stream]) -> Array:
    made = kind(Seeded(seed), instruments=INSTRUMENTS)
    made.prologue()
    made.mixed(count)
    return array_of(made.rows)


@pytest.mark.nojit
@pytest.mark.parametrize("kind", [Margined, CrowdedMargined])
@pytest.mark.parametrize("seed", range(3))
def test_the_engine_does_what_the_reference_does(seed, kind):
    """The reference works every margin out from nothing, and the ledgers are compared."""
    pair = compare(Exchange(), stream(seed, COUNT, kind))
    invariants.check(pair.engine)


def whole_margins(exchange: Exchange) -> dict[int, tuple[int, int]]:
    """Account -> what its rows hold, and its lots, of instruments margined by scenarios."""
    rows, models = exchange.table(Table.POSITION), exchange.table(Table.INSTRUMENT)
    chosen = models[rows["instrument"], InstrumentAttr.MARGIN_MODEL] == MarginModel.SCENARIO
    found: dict[int, tuple[int, int]] = {}
    for row in rows[chosen]:
        margin, lots = found.get(int(row["node"]), (0, 0))
        more = abs(int(row["qty"])) + sum(map(int, open_lots(row)))
        found[int(row["node"])] = margin + int(row["margin"]), lots + more
    return found


def test_batches_snapshots_and_twins_do_not_matter():
    given = compare(Exchange(), stream(7, 400, CrowdedMargined)).given
    commands, single = np.concatenate(given), Exchange()
    expected = np.concatenate([single.apply(row) for row in given])
    assert sum(margin > 0 for margin, _ in whole_margins(single).values()) > 3
    for sizes in ([1_000_000], [1, 2, 3], [7, 1, 500]):
        engine = Exchange()
        compare_splits(engine, commands, sizes, expected)
        assert engine.state_hash() == single.state_hash()
    half = len(commands) // 2
    first, second = Exchange(), Exchange()
    first.apply(commands[:half])
    second.restore(first.snapshot())
    twin = first.twin(np.copy)
    rest = first.apply(commands[half:])
    for other in (second, twin):
        assert other.apply(commands[half:]).tobytes() == rest.tobytes()
        assert other.state_hash() == single.state_hash()


@pytest.mark.soak
@blocks(0.1)
def test_fresh_streams(block):
    for seed in fresh_seeds(block + 2_000):
        compare(Exchange(), stream(seed, 400, (Margined, CrowdedMargined)[seed % 2]))
