"""Peers that keep a connection and do not go on: each wait has its end, and its reason."""

import gc
import socket
import time

import pytest
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from server.gateway.http2.stream import Stream
from tests.server.gateway.alone import CHECK, COPY, SUBMIT, alone
from tests.server.gateway.peer import PLENTY, PREFACE, Peer, message
from tests.server.test_observability import eventually

CALM = 11
LAST = ["END_STREAM"]
ALL = 2**31 - 1


@pytest.fixture(scope="module")
def impatient():
    """Frames, requests and readers may take 0.3 s; it never asks for a sign of life."""
    with alone(gateway_patience_seconds=0.3) as made:
        yield made


@pytest.fixture(scope="module")
def curious():
    """Asks after 0.2 s of silence, and waits as long for the answer."""
    with alone({"ping": 0.2, "pong": 0.2}) as made:
        yield made


def request(peer, stream, path, body=b"", ends=True):
    flags = ["END_STREAM"] if ends else []
    return peer.headers(stream, path), DataFrame(stream, body or message(b""), flags=flags)


HALVES = {
    "nothing": b"",
    "a preface": PREFACE[:5],
    "a frame's head": PREFACE + SettingsFrame().serialize() + b"\0\0",
    "a frame": PREFACE + SettingsFrame().serialize() + PingFrame(0, b"12345678").serialize()[:12],
    "half of the headers": PREFACE + SettingsFrame().serialize()
    + HeadersFrame(1, b"\x82").serialize(),
    "much of a frame": PREFACE + DataFrame(1, bytes(9_000)).serialize()[:8_000],
}


@pytest.mark.parametrize("name", HALVES)
def test_half_a_frame_is_not_waited_for(impatient, name):
    peer, honest = Peer(impatient.port, begin=False), Peer(impatient.port)
    peer.send(HALVES[name])
    assert peer.goodbye() == CALM
    impatient.serves(honest)
    peer.close()
    honest.close()


def cut_off(peer, end):
    """Whether the server has closed the connection; it must have before `end`."""
    try:
        return not peer.receive()
    except TimeoutError:
        assert time.monotonic() < end
        return False


@pytest.mark.parametrize("start", [0, len(PREFACE) + 9])
def test_bytes_one_by_one_win_no_time(impatient, start):
    """A frame of 16,384 bytes, or the preface, a byte now and then."""
    whole = PREFACE + SettingsFrame().serialize() + DataFrame(1, bytes(16_384)).serialize()
    peer = Peer(impatient.port, begin=False)
    peer.send(whole[:start])
    peer.socket.settimeout(0.5)
    end, sent = time.monotonic() + PLENTY, 0
    for at in range(start, len(whole)):
        peer.send(whole[at : at + 1])
        sent += 1
        if cut_off(peer, end):
            break
    assert peer.goodbye() == CALM
    assert sent < 24  # before the preface could be there
    peer.close()


def test_headers_that_go_on_for_long_are_not_waited_for(impatient):
    """A block of headers in many frames, one now and then: each is whole, the headers are not."""
    peer, before = Peer(impatient.port), impatient.gateway.closed["slow"]
    block = peer.headers(1, CHECK).data
    peer.send(HeadersFrame(1, block[:2]))
    peer.socket.settimeout(0.5)
    end = time.monotonic() + PLENTY
    for at in range(2, len(block)):
        peer.send(ContinuationFrame(1, block[at : at + 1]))
        if cut_off(peer, end):
            break
    assert peer.goodbye() == CALM
    impatient.closes("slow", before + 1)  # and not for the number of frames
    peer.close()


def test_messages_that_are_not_whole_share_a_room():
    """Of all connections together; messages of a frame need none of it."""
    with alone() as made:
        made.gateway.halves.most = 100_000
        body = message(bytes(60_000))
        peers = [Peer(made.port) for _ in range(3)]
        for peer in peers:
            peer.send(*request(peer, 1, SUBMIT, body[:16_000], ends=False))
            peer.send(DataFrame(1, body[16_000:32_000]))
        refused = []

        def one_is_refused():
            peers[0].send(DataFrame(1, body[32_000:40_000]))
            made.serves(peers[0])
            refused.extend(f for f in peers[0].frames if f.stream_id == 1
                           and isinstance(f, HeadersFrame) and "END_STREAM" in f.flags)
            return refused

        eventually(lambda: made.gateway.halves.held >= 90_000)
        assert one_is_refused()[0].fields["grpc-status"] == "8"
        eventually(lambda: made.gateway.halves.held == 64_000)
        peers[1].send(DataFrame(1, body[32_000:48_000]), DataFrame(1, body[48_000:], flags=LAST))
        eventually(lambda: made.gateway.halves.held == 32_000)
        made.answer()
        assert peers[1].status(1)["grpc-status"] == "0"
        for peer in peers:
            peer.close()
        eventually(lambda: made.gateway.halves.held == 0)


