"""DropCopy: every report of a firm's accounts, gap-free, from a number on."""

from __future__ import annotations

from typing import Any

from domain.errors import InvalidField
from gridworks.api.trading.v1 import order_entry_pb2 as api
from server.services.core import Core, caller
from server.streams.fanout import Reader
from server.streams.outbox import write_all

HEARTBEAT_SECONDS = 15.0


async def serve(core: Core, request: api.DropCopyRequest, context: Any) -> None:
    """The handler of DropCopy: writes raw bytes."""
    who = caller()
    name = request.parent
    node = core.known.account("parent", name) if name.startswith("accounts/") else (
        core.known.node("parent", name)
    )
    wanted = request.next_expected_msg_seq_num
    if wanted < 0:
        raise InvalidField("next_expected_msg_seq_num", wanted, "0 or more")
    outbox = core.outbox()
    reader = Reader(who.key_id, outbox)
    with core.gate.sessions.hold(who):
        core.fanout.join_node(node, reader)
        try:
            if wanted:
                found = core.fanout.missed_by_node(node, wanted)
                if found.first != wanted:
                    reset = api.DropCopyResponse()
                    reset.sequence_reset.new_seq_no = found.first
                    outbox.preload([reset.SerializeToString()])
                outbox.preload(core.fanout.reports_again(found))
            beat = api.DropCopyResponse()
            beat.heartbeat.SetInParent()
            await write_all(outbox, context, HEARTBEAT_SECONDS, beat.SerializeToString())
        finally:
            core.fanout.leave(reader)
