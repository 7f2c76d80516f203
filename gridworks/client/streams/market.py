"""Channels of market data that go on where they stood, and the books made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from gridworks.api.market_data.v1 import stream_pb2 as wire
from gridworks.client.errors import Unavailable
from gridworks.client.plans import GAP, Link
from gridworks.client.scales import Scale
from gridworks.client.streams.book import Book

Key = tuple[int, int]  # number of the instrument, feed


class Channel(NamedTuple):
    """What is wanted of one instrument; "instruments/-" has no scale and stands for all."""

    instrument: str
    feed: int
    depth: int = 0
    scale: Scale | None = None


class Channels:
    """Messages of channels, each number once: what was lost is asked for again.

    With conflation gaps are meant, and each connection begins with a snapshot.
    """

    both_ways = False

    def __init__(
        self, path: str, wanted: Sequence[Channel], request: wire.SubscribeRequest
    ) -> None:
        self.path, self._wanted, self._request = path, wanted, request
        self._conflated = bool(request.conflation.ToNanoseconds())
        self._next: dict[Key, int] = {}
        self._partial: set[Key] = set()  # channels in the middle of a snapshot

    def request(self) -> wire.SubscribeRequest:
        """Go on with the first update of each channel that was not seen."""
        made = wire.SubscribeRequest()
        made.CopyFrom(self._request)
        for key in self._partial:
            self._next.pop(key, None)  # half a snapshot is none
        self._partial.clear()
        for channel in self._wanted:
            made.subscriptions.add(
                instrument=channel.instrument, feed=channel.feed,
                depth=channel.depth, next_expected_msg_seq_num=self._from(channel),
            )  # fmt: skip
        return made

    def _from(self, channel: Channel) -> int:
        if channel.scale is None or self._conflated:
            return 0
        return self._next.get((channel.scale.number, channel.feed), 0)

    def opened(self, link: Link) -> None:
        """Nothing to do."""

    def lost(self, error: Exception) -> None:
        """Nothing to do."""

    def take(self, data: bytes) -> list[wire.SubscribeResponse]:
        """The message, unless it is a heartbeat or was seen. Raises Unavailable after a gap."""
        message = wire.SubscribeResponse.FromString(data)
        if not message.instrument:
            return []
        key = message.instrument, message.feed
        due = self._next.get(key)
        if message.snapshot:
            (self._partial.add if message.more else self._partial.discard)(key)
            self._next[key] = message.msg_seq_num + 1
            return [message]
        if self._conflated or due is None:
            self._next[key] = message.msg_seq_num + len(message.updates)
            return [message]
        if message.msg_seq_num > due:
            told = f"update {message.msg_seq_num} came where {due} was due; asking again"
            raise Unavailable(told, reason=GAP)
        seen = due - message.msg_seq_num
        if seen:
            del message.updates[:seen]
            message.msg_seq_num = due
        self._next[key] = due + len(message.updates)
        return [message] if message.updates else []


class Books:
    """L2 channels as books: gives the book that has changed, after each message."""

    both_ways = False

    def __init__(self, channels: Channels, scales: Sequence[Scale]) -> None:
        self.path = channels.path
        self._channels = channels
        self.request: Callable[[], wire.SubscribeRequest] = channels.request
        self._books = {scale.number: Book(scale) for scale in scales}
        self._partial: set[int] = set()

    def opened(self, link: Link) -> None:
        """A snapshot that was under way is not continued."""
        self._partial.clear()

    def lost(self, error: Exception) -> None:
        """Nothing to do."""

    def take(self, data: bytes) -> list[Book]:
        """The book that the message has changed; none in the middle of a snapshot."""
        found = []
        for message in self._channels.take(data):
            number = message.instrument
            book = self._books[number]
            book.apply(message, fresh=message.snapshot and number not in self._partial)
            if message.snapshot and message.more:
                self._partial.add(number)
            else:
                self._partial.discard(number)
                found.append(book)
        return found
