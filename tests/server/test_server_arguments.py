"""What a client may ask wrong, twice, or half: named fields, first answers, all or nothing."""

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask

from gridworks.api.admin.v1 import admin_service_pb2 as admin
from gridworks.api.admin.v1.admin_service_pb2_grpc import AdminServiceStub
from gridworks.api.market_data.v1 import market_data_service_pb2 as market
from gridworks.api.market_data.v1.market_data_service_pb2_grpc import MarketDataServiceStub
from gridworks.api.risk.v1 import resources_pb2 as resources
from gridworks.api.risk.v1 import risk_service_pb2 as risk
from gridworks.api.risk.v1.risk_service_pb2_grpc import RiskServiceStub
from gridworks.api.trading.v1 import order_entry_pb2 as stream
from gridworks.api.trading.v1 import resources_pb2 as orders
from gridworks.api.trading.v1 import trading_service_pb2 as api
from gridworks.api.trading.v1.trading_service_pb2_grpc import TradingServiceStub
from gridworks.api.types.v1 import codes_pb2 as codes
from gridworks.api.types.v1.instrument_pb2 import Instrument, TickBand
from tests.server.test_server_trading import BUY, LIMIT, Session, details, wish

ACME, LIMITS = "instruments/ACME", "nodes/carol/limits"
LONGEST = Duration(seconds=2**62)  # what protobuf itself cannot show
ALL = FieldMask(paths=["*"])


def refused(call, *given):
    """(code, field to blame) of a call that is refused."""
    with pytest.raises(grpc.RpcError) as error:
        call(*given)
    told = details(error.value)
    blamed = told["BadRequest"].field_violations[0].field if "BadRequest" in told else ""
    return error.value.code().name, blamed


def instrument(**more):
    return admin.UpdateInstrumentRequest(instrument=Instrument(name=ACME, **more))


def limits(**more):
    return risk.UpdateLimitsRequest(limits=resources.Limits(name=LIMITS, **more), reason="test")


@pytest.fixture(scope="module")
def operator(server):
    return AdminServiceStub(server.channel("operator"))


@pytest.fixture(scope="module")
def desk(server):
    return RiskServiceStub(server.channel("operator"))


@pytest.fixture(scope="module")
def trading(server):
    return TradingServiceStub(server.channel("trader"))


@pytest.fixture(scope="module")
def shown(server):
    """ACME as it is now."""
    stub = MarketDataServiceStub(server.channel("reader"))
    return lambda name=ACME: stub.GetInstrument(market.GetInstrumentRequest(name=name))


# ------------------------------------------------------------------------------ repeated requests


def test_a_repeated_request_finds_its_order_by_a_client_id_that_it_has_lost(trading):
    made = trading.SubmitOrder(wish(price="0.40")).order
    old, new = made.cl_ord_id, made.cl_ord_id + 500_000
    change = api.ReplaceOrderRequest(
        order=orders.Order(name=f"accounts/alice/orders/cl-{old}", cl_ord_id=new, price="0.41"),
        request_id="replaced",
    )
    first = trading.ReplaceOrder(change)
    assert (first.order.name, first.order.price) == (made.name, "0.41")
    assert trading.ReplaceOrder(change) == first
    other = wish(price="0.30")
    other.order.cl_ord_id = old  # somebody else has the id now
    trading.SubmitOrder(other)
    assert trading.ReplaceOrder(change) == first
    end = api.CancelOrderRequest(name=f"accounts/alice/orders/cl-{new}", request_id="canceled")
    gone = trading.CancelOrder(end)
    assert gone.order.ord_status == codes.ORD_STATUS_CANCELED
    assert trading.CancelOrder(end) == gone


def test_a_request_id_that_stands_for_something_else_is_named(trading):
    request = wish(price="0.20", request_id="only-once")
    trading.SubmitOrder(request)
    request.order.price = "0.21"
    with pytest.raises(grpc.RpcError) as error:
        trading.SubmitOrder(request)
    told = details(error.value)["ErrorInfo"].metadata
    assert (told["kind"], told["name"]) == ("request_id", "only-once")


# ------------------------------------------------------------------------------ all or nothing


def test_an_instrument_is_made_whole_or_not_at_all(operator, shown):
    bad = Instrument(symbol="HALF", max_qty="5", multiplier=-5)
    for only in (True, False):
        request = admin.CreateInstrumentRequest(instrument=bad, validate_only=only)
        wanted = "INVALID_ARGUMENT", "instrument.multiplier"
        assert refused(operator.CreateInstrument, request) == wanted
    assert refused(shown, "instruments/HALF")[0] == "NOT_FOUND"
    bad.multiplier = 5
    request = admin.CreateInstrumentRequest(instrument=bad, request_id="whole")
    assert operator.CreateInstrument(request) == operator.CreateInstrument(request)


