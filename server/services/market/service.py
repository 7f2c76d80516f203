"""MarketDataService: catalogue and books for people, channels for programs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import numpy as np

from domain.codes import Feed, MarketType
from domain.errors import InvalidField
from domain.layout import MARKET
from domain.tables import Table
from engine.states import BOOK
from gridworks.api.market_data.v1 import market_data_service_pb2 as api
from gridworks.api.market_data.v1 import stream_pb2
from gridworks.api.market_data.v1.market_data_service_pb2_grpc import MarketDataServiceServicer
from server.codec.encoder import Encoder
from server.codec.people.decimals import nanoseconds, timestamp
from server.sequencer.channels import FEEDS, channel, feed_of, instrument_of
from server.services import views
from server.services.core import Core, caller, page
from server.streams.fanout import Reader
from server.streams.outbox import Outbox, write_all

Array = np.ndarray[Any, Any]
HEARTBEAT_SECONDS = 15.0
MOST_CHANNELS = 10_000
_SNAPSHOT_ROWS = 256


class MarketData(MarketDataServiceServicer):
    """The market as anyone with the right to see it sees it."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def GetInstrument(self, request: Any, context: Any) -> Any:
        scale = self._core.known.instrument("name", request.name)
        return views.instrument(self._core.state, scale)

    async def ListInstruments(self, request: Any, context: Any) -> Any:
        state = self._core.state
        kinds = state.engine.table(Table.INSTRUMENT)[:, 0]
        chosen = (
            (number, scale) for number, scale in sorted(self._core.known.scales.items())
            if request.type in (0, int(kinds[number]))
        )  # fmt: skip
        found, token = page(chosen, request)
        shown = [views.instrument(state, scale) for scale in found]
        return api.ListInstrumentsResponse(instruments=shown, next_page_token=token)

    async def GetBook(self, request: Any, context: Any) -> Any:
        scale = self._core.known.instrument("instrument", request.instrument)
        if not 0 <= request.depth <= 1000:
            raise InvalidField("depth", request.depth, "0 to 1000")
        return views.book(self._core.state, scale, request.depth or 10)

    async def ListTrades(self, request: Any, context: Any) -> Any:
        scale = self._core.known.instrument("parent", request.parent)
        low = nanoseconds("start_time", request.start_time)
        ends = request.HasField("end_time")
        high = nanoseconds("end_time", request.end_time) if ends else 2**63 - 1
        channels = self._core.state.channels
        places = channels.places(channel(scale.number, Feed.TRADES))
        rows, times = channels.window.rows, channels.window.column("time")

        def newest_first() -> Iterator[tuple[int, Any]]:
            for place in places[::-1].tolist():
                row, at = rows[place], int(times[place])
                if low <= at < high:
                    trade: Any = api.Trade(
                        trade_id=int(row["order_id"]), price=scale.price(int(row["price"])),
                        qty=scale.quantity(int(row["qty"])), transact_time=timestamp(at),
                    )  # fmt: skip
                    trade.side = int(row["side"])
                    yield -trade.trade_id, trade

        found, token = page(newest_first(), request)
        return api.ListTradesResponse(trades=found, next_page_token=token)


async def subscribe(core: Core, request: stream_pb2.SubscribeRequest, context: Any) -> None:
    """Subscribe: for each channel a snapshot or what was missed, then all updates."""
    who = caller()
    if request.HasField("conflation") and request.conflation.ToNanoseconds():
        raise NotImplementedError("Subscribe with conflation is not there yet")
    wanted = _channels(core, request)
    most = core.settings.stream_messages
    if request.max_backlog < 0:
        raise InvalidField("max_backlog", request.max_backlog, "0 or more")
    outbox = Outbox(min(request.max_backlog or most, most), core.settings.stream_bytes)
    reader = Reader(who.key_id, outbox)
    with core.gate.sessions.hold(who):
        core.fanout.join_channels(wanted, reader)
        try:
            for number, (first, depth) in wanted.items():
                _begin(core, outbox, number, first, depth)
            await write_all(
                outbox, context, HEARTBEAT_SECONDS, _heartbeat(core),
            )  # fmt: skip
        finally:
            core.fanout.leave(reader)
            await asyncio.sleep(0)


def _heartbeat(core: Core) -> bytes:
    return stream_pb2.SubscribeResponse(transact_time=core.sequencer.clock()).SerializeToString()


