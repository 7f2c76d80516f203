"""Bars: pages of them for people, and streams."""

from __future__ import annotations

import asyncio
from typing import Any

from domain.errors import InvalidField
from gridworks.api.market_data.v1 import market_data_service_pb2 as api
from gridworks.api.market_data.v1.stream_pb2 import SubscribeBarsRequest, SubscribeBarsResponse
from server.codec.people.decimals import Scale, nanoseconds, timestamp
from server.sequencer.bars import SECOND
from server.services.core import Core, caller, page
from server.streams.barfeed import Bar, Key
from server.streams.outbox import Outbox, write_all

HEARTBEAT_SECONDS = 15.0
MOST_SECONDS = 366 * 86_400
MOST_BARS, USUAL_BARS = 10_000, 500  # of a page
MOST_INSTRUMENTS, MOST_HISTORY = 1_000, 100_000
_SLICE = 200  # bars that are written out before others may run


def period_of(field: str, duration: Any) -> int:
    """The length of a bar in ns. Raises InvalidField."""
    seconds = duration.seconds
    if duration.nanos or not 1 <= seconds <= MOST_SECONDS:
        shown = f"{seconds}.{abs(duration.nanos):09} s"
        raise InvalidField(field, shown, f"whole seconds, 1 to {MOST_SECONDS}")
    return int(seconds) * SECOND


async def list_bars(core: Core, request: api.ListBarsRequest) -> api.ListBarsResponse:
    """ListBars."""
    scale = core.known.instrument("parent", request.parent)
    period = period_of("period", request.period)
    low = nanoseconds("start_time", request.start_time)
    ends = request.HasField("end_time")
    high = nanoseconds("end_time", request.end_time) if ends else 2**63 - 1
    rows, complete = core.state.bars.of(scale.number, period, low)
    now = core.state.time
    rows = rows[rows["start"] < high]
    pairs = ((int(row["start"]), row) for row in rows)
    found, token = page(pairs, request, MOST_BARS, USUAL_BARS)
    made = api.ListBarsResponse(next_page_token=token)
    if complete:
        made.complete_from.CopyFrom(timestamp(complete))
    for at, row in enumerate(found):
        if at % _SLICE == _SLICE - 1:
            await asyncio.sleep(0)
        made.bars.append(_shown(scale, row, int(row["start"]) + period <= now))
    return made


def _shown(scale: Scale, row: Any, closed: bool) -> api.Bar:
    prices = {name: scale.price(int(row[name])) for name in ("open", "high", "low", "close")}
    return api.Bar(
        start_time=timestamp(int(row["start"])), volume=scale.quantity(int(row["volume"])),
        vwap=scale.average(int(row["value"]), int(row["volume"])), trades=int(row["trades"]),
        closed=closed, msg_seq_num=int(row["number"]), **prices,
    )  # fmt: skip


async def subscribe_bars(core: Core, request: SubscribeBarsRequest, context: Any) -> None:
    """The handler of SubscribeBars: writes raw bytes."""
    who, keys = caller(), _keys(core, request)
    count = _history(request, len(keys))
    outbox = core.outbox()

    def sink(bar: Bar) -> None:
        if bar.closed or request.include_open:
            outbox.put(bar.message)

    with core.gate.sessions.hold(who):
        core.fanout.attend(outbox, who.key_id)
        try:
            for key in keys:
                _begin(core, outbox, key, request.start_time, count)
                for bar in core.bars.follow(key, sink):
                    if request.include_open:
                        outbox.preload([bar.message])
                await asyncio.sleep(0)
            beat = SubscribeBarsResponse().SerializeToString()
            await write_all(outbox, context, HEARTBEAT_SECONDS, beat)
        finally:
            core.bars.leave(sink)
            core.fanout.dismiss(outbox)


def _begin(core: Core, outbox: Outbox, key: Key, start: int, count: int) -> None:
    core.bars.bring()  # what has closed by now is history for the others too
    if count:
        outbox.preload(core.bars.history(key, start, count))


def _keys(core: Core, request: SubscribeBarsRequest) -> list[Key]:
    period, found = period_of("period", request.period), dict[Key, None]()
    for at, name in enumerate(request.instruments):
        found[core.known.instrument(f"instruments[{at}]", name).number, period] = None
    if not 1 <= len(found) <= MOST_INSTRUMENTS:
        allowed = f"1 to {MOST_INSTRUMENTS} instruments"
        raise InvalidField("instruments", len(request.instruments), allowed)
    return list(found)


def _history(request: SubscribeBarsRequest, instruments: int) -> int:
    """How many closed bars of each instrument come first. Raises InvalidField."""
    if not 0 <= request.start_time <= 2**62:
        raise InvalidField("start_time", request.start_time, "ns since 1970")
    most = min(MOST_BARS, MOST_HISTORY // instruments)
    if not 0 <= request.history <= most:
        raise InvalidField("history", request.history, f"0 to {most} for {instruments} instruments")
    return most if request.start_time else request.history
