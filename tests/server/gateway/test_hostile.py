"""Peers that do not play by the rules: the right error, and nobody else notices."""

import struct

import pytest
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from gridworks.api.trading.v1 import trading_service_pb2 as api
from tests.server.gateway.peer import PREFACE, Peer, message
from tests.server.gateway.test_doors import logon
from tests.server.test_server_trading import wish

SUBMIT = "/gridworks.api.trading.v1.TradingService/SubmitOrder"
ENTRY = "/gridworks.api.trading.v1.TradingService/OrderEntry"
HEALTH = "/grpc.health.v1.Health/Check"
PROTOCOL, FLOW, SIZE, COMPRESSION, CALM = 1, 3, 6, 9, 11


@pytest.fixture
def peer(server):
    made = Peer(server.server.gateway_port, server.keys["trader"])
    yield made
    made.close()


@pytest.fixture(autouse=True)
def others_do_not_notice(server):
    """After each attack an honest client is served."""
    yield
    honest = Peer(server.server.gateway_port)
    honest.send(honest.headers(1, HEALTH), DataFrame(1, message(b""), flags=["END_STREAM"]))
    assert honest.status(1)["grpc-status"] == "0"
    honest.close()


def frame(kind: int, flags: int, stream: int, body: bytes = b"", size: int | None = None) -> bytes:
    length = len(body) if size is None else size
    return struct.pack(">IBI", length << 8 | kind, flags, stream) + body


def test_no_preface(server):
    peer = Peer(server.server.gateway_port, begin=False)
    peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    code = peer.goodbye()
    peer.close()
    assert code == PROTOCOL


