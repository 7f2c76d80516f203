"""Sessions of order entry as the log knows them: who has which number, what was numbered so far."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from domain.codes import Command
from domain.errors import CapacityError
from domain.limits import MAX_SESSIONS
from server.sequencer.rows import Rows, connected, is_connect

Array = np.ndarray[Any, Any]
_LAST_OF_CLIENTS = int(Command.QUOTE)  # commands 1 to 5 are those that clients number


@dataclass(slots=True)
class Session:
    """One session of a key. `commands` were applied, `reports` were numbered for it."""

    number: int
    key_id: int
    name: str
    commands: int = 0
    reports: int = 0
    connected: bool = False


class Sessions:
    """All sessions that there ever were, by number and by (key, name)."""

    def __init__(self) -> None:
        self._by_number: dict[int, Session] = {}
        self._by_name: dict[tuple[int, str], Session] = {}

    def __iter__(self) -> Any:
        return iter(self._by_number.values())

    def __getitem__(self, number: int) -> Session:
        return self._by_number[number]

    def get(self, number: int) -> Session | None:
        """A session by its number; None for one that was opened without the server."""
        return self._by_number.get(number)

    def reserve(self, key_id: int, name: str) -> Session:
        """The session of a key by its name; a new one gets the next number.

        It exists for good once its CONNECT is in the log. Raises CapacityError.
        """
        found = self._by_name.get((key_id, name))
        if found is None:
            number = max(self._by_number, default=0) + 1
            if number >= MAX_SESSIONS:
                raise CapacityError("sessions", MAX_SESSIONS - 1)
            found = self._add(Session(number, key_id, name))
        return found

    def _add(self, session: Session) -> Session:
        self._by_number[session.number] = session
        self._by_name[session.key_id, session.name] = session
        return session

    def learn(self, rows: Rows) -> None:
        """Follow the commands of a batch: who connected, and how many commands each has sent."""
        numbers = rows["session"]
        marked = is_connect(rows)
        if marked.any():
            begin = 0
            for place in np.flatnonzero(marked).tolist():
                self._count(rows[begin:place], numbers[begin:place])
                self._connect(rows[place])
                begin = place + 1
            rows, numbers = rows[begin:], numbers[begin:]
        self._count(rows, numbers)

    def _connect(self, row: Any) -> None:
        if row["command"] == Command.DISCONNECT:
            gone = self._by_number.get(int(row["entity"]))
            if gone is not None:
                gone.connected = False
            return
        number, key_id, name, reset = connected(row)
        session = self._by_number.get(number) or self._add(Session(number, key_id, name))
        session.connected = True
        if reset:
            session.commands = session.reports = 0

    def _count(self, rows: Rows, numbers: Array) -> None:
        if not len(rows):
            return
        own = numbers[(numbers > 0) & (rows["command"] <= _LAST_OF_CLIENTS)]
        if len(own):
            found, counts = np.unique(own, return_counts=True)
            for number, count in zip(found.tolist(), counts.tolist()):
                session = self._by_number.get(number)
                if session is not None:
                    session.commands += count

    def parts(self) -> dict[str, bytes]:
        """All sessions, for a snapshot."""
        return {"sessions": json.dumps([asdict(s) for s in self._by_number.values()]).encode()}

    def load(self, parts: dict[str, bytes]) -> None:
        """Take back what `parts` gave."""
        self._by_number.clear()
        self._by_name.clear()
        for found in json.loads(parts.get("sessions", b"[]")):
            self._add(Session(**found))
