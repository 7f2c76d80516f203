"""A real server over a real socket: unary trading, rights, and the streams of orders."""

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2

from gridworks.api.trading.v1 import order_entry_pb2 as stream
from gridworks.api.trading.v1 import resources_pb2 as resources
from gridworks.api.trading.v1 import trading_service_pb2 as api
from gridworks.api.trading.v1.trading_service_pb2_grpc import TradingServiceStub
from gridworks.api.types.v1 import codes_pb2 as codes

BUY, SELL, LIMIT = codes.SIDE_BUY, codes.SIDE_SELL, codes.ORD_TYPE_LIMIT


ids = iter(range(1000, 10**6))


def wish(side=BUY, qty="5", price="1.00", account="alice", **more):
    order = resources.Order(
        cl_ord_id=next(ids), instrument="instruments/ACME", side=side, ord_type=LIMIT,
        order_qty=qty, price=price,
    )  # fmt: skip
    return api.SubmitOrderRequest(parent=f"accounts/{account}", order=order, **more)


def details(error):
    """The details of a status, by the name of their type."""
    trailers = dict(error.trailing_metadata() or ())
    status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
    found = {}
    for any_detail in status.details:
        kind = getattr(error_details_pb2, any_detail.TypeName().rpartition(".")[2])
        found[kind.__name__] = kind.FromString(any_detail.value)
    return found


def test_an_order_is_entered_changed_and_canceled(server):
    stub = TradingServiceStub(server.channel("trader"))
    made = stub.SubmitOrder(wish(qty="5", price="1.25"))
    assert (made.order.order_qty, made.order.price, made.order.working) == ("5", "1.25", True)
    assert [e.exec_type for e in made.executions] == [codes.EXEC_TYPE_NEW]
    name = made.order.name
    assert stub.GetOrder(api.GetOrderRequest(name=name)).leaves_qty == "5"
    by_client = f"accounts/alice/orders/cl-{made.order.cl_ord_id}"
    assert stub.GetOrder(api.GetOrderRequest(name=by_client)).name == name
    changed = stub.ReplaceOrder(
        api.ReplaceOrderRequest(order=resources.Order(name=name, order_qty="3"))
    )
    assert (changed.order.leaves_qty, changed.order.price) == ("3", "1.25")
    tried = stub.CancelOrder(api.CancelOrderRequest(name=name, validate_only=True))
    assert tried.execution.exec_type == codes.EXEC_TYPE_CANCELED
    assert stub.GetOrder(api.GetOrderRequest(name=name)).working
    gone = stub.CancelOrder(api.CancelOrderRequest(name=name))
    assert gone.order.ord_status == codes.ORD_STATUS_CANCELED
    assert stub.GetOrder(api.GetOrderRequest(name=name)).ord_status == codes.ORD_STATUS_CANCELED
    again = stub.CancelOrder(api.CancelOrderRequest(name=name))
    assert again.execution.report == codes.REPORT_TYPE_CANCEL_REJECT
    assert again.execution.refusal.reason == codes.REASON_UNKNOWN_ORDER


def test_a_trade_is_seen_by_both_and_a_refusal_is_an_answer(server):
    stub = TradingServiceStub(server.channel("trader"))
    rests = stub.SubmitOrder(wish(SELL, "4", "2.00", "bob"))
    taken = stub.SubmitOrder(wish(BUY, "4", "2.00"))
    assert taken.order.ord_status == codes.ORD_STATUS_FILLED
    assert [e.last_px for e in taken.executions] == ["", "2"]
    maker = stub.GetOrder(api.GetOrderRequest(name=rests.order.name))
    assert (maker.ord_status, maker.cum_qty, maker.avg_px) == (codes.ORD_STATUS_FILLED, "4", "2")
    refused = stub.SubmitOrder(wish(qty="1099511627775", price="100000"))
    assert refused.order.ord_status == codes.ORD_STATUS_REJECTED
    assert refused.order.refusal.reason
    pages = stub.ListExecutions(
        api.ListExecutionsRequest(parent="accounts/alice", order=taken.order.name, page_size=1)
    )
    assert len(pages.executions) == 1
    assert pages.next_page_token
    rest = stub.ListExecutions(
        api.ListExecutionsRequest(
            parent="accounts/alice", order=taken.order.name, page_token=pages.next_page_token
        )
    )
    assert [e.exec_type for e in rest.executions] == [codes.EXEC_TYPE_TRADE]
    assert rest.next_page_token == ""


