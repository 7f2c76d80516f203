"""What would happen: commands applied to a copy of the state, which is then thrown away."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from domain.errors import InvalidField
from domain.layout import REPORT
from engine.exchange import Exchange
from server.codec.people.executions import refusal_of
from server.sequencer.answers import Answer
from server.sequencer.rows import joined
from server.sequencer.writer import Sequencer
from server.services.core import caller

Array = np.ndarray[Any, Any]
Steps = list[tuple[str, bytes]]  # the field of the request that a command is about, and the command


class Refused(InvalidField):
    """The exchange would refuse the command that `field` asks for; `value` says why."""

    def __str__(self) -> str:
        return f"{self.field}: {self.value}"


class Trial:
    """Tries commands on copies that share what they do not change: well under a millisecond.

    A copy is made and used between two batches, so nothing here may wait.
    """

    def __init__(self, sequencer: Sequencer) -> None:
        self._sequencer = sequencer

    async def answer(self, request: Any, data: bytes) -> Answer:
        """The answer to a mutation; with validate_only, what it would be."""
        if request.validate_only:
            return Answer(self.reports(data), 0, self._sequencer.clock())
        return await self._sequencer.call(data, caller().key_id, request.request_id)

    def reports(self, data: bytes) -> Array:
        """The reports that commands would cause now."""
        if not data:
            return np.zeros(0, REPORT)
        return self.apply(self._sequencer.state.twin(), data)

    def require(self, request: Any, steps: Iterable[tuple[str, bytes]]) -> bytes:
        """The commands as one, if all of them would be done now, or the request has been answered.

        Raises Refused with the first that would not.
        """
        made = list(steps)
        again = self._sequencer.first_answer(caller().key_id, request.request_id)
        if made and again is None:
            twin = self._sequencer.state.twin()
            for field, data in made:
                for row in self.apply(twin, data):
                    if row["reason"]:
                        text = refusal_of(row).text
                        raise Refused(field, text, "what the exchange's rules allow")
        return b"".join(data for _, data in made)

    def apply(self, twin: Exchange, data: bytes) -> Array:
        """The reports of commands on a copy, which goes on from there."""
        rows = joined((data,))
        rows["transact_time"] = self._sequencer.clock()
        return twin.apply(rows)
