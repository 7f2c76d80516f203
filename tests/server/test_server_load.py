"""A load and a fan-out on a real server, from processes of their own, with every check."""

from contextlib import closing
from dataclasses import replace

import pytest

from benches.fan_out.crowd import Crowd, Plan
from benches.fan_out.run import Wish as FanOut
from benches.fan_out.run import measure
from benches.load.local import Target
from benches.load.run import Wish, load
from benches.load.workers import DOORS, Way
from domain.errors import Unavailable
from tests.server.running import running


@pytest.mark.parametrize("door", DOORS)
def test_a_load_is_carried_and_everything_is_true(tmp_path, sqlite, door):
    seen = []
    with running(tmp_path, sqlite()) as server:
        target = Target(server.target, server.keys["operator"], gateway=server.gateway.target)
        wish = Wish(rate=400.0, seconds=1.0, warmup=0.0, sessions=5)
        outcome = load(
            target, wish, Way(connections=2, batch=8, drain=120.0, door=door), lambda text: None,
            lambda *numbers: seen.append(numbers),
        )  # fmt: skip
    assert [(each.name, each.ok) for each in outcome.checks if not each.ok] == []
    assert outcome.commands > 300
    assert outcome.sessions == 5  # of three accounts, so that two of them only listen
    assert outcome.recorder.unanswered == 0
    lines = outcome.recorder.lines(outcome.recorder.from_due)
    assert lines["all"]["count"] == outcome.commands
    assert seen[-1][:2] == (outcome.commands, outcome.commands)


def test_every_reader_has_every_update_through_both_doors(tmp_path, sqlite):
    with running(tmp_path, sqlite()) as server:
        target = Target(server.target, server.keys["operator"], gateway=server.gateway.target)
        wish = FanOut(readers=30, instruments=1, rate=50.0, seconds=1.0, warmup=0.0, price=100)
        outcome = measure(target, replace(wish, connections=3))
        assert outcome.problems == []
        assert len(outcome.from_due) == 50
        assert len(outcome.each) == 1500
        assert 30 <= outcome.messages <= 1500  # one message brings all that a batch did
        assert (outcome.from_due >= outcome.from_sent).all()
        conflated = measure(target, replace(wish, door="grpcio", conflation_ms=200))
        assert conflated.problems == []
        assert 30 <= conflated.messages < 1500
        plan = Plan(4, (("instruments/ACME", 1),), 2, (1,))
        unknown = replace(target, key="gw_test_unknown")
        with (
            closing(Crowd(unknown, plan)) as crowd,
            pytest.raises(Unavailable, match="has ended"),
        ):
            crowd.gather(60)