def test_a_repeated_request_id_is_one_order(server):
    stub = TradingServiceStub(server.channel("trader"))
    request = wish(price="0.50", request_id="8d3c0a5e-0001")
    first, second = stub.SubmitOrder(request), stub.SubmitOrder(request)
    assert first.order.order_id == second.order.order_id > 0
    request.order.price = "0.51"
    with pytest.raises(grpc.RpcError) as error:
        stub.SubmitOrder(request)
    assert error.value.code() == grpc.StatusCode.ALREADY_EXISTS


def test_validate_only_changes_nothing(server):
    stub = TradingServiceStub(server.channel("trader"))
    before = stub.ListOrders(api.ListOrdersRequest(parent="accounts/alice", page_size=1000))
    made = stub.SubmitOrder(wish(validate_only=True))
    assert made.order.ord_status == codes.ORD_STATUS_NEW
    after = stub.ListOrders(api.ListOrdersRequest(parent="accounts/alice", page_size=1000))
    assert [o.name for o in after.orders] == [o.name for o in before.orders]


def test_orders_are_listed_newest_first_by_pages(server):
    stub = TradingServiceStub(server.channel("trader"))
    made = [stub.SubmitOrder(wish(price="0.10", account="bob")).order.name for _ in range(5)]
    found, token = [], ""
    while True:
        answer = stub.ListOrders(
            api.ListOrdersRequest(
                parent="accounts/bob", page_size=2, page_token=token, open_only=True
            )
        )
        found += [order.name for order in answer.orders]
        token = answer.next_page_token
        if not token:
            break
    assert found[:5] == made[::-1]
    canceled = stub.MassCancel(api.MassCancelRequest(parent="nodes/north", side=BUY))
    assert canceled.canceled_count >= 5
    both = stub.ListOrders(api.ListOrdersRequest(parent="accounts/-", open_only=True))
    assert not both.orders


@pytest.mark.parametrize(
    ("role", "request_", "code"),
    [
        (None, wish(), "UNAUTHENTICATED"),
        ("reader", wish(), "PERMISSION_DENIED"),
        ("stranger", wish(), "PERMISSION_DENIED"),
        ("alice", wish(account="bob"), "PERMISSION_DENIED"),
        ("trader", wish(account="carol"), "PERMISSION_DENIED"),
        ("trader", wish(qty="abc"), "INVALID_ARGUMENT"),
        ("trader", wish(price="1.005"), "INVALID_ARGUMENT"),
        ("trader", wish(side=77), "INVALID_ARGUMENT"),
        ("operator", wish(account="nobody"), "NOT_FOUND"),
    ],
)
def test_what_is_not_understood_or_not_permitted_is_an_error(server, role, request_, code):
    with pytest.raises(grpc.RpcError) as error:
        TradingServiceStub(server.channel(role)).SubmitOrder(request_)
    assert error.value.code().name == code
    found = details(error.value)
    assert found["ErrorInfo"].domain == "api.gridworks.dev"
    if code == "INVALID_ARGUMENT":
        assert found["BadRequest"].field_violations[0].field.startswith("order.")


def test_a_message_that_is_too_long_and_a_method_that_is_not_there(server):
    long = wish()
    long.order.instrument = "x" * 2_000_000
    with pytest.raises(grpc.RpcError) as error:
        TradingServiceStub(server.channel("trader")).SubmitOrder(long)
    assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    call = server.channel("trader").unary_unary("/gridworks.api.trading.v1.TradingService/Nothing")
    with pytest.raises(grpc.RpcError) as error:
        call(b"")
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED


