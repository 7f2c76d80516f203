"""What would happen: commands applied to a copy of the state, which is then thrown away."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np

from engine.exchange import Exchange
from server.sequencer.answers import Answer
from server.sequencer.rows import joined
from server.sequencer.writer import Sequencer
from server.services.core import caller

Array = np.ndarray[Any, Any]


class Trial:
    """Tries commands on copies, one at a time. Costs a copy of the state: milliseconds."""

    def __init__(self, sequencer: Sequencer) -> None:
        self._sequencer, self._one = sequencer, asyncio.Lock()

    async def answer(self, request: Any, data: bytes) -> Answer:
        """The answer to a mutation; with validate_only, what it would be."""
        if request.validate_only:
            return Answer(await self.reports(data), 0, self._sequencer.clock())
        return await self._sequencer.call(data, caller().key_id, request.request_id)

    async def reports(self, data: bytes) -> Array:
        """The reports that commands would cause now."""
        return (await self.copy_after(data))[0]

    async def copy_after(self, data: bytes) -> tuple[Array, Exchange]:
        """The reports, and the state in which the commands would leave the exchange."""
        async with self._one:
            parts = self._sequencer.state.engine.snapshot()
            rows = joined((data,))
            rows["transact_time"] = self._sequencer.clock()
            return await asyncio.to_thread(_apply, parts, rows)


def _apply(parts: dict[str, bytes], rows: Array) -> tuple[Array, Exchange]:
    engine = Exchange()
    engine.restore(parts)
    return engine.apply(rows), engine
