"""Bars and conflated market data of a real server over a real socket."""

import asyncio
import time

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from gridworks.api.market_data.v1 import market_data_service_pb2 as market
from gridworks.api.market_data.v1 import stream_pb2
from gridworks.api.market_data.v1.market_data_service_pb2_grpc import MarketDataServiceStub
from gridworks.api.trading.v1.trading_service_pb2_grpc import TradingServiceStub
from gridworks.api.types.v1 import codes_pb2 as codes
from indicators.bars import start_of
from server.sequencer.bars import SECOND
from server.sequencer.rows import joined
from server.sequencer.state import Bounds, open_log, recover
from tests.server.sequencing import SETUP, SetClock, order, sequencer
from tests.server.test_server_trading import BUY, SELL, details, wish

ACME = "instruments/ACME"


@pytest.fixture(scope="module")
def trading(server):
    return TradingServiceStub(server.channel("trader"))


@pytest.fixture(scope="module")
def data(server):
    return MarketDataServiceStub(server.channel("reader"))


def trade(trading, qty="1", price="5.00"):
    trading.SubmitOrder(wish(SELL, qty, price, "bob"))
    return trading.SubmitOrder(wish(BUY, qty, price)).executions[-1].trade_id


def span(seconds):
    return Duration(seconds=int(seconds), nanos=round(seconds % 1 * 1e9))


def expected(trades, seconds):
    """Start -> trade ids, of trades as ListTrades shows them."""
    found = {}
    for each in reversed(trades):
        start = int(start_of(each.transact_time.ToNanoseconds(), seconds * SECOND))
        found.setdefault(start, []).append(each)
    return found


@pytest.mark.parametrize("seconds", [1, 60, 90, 3600, 86_400])
def test_bars_are_those_of_the_trades_and_come_in_pages(trading, data, seconds):
    for qty, price in (("1", "5.00"), ("2", "5.03"), ("3", "4.99")):
        trade(trading, qty, price)
    trades = data.ListTrades(market.ListTradesRequest(parent=ACME, page_size=1000))
    assert not trades.HasField("complete_from")
    wanted = expected(trades.trades, seconds)
    request = market.ListBarsRequest(parent=ACME, period=span(seconds), page_size=1)
    bars = []
    while True:
        answer = data.ListBars(request)
        bars += answer.bars
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token
    assert [b.start_time.ToNanoseconds() for b in bars] == list(wanted)
    number = 0
    for bar, part in zip(bars, wanted.values(), strict=True):
        prices = [float(t.price) for t in part]
        volume = sum(int(t.qty) for t in part)
        assert (bar.open, bar.close) == (part[0].price, part[-1].price)
        assert (float(bar.high), float(bar.low)) == (max(prices), min(prices))
        assert (bar.volume, bar.trades) == (str(volume), len(part))
        value = sum(p * int(t.qty) for p, t in zip(prices, part, strict=True))
        assert float(bar.vwap) == pytest.approx(value / volume)
        number += len(part)
        assert bar.msg_seq_num == number
    assert all(bar.closed for bar in bars[:-1])
    late = market.ListBarsRequest(
        parent=ACME, period=span(seconds), start_time=bars[-1].start_time,
    )  # fmt: skip
    assert [b.start_time for b in data.ListBars(late).bars] == [bars[-1].start_time]
    late.end_time.CopyFrom(bars[-1].start_time)
    assert not data.ListBars(late).bars


