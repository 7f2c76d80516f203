"""Decimal text, names and codes of the unary calls: exact there and back, named when wrong."""

from decimal import Decimal

import numpy as np
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from domain import money
from domain.codes import (
    Contingency,
    ExecInst,
    ExecType,
    Level,
    OrdStatus,
    OrdType,
    Reason,
    ReportType,
    Scope,
    SelfTrade,
    Side,
    TimeInForce,
)
from domain.errors import InvalidField, NotFound
from domain.layout import COMMAND, REPORT
from gridworks.api.trading.v1 import trading_service_pb2 as service
from gridworks.api.trading.v1.resources_pb2 import Execution, Order, Quote
from gridworks.api.types.v1 import codes_pb2 as wire
from server.codec.people import executions, orders
from server.codec.people.decimals import Scale, nanoseconds, plain, timestamp
from server.codec.people.names import Directory, segments

ACME = Scale(3, "ACME", Decimal("0.05"), Decimal("0.001"), 2)
KNOWN = Directory()
KNOWN.add_node("alice", 4)
KNOWN.add_node("north", 9)
KNOWN.add_instrument(ACME)


def fields_of(message) -> dict[str, int]:
    """The cells of a command's row that are not 0."""
    row = np.frombuffer(message.pack(), COMMAND)[0]
    return {n: row[n].item() for n in COMMAND.names if n != "_spare" and row[n].item()}


# ------------------------------------------------------------------------------ decimals


@given(
    st.integers(0, 2**62), st.decimals("0.00000001", 1000, places=8, allow_nan=False),
    st.integers(0, 8),
)  # fmt: skip
def test_text_is_exact_there_and_back(whole, step, digits):
    scale = Scale(1, "X", step, step, digits)
    assert scale.ticks("price", scale.price(whole)) == whole
    assert scale.lots("qty", scale.quantity(whole)) == whole
    assert scale.minor("fee", scale.amount(-whole)) == -whole
    assert Decimal(scale.price(whole)) == money.price(whole, step)


@pytest.mark.parametrize(
    ("text", "ticks"),
    [("", 0), ("101.25", 2025), ("101.250", 2025), ("1.0125e2", 2025), ("+.05", 1), ("-0.10", -2),
     ("5.", 100), ("0", 0)],
)  # fmt: skip
def test_decimals_that_are_read(text, ticks):
    assert ACME.ticks("price", text) == ticks


@pytest.mark.parametrize(
    "text",
    ["abc", " 1", "1 ", "1_000", "1,5", "NaN", "Infinity", "1e9999", "--1", ".", "e5", "٣", "0x10",
     "1" * 65, "1e60", "1\n", "0.03", "101.251"],
)  # fmt: skip
def test_decimals_that_are_refused_are_named(text):
    with pytest.raises(InvalidField) as caught:
        ACME.ticks("order.price", text)
    assert (caught.value.field, caught.value.value) == ("order.price", text)


def test_text_that_goes_out_is_plain():
    assert [plain(Decimal(t)) for t in ("1E+3", "100", "1.500", "-0.0", "1E-8")] == [
        "1000", "100", "1.5", "0", "0.00000001"
    ]  # fmt: skip
    assert ACME.average(2, 3) == "0.0333333333"  # 2 / 3 ticks of 0.05, ten places
    assert ACME.average(1, 0) == ""
    half = Scale(1, "X", Decimal(1))
    assert [half.average(n, 2 * 10**8) for n in (1, 3)] == ["0", "0.00000002"]  # half even


@given(st.integers(0, 2**62))
def test_times_are_exact_there_and_back(ns):
    assert nanoseconds("t", timestamp(ns)) == ns


@pytest.mark.parametrize("time", [(-1, 0), (0, -1), (0, 10**9), (2**40, 0)])
def test_times_outside_are_refused(time):
    with pytest.raises(InvalidField, match=r"order\.expire_time"):
        nanoseconds("order.expire_time", Timestamp(seconds=time[0], nanos=time[1]))


# ------------------------------------------------------------------------------ names


