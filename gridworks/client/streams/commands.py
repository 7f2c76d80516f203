"""The commands of a session that the server has not been heard to have applied."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from gridworks.api.trading.v1 import order_entry_pb2 as wire
from gridworks.client.errors import Backlog, DataLoss


class Commands:
    """Numbers commands and keeps their messages until the server has applied them.

    `next` is the number of the next command; 0: the server has not told yet. Not for several
    threads at once: the session has a lock.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: deque[tuple[int, int, bytes]] = deque()  # first number, how many, message
        self.next = 0
        self.applied = 0

    @property
    def waiting(self) -> int:
        """How many commands were sent and not applied, as far as is known."""
        return self.next - 1 - self.applied if self.next else 0

    def add(
        self, commands: Sequence[wire.OrderCommand], at_once: int = 4096
    ) -> tuple[int, list[bytes]]:
        """Number commands: the number of the first, and their messages. Raises Backlog."""
        if self.waiting + len(commands) > self._most:
            raise Backlog(
                f"{self.waiting} commands wait for the server, {len(commands)} more are over the "
                f"limit of {self._most}; nothing was sent", reason="BACKLOG",
            )  # fmt: skip
        first, messages = self.next, []
        for at in range(0, len(commands), at_once):
            part = commands[at : at + at_once]
            message = wire.OrderEntryRequest(msg_seq_num=self.next, commands=part)
            messages.append(message.SerializeToString())
            self._kept.append((self.next, len(part), messages[-1]))
            self.next += len(part)
        return first, messages

    def processed(self, number: int) -> None:
        """Commands up to a number were applied."""
        self.applied = max(self.applied, number)
        kept = self._kept
        while kept and kept[0][0] + kept[0][1] - 1 <= number:
            kept.popleft()

    def expected(self, number: int) -> list[bytes]:
        """The server waits for this number: the messages to send again. Raises DataLoss."""
        if not self.next:
            self.next, self.applied = number, number - 1
        if number <= self.applied:
            raise DataLoss(
                f"the server had applied commands up to {self.applied} and now waits for {number}",
                reason="COMMANDS_FORGOTTEN",
            )
        if number > self.next:
            raise DataLoss(
                f"the server has applied commands up to {number - 1} of this session, this client "
                f"sent {self.next - 1}: somebody else used the session", reason="SESSION_USED",
            )  # fmt: skip
        self.processed(number - 1)
        return [data for _, _, data in self._kept]

    def forget(self) -> int:
        """Give up what waits: the next command takes the number that the server waits for.

        How many commands that were.
        """
        lost = self.waiting
        self._kept.clear()
        self.next = self.applied + 1
        return lost
