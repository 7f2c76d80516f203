"""StreamRisk: where nodes stand, as it changes.

Nothing waits in a queue: when a reader has taken a message, the next one is made of everything that
has changed since, and not before the interval has passed. So a slow reader gets fewer messages and
never old ones, the memory of a stream is what it sent last, and one that comes back begins again
with each node complete.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from domain.errors import InvalidField
from domain.tables import Table
from gridworks.api.risk.v1 import risk_service_pb2 as api
from server.services import views
from server.services.core import Core, caller
from server.services.risk import utilisation
from server.streams.outbox import Outbox

Array = np.ndarray[Any, Any]
SECOND = 10**9
USUAL, LEAST, MOST = SECOND // 4, SECOND // 50, 3600 * SECOND
MOST_NODES = 100
MOST_POSITIONS = 500  # in one message
HEARTBEAT = 15 * SECOND


class _Node:
    """What one node's reader knows."""

    def __init__(self, core: Core, number: int, request: Any) -> None:
        self._core, self._number, self._request = core, number, request
        self._state = b""
        self._uses: set[bytes] = set()
        self._positions: dict[int, bytes] = {}

    def news(self) -> Iterator[Any]:
        """The messages that bring the reader up to date; none when nothing has changed."""
        state = self._core.state
        whole = views.risk_state(state, self._number)
        bare = type(whole)()
        bare.CopyFrom(whole)
        bare.ClearField("as_of")
        shown = bare.SerializeToString(deterministic=True)
        positions = list(self._moved()) if self._request.include_positions else []
        uses = self._used() if self._request.min_ratio else []
        known = {use.SerializeToString(deterministic=True) for use in uses}
        if shown == self._state and not positions and known == self._uses:
            return
        self._state, self._uses = shown, known
        for at in range(0, max(len(positions), 1), MOST_POSITIONS):
            part = positions[at : at + MOST_POSITIONS]
            made = api.StreamRiskResponse(state=whole, positions=part)
            if not at:
                made.utilisations.extend(uses)
            yield made

    def _moved(self) -> Iterator[Any]:
        """The positions that are not as they were last told."""
        state = self._core.state
        rows, books = state.engine.table(Table.POSITION), state.engine.table(Table.BOOK)
        at = int(state.engine.table(Table.NODE)[self._number]["first_position"])
        while at:
            row = rows[at]
            now = row.tobytes() + books[row["instrument"]]["last_px"].tobytes()
            if self._positions.get(at) != now:
                self._positions[at] = now
                yield views.position(state, row)
            at = int(row["next"])

    def _used(self) -> list[Any]:
        state, least = self._core.state, self._request.min_ratio
        found = utilisation.uses(state, self._number, state.time)
        return [utilisation.wire(state, self._number, u) for u in found if u.ratio >= least]


async def stream(core: Core, request: Any, context: Any) -> None:
    """The handler of StreamRisk. Raises InvalidField, NotFound, and what ended the stream."""
    who, interval = caller(), _interval(request)
    if not 1 <= len(request.nodes) <= MOST_NODES:
        raise InvalidField("nodes", len(request.nodes), f"1 to {MOST_NODES} nodes")
    if not 0 <= request.min_ratio <= 1:
        raise InvalidField("min_ratio", request.min_ratio, "0 to 1")
    numbers = dict.fromkeys(core.known.node(f"nodes[{at}]", name)
                            for at, name in enumerate(request.nodes))  # fmt: skip
    nodes = [_Node(core, number, request) for number in numbers]
    end = core.outbox()  # nothing but its end ever comes through it
    with core.gate.sessions.hold(who):
        core.fanout.attend(end, who.key_id)
        try:
            await _follow(core, nodes, end, context, interval)
        finally:
            core.fanout.dismiss(end)


async def _follow(
    core: Core, nodes: list[_Node], end: Outbox, context: Any, interval: int
) -> None:
    number, seq, quiet = 0, -1, 0
    while True:
        if core.state.seq != seq:
            seq = core.state.seq
            for node in nodes:
                for made in node.news():
                    number, quiet = number + 1, 0
                    made.msg_seq_num, made.seq = number, seq
                    await context.write(made)
        if await end.take(interval / SECOND) is None:
            return
        quiet += interval
        if quiet >= HEARTBEAT:
            quiet = 0
            await context.write(api.StreamRiskResponse(msg_seq_num=number, seq=seq))


def _interval(request: Any) -> int:
    wish = request.interval.ToNanoseconds() if request.HasField("interval") else USUAL
    if not LEAST <= wish <= MOST:
        raise InvalidField("interval", f"{wish} ns", f"{LEAST} to {MOST} ns")
    return int(wish)
