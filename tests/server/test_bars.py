"""Bars against the trades that they are made of, put together in the obvious way."""

from datetime import UTC, datetime
from itertools import groupby, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.codes import MarketType
from domain.layout import COMMAND, MARKET, REPORT
from domain.limits import INT64_MAX
from indicators.bars import start_of
from server.sequencer import bars as module
from server.sequencer.bars import BASES, SECOND, Bars
from tests.server.counting import Counting

BEGIN = 1_700_000_000 * SECOND
PERIODS = (1, 2, 7, 60, 90, 300, 3600, 5400, 86_400, 7 * 86_400)


def market(trades):
    """MARKET rows and times of (instrument, seconds, price, qty), with other rows between."""
    rows, times = np.zeros(2 * len(trades), MARKET), np.zeros(2 * len(trades), np.int64)
    for at, (instrument, when, price, qty) in enumerate(trades):
        rows["instrument"][2 * at : 2 * at + 2] = instrument
        rows["market"][2 * at : 2 * at + 2] = MarketType.TRADE, MarketType.TOP
        rows["price"][2 * at], rows["qty"][2 * at] = price, qty
        times[2 * at : 2 * at + 2] = when
    return rows, times


def add(bars, rows, times):
    """Let the kernel find the trades in market rows of these times."""
    commands = np.zeros(len(rows), COMMAND)
    rows["seq"] = commands["seq"] = np.arange(len(rows))
    commands["transact_time"] = times
    if len(rows):
        Counting(commands, np.zeros(0, REPORT), rows, bars=bars).follow()


def obvious(trades, instrument, period):
    """Bars as tuples, one trade after the other."""
    mine = [t for t in trades if t[0] == instrument]
    numbered = [(t[1], t[2], t[3], n) for n, t in enumerate(mine, 1)]
    found = []
    for start, group in groupby(numbered, lambda t: int(start_of(t[0], period))):
        part = list(group)
        prices = [t[1] for t in part]
        found.append((
            start, prices[0], max(prices), min(prices), prices[-1], sum(t[2] for t in part),
            sum(t[1] * t[2] for t in part), len(part), part[-1][3],
        ))  # fmt: skip
    return found


@st.composite
def flows(draw):
    """Trades of two instruments at rising times with small and large gaps."""
    now, found = BEGIN, []
    for _ in range(draw(st.integers(0, 40))):
        now += draw(st.sampled_from((0, 1, SECOND // 3, SECOND, 59 * SECOND, 3601 * SECOND)))
        found.append((draw(st.integers(1, 2)), now, draw(st.integers(1, 50)),
                      draw(st.integers(1, 9))))  # fmt: skip
    return found


@given(flows(), st.lists(st.integers(0, 40), max_size=5), st.sampled_from(PERIODS))
def test_any_cut_gives_the_bars_of_the_trades(flow, cuts, seconds):
    whole, cut, back = Bars(1000), Bars(1000), Bars(1000)
    add(whole, *market(flow))
    edges = sorted({0, len(flow), *(c for c in cuts if c < len(flow))})
    for begin, end in pairwise(edges):
        add(cut, *market(flow[begin:end]))
        if begin % 2:
            cut.last(1)  # somebody asks in between
            back.load(cut.parts())
            cut, back = back, cut  # and the server was started again
    for instrument in (1, 2):
        wanted = obvious(flow, instrument, seconds * SECOND)
        for made in (whole, cut):
            found, complete = made.of(instrument, seconds * SECOND)
            assert found.tolist() == wanted
            assert complete == 0
            assert made.last(instrument) == (wanted[-1][-1] if wanted else 0)
    assert whole.parts() == cut.parts()


@given(flows(), st.integers(1, 6), st.sampled_from(PERIODS), st.integers(0, 40))
def test_what_was_dropped_never_leaves_half_a_bar(flow, keep, seconds, skip):
    made, period = Bars(keep), seconds * SECOND
    for trade in flow:
        add(made, *market([trade]))
    wanted = obvious(flow, 1, period)
    found, complete = made.of(1, period)
    assert found.tolist() == [bar for bar in wanted if bar[0] >= complete]
    base = next(each for each in reversed(BASES) if period % each == 0)
    assert (complete > 0) == (len(obvious(flow, 1, base)) > keep)
    start = BEGIN + skip * SECOND
    later, _ = made.of(1, period, start)
    assert later.tolist() == [bar for bar in wanted if bar[0] >= max(complete, start)]
    again = Bars(keep)
    again.load(made.parts())
    assert again.of(1, period)[0].tolist() == found.tolist()
    assert again.of(1, period)[1] == complete


@pytest.mark.parametrize(("seconds", "start"), [
    (60, "2026-03-04T10:17:00"), (3600, "2026-03-04T10:00:00"), (86_400, "2026-03-04T00:00:00"),
    (7 * 86_400, "2026-03-02T00:00:00"), (15 * 60, "2026-03-04T10:15:00"),
])  # fmt: skip
def test_periods_begin_where_people_expect_it(seconds, start):
    when = datetime(2026, 3, 4, 10, 17, 33, tzinfo=UTC)  # a Wednesday
    found = start_of(int(when.timestamp()) * SECOND, seconds * SECOND)
    assert datetime.fromtimestamp(found // SECOND, UTC).isoformat()[:19] == start


def test_many_seconds_are_folded_before_they_are_asked_for():
    made, at = Bars(module.MOST_WAITING), 0

    def trade():
        flow = [(1, BEGIN + n * SECOND, 7, 1) for n in range(at, at + 600)]
        add(made, *market(flow))  # there are other rows between the trades
        return at + 600

    while made.count + 1200 <= module.MOST_WAITING:
        at = trade()
    assert made.count == at > 600
    at = trade()
    assert made.count == 600
    bars = made.of(1, SECOND)[0]
    assert bars["number"].tolist() == list(range(1, at + 1))
    assert set(bars["volume"].tolist()) == {1}


def test_sums_stop_at_the_largest_number():
    made = Bars(10)
    for _ in range(5):
        add(made, *market([(1, BEGIN, 2**40, 2**22)] * 100))
        bars = made.of(1, SECOND)[0]
    assert bars["value"].tolist() == [INT64_MAX]
    assert bars["volume"].tolist() == [500 * 2**22]


def test_a_snapshot_from_before_there_were_bars_is_not_taken():
    with pytest.raises(ValueError, match="before there were bars"):
        Bars(10).load({})