def _channels(core: Core, request: stream_pb2.SubscribeRequest) -> dict[int, tuple[int, int]]:
    """Channel -> (first number not seen, levels). Raises InvalidField, NotFound."""
    found: dict[int, tuple[int, int]] = {}
    for at, line in enumerate(request.subscriptions):
        path = f"subscriptions[{at}]"
        if line.feed not in [int(feed) for feed in FEEDS]:
            raise InvalidField(f"{path}.feed", line.feed, ", ".join(str(f.name) for f in FEEDS))
        if line.depth < 0 or line.next_expected_msg_seq_num < 0:
            raise InvalidField(f"{path}.depth", line.depth, "0 or more")
        if line.instrument == "instruments/-":
            numbers = list(core.known.scales)
        else:
            numbers = [core.known.instrument(f"{path}.instrument", line.instrument).number]
        for number in numbers:
            key = channel(number, Feed(line.feed))
            found[key] = line.next_expected_msg_seq_num, line.depth
    if not 1 <= len(found) <= MOST_CHANNELS:
        raise InvalidField("subscriptions", len(found), f"1 to {MOST_CHANNELS} channels")
    return found


def _begin(core: Core, outbox: Outbox, number: int, first: int, depth: int) -> None:
    """What a reader of a channel needs before what comes: what was missed, or a snapshot."""
    last = core.state.channels.last(number)
    if first and first <= last + 1:
        found = core.fanout.missed_on_channel(number, first)
        if found.first == first:
            outbox.preload(core.fanout.updates_again(number, found))
            return
    rows = _snapshot(core, number, depth)
    encoder, time = Encoder(MARKET), core.state.time
    for at in range(0, max(len(rows), 1), _SNAPSHOT_ROWS):
        encoder.encode(np.ascontiguousarray(rows[at : at + _SNAPSHOT_ROWS]))
        more = at + _SNAPSHOT_ROWS < len(rows)
        made = encoder.reply(
            None, last, instrument=instrument_of(number), feed=int(feed_of(number)),
            transact_time=time, snapshot=1, more=int(more),
        )  # fmt: skip
        outbox.preload([made])


def _snapshot(core: Core, number: int, depth: int) -> Array:
    """The rows that describe a channel as it is."""
    instrument, feed, engine = instrument_of(number), feed_of(number), core.state.engine
    book = engine.table(Table.BOOK)[instrument]
    if feed == Feed.L2:
        return _levels(core, instrument, depth)
    if feed == Feed.L3:
        return _orders(core, instrument)
    if feed == Feed.TRADES:
        return np.zeros(0, MARKET)
    made = np.zeros(1, MARKET)
    made["instrument"], made["phase"] = instrument, book["phase"]
    if feed == Feed.L1:
        made["market"] = MarketType.TOP
        for cell, name in (("price", "top_bid"), ("qty", "top_bid_qty"), ("price_2", "top_ask"),
                           ("qty_2", "top_ask_qty")):  # fmt: skip
            made[cell] = book[name]
        return made
    if feed == Feed.STATUS:
        made["market"], made["price"] = MarketType.STATUS, book["last_px"]
        return made
    places = core.state.channels.places(number)  # AUCTION: as it was last published
    return core.state.channels.window.picked(places[-1:])


def _levels(core: Core, instrument: int, depth: int) -> Array:
    sides = core.state.engine.depth(instrument, depth or None)
    made = np.zeros(sum(map(len, sides)), MARKET)
    at = 0
    for side, levels in enumerate(sides, 1):
        part = made[at : at + len(levels)]
        part["price"], part["qty"], part["orders"] = levels[:, 0], levels[:, 1], levels[:, 2]
        part["side"] = side
        at += len(levels)
    made["market"], made["instrument"] = MarketType.LEVEL, instrument
    return made


def _orders(core: Core, instrument: int) -> Array:
    """Every displayed order of the book, level by level, each in the order of its queue."""
    engine = core.state.engine
    orders, levels = engine.table(Table.ORDER), engine.table(Table.LEVEL)
    shown = (orders["state"] == BOOK) & (orders["instrument"] == instrument)
    shown &= orders["shown_qty"] > 0
    queue = list[int]()
    for level in np.unique(orders["level"][shown]).tolist():
        slot = int(levels[level]["head"])
        while slot:
            queue.append(slot)
            slot = int(orders[slot]["next"])
    found = orders[queue]
    made = np.zeros(len(found), MARKET)
    for cell, name in (("price", "price"), ("qty", "shown_qty"), ("order_id", "order_id")):
        made[cell] = found[name]
    made["side"] = found["side"] + 1
    made["market"], made["instrument"] = MarketType.ORDER_ADD, instrument
    return made
