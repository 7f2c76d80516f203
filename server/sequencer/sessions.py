"""Sessions of order entry as the log knows them: who has which number, what was numbered so far."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from domain.codes import Command
from domain.errors import CapacityError, Unavailable
from domain.limits import MAX_SESSIONS
from server.sequencer.numbering.places import Place, Places
from server.sequencer.rows import connected, dead_man

Array = np.ndarray[Any, Any]
PARTS = 4  # as often in its span a dead man's timer is wound: each time is a command in the log


class Session:
    """One session of a key; its two counts stand in the arrays of all sessions."""

    __slots__ = ("_all", "connected", "key_id", "name", "number")

    def __init__(self, sessions: Sessions, number: int, key_id: int, name: str) -> None:
        self._all = sessions
        self.number, self.key_id, self.name, self.connected = number, key_id, name, False

    @property
    def commands(self) -> int:
        """How many of its commands were applied."""
        return int(self._all.commands[self.number])

    @property
    def reports(self) -> int:
        """How many reports were numbered for it."""
        return int(self._all.reports[self.number])


class Sessions:
    """All sessions that there ever were, by number and by (key, name).

    `commands` and `reports` count by session number, for the kernels that count.
    """

    def __init__(self) -> None:
        self._by_number: dict[int, Session] = {}
        self._by_name: dict[tuple[int, str], Session] = {}
        self.commands, self.reports = np.zeros(64, np.int64), np.zeros(64, np.int64)

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
            found = self._add(Session(self, number, key_id, name))
        return found

    def _add(self, session: Session, commands: int = 0, reports: int = 0) -> Session:
        number = session.number
        if number >= len(self.commands):
            more = np.zeros(max(number + 1, len(self.commands)), np.int64)
            self.commands = np.concatenate((self.commands, more))
            self.reports = np.concatenate((self.reports, more))
        self.commands[number], self.reports[number] = commands, reports
        self._by_number[number] = session
        self._by_name[session.key_id, session.name] = session
        return session

    def show(self, places: Places) -> None:
        """Let the kernel count in these arrays."""
        places.put(Place.COMMANDS, self.commands)
        places.put(Place.NUMBERED, self.reports)

    def connect(self, row: Any) -> None:
        """Follow a CONNECT or DISCONNECT."""
        if row["command"] == Command.DISCONNECT:
            gone = self._by_number.get(int(row["entity"]))
            if gone is not None:
                gone.connected = False
            return
        number, key_id, name, reset = connected(row)
        session = self._by_number.get(number) or self._add(Session(self, number, key_id, name))
        session.connected = True
        if reset:
            self.commands[number] = self.reports[number] = 0

    def parts(self) -> dict[str, bytes]:
        """All sessions, for a snapshot."""
        kept = [
            {"number": s.number, "key_id": s.key_id, "name": s.name, "commands": s.commands,
             "reports": s.reports, "connected": s.connected}
            for s in self._by_number.values()
        ]  # fmt: skip
        return {"sessions": json.dumps(kept).encode()}

    def load(self, parts: dict[str, bytes]) -> None:
        """Take back what `parts` gave."""
        self._by_number.clear()
        self._by_name.clear()
        for found in json.loads(parts.get("sessions", b"[]")):
            session = Session(self, found["number"], found["key_id"], found["name"])
            session.connected = found["connected"]
            self._add(session, found["commands"], found["reports"])


class DeadMan:
    """Winds the timer of an account, `timeout` in ns, at signs of life that are no commands.

    One that comes too soon counts a moment later, so that the timer never runs out before its time
    has passed, and at most a quarter of it later. `put` hands over commands if there is room.
    """

    def __init__(self, account: int, timeout: int, put: Callable[[bytes], bool]) -> None:
        self._row, self._put = dead_man(account, timeout), put
        self._pause = timeout / 1e9 / PARTS  # seconds
        self._loop = asyncio.get_running_loop()
        self._next = self._loop.time() + self._pause  # before that it is not wound
        self._late: asyncio.TimerHandle | None = None

    def alive(self) -> None:
        """A sign of life. Raises Unavailable."""
        if self._late is not None:
            return
        if self._loop.time() < self._next:
            self._late = self._loop.call_at(self._next, self._catch_up)
        elif self._put(self._row):
            self._next = self._loop.time() + self._pause

    def stop(self) -> None:
        """The session has ended: what it said lately counts no more."""
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _catch_up(self) -> None:
        self._late = None
        with suppress(Unavailable):  # the server is about to stop
            self.alive()
