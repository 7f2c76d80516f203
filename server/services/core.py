"""What every service works with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from domain.errors import InvalidField, Unauthenticated
from domain.tables import Table
from server.auth.gate import Gate
from server.auth.principal import Principal
from server.codec.people.names import Directory
from server.config import Settings
from server.metering.meter import Meter
from server.sequencer.state import State
from server.sequencer.writer import Sequencer
from server.streams.fanout import Fanout
from server.streams.outbox import Outbox

_caller: ContextVar[Principal | None] = ContextVar("caller", default=None)


@dataclass(frozen=True)
class Core:
    """The parts of a running server."""

    settings: Settings
    state: State
    sequencer: Sequencer
    fanout: Fanout
    gate: Gate
    meter: Meter

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


def set_caller(who: Principal | None) -> None:
    """Who makes the call that this task serves."""
    _caller.set(who)


def caller() -> Principal:
    """Who makes this call. Raises Unauthenticated."""
    who = _caller.get()
    if who is None:
        raise Unauthenticated("this call needs a key")
    return who


def page(
    items: Iterable[Any], size: int, token: str, most: int = 1000, usual: int = 100
) -> tuple[list[Any], str]:
    """A page of (place, item) pairs with rising places, and the token of the next.

    A token is the place to go on behind, so that what is added or removed meanwhile moves
    nothing. Raises InvalidField.
    """
    if size < 0:
        raise InvalidField("page_size", size, f"0 to {most}")
    if token and not (token.isascii() and token.lstrip("-").isdigit() and len(token) < 21):
        raise InvalidField("page_token", token, "the next_page_token of a response")
    wanted, found = min(size or usual, most), list[Any]()
    last = place = 0
    for place, item in items:
        if token and place <= int(token):
            continue
        if len(found) == wanted:
            return found, str(last)
        found.append(item)
        last = place
    return found, ""
