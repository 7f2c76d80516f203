"""Orders and limits as people meet them in `gw.Exchange`: what is shown, what a refusal says."""

import pytest

import gridworks as gw
from domain.codes import Reason
from domain.limits import MAX_LOOK
from domain.messages import (
    Algo,
    EndOfDay,
    KillOff,
    KillOn,
    Rearm,
    Setting,
)

pytestmark = pytest.mark.nojit


@pytest.fixture
def exchange():
    """X is trading at a reference of 100; alice and bob need no cash; alice has a firm above."""
    made = gw.Exchange()
    made.add_instrument("X", reference_price=100)
    made.add_account("firm", level="firm")
    made.add_account("alice", parent="firm", check_buying_power=0)
    made.add_account("bob", check_buying_power=0)
    made.set_phase("CONTINUOUS")
    return made


def numbers(report):
    return report.reason, report.level.name, report.limit, report.observed, report.headroom


def test_steps_of_a_tick_table_by_name(exchange):
    exchange.add_instrument("Y", tick_2=5, tick_from_2=100, tick=2)
    exchange.set_instrument("Y", tick_3=50, tick_from_3=1_000)
    exchange.set_phase("CONTINUOUS", "Y")
    for price, tick in ((98, 0), (99, 2), (105, 0), (106, 5), (1_050, 0), (1_005, 50)):
        [report] = exchange.submit("alice", "Y", "BUY", 1, price, cl_ord_id=price)
        assert report.limit == tick, price


def test_a_refused_replace_says_how_the_order_stands(exchange):
    """FIX 39 of an OrderCancelReject is the order's status, REJECTED if it is unknown."""
    exchange.submit("alice", "X", "BUY", 5, 100, cl_ord_id=1)
    exchange.submit("alice", "X", "BUY", 5, cl_ord_id=2, ord_type="STOP", stop_px=110)
    [refused] = exchange.replace("alice", 1, price=2**40, order_qty=2**40)
    assert (refused.report.name, refused.ord_status.name) == ("CANCEL_REJECT", "NEW")
    exchange.submit("bob", "X", "SELL", 2, 100, cl_ord_id=1)
    assert exchange.replace("alice", 1, min_qty=9)[0].ord_status.name == "PARTIALLY_FILLED"
    assert exchange.replace("alice", 2, price=5)[0].ord_status.name == "SUSPENDED"
    assert exchange.replace("alice", 3, price=5)[0].ord_status.name == "REJECTED"
    assert exchange.cancel("alice", 3)[0].ord_status.name == "REJECTED"


def test_codes_by_name_and_what_a_restatement_says(exchange):
    for account in ("alice", "bob"):
        exchange.set_limit(account, stp_group=7)
    exchange.submit("alice", "X", "SELL", 5, 101, cl_ord_id=1, exec_inst="post_only")
    reports = exchange.submit("bob", "X", "BUY", 2, 101, cl_ord_id=1, stp_mode="decrement")
    assert [r.exec_type.name for r in reports] == ["NEW", "RESTATED", "CANCELED"]
    assert reports[1].explain().endswith("was restated: SELF_TRADE")
    assert reports[2].explain().endswith("ended: SELF_TRADE")
    exchange.submit("alice", "X", "SELL", 5, cl_ord_id=2, ord_type="STOP", stop_px=90,
                    cl_ord_link_id=1, contingency="one_cancels_other")  # fmt: skip
    assert exchange.cancel("alice", 1)[1].reason == Reason.CANCELED_BY_LINK


def test_the_table_of_orders_shows_what_reports_show(exchange):
    exchange.submit("alice", "X", "SELL_SHORT", 9, 101, cl_ord_id=1, display_qty=2)
    exchange.submit("alice", "X", "BUY", 5, cl_ord_id=2, ord_type="STOP", stop_px=110)
    exchange.submit("bob", "X", "BUY", 4, 101, cl_ord_id=3)
    exchange.send(gw.Quote(account="bob", instrument="X", cl_ord_id=8, bid_px=90, bid_size=1))
    table = exchange.orders().set_index("cl_ord_id")
    shown = ["side", "ord_type", "time_in_force", "ord_status", "price", "stop_px", "display_qty"]
    assert table.loc[1, shown].tolist() == [
        "SELL_SHORT", "LIMIT", "DAY", "PARTIALLY_FILLED", 101, 0, 2,
    ]  # fmt: skip
    assert table.loc[2, shown].tolist() == ["BUY", "STOP", "DAY", "SUSPENDED", 0, 110, 0]
    assert table.loc[8, ["side", "price"]].tolist() == ["BUY", 90]


