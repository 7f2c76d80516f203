"""RFC 9113, RFC 7541, gRPC's HTTP/2 document, rule by rule: what a frame or header comes to."""

import struct

import pytest
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from tests.server.gateway.alone import CHECK, SUBMIT, alone
from tests.server.gateway.peer import Peer, message

PROTOCOL, FLOW, CLOSED, SIZE, REFUSED, COMPRESSION, CALM = 1, 3, 5, 6, 7, 9, 11
EMPTY = message(b"")
LAST = ["END_STREAM"]
WHOLE, NO_END = ["END_HEADERS", "END_STREAM"], ["END_HEADERS"]
PLAIN = {
    ":method": "POST", ":scheme": "http", ":path": CHECK, ":authority": "x", "te": "trailers",
    "content-type": "application/grpc",
}  # fmt: skip


@pytest.fixture(scope="module")
def made():
    with alone() as found:
        yield found


@pytest.fixture
def peer(made):
    found = Peer(made.port)
    yield found
    found.close()
    made.serves()


def raw(kind: int, flags: int, stream: int, body: bytes = b"") -> bytes:
    return struct.pack(">IBI", len(body) << 8 | kind, flags, stream) + body


def headers(peer, fields, stream=1, flags=NO_END, **more):
    return HeadersFrame(stream, peer.encoder.encode(list(fields)), flags=flags, **more)


def call(*more, **changed):
    """Headers of a call, some changed or (None) left out, and its message."""
    fields = PLAIN | {name.replace("_", "-"): value for name, value in changed.items()}
    kept = [(name, value) for name, value in fields.items() if value is not None]
    return lambda p: [headers(p, [*kept, *more]), DataFrame(1, EMPTY, flags=LAST)]


def pseudo(**changed):
    fields = PLAIN | {f":{name}": value for name, value in changed.items()}
    kept = [(name, value) for name, value in fields.items() if value is not None]
    return lambda p: [headers(p, kept), DataFrame(1, EMPTY, flags=LAST)]


def held(*frames):
    """A call that is not answered, and frames behind it."""
    return lambda p: [p.headers(1, SUBMIT), DataFrame(1, EMPTY, flags=LAST), *frames]


def going(*frames):
    """A call whose message has not come, and frames behind it."""
    return lambda p: [p.headers(1, SUBMIT), *frames]


def again(p):
    return p.headers(3, CHECK), DataFrame(3, EMPTY, flags=LAST)


def split(p):
    block = p.headers(1, CHECK).data
    return [
        HeadersFrame(1, block[:3]), ContinuationFrame(1, block[3:9]),
        ContinuationFrame(1, block[9:], flags=["END_HEADERS"]), DataFrame(1, EMPTY, flags=LAST),
    ]  # fmt: skip


