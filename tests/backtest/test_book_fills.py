"""Queues on levels, quotes and single orders, worked out by hand."""

import pytest

from backtest.events import EventKind as K
from backtest.settings import Delay, Latency, Margin
from backtest.simulator import run
from backtest.strategy import Strategy
from domain.codes import ExecType, TimeInForce
from tests.backtest.history import History, level, quote, rows, single, trade
from tests.backtest.scripted import fills

pytestmark = pytest.mark.nojit
BUY, SELL = 1, 2
BOOK = (level(BUY, 99, 50), level(SELL, 101, 50))


class Joiner(Strategy):
    """Does `act(self)` once, when both sides are there; keeps books, trades and reports."""

    act = staticmethod(lambda s: s.buy(10, 0.99))

    def on_start(self):
        self.done, self.books, self.trades, self.reports = False, [], [], []

    def on_book(self, book):
        self.books.append((book.bid, book.bid_qty, book.ask, book.ask_qty))
        if book.bid and book.ask and not self.done:
            self.done = True
            self.act(self)

    def on_trade(self, trade):
        self.trades.append((trade.price, trade.qty, trade.side))

    def on_report(self, report):
        self.reports.append((self.now, report.exec_type.name, report.reason.name))


def play(*given, act=Joiner.act, **settings):
    strategy = Joiner()
    strategy.act = act
    record = run(strategy, History(rows(*given)), **settings)
    assert record.error == ""
    return fills(record), record, strategy


def test_only_trades_bring_an_order_forward_in_a_pessimistic_queue():
    later = (level(BUY, 99, 60), level(BUY, 99, 55), trade(SELL, 99, 45), level(BUY, 99, 10))
    assert play(*BOOK, *later)[0] == []  # 50 were in front, 45 traded; 10 came behind
    assert play(*BOOK, *later, trade(SELL, 99, 8))[0] == [(3, 99)]  # 5 in front go first


def test_cancels_bring_it_forward_in_proportion_in_a_probabilistic_queue():
    later = (level(BUY, 99, 100), level(BUY, 99, 50), trade(SELL, 99, 30))
    assert play(*BOOK, *later)[0] == []
    assert play(*BOOK, *later, queue="probabilistic")[0] == [(5, 99)]  # 25 of 50 were left in front


def test_an_order_inside_the_spread_is_first_and_trades_through_fill_it():
    inside = lambda s: s.buy(10, 1.00)  # noqa: E731
    assert play(*BOOK, trade(SELL, 100, 4), act=inside)[0] == [(4, 100)]
    assert play(*BOOK, trade(SELL, 99, 14), act=inside)[0] == [(10, 100)]
    crossing = level(SELL, 100, 6)  # history offers where we bid: it would have met us
    assert play(*BOOK, crossing, act=inside)[0] == [(6, 100)]


def test_taking_is_bounded_by_what_is_there_and_pays_each_level():
    sweep = lambda s: s.buy(60, 1.05)  # noqa: E731
    found, _, _ = play(*BOOK, level(SELL, 103, 4), act=sweep)
    assert found == [(50, 101), (4, 105)]  # what rests at our price is met there
    both = play(BOOK[1], level(SELL, 103, 5), BOOK[0], level(SELL, 110, 1), act=sweep)[0]
    assert both == [(50, 101), (5, 103)]


def test_what_quotes_do_not_show_is_in_front_of_us():
    deep = lambda s: s.buy(10, 0.97)  # noqa: E731
    start, down = quote(99, 50, 101, 50), quote(97, 20, 99, 10)
    assert play(start, down, trade(SELL, 97, 15), act=deep)[0] == []
    assert play(start, down, trade(SELL, 97, 25), act=deep)[0] == [(5, 97)]
    assert play(start, quote(96, 5, 97, 30), act=deep)[0] == [(10, 97)]  # the ask came to us


def test_quotes_and_prints_of_every_kind():
    def sell(s):
        return s.sell(10, 1.03), s.sell(5), s.buy(1, stop_px=2), s.buy(1, 0.99)

    start, up = quote(99, 50, 101, 50), quote(101, 10, 103, 20)
    prints = (trade(0, 103, 25), trade(0, 102, 1), trade(0, 101, 4))
    found, record, strategy = play(start, up, *prints, quote(0, 0, 104, 5), act=sell)
    assert found == [(-5, 99), (-5, 103)]
    assert record.marks[-1, 0] == 101
    assert strategy.books[-1] == (0.99, 1, 1.03, 5)
    crossed = quote(98, 5, 99, 7)  # history offers where it has just bid: the bid is out of date
    assert play(start, crossed, act=lambda s: None)[2].books[-1] == (0.98, 5, 0.99, 7)


def test_a_short_in_a_book_is_bought_back_when_it_is_not_carried():
    margin = Margin(short_bps=15_000, maintenance_bps=9_000)
    dear = (level(2, 101, 0), level(1, 99, 0), level(2, 200, 500), trade(BUY, 200, 1))
    found, _, _ = play(*BOOK, *dear, act=lambda s: s.sell(50), cash=80, margin=margin)
    assert found == [(-50, 99), (50, 200)]


