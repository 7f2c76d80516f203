"""Trades, round trips and attribution add up, whatever was executed."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.events import EventKind
from backtest.results import Result
from backtest.results.attribution import attribution_of, parts_of
from backtest.results.fills import fills_of
from backtest.results.trades import fifo, round_trips
from domain.errors import InvalidField
from tests.backtest.results.build import DAY, record_of, walk

FILL = st.tuples(
    st.integers(0, 39), st.integers(1, 2), st.integers(-9, 9).filter(bool),
    st.integers(80, 120), st.integers(-3, 11),
)  # fmt: skip
MARKS = [[100 + (7 * n) % 13, 90 + (5 * n) % 17] for n in range(40)]


def plain_fifo(fills):
    """(lots, entry price, exit price) of closed pieces, by a queue of single lots."""
    closed = {}
    for number in {fill[1] for fill in fills}:
        queue = deque()
        for _, _, qty, price, _ in (fill for fill in fills if fill[1] == number):
            for _ in range(abs(qty)):
                sign = 1 if qty > 0 else -1
                if queue and queue[0][0] == -sign:
                    opened = queue.popleft()
                    key = number, opened[0], opened[1], price
                    closed[key] = closed.get(key, 0) + opened[0]
                else:
                    queue.append((sign, price))
    return closed


@given(fills=st.lists(FILL, max_size=25).map(sorted), multiplier=st.sampled_from([1, 25]))
def test_trades_are_what_a_queue_of_lots_finds(fills, multiplier):
    record = record_of(fills, MARKS, multiplier=multiplier)
    rows = fifo(record)
    found = {}
    for row in rows[~rows["open"]]:
        sign = 1 if row["qty"] > 0 else -1
        key = row["instrument"] + 1, sign, row["entry_price"], row["exit_price"]
        found[key] = found.get(key, 0) + row["qty"]
    assert found == plain_fifo(fills)
    for table in (rows, round_trips(record)):
        assert table["pnl"].sum() - table["fees"].sum() == record.equity[-1] - record.start_cash
        assert table["fees"].sum() == sum(fill[4] for fill in fills)
        assert (table["mae"] <= 0).all()
        assert (table["mfe"] >= 0).all()
        for number in (0, 1):
            left = table[table["open"] & (table["instrument"] == number)]
            total = sum(fill[2] for fill in fills if fill[1] == number + 1)
            if table is rows:
                assert left["qty"].sum() == total
            else:
                assert len(left) == (total != 0)


@given(fills=st.lists(FILL, max_size=15).map(sorted), seed=st.integers(0, 9))
def test_attribution_adds_up_to_the_minor_unit(fills, seed):
    flows = [(seed, 31, 1, EventKind.DIVIDEND), (39 - seed, -12, 2, 0), (20, 5, 0, 0)]
    record = record_of(fills, MARKS, flows=flows)
    for period, count in (("day", 40), ("month", 2), ("year", 2)):
        found = attribution_of(record, period)
        assert len(found.periods) == count
        assert found.total.sum() == record.equity[-1] - record.start_cash
        assert (found.pnl.sum(axis=1) + found.other == found.total).all()
        assert found.other.sum() == 5  # only the flow that belongs to no instrument
    parts = parts_of(record)
    assert parts.flows.tolist() == [31, -12]
    assert (parts.trading + parts.fees + parts.flows).tolist() == found.pnl.sum(axis=0).tolist()


def test_a_trade_by_hand():
    """Bought 10 at 100 and 10 at 110, sold 15 at 120; marks fell to 95 and rose to 130."""
    fills = [(1, 1, 10, 100, 10), (2, 1, 10, 110, 10), (5, 1, -15, 120, 15)]
    record = record_of(fills, [[m] for m in (100, 100, 95, 130, 125, 121, 118)], multiplier=100)
    result = Result(record)
    first, second, rest = result.trades.to_dict("records")
    assert (first["entry_price"], first["exit_price"], first["qty"]) == (1.00, 1.20, 10)
    assert first["gross"] == 200.0 * 100 / 100
    assert first["fees"] == pytest.approx(0.20)  # all of the first, two thirds of the last
    assert (first["bars"], first["duration"].days) == (4, 4)
    assert (first["mae"], first["mfe"]) == (-50.0, 300.0)
    assert (second["qty"], second["gross"], second["fees"]) == (5, 50.0, 0.10)
    assert (rest["qty"], rest["open"], rest["exit_price"], rest["gross"]) == (5, True, 1.18, 40.0)
    (trip,) = result.round_trips.to_dict("records")
    assert (trip["qty"], trip["entry_price"], trip["open"]) == (20, 1.05, True)
    assert trip["exit_price"] == pytest.approx((15 * 1.20 + 5 * 1.18) / 20)
    assert trip["pnl"] == pytest.approx(290.0 - 0.35)


def test_an_execution_that_turns_the_position_is_cut_at_flat():
    record = record_of([(0, 1, 4, 100, 0), (1, 1, -10, 110, 10), (2, 1, 6, 105, 0)], [[100]] * 4)
    rows = round_trips(record)
    assert rows["qty"].tolist() == [4, -6]
    assert rows["pnl"].tolist() == [40, 30]
    assert rows["fees"].tolist() == [4, 6]
    assert not rows["open"].any()


def test_what_is_executed_at_a_bars_open_belongs_to_that_bar():
    """It has the time at which the bar before closed; the position of that sample tells."""
    fills = [(1, 1, 5, 100, 1), (1, 2, 3, 90, 0), (2, 1, -5, 104, 0), (2, 1, 2, 104, 0)]
    late = record_of(fills, MARKS)
    assert fills_of(late)["sample"].tolist() == [1, 1, 2, 2]
    late.reports["transact_time"] -= DAY  # all of them at the open
    assert fills_of(late)["sample"].tolist() == [1, 1, 2, 2]
    late.reports["transact_time"][-2:] += DAY  # only the last one at its bar's close
    assert fills_of(late)["sample"].tolist() == [1, 1, 2, 2]
    assert fifo(late)["bars"].tolist() == [1, 38, 37]
    assert (attribution_of(late, "day").other == 0).all()


def test_attribution_names_what_it_knows():
    table = Result(walk(400)).attribution("year")
    assert list(table.columns) == ["S1", "S2", "other", "total"]
    assert [str(day) for day in table.index.year] == ["2023", "2024", "2025"]
    with pytest.raises(InvalidField, match="day, month, year"):
        attribution_of(walk(10), "week")