class Session:
    """The client's side of an OrderEntry stream."""

    def __init__(self, server, name, role="trader", account="alice", **logon):
        import queue

        self._out = queue.Queue()
        stub = TradingServiceStub(server.channel(role))
        self.replies = stub.OrderEntry(iter(self._out.get, None), timeout=60)
        self.send(
            logon=stream.Logon(session=name, account=f"accounts/{account}", **logon)
        )
        self.logon = next(self.replies)

    def send(self, **fields):
        self._out.put(stream.OrderEntryRequest(**fields))

    def order(self, cl_ord_id, qty=5, price=100, side=BUY, seq=0, **more):
        command = stream.OrderCommand(
            command=codes.COMMAND_NEW_ORDER, cl_ord_id=cl_ord_id, instrument=1, side=side,
            ord_type=LIMIT, order_qty=qty, price=price, **more,
        )  # fmt: skip
        self.send(msg_seq_num=seq, commands=[command])

    def reports(self, count):
        """The next reports, and the numbers that they carry."""
        found = []
        while len(found) < count:
            reply = next(self.replies)
            assert not reply.reports or reply.msg_seq_num
            found += [(reply.msg_seq_num + at, r) for at, r in enumerate(reply.reports)]
        assert len(found) == count
        return found

    def half_close(self):
        self._out.put(None)

    def drop(self):
        self.replies.cancel()
        self._out.put(None)


def test_a_session_is_numbered_resumed_and_never_doubled(server):
    one = Session(server, "resume")
    assert one.logon.logon.next_expected_msg_seq_num == 1
    assert {a.name for a in one.logon.logon.accounts} >= {"accounts/alice", "accounts/bob"}
    for number in (1, 2, 3):
        one.order(number, price=50 + number, seq=number)
    assert [seq for seq, _ in one.reports(3)] == [1, 2, 3]
    one.drop()
    two = Session(server, "resume", next_expected_msg_seq_num=2)
    assert two.logon.logon.next_expected_msg_seq_num == 4
    assert two.logon.logon.next_msg_seq_num == 4
    again = two.reports(2)
    assert [(seq, r.cl_ord_id) for seq, r in again] == [(2, 2), (3, 3)]
    two.order(3, price=53, seq=3)  # seen before: no effect
    two.order(4, price=54, seq=4)
    assert [(seq, r.cl_ord_id) for seq, r in two.reports(1)] == [(4, 4)]
    two.send(resend_request=stream.ResendRequest(begin_seq_no=1, end_seq_no=2))
    assert [(seq, r.cl_ord_id) for seq, r in two.reports(2)] == [(1, 1), (2, 2)]
    two.order(9, seq=9)
    with pytest.raises(grpc.RpcError) as error:
        next(two.replies)
    assert error.value.code() == grpc.StatusCode.FAILED_PRECONDITION


def test_a_batch_goes_in_as_one_and_a_bad_command_refuses_it_whole(server):
    one = Session(server, "batch")
    commands = [
        stream.OrderCommand(
            command=codes.COMMAND_NEW_ORDER, cl_ord_id=500 + n, instrument=1, side=BUY,
            ord_type=LIMIT, order_qty=1, price=40,
        )
        for n in range(100)
    ]  # fmt: skip
    one.send(msg_seq_num=1, commands=commands)
    found = one.reports(100)
    assert [seq for seq, _ in found] == list(range(1, 101))
    assert len({r.seq for _, r in found}) == 100
    commands[50].side = 99
    for n, command in enumerate(commands):
        command.cl_ord_id = 700 + n
    one.send(msg_seq_num=101, commands=commands)
    with pytest.raises(grpc.RpcError) as error:
        next(one.replies)
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert details(error.value)["BadRequest"].field_violations[0].field == "commands[50].side"
    two = Session(server, "batch")
    assert two.logon.logon.next_expected_msg_seq_num == 101
    sweep = stream.OrderCommand(
        command=codes.COMMAND_MASS_CANCEL, instrument=1, price_low=40, price_high=40
    )
    two.send(commands=[sweep])
    _, last = two.reports(101)[-1]
    assert (last.report, last.order_qty) == (codes.REPORT_TYPE_MASS_CANCEL, 100)