def long_headers(p, size):
    block = p.headers(1, CHECK, *((f"x{n}", "y" * 7000) for n in range(size // 7000))).data
    parts = [block[at : at + 16_384] for at in range(0, len(block), 16_384)]
    frames = [HeadersFrame(1, parts[0]), *(ContinuationFrame(1, part) for part in parts[1:])]
    frames[-1].flags.add("END_HEADERS")
    return [*frames, DataFrame(1, EMPTY, flags=LAST)]


def trailers(p, body, *fields, flags=WHOLE):
    return [p.headers(1, CHECK), DataFrame(1, body), headers(p, fields, flags=flags)]


def settings(**named):
    return lambda p: [SettingsFrame(settings={int(k[1:]): v for k, v in named.items()})]


def tables(block):
    return lambda p: [HeadersFrame(1, block, flags=NO_END)]


CLOSES = {
    # 5.1, states
    "data on an idle stream": (lambda p: [DataFrame(1, b"x")], PROTOCOL),
    "a reset of an idle stream": (lambda p: [RstStreamFrame(1, 8)], PROTOCOL),
    "credit for an idle stream": (lambda p: [WindowUpdateFrame(1, window_increment=1)], PROTOCOL),
    "data behind the end": (held(DataFrame(1, EMPTY)), CLOSED),
    "data behind the answer": (lambda p: [*again(p), DataFrame(3, EMPTY)], CLOSED),
    "headers behind the answer": (lambda p: [*again(p), *again(p)], CLOSED),
    "data behind a reset": (going(RstStreamFrame(1, 8), DataFrame(1, EMPTY)), CLOSED),
    "headers behind a reset": (
        lambda p: [p.headers(1, SUBMIT), RstStreamFrame(1, 8), p.headers(1, SUBMIT)], CLOSED,
    ),
    # 5.1.1, numbers
    "an even number": (lambda p: [p.headers(2, CHECK)], PROTOCOL),
    "a number below the last": (lambda p: [*again(p), p.headers(1, CHECK)], PROTOCOL),
    # 6.1 to 6.10, frames
    "data of the connection": (lambda p: [raw(0, 0, 0, b"x")], PROTOCOL),
    "padding longer than its data": (going(raw(0, 8, 1, b"\x05ab")), PROTOCOL),
    "padding without a length": (going(raw(0, 8, 1)), PROTOCOL),
    "headers of the connection": (lambda p: [raw(1, 4, 0, b"\x82")], PROTOCOL),
    "padding longer than its headers": (lambda p: [raw(1, 12, 1, b"\xff\x82")], PROTOCOL),
    "a priority of the connection": (lambda p: [raw(2, 0, 0, bytes(5))], PROTOCOL),
    "a priority of itself": (lambda p: [PriorityFrame(5, depends_on=5)], PROTOCOL),
    "a short priority": (lambda p: [raw(2, 0, 1, bytes(4))], SIZE),
    "a reset of the connection": (lambda p: [raw(3, 0, 0, bytes(4))], PROTOCOL),
    "a short reset": (going(raw(3, 0, 1, bytes(3))), SIZE),
    "settings of a stream": (lambda p: [raw(4, 0, 1)], PROTOCOL),
    "settings of 5 bytes": (lambda p: [raw(4, 0, 0, bytes(5))], SIZE),
    "an answer to settings with settings": (lambda p: [raw(4, 1, 0, bytes(6))], SIZE),
    "push neither on nor off": (settings(_2=2), PROTOCOL),
    "a window too large": (settings(_4=2**31), FLOW),
    "frames too small": (settings(_5=16_383), PROTOCOL),
    "frames too large": (settings(_5=2**24), PROTOCOL),
    "a promise": (lambda p: [raw(5, 4, 1, b"\0\0\0\2\x82")], PROTOCOL),
    "a ping of a stream": (lambda p: [raw(6, 0, 1, bytes(8))], PROTOCOL),
    "a ping of 9 bytes": (lambda p: [raw(6, 0, 0, bytes(9))], SIZE),
    "a goodbye of a stream": (lambda p: [raw(7, 0, 1, bytes(8))], PROTOCOL),
    "a short goodbye": (lambda p: [raw(7, 0, 0, bytes(4))], SIZE),
    "no credit for a stream": (going(raw(8, 0, 1, bytes(4))), PROTOCOL),
    "a continuation of nothing": (lambda p: [raw(9, 4, 1, b"\x82")], PROTOCOL),
    "a continuation of another": (
        lambda p: [p.headers(1, CHECK, flags=()), ContinuationFrame(3, b"")], PROTOCOL,
    ),
    "an unknown frame within headers": (
        lambda p: [p.headers(1, CHECK, flags=()), raw(0xBB, 0, 1)], PROTOCOL,
    ),
    # RFC 7541
    "index 0": (tables(b"\x80"), COMPRESSION),
    "an index behind the table": (tables(b"\xff\x10"), COMPRESSION),
    "a number without end": (tables(b"\xff" * 20), COMPRESSION),
    "a larger table than agreed on": (tables(b"\x3f\xff\x7f"), COMPRESSION),
    # more than is bearable
    "unknown frames": (lambda p: [raw(0xBB, 0, 0) * 20_000], CALM),
    "priorities": (lambda p: [raw(2, 0, 1, bytes(5)) * 20_000], CALM),
    "resets of what is over": (going(RstStreamFrame(1, 8).serialize() * 20_000), CALM),
    "data for what we ended": (
        lambda p: [p.headers(1, "/no/method"), DataFrame(1, b"x").serialize() * 60_000], CALM,
    ),
    "goodbyes": (going(raw(7, 0, 0, bytes(8)) * 20_000), CALM),
    "streams that we must reset": (
        lambda p: [
            b"".join(
                p.headers(n, SUBMIT).serialize() + raw(8, 0, n, b"\x7f\xff\xff\xff")
                for n in range(1, 12_001, 2)
            )
            + PingFrame(0, b"12345678").serialize() * 10_000
        ], CALM,
    ),
    "headers that are none": (
        lambda p: [
            b"".join(headers(p, [("X", "1")], n).serialize() for n in range(1, 24_001, 2))
        ], CALM,
    ),
    "four times the metadata": (lambda p: long_headers(p, 70_000), CALM),
}  # fmt: skip


@pytest.mark.parametrize("name", CLOSES)
def test_it_closes_the_connection(peer, name):
    frames, code = CLOSES[name]
    peer.send(*frames(peer))
    assert peer.goodbye() == code


RESETS = {
    "te": call(te="gzip"),
    "connection": call(("connection", "close")),
    "an upper-case name": call(("X-Up", "1")),
    "a name with a space": call(("a b", "1")),
    "no name": call(("", "1")),
    "a value with a zero": call(("x", "a\0b")),
    "a value of two lines": call(("x", "a\nb")),
    "no path": pseudo(path=None),
    "an empty path": pseudo(path=""),
    "no method": pseudo(method=None),
    "no scheme": pseudo(scheme=None),
    "an unknown pseudo header": pseudo(protocol="x"),
    "a status": pseudo(status="200"),
    "two paths": call((":path", CHECK)),
    "a pseudo header behind others": lambda p: [headers(p, [("te", "trailers"), *PLAIN.items()])],
    "more than its length": call(("content-length", "4")),
    "less than its length": call(("content-length", "6")),
    "a length that is none": call(("content-length", "x")),
    "trailers that do not end": lambda p: trailers(p, EMPTY, ("x", "1"), flags=NO_END),
    "trailers with a path": lambda p: trailers(p, EMPTY, (":path", "/")),
}


@pytest.mark.parametrize("name", RESETS)
def test_it_resets_the_stream(made, peer, name):
    peer.send(*RESETS[name](peer))
    assert peer.status(1) == {"reset": PROTOCOL}
    made.serves(peer)


def test_too_much_credit_resets_the_stream(made, peer):
    peer.send(*going(raw(8, 0, 1, b"\x7f\xff\xff\xff"))(peer))
    assert peer.status(1) == {"reset": FLOW}
    made.serves(peer)


def test_more_streams_than_allowed_are_refused_and_what_comes_for_them_is_no_mistake(made, peer):
    peer.send(*(peer.headers(n, SUBMIT) for n in range(1, 203, 2)))
    assert peer.status(201) == {"reset": REFUSED}
    peer.send(DataFrame(201, EMPTY), WindowUpdateFrame(201, window_increment=9))
    peer.send(RstStreamFrame(1, 8))
    made.serves(peer)


ANSWERED = {
    "as usual": call(),
    "a subtype": call(content_type="application/grpc+proto"),
    "a parameter": call(content_type="application/grpc; charset=utf-8"),
    "upper case": call(content_type="Application/GRPC"),
    "no te": call(te=None),
    "te twice": call(("te", "trailers")),
    "https": pseudo(scheme="https"),
    "bytes": call(("x", b"\xff\xfe")),
    "an empty value": call(("x", "")),
    "many": call(*((f"x{n}", "") for n in range(400))),
    "base64": call(("x-bin", "AAEC")),
    "padded base64": call(("x-bin", "AAE=")),
    "a list of base64": call(("x-bin", "AAE,AAEC")),
    "empty base64": call(("x-bin", "")),
    "the longest time": call(("grpc-timeout", "99999999H")),
    "minutes": call(("grpc-timeout", "5M")),
    "identity": call(("grpc-encoding", "identity")),
    "its length": call(("content-length", "5")),
    "continued headers": split,
    "padded headers": lambda p: [
        HeadersFrame(1, p.headers(1, CHECK).data, pad_length=9, flags=[*NO_END, "PADDED"]),
        DataFrame(1, EMPTY, flags=LAST),
    ],
    "headers with a priority": lambda p: [
        HeadersFrame(1, p.headers(1, CHECK).data, stream_weight=9, flags=[*NO_END, "PRIORITY"]),
        DataFrame(1, EMPTY, flags=LAST),
    ],
    "trailers": lambda p: trailers(p, EMPTY, ("x", "1")),
    "empty frames": lambda p: [
        p.headers(1, CHECK), DataFrame(1, b""), DataFrame(1, EMPTY), DataFrame(1, b"", flags=LAST),
    ],
    "unknown frames and flags": lambda p: [
        raw(0xBB, 0xFF, 5, b"x"), p.headers(1, CHECK), raw(0xBB, 0, 1), raw(0, 0xF7, 1, EMPTY),
    ],
    "a priority before it": lambda p: [PriorityFrame(1, depends_on=7), *call()(p)],
    "settings that nobody knows": lambda p: [SettingsFrame(settings={99: 1}), *call()(p)],
    "no table": lambda p: [SettingsFrame(settings={1: 0}), *call()(p)],
    "a huge table": lambda p: [SettingsFrame(settings={1: 2**32 - 1}), *call()(p)],
    "a reset of what was answered": lambda p: [*again(p), RstStreamFrame(3, 8), *again5(p)],
}  # fmt: skip


def again5(p):
    return p.headers(5, CHECK), DataFrame(5, EMPTY, flags=LAST)


@pytest.mark.parametrize("name", ANSWERED)
def test_it_is_answered(peer, name):
    frames = ANSWERED[name](peer)
    peer.send(*frames)
    number = max(f.stream_id for f in frames if isinstance(f, Frame))
    assert peer.status(number)["grpc-status"] == "0"


@pytest.mark.parametrize("late", [
    DataFrame(1, EMPTY), DataFrame(1, EMPTY, flags=LAST), RstStreamFrame(1, 8),
    WindowUpdateFrame(1, window_increment=1), raw(1, 5, 1, b"\x00\x01x\x011"),
])  # fmt: skip
def test_what_was_on_its_way_when_we_ended_a_call_is_no_mistake(peer, late):
    peer.send(peer.headers(1, "/no/method"))
    assert peer.status(1)["grpc-status"] == "12"
    peer.send(late, *again(peer))
    assert peer.status(3)["grpc-status"] == "0"


STATUSES = {
    "no message": (lambda p: [p.headers(1, CHECK, flags=WHOLE)], "3", "none"),
    "an end and no message": (lambda p: [p.headers(1, CHECK), DataFrame(1, b"", flags=LAST)],
                              "3", "none"),
    "half a prefix": (lambda p: [p.headers(1, CHECK), DataFrame(1, b"\0\0", flags=LAST)],
                      "3", "first 2 bytes"),
    "half a message": (
        lambda p: [p.headers(1, CHECK), DataFrame(1, message(b"abcdef")[:8], flags=LAST)],
        "3", "first 8 bytes",
    ),
    "half a message and trailers": (lambda p: trailers(p, EMPTY[:3], ("x", "1")),
                                    "3", "first 3 bytes"),
    "two messages": (lambda p: [p.headers(1, CHECK), DataFrame(1, EMPTY * 2, flags=LAST)],
                     "3", "more than one"),
    "a byte too many": (lambda p: [p.headers(1, CHECK), DataFrame(1, EMPTY + b"x", flags=LAST)],
                        "3", "first 1 bytes"),
    "no such method": (pseudo(path=CHECK + "?x"), "12", "Check?x"),
    "a path of bytes": (pseudo(path=b"/\xff"), "12", "%C3%BF"),
    "an encoding": (call(("grpc-encoding", "gzip")), "12", "gzip"),
    "a compressed message": (
        lambda p: [p.headers(1, CHECK), DataFrame(1, message(b"", 1), flags=LAST)], "12", "",
    ),
    "a flag that is none": (
        lambda p: [p.headers(1, CHECK), DataFrame(1, message(b"", 2), flags=LAST)], "12", "",
    ),
    "base64 of one letter": (call(("x-bin", "A")), "3", "x-bin"),
    **{
        f"the time {value!r}": (call(("grpc-timeout", value)), "3", "grpc-timeout")
        for value in ("", "S", "10", "-1S", "1.5S", " 1S"[1:] + " x", "999999999S", "1s", "\u0661S")
    },
    "no time": (lambda p: [p.headers(1, SUBMIT, ("grpc-timeout", "0S"))], "4", ""),
    "more metadata than is taken": (lambda p: long_headers(p, 21_000), "8", "metadata"),
    "much more metadata": (lambda p: long_headers(p, 56_000), "8", "metadata"),
}  # fmt: skip


@pytest.mark.parametrize("name", STATUSES)
def test_its_status_says_what_is_wrong(made, peer, name):
    frames, code, text = STATUSES[name]
    peer.send(*frames(peer))
    found = peer.status(1)
    assert found["grpc-status"] == code
    assert text in found["grpc-message"]
    made.serves(peer)


@pytest.mark.parametrize("kind", [None, "", "text/html", "application/grpc-web", "grpc"])
def test_what_is_no_grpc_is_a_status_of_http(made, peer, kind):
    peer.send(*call(content_type=kind)(peer))
    assert peer.status(1)[":status"] == "415"
    made.serves(peer)


def test_a_new_window_counts_for_streams_that_are_open(made, peer):
    """RFC 9113, 6.9.2: it may make their windows negative, and gives them back what it adds."""
    peer.send(SettingsFrame(settings={SettingsFrame.INITIAL_WINDOW_SIZE: 3}))
    peer.send(*call()(peer))
    peer.wait(lambda f: isinstance(f, DataFrame))
    assert peer.data(1) == message(b"\x08\x01")[:3]
    peer.send(SettingsFrame(settings={SettingsFrame.INITIAL_WINDOW_SIZE: 1}))
    peer.send(WindowUpdateFrame(1, window_increment=2))  # -2 + 2
    peer.send(PingFrame(0, b"are you?"))
    peer.wait(lambda f: isinstance(f, PingFrame) and "ACK" in f.flags)
    assert len(peer.data(1)) == 3
    peer.send(SettingsFrame(settings={SettingsFrame.INITIAL_WINDOW_SIZE: 100}))
    assert peer.status(1)["grpc-status"] == "0"
    assert peer.data(1) == message(b"\x08\x01")


def test_a_window_that_settings_make_too_large_closes_the_connection(peer):
    peer.send(*going(WindowUpdateFrame(1, window_increment=2**31 - 1 - 65_535))(peer))
    peer.send(SettingsFrame(settings={SettingsFrame.INITIAL_WINDOW_SIZE: 65_536}))
    assert peer.goodbye() == FLOW


def test_a_client_that_says_goodbye_is_let_go(peer):
    peer.send(GoAwayFrame(0))
    assert peer.goodbye() is None
    assert peer.closed
