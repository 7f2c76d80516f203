"""Lists, pages, quotes: what can be read, from which place on, and by whom."""

import grpc
import numpy as np
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from gridworks.api.admin.v1 import admin_service_pb2 as admin
from gridworks.api.admin.v1.admin_service_pb2_grpc import AdminServiceStub
from gridworks.api.trading.v1 import resources_pb2 as resources
from gridworks.api.trading.v1 import trading_service_pb2 as api
from gridworks.api.trading.v1.trading_service_pb2_grpc import TradingServiceStub
from gridworks.api.types.v1 import codes_pb2 as codes
from gridworks.api.types.v1 import instrument_pb2
from server.services.orders import Orders
from tests.server.test_server_trading import BUY, SELL, details, wish


@pytest.fixture(scope="module")
def server(server):
    """The same with a second instrument."""
    stub = AdminServiceStub(server.channel("operator"))
    other = instrument_pb2.Instrument(symbol="OTHER", tick_size="0.5", lot_size="0.1")
    stub.CreateInstrument(admin.CreateInstrumentRequest(instrument=other))
    phase = codes.PHASE_CONTINUOUS
    stub.SetPhase(admin.SetPhaseRequest(target="instruments/OTHER", phase=phase))
    return server


@pytest.fixture(scope="module")
def stub(server):
    return TradingServiceStub(server.channel("trader"))


def pages(call, request, cell):
    """All items of a list, page by page."""
    found = []
    while True:
        answer = call(request)
        found += getattr(answer, cell)
        if not answer.next_page_token:
            return found
        assert len(getattr(answer, cell)) == request.page_size
        request.page_token = answer.next_page_token


def refused(call, request):
    with pytest.raises(grpc.RpcError) as error:
        call(request)
    return error.value.code(), error.value


def test_pages_join_to_the_whole_and_nothing_moves_them(stub):
    made = [stub.SubmitOrder(wish(price=f"1.{n:02}")).order.order_id for n in range(7)]
    request = api.ListOrdersRequest(parent="accounts/alice", open_only=True, page_size=1000)
    whole = [o.order_id for o in stub.ListOrders(request).orders]
    assert whole[:7] == made[::-1]
    request.page_size = 3
    first = stub.ListOrders(request)
    stub.SubmitOrder(wish(price="0.50"))  # newer than the first page: moves nothing
    stub.CancelOrder(api.CancelOrderRequest(name=first.orders[2].name))
    request.page_token = first.next_page_token
    rest = pages(stub.ListOrders, request, "orders")
    assert [o.order_id for o in first.orders] + [o.order_id for o in rest] == whole


def test_a_token_belongs_to_its_question(stub):
    for n in range(4):
        stub.SubmitOrder(wish(price=f"1.{n:02}"))
    request = api.ListExecutionsRequest(parent="accounts/alice", page_size=2)
    token = stub.ListExecutions(request).next_page_token
    assert token
    request.page_token, request.page_size = token, 3  # another size is the same question
    assert stub.ListExecutions(request).executions
    others = (
        api.ListExecutionsRequest(parent="accounts/bob", page_token=token),
        api.ListExecutionsRequest(parent="accounts/alice", page_token=token, after_exec_id=1),
        api.ListOrdersRequest(parent="accounts/alice", page_token=token),
        api.ListQuotesRequest(parent="accounts/alice", page_token=token),
        *(
            api.ListExecutionsRequest(parent="accounts/alice", page_token=text)
            for text in ("1", "-5", "x", "====", token[:-2], token + "AAAA", "é")
        ),
    )
    for other in others:
        call = getattr(stub, type(other).__name__.removesuffix("Request"))
        code, error = refused(call, other)
        assert code == grpc.StatusCode.INVALID_ARGUMENT
        assert details(error)["BadRequest"].field_violations[0].field == "page_token"