def test_both_ways_of_cost_are_in_the_table_of_positions(exchange):
    exchange.add_instrument("F", "FUTURE", margin_model=2)
    exchange.set_phase("CONTINUOUS", "F")
    exchange.set_limit("alice", cost_method=1)
    for k, (side, qty, price) in enumerate(
        [("BUY", 10, 100), ("BUY", 10, 110), ("SELL", 15, 120), ("SELL", 10, 90)], 1
    ):
        other = "SELL" if side == "BUY" else "BUY"
        exchange.submit("bob", "F", other, qty, price, cl_ord_id=k)
        exchange.submit("alice", "F", side, qty, price, cl_ord_id=k)
        row = exchange.positions().set_index("node").loc["alice"]
        if k == 3:  # 15 x 120 less 15 x 105, or less 10 x 100 and 5 x 110
            assert row[["realised", "fifo_realised"]].tolist() == [225, 250]
    assert row[["qty", "cost", "realised", "fifo_realised"]].tolist() == [-5, -450, 150, 150]


STATES = [
    (KillOn(), Reason.MARKET_KILLED, "NONE", 0, 0),
    (KillOn(scope=gw.Scope.INSTRUMENT, entity="X"), Reason.INSTRUMENT_KILLED, "NONE", 0, 1),
    (KillOn(scope=gw.Scope.NODE, entity="firm"), Reason.NODE_KILLED, "FIRM", 0, 1),
    (KillOn(scope=gw.Scope.ALGO, entity=7), Reason.ALGO_KILLED, "NONE", 0, 7),
    ({"node": "firm", "status": 1}, Reason.NODE_SUSPENDED, "FIRM", 0, 1),
    ({"node": "firm", "status": 2}, Reason.CLOSE_ONLY, "FIRM", 0, 3),
    ("HALT", Reason.PHASE_FORBIDS, "NONE", 0, gw.Phase.HALT),
    ({"tradable": 0}, Reason.INSTRUMENT_NOT_TRADABLE, "NONE", 0, 1),
    ({"expiry": 1}, Reason.INSTRUMENT_EXPIRED, "NONE", 1, 10),
    (
        Setting(scope=gw.Scope.POSITION, entity="firm", instrument="X", attribute=2, value=1),
        Reason.INSTRUMENT_RESTRICTED, "FIRM", 0, 1,
    ),
    ({"currency": 840}, Reason.CURRENCY_MISMATCH, "ACCOUNT", 0, 840),
    ({"node": "firm", "allowed_types": 4}, Reason.TYPE_NOT_PERMITTED, "FIRM", 4, 1),
    ({"node": "firm", "allowed_sides": 2}, Reason.SIDE_NOT_PERMITTED, "FIRM", 2, 1),
    ({"node": "firm", "allowed_ord_types": 1}, Reason.ORD_TYPE_NOT_PERMITTED, "FIRM", 1, 2),
    ({"allowed_ord_types": 4}, Reason.ORD_TYPE_NOT_PERMITTED, "NONE", 4, 2),
    ({"allowed_tifs": 8}, Reason.TIME_IN_FORCE_NOT_PERMITTED, "NONE", 8, 0),
]  # fmt: skip


@pytest.mark.parametrize(("cause", "reason", "level", "limit", "observed"), STATES)
def test_a_refusal_for_a_state_says_whose_and_which(
    exchange, cause, reason, level, limit, observed
):
    exchange.send(Algo(entity=7))
    if cause == "HALT":
        exchange.send(gw.messages.Halt())
    elif not isinstance(cause, dict):
        assert not exchange.send(cause)[0].refused
    elif "node" in cause:
        exchange.set_limit(cause["node"], **{k: v for k, v in cause.items() if k != "node"})
    else:
        exchange.set_instrument("X", **cause)
    fields = {"cl_ord_id": 1, "algo_id": 7, "transact_time": 10}
    [report] = exchange.submit("alice", "X", "BUY", 3, 100, **fields)
    assert numbers(report) == (reason, level, limit, observed, 0)
    assert f"observed {observed}" in report.explain() or observed == limit == 0