def test_a_request_that_does_not_come_has_its_status(impatient):
    peer = Peer(impatient.port)
    peer.send(*request(peer, 1, CHECK, message(b"")[:3], ends=False))
    peer.send(*request(peer, 3, SUBMIT, ends=False))  # whole, and not ended
    for stream in (1, 3):
        assert peer.status(stream)["grpc-status"] == "4"
    impatient.serves(peer)
    peer.close()


def test_a_call_that_takes_long_is_no_slow_request(impatient):
    peer = Peer(impatient.port)
    peer.send(*request(peer, 1, SUBMIT))
    slow = Peer(impatient.port)  # ends when patience with it is over, the call goes on
    slow.send(*request(slow, 1, CHECK, message(b"")[:3], ends=False))
    assert slow.status(1)["grpc-status"] == "4"
    impatient.answer()
    assert peer.status(1)["grpc-status"] == "0"
    assert peer.data(1) == message(b"done")
    peer.close()
    slow.close()


@pytest.mark.parametrize("settings", [{SettingsFrame.INITIAL_WINDOW_SIZE: 0}, {}])
def test_a_reader_without_a_window_is_ended(impatient, settings):
    """A window of the stream that never opens, one of the connection that is used up."""
    peer = Peer(impatient.port, settings=settings)
    before = impatient.gateway.sent
    peer.send(*request(peer, 1, COPY))
    reset = peer.wait(lambda f: isinstance(f, RstStreamFrame))
    assert reset.error_code == CALM
    assert len(peer.data(1)) == (0 if settings else 65_535)
    assert impatient.gateway.sent - before < 100_000
    peer.send(WindowUpdateFrame(0, window_increment=1000))
    peer.send(SettingsFrame(settings={SettingsFrame.INITIAL_WINDOW_SIZE: 1000}))
    impatient.serves(peer)
    peer.close()


def test_streams_that_are_gone_are_not_kept_for_a_window(impatient):
    """Without a window of the connection: begun, given up, and again."""
    peer = Peer(impatient.port)
    peer.send(*request(peer, 1, COPY))
    eventually(lambda: peer.receive() and len(peer.data(1)) == 65_535)
    for stream in range(3, 63, 2):
        peer.send(*request(peer, stream, COPY))
        peer.wait(lambda f, n=stream: isinstance(f, HeadersFrame) and f.stream_id == n)
        peer.send(RstStreamFrame(stream, 8))
    impatient.serves()
    eventually(lambda: impatient.gateway.streams == 0)
    gc.collect()
    assert sum(type(found) is Stream for found in gc.get_objects()) < 5  # isinstance asks proxies
    peer.close()


def test_one_who_does_not_read_is_cut_off(curious):
    peer = Peer(curious.port, begin=False)
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    before = curious.gateway.sent
    peer.send(PREFACE, SettingsFrame(settings={SettingsFrame.INITIAL_WINDOW_SIZE: ALL}))
    peer.send(WindowUpdateFrame(0, window_increment=ALL - 65_535))
    for stream in range(1, 21, 2):
        peer.send(*request(peer, stream, COPY))
    curious.closes("stuck")
    assert curious.gateway.sent - before < 16 * 2**20  # what fits into the system's buffers
    curious.serves()
    peer.close()


def test_one_who_is_silent_is_asked_and_cut_off(curious):
    peer = Peer(curious.port)
    asked = peer.wait(lambda f: isinstance(f, PingFrame))
    assert "ACK" not in asked.flags
    peer.goodbye()
    curious.closes("silent")
    peer.close()


def test_one_who_answers_stays(curious):
    peer = Peer(curious.port)
    for _ in range(2):
        asked = peer.wait(lambda f: isinstance(f, PingFrame))
        peer.frames.clear()
        peer.send(PingFrame(0, asked.opaque_data, flags=["ACK"]))
    curious.serves(peer)
    peer.close()


def test_room_for_so_many_connections():
    with alone(gateway_connections=3) as full:
        peers = [Peer(full.port) for _ in range(3)]
        for peer in peers:
            full.serves(peer)
        refused = Peer(full.port)
        refused.goodbye()
        full.closes("refused")
        for peer in peers:
            full.serves(peer)
        peers[0].close()
        full.closes("peer")
        full.serves()
        for peer in [*peers, refused]:
            peer.close()
