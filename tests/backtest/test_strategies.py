"""What strategies are given and what becomes of their mistakes; compiled ones beside Python's."""

import copy

import numpy as np
import pytest

import gridworks as gw
from backtest.events import EventKind
from backtest.record import Listing
from backtest.settings import BarFills, Costs, Delay, Latency, Margin, Settings
from backtest.simulator import machine, run, signals
from backtest.simulator.core.tables import Part
from backtest.simulator.functions import compiled
from backtest.strategy import Strategy
from domain.errors import InvalidField
from tests.backtest.cross import Cross
from tests.backtest.history import MINUTE, START, History, bars, level, rows, trade, walk
from tests.backtest.scripted import fills, play

pytestmark = pytest.mark.nojit
k = gw.backtest.kernels
FLAT = (10_000, 10_010, 9_990, 10_000)


@compiled(fast=3, slow=8, n=0, short=0, long=0, closes=np.zeros(16, np.int64))
def cross(desk, event, my):
    n, close, closes = my["n"], event["price"], my["closes"]
    my["short"] += close - (closes[(n - my["fast"]) & 15] if n >= my["fast"] else 0)
    my["long"] += close - (closes[(n - my["slow"]) & 15] if n >= my["slow"] else 0)
    closes[n & 15] = close
    my["n"] = n + 1
    if n + 1 < my["slow"]:
        return
    wanted = 100 if my["short"] * my["slow"] > my["long"] * my["fast"] else 0
    if wanted != k.position(desk, 1):
        k.market(desk, 1, wanted - k.position(desk, 1))


def test_compiled_python_and_signals_leave_the_same_state():
    data = History(walk(90), chunk=17)
    costs = {"costs": Costs(taker_bps=3, slippage_ticks=1), "cash": 50_000}
    python, quick = run(Cross, data, **costs), run(cross, data, **costs)
    assert len(fills(python)) > 4
    assert python.state_hash == quick.state_hash
    assert np.array_equal(python.equity, quick.equity)
    assert quick.parameters["fast"] == 3
    wanted = np.append(python.positions[1:, 0], np.nan)
    assert signals(data, wanted, **costs).state_hash == python.state_hash
    assert signals(data, wanted[:, None], Settings(**costs)).state_hash == python.state_hash
    other = run(cross, data, {"fast": 2}, **costs)
    assert other.state_hash != quick.state_hash


def test_signals_count_what_is_on_its_way():
    slow = Latency(order=Delay(3 * MINUTE))
    record = signals(History(walk(12)), np.full(12, 7.0), latency=slow)
    assert record.positions[-1, 0] == 7
    assert [lots for lots, _ in fills(record)] == [7]


def test_a_compiled_strategy_quotes_and_sees_its_orders():
    @compiled(shows=("book", "trades"), quoted=0, seen=np.zeros(6), ids=np.zeros(4))
    def maker(desk, event, my):
        seen, ids = my["seen"], my["ids"]
        if my["quoted"] == 0 and k.best_bid(desk, 1)[0] and k.best_ask(desk, 1)[0]:
            my["quoted"] = 1
            k.quote(desk, 1, 99, 5, 101, 5)
            ids[0] = k.limit(desk, 1, 7, 98)
            ids[1] = k.take(desk, 1, -2, 99)
            seen[0] = k.sending(desk)
        elif my["quoted"] == 1 and event["price"] == 101:
            my["quoted"] = 2
            seen[1], seen[2] = k.leaves(desk, np.int64(ids[0])), k.position(desk, 1)
            k.replace(desk, np.int64(ids[0]), 4, 97)
            k.cancel(desk, np.int64(ids[0]))
            k.cancel_all(desk, 1)
            seen[3], seen[4], seen[5] = k.cash(desk), k.equity(desk), k.last(desk, 1)
            ids[2] = k.now(desk)

    book = (level(1, 99, 50), level(2, 101, 50))
    more = (trade(2, 99, 52), trade(1, 101, 60), trade(1, 101, 1))
    found = run(maker, History(rows(*book, *more)))
    assert fills(found) == [(-2, 99), (4, 99), (-5, 101)]
    assert found.positions[-1, 0] == -3
    refused = run(cross, History(walk(20)), cash=0)
    assert {"BUYING_POWER"} == {gw.Reason(r).name for r in refused.reports["reason"]}


