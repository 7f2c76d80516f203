"""Each limit at its edge: reached exactly it passes, one more refuses with the right numbers."""

import pytest

from domain.codes import ExecInst, Level, OrdType, Phase, Reason, Scope, TimeInForce
from domain.limits import MAX_POSITION, MAX_QTY, MAX_VALUE
from tests.risk import kernels
from tests.risk.desk import BUY, SELL, Desk

R = Reason
ACCOUNT, FIRM = Desk.ACCOUNT, Desk.FIRM


def resting(kind: int = 1, **instrument: int) -> Desk:
    """The account has a resting buy of 5 at 100, value 500."""
    desk = Desk(kind=kind, cash=10**6)
    desk.instrument(1, **instrument)
    assert desk.enter(BUY, 5) == 1
    return desk


# attribute, limit that a buy of 10 at 100 just meets, observed with a limit one lower, headroom
AMOUNTS = [
    (R.ORDER_QTY_LIMIT, "MAX_ORDER_QTY", 10, 10, 9),
    (R.ORDER_VALUE_LIMIT, "MAX_ORDER_VALUE", 1000, 1000, 999),
    (R.OPEN_ORDERS, "MAX_OPEN_ORDERS", 2, 2, 0),
    (R.OPEN_VALUE, "MAX_OPEN_VALUE", 1500, 1500, 999),
    (R.POSITION_LIMIT, "MAX_POSITION", 15, 15, 9),
    (R.GROSS_POSITION_LIMIT, "MAX_GROSS_POSITION", 15, 15, 9),
    (R.INSTRUMENT_EXPOSURE, "MAX_INSTRUMENT_EXPOSURE", 1500, 1500, 999),
    (R.GROSS_EXPOSURE, "MAX_GROSS_EXPOSURE", 1500, 1500, 999),
    (R.NET_EXPOSURE, "MAX_NET_EXPOSURE", 1500, 1500, 999),
    (R.MARGIN_LIMIT, "MAX_MARGIN", 1500, 1500, 999),
]


@pytest.mark.nojit
@pytest.mark.parametrize("number", [ACCOUNT, Desk.DESK, Desk.CLIENT, FIRM])
@pytest.mark.parametrize(("reason", "name", "limit", "observed", "headroom"), AMOUNTS)
def test_amounts(number, reason, name, limit, observed, headroom):
    desk = resting()
    level = int(desk.node(number)["level"])
    desk.limit(number, **{name: limit})
    assert desk.admit(BUY, 10) == R.NONE
    desk.limit(number, **{name: limit - 1})
    assert desk.admit(BUY, 10) == reason
    assert desk.refusal() == (level, limit - 1, observed, headroom)
    desk.limit(number, **{name: 0})
    assert desk.admit(BUY, 10) == R.NONE


def test_a_row_limit_overrides_the_node():
    desk = resting()
    desk.limit(ACCOUNT, MAX_POSITION=5, MAX_INSTRUMENT_EXPOSURE=500)
    desk.row_limit(ACCOUNT, MAX_POSITION=15, MAX_EXPOSURE=1500)
    assert desk.admit(BUY, 10) == R.NONE
    assert desk.admit(BUY, 11) == R.POSITION_LIMIT


@pytest.mark.parametrize(("kind", "number"), [(1, 0), (2, 0)])
def test_groups_are_summed_from_what_is_there(kind, number):
    desk = resting()
    desk.group_limit(FIRM, kind, number, MAX_GROUP_GROSS=1500, MAX_GROUP_NET=1500)
    assert desk.admit(BUY, 10) == R.NONE
    desk.group_limit(FIRM, kind, number, MAX_GROUP_GROSS=1499)
    assert desk.admit(BUY, 10) == R.GROUP_EXPOSURE
    assert desk.refusal() == (Level.FIRM, 1499, 1500, 999)


