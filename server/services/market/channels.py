"""Subscribe: for each channel a snapshot or what was missed, then what comes."""

from __future__ import annotations

import asyncio
from typing import Any

from domain.codes import Feed
from domain.errors import InvalidField
from gridworks.api.market_data.v1 import stream_pb2
from server.sequencer.channels import FEEDS, channel
from server.services.core import Core, caller
from server.streams.conflated import Conflated
from server.streams.fanout import Reader
from server.streams.outbox import Outbox, write_all

HEARTBEAT_SECONDS = 15.0
MOST_CHANNELS = 10_000
LEAST_NS, MOST_NS = 10**7, 60 * 10**9  # of conflation
_AT_ONCE = 64  # channels that are begun before others may run

Channels = dict[int, tuple[int, int]]  # channel -> (first number not seen, levels)


async def subscribe(core: Core, request: stream_pb2.SubscribeRequest, context: Any) -> None:
    """The handler of Subscribe: writes raw bytes."""
    wanted, span = _channels(core, request), request.conflation
    held = span.seconds * 10**9 + span.nanos
    if held and not LEAST_NS <= held <= MOST_NS:
        raise InvalidField("conflation", f"{held} ns", "0, or 10 ms to 60 s")
    if request.max_backlog < 0:
        raise InvalidField("max_backlog", request.max_backlog, "0 or more")
    with core.gate.sessions.hold(caller()):
        if held:
            await _conflated(core, wanted, held / 1e9, context)
        else:
            await _every_step(core, wanted, request.max_backlog, context)


async def _every_step(core: Core, wanted: Channels, backlog: int, context: Any) -> None:
    most = core.settings.stream_messages
    outbox = Outbox(min(backlog or most, most), core.settings.stream_bytes)
    reader = Reader(caller().key_id, outbox)
    try:
        for at, (number, (first, depth)) in enumerate(wanted.items()):
            if at % _AT_ONCE == _AT_ONCE - 1:
                await asyncio.sleep(0)
            outbox.preload(_beginning(core, number, first, depth))
            core.fanout.join_channel(number, reader)
        await write_all(outbox, context, HEARTBEAT_SECONDS, _heartbeat(core))
    finally:
        core.fanout.leave(reader)


def _beginning(core: Core, number: int, first: int, depth: int) -> list[bytes]:
    """What a reader of a channel needs before what comes: what was missed, or a snapshot."""
    if 0 < first <= core.state.channels.last(number) + 1:
        found = core.fanout.missed_on_channel(number, first)
        if found.first == first:
            return core.fanout.updates_again(number, found)
    return core.fanout.pictures.messages(number, depth)


async def _conflated(core: Core, wanted: Channels, seconds: float, context: Any) -> None:
    """The newest state of each channel, at most once in so many seconds."""
    queue = Conflated(seconds)
    core.fanout.attend(queue, caller().key_id)
    seen = dict[int, int]()
    try:
        for number, (first, depth) in wanted.items():
            if first:
                seen[number], made = core.fanout.catch_up.messages(number, first - 1, depth)
            else:
                seen[number] = core.state.channels.last(number)
                made = core.fanout.pictures.messages(number, depth)
            core.fanout.follow_channel(number, queue)
            for message in made:
                await context.write(message)
        while (moved := await queue.take(HEARTBEAT_SECONDS)) is not None:
            if not moved:
                await context.write(_heartbeat(core))
            for number in moved:
                seen[number], made = core.fanout.catch_up.messages(
                    number, seen[number], wanted[number][1]
                )
                for message in made:
                    await context.write(message)
    finally:
        queue.close()
        core.fanout.dismiss(queue)


def _heartbeat(core: Core) -> bytes:
    return stream_pb2.SubscribeResponse(transact_time=core.sequencer.clock()).SerializeToString()


def _channels(core: Core, request: stream_pb2.SubscribeRequest) -> Channels:
    """Raises InvalidField, NotFound."""
    found: Channels = {}
    for at, line in enumerate(request.subscriptions):
        path = f"subscriptions[{at}]"
        if line.feed not in [int(feed) for feed in FEEDS]:
            raise InvalidField(f"{path}.feed", line.feed, ", ".join(str(f.name) for f in FEEDS))
        for name in ("depth", "next_expected_msg_seq_num"):
            if getattr(line, name) < 0:
                raise InvalidField(f"{path}.{name}", getattr(line, name), "0 or more")
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
