"""Bars, and indicators on them, that go on where they stood: each closed bar once."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from gridworks.api.indicators.v1 import indicator_service_pb2 as indicators
from gridworks.api.market_data.v1 import stream_pb2 as wire
from gridworks.client.plans import Link


class _Places:
    """What was seen of each line of a stream: its newest bar."""

    def __init__(self) -> None:
        self._newest: dict[int, tuple[int, bool, int]] = {}  # start in ns, closed, state

    def new(self, line: int, start: int, closed: bool, state: int) -> bool:
        """Whether this says more than what was seen."""
        place = start, closed, state
        if line in self._newest and place <= self._newest[line]:
            return False
        self._newest[line] = place
        return True

    def begin(self) -> int:
        """The start of the oldest bar that may have more to say, ns since 1970; 0: none was."""
        return min((start for start, _, _ in self._newest.values()), default=0)


class Bars:
    """Bars of some instruments."""

    both_ways = False

    def __init__(self, path: str, request: wire.SubscribeBarsRequest) -> None:
        self.path, self._request, self._places = path, request, _Places()

    def request(self) -> Message:
        """The first time with the history, then from the oldest bar that is not complete."""
        made = wire.SubscribeBarsRequest()
        made.CopyFrom(self._request)
        if begin := self._places.begin():
            made.start_time, made.history = begin, 0
        return made

    def opened(self, link: Link) -> None:
        """Nothing to do."""

    def lost(self, error: Exception) -> None:
        """Nothing to do."""

    def take(self, data: bytes) -> list[Any]:
        """The bar, unless it was seen or it is a heartbeat."""
        bar = wire.SubscribeBarsResponse.FromString(data)
        fresh = bar.instrument and self._places.new(
            bar.instrument, bar.start_time, bar.closed, bar.msg_seq_num
        )
        return [bar] if fresh else []


class Live:
    """Values of some indicators."""

    both_ways = False

    def __init__(self, path: str, request: indicators.SubscribeIndicatorsRequest) -> None:
        self.path, self._request = path, request
        self._places = [_Places() for _ in request.indicators]

    def request(self) -> Message:
        """Each line from its newest bar on."""
        made = indicators.SubscribeIndicatorsRequest()
        made.CopyFrom(self._request)
        for line, place in zip(made.indicators, self._places, strict=True):
            if begin := place.begin():
                line.start_time.FromNanoseconds(begin)
        return made

    def opened(self, link: Link) -> None:
        """Nothing to do."""

    def lost(self, error: Exception) -> None:
        """Nothing to do."""

    def take(self, data: bytes) -> list[Any]:
        """The values, unless they were seen or it is a heartbeat."""
        found = indicators.SubscribeIndicatorsResponse.FromString(data)
        if not found.HasField("start_time"):
            return []
        start = found.start_time.ToNanoseconds()
        place = self._places[found.index]
        return [found] if place.new(0, start, found.closed, found.msg_seq_num) else []
