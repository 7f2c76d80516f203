"""What every service works with."""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from domain.errors import InvalidField, Unauthenticated
from domain.tables import Table
from server.auth.gate import Gate
from server.auth.keyring import address
from server.auth.principal import Principal
from server.codec.people.names import Directory
from server.config import Settings
from server.metering.meter import Meter
from server.sandbox.sandbox import Sandbox
from server.sequencer.state import State
from server.sequencer.writer import Sequencer
from server.streams.barfeed import BarFeed
from server.streams.fanout import Fanout
from server.streams.outbox import Outbox

_TOKEN = struct.Struct(">q8s")
_caller: ContextVar[Principal | None] = ContextVar("caller", default=None)
_peer: ContextVar[str] = ContextVar("peer", default="")


@dataclass(frozen=True)
class Core:
    """The parts of a running server."""

    settings: Settings
    state: State
    sequencer: Sequencer
    fanout: Fanout
    bars: BarFeed
    gate: Gate
    meter: Meter
    sandbox: Sandbox | None = None  # None where trading is live
    stage: Callable[[str, float], None] = lambda name, seconds: None
    parts: dict[str, Any] = field(default_factory=dict)  # name -> admin.health.Probe

    @property
    def known(self) -> Directory:
        """Names and numbers."""
        return self.state.catalogue.directory

    def above(self, name: str) -> Iterator[str]:
        """The names of the nodes over an account or node; none for an unknown one."""
        nodes, number = self.state.engine.table(Table.NODE), self.known.nodes.get(name, 0)
        while number and (number := int(nodes[number]["parent"])):
            yield self.known.node_names.get(number, str(number))

    def may_use(self, who: Principal, name: str) -> bool:
        """Whether an account or node is the caller's."""
        return who.may_use(name, *self.above(name))

    def require_account(self, who: Principal, name: str) -> None:
        """Raises NotPermitted."""
        who.require_account(name, *self.above(name))

    def outbox(self) -> Outbox:
        """A queue for one reader."""
        return Outbox(self.settings.stream_messages, self.settings.stream_bytes)


def set_caller(who: Principal | None, peer: str = "") -> None:
    """Who makes the call that this task serves, and from where."""
    _caller.set(who)
    _peer.set(peer)


def peer() -> str:
    """The address that this call comes from, without its port; "" when it is not known."""
    return str(address(_peer.get()) or "")


def caller() -> Principal:
    """Who makes this call. Raises Unauthenticated."""
    who = _caller.get()
    if who is None:
        raise Unauthenticated("this call needs a key")
    return who


def place_of(request: Any) -> int | None:
    """The place that a request for the next page goes on behind; None: the first page.

    Raises InvalidField for a token that is not of an answer to the same question.
    """
    token = request.page_token
    if not token:
        return None
    try:
        place = int(_TOKEN.unpack(base64.urlsafe_b64decode(token))[0])
    except (ValueError, struct.error):
        place = 0
    if token != _token(place, request):
        allowed = "the next_page_token of an answer to the same request, all else unchanged"
        raise InvalidField("page_token", token, allowed)
    return place


def page(
    items: Iterable[Any], request: Any, most: int = 1000, usual: int = 100
) -> tuple[list[Any], str]:
    """A page of (place, item) pairs with rising places, and the token of the next.

    A token is the place to go on behind, so that what is added or removed meanwhile moves
    nothing, and a mark of what was asked. Raises InvalidField.
    """
    size, after = request.page_size, place_of(request)
    if size < 0:
        raise InvalidField("page_size", size, f"0 to {most}")
    wanted, found = min(size or usual, most), list[Any]()
    last = place = 0
    for place, item in items:
        if after is not None and place <= after:
            continue
        if len(found) == wanted:
            return found, _token(last, request)
        found.append(item)
        last = place
    return found, ""


def _token(place: int, request: Any) -> str:
    """A place, and eight bytes that stand for the request without its page."""
    bare = type(request)()
    bare.CopyFrom(request)
    bare.ClearField("page_size")
    bare.ClearField("page_token")
    text = type(request).__name__.encode() + bare.SerializeToString(deterministic=True)
    mark = hashlib.blake2b(text, digest_size=8).digest()
    return base64.urlsafe_b64encode(_TOKEN.pack(place, mark)).decode()