def test_executions_by_kind_order_instrument_and_time(stub):
    begin = stub.SubmitOrder(wish(SELL, "3", "7.00", "bob"))
    taken = stub.SubmitOrder(wish(BUY, "3", "7.00"))
    trades = api.ListExecutionsRequest(
        parent="accounts/-", exec_types=[codes.EXEC_TYPE_TRADE], page_size=1,
        after_exec_id=begin.executions[-1].exec_id, instrument="instruments/ACME",
    )  # fmt: skip
    found = pages(stub.ListExecutions, trades, "executions")
    assert {e.name.split("/")[1] for e in found} == {"alice", "bob"}
    assert all(e.last_px == "7" for e in found)
    mine = api.ListExecutionsRequest(parent="accounts/alice", order=taken.order.name)
    answer = stub.ListExecutions(mine)
    assert [e.exec_type for e in answer.executions] == [codes.EXEC_TYPE_NEW, codes.EXEC_TYPE_TRADE]
    assert answer.first_exec_id == 1
    when = answer.executions[0].transact_time
    later = Timestamp(seconds=when.seconds + 1000)
    for cell, bound, count in (
        ("start_time", when, 2), ("end_time", when, 0), ("start_time", later, 0),
        ("end_time", later, 2),
    ):  # fmt: skip
        timed = api.ListExecutionsRequest(parent="accounts/alice", order=taken.order.name)
        getattr(timed, cell).CopyFrom(bound)
        assert len(stub.ListExecutions(timed).executions) == count


def test_a_filter_by_order_shows_nothing_of_others(server, stub):
    carol = TradingServiceStub(server.channel("stranger"))
    secret = carol.SubmitOrder(wish(account="carol", price="0.03")).order.name
    unknown = secret.replace("carol", "clara")
    for parent, code in (
        ("accounts/-", grpc.StatusCode.PERMISSION_DENIED),
        ("accounts/alice", grpc.StatusCode.INVALID_ARGUMENT),
    ):
        told = [
            refused(stub.ListExecutions, api.ListExecutionsRequest(parent=parent, order=name))
            for name in (secret, unknown)
        ]
        assert [each[0] for each in told] == [code, code]
        texts = [each[1].details() for each in told]
        texts[1] = texts[1].replace("cla...", "car...").replace("clara", "carol")
        assert texts[0] == texts[1]  # existence is not told


def test_every_read_of_a_foreign_account_is_refused(server, stub):
    carol = TradingServiceStub(server.channel("stranger"))
    name = carol.SubmitOrder(wish(account="carol", price="0.04")).order.name
    carol.SubmitQuote(quote_of("carol", "ACME", 9, ("0.01", "1"), ("99.00", "1")))
    foreign = (
        api.GetOrderRequest(name=name), api.ListOrdersRequest(parent="accounts/carol"),
        api.ListExecutionsRequest(parent="accounts/carol"),
        api.GetQuoteRequest(name="accounts/carol/quotes/ACME"),
        api.ListQuotesRequest(parent="accounts/carol"),
        api.MassQuoteRequest(parent="accounts/carol"),
    )
    for request in foreign:
        call = getattr(stub, type(request).__name__.removesuffix("Request"))
        assert refused(call, request)[0] == grpc.StatusCode.PERMISSION_DENIED
    lists = (
        stub.ListOrders(api.ListOrdersRequest(parent="accounts/-", page_size=1000)).orders,
        stub.ListExecutions(
            api.ListExecutionsRequest(parent="accounts/-", page_size=1000)).executions,
        stub.ListQuotes(api.ListQuotesRequest(parent="accounts/-", page_size=1000)).quotes,
    )
    for items in lists:
        assert {item.name.split("/")[1] for item in items} <= {"alice", "bob"}
    carol.MassCancel(api.MassCancelRequest(parent="accounts/carol"))


def quote_of(account, symbol, number, bid, offer, **more):
    quote = resources.Quote(
        name=f"accounts/{account}/quotes/{symbol}", cl_ord_id=number, bid_px=bid[0],
        bid_size=bid[1], offer_px=offer[0], offer_size=offer[1],
    )  # fmt: skip
    return api.SubmitQuoteRequest(quote=quote, **more)