def test_names_say_who_and_what():
    assert KNOWN.account("parent", "accounts/alice") == 4
    assert KNOWN.node("parent", "nodes/north") == 9
    assert KNOWN.instrument("instrument", "instruments/ACME") is ACME
    assert KNOWN.order("name", "accounts/alice/orders/17") == (4, 17, 0)
    assert KNOWN.order("name", "accounts/alice/orders/cl-17") == (4, 0, 17)
    assert KNOWN.account_name(4) == "accounts/alice"
    assert KNOWN.account_name(77) == "accounts/77"
    assert KNOWN.instrument_name(8) == "instruments/8"
    assert [KNOWN.instrument_name(n) for n in (3, 0)] == ["instruments/ACME", ""]


@pytest.mark.parametrize(
    "name", ["", "alice", "accounts/", "accounts/a/b", "nodes/alice", "accounts/ä", "accounts/a b",
             "accounts/" + "a" * 57, "accounts/alice\n"],
)  # fmt: skip
def test_names_that_are_none(name):
    with pytest.raises(InvalidField, match=r"parent is .*allowed: a name such as accounts/\*"):
        segments("parent", name, "accounts/*")


@pytest.mark.parametrize("order", ["x", "0", "cl-", "cl-0", "-1", "+1", str(2**63), "cl-cl-1", "²"])
def test_orders_that_have_no_number(order):
    with pytest.raises(InvalidField, match=r"^name is"):
        KNOWN.order("name", f"accounts/alice/orders/{order}")


def test_what_there_is_not_is_not_found():
    for call, kind in (
        (lambda: KNOWN.account("parent", "accounts/bob"), "account"),
        (lambda: KNOWN.node("parent", "nodes/bob"), "node"),
        (lambda: KNOWN.instrument("instrument", "instruments/NONE"), "instrument"),
    ):
        with pytest.raises(NotFound) as caught:
            call()
        assert caught.value.kind == kind


# ------------------------------------------------------------------------------ orders

FULL = {
    "cl_ord_id": 7, "instrument": "instruments/ACME", "side": wire.SIDE_SELL_SHORT_EXEMPT,
    "ord_type": wire.ORD_TYPE_TRAILING_STOP, "time_in_force": wire.TIME_IN_FORCE_GTD,
    "order_qty": "1.5", "price": "10.05", "stop_px": "11", "display_qty": "0.5", "min_qty": "0.25",
    "offset": "25", "exec_inst": [wire.EXEC_INST_TRAIL_BPS, wire.EXEC_INST_REDUCE_ONLY],
    "expire_time": timestamp(10**18 + 1), "cl_ord_link_id": 3,
    "contingency": wire.CONTINGENCY_BRACKET, "list_size": 3, "stp_mode": wire.SELF_TRADE_DECREMENT,
    "algo_id": 12,
}  # fmt: skip
PLAIN = {"cl_ord_id": 7, "instrument": "instruments/ACME", "side": 1, "ord_type": 2,
         "order_qty": "1", "price": "10"}  # fmt: skip


def submit(**changes: object) -> orders.NewOrder:
    order = Order(**{**PLAIN, **changes})
    return orders.new_order(service.SubmitOrderRequest(parent="accounts/alice", order=order), KNOWN)


def test_an_order_with_everything():
    assert fields_of(submit(**FULL)) == {
        "command": 1, "account": 4, "instrument": 3, "cl_ord_id": 7,
        "side": Side.SELL_SHORT_EXEMPT, "ord_type": OrdType.TRAILING_STOP,
        "time_in_force": TimeInForce.GTD, "order_qty": 1500, "price": 201, "stop_px": 220,
        "display_qty": 500, "min_qty": 250, "offset": 25,
        "exec_inst": ExecInst.TRAIL_BPS | ExecInst.REDUCE_ONLY, "expire_time": 10**18 + 1,
        "cl_ord_link_id": 3, "contingency": Contingency.BRACKET, "list_size": 3,
        "stp_mode": SelfTrade.DECREMENT, "algo_id": 12,
    }  # fmt: skip


@pytest.mark.parametrize("ord_type", OrdType)
@pytest.mark.parametrize("tif", TimeInForce)
def test_every_type_and_time_in_force_can_be_said(ord_type, tif):
    order = submit(ord_type=int(ord_type), time_in_force=int(tif) or 48)
    assert (order.ord_type, order.time_in_force) == (ord_type, tif)


