"""What the client takes and refuses before anything is sent; errors out of statuses."""

import pickle
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from google.protobuf import any_pb2
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2

import gridworks as gw
from domain.errors import GridWorksError, InvalidField
from gridworks.api.admin.v1.admin_service_pb2 import SetPhaseRequest
from gridworks.api.indicators.v1.indicator_service_pb2 import ComputeIndicatorRequest
from gridworks.api.risk.v1.risk_service_pb2 import StreamRiskRequest
from gridworks.api.trading.v1.order_entry_pb2 import OrderCommand
from gridworks.api.trading.v1.resources_pb2 import Order
from gridworks.api.trading.v1.trading_service_pb2 import CancelOrderRequest, ReplaceOrderRequest
from gridworks.client import codes, errors, orders, word
from gridworks.client.options import Settings, settings
from gridworks.client.requests import build
from gridworks.client.services.indicators import parameter_values

TEST, LIVE = "gw_test_abcdefghijk", "gw_live_abcdefghijk"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    for name in ("TARGET", "API_KEY", "ENVIRONMENT", "CA", "GATEWAY"):
        monkeypatch.delenv(f"GRIDWORKS_{name}", raising=False)


# ------------------------------------------------------------------ settings


def test_arguments_come_before_the_environment(monkeypatch):
    monkeypatch.setenv("GRIDWORKS_TARGET", "there:1")
    monkeypatch.setenv("GRIDWORKS_API_KEY", LIVE)
    found = settings(None, None, {})
    assert (found.target, found.api_key, found.environment) == ("there:1", LIVE, "live")
    found = settings("here:2", TEST, {"environment": "sandbox"})
    assert (found.target, found.environment) == ("here:2", "sandbox")
    assert settings(None, TEST, {}).target == "there:1"


def test_the_key_is_never_shown():
    assert TEST not in repr(settings("x:1", TEST, {}))
    with pytest.raises(InvalidField) as found:
        settings("x:1", LIVE, {"environment": "sandbox"})
    assert LIVE not in str(found.value)
    assert "gw_test_" in str(found.value)


@pytest.mark.parametrize(("key", "options", "field"), [
    ("", {}, "api_key"),
    ("password", {}, "api_key"),
    (TEST, {"environment": "live"}, "api_key"),
    (TEST, {"environment": "moon"}, "environment"),
    (TEST, {"ca": "/nowhere/ca.pem"}, "ca"),
    (TEST, {"identity": ("/nowhere/a", "/nowhere/b")}, "identity"),
    (TEST, {"insecure": True, "ca": __file__}, "insecure"),
    (LIVE, {"insecure": True}, "insecure"),
    (TEST, {"timeout": 0}, "timeout"),
    (TEST, {"colour": "red"}, "colour"),
])  # fmt: skip
def test_settings_that_make_no_sense_are_refused(key, options, field):
    with pytest.raises(InvalidField) as found:
        settings("exchange.example:7400", key, options)
    assert found.value.field == field


def test_tls_is_the_default_and_clear_text_has_to_be_said():
    assert isinstance(found := settings("x:1", TEST, {}), Settings)
    assert not found.insecure
    assert settings("localhost:1", LIVE, {"insecure": True}).insecure


@pytest.mark.parametrize(
    ("target", "gateway", "field"),
    [("localhost", None, "target"), ("a b:1:2", None, "target"), ("x:1", "y", "gateway"),
     ("localhost.elsewhere.example:1", None, "insecure"),
     ("127.elsewhere.example:1", None, "insecure"),
     ("localhost:1", "elsewhere.example:1", "insecure")],
)  # fmt: skip
def test_a_live_key_goes_in_clear_text_to_this_machine_alone(target, gateway, field):
    with pytest.raises(InvalidField) as found:
        settings(target, LIVE, {"insecure": True, "gateway": gateway})
    assert found.value.field == field


@pytest.mark.parametrize("target", ["127.0.0.1:1", "[::1]:1", "unix:/tmp/s", "dns:///localhost:1"])
def test_this_machine_has_several_names(target):
    assert settings(target, LIVE, {"insecure": True}).target == target


