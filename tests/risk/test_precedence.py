"""Every check in its order of precedence: of two violated checks the earlier one refuses."""

from itertools import combinations, pairwise

import pytest

from domain.codes import ExecInst, Phase, Reason, Scope, TimeInForce
from tests.risk import kernels
from tests.risk.desk import SELL, Desk

R = Reason
FIRM, CLIENT, DESK, ACCOUNT = Desk.FIRM, Desk.CLIENT, Desk.DESK, Desk.ACCOUNT


def kill(scope, entity=0):
    return lambda d, o: d.send(kernels.kill_flag, True, scope=scope, entity=entity)


def kill_algo(d, o):
    d.send(kernels.algo_add, entity=7)
    d.send(kernels.kill_flag, True, scope=Scope.ALGO, entity=7)
    o["algo_id"] = 7


def node(number, **limits):
    return lambda d, o: d.limit(number, **limits)


def instrument(**values):
    return lambda d, o: d.instrument(1, **values)


def order(**fields):
    return lambda d, o: o.update(fields)


def row(number, **limits):
    return lambda d, o: d.row_limit(number, **limits)


def state(number, **fields):
    def violate(d, o):
        for name, value in fields.items():
            d.node(number)[name] = value
        n = d.node(number)
        n["profit"] = n["realised"] + n["unrealised"] - n["base_unrealised"]
        n["below_peak"] = n["profit"] - n["peak"]

    return violate


def both(*parts):
    def violate(d, o):
        for part in parts:
            part(d, o)

    return violate


def book(**fields):
    def violate(d, o):
        for name, value in fields.items():
            d.book[name] = value

    return violate


def touched(d, o):
    d.touch(0, 100)


def repeat(d, o):
    d.limit(ACCOUNT, DUPLICATE_WINDOW_NS=10**9)
    d.propose(SELL, 10)
    kernels.accepted(d.s)


def cancel_often(d, o):
    d.limit(CLIENT, CANCEL_RATE=1)
    kernels.canceled(d.s, ACCOUNT)
    kernels.canceled(d.s, ACCOUNT)


def out_of_range(d, o):
    o["worst_px"] = 2**40
    d.store[5][1, 4] = 2**31  # MULTIPLIER: cannot be SET while there are orders


FAR = book(last_px=1000)
CHECKS = [
    (R.VALUE_OUT_OF_RANGE, out_of_range),
    (R.MARKET_KILLED, kill(Scope.MARKET)),
    (R.INSTRUMENT_KILLED, kill(Scope.INSTRUMENT, 1)),
    (R.NODE_KILLED, kill(Scope.NODE, CLIENT)),
    (R.ALGO_KILLED, kill_algo),
    (R.NODE_SUSPENDED, node(DESK, STATUS=1)),
    (R.CLOSE_ONLY, node(ACCOUNT, STATUS=2)),
    (R.PHASE_FORBIDS, book(phase=Phase.CLOSED)),
    (R.INSTRUMENT_NOT_TRADABLE, instrument(TRADABLE=0)),
    (R.INSTRUMENT_EXPIRED, instrument(EXPIRY=10**18)),
    (R.INSTRUMENT_RESTRICTED, row(CLIENT, RESTRICTED=1)),
    (R.CURRENCY_MISMATCH, lambda d, o: d.store[5].__setitem__((1, 2), 840)),
    (R.TYPE_NOT_PERMITTED, node(FIRM, ALLOWED_TYPES=0)),
    (R.SIDE_NOT_PERMITTED, node(CLIENT, ALLOWED_SIDES=1)),
    (R.ORD_TYPE_NOT_PERMITTED, node(DESK, ALLOWED_ORD_TYPES=1)),
    (R.SHORT_SALE_FORBIDDEN, node(FIRM, SHORT_SALE=0)),
    (R.LOCATE_REQUIRED, node(ACCOUNT, SHORT_SALE=2)),
    (R.ALGO_ID_REQUIRED, node(FIRM, ALGO_REQUIRED=1)),
    (R.ALGO_ID_UNKNOWN, order(algo_id=9)),
    (R.RISK_REDUCTION_MODE, node(ACCOUNT, RRM_ENTER_BPS=1)),
    (R.EXECUTION_THROTTLED, state(FIRM, throttled=1)),
    (R.TIME_IN_FORCE_NOT_PERMITTED, instrument(ALLOWED_TIFS=0)),
    (R.TICK_SIZE, instrument(TICK_1=7)),
    (R.LOT_SIZE, instrument(LOT_SIZE=7)),
    (R.MIN_QTY, instrument(MIN_QTY=11)),
    (R.MAX_QTY, instrument(MAX_QTY=9)),
    (R.FREEZE_QTY, instrument(FREEZE_QTY=8)),
    (R.MIN_VALUE, instrument(MIN_VALUE=1001)),
    (R.MAX_VALUE, instrument(MAX_VALUE=999)),
    (R.EXPIRE_TIME, order(time_in_force=TimeInForce.GTD, expire_time=10**18)),
    (R.DISPLAY_QTY, order(display_qty=14)),
    (R.MINIMUM_EXECUTION_QTY, order(min_qty=14)),
    (R.STATIC_BAND, instrument(STATIC_LOW=101)),
    (R.DYNAMIC_BAND, both(FAR, instrument(DYNAMIC_BPS=1))),
    (R.FAT_FINGER_BPS, both(FAR, node(FIRM, FAT_FINGER_BPS=1))),
    (R.FAT_FINGER_TICKS, both(FAR, node(ACCOUNT, FAT_FINGER_TICKS=1))),
    (R.ORDER_QTY_LIMIT, node(FIRM, MAX_ORDER_QTY=9)),
    (R.ORDER_VALUE_LIMIT, node(CLIENT, MAX_ORDER_VALUE=999)),
    (R.VOLUME_SHARE, both(instrument(ADV=100), node(FIRM, MAX_ADV_BPS=999))),
    (R.BOOK_SHARE, both(touched, book(shown_bid=100), node(ACCOUNT, MAX_BOOK_BPS=999))),
    (R.DUPLICATE_WINDOW, repeat),
    (R.REDUCE_ONLY, order(exec_inst=ExecInst.REDUCE_ONLY)),
    (R.OPEN_ORDERS, node(FIRM, MAX_OPEN_ORDERS=1)),
    (R.OPEN_VALUE, node(CLIENT, MAX_OPEN_VALUE=500)),
    (R.POSITION_LIMIT, node(DESK, MAX_POSITION=5)),
    (R.GROSS_POSITION_LIMIT, node(FIRM, MAX_GROSS_POSITION=5)),
    (R.INSTRUMENT_EXPOSURE, row(ACCOUNT, MAX_EXPOSURE=500)),
    (R.GROUP_EXPOSURE, lambda d, o: d.group_limit(FIRM, 2, 0, MAX_GROUP_NET=500)),
    (R.GROSS_EXPOSURE, node(DESK, MAX_GROSS_EXPOSURE=500)),
    (R.NET_EXPOSURE, node(FIRM, MAX_NET_EXPOSURE=500)),
    (R.CONCENTRATION, node(ACCOUNT, MAX_CONCENTRATION_BPS=1)),
    (R.REALISED_LOSS, both(state(FIRM, realised=-5), node(FIRM, MAX_REALISED_LOSS=5))),
    (R.DAILY_LOSS, both(state(CLIENT, realised=-5), node(CLIENT, MAX_DAILY_LOSS=5))),
    (R.DRAWDOWN, both(state(DESK, peak=5), node(DESK, MAX_DRAWDOWN=5))),
    (R.MARGIN_LIMIT, node(FIRM, MAX_MARGIN=5)),
    (R.BUYING_POWER, state(ACCOUNT, cash=300)),
    (R.ORDER_RATE, both(state(FIRM, order_tat=10**18 + 1), node(FIRM, ORDER_RATE=1))),
    (R.CANCEL_RATE, cancel_often),
    (R.ORDER_TO_TRADE, node(ACCOUNT, ORDER_TO_TRADE=1, ORDER_TO_TRADE_FLOOR=0)),
]
# two checks that no order can violate together
EXCLUSIVE = {
    frozenset((R.ALGO_ID_REQUIRED, R.ALGO_ID_UNKNOWN)),
    frozenset((R.ALGO_KILLED, R.ALGO_ID_REQUIRED)),
    frozenset((R.ALGO_KILLED, R.ALGO_ID_UNKNOWN)),
    frozenset((R.BOOK_SHARE, R.PHASE_FORBIDS)),
}


