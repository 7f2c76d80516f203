"""What a channel is now, as the messages of a snapshot: made once for all who ask meanwhile."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np

from domain.codes import Feed, MarketType
from domain.layout import MARKET
from domain.tables import Table
from engine.states import BOOK
from server.codec.encoder import Encoder
from server.sequencer.channels import feed_of, instrument_of
from server.sequencer.state import State

Array = np.ndarray[Any, Any]
ROWS = 256  # of one message
_MOST_KEPT, _MOST_MESSAGES = 1024, 64  # pictures, and of how many messages one may be to be kept


class Pictures:
    """Snapshots of the channels of one state."""

    def __init__(self, state: State) -> None:
        self._state, self._encoder = state, Encoder(MARKET)
        self._kept: OrderedDict[tuple[int, int], tuple[int, list[bytes]]] = OrderedDict()

    def messages(self, number: int, depth: int) -> list[bytes]:
        """The messages of a channel's snapshot; `depth`: levels of each side of an L2, 0 all."""
        last, key = self._state.channels.last(number), (number, depth)
        known = self._kept.get(key)
        # the last price in a STATUS moves without a number of its own
        if known is not None and known[0] == last and feed_of(number) != Feed.STATUS:
            return known[1]
        made = self._made(number, depth, last)
        if len(made) <= _MOST_MESSAGES:
            self._kept[key] = last, made
            self._kept.move_to_end(key)
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return made

    def _made(self, number: int, depth: int, last: int) -> list[bytes]:
        rows, found = self._rows(number, depth), list[bytes]()
        for at in range(0, max(len(rows), 1), ROWS):
            self._encoder.encode(np.ascontiguousarray(rows[at : at + ROWS]))
            found.append(
                self._encoder.reply(
                    None, last, instrument=instrument_of(number), feed=int(feed_of(number)),
                    transact_time=self._state.time, snapshot=1, more=int(at + ROWS < len(rows)),
                )
            )  # fmt: skip
        return found

    def _rows(self, number: int, depth: int) -> Array:
        """The rows that describe a channel as it is."""
        instrument, feed = instrument_of(number), feed_of(number)
        book = self._state.engine.table(Table.BOOK)[instrument]
        if feed == Feed.L2:
            return self._levels(instrument, depth)
        if feed == Feed.L3:
            return self._orders(instrument)
        if feed == Feed.TRADES:
            return np.zeros(0, MARKET)
        made = np.zeros(1, MARKET)
        made["instrument"], made["phase"] = instrument, book["phase"]
        if feed == Feed.L1:
            made["market"] = MarketType.TOP
            for cell, name in (("price", "top_bid"), ("qty", "top_bid_qty"),
                               ("price_2", "top_ask"), ("qty_2", "top_ask_qty")):  # fmt: skip
                made[cell] = book[name]
            return made
        if feed == Feed.STATUS:
            made["market"], made["price"] = MarketType.STATUS, book["last_px"]
            return made
        places = self._state.channels.places(number)  # AUCTION: as it was last published
        return self._state.channels.window.picked(places[-1:])

    def _levels(self, instrument: int, depth: int) -> Array:
        sides = self._state.engine.depth(instrument, depth or None)
        made = np.zeros(sum(map(len, sides)), MARKET)
        at = 0
        for side, levels in enumerate(sides, 1):
            part = made[at : at + len(levels)]
            part["price"], part["qty"], part["orders"] = levels[:, 0], levels[:, 1], levels[:, 2]
            part["side"] = side
            at += len(levels)
        made["market"], made["instrument"] = MarketType.LEVEL, instrument
        return made

    def _orders(self, instrument: int) -> Array:
        """Every displayed order of the book, level by level, each in the order of its queue."""
        engine = self._state.engine
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