@pytest.mark.parametrize("wrong", [{"attempts": -1}, {"first": 0.0}, {"most": 0.01}, {"factor": 0}])
def test_a_retry_policy_is_checked(wrong):
    with pytest.raises(InvalidField, match="retry"):
        gw.Retry(**wrong)


# ------------------------------------------------------------------ requests


@pytest.mark.parametrize(("given", "sent"), [
    (Decimal("101.250"), "101.250"), (Decimal("1E+3"), "1000"), ("0.1", "0.1"), (7, "7"),
])  # fmt: skip
def test_decimals_are_exact(given, sent):
    assert build(Order, {"price": given}).price == sent


@pytest.mark.parametrize("wrong", [0.1, 1.0, True, Decimal("NaN"), Decimal("Infinity"), [1], b"1"])
def test_a_price_that_is_not_a_decimal_is_refused(wrong):
    with pytest.raises(InvalidField) as found:
        build(Order, {"price": wrong})
    assert found.value.field == "price"


@pytest.mark.parametrize("wrong", [1.0, "1", Decimal(1), True])
def test_streams_take_whole_ticks_only(wrong):
    with pytest.raises(InvalidField, match="ticks"):
        orders.new_order(1, "BUY", 10, wrong)


@pytest.mark.parametrize("side", ["BUY", "buy", "SIDE_BUY", gw.Side.BUY, 1, codes.SIDE_BUY])
def test_a_code_may_be_said_in_several_ways(side):
    assert build(Order, {"side": side}).side == codes.SIDE_BUY


def test_the_zero_of_the_vocabulary_is_not_the_zero_of_the_wire():
    assert build(Order, {"time_in_force": gw.TimeInForce.DAY}).time_in_force == 48
    assert build(SetPhaseRequest, {"phase": gw.Phase.CLOSED}).phase == codes.PHASE_CLOSED
    assert build(Order, {"time_in_force": 0}).time_in_force == 0


@pytest.mark.parametrize("wrong", ["BYE", 99, 1.0, None.__class__])
def test_an_unknown_code_is_told_what_there_is(wrong):
    with pytest.raises(InvalidField, match="BUY, SELL, SELL_SHORT"):
        build(Order, {"side": wrong})


def test_flags_times_spans_masks_and_nested_fields():
    flags = gw.ExecInst.POST_ONLY | gw.ExecInst.HIDDEN
    made = build(Order, {"exec_inst": flags, "expire_time": datetime(2030, 1, 1, tzinfo=UTC)})
    assert list(made.exec_inst) == [codes.EXEC_INST_POST_ONLY, codes.EXEC_INST_HIDDEN]
    assert made.expire_time.seconds == 1893456000
    assert build(Order, {"exec_inst": "POST_ONLY"}).exec_inst == [codes.EXEC_INST_POST_ONLY]
    assert build(Order, {"expire_time": 5}).expire_time.nanos == 5
    assert build(StreamRiskRequest, {"interval": 0.25}).interval.nanos == 250_000_000
    spans = {"interval": timedelta(seconds=2), "nodes": "nodes/a"}
    assert build(StreamRiskRequest, spans).interval.seconds == 2
    changed = build(ReplaceOrderRequest, {"order": {"price": 5}, "update_mask": ["price"]})
    assert (changed.order.price, list(changed.update_mask.paths)) == ("5", ["price"])
    assert build(CancelOrderRequest, {"name": Order(name="accounts/a/orders/1")}).name
    values = parameter_values({"length": 14, "kind": "ema"})
    made = build(ComputeIndicatorRequest, {"name": "x", "parameters": values})
    assert made.parameters["length"].number == 14
    assert made.parameters["kind"].choice == "ema"


