"""Every rule of bar fills, worked out by hand (docs/backtest.md has the table)."""

import pytest

from backtest.settings import BarFills, Costs, Delay, Latency
from domain.codes import ExecInst, OrdType, Side, TimeInForce
from tests.backtest.scripted import play

pytestmark = pytest.mark.nojit
FLAT = (10_000, 10_010, 9_990, 10_000)


def buy(**more):
    return {0: lambda s: s.buy(10, **more)}


def test_a_market_order_fills_at_the_next_open_wherever_that_is():
    found, record, _ = play(buy(), FLAT, (10_500, 10_600, 10_400, 10_450))
    assert found == [(10, 10_500)]
    assert record.equity.tolist() == [10_000_000, 10_000_000 - 10 * 50]


def test_at_close_it_fills_at_the_close_of_the_bar_that_was_seen():
    found, record, _ = play(buy(), FLAT, FLAT, bars=BarFills(at_close=True))
    assert found == [(10, 10_000)]
    assert record.positions[:, 0].tolist() == [10, 10]


def test_slippage_is_paid_by_market_orders_in_ticks_or_basis_points():
    next_bar = (10_000, 10_100, 9_900, 10_000)
    assert play(buy(), FLAT, next_bar, costs=Costs(slippage_ticks=3))[0] == [(10, 10_003)]
    assert play(buy(), FLAT, next_bar, costs=Costs(slippage_bps=5))[0] == [(10, 10_005)]
    sell = {0: lambda s: s.sell(10)}
    assert play(sell, FLAT, next_bar, costs=Costs(slippage_ticks=3))[0] == [(-10, 9_997)]


@pytest.mark.parametrize(
    ("low", "touch", "filled"), [(9_949, False, True), (9_950, False, False), (9_950, True, True)]
)
def test_a_limit_must_be_traded_through_unless_a_touch_is_enough(low, touch, filled):
    found, _, _ = play(
        buy(price=99.50), FLAT, (10_000, 10_010, low, 10_000), bars=BarFills(touch=touch)
    )
    assert found == ([(10, 9_950)] if filled else [])


def test_a_new_limit_order_through_the_open_fills_at_the_open():
    assert play(buy(price=101), FLAT, (10_050, 10_060, 10_040, 10_050))[0] == [(10, 10_050)]


def test_a_resting_limit_order_in_a_gap_fills_at_its_limit():
    found, _, _ = play(buy(price=99), FLAT, FLAT, (9_700, 9_710, 9_600, 9_700))
    assert found == [(10, 9_900)]


def test_a_stop_on_the_way_fills_at_its_price_and_in_a_gap_at_the_open():
    stop = {0: lambda s: (s.buy(10), s.sell(10, stop_px=99))}
    assert play(stop, FLAT, FLAT, (9_950, 9_960, 9_800, 9_850))[0] == [(10, 10_000), (-10, 9_900)]
    assert play(stop, FLAT, FLAT, (9_700, 9_960, 9_600, 9_850))[0] == [(10, 10_000), (-10, 9_700)]


def test_a_stop_limit_in_a_gap_waits_for_its_limit():
    stop = {0: lambda s: (s.buy(10), s.sell(10, 98.90, stop_px=99))}
    gap = (9_700, 9_880, 9_600, 9_700)
    assert play(stop, FLAT, FLAT, gap)[0] == [(10, 10_000)]
    after = (9_700, 9_900, 9_690, 9_800)
    assert play(stop, FLAT, FLAT, gap, after)[0] == [(10, 10_000), (-10, 9_890)]


def test_both_legs_of_a_bracket_in_one_bar_follow_the_path():
    bracket = {0: lambda s: s.bracket(Side.BUY, 10, take_profit=101, stop_loss=99)}
    near_high = (10_000, 10_150, 9_800, 9_850)  # the high is nearer to the open: profit first
    near_low = (10_000, 10_250, 9_850, 10_200)
    assert play(bracket, FLAT, FLAT, near_high)[0] == [(10, 10_000), (-10, 10_100)]
    assert play(bracket, FLAT, FLAT, near_low)[0] == [(10, 10_000), (-10, 9_900)]
    for path, price in (("ohlc", 10_100), ("olhc", 9_900), ("worst", 9_900)):
        found, _, told = play(bracket, FLAT, FLAT, near_high, bars=BarFills(path=path))
        assert found == [(10, 10_000), (-10, price)]
        assert ("CANCELED", "CANCELED_BY_LINK", 3 if price > 10_000 else 2) in told


