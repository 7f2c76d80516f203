"""Market data by channel: each (instrument, feed) counts its updates from 1 on."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.codes import Feed, MarketType
from domain.layout import MARKET
from server.sequencer.numbering.places import Place, Places
from server.sequencer.numbering.window import Window

Array = np.ndarray[Any, Any]
_COLUMNS = {"channel": Place.CHANNEL, "time": Place.TIME}

FEEDS = (Feed.TRADES, Feed.L1, Feed.L2, Feed.L3, Feed.AUCTION, Feed.STATUS)
_OF = {
    MarketType.TRADE: Feed.TRADES, MarketType.TOP: Feed.L1, MarketType.LEVEL: Feed.L2,
    MarketType.ORDER_ADD: Feed.L3, MarketType.ORDER_REDUCE: Feed.L3,
    MarketType.ORDER_DELETE: Feed.L3, MarketType.INDICATIVE: Feed.AUCTION,
    MarketType.STATUS: Feed.STATUS,
}  # fmt: skip
_SLOTS = 8  # channels an instrument, as the kernel counts them
SLOT_OF = np.zeros(256, np.int64)
for _kind, _feed in _OF.items():
    SLOT_OF[_kind] = FEEDS.index(_feed)


def channel(instrument: int, feed: Feed) -> int:
    """The number of a channel."""
    return instrument * _SLOTS + FEEDS.index(feed)


def instrument_of(number: int) -> int:
    """The instrument of a channel."""
    return number // _SLOTS


def feed_of(number: int) -> Feed:
    """The feed of a channel."""
    return FEEDS[number % _SLOTS]


class Channels:
    """The window of market rows and how far each channel has counted."""

    def __init__(self, keep: int) -> None:
        self.window = Window(MARKET, keep, dict.fromkeys(_COLUMNS, np.int64))
        self.counts = np.zeros(_SLOTS, np.int64)

    def show(self, places: Places) -> None:
        """Let the kernel count here, and keep market rows with the channel and time of each."""
        places.put(Place.CHANNELS, self.counts)
        places.put_window(self.window, Place.UPDATES, _COLUMNS)

    def make_room(self, instruments: int) -> None:
        """Let there be channels for instruments with numbers up to this one."""
        size = (instruments + 1) * _SLOTS
        if size > len(self.counts):
            wider = np.zeros(max(size, 2 * len(self.counts)), np.int64)
            wider[: len(self.counts)] = self.counts
            self.counts = wider

    def last(self, number: int) -> int:
        """The number of a channel's last update."""
        return int(self.counts[number]) if number < len(self.counts) else 0

    def places(self, number: int) -> Array:
        """Places in the window of a channel's updates, oldest first."""
        return np.flatnonzero(self.window.column("channel") == number)

    def behind(self, number: int, seen: int) -> Array | None:
        """Places of a channel's updates after number `seen`; None: not all of them are kept.

        Looks back from the newest, no further than it has to.
        """
        count, column = self.last(number) - seen, self.window.column("channel")
        look = 64
        while count >= 0:
            begin = max(len(column) - look, 0)
            found = np.flatnonzero(column[begin:] == number)
            if len(found) >= count:
                return found[len(found) - count :] + begin
            if not begin:
                break
            look *= 8
        return None

    def parts(self) -> dict[str, bytes]:
        """For a snapshot."""
        return self.window.parts("market_data") | {"market_data.counts": self.counts.tobytes()}

    def load(self, parts: dict[str, bytes]) -> None:
        """Take back what `parts` gave."""
        self.window.load("market_data", parts)
        self.counts = np.frombuffer(parts.get("market_data.counts", bytes(64)), np.int64).copy()