def test_what_adds_nothing_passes_a_limit_that_is_over():
    desk = resting()
    desk.trade(BUY, 10, 100)
    desk.limit(FIRM, MAX_GROSS_EXPOSURE=1, MAX_MARGIN=1, MAX_NET_EXPOSURE=1, MAX_POSITION=1)
    assert desk.admit(SELL, 10) == R.NONE
    assert desk.admit(BUY, 1) == R.POSITION_LIMIT
    assert desk.admit(BUY, 5, replace=1, old_leaves=5, old_worst_px=100) == R.NONE
    assert desk.admit(BUY, 6, replace=1, old_leaves=5, old_worst_px=100) == R.POSITION_LIMIT


def test_hard_bounds_hold_without_any_limit():
    desk = Desk(cash=0)
    desk.limit(ACCOUNT, CHECK_BUYING_POWER=0)
    for _ in range(4):
        assert desk.enter(BUY, MAX_QTY, 1) > 0
    assert desk.admit(BUY, 1, 1) == R.POSITION_LIMIT
    assert desk.refusal() == (Level.ACCOUNT, MAX_POSITION, MAX_POSITION + 1, 0)
    assert desk.admit(SELL, MAX_QTY, 2**15) == R.NONE
    assert desk.admit(SELL, MAX_QTY, 2**15 + 1) == R.VALUE_OUT_OF_RANGE
    assert desk.refusal()[:2] == (0, MAX_VALUE)
    assert desk.admit(SELL, MAX_QTY, 2**40) == R.VALUE_OUT_OF_RANGE


@pytest.mark.parametrize(
    ("reason", "values", "side", "price", "limit", "observed"),
    [
        (R.STATIC_BAND, {"STATIC_HIGH": 104}, BUY, 105, 104, 105),
        (R.STATIC_BAND, {"STATIC_LOW": 96}, SELL, 95, 96, 95),
        (R.DYNAMIC_BAND, {"DYNAMIC_BPS": 499}, BUY, 105, 104, 105),
        (R.DYNAMIC_BAND, {"DYNAMIC_BPS": 499}, BUY, 95, 96, 95),
        (R.TICK_SIZE, {"TICK_1": 10}, BUY, 105, 10, 105),
        (R.TICK_SIZE, {"TICK_FROM_2": 105, "TICK_2": 2}, BUY, 105, 2, 105),
        (
            R.TICK_SIZE,
            {"TICK_FROM_2": 50, "TICK_2": 1, "TICK_FROM_3": 99, "TICK_3": 2},
            BUY,
            105,
            2,
            105,
        ),
    ],
)
def test_prices(reason, values, side, price, limit, observed):
    desk = Desk()
    assert desk.admit(side, 10, price) == R.NONE
    desk.instrument(1, **values)
    assert desk.admit(side, 10, price) == reason
    assert desk.refusal() == (0, limit, observed, 0)
    assert desk.admit(side, 10, 0, worst_px=100, ord_type=OrdType.MARKET) == R.NONE


def test_fat_finger_counts_only_towards_the_other_side():
    desk = Desk()
    desk.limit(FIRM, FAT_FINGER_BPS=500)
    desk.limit(ACCOUNT, FAT_FINGER_TICKS=4)
    assert desk.admit(BUY, 1, 50) == R.NONE
    assert desk.admit(BUY, 1, 104) == R.NONE
    assert desk.admit(BUY, 1, 105) == R.FAT_FINGER_TICKS
    assert desk.refusal() == (Level.ACCOUNT, 4, 5, 4)
    assert desk.admit(SELL, 1, 94) == R.FAT_FINGER_BPS
    assert desk.refusal() == (Level.FIRM, 500, 600, 500)


def test_shares_of_volume_and_book():
    desk = Desk()
    desk.instrument(1, ADV=200)
    desk.limit(FIRM, MAX_ADV_BPS=500)
    assert desk.admit(BUY, 10) == R.NONE
    assert desk.admit(BUY, 11) == R.VOLUME_SHARE
    assert desk.refusal() == (Level.FIRM, 500, 550, 500)
    desk.limit(FIRM, MAX_ADV_BPS=0, MAX_BOOK_BPS=5000)
    desk.book["shown_ask"] = 20
    desk.touch(1, 100)
    assert desk.admit(BUY, 10) == R.NONE
    assert desk.admit(BUY, 11) == R.BOOK_SHARE
    assert desk.admit(BUY, 11, 99) == R.NONE
    assert desk.admit(BUY, 11, 0, worst_px=1, ord_type=OrdType.MARKET) == R.BOOK_SHARE
    desk.book["phase"] = Phase.OPENING_AUCTION
    assert desk.admit(BUY, 11) == R.NONE


