"""Money to the last minor unit: random strategies against the accountant, and what is no trade."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backtest.events import EVENT, EventKind
from backtest.record import Listing
from backtest.settings import BarFills, Costs, Delay, Latency, Margin
from backtest.simulator import run
from backtest.strategy import Strategy
from domain.codes import ExecInst, InstrumentType, OrdType, Side
from tests.backtest.accountant import audit
from tests.backtest.history import MINUTE, START, History, bars, walk
from tests.backtest.scripted import play

FUTURE = Listing("FUT", type=InstrumentType.FUTURE, multiplier=7)
FLAT = (10_000, 10_010, 9_990, 10_000)


class Random(Strategy):
    """Sends, changes and cancels anything, out of a seed."""

    seed = 1

    def on_start(self):
        self.random = np.random.default_rng(self.seed)

    def on_bar(self, bar):
        draw = self.random.integers
        if draw(3) == 0:
            return
        side, qty = Side.BUY if draw(2) else Side.SELL, int(draw(1, 300))
        away = int(draw(1, 40)) / 100 * (1 if side == Side.BUY else -1)
        kind, where = int(draw(12)), {"instrument": bar.instrument}
        if kind < 3:
            self.submit(side, qty, **where)
        elif kind < 5:
            self.submit(side, qty, bar.close - away, **where)
        elif kind == 5:
            self.submit(side, qty, stop_px=bar.close + away, **where)
        elif kind == 6:
            self.bracket(
                side, qty, take_profit=bar.close + away, stop_loss=bar.close - away, **where
            )
        elif kind == 7:
            self.submit(side, qty, offset=abs(away), **where)
        elif kind == 8:
            self.submit(
                side, qty, stop_px=bar.close - away, ord_type=OrdType.MARKET_IF_TOUCHED, **where
            )
        elif kind == 9 and self.orders:
            self.replace(next(iter(self.orders)), qty)
        elif kind == 10:
            self.cancel_all(bar.instrument)
        else:
            self.submit(side, qty, exec_inst=ExecInst.REDUCE_ONLY, **where)


def history(seed, count):
    """Two instruments on one clock, one of them margined."""
    both = [walk(count, seed), walk(count, seed + 1, instrument=2)]
    events = np.concatenate(both)
    events = events[np.argsort(events["time"], kind="stable")]
    return History(events, Listing("ACME"), FUTURE, chunk=seed % 29 + 5)


@settings(max_examples=40, deadline=None)
@example(265, Costs(), BarFills("worst", True, 0.05), Margin(2_000), Latency())  # opens at a limit
@given(
    seed=st.integers(0, 10_000),
    costs=st.sampled_from(
        [Costs(), Costs(10, -3, 2, 15, slippage_ticks=2), Costs(taker_bps=2.5, slippage_bps=7)]
    ),
    fills=st.sampled_from(
        [BarFills(), BarFills("worst", True, 0.05), BarFills("ohlc"), BarFills(at_close=True)]
    ),
    margin=st.sampled_from([Margin(2_000), Margin(5_000, 20_000, 8_000)]),
    delay=st.sampled_from([Latency(), Latency(order=Delay(20 * 10**9), report=Delay(10**9))]),
)
def test_equity_is_what_the_fills_say_and_skipping_changes_nothing(
    seed, costs, fills, margin, delay
):
    chosen = {"costs": costs, "bars": fills, "margin": margin, "latency": delay, "cash": 60_000}
    record = run(Random, history(seed, 60), {"seed": seed}, **chosen)
    assert record.error == ""
    found = audit(record)
    assert record.equity.tolist() == [equity for equity, _, _ in found]
    assert record.cash.tolist() == [cash for _, cash, _ in found]
    assert record.positions.tolist() == [held for _, _, held in found]
    played = run(Random, history(seed, 60), {"seed": seed}, exact=True, **chosen)
    assert np.array_equal(played.equity, record.equity)
    assert np.array_equal(played.margin, record.margin)
    for name in ("transact_time", "last_px", "last_qty", "reason"):
        assert played.reports[name].tolist() == record.reports[name].tolist()
    again = run(Random, history(seed, 60), {"seed": seed}, **chosen)
    assert again.state_hash == record.state_hash


def event(kind, minute, instrument=1, **fields):
    made = np.zeros(1, EVENT)
    made["kind"], made["time"], made["instrument"] = kind, START + minute * MINUTE + 1, instrument
    for name, value in fields.items():
        made[name] = value
    return made


def held_through(extra, lots, *more, listings=(), **settings):
    """Hold lots from the second bar on, over four flat bars and an event after the third."""

    class Hold(Strategy):
        def on_bar(self, bar):
            if bar.time == START + MINUTE:
                self.submit(Side.BUY if lots > 0 else Side.SELL, abs(lots))

    flat = bars(FLAT, FLAT, FLAT, *(more or (FLAT,)))
    events = np.concatenate([flat[:3], extra, flat[3:]])
    record = run(Hold, History(events, *listings), **settings)
    assert record.error == ""
    return record


@pytest.mark.nojit
@pytest.mark.parametrize("lots", [10, -10])
def test_a_dividend_is_paid_to_holders_and_by_shorts(lots):
    record = held_through(event(EventKind.DIVIDEND, 3, price=25), lots)
    assert record.flows[["value", "kind", "instrument"]].tolist() == [(25 * lots, 49, 1)]
    assert record.equity[-1] == 10_000_000 + 25 * lots


@pytest.mark.nojit
@pytest.mark.parametrize("lots", [10, -10])
def test_a_split_moves_no_money(lots):
    after = tuple(price * 2 // 3 for price in FLAT)
    split = event(EventKind.SPLIT, 3, qty=3, qty_2=2)
    record = held_through(split, lots, after, costs=Costs(taker_bps=100))
    fee = 10 * 10_000 // 100
    assert record.positions[-1, 0] == lots * 3 // 2
    assert record.equity[2] == 10_000_000 - fee
    assert abs(record.equity[-1] - record.equity[2]) <= 15
    assert [held for _, _, held in audit(record)][-1] == [lots * 3 // 2]
    assert [equity for equity, _, _ in audit(record)] == record.equity.tolist()


@pytest.mark.nojit
def test_funding_goes_from_long_to_short():
    rate = event(EventKind.FUNDING, 3, price=100_000)  # 0.01 %
    for lots in (10, -10):
        record = held_through(rate, lots, listings=(FUTURE,))
        assert record.flows["value"].tolist() == [-lots * 10_000 * 7 // 10_000]


@pytest.mark.nojit
def test_a_roll_trades_out_of_one_contract_and_into_the_next():
    far = Listing("FAR", type=InstrumentType.FUTURE, multiplier=7)
    other = bars((10_100, 10_110, 10_090, 10_100), instrument=2)
    other["time"] = START + 3 * MINUTE
    extra = np.concatenate([other, event(EventKind.ROLL, 3, ref=2)])
    last = bars((10_120, 10_120, 10_120, 10_120), instrument=2)
    last["time"] = START + 9 * MINUTE

    class Hold(Strategy):
        def on_bar(self, bar):
            if bar.time == START + MINUTE:
                self.buy(10)
            self.seen = [self.position(n) for n in self.symbols]

    events = np.concatenate([bars(FLAT, FLAT, FLAT), extra, last])
    strategy = Hold()
    record = run(strategy, History(events, FUTURE, far), costs=Costs(per_lot=3))
    assert record.positions[-1].tolist() == [0, 10]
    assert record.equity[-1] == 10_000_000 - 3 * 30 + 10 * 20 * 7
    assert strategy.seen == [0, 10]
    assert [equity for equity, _, _ in audit(record)] == record.equity.tolist()


@pytest.mark.nojit
def test_borrow_and_interest_are_paid_by_the_day():
    day = bars(FLAT, FLAT, FLAT, FLAT)
    day["start"] = START + np.arange(4) * 1_440 * MINUTE
    day["time"] = day["start"] + 60 * MINUTE

    class Short(Strategy):
        def on_bar(self, bar):
            if not self.orders and not self.position():
                self.sell(100)

    costs = Costs(borrow_bps=365, interest_bps=-365)
    record = run(Short, History(day), costs=costs)
    borrow = record.flows["value"][record.flows["kind"] == 0]
    assert len(borrow) >= 2
    assert all(-101 <= value <= -90 for value in borrow[:2])  # 1,000,000 x 3.65 % / 365
    interest = record.flows["value"][record.flows["kind"] == -1]
    assert all(value < 0 for value in interest)
    assert record.cash[-1] == audit(record)[-1][1]


@pytest.mark.nojit
def test_what_concerns_no_position_moves_nothing_and_income_pays_debt():
    nothing = [
        event(EventKind.SPLIT, 3, qty=2, qty_2=1), event(EventKind.ROLL, 3, ref=9),
        event(EventKind.DIVIDEND, 3, price=5),
    ]  # fmt: skip
    half = tuple(price // 2 for price in FLAT)
    record = held_through(np.concatenate([nothing[0]]), 1, half)
    assert record.positions[-1, 0] == 2
    empty = run(Random, History(np.concatenate([bars(FLAT), *nothing])), {"seed": 3})
    assert empty.error == ""
    owed = np.concatenate([event(EventKind.DIVIDEND, 3, price=2_000_000 * n) for n in (1, -1)])
    assert held_through(owed, -10).cash[-1] == held_through(owed[:0], -10).cash[-1]


@pytest.mark.nojit
def test_what_cannot_be_paid_is_owed():
    huge = event(EventKind.DIVIDEND, 3, price=2_000_000)
    record = held_through(huge, -10)
    assert record.equity[-1] == 10_000_000 - 20_000_000
    assert record.cash[-1] == audit(record)[-1][1]


@pytest.mark.nojit
def test_a_position_is_closed_when_the_equity_does_not_carry_its_margin():
    rising = (10_000, 15_000, 10_000, 15_000)
    margin = Margin(short_bps=15_000, maintenance_bps=9_000)
    found, record, told = play(
        {0: lambda s: (s.sell(1_000), s.buy(1, 50))}, FLAT, FLAT, rising, FLAT,
        cash=200_000, margin=margin,
    )  # fmt: skip
    assert found == [(-1_000, 10_000), (1_000, 15_000)]
    assert ("CANCELED", "CANCELED_BY_MASS_CANCEL", 2) in told
    assert record.positions[-1, 0] == 0