@pytest.mark.parametrize(
    "foreign",
    [
        {"account": 4},  # bob, by number, with a key for alice only
        {"account": 4, "scope": codes.SCOPE_NODE, "entity": 3},
        {"command": codes.COMMAND_MASS_CANCEL, "scope": codes.SCOPE_NODE, "entity": 1},
        {"command": codes.COMMAND_MASS_CANCEL, "scope": codes.SCOPE_NODE, "entity": 3,
         "account": 4},
        {"command": codes.COMMAND_MASS_CANCEL, "account": 4},
    ],
)  # fmt: skip
def test_foreign_accounts_end_a_stream(server, foreign):
    one = Session(server, "foreign", role="alice")
    names = {a.name: a.number for a in one.logon.logon.accounts}
    assert names == {"accounts/alice": 3}
    command = stream.OrderCommand(
        command=codes.COMMAND_NEW_ORDER, cl_ord_id=1, instrument=1, side=BUY, ord_type=LIMIT,
        order_qty=1, price=1,
    )  # fmt: skip
    command.MergeFrom(stream.OrderCommand(**foreign))
    one.send(commands=[command])
    with pytest.raises(grpc.RpcError) as error:
        next(one.replies)
    assert error.value.code() == grpc.StatusCode.PERMISSION_DENIED


def test_a_foreign_account_cannot_open_a_stream(server):
    with pytest.raises(grpc.RpcError) as error:
        Session(server, "foreign", account="carol")
    assert error.value.code() == grpc.StatusCode.PERMISSION_DENIED


def test_orders_of_a_stream_that_drops_are_canceled_where_it_asked_for_that(server):
    one = Session(server, "drops", cancel_on_disconnect=True)
    one.order(801, price=30)
    [(_, report)] = one.reports(1)
    one.drop()
    two = Session(server, "drops", next_expected_msg_seq_num=2)
    [(seq, ended)] = two.reports(1)
    assert (seq, ended.order_id) == (2, report.order_id)
    assert ended.reason == codes.REASON_CANCELED_BY_DISCONNECT
    two.send(logout=stream.Logout())
    assert next(two.replies).HasField("logout")
    with pytest.raises(StopIteration):
        next(two.replies)


def test_a_session_that_is_opened_elsewhere_is_taken_over(server):
    one = Session(server, "moves")
    two = Session(server, "moves")
    with pytest.raises(grpc.RpcError) as error:
        next(one.replies)
    assert error.value.code() == grpc.StatusCode.ABORTED
    two.send(heartbeat=stream.Heartbeat(test_req_id=7))
    assert next(two.replies).heartbeat.test_req_id == 7
    two.drop()


def test_a_dead_man_cancels_and_a_silent_client_is_cut_off(server):
    one = Session(
        server, "silent", account="bob", dead_man_timeout=Duration(nanos=200_000_000),
        heartbeat_interval=Duration(seconds=1),
    )  # fmt: skip
    one.order(1, price=20)
    (_, entered), (_, ended) = one.reports(2)
    assert entered.order_id == ended.order_id
    assert ended.reason == codes.REASON_CANCELED_BY_DEAD_MAN
    with pytest.raises(grpc.RpcError) as error:
        list(one.replies)
    assert error.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED


def test_drop_copy_has_every_report_of_the_firm_from_any_number_on(server):
    stub = TradingServiceStub(server.channel("reader"))
    trader = TradingServiceStub(server.channel("trader"))
    first = stub.DropCopy(stream.DropCopyRequest(parent="nodes/north", next_expected_msg_seq_num=1))
    seen = 0
    trader.SubmitOrder(wish(price="0.05"))
    last = trader.SubmitOrder(wish(price="0.06", account="bob")).executions[-1].exec_id
    for reply in first:
        assert reply.msg_seq_num == seen + 1
        assert {r.account for r in reply.reports} <= {3, 4}
        seen += len(reply.reports)
        if reply.reports[-1].exec_id == last:
            break
    first.cancel()
    second = stub.DropCopy(
        stream.DropCopyRequest(parent="nodes/north", next_expected_msg_seq_num=seen)
    )
    tail = next(second)
    assert (tail.msg_seq_num, tail.reports[-1].exec_id) == (seen, last)
    second.cancel()
    with pytest.raises(grpc.RpcError) as error:
        next(stub.DropCopy(stream.DropCopyRequest(parent="nodes/south")))
    assert error.value.code() == grpc.StatusCode.PERMISSION_DENIED