def test_duplicate_window_ends_on_time():
    desk = Desk()
    desk.limit(ACCOUNT, DUPLICATE_WINDOW_NS=1000)
    assert desk.enter(BUY, 10) == 1
    desk.wait(999)
    assert desk.admit(BUY, 10) == R.DUPLICATE_WINDOW
    assert desk.refusal() == (Level.ACCOUNT, 1000, 999, 0)
    assert desk.admit(BUY, 10, account=Desk.OTHER) == R.NONE
    assert desk.admit(BUY, 10, 101) == R.NONE
    desk.wait(1)
    assert desk.enter(BUY, 10) == 2
    old = desk.store[23].copy()
    desk.store[23][:] = 0
    kernels.rebuild_recents(desk.s, old)
    assert desk.admit(BUY, 10) == R.DUPLICATE_WINDOW
    assert desk.store.core["recent"] == 1


def test_buying_power_and_reduction_mode():
    desk = Desk(cash=1000)
    assert desk.admit(BUY, 10) == R.NONE
    assert desk.admit(BUY, 11) == R.BUYING_POWER
    assert desk.refusal() == (Level.ACCOUNT, 1000, 1100, 1000)
    desk.limit(ACCOUNT, RRM_ENTER_BPS=8000, RRM_LEAVE_BPS=5000)
    first, second = desk.enter(BUY, 4), desk.enter(BUY, 4)
    assert desk.admit(BUY, 1) == R.RISK_REDUCTION_MODE
    assert desk.admit(BUY, 1, time_in_force=TimeInForce.IOC) == R.NONE
    desk.cancel(first)
    assert desk.admit(BUY, 1) == R.NONE
    desk.cancel(second)
    assert desk.node(ACCOUNT)["margin"] == 0


def test_losses_stop_all_but_reducing_orders():
    desk = Desk(kind=2, cash=10**6)
    desk.instrument(1, MARGIN_MODEL=2, MARGIN_BPS=1000)
    desk.trade(BUY, 10, 100)
    desk.limit(FIRM, MAX_DAILY_LOSS=100, MAX_DRAWDOWN=300)
    desk.book["last_px"] = 91
    assert desk.admit(BUY, 1) == R.NONE
    desk.book["last_px"] = 90
    assert desk.admit(BUY, 1) == R.DAILY_LOSS
    assert desk.refusal() == (Level.FIRM, 100, 100, 0)
    assert desk.admit(SELL, 10, 90) == R.NONE
    assert desk.admit(SELL, 11, 90) == R.DAILY_LOSS
    desk.book["last_px"] = 130
    kernels.mark_all(desk.s)
    desk.book["last_px"] = 100
    assert desk.admit(BUY, 1) == R.DRAWDOWN
    assert desk.refusal() == (Level.FIRM, 300, 300, 0)
    kernels.mark_all(desk.s)
    kernels.start_day(desk.s)
    assert desk.admit(BUY, 1) == R.NONE
    assert desk.node(FIRM)["base_unrealised"] == desk.node(FIRM)["unrealised"]


def test_rates_follow_the_generic_cell_rate_algorithm():
    desk = Desk()
    desk.limit(FIRM, ORDER_RATE=1000, ORDER_BURST=3)
    slots = [desk.enter(BUY, 1) for _ in range(4)]
    assert slots == [1, 2, 3, -R.ORDER_RATE]
    assert desk.refusal() == (Level.FIRM, 1000, 10**6, 0)
    desk.wait(10**6 - 1)
    assert desk.enter(BUY, 1) == -R.ORDER_RATE
    desk.wait(1)
    assert desk.enter(BUY, 1) == 4
    assert desk.node(FIRM)["messages"] == 4