def test_close_only_says_how_much_may_be_closed(exchange):
    exchange.submit("bob", "X", "SELL", 10, 100, cl_ord_id=1)
    exchange.submit("alice", "X", "BUY", 10, 100, cl_ord_id=1)
    exchange.set_limit("firm", status=2)
    exchange.submit("alice", "X", "SELL", 6, 105, cl_ord_id=2)
    [report] = exchange.submit("alice", "X", "SELL", 5, 105, cl_ord_id=3)
    assert numbers(report) == (Reason.CLOSE_ONLY, "FIRM", 4, 5, 4)


def test_risk_reduction_mode_says_how_much_is_used(exchange):
    exchange.add_account("carol", cash=1_000, rrm_enter_bps=9_000, rrm_leave_bps=8_500)
    exchange.submit("carol", "X", "BUY", 9, 100, cl_ord_id=1)
    [report] = exchange.submit("carol", "X", "BUY", 1, 100, cl_ord_id=2)
    assert numbers(report) == (Reason.RISK_REDUCTION_MODE, "ACCOUNT", 8_500, 9_000, -500)


def test_a_throttle_names_the_node_to_rearm(exchange):
    exchange.set_limit("firm", max_executions=1)
    exchange.submit("bob", "X", "SELL", 9, 100, cl_ord_id=1)
    for k in (1, 2):
        exchange.submit("alice", "X", "BUY", 1, 100, cl_ord_id=k)
    [report] = exchange.submit("alice", "X", "BUY", 1, 100, cl_ord_id=3)
    assert numbers(report) == (Reason.EXECUTION_THROTTLED, "FIRM", 0, 1, 0)
    exchange.send(Rearm(scope=gw.Scope.NODE, entity=report.observed))
    assert not exchange.submit("alice", "X", "BUY", 1, 100, cl_ord_id=3)[0].refused


def test_what_rests_in_an_expired_instrument_ends_with_the_day(exchange):
    exchange.set_instrument("X", expiry=100)
    exchange.submit("alice", "X", "BUY", 5, 100, cl_ord_id=1, time_in_force="GTC")
    ended = exchange.send(EndOfDay(transact_time=99))
    assert len(ended) == 1
    ended = exchange.send(EndOfDay(transact_time=100))
    assert [r.reason for r in ended[1:]] == [Reason.EXPIRED_SESSION]
    assert exchange.accounts()["open_value"].sum() == 0


def test_a_lifted_kill_lets_orders_in_again(exchange):
    for scope, entity in (("MARKET", 0), ("INSTRUMENT", "X"), ("NODE", "firm")):
        where = {"scope": gw.Scope[scope], "entity": entity}
        exchange.submit("alice", "X", "BUY", 5, 100, cl_ord_id=1)
        assert exchange.send(KillOn(**where))[1].reason == Reason.CANCELED_BY_KILL
        exchange.send(KillOff(**where))
        assert not exchange.submit("alice", "X", "BUY", 5, 100, cl_ord_id=1)[0].refused
        exchange.cancel("alice", 1)


def test_so_many_waiting_orders_are_looked_at_and_no_more(exchange):
    """Whoever wants to keep an exchange busy cannot do it with orders that wait."""
    for k in range(1, MAX_LOOK + 1):
        exchange.submit("alice", "X", "SELL", 10, 100, cl_ord_id=k, exec_inst="all_or_none")
    exchange.submit("alice", "X", "SELL", 5, 100, cl_ord_id=99, exec_inst="all_or_none")
    buy = {"cl_ord_id": 1, "time_in_force": "IOC"}
    assert exchange.submit("bob", "X", "BUY", 5, 100, **buy)[-1].reason == Reason.UNFILLED_REMAINDER
    exchange.cancel("alice", 7)
    assert exchange.submit("bob", "X", "BUY", 5, 100, **buy)[-1].ord_status.name == "FILLED"
