"""A load on a real server, from processes of its own, with every check."""

from benches.load.local import Target
from benches.load.run import Wish, load
from benches.load.workers import Way
from tests.control_stores import sqlite  # noqa: F401
from tests.server.running import running


def test_a_load_is_carried_and_everything_is_true(tmp_path, sqlite):  # noqa: F811
    seen = []
    with running(tmp_path, sqlite()) as server:
        target = Target(server.target, server.keys["operator"])
        wish = Wish(rate=400.0, seconds=1.0, warmup=0.0, sessions=5)
        outcome = load(
            target, wish, Way(connections=2, batch=8, drain=120.0), lambda text: None,
            lambda *numbers: seen.append(numbers),
        )  # fmt: skip
    assert [(each.name, each.ok) for each in outcome.checks if not each.ok] == []
    assert outcome.commands > 300
    assert outcome.sessions == 5  # of three accounts, so that two of them only listen
    assert outcome.recorder.unanswered == 0
    lines = outcome.recorder.lines(outcome.recorder.from_due)
    assert lines["all"]["count"] == outcome.commands
    assert seen[-1][:2] == (outcome.commands, outcome.commands)