def test_entry_and_exit_of_a_bracket_can_happen_in_one_bar():
    bracket = {0: lambda s: s.bracket(Side.BUY, 10, 99.50, take_profit=100.50, stop_loss=98)}
    found, _, _ = play(bracket, FLAT, (10_000, 10_080, 9_940, 10_060))
    assert found == [(10, 9_950), (-10, 10_050)] or found == [(10, 9_950)]
    low_first = (10_000, 10_100, 9_940, 10_060)
    assert play(bracket, FLAT, low_first)[0] == [(10, 9_950), (-10, 10_050)]


def test_at_most_the_share_of_the_volume_fills_and_the_rest_of_a_limit_stays():
    half = BarFills(volume_share=0.5)
    order = {0: lambda s: s.buy(100, 100.50)}
    found, _, _ = play(order, FLAT, (*FLAT, 60), (*FLAT, 80), (*FLAT, 500), bars=half)
    assert [lots for lots, _ in found] == [30, 40, 30]
    market = {0: lambda s: s.buy(100)}
    found, _, told = play(market, FLAT, (*FLAT, 60), bars=half)
    assert found == [(30, 10_000)]
    assert told[-1] == ("CANCELED", "UNFILLED_REMAINDER", 1)
    assert play(market, FLAT, (*FLAT, 0), bars=half)[0] == [(100, 10_000)]  # volume unknown


def test_a_trailing_stop_follows_the_path_of_the_bar():
    trail = {0: lambda s: (s.buy(10), s.sell(10, offset=1))}
    rising = (10_000, 10_300, 9_990, 10_280)  # low first, then the high: stop at 102.00
    assert play(trail, FLAT, FLAT, rising, (10_250, 10_260, 10_100, 10_150))[0][1:] == [
        (-10, 10_200)
    ]


def test_orders_of_each_kind_reach_the_engine_and_its_reasons_come_back():
    script = {
        0: lambda s: (
            s.buy(5, ord_type=OrdType.MARKET_TO_LIMIT),
            s.buy(5, 90, time_in_force=TimeInForce.IOC),
            s.buy(5, 110, exec_inst=ExecInst.POST_ONLY),
            s.sell(5, 120, exec_inst=ExecInst.REDUCE_ONLY),
            s.buy(10**9),
            s.cancel(99),
        ),
        1: lambda s: s.cancel_all(),
    }
    found, _, told = play(script, FLAT, FLAT, FLAT)
    assert found == [(5, 10_000)]
    reasons = [reason for _, reason, _ in told]
    for reason in ("UNFILLED_REMAINDER", "POST_ONLY_WOULD_TRADE", "BUYING_POWER", "UNKNOWN_ORDER"):
        assert reason in reasons, reason


def test_a_cancel_comes_before_the_open_that_would_fill_the_order():
    script = {0: lambda s: s.buy(10, 99), 1: lambda s: s.cancel(1)}
    assert play(script, FLAT, FLAT, (9_700, 9_710, 9_600, 9_700))[0] == []


def test_an_order_and_its_cancel_stay_in_their_order():
    at_once = {0: lambda s: (s.buy(10, 99), s.cancel(1), s.buy(5, 99), s.cancel_all())}
    found, _, told = play(at_once, FLAT, FLAT, (9_700, 9_710, 9_600, 9_700))
    assert found == []
    assert [kind for kind, _, _ in told] == ["NEW", "CANCELED", "NEW", "CANCELED", "NEW"]
    late = {0: lambda s: s.buy(10, 99), 1: lambda s: s.cancel_all()}
    assert play(late, FLAT, FLAT, (9_700, 9_710, 9_600, 9_700))[0] == []


def test_a_cancel_in_the_middle_of_a_bar_comes_when_the_price_has_been_there():
    script = {0: lambda s: s.buy(10, 99.50), 1: lambda s: s.cancel(1)}
    falling = (10_000, 10_010, 9_900, 9_990)  # its high is nearer to the open, its low second
    slow = Latency(order=Delay(30 * 10**9))
    assert play(script, FLAT, FLAT, falling, latency=slow)[0] == []
    slower = Latency(order=Delay(45 * 10**9))
    assert play(script, FLAT, FLAT, falling, latency=slower)[0] == [(10, 9_950)]


def test_fees_are_those_of_the_exchange():
    costs = Costs(taker_bps=10, maker_bps=-2, per_lot=1, minimum=50)
    _, record, _ = play(buy(), FLAT, FLAT, costs=costs)
    assert record.reports["fee"].sum() == 100_000 // 1_000 + 10
    resting = buy(price=99.50)
    _, record, _ = play(resting, FLAT, FLAT, (10_000, 10_010, 9_900, 9_990), costs=costs)
    assert record.reports["fee"].sum() == -round(99_500 * 2 / 10_000) + 10
