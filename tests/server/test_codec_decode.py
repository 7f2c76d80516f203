"""The decoder against the generated code: same rows for what is valid, a place for what is not."""

import random

import numpy as np
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.codes import Command, ExecInst, Side
from domain.jit import DISABLED
from domain.layout import COMMAND
from gridworks.api.trading.v1.order_entry_pb2 import Logon, OrderCommand, OrderEntryRequest
from server.codec.decoder import Decoder
from server.codec.faults import MAX_GROUPS, Fault, WireFault
from server.codec.slots import Message
from server.codec.tables import FLAGS, ORDERS, ZERO, allowed

LESS = 4 if DISABLED else 1  # uncompiled, an example takes a hundred times as long

pytestmark = pytest.mark.nojit

FIELDS = OrderCommand.DESCRIPTOR.fields
CODED = [f for f in FIELDS if f.enum_type is not None and not f.is_repeated]
DECODER = Decoder(rows=64, data=1 << 16, messages=16)


# ------------------------------------------------------------------------------ the oracle


def row_of(command: OrderCommand) -> bytes:
    """The row that a parsed command should become."""
    row = np.zeros(1, COMMAND)
    for field in FIELDS:
        value = getattr(command, field.name)
        if field.is_repeated:
            value = int(np.bitwise_or.reduce([int(v) for v in value] or [0]))
        elif field.enum_type is not None and value == ZERO:
            value = 0
        row[field.name] = value
    return row.tobytes()


def fault_of(command: OrderCommand) -> tuple[Fault, str]:
    """What is wrong with a parsed command, and with which field."""
    for field in sorted(FIELDS, key=lambda f: f.number):
        value = getattr(command, field.name)
        if field.is_repeated:
            if any(v & FLAGS != v or v & (v - 1) for v in value):
                return Fault.UNKNOWN_CODE, field.name
        elif field.enum_type is not None:
            if value not in allowed(field.name) and (field.name != "command" or value):
                return Fault.UNKNOWN_CODE, field.name
        elif field.name == "list_size" and value > 255:
            return Fault.OUT_OF_RANGE, field.name
    return (Fault.NONE, "") if command.command else (Fault.MISSING, "command")


def hold(data: bytes) -> str:
    """Decode, and hold the outcome against the generated code; returns what it was."""
    try:
        message = OrderEntryRequest.FromString(data)
    except DecodeError:
        message = None
    rows, error = None, None
    try:
        rows = DECODER.one(data)
    except WireFault as caught:
        error = caught
    if error is not None:
        assert 0 <= error.position <= len(data)
        if message is None or error.fault in (Fault.TOO_DEEP, Fault.TOO_MANY):
            return "refused"
        if error.fault == Fault.TAG:  # protobuf's parser lets a zero pass in an unknown group
            assert data[error.position] & 0x7F < 8, "a field number other than 0"
            return "refused"
        found = [(i, *fault_of(c)) for i, c in enumerate(message.commands)]
        at, fault, name = next(f for f in found if f[1])
        assert (error.fault, error.field) == (fault, f"commands[{at}].{name}")
        return fault.name
    if message is None:  # then it is in a control message, which is read by the generated code
        assert DECODER.control
        return "control"
    assert not any(fault_of(c)[0] for c in message.commands)
    assert rows.tobytes() == b"".join(map(row_of, message.commands))
    assert DECODER.msg_seq_num == message.msg_seq_num
    present = {f.number for f, _ in message.ListFields()} & {3, 4, 5, 6}
    assert {bit for bit in range(3, 7) if DECODER.control >> bit & 1} == present
    return "rows"


# ------------------------------------------------------------------------------ what is sent


def varint(value: int, length: int = 0) -> bytes:
    """A varint, with `length` padded to so many bytes."""
    value &= 2**64 - 1
    out = bytearray()
    while value > 127 or len(out) + 1 < length:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


NUMBERS = st.one_of(
    st.integers(0, 130), st.sampled_from([1, 2, 4, 8, 32, 48, 66, 74, 84, 255, 256, 512, 1024]),
    st.integers(-(2**63), 2**64 - 1), st.sampled_from([2**31 - 1, 2**31, 2**32 + 1, 2**63]),
)  # fmt: skip


