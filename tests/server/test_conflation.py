"""A reader that skips steps ends where one that takes every step does."""

import asyncio
import random

import numpy as np
import pytest

from domain.codes import Feed, MarketType, Side
from domain.messages import Cancel
from domain.tables import Table
from gridworks.api.market_data.v1.stream_pb2 import SubscribeResponse
from server.sequencer.channels import FEEDS, channel
from server.sequencer.rows import joined
from server.sequencer.state import Bounds, State
from server.streams.conflated import Conflated
from server.streams.fanout import Fanout
from tests.server.sequencing import SETUP, START, compile_engine, order

ENDS = {MarketType.ORDER_DELETE}


@pytest.fixture(autouse=True, scope="module")
def compiled():
    compile_engine()


class Market:
    """A state that random orders move."""

    def __init__(self, seed, keep):
        self.random, self.ids = random.Random(seed), 0
        self.state = State(Bounds(market=keep))
        self.fanout = Fanout(self.state)
        self.apply(SETUP)

    def apply(self, data):
        rows = joined((data,))
        first = self.state.seq + 1
        rows["seq"] = np.arange(first, first + len(rows))
        rows["transact_time"] = START + first
        self.fanout(self.state.apply(rows))

    def move(self):
        pick, some = self.random, []
        for _ in range(pick.randint(1, 4)):
            account = pick.choice((2, 3))
            if self.ids and pick.random() < 0.3:
                known = pick.randint(1, self.ids)
                some.append(Cancel(account=account, orig_cl_ord_id=known).pack())
                continue
            self.ids += 1
            side = pick.choice((Side.BUY, Side.SELL))
            some.append(order(account, self.ids, side, pick.randint(1, 5), pick.randint(95, 105)))
        self.apply(b"".join(some))


class Follower:
    """What a reader makes of the messages of one channel."""

    def __init__(self):
        self.levels, self.orders, self.trades, self.last, self.resets = {}, {}, [], None, 0

    def take(self, data):
        message = SubscribeResponse.FromString(data)
        if message.snapshot:
            self.levels, self.orders, self.last = {}, {}, None
            self.resets += 1
        for u in message.updates:
            kind = MarketType(u.market)
            if kind == MarketType.LEVEL:
                self.levels.pop((u.side, u.price), None)
                if u.qty:
                    self.levels[u.side, u.price] = u.qty, u.orders
            elif kind in ENDS:
                self.orders.pop(u.order_id)
            elif kind in (MarketType.ORDER_ADD, MarketType.ORDER_REDUCE):
                self.orders[u.order_id] = u.side, u.price, u.qty
            elif kind == MarketType.TRADE:
                self.trades.append(u.trade_id)
            else:
                self.last = u
        return message.msg_seq_num


def agrees(market, followers):
    """The truth: depth, orders and top of the engine itself."""
    engine = market.state.engine
    levels = {
        (side, price): (qty, count)
        for side, part in enumerate(engine.depth(1), 1) for price, qty, count in part.tolist()
    }  # fmt: skip
    assert followers[Feed.L2].levels == levels
    live = engine.table(Table.ORDER)
    live = live[(live["state"] > 0) & (live["shown_qty"] > 0)]
    assert followers[Feed.L3].orders == {
        int(r["order_id"]): (r["side"] + 1, r["price"], r["shown_qty"]) for r in live
    }
    top = followers[Feed.L1].last
    book = engine.table(Table.BOOK)[1]
    if top is not None:
        assert (top.bid_px, top.offer_px, top.bid_size, top.offer_size) == (
            book["top_bid"], book["top_ask"], book["top_bid_qty"], book["top_ask_qty"]
        )


@pytest.mark.parametrize(("seed", "keep"), [(1, 100_000), (2, 100_000), (3, 60), (4, 25)])
def test_any_pace_leads_to_the_same_book(seed, keep):
    market = Market(seed, keep)
    feeds = {feed: Follower() for feed in (Feed.L1, Feed.L2, Feed.L3, Feed.TRADES)}
    seen = {}
    for feed, follower in feeds.items():
        number = channel(1, feed)
        [data] = market.fanout.pictures.messages(number, 0)
        seen[feed] = follower.take(data)
    updates = messages = 0
    for _ in range(120):
        for _ in range(market.random.choice((0, 1, 2, 30))):
            market.move()
        for feed, follower in feeds.items():
            number = channel(1, feed)
            before = seen[feed]
            last, made = market.fanout.catch_up.messages(number, before, 0)
            assert last == market.state.channels.last(number)
            updates, messages = updates + last - before, messages + len(made)
            numbers = [follower.take(data) for data in made]
            assert numbers == sorted(numbers)
            assert numbers[-1:] == ([last] if last > before else [])
            seen[feed] = last
        agrees(market, feeds)
    assert messages < updates / 4
    if keep > 1000:
        assert all(f.resets == 1 for f in feeds.values())
        assert len(feeds[Feed.TRADES].trades) == seen[Feed.TRADES]  # none was skipped
    else:
        assert feeds[Feed.L3].resets > 1  # what was dropped was replaced by a snapshot


def test_what_is_the_same_for_all_is_made_once():
    market = Market(5, 1000)
    for _ in range(20):
        market.move()
    for feed in (Feed.L2, Feed.L3, Feed.TRADES, Feed.L1):
        number = channel(1, feed)
        one = market.fanout.catch_up.messages(number, 1, 0)[1]
        assert market.fanout.catch_up.messages(number, 1, 0)[1] is one
        picture = market.fanout.pictures.messages(number, 0)
        assert market.fanout.pictures.messages(number, 0) is picture
    future = market.fanout.catch_up.messages(number, 10**9, 0)[1]
    assert SubscribeResponse.FromString(future[0]).snapshot


def test_places_behind_a_number_are_found_from_the_end():
    market = Market(6, 50)
    for _ in range(60):
        market.move()
    channels = market.state.channels
    for feed in FEEDS:
        number = channel(1, feed)
        places, last = channels.places(number), channels.last(number)
        for seen in range(last + 2):
            found, count = channels.behind(number, seen), last - seen
            if count < 0 or count > len(places):
                assert found is None
            else:
                assert found.tolist() == places[len(places) - count :].tolist()


def test_readers_of_one_channel_wake_together_and_no_sooner():
    async def body():
        loop = asyncio.get_running_loop()
        first, second = Conflated(0.05), Conflated(0.05)
        begin = loop.time()
        first.moved(2)
        first.moved(3)
        first.moved(2)
        second.moved(2)
        assert list(await first.take(30)) == [2, 3]
        assert loop.time() // 0.05 > begin // 0.05
        assert list(await second.take(30)) == [2]
        assert list(await first.take(0.01)) == []
        first.end(None)
        assert await first.take(30) is None
        second.end(ValueError("over"))
        with pytest.raises(ValueError, match="over"):
            await second.take(30)
        third = Conflated(60)
        third.moved(1)
        third.close()

    asyncio.run(asyncio.wait_for(body(), 60))