def outcome(*violations):
    """An account with one resting sell order of 1 lot; then sell 10 at 100 with violations."""
    desk = Desk(cash=10**6)
    assert desk.enter(SELL, 1) == 1
    fields: dict[str, int] = {}
    for violate in violations:
        violate(desk, fields)
    reason = desk.admit(SELL, 10, **fields)
    assert reason == kernels.explain(desk.s)
    assert not (reason and kernels.clear(desk.s))
    return reason


def test_the_table_is_in_order_and_complete():
    reasons = [reason for reason, _ in CHECKS]
    assert reasons == sorted(reasons)
    elsewhere = {R.STOP_PRICE, R.PEG, R.LINK, R.TOO_MANY_MOVING_ORDERS, R.NO_REFERENCE_PRICE}
    elsewhere |= {R.POST_ONLY_WOULD_TRADE, R.REPLACE_RATE}
    all_checks = {r for r in Reason if R.MARKET_KILLED <= r <= R.ORDER_TO_TRADE}
    assert all_checks - set(reasons) == elsewhere


def test_nothing_violated_passes():
    assert outcome() == R.NONE


@pytest.mark.nojit
@pytest.mark.parametrize(("reason", "violate"), CHECKS, ids=lambda x: getattr(x, "name", ""))
def test_each_check_alone(reason, violate):
    assert outcome(violate) == reason


@pytest.mark.parametrize(
    ("first", "second"),
    list(pairwise(CHECKS)),
    ids=lambda check: check[0].name,
)
def test_of_two_neighbours_the_earlier_wins(first, second):
    if frozenset((first[0], second[0])) in EXCLUSIVE:
        pytest.skip("no order can violate both")
    assert outcome(first[1], second[1]) == first[0]
    assert outcome(second[1], first[1]) == first[0]


def test_of_any_two_checks_the_earlier_wins():
    wrong = []
    for (early, one), (late, two) in combinations(CHECKS, 2):
        if frozenset((early, late)) not in EXCLUSIVE and outcome(one, two) != early:
            wrong.append((early.name, late.name, outcome(one, two).name))
    assert wrong == []


def test_a_replace_meets_the_replace_rate_and_no_duplicate_window():
    desk = Desk(cash=10**6)
    desk.limit(ACCOUNT, REPLACE_RATE=1, DUPLICATE_WINDOW_NS=10**9)
    desk.enter(SELL, 10)
    old = {"replace": 1, "old_leaves": 10, "old_worst_px": 100}
    assert desk.admit(SELL, 10, **old) == R.NONE
    desk.rest()
    assert desk.admit(SELL, 10, **old) == R.REPLACE_RATE
    assert desk.refusal() == (1, 1, 10**9, 0)
    desk.wait(10**9)
    assert desk.admit(SELL, 10, **old) == R.NONE