def test_an_offset_is_price_or_basis_points():
    assert submit(offset="-0.10", exec_inst=[wire.EXEC_INST_PEG_MID]).offset == -2
    with pytest.raises(InvalidField, match=r"order\.offset is '2.5'; allowed: a whole number of"):
        submit(offset="2.5", exec_inst=[wire.EXEC_INST_TRAIL_BPS])


@pytest.mark.parametrize(
    ("change", "field"),
    [({"side": 0}, "side"), ({"side": 3}, "side"), ({"ord_type": 0}, "ord_type"),
     ({"ord_type": 90}, "ord_type"), ({"time_in_force": 5}, "time_in_force"),
     ({"exec_inst": [3]}, "exec_inst"), ({"exec_inst": [1024]}, "exec_inst"),
     ({"cl_ord_id": 0}, "cl_ord_id"), ({"cl_ord_id": -1}, "cl_ord_id"),
     ({"order_qty": ""}, "order_qty"), ({"order_qty": "-1"}, "order_qty"),
     ({"order_qty": "0.0005"}, "order_qty"), ({"price": "1e50"}, "price"),
     ({"list_size": 9}, "list_size"), ({"list_size": -1}, "list_size"),
     ({"algo_id": -5}, "algo_id"), ({"stp_mode": 6}, "stp_mode"),
     ({"contingency": 9}, "contingency"), ({"instrument": "ACME"}, "instrument")],
)  # fmt: skip
def test_what_is_wrong_with_an_order_is_named(change, field):
    with pytest.raises(InvalidField) as caught:
        submit(**change)
    assert caught.value.field == f"order.{field}"


def test_cancel_and_mass_cancel():
    request = service.CancelOrderRequest(name="accounts/alice/orders/cl-7", cl_ord_id=8)
    found = fields_of(orders.cancel(request, KNOWN))
    assert found == {"command": 2, "account": 4, "orig_cl_ord_id": 7, "cl_ord_id": 8}
    request = service.MassCancelRequest(
        parent="accounts/alice", instrument="instruments/ACME", side=2, price_low="1",
        price_high="2",
    )  # fmt: skip
    found = fields_of(orders.mass_cancel(request, KNOWN))
    wanted = {"account": 4, "instrument": 3, "side": 2, "price_low": 20, "price_high": 40}
    assert found == {"command": 4, **wanted}
    found = fields_of(orders.mass_cancel(service.MassCancelRequest(parent="nodes/north"), KNOWN))
    assert found == {"command": 4, "scope": Scope.NODE, "entity": 9}
    request = service.MassCancelRequest(parent="accounts/alice", price_low="1")
    with pytest.raises(InvalidField, match="instrument is ''"):
        orders.mass_cancel(request, KNOWN)


def replace(mask: list[str], **values: object) -> orders.Replace:
    order = Order(name="accounts/alice/orders/17", **values)
    request = service.ReplaceOrderRequest(order=order, update_mask={"paths": mask})
    return orders.replacement(request, KNOWN, ACME)


def test_replace_changes_what_the_mask_says_or_what_is_set():
    base = {"command": 3, "account": 4, "order_id": 17}
    both = {"price": "2", "order_qty": "3"}
    assert fields_of(replace(["price"], **both)) == {**base, "price": 40}
    assert fields_of(replace([], **both)) == {**base, "price": 40, "order_qty": 3000}
    assert fields_of(replace([], expire_time=timestamp(5), cl_ord_id=9, offset="-1")) == {
        **base, "expire_time": 5, "cl_ord_id": 9, "offset": -20
    }  # fmt: skip
    with pytest.raises(InvalidField, match="update_mask is 'side'; allowed: cl_ord_id, order_qty"):
        replace(["side"], side=1)
    with pytest.raises(InvalidField, match=r"order\.price is ''; allowed: a value"):
        replace(["price"])


