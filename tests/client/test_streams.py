"""What streams know, without a server: numbers, books, bars, and commands that are sent again."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridworks.api.indicators.v1 import indicator_service_pb2 as indicators
from gridworks.api.market_data.v1 import stream_pb2 as wire
from gridworks.api.trading.v1 import order_entry_pb2 as orders
from gridworks.client import codes, errors
from gridworks.client.requests import build
from gridworks.client.scales import Scale
from gridworks.client.streams.bars import Bars, Live
from gridworks.client.streams.book import Book
from gridworks.client.streams.commands import Commands
from gridworks.client.streams.market import Books, Channel, Channels
from gridworks.client.streams.reports import Counter, DropCopy

ACME = Scale("instruments/ACME", 1, Decimal("0.01"), Decimal(1))
BUY, SELL, L2 = codes.SIDE_BUY, codes.SIDE_SELL, codes.FEED_L2


# ------------------------------------------------------------------ reports


def test_reports_that_were_seen_are_left_out_and_one_that_is_missing_is_asked_for():
    counter = Counter(5)
    assert [n for n, _ in counter.take(3, "abcd")] == [5, 6]
    assert counter.take(5, "xy") == []
    assert [r for _, r in counter.take(7, "e")] == ["e"]
    with pytest.raises(errors.Unavailable, match="report 9 came where 8 was due"):
        counter.take(9, "f")
    assert counter.next == 8


def test_who_does_not_know_the_number_begins_with_what_comes():
    counter = Counter(0)
    assert [n for n, _ in counter.take(41, "ab")] == [41, 42]


def test_reports_that_are_gone_are_said_and_the_stream_goes_on_behind_them():
    copy = DropCopy("/x", "nodes/north", 3)
    answer = orders.DropCopyResponse()
    answer.sequence_reset.new_seq_no = 10
    with pytest.raises(errors.StreamGap) as found:
        copy.take(answer.SerializeToString())
    assert found.value.metadata == {"wanted": "3", "oldest": "10"}
    assert copy.request().next_expected_msg_seq_num == 10
    beat = orders.DropCopyResponse()
    beat.heartbeat.SetInParent()
    assert copy.take(beat.SerializeToString()) == []


def test_a_server_that_has_lost_reports_is_said_and_its_new_ones_are_not_taken_for_old():
    copy = DropCopy("/x", "nodes/north", 1000)
    answer = orders.DropCopyResponse()
    answer.sequence_reset.new_seq_no = 991
    with pytest.raises(errors.StreamGap, match="report 1000 was due") as found:
        copy.take(answer.SerializeToString())
    assert found.value.reason == "REPORTS_TAKEN_BACK"
    assert found.value.metadata == {"wanted": "1000", "oldest": "991"}
    answer = orders.DropCopyResponse(msg_seq_num=991)
    answer.reports.add(cl_ord_id=5)
    (first,) = copy.take(answer.SerializeToString())
    assert (first.number, first.report.cl_ord_id) == (991, 5)


# ------------------------------------------------------------------ commands


class Exchange:
    """Applies commands by their numbers, each once; hears only so much of a connection."""

    def __init__(self):
        self.applied = []

    def hear(self, data):
        message = orders.OrderEntryRequest.FromString(data)
        for number, command in enumerate(message.commands, message.msg_seq_num):
            assert number <= len(self.applied) + 1, "a command is missing"
            if number == len(self.applied) + 1:
                self.applied.append(command.cl_ord_id)


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(1, 4), st.booleans()),
        st.tuples(st.just("hear of"), st.integers(0, 9), st.booleans()),
        st.tuples(st.just("lose"), st.integers(0, 9), st.booleans()),
    ),
    max_size=40,
)


@settings(max_examples=50)
@given(ACTS)
def test_every_command_is_applied_once_and_in_order_however_connections_break(acts):
    exchange, commands, sent, arrives = Exchange(), Commands(10_000), [], True
    assert commands.expected(1) == []
    for act, count, arriving in acts:
        if act == "send":
            fresh = range(len(sent) + 1, len(sent) + 1 + count)
            made = [orders.OrderCommand(cl_ord_id=n) for n in fresh]
            first, messages = commands.add(made, 3)
            assert first == fresh[0]
            sent += fresh
            arrives = arrives and arriving  # once something is lost, so is all behind it
            for data in messages if arrives else []:
                exchange.hear(data)
        elif act == "hear of":
            commands.processed(max(len(exchange.applied) - count, 0))
        else:
            again = commands.expected(len(exchange.applied) + 1)
            arrives = True
            for data in again[: len(again) - count if arriving else None]:
                exchange.hear(data)
            arrives = not arriving or count == 0
        assert exchange.applied == sent[: len(exchange.applied)]
    for data in commands.expected(len(exchange.applied) + 1):
        exchange.hear(data)
    assert exchange.applied == sent
    assert commands.waiting == len(sent) - commands.applied


def test_a_server_that_has_forgotten_or_a_session_that_somebody_used_is_told():
    commands = Commands(10)
    commands.expected(1)
    commands.add([orders.OrderCommand()] * 4)
    commands.processed(3)
    with pytest.raises(errors.DataLoss) as found:
        commands.expected(3)
    assert found.value.reason == "COMMANDS_FORGOTTEN"
    with pytest.raises(errors.DataLoss) as found:
        commands.expected(9)
    assert found.value.reason == "SESSION_USED"


def test_commands_may_be_given_up():
    commands = Commands(3)
    commands.expected(1)
    commands.add([orders.OrderCommand()] * 3)
    with pytest.raises(errors.Backlog):
        commands.add([orders.OrderCommand()])
    commands.expected(2)  # one was applied
    assert (commands.forget(), commands.waiting, commands.next) == (2, 0, 2)


# ------------------------------------------------------------------ market data


def level(price, qty, side=BUY, count=1):
    return wire.MarketUpdate(
        market=codes.MARKET_TYPE_LEVEL, instrument=1, side=side, price=price, qty=qty, orders=count
    )


def told(number, *updates, **more):
    made = {"instrument": 1, "feed": L2, "msg_seq_num": number, "updates": updates, **more}
    return wire.SubscribeResponse(**made)


def channels(**more):
    request = wire.SubscribeRequest(**more)
    return Channels("/x", [Channel("instruments/ACME", L2, 0, ACME)], request)


def books_of(source):
    return Books(source, [ACME])


def test_a_book_is_a_snapshot_in_parts_and_then_every_change():
    books = books_of(channels())

    def take(message):
        return books.take(message.SerializeToString())

    assert take(told(7, level(100, 5), snapshot=True, more=True)) == []
    [book] = take(told(7, level(102, 4, SELL), snapshot=True))
    assert (book.best_bid.price, book.best_ask.price, book.number) == (100, 102, 7)
    assert book.mid == Decimal("1.01")
    [same] = take(told(8, level(101, 2), level(100, 0)))
    assert same is book
    assert [at.price for at in book.bids] == [101]
    assert book.number == 9
    assert take(told(9, level(100, 0))) == []  # seen
    [_] = take(told(8, level(101, 2), level(100, 0), level(99, 9)))
    assert ([at.price for at in book.bids], book.number) == ([101, 99], 10)
    with pytest.raises(errors.Unavailable):
        take(told(12, level(1, 1)))
    assert books.request().subscriptions[0].next_expected_msg_seq_num == 11
    [_] = take(told(20, level(50, 1), snapshot=True))  # what came next was gone
    assert ([at.price for at in book.bids], book.asks) == ([50], [])


def test_half_a_snapshot_is_asked_for_again():
    books = books_of(channels())
    books.take(told(7, level(100, 5), snapshot=True, more=True).SerializeToString())
    assert books.request().subscriptions[0].next_expected_msg_seq_num == 0
    books.opened(None)
    [book] = books.take(told(9, level(98, 1), snapshot=True).SerializeToString())
    assert [at.price for at in book.bids] == [98]


def test_conflated_channels_may_jump_and_begin_anew():
    source = channels(conflation={"seconds": 1})
    source.take(told(7, snapshot=True).SerializeToString())
    assert source.take(told(50, level(1, 1)).SerializeToString())
    assert source.request().subscriptions[0].next_expected_msg_seq_num == 0
    assert source.take(wire.SubscribeResponse().SerializeToString()) == []  # a heartbeat


LEVELS = st.lists(
    st.tuples(st.sampled_from([BUY, SELL]), st.integers(1, 12), st.integers(0, 3)), max_size=60
)


@settings(max_examples=50)
@given(LEVELS)
def test_a_book_is_what_the_last_word_on_each_price_says(updates):
    book, plain = Book(ACME), {BUY: {}, SELL: {}}
    for number, (side, price, qty) in enumerate(updates, 1):
        book.apply(told(number, level(price, qty, side)), fresh=False)
        plain[side][price] = qty
        for found, way in ((book.bids, True), (book.asks, False)):
            own = plain[BUY if way else SELL]
            wanted = sorted((p for p, q in own.items() if q), reverse=way)
            assert [at.price for at in found] == wanted
            assert [at.qty for at in found] == [own[p] for p in wanted]
        tops = [side[0] if side else None for side in (book.bids, book.asks)]
        assert [book.best_bid, book.best_ask] == tops


# ------------------------------------------------------------------ bars


def bar(instrument, start, closed, number):
    return wire.SubscribeBarsResponse(
        instrument=instrument, start_time=start, closed=closed, msg_seq_num=number
    )


def test_each_closed_bar_comes_once_however_often_it_is_told():
    request = build(wire.SubscribeBarsRequest, {
        "instruments": ["instruments/A", "instruments/B"], "period": 1, "history": 5,
    })  # fmt: skip
    bars = Bars("/x", request)
    assert bars.request() == request

    def new(*fields):
        return bool(bars.take(bar(*fields).SerializeToString()))

    assert [new(1, 10, True, 3), new(1, 20, False, 4), new(1, 20, False, 5)] == [True] * 3
    assert new(2, 10, True, 7)
    assert [new(1, 10, True, 3), new(1, 20, False, 4), new(2, 10, True, 7)] == [False] * 3
    again = bars.request()
    assert (again.start_time, again.history) == (10, 0)
    assert again.instruments == request.instruments
    assert new(1, 20, True, 5)  # the same trades, and now it is closed
    assert not new(1, 20, True, 5)
    assert bars.take(wire.SubscribeBarsResponse().SerializeToString()) == []


def test_live_indicators_go_on_line_by_line():
    lines = [{"name": "indicators/rsi", "instrument": f"instruments/{s}"} for s in "AB"]
    request = build(indicators.SubscribeIndicatorsRequest, {"indicators": lines})
    live = Live("/x", request)

    def told_of(line, seconds, closed=True, number=1):
        message = indicators.SubscribeIndicatorsResponse(
            index=line, closed=closed, msg_seq_num=number
        )
        message.start_time.seconds = seconds
        return len(live.take(message.SerializeToString()))

    assert [told_of(0, 5), told_of(1, 7), told_of(0, 5), told_of(0, 6)] == [1, 1, 0, 1]
    starts = [line.start_time.seconds for line in live.request().indicators]
    assert starts == [6, 7]
    assert live.take(b"") == []