def test_a_bar_holds_the_present_and_nothing_else():
    """A strategy that looks wherever it can from what it is given finds no later price."""

    class Cheat(Strategy):
        def on_start(self):
            self.own = gw.indicators.SMA(2)
            self.line = self.indicator(self.own)
            self.seen = []

        def on_bar(self, bar):
            later = {round(float(x), 2) for x in FUTURE if x > bar.close + 1e-9}
            assert not later & set(reach(bar))
            assert not later & set(reach(self.line))
            assert not np.isin(self.own.state, list(later)).any()
            self.seen.append(copy.copy(bar.close))

    class Peek(Strategy):
        def on_bar(self, bar):
            if not self.orders and not self.position():
                self.buy(1, bar.close)  # would fill at once, were this bar played again

    closes = np.arange(10_000, 10_400, 40)
    FUTURE = closes / 100
    data = History(bars(*[(int(c), int(c), int(c), int(c)) for c in closes]))
    strategy = Cheat()
    assert run(strategy, data).error == ""
    assert strategy.seen == FUTURE.tolist()
    assert fills(run(Peek, data)) == []  # prices only rise: no later bar comes back to its limit
    for n in (3, 7):  # what happened until a bar does not depend on what comes behind it
        part = run(Cross, History(walk(60)[: 10 * n]))
        whole = run(Cross, History(walk(60)))
        assert np.array_equal(part.equity, whole.equity[: 10 * n])


def reach(thing):
    """All numbers in the slots of an object, and in what these hold."""
    found = []
    for name in type(thing).__slots__:
        value = getattr(thing, name, None)
        found += [round(float(value), 2)] if isinstance(value, int | float) else []
        found += list(value) if isinstance(value, list | tuple) else []
    return found


def test_what_a_strategy_raises_is_named_with_its_place_and_the_rest_is_kept():
    class Fails(Strategy):
        def on_bar(self, bar):
            if bar.time == START + 3 * MINUTE:
                raise ValueError("no idea")
            self.buy(1)

    record = run(Fails, History(bars(FLAT, FLAT, FLAT, FLAT)))
    assert record.error.startswith("ValueError: no idea at event 2 (ACME, 2023-11-14T22:16:20")
    assert record.times.tolist() == [START + n * MINUTE for n in (1, 2, 3)]
    assert fills(record) == [(1, 10_000), (1, 10_000)]

    class Early(Strategy):
        def on_start(self):
            self.buy(1, instrument="NONE")

    record = run(Early, History(bars(FLAT)))
    assert "InvalidField: instrument is 'NONE'; allowed: 1 to 1, or one of ACME" in record.error
    assert "before the first event" in record.error


def test_what_a_compiled_strategy_raises_is_named_too():
    @compiled(n=0)
    def fails(desk, event, my):
        my["n"] += 1
        if my["n"] == 3:
            raise ValueError
        k.market(desk, 1, 1)

    record = run(fails, History(bars(FLAT, FLAT, FLAT, FLAT), chunk=2))
    assert record.error.startswith("an exception in fails at event 2 (ACME, 2023-11-14T22:16:20")
    assert fills(record) == [(1, 10_000), (1, 10_000)]


def test_timers_go_off_between_the_rows_of_history():
    class Timed(Strategy):
        def on_start(self):
            self.gone = []
            self.set_timer(START + MINUTE // 2, "first")
            self.set_timer(START + 3 * MINUTE, "third")

        def on_timer(self, tag):
            self.gone.append((tag, self.now - START))
            if tag == "first":
                self.set_timer(START + 2 * MINUTE, "second")
                self.buy(1)

    strategy = Timed()
    record = run(strategy, History(bars(FLAT, FLAT, FLAT, FLAT)))
    assert strategy.gone == [
        ("first", MINUTE // 2), ("second", 2 * MINUTE), ("third", 3 * MINUTE)
    ]  # fmt: skip
    assert len(fills(record)) == 1


def test_several_instruments_share_one_clock_and_one_account():
    class Both(Strategy):
        def on_start(self):
            self.lines = [self.indicator(gw.indicators.SMA(1), n) for n in self.symbols]
            self.tops = self.indicator(gw.indicators.ATR(2), "B")
            self.seen = []

        def on_bar(self, bar):
            self.seen.append((bar.symbol, self.lines[bar.instrument - 1].value == bar.close))
            self.target(5, "B" if bar.symbol == "A" else "A")

        def on_report(self, report):
            self.seen.append((report.symbol, report.last_qty))

    two = np.concatenate([bars(FLAT, FLAT, FLAT), bars(FLAT, FLAT, FLAT, instrument=2)])
    two = two[np.argsort(two["time"], kind="stable")]
    strategy = Both()
    record = run(strategy, History(two, Listing("A"), Listing("B", lot=gw.money.Decimal("0.5"))))
    assert record.error == ""
    assert strategy.seen[:2] == [("A", True), ("B", True)]
    assert record.positions[-1].tolist() == [5, 10]
    assert strategy.position("B") == 5.0


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: BarFills(volume_share=-1), "volume_share is -1"),
        (lambda: Costs(slippage_ticks="3"), "slippage_ticks is '3'"),
        (lambda: Delay(-1), "constant is -1"),
        (lambda: Latency(order=Delay(shape="normal")), "shape is 'normal'"),
        (lambda: Margin(initial_bps=-5), "initial_bps is -5"),
        (lambda: Settings(queue="fair"), "queue is 'fair'"),
        (lambda: Settings(costs=3), "costs is 3; allowed: a Costs"),
        (lambda: compiled(shows="ticks"), "shows is 'ticks'"),
        (lambda: run(cross, History(walk(3)), {"speed": 2}), "parameters is 'speed'"),
        (lambda: run(Cross, History(walk(3)), limits={"max": 2}), "limits is 'max'"),
        (lambda: signals(History(walk(3)), np.zeros((3, 2))), "targets is"),
        (lambda: run(Cross, History(walk(3), Listing("A"), Listing("B", currency="EUR"))), "EUR"),
    ],
)
def test_settings_that_do_not_fit_are_named(make, says):
    with pytest.raises(InvalidField, match=says):
        make()