@st.composite
def raw_fields(draw: st.DrawFn, depth: int = 0) -> bytes:
    """Fields as they come: any number, any wire type, padded varints, groups, nested messages."""
    parts = []
    for _ in range(draw(st.integers(0, 8))):
        number = draw(st.one_of(st.integers(0, 30), st.integers(0, 2**29)))
        kind = draw(st.sampled_from([0, 0, 0, 0, 1, 2, 2, 3, 5] + ([4, 6, 7] if depth else [])))
        body = b""
        if kind == 0:
            body = varint(draw(NUMBERS), draw(st.sampled_from([0, 0, 0, 2, 5, 10, 11])))
        elif kind in (1, 5):
            body = draw(st.binary(min_size=12 - kind - 3 * (kind == 1), max_size=8))[: 9 - kind]
        elif kind == 2:
            inner = draw(raw_fields(depth + 1)) if depth < 2 else draw(st.binary(max_size=9))
            size = len(inner) + draw(st.sampled_from([0, 0, 0, 0, 1, -1, 2**32]))
            body = varint(size, draw(st.sampled_from([0, 0, 0, 5, 6]))) + inner
        elif kind == 3:
            inner = draw(raw_fields(depth + 1)) if depth < 3 else b""
            body = inner + varint(number << 3 | 4)
        tag = varint(number << 3 | kind, draw(st.sampled_from([0, 0, 0, 0, 3, 5, 6])))
        parts.append(tag + body)
    return b"".join(parts)


def value_of(field) -> st.SearchStrategy:
    if field.is_repeated:
        return st.lists(st.sampled_from([int(f) for f in ExecInst if int(f) & FLAGS]), max_size=3)
    if field.enum_type is not None:
        return st.sampled_from(sorted(allowed(field.name)))
    return {
        field.TYPE_INT32: st.integers(-(2**31), 2**31 - 1), field.TYPE_UINT32: st.integers(0, 255),
    }.get(field.type, st.integers(-(2**63), 2**63 - 1))  # fmt: skip


COMMANDS = st.fixed_dictionaries(
    {"command": st.sampled_from([int(c) for c in ORDERS])},
    optional={f.name: value_of(f) for f in FIELDS if f.name != "command"},
).map(lambda values: OrderCommand(**values))
REQUESTS = st.builds(
    OrderEntryRequest, msg_seq_num=st.integers(-(2**63), 2**63 - 1),
    commands=st.lists(COMMANDS, max_size=5),
    logon=st.none() | st.builds(Logon, session=st.text(max_size=3)),
)  # fmt: skip


# ------------------------------------------------------------------------------ laws