@pytest.mark.parametrize(("kind", "fields", "field"), [
    (Order, {"colour": 1}, "colour"),
    (Order, {"cl_ord_id": 2**63}, "cl_ord_id"),
    (Order, {"cl_ord_id": "7"}, "cl_ord_id"),
    (Order, {"expire_time": datetime(2030, 1, 1)}, "expire_time"),
    (Order, {"exec_inst": ["POST_ONLY", "NONE"]}, "exec_inst[1]"),
    (StreamRiskRequest, {"interval": "1 s"}, "interval"),
    (StreamRiskRequest, {"include_positions": 1}, "include_positions"),
    (ReplaceOrderRequest, {"order": {"price": 0.5}}, "order.price"),
    (ReplaceOrderRequest, {"order": 5}, "order"),
])  # fmt: skip
def test_an_argument_that_is_not_understood_is_named(kind, fields, field):
    with pytest.raises(InvalidField) as found:
        build(kind, fields)
    assert found.value.field == field


def test_commands_of_a_stream():
    made = orders.new_order(3, "SELL", 10, 2025, exec_inst="POST_ONLY")
    assert (made.instrument, made.side, made.ord_type) == (3, codes.SIDE_SELL, codes.ORD_TYPE_LIMIT)
    assert made.cl_ord_id > 0
    assert orders.new_order(3, "BUY", 1).ord_type == codes.ORD_TYPE_MARKET
    assert orders.new_order(3, "BUY", 1).cl_ord_id != orders.new_order(3, "BUY", 1).cl_ord_id
    quoted = orders.quote(3, (100, 5), (102, 6), cl_ord_id=9)
    assert (quoted.price, quoted.order_qty, quoted.offer_px, quoted.offer_size) == (100, 5, 102, 6)
    assert orders.replace_order(7, price=4) == OrderCommand(
        command=codes.COMMAND_REPLACE_ORDER, orig_cl_ord_id=7, price=4
    )
    assert orders.mass_cancel(3, "BUY").side == codes.SIDE_BUY
    for ids in ((0, 0), (1, 1)):
        with pytest.raises(InvalidField, match="orig_cl_ord_id"):
            orders.cancel_order(ids[0], order_id=ids[1])


# ------------------------------------------------------------------ errors


def status(code, *details):
    made = status_pb2.Status(code=code, message="words")
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        made.details.append(packed)
    return made.SerializeToString()


def test_an_error_carries_what_the_server_said():
    field = error_details_pb2.BadRequest.FieldViolation(field="order.price", description="odd")
    found = errors.from_status(3, "words", status(
        3, error_details_pb2.ErrorInfo(reason="INVALID_FIELD", metadata={"value": "x"}),
        error_details_pb2.BadRequest(field_violations=[field]),
        error_details_pb2.RetryInfo(retry_delay=Duration(seconds=1, nanos=500_000_000)),
    ))  # fmt: skip
    assert isinstance(found, errors.InvalidArgument)
    assert (found.code, found.reason) == ("INVALID_ARGUMENT", "INVALID_FIELD")
    assert found.metadata == {"value": "x"}
    assert found.field_violations == (("order.price", "odd"),)
    assert found.retry_delay == 1.5
    found.request_id, found.method = "id-1", "/service/SubmitOrder"
    assert str(found) == (
        "SubmitOrder: INVALID_ARGUMENT (INVALID_FIELD): words [request_id id-1]"
    )


@pytest.mark.parametrize("number", range(1, 17))
def test_every_status_has_a_typed_error(number):
    found = errors.from_status(number, "words")
    assert found.code == errors.CODES[number]
    assert isinstance(found, GridWorksError)
    again = pickle.loads(pickle.dumps(found))
    assert (type(again), again.code, again.message) == (type(found), found.code, "words")


def test_damaged_details_and_unknown_statuses_do_no_harm():
    assert errors.from_status(5, "words", b"\xff\xff").reason == ""
    assert errors.from_status(99, "words").code == "UNKNOWN"
    assert issubclass(errors.DeadlineExceeded, TimeoutError)


def test_the_tree_in_the_docstring_is_the_tree():
    kinds = {kind.__name__ for kind in errors.CallError.__subclasses__()}
    assert kinds == {name for name in kinds if f"── {name}" in errors.__doc__}


def test_a_code_in_a_message_has_a_word():
    assert word(Order(side=codes.SIDE_BUY), "side") == "BUY"
    assert word(Order(), "ord_status") == "UNSPECIFIED"
