"""MarketDataService: the unary calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from domain.codes import Feed, InstrumentType
from domain.errors import InvalidField
from domain.tables import Table
from gridworks.api.market_data.v1 import market_data_service_pb2 as api
from gridworks.api.market_data.v1.market_data_service_pb2_grpc import MarketDataServiceServicer
from server.codec.people.decimals import nanoseconds, timestamp
from server.codec.people.names import code
from server.sequencer.channels import channel
from server.services import views
from server.services.core import Core, page
from server.services.market.bars import list_bars


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
        wanted = code("type", InstrumentType, request.type) if request.type else None
        chosen = (
            (number, scale) for number, scale in sorted(self._core.known.scales.items())
            if wanted in (None, int(kinds[number]))
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
        made = api.ListTradesResponse(trades=found, next_page_token=token)
        if channels.window.first > 1:  # of all channels together: what is left is complete
            made.complete_from.CopyFrom(timestamp(int(times[0]) + 1))
        return made

    async def ListBars(self, request: Any, context: Any) -> Any:
        return await list_bars(self._core, request)
