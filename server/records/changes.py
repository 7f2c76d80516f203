"""Changes of limits: asked for, agreed to by a second person or not, and what they changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

KEEP = 10_000  # changes that are remembered; those that wait do not count
MOST_PENDING = 1_000


class State(StrEnum):
    """Where a change stands; the names are those of LimitChange.State."""

    PENDING = "PENDING"
    APPLIED = "APPLIED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


@dataclass(slots=True)
class Item:
    """One attribute: as the engine stores it, and as people read it."""

    field: str
    attribute: int
    old: int
    new: int
    old_text: str
    new_text: str
    loosens: bool


@dataclass(slots=True)
class Change:
    """One change of limits. `number` is the number of its note; times are ns since 1970."""

    number: int
    node: str
    target: str
    items: list[Item]
    state: State
    by: str
    key_id: int
    reason: str
    time: int
    expires: int = 0
    request_id: str = ""
    decided_by: str = ""
    decider_id: int = 0
    decide_time: int = 0
    decision: str = ""
    decision_request_id: str = ""

    def state_at(self, now: int) -> State:
        """Where it stands at a time: what nobody has decided on expires."""
        late = self.state is State.PENDING and self.expires <= now
        return State.EXPIRED if late else self.state


@dataclass
class Changes:
    """All changes that are remembered, oldest first."""

    _found: dict[int, Change] = field(default_factory=dict)
    _asked: dict[tuple[int, str], int] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Change]:
        return iter(self._found.values())

    def get(self, number: int) -> Change | None:
        """A change by its number."""
        return self._found.get(number)

    def asked(self, key_id: int, request_id: str) -> Change | None:
        """The change that this request of a key has made."""
        return self._found.get(self._asked.get((key_id, request_id), 0)) if request_id else None

    def pending(self, now: int) -> int:
        """How many wait for a second person."""
        return sum(change.state_at(now) is State.PENDING for change in self)

    def add(self, change: Change) -> None:
        """A new one; the oldest that are decided make room."""
        self._found[change.number] = change
        if change.request_id:
            self._asked[change.key_id, change.request_id] = change.number
        if len(self._found) > KEEP + MOST_PENDING:
            self._forget(change.time)

    def _forget(self, now: int) -> None:
        old = [c for c in self if c.state_at(now) is not State.PENDING]
        for change in old[: len(self._found) - KEEP]:
            del self._found[change.number]
            self._asked.pop((change.key_id, change.request_id), None)

    def plain(self) -> list[dict[str, Any]]:
        """All of it, as JSON takes it."""
        return [asdict(change) for change in self]

    def load(self, plain: list[dict[str, Any]]) -> None:
        """Take back what `plain` gave."""
        self._found.clear()
        self._asked.clear()
        for each in plain:
            items = [Item(**item) for item in each["items"]]
            self.add(Change(**{**each, "items": items, "state": State(each["state"])}))