def test_limits_of_the_account_are_those_of_the_exchange():
    _, _, told = play({0: lambda s: s.buy(10)}, FLAT, FLAT, limits={"max_order_qty": 5})
    assert told == [("REJECTED", "ORDER_QTY_LIMIT", 1)]


def test_small_buffers_lose_nothing(monkeypatch):
    script = {
        0: lambda s: [s.buy(1, 99 if n % 2 else 101) for n in range(70)],
        2: lambda s: s.cancel_all(),
        3: lambda s: [s.sell(1) for _ in range(20)],
    }
    data = [FLAT, (10_000, 10_050, 9_950, 10_000), FLAT, FLAT, FLAT, FLAT]
    plain = play(script, *data)
    small = {**machine._BUFFERS, Part.WAITING: 300, Part.REPORT: 2_060, Part.SAMPLE: 14}
    monkeypatch.setattr(machine, "_BUFFERS", {**small, Part.FLOW: 257})
    monkeypatch.setattr(machine, "_ENGINE_REPORTS", 130)
    again = play(script, *data)
    assert again[0] == plain[0]
    assert again[2] == plain[2]
    assert again[1].state_hash == plain[1].state_hash
    assert np.array_equal(again[1].equity, plain[1].equity)


@pytest.mark.compiled
def test_many_orders_at_once_and_long_lines_are_kept():
    many = {0: lambda s: [s.buy(1, 50) for _ in range(1_500)], 1: lambda s: s.cancel_all()}
    slow = Latency(report=Delay(3 * MINUTE))
    _, record, told = play(many, FLAT, FLAT, FLAT, FLAT, latency=slow)
    assert len(record.reports) == 3_001
    assert len(told) == 3_001


@pytest.mark.compiled
@pytest.mark.parametrize("count", [43_690, 43_691])  # what the buffer of samples holds, and more
def test_no_sample_is_lost_where_a_buffer_ends(count):
    record = signals(History(walk(count)), np.zeros(count))
    assert len(record.times) == len(np.unique(record.times)) == count


def test_bars_among_other_rows_and_late_data_reach_the_strategy():
    class Slow(Strategy):
        def on_start(self):
            self.line, self.seen = self.indicator(gw.indicators.SMA(1)), []

        def on_bar(self, bar):
            self.seen.append((self.now - START, self.line.value, self.cash, self.equity))

    late = Latency(data=Delay(MINUTE // 2))
    strategy = Slow()
    run(strategy, History(bars(FLAT, FLAT, FLAT), chunk=1), latency=late)
    assert [at for at, *_ in strategy.seen] == [MINUTE * 3 // 2, MINUTE * 5 // 2, MINUTE * 7 // 2]
    assert strategy.seen[0][1:] == (100.0, 100_000.0, 100_000.0)
    mixed = bars(FLAT, FLAT, FLAT)
    mixed["kind"][1], mixed["price"][1] = EventKind.DIVIDEND, 3
    strategy = Slow()
    run(strategy, History(mixed))
    assert len(strategy.seen) == 2