def quiet(data):
    """Wait until no bar is open; when the newest one began, in ns."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        bars = data.ListBars(market.ListBarsRequest(parent=ACME, period=span(1))).bars
        if not bars or bars[-1].closed:
            return bars[-1].start_time.ToNanoseconds() if bars else 0
        time.sleep(0.05)
    raise AssertionError("a bar of one second is open for a minute")


def test_a_bar_closes_in_an_idle_market_and_a_reader_resumes(trading, data):
    request = stream_pb2.SubscribeBarsRequest(
        instruments=[ACME], period=span(1), include_open=True
    )
    follow = data.SubscribeBars(request, timeout=60)
    before = quiet(data)
    trade(trading)
    last = 0
    for bar in follow:
        assert bar.msg_seq_num >= last
        last = bar.msg_seq_num
        if bar.closed and bar.trades and bar.start_time > before:
            break
    shown = data.ListBars(market.ListBarsRequest(parent=ACME, period=span(1))).bars[-1]
    assert shown.closed
    assert (shown.start_time.ToNanoseconds(), shown.trades) == (bar.start_time, bar.trades)
    follow.cancel()
    again = stream_pb2.SubscribeBarsRequest(
        instruments=[ACME], period=span(1), start_time=bar.start_time
    )
    first = next(data.SubscribeBars(again, timeout=60))
    assert first == bar
    again.start_time += 1
    follow = data.SubscribeBars(again, timeout=60)
    trade(trading)
    after = next(follow)  # nothing twice, and nothing left out
    assert after.closed
    assert after.start_time > bar.start_time
    assert after.msg_seq_num == bar.msg_seq_num + after.trades
    some = stream_pb2.SubscribeBarsRequest(instruments=[ACME], period=span(1), history=2)
    two = data.SubscribeBars(some, timeout=60)
    assert [next(two).start_time, next(two).start_time] == [bar.start_time, after.start_time]


@pytest.mark.parametrize(("change", "field"), [
    ({"period": span(0)}, "period"), ({"period": span(0.5)}, "period"),
    ({"period": span(1.5)}, "period"), ({"period": span(367 * 86_400)}, "period"),
    ({"period": Duration(seconds=-60)}, "period"), ({"instruments": []}, "instruments"),
    ({"instruments": ["ACME"]}, "instruments[0]"), ({"history": 10_001}, "history"),
    ({"history": -1}, "history"), ({"start_time": -1}, "start_time"),
])  # fmt: skip
def test_a_subscription_that_is_not_understood_names_its_field(data, change, field):
    given = {"instruments": [ACME], "period": span(60), **change}
    with pytest.raises(grpc.RpcError) as error:
        next(data.SubscribeBars(stream_pb2.SubscribeBarsRequest(**given), timeout=60))
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert details(error.value)["BadRequest"].field_violations[0].field == field


def test_bars_are_the_same_from_a_snapshot_and_from_the_whole_log(tmp_path):
    async def body():
        clock = SetClock()
        async with sequencer(tmp_path, clock) as seq:
            await seq.call(SETUP)
            for n in range(40):
                clock.now += 7 * SECOND
                await seq.call(order(2, 2 * n + 1, price=100 + n % 5))
                await seq.call(order(3, 2 * n + 2, codes.SIDE_SELL, price=100 + n % 5))
            return seq.state.bars.parts()

    before = asyncio.run(body())
    log = open_log(tmp_path / "commands.db")
    state, recovery = recover(log, Bounds(reports=1000, market=1000))
    assert recovery.snapshot_seq
    assert state.bars.parts() == before
    replayed = type(state)(state.bounds)
    for _, _, blob in log.replay(0):
        replayed.apply(joined((blob,)))
    log.close()
    assert replayed.bars.parts() == before
    bars, _ = replayed.bars.of(1, 60 * SECOND)
    assert int(bars["trades"].sum()) == 40


# ------------------------------------------------------------------------------ conflation


def conflated(data, feeds, held=0.02, wanted=0):
    lines = [
        stream_pb2.Subscription(instrument=ACME, feed=feed, next_expected_msg_seq_num=wanted)
        for feed in feeds
    ]
    request = stream_pb2.SubscribeRequest(subscriptions=lines, conflation=span(held))
    return data.Subscribe(request, timeout=60)


def test_a_conflated_reader_gets_the_newest_and_skips_what_was_overtaken(trading, data):
    trading.SubmitOrder(wish(BUY, "1", "0.50"))
    follow = conflated(data, [codes.FEED_L2], held=0.3)
    first = next(follow)
    assert first.snapshot
    for _ in range(28):
        trading.SubmitOrder(wish(BUY, "1", "0.50"))
    shown = data.GetBook(market.GetBookRequest(instrument=ACME, depth=1000))
    wanted = next(level for level in shown.bids if level.price == "0.5")
    messages, last = [], None
    for message in follow:
        messages.append(message)
        last = next((u for u in message.updates if u.price == 50), last)
        if message.msg_seq_num >= shown.msg_seq_num:
            break
    assert (str(last.qty), last.orders) == (wanted.qty, wanted.orders)
    assert messages[-1].msg_seq_num == shown.msg_seq_num
    assert len(messages) < 28
    resumed = conflated(data, [codes.FEED_L2], wanted=first.msg_seq_num + 1)
    message = next(resumed)
    assert not message.snapshot
    assert message.msg_seq_num >= shown.msg_seq_num
    far = next(conflated(data, [codes.FEED_L2], wanted=10**9))
    assert far.snapshot


def test_trades_are_never_skipped_while_they_are_kept(trading, data):
    follow = conflated(data, [codes.FEED_TRADES], held=0.2)
    before = next(follow)
    assert before.snapshot
    made = [trade(trading) for _ in range(12)]
    found = []
    for message in follow:
        found += [u.trade_id for u in message.updates]
        if len(found) >= len(made):
            break
    assert found == made
    assert message.msg_seq_num == before.msg_seq_num + len(made)


def test_a_reader_that_sleeps_is_conflated_and_not_cut_off(server, trading):
    """Nothing waits for it in the server: it has places in channels and no queue."""
    data = MarketDataServiceStub(server.channel("reader"))
    lines = [
        stream_pb2.Subscription(instrument=ACME, feed=feed)
        for feed in (codes.FEED_L1, codes.FEED_L2, codes.FEED_STATUS)
    ]
    request = stream_pb2.SubscribeRequest(
        subscriptions=lines, conflation=span(0.01), max_backlog=1
    )
    follow = data.Subscribe(request, timeout=120)
    next(follow)
    for n in range(40):
        trading.SubmitOrder(wish(BUY, "1", f"0.{10 + n}"))
        time.sleep(0.001)
    shown = data.GetBook(market.GetBookRequest(instrument=ACME))
    for message in follow:
        if message.feed == codes.FEED_L2 and message.msg_seq_num >= shown.msg_seq_num:
            break
    follow.cancel()


@pytest.mark.parametrize("held", [0.001, 61])
def test_a_conflation_out_of_range_is_refused(data, held):
    with pytest.raises(grpc.RpcError) as error:
        next(conflated(data, [codes.FEED_L1], held=held))
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert details(error.value)["BadRequest"].field_violations[0].field == "conflation"
