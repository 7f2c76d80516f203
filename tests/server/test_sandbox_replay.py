"""A market data file as the market of a sandbox."""

import numpy as np
import pytest

from domain.errors import InvalidField
from domain.messages import SetPhase
from domain.tables import Table
from gridworks.cli.replay import history_of
from server.config import load
from server.sandbox.replay import Replay
from server.sandbox.sandbox import Sandbox
from server.sequencer.rows import joined
from server.sequencer.state import Bounds, State

SECOND = 10**9
STEP = SECOND // 2
FILE = """time,action,order_id,side,price,qty,account,symbol
34200.0,new,1,buy,99.95,200,ann,ABC
34200.2,new,2,sell,100.05,100,bob,ABC
34201.0,new,3,buy,100.05,60,ann,ABC
34201.1,new,4,sell,7.00,5,ann,XYZ
34203.0,cancel,1,,,,ann,ABC
"""


def day(folder, text=FILE, **more):
    path = folder / "day.csv"
    path.write_text(text)
    return load(sandbox_market="replay", sandbox_file=path, sandbox_format="csv:tick=0.01", **more)


class Run:
    """The steps of a replay on a bare state."""

    def __init__(self, settings, most=1000):
        self.state = State(Bounds(1000, 1000, 100))
        self.replay = Replay(
            self.state, history_of(settings), settings.sandbox_loop, STEP, most
        )
        self.step = 2_000_000_000
        self.reasons = []

    def go(self, steps=1):
        for _ in range(steps):
            self.step += 1
            rows = self.replay.rows(self.step)
            if len(rows):
                rows["seq"] = np.arange(self.state.seq + 1, self.state.seq + 1 + len(rows))
                rows["transact_time"] = self.step * STEP
                self.reasons += self.state.apply(rows).reports.rows["reason"].tolist()
        return self

    def book(self, symbol="ABC"):
        scale = self.state.catalogue.directory.symbols[symbol]
        bids, asks = self.state.engine.depth(scale.number)
        return bids[:, :2].tolist(), asks[:, :2].tolist()


def test_commands_come_at_their_time(tmp_path):
    run = Run(day(tmp_path)).go()
    assert run.book() == ([[9995, 200]], [])
    assert run.go().book() == ([[9995, 200]], [[10005, 100]])
    assert run.go().book() == ([[9995, 200]], [[10005, 40]])
    assert "XYZ" not in run.state.catalogue.directory.symbols or run.book("XYZ") == ([], [])
    assert run.go().book("XYZ") == ([], [[700, 5]])
    assert run.go(2).book() == ([[9995, 200]], [[10005, 40]])
    assert run.go().book() == ([], [[10005, 40]])
    assert {"sandbox-replay-1", "sandbox-replay-2"} <= set(run.state.catalogue.directory.nodes)
    assert not any(reason for reason in run.reasons if reason not in (0, 232))
    assert run.state.catalogue.directory.symbols["ABC"].price(9995) == "99.95"


def test_a_file_that_has_ended_is_silent_or_begins_again(tmp_path):
    run = Run(day(tmp_path)).go(20)
    before = run.state.seq
    assert run.go(4).state.seq == before + 2  # two ticks
    again = Run(day(tmp_path, sandbox_loop=True)).go(7)
    first = again.book()
    trades = int(again.state.engine.table(Table.CORE)[0]["trade_id"])
    for _ in range(3):
        again.go(7)
        trades += 1
        assert again.book() == first
        assert int(again.state.engine.table(Table.CORE)[0]["trade_id"]) == trades


def test_what_is_too_much_comes_later(tmp_path):
    run = Run(day(tmp_path), most=2).go(8)
    assert run.go(8).book() == ([], [[10005, 40]])
    empty = Run(day(tmp_path, FILE.splitlines()[0] + "\n", sandbox_loop=True)).go(4)
    assert empty.state.seq == 2


def test_symbols_that_are_there_are_used(tmp_path):
    run = Run(day(tmp_path)).go(7)
    run.state.apply(stamped(run.state, SetPhase(phase=1, scope=2, entity=1).pack()))
    second = Replay(run.state, history_of(day(tmp_path)), False, STEP, 100)
    found = second.rows(run.step + 1)
    assert (found["command"] != 6).all()  # no INSTRUMENT_ADD
    assert (found["command"] == 4).sum() == 2  # what rested of the first is canceled


def stamped(state, data):
    rows = joined((data,))
    rows["seq"] = np.arange(state.seq + 1, state.seq + 1 + len(rows))
    rows["transact_time"] = state.time
    return rows


def test_files_and_markets_go_together(tmp_path):
    assert history_of(load()) is None
    with pytest.raises(FileNotFoundError):
        history_of(load(sandbox_market="replay", sandbox_file=tmp_path / "none.csv"))
    with pytest.raises(InvalidField, match="format"):
        history_of(load(sandbox_file=tmp_path, sandbox_format="excel"))
    for given in ({"sandbox_market": "replay"}, {"sandbox_file": tmp_path}):
        wish = load(**given)
        history = None if "sandbox_market" in given else (lambda: iter(()))
        with pytest.raises(InvalidField, match="sandbox_file"):
            Sandbox(wish, None, None, None, None, history)
    with pytest.raises(InvalidField, match="live"):
        load(environment="live", sandbox_file=tmp_path)
