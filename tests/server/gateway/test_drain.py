"""A gateway that stops: what is under way ends in good order, what is new is refused."""

import asyncio

import pytest
from hyperframe.frame import DataFrame, GoAwayFrame, PingFrame

from tests.server.gateway.alone import COPY, SUBMIT, alone
from tests.server.gateway.peer import Peer, message
from tests.server.test_observability import eventually

LAST = 2**31 - 1


@pytest.fixture
def going():
    """A gateway whose `stop` is called by the test."""
    with alone() as made:
        yield made


def begin(peer, stream, path):
    peer.send(peer.headers(stream, path), DataFrame(stream, message(b""), flags=["END_STREAM"]))


def stop(made, grace):
    return asyncio.run_coroutine_threadsafe(made.gateway.stop(grace), made.loop)


def goodbyes(peer):
    return [f for f in peer.frames if isinstance(f, GoAwayFrame)]


def test_calls_under_way_end_and_new_ones_do_not_begin(going):
    peer, idle = Peer(going.port), Peer(going.port)
    begin(peer, 1, SUBMIT)
    eventually(lambda: going.gateway.streams == 1)
    stopping = stop(going, 60)
    first = peer.wait(lambda f: isinstance(f, GoAwayFrame))
    assert (first.last_stream_id, first.error_code) == (LAST, 0)  # not yet which are too late
    peer.wait(lambda f: isinstance(f, GoAwayFrame) and f.last_stream_id == 1)
    begin(peer, 3, SUBMIT)
    peer.send(PingFrame(0, b"are you?"))
    peer.wait(lambda f: isinstance(f, PingFrame) and "ACK" in f.flags)
    assert going.gateway.streams == 1
    with pytest.raises(OSError, match="refused"):
        Peer(going.port)
    assert not stopping.done()
    going.answer()
    assert peer.status(1)["grpc-status"] == "0"
    assert peer.data(1) == message(b"done")
    assert peer.goodbye() == 0
    assert idle.goodbye() == 0
    assert not any(f.stream_id == 3 for f in peer.frames)
    assert {f.last_stream_id for f in goodbyes(peer)} == {LAST, 1}
    stopping.result(60)
    assert going.gateway.closed["drained"] + going.gateway.closed["goodbye"] == 2
    peer.close()
    idle.close()


def test_what_does_not_end_is_ended(going):
    """A reader of a stream without end, and a call that is not answered."""
    peer = Peer(going.port)
    begin(peer, 1, COPY)
    begin(peer, 3, SUBMIT)
    eventually(lambda: going.gateway.streams == 2)
    stopping = stop(going, 0.1)
    assert peer.goodbye() == 0
    stopping.result(60)
    assert not going.gateway.connections
    assert going.gateway.streams == 0
    peer.close()


def test_a_peer_that_says_goodbye_has_its_answers(going):
    peer = Peer(going.port)
    begin(peer, 1, SUBMIT)
    eventually(lambda: going.gateway.streams == 1)
    peer.send(GoAwayFrame(0, last_stream_id=0))
    going.serves()
    going.answer()
    assert peer.status(1)["grpc-status"] == "0"
    peer.close()
    eventually(lambda: not going.gateway.connections)
