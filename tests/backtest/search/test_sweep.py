"""Sweeps give one row for each parameter set, wherever they run and however often they stop."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from backtest.search import Choice, Integer, Real, Store, grid, random, sweep
from backtest.search.keys import digest, key_of_code, key_of_parameters, key_of_rows
from domain.errors import InvalidField
from tests.backtest.search.functions import SPACE, Counted, brittle, hill

ROOT = Path(__file__).resolve().parents[3]
HERE = {"jobs": 1, "progress": False}


def test_a_grid_is_every_combination_in_order():
    found = grid({"a": range(2), "b": ["x", "y"], "c": Integer(1, 3)}, lambda p: p["c"] != 2)
    assert [tuple(p.values()) for p in found[:3]] == [(0, "x", 1), (0, "x", 3), (0, "y", 1)]
    assert len(found) == 8
    assert type(grid({"a": np.arange(3)})[0]["a"]) is int
    for space in ({}, {"a": Real(0, 1)}, {"a": 3}, {"a": "xyz"}, {"a": range(3, 3)}):
        with pytest.raises(InvalidField):
            grid(space)
    with pytest.raises(InvalidField, match="no combination"):
        grid(SPACE, lambda p: False)


def test_random_draws_repeat_and_stay_inside():
    space = {
        "a": Real(1e-4, 1.0, log=True), "b": Integer(5, 7), "c": Choice(("u", "v")),
        "d": Real(2, 3),
    }  # fmt: skip
    found = random(space, 500, seed=4, where=lambda p: p["b"] != 6)
    assert found == random(space, 500, seed=4, where=lambda p: p["b"] != 6)
    assert found != random(space, 500, seed=5, where=lambda p: p["b"] != 6)
    assert {p["b"] for p in found} == {5, 7}
    assert {p["c"] for p in found} == {"u", "v"}
    assert all(2 <= p["d"] < 3 for p in found)
    assert np.median([p["a"] for p in found]) == pytest.approx(0.01, rel=0.4)
    with pytest.raises(InvalidField, match="one draw in a thousand"):
        random(space, 1, seed=1, where=lambda p: False)
    for kind, *bad in ((Real, 2, 1), (Real, 0, 1, True), (Integer, 2, 1), (Choice, ())):
        with pytest.raises(InvalidField):
            kind(*bad)


def test_errors_are_rows():
    table = sweep(brittle, SPACE, **HERE)
    assert list(table.columns) == ["x", "y", "score", "pid", "error", "seconds"]
    assert len(table) == 24
    failed = table[table["error"] != ""]
    assert failed["x"].tolist() == [3, 3, 8, 8]
    assert failed["error"].iloc[0] == "ValueError: no x of 3"
    assert failed["score"].isna().all()
    with pytest.raises(InvalidField, match="score"):
        sweep(hill, {"x": [1], "score": [2]}, **HERE)


@pytest.mark.parametrize("backend", ["threads", "processes"])
def test_workers_give_the_same_rows(backend):
    table = sweep(hill, SPACE, jobs=2, backend=backend, progress=False)
    expected = sweep(hill, SPACE, **HERE)
    assert table[["x", "y", "score"]].equals(expected[["x", "y", "score"]])
    here = set(table["pid"]) == {os.getpid()}
    assert here == (backend == "threads")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_dask_cluster_gives_the_same_rows(tmp_path):
    """A real cluster of two processes, by its address and by a client, with a store here."""
    from distributed import Client, LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
        local_directory=str(tmp_path / "dask"),
    ) as cluster:  # fmt: skip
        table = sweep(
            brittle, SPACE, cluster=cluster.scheduler_address, store=tmp_path / "s", progress=False
        )
        with Client(cluster) as client:
            again = sweep(brittle, SPACE, cluster=client, progress=False)
    expected = sweep(brittle, SPACE, **HERE)
    for found in (table, again):
        assert found[["x", "y", "score", "error"]].equals(expected[["x", "y", "score", "error"]])
        assert os.getpid() not in set(found["pid"])
    assert len(Store(tmp_path / "s")) == 24


def test_a_store_remembers_and_failures_are_tried_again(tmp_path):
    calls = tmp_path / "calls"
    calls.mkdir()
    first = sweep(Counted(calls), {"x": range(4), "y": [1, 2]}, store=tmp_path / "s", **HERE)
    again = sweep(Counted(calls), {"y": [1, 2], "x": range(5)}, store=tmp_path / "s", **HERE)
    assert len(Counted(calls).calls) == 10
    assert sorted(again["score"]) == sorted([*first["score"], 4.0, 8.0])
    sweep(Counted(calls, version="2"), {"x": [1], "y": [1]}, store=tmp_path / "s", **HERE)
    assert len(Counted(calls).calls) == 11
    assert len(list((tmp_path / "s").glob("*.parquet"))) == 1
    store = Store(tmp_path / "broken")
    sweep(brittle, {"x": [3, 4]}, store=store, **HERE)
    assert sweep(brittle, {"x": [3, 4]}, store=store, **HERE)["score"].tolist()[1] == -9
    assert set(store.table()["error"]) == {"", "ValueError: no x of 3"}
    (tmp_path / "file").touch()
    with pytest.raises(InvalidField, match="a folder"):
        Store(tmp_path / "file")


def test_a_killed_sweep_goes_on_where_it_stopped(tmp_path):
    calls, store = tmp_path / "calls", tmp_path / "store"
    calls.mkdir()
    command = [sys.executable, "-m", "tests.backtest.search.functions", str(calls), str(store)]
    process = subprocess.Popen(command, cwd=ROOT)
    deadline = time.monotonic() + 30
    while len(list(store.glob("*.parquet"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept, before = len(Store(store)), len(Counted(calls).calls)
    assert 3 <= kept < 24
    table = sweep(Counted(calls), SPACE, store=store, **HERE)
    assert table["score"].tolist() == [x * y for x in range(12) for y in (1, 2)]
    assert len(Counted(calls).calls) == before + 24 - kept
    assert before - kept <= 3  # what was under way when it was killed


def test_keys_tell_apart_what_differs():
    assert key_of_parameters({"a": np.int64(1), "b": 2.0}) == key_of_parameters({"b": 2.0, "a": 1})
    assert key_of_parameters({"a": 1}) != key_of_parameters({"a": 2})
    assert digest("a", "bc") != digest("ab", "c")
    rows = np.arange(10)
    assert key_of_rows([rows]) == key_of_rows([rows[:3], rows[3:]]) != key_of_rows([rows[1:]])
    assert key_of_code(hill) != key_of_code(brittle)
    assert key_of_code(Counted) == key_of_code(Counted)
    typed = {}
    exec("def f(p): return 1\ndef g(p): return 2", typed)
    assert key_of_code(typed["f"]) != key_of_code(typed["g"])


def test_what_workers_may_be_told():
    for bad in ({"jobs": 0}, {"backend": "greenlets"}):
        with pytest.raises(InvalidField):
            sweep(hill, SPACE, **bad)