def test_settings_change_together_or_not_at_all(operator, desk, shown):
    before = shown()
    wrong, wanted = instrument(max_qty="4321", multiplier=-5), "instrument.multiplier"
    assert refused(operator.UpdateInstrument, wrong) == ("INVALID_ARGUMENT", wanted)
    assert shown() == before
    held = desk.GetLimits(risk.GetLimitsRequest(name=LIMITS))
    wanted = "INVALID_ARGUMENT", "limits.max_order_qty"
    assert refused(desk.UpdateLimits, limits(max_open_orders=7, max_order_qty=-5)) == wanted
    assert desk.GetLimits(risk.GetLimitsRequest(name=LIMITS)) == held


# ------------------------------------------------------------------------------ masks


def test_what_was_read_can_be_written_back_whole(operator, desk, shown):
    before = shown()
    assert operator.UpdateInstrument(
        admin.UpdateInstrumentRequest(instrument=before, update_mask=ALL)
    ) == before  # fmt: skip
    held = desk.GetLimits(risk.GetLimitsRequest(name=LIMITS))
    request = risk.UpdateLimitsRequest(limits=held, update_mask=ALL, reason="test")
    assert not desk.UpdateLimits(request).HasField("change")
    made = desk.UpdateLimits(limits(max_order_qty=9))
    assert made.limits.max_order_qty == 9
    request.validate_only = True  # unset under "*" is: none
    assert desk.UpdateLimits(request).change.items[0].new_value == "0"


def test_an_order_takes_all_that_is_given_under_a_star(trading):
    made = trading.SubmitOrder(wish(price="0.40")).order
    change = orders.Order(name=made.name, price="0.41", order_qty="4")
    found = trading.ReplaceOrder(api.ReplaceOrderRequest(order=change, update_mask=ALL)).order
    assert (found.price, found.order_qty) == ("0.41", "4")


@pytest.mark.parametrize(
    ("field", "value"),
    [("symbol", "OTHER"), ("type", codes.INSTRUMENT_TYPE_FX), ("tick_size", "0.05"),
     ("lot_size", "10"), ("currency_digits", 3)],
)  # fmt: skip
def test_what_never_changes_is_not_passed_over_in_silence(operator, field, value):
    wanted = "INVALID_ARGUMENT", f"instrument.{field}"
    assert refused(operator.UpdateInstrument, instrument(**{field: value})) == wanted
    operator.UpdateInstrument(instrument(tick_size="0.010"))  # as it is: no change


def test_a_tick_table_grows_and_shrinks(operator, shown):
    bands = [TickBand(from_price="0", tick="0.01"), TickBand(from_price="10", tick="0.05"),
             TickBand(from_price="100", tick="0.1")]  # fmt: skip
    try:
        assert list(operator.UpdateInstrument(instrument(tick_table=bands)).tick_table) == bands
        short = list(operator.UpdateInstrument(instrument(tick_table=bands[:2])).tick_table)
        assert short == bands[:2]
    finally:
        request = instrument()
        request.update_mask.paths.append("tick_table")
        operator.UpdateInstrument(request)
    assert list(shown().tick_table) == bands[:1]
    wanted = "INVALID_ARGUMENT", "instrument.tick_table"
    falling = instrument(tick_table=[bands[0], bands[2], bands[1]])
    assert refused(operator.UpdateInstrument, falling) == wanted


# ------------------------------------------------------------------------------ what is not known


@pytest.mark.parametrize(
    ("field", "value"),
    [("allowed_ord_types", [99]), ("allowed_times_in_force", [77]), ("margin_model", 99),
     ("charge_buy_ppb", [1, 2, 3, 4, 5]), ("volatility_duration", Duration(seconds=-1)),
     ("volatility_duration", LONGEST), ("max_qty", "1.5"), ("currency", -1)],
)  # fmt: skip
def test_a_setting_of_an_instrument_that_is_not_understood_is_named(operator, field, value):
    wanted = "INVALID_ARGUMENT", f"instrument.{field}"
    assert refused(operator.UpdateInstrument, instrument(**{field: value})) == wanted


@pytest.mark.parametrize(
    ("field", "value"),
    [("status", 9), ("allowed_types", [9]), ("allowed_ord_types", [999]), ("short_sale", 9),
     ("cost_method", 99), ("duplicate_window", LONGEST), ("credit", "abc"), ("order_rate", -4)],
)  # fmt: skip
def test_a_limit_that_is_not_understood_is_named(desk, field, value):
    wanted = "INVALID_ARGUMENT", f"limits.{field}"
    assert refused(desk.UpdateLimits, limits(**{field: value})) == wanted


