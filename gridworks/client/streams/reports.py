"""Numbered reports without a gap: what order entry and drop copy have in common."""

from __future__ import annotations

from typing import Any, NamedTuple

from gridworks.api.trading.v1 import order_entry_pb2 as wire
from gridworks.client.errors import StreamGap, Unavailable
from gridworks.client.plans import GAP, Link


class Numbered(NamedTuple):
    """A report and its number in its stream: keep the number to go on behind it another day."""

    number: int
    report: wire.Report


class Counter:
    """The number of the next report; 0: not known yet."""

    def __init__(self, first: int) -> None:
        self.next = first

    def take(self, first: int, reports: Any) -> list[Numbered]:
        """The reports of a message that are new. Raises Unavailable when one is missing."""
        if not self.next:
            self.next = first
        if first > self.next:
            told = f"report {first} came where {self.next} was due; asking again"
            raise Unavailable(told, reason=GAP)
        fresh = [
            Numbered(number, report)
            for number, report in enumerate(reports, first)
            if number >= self.next
        ]
        self.next += len(fresh)
        return fresh

    def reset(self, oldest: int) -> StreamGap:
        """The error that says what is lost; after it the stream goes on at `oldest`.

        Either reports before `oldest` are gone, or the server never gave the number that is due.
        """
        wanted, self.next = self.next, oldest
        if oldest < wanted:
            return StreamGap(
                f"report {wanted} was due, but the server goes on with {oldest}: it has lost what "
                "it reported before, or the number is of another server",
                reason="REPORTS_TAKEN_BACK",
                metadata={"wanted": str(wanted), "oldest": str(oldest)},
            )
        return StreamGap(
            f"reports {wanted} to {oldest - 1} are no longer kept; trading.list_executions with "
            f"after_exec_id has them; begin again at {oldest}",
            reason="REPORTS_GONE",
            metadata={"wanted": str(wanted), "oldest": str(oldest)},
        )


class DropCopy:
    """All reports of a firm, as (number, report)."""

    both_ways = False

    def __init__(self, path: str, parent: str, first: int) -> None:
        self.path, self._parent = path, parent
        self._counter = Counter(first)

    def request(self) -> wire.DropCopyRequest:
        """Go on with the first report that was not seen."""
        return wire.DropCopyRequest(
            parent=self._parent, next_expected_msg_seq_num=self._counter.next
        )

    def opened(self, link: Link) -> None:
        """Nothing to do."""

    def take(self, data: bytes) -> list[Numbered]:
        """The reports that are new. Raises StreamGap, Unavailable."""
        message = wire.DropCopyResponse.FromString(data)
        if message.HasField("sequence_reset"):
            raise self._counter.reset(message.sequence_reset.new_seq_no)
        return self._counter.take(message.msg_seq_num, message.reports) if message.reports else []

    def lost(self, error: Exception) -> None:
        """Nothing to do."""
