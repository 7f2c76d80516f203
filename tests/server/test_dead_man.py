"""The dead man's timer: how often it is wound, and that it never runs out before its time."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Unavailable
from server.sequencer.sessions import PARTS, DeadMan

SPAN = 10**9  # ns


class Loop:
    """An event loop's clock that the test moves."""

    def __init__(self) -> None:
        self.now, self.timers = 0.0, []

    def time(self):
        return self.now

    def call_at(self, when, call):
        handle = asyncio.TimerHandle(when, call, (), self)
        self.timers.append(handle)
        return handle

    def get_debug(self):
        return False

    def _timer_handle_cancelled(self, handle):
        pass

    def move(self, to):
        while due := [h for h in self.timers if not h.cancelled() and h.when() <= to]:
            first = min(due, key=lambda h: h.when())
            self.timers.remove(first)
            self.now = max(self.now, first.when())
            first._callback()
        self.now = max(self.now, to)


def made(monkeypatch, put):
    loop = Loop()
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: loop)
    return loop, DeadMan(3, SPAN, put)


@given(st.lists(st.floats(0.001, 0.95), min_size=1, max_size=60))
def test_it_never_runs_out_before_its_time_and_is_wound_seldom(gaps):
    with pytest.MonkeyPatch.context() as monkeypatch:
        wound = [0.0]
        loop, timer = made(monkeypatch, lambda row: wound.append(loop.now) or True)
        last = 0.0
        for gap in gaps:
            last += gap
            loop.move(last)
            timer.alive()
            assert wound[-1] <= loop.now
        loop.move(last + 2)
        for then, now in pairwise(wound):
            assert 1 / PARTS - 1e-9 <= now - then <= 1.2  # it had not run out: 0.95 + 0.25
        assert last <= wound[-1] <= last + 1 / PARTS


def test_what_has_ended_is_not_wound(monkeypatch):
    wound = []
    loop, timer = made(monkeypatch, lambda row: wound.append(row) or True)
    loop.move(0.1)
    timer.alive()
    timer.stop()
    loop.move(5)
    assert not wound


def test_without_room_the_next_sign_of_life_winds_it(monkeypatch):
    answers = iter([False, True])
    loop, timer = made(monkeypatch, lambda row: next(answers))
    loop.move(0.5)
    timer.alive()
    timer.alive()
    assert next(answers, None) is None


def test_a_server_that_stops_is_no_error_of_a_timer(monkeypatch):
    def put(row):
        raise Unavailable("stopping")

    loop, timer = made(monkeypatch, put)
    loop.move(0.1)
    timer.alive()
    loop.move(5)
