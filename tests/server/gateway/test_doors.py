"""The same calls through both doors have the same answers, statuses and details."""

import threading
import time

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from gridworks.api.market_data.v1 import stream_pb2
from gridworks.api.market_data.v1.market_data_service_pb2_grpc import MarketDataServiceStub
from gridworks.api.trading.v1 import order_entry_pb2 as entry
from gridworks.api.trading.v1 import resources_pb2 as resources
from gridworks.api.trading.v1 import trading_service_pb2 as api
from gridworks.api.trading.v1.trading_service_pb2_grpc import TradingServiceStub
from gridworks.api.types.v1 import codes_pb2 as codes
from tests.server.test_server_trading import Session, details, wish

BUY, LIMIT = codes.SIDE_BUY, codes.ORD_TYPE_LIMIT
SERVICE = "/gridworks.api.trading.v1.TradingService/"
PLENTY = 60  # seconds


@pytest.fixture
def doors(server):
    gateway = server.gateway
    yield server, gateway
    gateway.close()


def outcome(call):
    """What a call came to: an answer, or status, text and details."""
    try:
        return call()
    except grpc.RpcError as error:
        found = details(error) if "grpc-status-details-bin" in dict(
            error.trailing_metadata() or ()
        ) else {}
        return error.code().name, error.details(), found


def both(doors, role, call):
    """What a call through each door comes to, the numbers of streams and orders left out."""
    first, second = (outcome(lambda door=door: call(door.channel(role))) for door in doors)
    return first, second


UNARY = [
    (None, wish()),
    ("reader", wish()),
    ("stranger", wish()),
    ("alice", wish(account="bob")),
    ("trader", wish(qty="abc")),
    ("trader", wish(price="1.005")),
    ("trader", wish(side=77)),
    ("operator", wish(account="nobody")),
    ("trader", wish(account="")),
    ("trader", wish(request_id="x" * 70_000)),
]


@pytest.mark.parametrize("at", range(len(UNARY)))
def test_a_refused_order_is_refused_alike(doors, at):
    role, request = UNARY[at]
    first, second = both(
        doors, role, lambda channel: TradingServiceStub(channel).SubmitOrder(request)
    )
    assert first[0] == second[0]
    if at == len(UNARY) - 1:
        assert first[0] == "RESOURCE_EXHAUSTED"  # grpcio words it in its own way
    else:
        assert first == second
        assert isinstance(first, tuple)
        assert first[2]["ErrorInfo"].reason


def test_bytes_that_are_no_request_are_refused_alike(doors):
    for method in ("SubmitOrder", "CancelOrder", "ReplaceOrder"):
        first, second = both(
            doors, "trader", lambda channel, m=method: channel.unary_unary(SERVICE + m)(b"\xff")
        )
        assert first == second
        assert first[0] == "INVALID_ARGUMENT"


def test_orders_are_entered_changed_and_canceled_through_the_gateway(doors):
    stubs = [TradingServiceStub(door.channel("trader")) for door in doors]
    made = stubs[1].SubmitOrder(wish(qty="5", price="1.25"))
    assert made.order.working
    assert stubs[0].GetOrder(api.GetOrderRequest(name=made.order.name)).leaves_qty == "5"
    changed = stubs[1].ReplaceOrder(
        api.ReplaceOrderRequest(order=resources.Order(name=made.order.name, order_qty="3"))
    )
    assert changed.order.leaves_qty == "3"
    gone = stubs[1].CancelOrder(api.CancelOrderRequest(name=made.order.name))
    assert gone.order.ord_status == codes.ORD_STATUS_CANCELED
    first, second = (
        stub.CancelOrder(api.CancelOrderRequest(name=made.order.name)) for stub in stubs
    )
    for answer in (first, second):
        assert answer.execution.refusal.reason == codes.REASON_UNKNOWN_ORDER
        answer.execution.ClearField("exec_id")
        answer.execution.ClearField("transact_time")
        answer.execution.ClearField("name")
        answer.execution.ClearField("seq")
    assert first == second


def test_what_it_does_not_serve_is_unimplemented(doors):
    stub = TradingServiceStub(doors[1].channel("trader"))
    status, text, found = outcome(lambda: stub.GetOrder(api.GetOrderRequest(name="x")))
    assert (status, found["ErrorInfo"].reason) == ("UNIMPLEMENTED", "UNIMPLEMENTED")
    assert "GetOrder" in text
    nothing = outcome(lambda: doors[1].channel(None).unary_unary("/no.such/Method")(b""))
    assert nothing[0] == "UNIMPLEMENTED"


# ------------------------------------------------------------------------------ order entry


def logon(session, account="alice", **more):
    return entry.OrderEntryRequest(
        logon=entry.Logon(session=session, account=f"accounts/{account}", **more)
    )