@settings(max_examples=150 // LESS)
@given(REQUESTS)
def test_a_valid_message_becomes_the_rows_that_the_generated_code_reads(message):
    assert hold(message.SerializeToString()) == "rows"


@settings(max_examples=300 // LESS)
@given(st.lists(raw_fields(), max_size=3), st.sampled_from([b"", varint(8), b"\x08\x01"]))
def test_any_fields_in_any_order_are_read_as_the_generated_code_reads_them(commands, front):
    wrapped = b"".join(b"\x12" + varint(len(c) + 2) + b"\x08\x01" + c for c in commands)
    hold(wrapped)
    hold(front + b"".join(commands))


@settings(max_examples=150 // LESS)
@given(REQUESTS, st.data())
def test_damaged_messages_are_refused_when_the_generated_code_refuses_them(message, data):
    sent = bytearray(message.SerializeToString())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(sent)))
        match data.draw(st.sampled_from(["cut", "flip", "insert"])):
            case "cut":
                del sent[at : at + data.draw(st.integers(1, 4))]
            case "flip" if at < len(sent):
                sent[at] ^= data.draw(st.integers(1, 255))
            case _:
                sent[at:at] = data.draw(st.binary(min_size=1, max_size=4))
    hold(bytes(sent))


@pytest.mark.soak
def test_random_damage_for_a_long_time():
    seed = random.randrange(2**32)
    rng, seen = random.Random(seed), set()
    for _ in range(200_000):
        command = OrderCommand(
            command=1, price=rng.getrandbits(40), exec_inst=[rng.choice([1, 4, 8])], offset=-5,
            **{f.name: rng.choice(sorted(allowed(f.name))) for f in CODED[1:]},
        )  # fmt: skip
        message = OrderEntryRequest(commands=[command] * rng.randint(1, 3), msg_seq_num=3)
        sent = bytearray(message.SerializeToString())
        for _ in range(rng.randint(0, 3)):
            at = rng.randrange(len(sent))
            sent[at : at + rng.randint(0, 2)] = rng.randbytes(rng.randint(0, 2))
            sent = sent or bytearray(b"\0")
        seen.add(hold(bytes(sent)))
    assert {"rows", "refused", "UNKNOWN_CODE"} <= seen, f"seed {seed}"


# ------------------------------------------------------------------------------ by hand

CASES = [
    (b"\x08", Fault.TRUNCATED, "msg_seq_num", 1),
    (b"\x08" + b"\xff" * 10, Fault.VARINT, "msg_seq_num", 1),
    (b"\x12" + b"\x80" * 5 + b"\x00", Fault.VARINT, "commands[0]", 1),
    (b"\xa2\x06" + b"\x80" * 5 + b"\x00", Fault.VARINT, "field 100", 2),
    (b"\x00\x00", Fault.TAG, "message", 0),
    (b"\xff\xff\xff\xff\x7f", Fault.TAG, "message", 0),
    (b"\x12\x05\x08\x01", Fault.TRUNCATED, "commands[0]", 1),
    (b"\x12\x02\x08\x01\x12\x03\x08\x01\x28", Fault.TRUNCATED, "commands[1].side", 9),
    (b"\x12\x04\x08\x01\x28\x09", Fault.UNKNOWN_CODE, "commands[0].side", 5),
    (b"\x12\x04\x28\x09\x08\x01", Fault.UNKNOWN_CODE, "commands[0].side", 3),
    (b"\x12\x02\x28\x01", Fault.MISSING, "commands[0].command", 4),
    (b"\x12\x02\x08\x00", Fault.MISSING, "commands[0].command", 4),
    (b"\x12\x02\x08\x06", Fault.UNKNOWN_CODE, "commands[0].command", 3),
    (b"\x12\x06\x08\x01\x62\x02\x01\x03", Fault.UNKNOWN_CODE, "commands[0].exec_inst", 7),
    (b"\x12\x05\x08\x01\x60\x80\x08", Fault.UNKNOWN_CODE, "commands[0].exec_inst", 5),
    (b"\x12\x05\x08\x01\x62\x02\x01", Fault.TRUNCATED, "commands[0].exec_inst", 5),
    (b"\x12\x05\x08\x01\x62\x01\x81", Fault.TRUNCATED, "commands[0].exec_inst", 6),
    (b"\x12\x06\x08\x01\xa0\x01\x80\x02", Fault.OUT_OF_RANGE, "commands[0].list_size", 6),
    (b"\x12\x03\x08\x01\x0f", Fault.WIRE_TYPE, "commands[0].command", 5),
    (b"\xa3\x06", Fault.GROUP, "field 100", 2),
    (b"\xa3\x06\xac\x06", Fault.GROUP, "field 100", 4),
    (b"\xa4\x06", Fault.GROUP, "field 100", 2),
]


@pytest.mark.parametrize(("data", "fault", "field", "position"), CASES)
def test_what_is_wrong_and_where(data, fault, field, position):
    with pytest.raises(WireFault) as caught:
        DECODER.one(data)
    assert (caught.value.fault, caught.value.field) == (fault, field)
    assert caught.value.position == position


def test_the_error_names_what_is_allowed():
    with pytest.raises(WireFault, match=r"commands\[0\].side is 9; allowed: .*SIDE_BUY \(1\)"):
        DECODER.one(b"\x12\x04\x08\x01\x28\x09")
    with pytest.raises(WireFault, match="commands is 'more than 64'; allowed: at most 64"):
        DECODER.one(b"\x12\x02\x08\x01" * 65)
    with pytest.raises(WireFault, match="message is '65537 bytes'"):
        DECODER.one(b"\0" * 65537)


@pytest.mark.parametrize("last", [0, 1, 2, 3, 126, 127, 128])
def test_the_tenth_byte_of_a_varint(last):
    long = b"\xff" * 9 + bytes([last])
    expected = "refused" if last > 127 else "rows"
    assert hold(b"\x08" + long) == expected
    assert hold(b"\xa0\x06" + long) == expected
    assert hold(b"\x12\x0d\x08\x01\x40" + long) == expected
    assert hold(b"\x12\x02\x08\x01\x12" + b"\x80" * 9 + bytes([last])) == "refused"


def test_a_code_that_is_overwritten_does_not_matter():
    assert hold(b"\x12\x06\x08\x01\x28\x09\x28\x02") == "rows"
    assert DECODER.one(b"\x12\x06\x08\x01\x28\x09\x28\x02")["side"][0] == Side.SELL
    assert hold(b"\x12\x06\x08\x01\x28\x02\x28\x09") == "UNKNOWN_CODE"
    assert hold(b"\x12\x08\x08\x01\x60\x03\x60\x01\x60\x08") == "UNKNOWN_CODE"  # flags add up


def test_groups_nest_only_so_deep():
    def nested(depth: int) -> bytes:
        return b"\xa3\x06" * depth + b"\xa4\x06" * depth

    assert hold(nested(MAX_GROUPS)) == "rows"
    with pytest.raises(WireFault) as caught:
        DECODER.one(nested(MAX_GROUPS + 1))
    assert caught.value.fault == Fault.TOO_DEEP


def test_session_and_account_go_into_rows_that_name_none():
    decoder = Decoder(rows=4)
    decoder.open(session=9, account=5)
    commands = [
        OrderCommand(command=Command.NEW_ORDER), OrderCommand(command=Command.NEW_ORDER, account=6),
        OrderCommand(command=Command.MASS_CANCEL, scope=1, entity=3),
        OrderCommand(command=Command.MASS_CANCEL),
    ]  # fmt: skip
    rows = decoder.one(OrderEntryRequest(commands=commands).SerializeToString())
    assert rows["session"].tolist() == [9] * 4
    assert rows["account"].tolist() == [5, 6, 0, 5]


@pytest.mark.parametrize(
    ("accounts", "kind", "odd"),
    [
        ((5, 6, 0), Command.NEW_ORDER, False), ((5, 4), Command.NEW_ORDER, True),
        ((7,), Command.CANCEL_ORDER, True), ((-1,), Command.QUOTE, True),
        ((2**31 - 1,), Command.NEW_ORDER, True), ((5,), Command.MASS_CANCEL, True),
    ],
)  # fmt: skip
def test_it_tells_of_accounts_that_are_not_known_to_be_the_senders_and_of_sweeps(
    accounts, kind, odd
):
    decoder = Decoder(rows=4)
    decoder.open(9, 5, np.array([0, 0, 0, 0, 0, 1, 1], np.uint8))
    plain = OrderEntryRequest(commands=[OrderCommand(command=Command.NEW_ORDER)])
    commands = [OrderCommand(command=kind, account=account) for account in accounts]
    decoder.one(OrderEntryRequest(commands=commands).SerializeToString())
    assert decoder.odd == odd
    decoder.one(plain.SerializeToString())
    assert not decoder.odd
    decoder.open(9, 5)  # of nobody anything is known
    decoder.one(plain.SerializeToString())
    assert decoder.odd


# ------------------------------------------------------------------------------ framed


def framed(*messages: OrderEntryRequest, flag: int = 0) -> bytes:
    bodies = [m.SerializeToString() for m in messages]
    return b"".join(bytes([flag]) + len(b).to_bytes(4, "big") + b for b in bodies)


def order(number: int) -> OrderCommand:
    return OrderCommand(command=Command.NEW_ORDER, cl_ord_id=number)


@settings(max_examples=60 // LESS)
@given(st.lists(st.integers(0, 5), max_size=6), st.integers(0, 400))
def test_messages_are_cut_at_their_lengths_and_a_part_is_left(sizes, cut):
    messages = [
        OrderEntryRequest(msg_seq_num=i + 1, commands=[order(10 * i + k) for k in range(size)])
        for i, size in enumerate(sizes)
    ]
    sent = framed(*messages)[:cut]
    DECODER.data[7 : 7 + len(sent)] = sent
    rows, found, behind = DECODER.framed(7, 7 + len(sent), 1000)
    whole = [m for i, m in enumerate(messages) if len(framed(*messages[: i + 1])) <= cut]
    assert not DECODER.failed
    assert behind == 7 + len(framed(*whole))
    assert found[:, Message.MSG_SEQ_NUM].tolist() == [m.msg_seq_num for m in whole]
    assert found[:, Message.ROWS].tolist() == [len(m.commands) for m in whole]
    assert rows["cl_ord_id"].tolist() == [c.cl_ord_id for m in whole for c in m.commands]
    for (start, stop, *_), message in zip(found.tolist(), whole, strict=True):
        assert bytes(DECODER.data[start:stop]) == message.SerializeToString()


def run(sent: bytes, limit: int = 1000) -> tuple[int, int, WireFault | None]:
    DECODER.data[: len(sent)] = sent
    _, found, behind = DECODER.framed(0, len(sent), limit)
    return len(found), behind, DECODER.fault() if DECODER.failed else None


def test_a_framed_message_that_is_refused_does_not_take_those_before_it_with_it():
    good = OrderEntryRequest(commands=[order(1)])
    start = len(framed(good))
    long = OrderEntryRequest(commands=[order(900)] * 200)
    for bad, fault in (
        (framed(good, flag=1), Fault.COMPRESSED),
        (framed(long), Fault.TOO_LONG),
        (b"\0\0\0\0\x01\x08", Fault.TRUNCATED),
        (b"\0\xff\xff\xff\xff", Fault.TOO_LONG),
        (framed(OrderEntryRequest(commands=[OrderCommand()])), Fault.MISSING),
    ):
        count, behind, error = run(framed(good) + bad)
        assert (count, behind) == (1, start)
        assert error is not None
        assert error.fault == fault
        assert 0 <= error.position <= len(bad)


def test_full_tables_are_a_pause_and_not_a_fault():
    many = OrderEntryRequest(commands=[order(k) for k in range(40)])
    assert run(framed(many, many)) == (1, len(framed(many)), None)  # 64 rows
    few = OrderEntryRequest()
    assert run(framed(*[few] * 17)) == (16, 16 * 5, None)  # 16 messages


def test_the_end_of_the_buffer_is_not_passed():
    size = len(DECODER.data)
    assert DECODER.framed(0, size, 1 << 30)[2] >= 0
    DECODER.framed(0, size + 1, 1 << 30)
    assert DECODER.fault().fault == Fault.TOO_LONG