def test_cancels_are_counted_and_then_stop_orders():
    desk = Desk()
    desk.limit(FIRM, CANCEL_RATE=1000, CANCEL_BURST=2)
    for _ in range(2):
        kernels.canceled(desk.s, ACCOUNT)
    assert desk.admit(BUY, 1) == R.NONE
    kernels.canceled(desk.s, ACCOUNT)
    assert desk.admit(BUY, 1) == R.CANCEL_RATE
    assert desk.refusal() == (Level.FIRM, 1000, 10**6, 0)
    desk.wait(10**6)
    assert desk.admit(BUY, 1) == R.NONE


def test_order_to_trade_ratio_counts_executions():
    desk = Desk()
    desk.limit(ACCOUNT, ORDER_TO_TRADE=2, ORDER_TO_TRADE_FLOOR=1)
    slot = desk.enter(BUY, 10)
    assert desk.enter(BUY, 1) == 2
    assert desk.admit(BUY, 1) == R.ORDER_TO_TRADE
    assert desk.refusal() == (Level.ACCOUNT, 2, 3, 0)
    desk.fill(slot, 100, 1)
    desk.fill(slot, 100, 1)
    assert desk.admit(BUY, 1) == R.NONE


def test_too_many_executions_throttle_until_rearm():
    desk = Desk()
    desk.limit(FIRM, MAX_EXECUTIONS=3, EXECUTION_WINDOW_NS=300)
    slot = desk.enter(BUY, 10)
    for _ in range(3):
        desk.fill(slot, 100, 1)
    assert desk.admit(BUY, 1) == R.NONE
    desk.fill(slot, 100, 1)
    assert desk.admit(BUY, 1) == R.EXECUTION_THROTTLED
    assert desk.send(kernels.rearm, entity=FIRM) == R.NONE
    assert desk.admit(BUY, 1) == R.NONE


@pytest.mark.parametrize(
    ("phase", "fields", "passes"),
    [
        (Phase.CONTINUOUS, {}, True),
        (Phase.CONTINUOUS, {"time_in_force": TimeInForce.AT_THE_OPEN}, False),
        (Phase.CONTINUOUS, {"time_in_force": TimeInForce.AT_THE_CLOSE}, True),
        (Phase.OPENING_AUCTION, {"time_in_force": TimeInForce.AT_THE_OPEN}, True),
        (Phase.PRE_OPEN, {"time_in_force": TimeInForce.AT_THE_OPEN}, True),
        (Phase.CLOSING_AUCTION, {"time_in_force": TimeInForce.AT_THE_OPEN}, False),
        (Phase.CLOSING_AUCTION, {"time_in_force": TimeInForce.IOC}, False),
        (Phase.INTRADAY_AUCTION, {"min_qty": 1}, False),
        (Phase.INTRADAY_AUCTION, {"exec_inst": ExecInst.ALL_OR_NONE, "min_qty": 1}, False),
        (Phase.VOLATILITY_AUCTION, {"ord_type": OrdType.PEGGED}, False),
        (Phase.VOLATILITY_AUCTION, {}, True),
        (Phase.CLOSED, {}, False),
        (Phase.HALT, {}, False),
        (Phase.POST_CLOSE, {}, False),
    ],
)
def test_phases(phase, fields, passes):
    desk = Desk()
    desk.book["phase"] = phase
    assert desk.admit(BUY, 10, **fields) == (R.NONE if passes else R.PHASE_FORBIDS)


def test_close_only_and_reduce_only():
    desk = Desk()
    desk.trade(BUY, 10, 100)
    desk.limit(FIRM, STATUS=2)
    assert desk.admit(BUY, 1) == R.CLOSE_ONLY
    assert desk.admit(SELL, 11) == R.CLOSE_ONLY
    assert desk.enter(SELL, 6) > 0
    assert desk.admit(SELL, 5) == R.CLOSE_ONLY
    assert desk.admit(SELL, 4, exec_inst=ExecInst.REDUCE_ONLY) == R.NONE
    assert desk.admit(SELL, 10, replace=1, old_leaves=6, old_worst_px=100) == R.NONE
    assert desk.send(kernels.kill_flag, True, scope=Scope.NODE, entity=99) == R.UNKNOWN_ENTITY
