"""A try on a copy: what it says is what would happen, and nothing of it happens."""

import gc
import os

import numpy as np
import pytest

from benches.workloads import Flow, Mix, set_up
from domain.codes import Feed
from engine.exchange import Exchange
from server.sequencer import memory
from tests.properties.streams import seeded_stream


def memory_files():
    """Open memory files of tables in this process."""
    found = 0
    for fd in os.listdir("/proc/self/fd"):
        try:
            found += "memfd:gridworks" in os.readlink(f"/proc/self/fd/{fd}")
        except FileNotFoundError:  # the one that listed them
            continue
    return found


@pytest.mark.parametrize("seed", range(6))
def test_a_twin_answers_like_a_restored_snapshot_and_leaves_no_trace(seed, monkeypatch):
    monkeypatch.setattr(memory, "LEAST", 1)  # every table is mapped, also the small ones
    pages = memory.CopyOnWrite()
    commands = seeded_stream(seed, 300)
    live = Exchange(feed=Feed.ALL, memory=pages)
    for at in range(0, 250, 50):
        live.apply(commands[at : at + 50])
        live.market()
        before, tried = live.state_hash(), commands[at + 50 : at + 100]
        other = Exchange()
        other.restore(live.snapshot())
        twin = live.twin(pages.copied)
        for row in range(len(tried)):
            told = twin.apply(tried[row : row + 1])
            assert told.tobytes() == other.apply(tried[row : row + 1]).tobytes()
        assert twin.state_hash() == other.state_hash()
        assert not len(twin.market())
        assert live.state_hash() == before


def test_a_twin_grows_by_itself_and_all_memory_is_given_back():
    gc.collect()  # what other tests have left
    there = memory_files()
    pages = memory.CopyOnWrite()
    live = Exchange(memory=pages)
    mix = Mix("growth", 3_000, 400, instruments=30, accounts=40)
    rows = np.concatenate([set_up(mix), *Flow(mix).fill()])
    live.apply(rows[:1000])
    before, twin = live.state_hash(), live.twin(pages.copied)
    twin.apply(rows[1000:])
    assert twin.nbytes > live.nbytes
    assert live.state_hash() == before
    live.apply(rows[1000:])  # tables move: the files of the old ones are closed
    assert live.state_hash() == twin.state_hash()
    assert memory_files() > there
    del live, twin
    gc.collect()
    assert memory_files() == there
    assert not pages._files