def order(number, at=0, **more):
    fields = {
        "command": codes.COMMAND_NEW_ORDER, "cl_ord_id": number, "instrument": 1, "side": BUY,
        "ord_type": LIMIT, "order_qty": 1, "price": 90, **more,
    }  # fmt: skip
    return entry.OrderEntryRequest(msg_seq_num=at, commands=[entry.OrderCommand(**fields)])


STREAMS = {
    "no logon": ("trader", [order(1)]),
    "not mine": ("alice", [logon("x", "bob")]),
    "no right": ("reader", [logon("x")]),
    "no session": ("trader", [logon("Not A Name")]),
    "a gap": ("trader", [logon("gap"), order(2, 7)]),
    "twice": ("trader", [logon("twice"), logon("twice")]),
    "resend": ("trader", [logon("resend"), entry.OrderEntryRequest(
        resend_request=entry.ResendRequest(begin_seq_no=-1))]),
    "foreign": ("trader", [logon("foreign"), order(3, account=9999)]),
    "no code": ("trader", [logon("code"), order(4, side=3, account=0)]),
    "no command": ("trader", [logon("none"), entry.OrderEntryRequest(
        commands=[entry.OrderCommand(cl_ord_id=1)])]),
    "a beat": ("trader", [logon("beat", heartbeat_interval=Duration(seconds=3600))]),
}  # fmt: skip


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_ends_alike(doors, name):
    role, requests = STREAMS[name]

    def call(channel):
        stub = TradingServiceStub(channel)
        return held(requests, lambda wishes: stub.OrderEntry(wishes, timeout=PLENTY))

    first, second = both(doors, role, call)
    assert first == second
    assert isinstance(first, tuple)
    assert first[0] not in ("UNKNOWN", "INTERNAL", "DEADLINE_EXCEEDED")


def held(requests, call):
    """Requests, and then silence: the stream stays open until the server ends it."""
    over = threading.Event()

    def all_of_them():
        yield from requests
        over.wait(PLENTY)

    try:
        return list(call(all_of_them()))
    finally:
        over.set()


@pytest.mark.parametrize("door", [0, 1])
def test_a_server_that_stood_still_listens_before_it_cuts_a_client(doors, door):
    """The loop stands for longer than a client may be silent; what the client sent waits."""
    session = Session(doors[door], f"still-{door}", heartbeat_interval=Duration(seconds=1))
    loop = doors[0].server.gateway._loop
    loop.call_soon_threadsafe(time.sleep, 4.0)
    for _ in range(8):
        time.sleep(0.5)
        session.send(heartbeat=entry.Heartbeat())
    session.send(heartbeat=entry.Heartbeat(test_req_id=7))
    while not (reply := next(session.replies)).heartbeat.test_req_id:
        assert reply.HasField("heartbeat")
    session.drop()


def test_a_message_that_is_no_message_ends_a_stream_alike(doors):
    def call(channel):
        method = channel.stream_stream(SERVICE + "OrderEntry")
        requests = [logon("bytes").SerializeToString(), b"\x12\x05abc"]
        return held(requests, lambda wishes: method(wishes, timeout=PLENTY))

    first, second = both(doors, "trader", call)
    assert first == second
    assert first[0] == "INVALID_ARGUMENT"


def plain(answers):
    """Answers without what differs between two sessions, one report to a line."""
    found = []
    for answer in answers:
        for field in ("exec_id", "transact_time", "order_id", "seq"):
            for report in answer.reports:
                report.ClearField(field)
        found += [("report", report) for report in answer.reports]
        found += [
            (field.name, getattr(answer, field.name)) for field, _ in answer.ListFields()
            if field.name in ("logout", "heartbeat")
        ]  # fmt: skip
    return found


def test_a_session_is_told_the_same(doors):
    """One by one, in a batch, refused, canceled, asked for again, and the goodbye."""
    batch = entry.OrderEntryRequest(msg_seq_num=3, commands=[
        order(0, cl_ord_id=n, price=80 + n).commands[0] for n in range(11, 15)
    ])  # fmt: skip
    requests = [
        order(10, 1), order(10, 2), batch,
        entry.OrderEntryRequest(msg_seq_num=3, commands=batch.commands),  # seen before
        entry.OrderEntryRequest(commands=[entry.OrderCommand(
            command=codes.COMMAND_CANCEL_ORDER, orig_cl_ord_id=10, cl_ord_id=1)]),
        entry.OrderEntryRequest(heartbeat=entry.Heartbeat(test_req_id=5)),
        entry.OrderEntryRequest(
            msg_seq_num=8, commands=[entry.OrderCommand(command=codes.COMMAND_MASS_CANCEL)]),
        entry.OrderEntryRequest(logout=entry.Logout()),
    ]  # fmt: skip
    told = []
    for door in doors:
        stub = TradingServiceStub(door.channel("trader"))
        stream = stub.OrderEntry(iter([logon("same", "bob"), *requests]), timeout=PLENTY)
        told.append(sorted(map(str, plain(stream))))
        assert stream.code() == grpc.StatusCode.OK
        again = [logon("same", "bob", reset_msg_seq_num=True), requests[-1]]
        assert len(list(stub.OrderEntry(iter(again), timeout=PLENTY))) == 2
    assert told[0] == told[1]
    assert len(told[0]) >= 12