def test_quotes_are_entered_together_read_back_and_removed(stub):
    sent = [
        quote_of("bob", "ACME", 41, ("30.00", "4"), ("31.00", "5")).quote,
        quote_of("bob", "OTHER", 42, ("10.5", "0.3"), ("", "")).quote,
    ]
    request = api.MassQuoteRequest(parent="accounts/bob", quotes=sent, validate_only=True)
    tried = stub.MassQuote(request)
    assert [len(q.executions) for q in tried.quotes] == [2, 1]
    name = "accounts/bob/quotes/ACME"
    gone = refused(stub.GetQuote, api.GetQuoteRequest(name=name))[0]
    assert gone == grpc.StatusCode.NOT_FOUND
    request.validate_only, request.request_id = False, "quotes-of-the-morning"
    made = stub.MassQuote(request)
    assert [e.exec_type for q in made.quotes for e in q.executions] == [codes.EXEC_TYPE_NEW] * 3
    assert stub.MassQuote(request) == made  # the first answer
    shown = stub.GetQuote(api.GetQuoteRequest(name=name))
    assert shown == made.quotes[0].quote.__class__(
        name=name, cl_ord_id=41, bid_px="30", bid_size="4", offer_px="31", offer_size="5",
        bid_order_id=shown.bid_order_id, offer_order_id=shown.offer_order_id,
    )
    listing = api.ListQuotesRequest(parent="accounts/bob", page_size=1)
    symbols = [q.name.rpartition("/")[2] for q in pages(stub.ListQuotes, listing, "quotes")]
    assert symbols == ["ACME", "OTHER"]
    leg = stub.GetOrder(api.GetOrderRequest(name=f"accounts/bob/orders/{shown.bid_order_id}"))
    assert leg.cl_ord_id == 41
    stub.SubmitOrder(wish(SELL, "1", "30.00"))
    assert stub.GetQuote(api.GetQuoteRequest(name=name)).bid_size == "3"
    for symbol in ("ACME", "OTHER"):
        stub.CancelQuote(
            api.CancelQuoteRequest(name=f"accounts/bob/quotes/{symbol}", cl_ord_id=43)
        )
    assert not stub.ListQuotes(api.ListQuotesRequest(parent="accounts/bob")).quotes


@pytest.mark.parametrize(("quotes", "field"), [
    ([], "quotes"),
    ([quote_of("alice", "ACME", 1, ("1", "1"), ("2", "1")).quote], "quotes[0].name"),
    ([quote_of("bob", "ACME", 1, ("1", "1"), ("2", "1")).quote] * 2, "quotes[1].name"),
    ([quote_of("bob", "ACME", 1, ("abc", "1"), ("2", "1")).quote], "quotes[0].bid_px"),
    ([quote_of("bob", "ACME", 0, ("1", "1"), ("2", "1")).quote], "quotes[0].cl_ord_id"),
])  # fmt: skip
def test_a_mass_quote_that_is_not_understood_names_its_field(stub, quotes, field):
    request = api.MassQuoteRequest(parent="accounts/bob", quotes=quotes)
    code, error = refused(stub.MassQuote, request)
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert details(error)["BadRequest"].field_violations[0].field == field


def test_a_listing_agrees_with_one_order_at_a_time(server, stub):
    """The columns of a listing against the order that each line stands for."""
    for price in ("1.01", "1.02", "3.00"):
        stub.SubmitOrder(wish(price=price))
    stub.SubmitOrder(wish(SELL, "7", "3.00", "bob"))
    stub.MassCancel(api.MassCancelRequest(parent="accounts/alice", price_high="1.01",
                                          instrument="instruments/ACME"))  # fmt: skip
    core = server.server.core
    orders = Orders(core.state)
    numbers = np.array([core.known.nodes[name] for name in ("alice", "bob")])
    found = orders.listed(numbers)
    assert len(found.order_id) > 10
    for at in range(len(found.order_id)):
        shown = orders.one_of(found, at)
        one = orders.order(int(found.account[at]), int(found.order_id[at]), 0)
        assert shown == one
        assert (shown.ord_status or 48) % 48 == found.status[at] % 48
        assert shown.create_time.ToNanoseconds() == found.created[at]
    some = api.ListOrdersRequest(parent="accounts/-", ord_statuses=[codes.ORD_STATUS_CANCELED])
    listed = {o.name for o in stub.ListOrders(some).orders}
    canceled = found.order_id[found.status == 4].tolist()
    assert {int(name.rpartition("/")[2]) for name in listed} == set(canceled)
