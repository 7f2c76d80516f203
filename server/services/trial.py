"""What would happen: commands applied to a copy of the state, which is then thrown away."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.layout import REPORT
from engine.exchange import Exchange
from server.sequencer.answers import Answer
from server.sequencer.rows import joined
from server.sequencer.writer import Sequencer
from server.services.core import caller

Array = np.ndarray[Any, Any]


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

    def apply(self, twin: Exchange, data: bytes) -> Array:
        """The reports of commands on a copy, which goes on from there."""
        rows = joined((data,))
        rows["transact_time"] = self._sequencer.clock()
        return twin.apply(rows)