def test_single_orders_make_the_queue_exact_and_a_displaced_order_leaves_with_its_execution():
    ours = lambda s: s.buy(10, 1.00)  # noqa: E731
    start = (single(K.ADD, 1, BUY, 99, 30), single(K.ADD, 2, SELL, 101, 30))
    found = play(*start, single(K.EXECUTE, 1, qty=12), act=ours)[0]
    assert found == [(10, 100)]  # the aggressor meets us first, then 2 of order 1
    behind = lambda s: s.buy(10, 0.99)  # noqa: E731
    assert play(*start, single(K.EXECUTE, 1, qty=30), act=behind)[0] == []
    late = (single(K.ADD, 3, BUY, 99, 20), single(K.EXECUTE, 1, qty=30))
    assert play(*start, *late, single(K.EXECUTE, 3, qty=7), act=behind)[0] == [(7, 99)]
    gone = (single(K.REDUCE, 1, qty=10), single(K.DELETE, 1), single(K.EXECUTE, 3, qty=4))
    assert play(*start, late[0], *gone, act=behind)[0] == [(4, 99)]


def test_single_orders_change_as_the_data_says():
    start = (single(K.ADD, 1, BUY, 99, 30), single(K.ADD, 2, SELL, 101, 30))
    moved = {**single(K.REPLACE, 1, price=98, qty=5), "qty_2": 7}
    more = (
        moved, single(K.SET, 7, BUY, 98, 3), single(K.SET, 7, BUY, 97, 9),
        single(K.SET, 9, BUY, 97, 4), single(K.CLEAR, 0, BUY, 97, 0), single(K.ADD, 8, BUY, 95, 1),
    )  # fmt: skip
    _, _, strategy = play(*start, *more, act=lambda s: None)
    assert [(bid, qty) for bid, qty, *_ in strategy.books[1:]] == [
        (0.99, 30), (0.98, 5), (0.98, 3), (0.97, 9), (0.97, 13), (0, 0), (0.95, 1),
    ]  # fmt: skip


def test_halts_and_phases_are_those_of_the_exchange():
    halted = (
        {"kind": K.HALT}, trade(SELL, 99, 60), {"kind": K.RESUME}, {"kind": K.PHASE, "qty": 8},
    )  # fmt: skip
    _, _, strategy = play(*BOOK, *halted, level(BUY, 98, 1), act=lambda s: s.buy(10, 0.99))
    assert strategy.trades == [(0.99, 60, 2)]
    slow = Latency(order=Delay(5 * 10**6))
    refused = play(*BOOK, {"kind": K.PHASE, "qty": 0}, latency=slow)[2]
    assert refused.reports[0][1:] == ("REJECTED", "PHASE_FORBIDS")


def test_the_day_ends_when_the_last_instrument_closes():
    day = lambda s: s.buy(10, 0.99, time_in_force=TimeInForce.DAY)  # noqa: E731
    closed = ({"kind": K.PHASE, "qty": 0}, {"kind": K.PHASE, "qty": 3}, trade(SELL, 99, 70))
    found, _, strategy = play(*BOOK, *closed, act=day)
    assert found == []
    assert strategy.reports[-1][1:] == ("EXPIRED", "EXPIRED_SESSION")


def test_each_line_has_its_delay_and_keeps_its_order():
    ms = 10**6
    latency = Latency(data=Delay(2 * ms), order=Delay(5 * ms), report=Delay(7 * ms))
    ticks = [trade(SELL, 99, 1, time=t * ms) for t in range(10, 40)]
    _, record, strategy = play(*BOOK, *ticks, latency=latency)
    sent = 2 + 2  # both sides are there at 2 ms, seen 2 ms later
    assert record.reports["transact_time"][0] == record.reports["transact_time"].min()
    start = int(rows(*BOOK)["time"][0]) - ms
    assert record.reports["transact_time"][0] == start + (sent + 5) * ms
    assert strategy.reports[0][0] == start + (sent + 5 + 7) * ms
    random = Latency(*[Delay(ms, 3 * ms, shape) for shape in ("exponential", "lognormal", "none")])
    first, again, other = (
        play(*BOOK, *ticks, latency=random, seed=seed)[1].reports["transact_time"].tolist()
        for seed in (1, 1, 2)
    )
    assert first == again != other
    measured = Latency(order=Delay(sample=(ms, 2 * ms, 9 * ms)))
    found = play(*BOOK, *ticks, latency=measured)[1].reports["transact_time"][0]
    assert found - start - 2 * ms in (ms, 2 * ms, 9 * ms)


def test_positions_are_marked_and_sampled_by_the_second():
    ticks = [trade(BUY, 101, 1, time=t * 10**9) for t in (1, 2, 3)]
    _, record, _ = play(*BOOK, *ticks, act=lambda s: s.buy(20), cash=1_000)
    assert len(record.times) >= 3
    assert record.equity[-1] == 100_000
    assert record.marks[-1, 0] == 101
    assert (record.reports["exec_type"] == ExecType.TRADE).sum() == 1
    assert record.arrivals[-1].tolist() == [99, 101]
