"""The fast session against a real gateway, and its codec against the generated code."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benches.load.encoding import commands
from domain.codes import Command, OrdType, Side
from domain.errors import InvalidField
from domain.layout import COMMAND, REPORT
from gridworks.api.trading.v1.order_entry_pb2 import Logon, OrderEntryRequest, OrderEntryResponse
from gridworks.client.errors import InvalidArgument, Unauthenticated, Unavailable
from gridworks.fast import FastSession
from server.codec.encoder import Encoder
from server.codec.reader import ReportReader
from tests.server.gateway.peer import message


def orders(count, first, price=70):
    rows = np.zeros(count, COMMAND)
    rows["command"], rows["instrument"], rows["side"] = Command.NEW_ORDER, 1, Side.BUY
    rows["ord_type"], rows["order_qty"], rows["price"] = OrdType.LIMIT, 1, price
    rows["cl_ord_id"] = np.arange(first, first + count)
    return rows


def cancels(count, first):
    rows = np.zeros(count, COMMAND)
    rows["command"], rows["orig_cl_ord_id"] = Command.CANCEL_ORDER, np.arange(first, first + count)
    return rows


def session(server, name, **more):
    target = f"127.0.0.1:{server.server.gateway_port}"
    logon = Logon(session=name, account="accounts/alice", **more)
    return FastSession(target, server.keys["trader"], logon)


def gather(fast, count):
    found = []
    while sum(map(len, found)) < count:
        found.append(fast.receive(timeout=30))
        assert len(found[-1]), "nothing came"
    return np.concatenate(found)


def test_rows_go_and_reports_come(server):
    with session(server, "fast-1") as fast:
        assert fast.send(orders(5000, 10**9)) == 1
        assert fast.send_batch(cancels(3000, 10**9)) == 5001
        assert fast.send(cancels(2000, 10**9 + 3000)) == 8001
        reports = gather(fast, 10_000)
        assert (reports["cl_ord_id"][:5000] == np.arange(10**9, 10**9 + 5000)).all()
        assert not reports["reason"][:5000].any()
        assert (reports["leaves_qty"][5000:] == 0).all()
        assert (fast.processed, fast.last_seq_num) == (10_000, 10_000)
        assert len(fast.receive(timeout=0.01)) == len(fast.receive(timeout=0)) == 0
    with session(server, "fast-1", next_expected_msg_seq_num=9_991) as fast:
        assert fast.next_msg_seq_num == 10_001
        again = gather(fast, 10)
        assert (again["exec_id"] == reports["exec_id"][-10:]).all()


def test_what_the_server_refuses_is_an_error(server):
    target = f"127.0.0.1:{server.server.gateway_port}"
    with pytest.raises(Unauthenticated):
        FastSession(target, "gw_test_none", Logon(session="x", account="accounts/alice"))
    with pytest.raises(Unavailable):
        FastSession("127.0.0.1:1", "", Logon())
    with session(server, "fast-2") as fast:
        with pytest.raises(InvalidField):
            fast.send(np.zeros(3, REPORT))
        bad = orders(1, 5)
        bad["side"] = 77
        fast.send(bad)
        with pytest.raises(InvalidArgument, match="side"):
            fast.receive(timeout=30)


CELLS = [name for name in COMMAND.names if name in OrderEntryRequest().commands.add().DESCRIPTOR
         .fields_by_name and name not in ("command", "exec_inst")]  # fmt: skip


@pytest.mark.nojit
@given(st.lists(st.tuples(
    st.sampled_from([1, 2, 3, 4, 5]), st.integers(0, 2047), st.sampled_from(CELLS),
    st.integers(-(2**62), 2**62),
), min_size=1, max_size=8))  # fmt: skip
def test_packed_rows_are_what_the_generated_code_reads(cells):
    rows = np.zeros(len(cells), COMMAND)
    for row, (command, flags, name, value) in zip(rows, cells):
        row["command"], row["exec_inst"] = command, flags
        info = np.iinfo(COMMAND[name])
        row[name] = value % 128 if info.max < 256 else max(min(value, info.max), info.min)
    encoder = Encoder(COMMAND)
    encoder.encode(rows)
    data = bytes(encoder.each(None, 5))
    for at, wanted in enumerate(commands(rows)):
        size = int.from_bytes(data[1:5], "big")
        found = OrderEntryRequest.FromString(data[5 : 5 + size])
        assert found == OrderEntryRequest(msg_seq_num=5 + at, commands=[wanted])
        data = data[5 + size :]
    assert not data


@pytest.mark.nojit
@given(st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=20), st.integers(0, 2**40))
def test_reports_come_back_as_they_were(values, seq):
    names = [n for n in REPORT.names if n != "_spare"]
    rows = np.zeros(len(values), REPORT)
    for at, value in enumerate(values):
        name = names[value % len(names)]
        info = np.iinfo(REPORT[name])
        rows[at][name] = max(min(value, info.max), max(info.min, 0))
        rows[at]["report"] = 1
    encoder, reader = Encoder(REPORT), ReportReader(64, 1 << 16, 8)
    encoder.encode(rows)
    data = bytes(encoder.framed(None, seq, processed=seq))
    generated = OrderEntryResponse.FromString(data[5:])
    reader.data[: len(data)] = data
    found, messages, end = reader.read(0, len(data))
    assert end == len(data)
    assert (reader.processed, int(messages[0][4])) == (seq, seq)
    assert len(generated.reports) == len(found)
    known = {f.name for f in generated.reports.add().DESCRIPTOR.fields}
    for name in known & set(names):
        assert (found[name] == rows[name]).all(), name


BAD = [
    b"\x12\x05abc", b"\xff" * 12, b"\x08", b"\x12\x02\x08\xff", b"\x12\x01\x00",
    b"\x12\x02\xfa\x01",
    b"\x2a\x05abc", b"\x12\xff\xff\xff\xff\xff\xff\x01", b"\x12\x00" * 5,
]  # fmt: skip


@pytest.mark.nojit
def test_bytes_that_are_no_response_are_refused():
    reader = ReportReader(4, 1 << 12, 4)
    for data in (*map(message, BAD), message(b"", 1), b"x" * 4097):
        reader._data[: len(data)] = np.frombuffer(data, np.uint8)
        with pytest.raises(InvalidField):
            reader.read(0, len(data))


@pytest.mark.nojit
def test_responses_are_read_as_far_as_they_are_there_and_have_room():
    reader = ReportReader(4, 1 << 12, 3)
    answer = OrderEntryResponse(msg_seq_num=5, last_msg_seq_num_processed=9, poss_dup=True)
    for number in (1, 2, 3):
        answer.reports.add(exec_id=number)
    answer.heartbeat.test_req_id = 7
    unknown = b"\xba\x3e\x01x" + b"\xc0\x3e\x05"  # fields 999 and 1000
    one = message(answer.SerializeToString() + unknown)
    data = one + one + one[:-1]
    reader.data[: len(data)] = data
    rows, found, end = reader.read(0, len(data))
    assert (len(rows), len(found), end) == (3, 1, len(one))  # the second has no room
    assert found[0, 5] == 1 << 6
    assert rows["exec_id"].tolist() == [1, 2, 3]
    reader.data[: len(one) - 1] = one[:-1]
    assert reader.read(0, len(one) - 1)[2] == 0
    small = message(OrderEntryResponse(reports=[{"seq": 1}]).SerializeToString() + unknown)
    reader.data[: 5 * len(small)] = 5 * small
    assert reader.read(0, 5 * len(small))[2] == 3 * len(small)