def test_who_has_nothing_more_to_say_is_told_everything_and_logged_out(doors):
    told = []
    for at, door in enumerate(doors):
        stub = TradingServiceStub(door.channel("trader"))
        for hello, *requests in (
            [logon(f"short-{at}", "bob", next_expected_msg_seq_num=9)],
            [logon(f"short-{at}", "bob"), order(10, 1), order(11, 2)],
        ):
            stream = stub.OrderEntry(iter([hello, *requests]), timeout=PLENTY)
            answers = list(stream)
            assert stream.code() == grpc.StatusCode.OK
            assert answers[-1].HasField("logout")
            assert sum(len(each.reports) for each in answers) == len(requests)
            told.append([each.sequence_reset.new_seq_no for each in answers])
            assert any(told[-1]) == (not requests)
        stub.OrderEntry(iter([logon(f"short-{at}", "bob"), entry.OrderEntryRequest(commands=[
            entry.OrderCommand(command=codes.COMMAND_MASS_CANCEL)])]), timeout=PLENTY)
    assert told[0] == told[2]


def test_a_number_that_was_not_given_yet_is_answered_with_the_next_one(doors):
    """Nothing is left out and nothing is silent: the first word says where the stream goes on."""
    sent = []
    for at, door in enumerate(doors):
        stub = TradingServiceStub(door.channel("trader"))
        stub.SubmitOrder(wish(qty="1", price="1.15"))
        ask = entry.DropCopyRequest(parent="nodes/north", next_expected_msg_seq_num=10**9)
        copy = stub.DropCopy(ask, timeout=PLENTY)
        goes_on = next(copy).sequence_reset.new_seq_no
        made = stub.SubmitOrder(wish(qty="1", price="1.15"))
        due, ids = goes_on, set()
        while made.executions[0].exec_id not in ids:  # orders of others may still be ending
            message = next(copy)
            assert message.msg_seq_num == due
            due += len(message.reports)
            ids |= {report.exec_id for report in message.reports}
        copy.cancel()
        hello = logon(f"ahead-{at}", next_expected_msg_seq_num=7)
        read = threading.Event()

        def asks(hello=hello, read=read):
            yield hello
            read.wait(PLENTY)

        replies = stub.OrderEntry(asks(), timeout=PLENTY)
        answers = [next(replies), next(replies)]
        read.set()
        replies.cancel()
        sent.append([each.sequence_reset.new_seq_no for each in answers])
        assert answers[0].logon.next_msg_seq_num == 1
        ask.next_expected_msg_seq_num = goes_on + 1  # the next one is no number ahead
        copy = stub.DropCopy(ask, timeout=PLENTY)
        stub.SubmitOrder(wish(qty="1", price="1.15"))
        assert next(copy).msg_seq_num == goes_on + 1
        copy.cancel()
    assert sent == [[0, 1], [0, 1]]


def test_drop_copy_and_market_data_tell_the_same(doors):
    copies, books = [], []
    for door in doors:
        channel = door.channel("trader")
        stub, market = TradingServiceStub(channel), MarketDataServiceStub(channel)
        copy = stub.DropCopy(entry.DropCopyRequest(parent="nodes/north"), timeout=PLENTY)
        book = market.Subscribe(
            stream_pb2.SubscribeRequest(subscriptions=[
                stream_pb2.Subscription(instrument="instruments/ACME", feed=feed)
                for feed in (codes.FEED_L1, codes.FEED_L2, codes.FEED_L3)
            ]), timeout=PLENTY,
        )  # fmt: skip
        snapshots = [next(book) for _ in range(3)]
        assert all(message.snapshot for message in snapshots)
        made = stub.SubmitOrder(wish(qty="2", price="1.75"))
        stub.CancelOrder(api.CancelOrderRequest(name=made.order.name))
        copies.append([report.exec_type for _ in range(2) for report in next(copy).reports])
        books.append([next(book).feed for _ in range(4)])
        copy.cancel()
        book.cancel()
    assert copies[0] == copies[1] == [codes.EXEC_TYPE_NEW, codes.EXEC_TYPE_CANCELED]
    assert books[0] == books[1]
