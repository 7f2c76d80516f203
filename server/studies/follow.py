"""SubscribeIndicators: values on a market as its bars close."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import numpy as np

from domain.errors import InvalidField
from gridworks.api.indicators.v1 import indicator_service_pb2 as api
from indicators.bars import BAR
from indicators.registry import Row, rows
from server.codec.people.decimals import Scale, nanoseconds
from server.services.core import Core, caller
from server.services.market.bars import period_of
from server.streams.outbox import Outbox, write_all
from server.studies.live import Follower, Studies, Study, Wish
from server.studies.parameters import bar_columns, numbers_of, row_of

HEARTBEAT_SECONDS = 15.0
MOST_LINES = 1000


class Line(NamedTuple):
    """One line of a request; `start`: of the first bar that was not seen, 0: the newest value."""

    wish: Wish
    row: Row
    scale: Scale
    start: int


async def subscribe(
    core: Core, studies: Studies, request: api.SubscribeIndicatorsRequest, context: Any
) -> None:
    """The handler of SubscribeIndicators: writes raw bytes."""
    await asyncio.to_thread(rows)
    lines, outbox = _lines(core, request), core.outbox()
    joined: list[tuple[Study, Follower]] = []
    with core.gate.sessions.hold(caller()):
        core.fanout.attend(outbox, caller().key_id)
        joining = asyncio.create_task(
            _join(studies, lines, outbox, request.include_open, joined)
        )
        try:
            beat = api.SubscribeIndicatorsResponse().SerializeToString()
            await write_all(outbox, context, HEARTBEAT_SECONDS, beat)
        finally:
            joining.cancel()
            await asyncio.gather(joining, return_exceptions=True)
            for study, follower in joined:
                studies.leave(study, follower)
            core.fanout.dismiss(outbox)


async def _join(
    studies: Studies, lines: list[Line], outbox: Outbox, also_open: bool,
    joined: list[tuple[Study, Follower]],
) -> None:  # fmt: skip
    """Line by line, since the first use of an indicator compiles it."""
    try:
        for index, line in enumerate(lines):
            study = await studies.join(line.wish, line.row, line.scale)
            follower = Follower(outbox, index, also_open)
            joined.append((study, follower))
            wanted = [value for value in study.values if value.start >= line.start]
            for value in wanted if line.start else wanted[-1:]:
                follower.put(value)
            study.followers.add(follower)
    except Exception as error:
        outbox.end(error)


def _lines(core: Core, request: api.SubscribeIndicatorsRequest) -> list[Line]:
    """Raises InvalidField, NotFound."""
    if not 1 <= len(request.indicators) <= MOST_LINES:
        allowed = f"1 to {MOST_LINES} indicators"
        raise InvalidField("indicators", len(request.indicators), allowed)
    found = []
    for at, sent in enumerate(request.indicators):
        path = f"indicators[{at}]."
        row = row_of(f"{path}name", sent.name)
        scale = core.known.instrument(f"{path}instrument", sent.instrument)
        bar_columns(row, scale, np.zeros(0, BAR), f"{path}name")
        numbers = numbers_of(row, sent.parameters, path)
        period = period_of(f"{path}period", sent.period)
        start = nanoseconds(f"{path}start_time", sent.start_time)
        found.append(Line(Wish(scale.number, period, row.name, numbers), row, scale, start))
    return found