BROKEN = {
    "data on no stream": (lambda p: DataFrame(7, b"x"), PROTOCOL),
    "data on the connection": (lambda p: DataFrame(1, b"x").serialize()[:8] + b"\0x", PROTOCOL),
    "a stream of ours": (lambda p: p.headers(2, HEALTH), PROTOCOL),
    "a short ping": (lambda p: frame(6, 0, 0, b"abc"), SIZE),
    "a frame too long": (lambda p: frame(0, 0, 1, b"x" * 99, size=70_000), SIZE),
    "a huge length": (lambda p: frame(4, 0, 0, size=2**24 - 1), SIZE),
    "no credit": (lambda p: frame(8, 0, 0, struct.pack(">I", 0)), PROTOCOL),
    "credit of a wrong size": (lambda p: frame(8, 0, 0, b"\0\0\1"), SIZE),
    "credit for no stream": (lambda p: WindowUpdateFrame(99, window_increment=5), PROTOCOL),
    "too much credit": (lambda p: WindowUpdateFrame(0, window_increment=2**31 - 1), FLOW),
    "no header coding": (
        lambda p: HeadersFrame(1, b"\xff" * 9, flags=["END_HEADERS"]), COMPRESSION,
    ),
    "a frame within headers": (
        lambda p: p.headers(1, HEALTH, flags=()).serialize() + PingFrame(0, b"x" * 8).serialize(),
        PROTOCOL,
    ),
    "a bad setting": (lambda p: SettingsFrame(settings={4: 2**31}), FLOW),
    "many pings": (lambda p: PingFrame(0, b"12345678").serialize() * 20_000, CALM),
    "many settings": (lambda p: SettingsFrame().serialize() * 20_000, CALM),
    "much credit": (lambda p: WindowUpdateFrame(0, window_increment=1).serialize() * 20_000, CALM),
    "many resets": (
        lambda p: b"".join(
            p.headers(n, SUBMIT).serialize() + RstStreamFrame(n, 8).serialize()
            for n in range(1, 6001, 2)
        ), CALM,
    ),
    "many continuations": (
        lambda p: p.headers(1, HEALTH, flags=()).serialize()
        + ContinuationFrame(1, b"").serialize() * 2_000, CALM,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_closes_the_connection(peer, name):
    make, code = BROKEN[name]
    peer.send(make(peer))
    assert peer.goodbye() == code


def test_empty_frames_without_end(peer):
    peer.send(peer.headers(1, ENTRY), DataFrame(1, message(logon("empty").SerializeToString())))
    peer.send(DataFrame(1, b"").serialize() * 20_000)
    assert peer.goodbye() == CALM


def test_more_data_than_the_window(peer):
    """The stream waits for its logon, so nothing is credited."""
    peer.send(peer.headers(1, ENTRY))
    block = DataFrame(1, message(b"\x12\x00" * 8000)).serialize()
    peer.send(block * 80)
    codes = {f.error_code for f in read(peer) if isinstance(f, GoAwayFrame)}
    assert codes <= {FLOW}  # or its status came first
    assert codes or peer.status(1)["grpc-status"] == "3"


def read(peer):
    """All frames until the connection or the first stream ends."""
    while peer.receive():
        if any(isinstance(f, HeadersFrame) and "END_STREAM" in f.flags for f in peer.frames):
            break
    return peer.frames


@pytest.mark.parametrize("padding", [0, 1, 255])
@pytest.mark.parametrize("cuts", ["whole", "bytes", "frames"])
def test_any_cut_of_a_call_is_the_same_call(peer, cuts, padding):
    request = wish(price="0.77").SerializeToString()
    body = message(request)
    size = {"whole": len(body), "bytes": len(body), "frames": 1}[cuts]
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    frames = [peer.headers(1, SUBMIT)]
    for at, part in enumerate(parts):
        flags = ["END_STREAM"] if at == len(parts) - 1 else []
        if padding:
            flags.append("PADDED")
        frames.append(DataFrame(1, part, pad_length=padding, flags=flags))
    data = b"".join(f.serialize() for f in frames)
    if cuts == "bytes":
        for at in range(len(data)):
            peer.send(data[at : at + 1])
    else:
        peer.send(data)
    assert peer.status(1)["grpc-status"] == "0"
    assert api.SubmitOrderResponse.FromString(peer.data(1)[5:]).order.working


REFUSED = [
    ({"method": "GET"}, (), {":status": "405"}),
    ({}, (("content-type", "text/html"),), {":status": "415"}),
    ({}, (("content-type", "application/grpc+json"),), {":status": "415"}),
    ({}, (("grpc-encoding", "gzip"),), {"grpc-status": "12", "grpc-accept-encoding": "identity"}),
    ({}, (("grpc-timeout", "soon"),), {"grpc-status": "3"}),
    ({}, (("x-bin", "???"),), {"grpc-status": "3"}),
    ({}, (("grpc-timeout", "1n"),), {"grpc-status": "4"}),
]  # fmt: skip


@pytest.mark.parametrize(("how", "more", "status"), REFUSED)
def test_headers_that_are_no_good_call(peer, how, more, status):
    peer.send(peer.headers(1, SUBMIT, *more, **how))
    peer.send(DataFrame(1, message(wish().SerializeToString()), flags=["END_STREAM"]))
    found = peer.status(1)
    assert {name: found.get(name) for name in status} == status


def test_a_compressed_message_is_not_taken(peer):
    peer.send(peer.headers(1, SUBMIT), DataFrame(1, message(b"x", 1), flags=["END_STREAM"]))
    assert peer.status(1)["grpc-status"] == "12"
    peer.send(peer.headers(3, ENTRY), DataFrame(3, message(logon("zip").SerializeToString())))
    peer.send(DataFrame(3, message(b"x", 1)))
    assert peer.status(3)["grpc-status"] == "12"


def test_a_message_that_is_too_long_is_refused_before_it_is_there(peer):
    for stream, path in ((1, SUBMIT), (3, ENTRY)):
        peer.send(peer.headers(stream, path), DataFrame(stream, b"\0\xff\xff\xff\xff"))
        assert peer.status(stream)["grpc-status"] == "8"


@pytest.mark.parametrize("path", [SUBMIT, ENTRY, SUBMIT.replace("SubmitOrder", "DropCopy")])
def test_who_is_not_known_is_refused_before_the_request_is_there(server, path):
    stranger = Peer(server.server.gateway_port)
    stranger.send(stranger.headers(1, path), DataFrame(1, message(bytes(1000))[:500]))
    assert stranger.status(1)["grpc-status"] == "16"
    stranger.close()


def test_a_session_that_ends_within_a_message_is_told_so(peer):
    first = message(logon("half").SerializeToString())
    peer.send(peer.headers(1, ENTRY), DataFrame(1, first + first[:9], flags=["END_STREAM"]))
    found = peer.status(1)
    assert found["grpc-status"] == "3"
    assert "first 9 bytes" in found["grpc-message"]


def test_too_much_metadata_closes_nothing_but_the_call(peer):
    peer.send(peer.headers(1, SUBMIT, ("x", "y" * 15_000)))
    peer.send(DataFrame(1, message(wish().SerializeToString()), flags=["END_STREAM"]))
    assert peer.status(1)["grpc-status"] == "0"


def test_a_preface_in_pieces(server):
    peer = Peer(server.server.gateway_port, begin=False)
    for byte in PREFACE + SettingsFrame().serialize():
        peer.send(bytes([byte]))
    peer.send(peer.headers(1, HEALTH), DataFrame(1, message(b""), flags=["END_STREAM"]))
    assert peer.status(1)["grpc-status"] == "0"
    peer.close()
