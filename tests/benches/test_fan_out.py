"""The fan-out: frames cut anywhere, times that are known, and mistakes that are found."""

import resource
import socket
import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benches.fan_out import frames
from benches.fan_out.__main__ import main, verdict
from benches.fan_out.crowd import Heard, Plan, Told
from benches.fan_out.frames import Connection, frame
from benches.fan_out.outcome import evaluate
from benches.fan_out.run import Wish, orders, raise_files
from benches.load.traffic import Place
from domain.errors import InvalidField, Unavailable

MS = 10**6


# ------------------------------------------------------------------ what comes in


@pytest.fixture
def peers():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        connection = Connection(f"127.0.0.1:{listening.getsockname()[1]}", None)
        other, _ = listening.accept()
        with other:
            other.settimeout(30)
            yield connection, other
            connection.close()


def said(other, size):
    got = b""
    while len(got) < size:
        got += other.recv(size - len(got))
    return got


@given(
    st.lists(st.tuples(st.integers(1, 3), st.binary(max_size=40)), max_size=12),
    st.lists(st.integers(1, 30), min_size=1),
    st.lists(st.integers(1, 50), min_size=1),
)
def test_messages_come_whole_however_they_are_cut(messages, sizes, chunks):
    """Messages of three streams over DATA frames of any size, frames over reads of any size."""
    wanted, parts = {}, []
    for stream, text in messages:
        wanted.setdefault(stream, []).append(text)
    for stream, texts in wanted.items():
        whole, at, turn = b"".join(b"\0" + struct.pack(">I", len(t)) + t for t in texts), 0, 0
        while at < len(whole):
            size = sizes[turn % len(sizes)]
            parts.append((turn, frame(frames.DATA, 0, stream, whole[at : at + size])))
            at, turn = at + size, turn + 1
    data = b"".join(part for _, part in sorted(parts, key=lambda pair: pair[0]))
    connection, got = Connection.__new__(Connection), {}
    connection._kept, connection._pending, connection.ended = b"", {}, set()
    at = turn = 0
    while at < len(data):
        size = chunks[turn % len(chunks)]
        connection.read(
            data[at : at + size], lambda stream, text: got.setdefault(stream, []).append(text)
        )
        at, turn = at + size, turn + 1
    assert got == wanted
    assert connection.ended == set()


def test_it_says_what_it_wants_and_answers_what_it_is_asked(peers):
    connection, other = peers
    hello = said(other, len(frames.PREFACE) + 9 + 12 + 9 + 4)
    assert hello.startswith(frames.PREFACE)
    assert connection.call("/a/B", "gw_test_x", b"wish") == 1
    assert connection.call("/a/B", "gw_test_x", b"wish") == 3
    connection.read(frame(frames.SETTINGS, 0, 0) + frame(frames.PING, 0, 0, b"12345678"), None)
    end = frame(frames.SETTINGS, 1, 0) + frame(frames.PING, 1, 0, b"12345678")
    got = b""
    while not got.endswith(end):
        got += other.recv(1000)
    assert got.count(b"Bearer gw_test_x") == 2
    assert got.count(b"\0\0\0\0\x04wish") == 2


def test_ends_are_seen(peers):
    connection, other = peers
    connection.read(frame(frames.HEADERS, 4, 1) + frame(frames.HEADERS, 5, 3), None)
    connection.read(frame(frames.RESET, 0, 5, bytes(4)), None)
    assert connection.ended == {3, 5}
    assert connection.gone == ""
    connection.read(frame(frames.GOAWAY, 0, 0, bytes(8) + b"slow"), None)
    assert "slow" in connection.gone
    other.close()
    assert connection.receive() == b""


def test_nobody_there_is_an_error_in_words():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"127.0.0.1:{listening.getsockname()[1]}"
    with pytest.raises(Unavailable, match=address):
        Connection(address, None)


# ------------------------------------------------------------------ how long


def heard_of(arrivals, told, **more):
    """`arrivals` are (reader, number of the last update, ms)."""
    reader, last, at = (np.array(column) for column in zip(*arrivals))
    return Heard(reader, last, at * MS, told, np.array([4, 10, 4]), 0, 0.0, **more)


def told_of(instrument, last, size, ms, first=0):
    return Told(instrument, first or last, last, 1000 * MS + ms * MS, size, False)


# Three readers of two instruments: orders at 0, 10, 20, 30 ms belong to a, b, a, b.
PLAN = Plan(3, (("instruments/a", 7), ("instruments/b", 9)), 1, (2, 2))
DUE = np.array([0, 10, 20, 30]) * MS
ALL = [(0, 5, 3), (2, 5, 6), (1, 11, 11), (2, 6, 22), (0, 6, 28), (1, 12, 35)]
TOLD = [told_of(7, 5, 1, 1), told_of(9, 11, 1, 11), told_of(7, 6, 2, 21), told_of(9, 12, 2, 34)]


