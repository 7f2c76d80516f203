"""Adding counts to the usage tables, exactly once.

Each addition says from which place to which place of which journal it comes. The table holds the
place that it has reached; an addition that begins elsewhere is refused, one that ends there has
been made already. Place and sums move in one transaction, so a commit whose answer was lost on
the way is recognised when it is tried again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from domain.errors import LogMismatch
from server.auth.store import ControlStore
from server.metering.journal import Served

# (hour, key, method, status) -> calls and messages
Kind = tuple[int, int, str, str]


class Sums:
    """Calls and messages by kind."""

    def __init__(self) -> None:
        self.calls: Counter[Kind] = Counter()
        self.messages: Counter[Kind] = Counter()

    def add(self, hour: int, served: Iterable[Served]) -> None:
        """Count what one line of a journal says."""
        for item in served:
            kind = (hour, item.key_id, item.method, item.status)
            self.calls[kind] += item.calls
            self.messages[kind] += item.messages

    def __bool__(self) -> bool:
        return bool(self.calls)


class Stretch(NamedTuple):
    """What stands in a journal from one place to another."""

    journal: str
    start: int
    end: int
    sums: Sums


REACHED = "SELECT folded_to FROM control_usage_journal WHERE journal = ?"
BEGIN_JOURNAL = (
    "INSERT INTO control_usage_journal (journal, folded_to) VALUES (?, ?)"
    " ON CONFLICT (journal) DO NOTHING"
)
# PostgreSQL waits here for another that folds the same journal, and then finds no row.
MOVE = (
    "UPDATE control_usage_journal SET folded_to = ? WHERE journal = ? AND folded_to = ?"
    " RETURNING folded_to"
)
ADD = (
    "INSERT INTO control_usage (key_id, method, hour, status, calls, messages)"
    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key_id, method, hour, status) DO UPDATE"
    " SET calls = control_usage.calls + excluded.calls,"
    " messages = control_usage.messages + excluded.messages"
)
ADD_MONTH = (
    "INSERT INTO control_month_usage (partner_id, month, messages) VALUES (?, ?, ?)"
    " ON CONFLICT (partner_id, month) DO UPDATE"
    " SET messages = control_month_usage.messages + excluded.messages"
)
OWNERS = "SELECT id, partner_id FROM control_key"
MONTH = "SELECT partner_id, messages FROM control_month_usage WHERE month = ?"


def reached(store: ControlStore, journal: str) -> int:
    """How far the journal has been folded; 0 when it is new. Raises Unavailable."""
    rows = store.rows(REACHED, [journal])
    return int(rows[0][0]) if rows else 0


def fold(store: ControlStore, stretch: Stretch) -> int:
    """Add a stretch unless it is there; returns the calls of keys that the store does not know.

    Those cannot be added: they belong to another store. Raises Unavailable, after which it may or
    may not have been added (try again), and LogMismatch when something else folds the journal.
    """
    journal, start, end, sums = stretch
    with store.transaction():
        store.rows(BEGIN_JOURNAL, [journal, start])
        at = reached(store, journal)
        if at == end:
            return 0
        if at != start or not store.rows(MOVE, [end, journal, start]):
            raise LogMismatch("place of the usage journal", at, start)
        owners = dict(store.rows(OWNERS))
        unknown = _add(store, sums, owners)
    return unknown


def _add(store: ControlStore, sums: Sums, owners: Mapping[int, int]) -> int:
    unknown = 0
    months: Counter[tuple[int, str]] = Counter()
    # In the order of the index, so that two servers that fold at once do not lock crosswise.
    for kind in sorted(sums.calls, key=lambda k: (k[1], k[2], k[0], k[3])):
        hour, key_id, method, status = kind
        if key_id not in owners:
            unknown += sums.calls[kind]
            continue
        begins = datetime.fromtimestamp(hour * 3600, UTC)
        counts = (sums.calls[kind], sums.messages[kind])
        store.rows(ADD, [key_id, method, column(begins), status, *counts])
        months[owners[key_id], begins.strftime("%Y-%m")] += sums.messages[kind]
    for (partner, month), messages in sorted(months.items()):
        store.rows(ADD_MONTH, [partner, month, messages])
    return unknown


def column(hour: datetime) -> str:
    """An hour as both databases take it and as Django wrote it into SQLite: UTC, no zone."""
    return hour.strftime("%Y-%m-%d %H:%M:%S")


def month_use(store: ControlStore, month: str) -> dict[int, int]:
    """Messages of each partner in a month ("2026-11"). Raises Unavailable."""
    return dict(store.rows(MONTH, [month]))
