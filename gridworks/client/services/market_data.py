"""Market data: the catalogue, books, trades, bars, and their streams."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Unpack

from domain.errors import InvalidField
from gridworks.api.market_data.v1 import market_data_service_pb2 as api
from gridworks.api.market_data.v1 import stream_pb2 as wire
from gridworks.api.types.v1 import codes_pb2 as codes
from gridworks.api.types.v1 import instrument_pb2 as types
from gridworks.client.faces import Items, M, call, pager, stream
from gridworks.client.plans import Plan
from gridworks.client.requests import Code, build, under
from gridworks.client.scales import Scale
from gridworks.client.service import Listing, Options, Remote
from gridworks.client.streams.bars import Bars
from gridworks.client.streams.book import Book
from gridworks.client.streams.market import Books, Channel, Channels

Span = timedelta | float


class MarketData(Remote[M]):
    """`client.market_data`. Unary calls speak decimals, streams ticks and lots: see `scale`."""

    proto = api.DESCRIPTOR.services_by_name["MarketDataService"]

    @call
    def get_instrument(self, name: str, **options: Unpack[Options]) -> Plan[types.Instrument]:
        """An instrument with its settings."""
        return self._call(
            "GetInstrument", types.Instrument, options, name=under("instruments", name)
        )

    @call
    def scale(self, name: str, **options: Unpack[Options]) -> Plan[Scale]:
        """What an instrument's ticks and lots are worth."""
        return self._scale(name, options)

    def _scale(self, name: str, options: Any) -> Plan[Scale]:
        full = under("instruments", name)
        found = yield from self._call("GetInstrument", types.Instrument, options, name=full)
        return Scale.of(found)

    @pager
    def list_instruments(
        self, *, type: Code | None = None, **options: Unpack[Listing]  # noqa: A002 - its name
    ) -> Items[types.Instrument]:
        """The catalogue, by number."""
        return self._list(
            "ListInstruments", api.ListInstrumentsResponse, "instruments", options, type=type
        )

    @call
    def get_book(
        self, instrument: str, depth: int = 10, **options: Unpack[Options]
    ) -> Plan[api.Book]:
        """The book now, `depth` levels of each side, with last price, phase and indicative."""
        return self._call(
            "GetBook", api.Book, options, instrument=under("instruments", instrument), depth=depth
        )

    @pager
    def list_trades(
        self, instrument: str, *, start_time: datetime | int | None = None,
        end_time: datetime | int | None = None, **options: Unpack[Listing],
    ) -> Items[api.Trade]:  # fmt: skip
        """Trades, newest first."""
        return self._list(
            "ListTrades", api.ListTradesResponse, "trades", options,
            parent=under("instruments", instrument), start_time=start_time, end_time=end_time,
        )  # fmt: skip

    @pager
    def list_bars(
        self, instrument: str, period: Span, *, start_time: datetime | int | None = None,
        end_time: datetime | int | None = None, **options: Unpack[Listing],
    ) -> Items[api.Bar]:  # fmt: skip
        """Bars of a period (seconds or timedelta), oldest first."""
        return self._list(
            "ListBars", api.ListBarsResponse, "bars", options,
            parent=under("instruments", instrument), period=period, start_time=start_time,
            end_time=end_time,
        )  # fmt: skip

    # ------------------------------------------------------------------ streams

    @stream
    def subscribe(
        self, instruments: str | Sequence[str], feeds: Code | Iterable[Code], *, depth: int = 0,
        conflation: Span | None = None, max_backlog: int = 0,
    ) -> Items[wire.SubscribeResponse]:  # fmt: skip
        """Channels: for each a snapshot, then every update, in ticks and lots.

        Feeds: TRADES, L1, L2, L3, AUCTION, STATUS. Goes on by itself after a loss, with the first
        update that was not seen or, if that is gone, with a new snapshot. "-" stands for all
        instruments, which begin with a snapshot after each loss. `conflation`: seconds for which
        updates may be held back, so that a slow reader sees the last state only.
        """
        chosen = [_feed(each) for each in _several(feeds)]
        request = _request(conflation, max_backlog)
        names = [under("instruments", name) for name in _several(instruments)]
        return Items(lambda: self._channels(names, chosen, depth, request))

    def _channels(
        self, names: list[str], feeds: list[int], depth: int, request: wire.SubscribeRequest
    ) -> Plan[None]:
        wanted = []
        for name in names:
            scale = None if name == "instruments/-" else (yield from self._scale(name, {}))
            wanted += [Channel(name, feed, depth, scale) for feed in feeds]
        channels = Channels(self._path("Subscribe"), wanted, request)
        yield from self._follow(lambda: channels).plan()

    @stream
    def books(
        self, *instruments: str, depth: int = 0, conflation: Span | None = None
    ) -> Items[Book]:
        """Books that are kept up to date: gives the book that has changed, after each change.

        The same object each time for an instrument. Goes on by itself after a loss.
        """
        names = [under("instruments", name) for name in instruments]
        request = _request(conflation, 0)
        return Items(lambda: self._books(names, depth, request))

    def _books(self, names: list[str], depth: int, request: wire.SubscribeRequest) -> Plan[None]:
        scales = []
        for name in names:
            scales.append((yield from self._scale(name, {})))
        wanted = [Channel(scale.name, codes.FEED_L2, depth, scale) for scale in scales]
        books = Books(Channels(self._path("Subscribe"), wanted, request), scales)
        yield from self._follow(lambda: books).plan()

    @stream
    def subscribe_bars(
        self, instruments: str | Sequence[str], period: Span, *, history: int = 0,
        include_open: bool = False,
    ) -> Items[wire.SubscribeBarsResponse]:  # fmt: skip
        """Bars as they close, behind `history` closed ones; `include_open`: also as they grow.

        Goes on by itself after a loss; each closed bar comes once.
        """
        names = [under("instruments", name) for name in _several(instruments)]
        request = self._request(
            "SubscribeBars", {}, {
                "instruments": names, "period": period, "history": history,
                "include_open": include_open,
            },
        )  # fmt: skip
        return self._follow(lambda: Bars(self._path("SubscribeBars"), request))


def _several(given: Any) -> list[Any]:
    return [given] if isinstance(given, (str, int)) else list(given)


def _feed(given: Code) -> int:
    line = build(wire.Subscription, {"feed": given})
    if not line.feed:
        raise InvalidField("feeds", given, "TRADES, L1, L2, L3, AUCTION, STATUS")
    return int(line.feed)


def _request(conflation: Span | None, max_backlog: int) -> wire.SubscribeRequest:
    return build(wire.SubscribeRequest, {"conflation": conflation, "max_backlog": max_backlog})