def result(arrivals=ALL, told=TOLD, plan=PLAN, warmup=0.0):
    return evaluate(plan, heard_of(arrivals, told), (DUE, DUE + MS), warmup, 1000 * MS)


def test_an_update_takes_until_its_last_reader_has_it():
    found = result()
    assert found.problems == []
    assert (found.from_due / MS).tolist() == [6, 1, 8, 5]
    assert (found.from_sent / MS).tolist() == [5, 0, 7, 4]
    assert (found.from_stamped / MS).tolist() == [5, 0, 7, 1]
    assert sorted(found.each / MS) == [0, 1, 2, 4, 5, 7]
    assert found.messages == 6
    assert found.times()["last reader, from due"]["max"] == pytest.approx(8)
    assert (result(warmup=0.015).from_due / MS).tolist() == [8, 5]


def test_a_message_of_two_updates_brings_both():
    both = [told_of(7, 6, 2, 21, first=5), *TOLD[1::2]]
    arrivals = [(1, 11, 11), (2, 6, 22), (0, 6, 28), (1, 12, 35)]
    found = result(arrivals, both)
    assert found.problems == []
    assert (found.from_due / MS).tolist() == [28, 1, 8, 5]
    conflated = result(arrivals, both, replace(PLAN, conflation_ms=50))
    assert (conflated.from_due / MS).tolist() == [28, 1, 8, 5]
    assert len(conflated.from_stamped) == 0


def test_what_is_missing_is_counted_and_fails():
    found = result(ALL[:-2])
    assert found.problems == ["2 updates have not reached a reader"]
    assert not verdict(found, 0.0)
    assert verdict(result(), 0.0)
    assert verdict(result(), 8.5)
    late = result()
    assert not verdict(late, 5.0)
    assert late.problems == ["p99 is 7.9 ms, wanted within 5 ms"]


def test_a_size_that_does_not_fit_its_number_is_found():
    wrong = [*TOLD[:3], told_of(9, 12, 3, 34)]
    assert result(told=wrong).problems == [
        "1 messages do not tell the size that their number has"
    ]


def test_nothing_heard_is_no_crash():
    empty = Heard(*(np.zeros(0, np.int64) for _ in range(3)), [], np.array([0, 0, 0]), 0, 0.0)
    found = evaluate(PLAN, empty, (DUE, DUE), 0.0, 0)
    assert found.problems == ["6 updates have not reached a reader"]
    assert not verdict(found, 100.0)
    assert found.document()["messages"] == 0


# ------------------------------------------------------------------ what is asked


def test_orders_take_the_instruments_in_turn():
    place = Place((("accounts/x", 5),), tuple((f"instruments/{n}", n) for n in (3, 4, 6)))
    line = orders(Wish(instruments=2, readers=2, rate=10, seconds=1), place)
    assert line.rows["instrument"].tolist() == [3, 4] * 5
    assert len(set(line.rows["cl_ord_id"].tolist())) == len(line.messages) == 10
    assert (np.diff(line.due) == 10**8).all()


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"readers": 0}, "readers"),
        ({"readers": 3, "instruments": 4}, "instruments"),
        ({"door": "window"}, "gateway or grpcio"),
        ({"connections": 2}, "one for each 500 readers"),
        ({"conflation_ms": -1}, "conflation_ms"),
        ({"rate": 5000.0, "seconds": 60.0}, "10,000,000 messages"),
        ({"seconds": 1e9}, "seconds"),
        ({"rate": float("nan")}, "rate"),
    ],
)
def test_what_cannot_be_is_named(wrong, named):
    with pytest.raises(InvalidField, match=named):
        Wish(**wrong).check()


def test_the_command_says_it_in_one_line(capsys):
    assert main(["--door", "window"]) == 2
    assert "gateway or grpcio" in capsys.readouterr().err


def test_open_files_are_asked_for_or_the_limit_is_named(monkeypatch):
    asked = []
    monkeypatch.setattr(resource, "setrlimit", lambda what, pair: asked.append(pair))
    monkeypatch.setattr(resource, "getrlimit", lambda what: (300, 2000))
    raise_files(20)
    assert asked == []
    raise_files(1000)
    assert asked == [(1256, 2000)]
    with pytest.raises(InvalidField, match=r"at most 1,744.*ulimit"):
        raise_files(5000)