def test_a_code_that_no_filter_knows_is_named(server, desk, trading):
    changes = risk.ListLimitChangesRequest(parent="nodes/carol", states=[99])
    assert refused(desk.ListLimitChanges, changes) == ("INVALID_ARGUMENT", "states")
    nodes = risk.ListNodesRequest(level=99)
    assert refused(desk.ListNodes, nodes) == ("INVALID_ARGUMENT", "level")
    listed = api.ListOrdersRequest(parent="accounts/alice", ord_statuses=[99])
    assert refused(trading.ListOrders, listed) == ("INVALID_ARGUMENT", "ord_statuses")
    executed = api.ListExecutionsRequest(parent="accounts/alice", exec_types=[99])
    assert refused(trading.ListExecutions, executed) == ("INVALID_ARGUMENT", "exec_types")
    stub = MarketDataServiceStub(server.channel("reader"))
    kinds = market.ListInstrumentsRequest(type=99)
    assert refused(stub.ListInstruments, kinds) == ("INVALID_ARGUMENT", "type")


def test_a_price_range_that_is_upside_down_cancels_nothing_in_silence(trading):
    request = api.MassCancelRequest(
        parent="accounts/alice", instrument=ACME, price_low="10", price_high="5"
    )
    assert refused(trading.MassCancel, request) == ("INVALID_ARGUMENT", "price_low")


def test_what_is_to_be_made_needs_an_identifier(operator):
    nameless = admin.CreateInstrumentRequest(instrument=Instrument(name="instruments/X"))
    wanted = "INVALID_ARGUMENT", "instrument.symbol"
    assert refused(operator.CreateInstrument, nameless) == wanted
    node = resources.Node(level=codes.LEVEL_ACCOUNT)
    request = admin.CreateNodeRequest(node_id="a b", node=node)
    assert refused(operator.CreateNode, request) == ("INVALID_ARGUMENT", "node_id")
    node.parent = "nodes/alice"  # nothing stands below an account
    request = admin.CreateNodeRequest(node_id="below", node=node)
    assert refused(operator.CreateNode, request) == ("INVALID_ARGUMENT", "node")


# ------------------------------------------------------------------------------ sessions


@pytest.mark.parametrize(
    ("logon", "field"),
    [({"next_expected_msg_seq_num": -1}, "logon.next_expected_msg_seq_num"),
     ({"dead_man_timeout": Duration(nanos=1)}, "logon.dead_man_timeout"),
     ({"dead_man_timeout": Duration(seconds=-1)}, "logon.dead_man_timeout"),
     ({"heartbeat_interval": Duration(nanos=1)}, "logon.heartbeat_interval")],
)  # fmt: skip
def test_a_logon_that_is_not_understood_names_its_field(server, logon, field):
    assert refused(lambda: Session(server, "odd", **logon)) == ("INVALID_ARGUMENT", field)


def test_a_logon_does_not_tell_which_accounts_there_are(server):
    told = []
    for account in ("carol", "nobody"):
        with pytest.raises(grpc.RpcError) as error:
            Session(server, "curious", account=account)
        assert error.value.code() == grpc.StatusCode.PERMISSION_DENIED
        told.append(error.value.details().replace(account, "..."))
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("message", "field"),
    [({"resend_request": stream.ResendRequest(begin_seq_no=0)}, "resend_request.begin_seq_no"),
     ({"resend_request": stream.ResendRequest(begin_seq_no=3, end_seq_no=2)},
      "resend_request.end_seq_no"),
     ({"resend_request": stream.ResendRequest(begin_seq_no=1, end_seq_no=-4)},
      "resend_request.end_seq_no"),
     ({"msg_seq_num": -3, "commands": [stream.OrderCommand(
         command=codes.COMMAND_NEW_ORDER, cl_ord_id=1, instrument=1, side=BUY, ord_type=LIMIT,
         order_qty=1, price=1)]}, "msg_seq_num")],
)  # fmt: skip
def test_a_message_of_a_session_that_is_not_understood_names_its_field(server, message, field):
    one = Session(server, "wrong")
    one.send(**message)
    assert refused(lambda: next(one.replies)) == ("INVALID_ARGUMENT", field)


def test_a_number_without_commands_says_nothing(server):
    one = Session(server, "numbered")
    one.send(msg_seq_num=9)
    one.send(msg_seq_num=1, heartbeat=stream.Heartbeat(test_req_id=5))
    assert next(one.replies).heartbeat.test_req_id == 5