def test_quotes():
    quote = Quote(name="accounts/alice/quotes/ACME", cl_ord_id=5, bid_px="1", bid_size="2",
                  offer_px="1.05", offer_size="3")  # fmt: skip
    found = fields_of(orders.quote(service.SubmitQuoteRequest(quote=quote), KNOWN))
    assert found == {
        "command": 5, "account": 4, "instrument": 3, "cl_ord_id": 5, "price": 20,
        "order_qty": 2000, "offer_px": 21, "offer_size": 3000,
    }  # fmt: skip
    request = service.CancelQuoteRequest(name="accounts/alice/quotes/ACME", cl_ord_id=6)
    found = fields_of(orders.quote_end(request, KNOWN))
    assert found == {"command": 5, "account": 4, "instrument": 3, "cl_ord_id": 6}
    with pytest.raises(NotFound):
        orders.quote_name("name", "accounts/alice/quotes/NONE", KNOWN)


# ------------------------------------------------------------------------------ executions


def report(**cells: int) -> np.void:
    row = np.zeros(1, REPORT)[0]
    filled = {"report": ReportType.EXECUTION, "account": 4, "instrument": 3, "side": 1,
              "ord_type": 2, "order_id": 17, "exec_id": 5, "transact_time": 10**18}  # fmt: skip
    for name, value in {**filled, **cells}.items():
        row[name] = value
    return row


def test_an_execution_with_a_trade():
    row = report(
        exec_type=ExecType.TRADE, ord_status=OrdStatus.PARTIALLY_FILLED, order_qty=3000,
        leaves_qty=1500, cum_qty=1500, cum_value=300_000, price=201, last_px=200, last_qty=1500,
        fee=-5, liquidity=1, trade_id=8, working=1, cl_ord_id=7, seq=11,
    )  # fmt: skip
    assert executions.execution_of(row, KNOWN) == Execution(
        name="accounts/alice/executions/5", exec_id=5, report=1, exec_type=70, ord_status=1,
        order="accounts/alice/orders/17", cl_ord_id=7, instrument="instruments/ACME", side=1,
        ord_type=2, time_in_force=wire.TIME_IN_FORCE_DAY, order_qty="3", leaves_qty="1.5",
        cum_qty="1.5", avg_px="10", price="10.05", last_px="10", last_qty="1.5", fee="-0.05",
        liquidity=1, trade_id=8, transact_time=timestamp(10**18), seq=11, working=True,
    )  # fmt: skip


def test_a_refusal_says_which_limit_and_by_how_much():
    row = report(
        exec_type=ExecType.REJECTED, ord_status=OrdStatus.REJECTED, reason=Reason.BUYING_POWER,
        level=Level.ACCOUNT, limit=100, observed=150, headroom=-50,
    )  # fmt: skip
    refusal = executions.execution_of(row, KNOWN).refusal
    assert (refusal.reason, refusal.level) == (wire.REASON_BUYING_POWER, wire.LEVEL_ACCOUNT)
    assert (refusal.limit, refusal.observed, refusal.headroom) == (100, 150, -50)
    assert refusal.unit == "minor units"
    assert refusal.text == (
        "refused by BUYING_POWER of the account: "
        "limit 100, observed 150, headroom -50 (minor units)"
    )


def test_an_order_follows_what_happens_to_it():
    order = Order(cl_ord_id=7, algo_id=12, display_qty="0.5")
    new = executions.execution_of(report(order_qty=1000, leaves_qty=1000, working=1), KNOWN)
    order = executions.order_after(order, new)
    assert (order.name, order.order_id, order.algo_id) == ("accounts/alice/orders/17", 17, 12)
    assert (order.ord_status, order.create_time) == (wire.ORD_STATUS_NEW, timestamp(10**18))
    late = executions.execution_of(
        report(report=ReportType.CANCEL_REJECT, reason=Reason.UNKNOWN_ORDER), KNOWN
    )
    assert executions.order_after(order, late) == order
    done = report(
        exec_type=ExecType.CANCELED, ord_status=OrdStatus.CANCELED, transact_time=10**18 + 5,
        reason=Reason.CANCELED_BY_USER,
    )  # fmt: skip
    order = executions.order_after(order, executions.execution_of(done, KNOWN))
    assert (order.ord_status, order.reason) == (wire.ORD_STATUS_CANCELED, Reason.CANCELED_BY_USER)
    assert order.create_time == timestamp(10**18)
    assert order.update_time == timestamp(10**18 + 5)
