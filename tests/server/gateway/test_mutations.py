"""Bytes of a good conversation, damaged: whatever it does to its own, other connections live on."""

import random
import socket
from contextlib import suppress

import pytest
from hyperframe.frame import (
    DataFrame,
    GoAwayFrame,
    PingFrame,
    PriorityFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from gridworks.api.trading.v1 import order_entry_pb2 as entry
from tests.server.gateway.peer import PREFACE, Peer, message
from tests.server.gateway.test_doors import logon, order
from tests.server.gateway.test_hostile import ENTRY, HEALTH, SUBMIT
from tests.server.test_server_trading import wish

HEAD = 9  # bytes of a frame's header


def conversation(peer, session):
    """Frames of every kind that a client may send, a session and single calls among them."""
    orders = [order(n, n) for n in range(1, 9)]
    wanted = message(wish(price="0.66").SerializeToString())
    return [
        SettingsFrame(settings={SettingsFrame.INITIAL_WINDOW_SIZE: 100_000}),
        WindowUpdateFrame(0, window_increment=1_000_000),
        peer.headers(1, ENTRY),
        DataFrame(1, message(logon(session, reset_msg_seq_num=True).SerializeToString())),
        PingFrame(0, b"12345678"),
        *(DataFrame(1, message(one.SerializeToString())) for one in orders),
        peer.headers(3, SUBMIT),
        DataFrame(3, wanted[:7]),
        DataFrame(3, wanted[7:], pad_length=3, flags=["PADDED", "END_STREAM"]),
        WindowUpdateFrame(1, window_increment=1000),
        peer.headers(5, HEALTH),
        PriorityFrame(5, depends_on=0, stream_weight=16),
        DataFrame(5, message(b""), flags=["END_STREAM"]),
        peer.headers(7, SUBMIT),
        RstStreamFrame(7, 8),
        DataFrame(1, message(entry.OrderEntryRequest(logout=entry.Logout()).SerializeToString())),
        DataFrame(1, b"", flags=["END_STREAM"]),
        GoAwayFrame(0),
    ]  # fmt: skip


def damaged(frames, random):
    """The bytes, with one to four things done to them."""
    parts = [bytearray(frame.serialize()) for frame in frames]
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(parts))
        part = parts[at]
        match random.randrange(7):
            case 0:  # a bit
                part[random.randrange(len(part))] ^= 1 << random.randrange(8)
            case 1:  # a byte of the header
                part[random.randrange(min(HEAD, len(part)))] = random.randrange(256)
            case 2:  # some bytes
                for byte in random.sample(range(len(part)), min(4, len(part))):
                    part[byte] = random.randrange(256)
            case 3:  # less
                del part[random.randrange(len(part)) :]
            case 4:  # a frame twice
                parts.insert(random.randrange(len(parts)), bytearray(part))
            case 5:  # out of its place
                parts.insert(random.randrange(len(parts)), parts.pop(at))
            case 6:  # more
                part += random.randbytes(random.randint(1, 40))
        parts = [part for part in parts if part] or [bytearray(b"\0")]
    return b"".join(parts)


def attack(server, seed):
    """One damaged conversation in pieces; returns when the connection has ended."""
    source = random.Random(seed)
    peer = Peer(server.server.gateway_port, server.keys["trader"], begin=False)
    data = PREFACE + damaged(conversation(peer, f"fuzz-{seed}"), source)
    while data and not peer.closed:
        size = source.choice((1, 5, 100, 100_000))
        peer.send(data[:size])
        data = data[size:]
    with suppress(OSError):
        peer.socket.shutdown(socket.SHUT_WR)  # what is half there does not come
    while not peer.closed and read(peer):
        pass
    peer.close()


def read(peer):
    """What comes; its headers are not looked at, for a damaged table makes them unreadable."""
    try:
        return bool(peer.socket.recv(65536))
    except ConnectionError:
        return False


def honest(peer, number):
    """A call on a connection that was there before."""
    peer.frames.clear()
    peer.send(peer.headers(number, HEALTH))
    peer.send(DataFrame(number, message(b""), flags=["END_STREAM"]))
    return peer.status(number)["grpc-status"]


def go_through(server, seeds, capfd, caplog):
    port, key = server.server.gateway_port, server.keys["trader"]
    stays = Peer(port, key)
    stays.send(WindowUpdateFrame(0, window_increment=2**30))
    for at, seed in enumerate(seeds):
        attack(server, seed)
        if at % 20 == 0:
            assert honest(stays, 2 * at + 1) == "0", seed
    assert honest(stays, 2 * len(seeds) + 1) == "0"
    stays.close()
    out = "".join(capfd.readouterr())
    assert "Traceback" not in out, out
    assert "a call failed" not in out, out
    assert not [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


def test_undamaged_it_is_answered(server):
    """So that the attacks begin from something good."""
    peer = Peer(server.server.gateway_port, server.keys["trader"], begin=False)
    peer.send(PREFACE, *conversation(peer, "undamaged"))
    assert peer.status(3)["grpc-status"] == peer.status(5)["grpc-status"] == "0"
    assert peer.status(1)["grpc-status"] == "0"
    reports, data = 0, peer.data(1)
    while data:
        size = 5 + int.from_bytes(data[1:5], "big")
        reports += len(entry.OrderEntryResponse.FromString(data[5:size]).reports)
        data = data[size:]
    assert reports == 8
    peer.close()


def test_damaged_bytes_hurt_nobody_else(server, capfd, caplog):
    go_through(server, [*range(100), 3440], capfd, caplog)  # 3440: a reset by the library


@pytest.mark.soak
def test_damaged_bytes_for_long(server, capfd, caplog):
    go_through(server, range(1_000, 21_000), capfd, caplog)
