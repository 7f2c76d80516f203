"""`Keeper`: gives the sequencer the phase changes of all calendars, when the exchange's clock says.

How far an instrument has followed its calendar is in the log beside the command that moved it, so a
change is made once, whenever the process dies. After a stop only the newest change that was missed
is made. An instrument that is halted stays so; when it is resumed it takes the phase of its plan.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from domain.codes import Phase, Scope
from domain.errors import GridWorksError, InvalidField
from domain.messages import EndOfDay, Message, SetPhase
from domain.tables import Table
from server.schedule import plan
from server.schedule.plan import NS, Planned
from server.services.acts import Acts
from server.services.calendars import Calendars
from server.services.core import Core

DAY_ENDS = "market"  # key of Register.reached for the end of the day
MOST_AT_ONCE = 1_000  # instruments of one entry of the log
_log = structlog.get_logger(__name__)


class Keeper:
    """Follows the calendars of one exchange."""

    def __init__(self, core: Core, acts: Acts, calendars: Calendars) -> None:
        self._core, self._acts, self._calendars = core, acts, calendars
        self._random = random.Random()
        self._delays: dict[tuple[str, int], int] = {}
        self._plans: dict[str, tuple[object, int, list[Planned]]] = {}
        self.problem = ""  # why a change could not be made, in words
        self.next_at = 0  # ns since 1970 of the next change that is known; 0: none

    async def run(self, every_seconds: float) -> None:
        """Look again and again, until canceled."""
        while not self._core.sequencer.closing:
            try:
                self.problem = ""
                await self.look()
            except GridWorksError as problem:  # a full disk or inbox: the next look tries again
                self.problem = f"a change has to wait: {problem}"
                _log.warning("the schedule has to wait", error=str(problem))
            except Exception as bug:  # the market goes on without its calendar, and says so
                self.problem = "the schedule does not work; the log says why"
                _log.exception("the schedule does not work", exc_info=bug)
            await asyncio.sleep(every_seconds)

    async def look(self) -> None:
        """Make the changes that are due now. Raises as Sequencer.call."""
        now, upcoming = self._core.sequencer.clock(), list[int]()
        for name in list(self._core.state.register.calendars):
            try:
                changes = await self._changes(name, now)
            except InvalidField as problem:  # a public calendar that ends before this year
                self.problem = f"{name} has no plan: {problem}"
                continue
            upcoming += [change.at for change in changes if change.at > now][:1]
            await self._phases(name, [c for c in changes if c.phase is not None], now)
            await self._day(name, [c for c in changes if c.phase is None], now)
        self.next_at = min(upcoming, default=0)

    async def _changes(self, name: str, now: int) -> list[Planned]:
        """The changes from some days before now to some days behind."""
        told, day = self._core.state.register.calendars[name], now // (86_400 * NS)
        known = self._plans.get(name)
        if known is None or known[0] is not told or known[1] != day:
            calendar = self._calendars.parsed(name)
            made = await asyncio.to_thread(_around, calendar, now)
            known = self._plans[name] = told, day, made
        return known[2]

    async def _phases(self, name: str, changes: list[Planned], now: int) -> None:
        due = _newest(changes, now - self._delay(name, changes, now))
        if due is None:
            return
        reached, halted = self._core.state.register.reached, self._halted()
        late = [
            symbol for symbol in self._calendars.instruments(name)
            if reached.get(symbol, 0) < due.at and symbol not in halted
        ]  # fmt: skip
        assert due.phase is not None
        for at in range(0, len(late), MOST_AT_ONCE):
            part = late[at : at + MOST_AT_ONCE]
            moves = [self._move(symbol, due.phase) for symbol in part]
            await self._give("SetPhase", name, moves, due, part)

    def _delay(self, name: str, changes: list[Planned], now: int) -> int:
        """How much later than planned the newest change comes: drawn once."""
        newest = _newest(changes, now)
        if newest is None or not newest.spread:
            return 0
        key = name, newest.at
        if key not in self._delays:
            self._delays = {k: v for k, v in self._delays.items() if k[0] != name}
            self._delays[key] = self._random.randrange(newest.spread + 1)
        return self._delays[key]

    async def _day(self, name: str, changes: list[Planned], now: int) -> None:
        """End the day of the whole exchange; who trades on by another plan, or none, does so."""
        due, register = _newest(changes, now), self._core.state.register
        if due is None or register.reached.get(DAY_ENDS, 0) >= due.at:
            return
        if DAY_ENDS not in register.reached and now - due.at > 60 * NS:
            # a calendar that was made after the end of this day: the first one to end is the next
            await self._give("EndDay", name, [], due, [DAY_ENDS])
            return
        mine = set(self._calendars.instruments(name))
        books = self._core.state.engine.table(Table.BOOK)
        again = [
            self._move(symbol, Phase(int(books[scale.number]["phase"])))
            for symbol, scale in self._core.known.symbols.items()
            if symbol not in mine and int(books[scale.number]["phase"]) in _GO_ON
        ]
        await self._give("EndDay", name, [EndOfDay(), *again[:MOST_AT_ONCE]], due, [DAY_ENDS])

    def _move(self, symbol: str, phase: Phase) -> Message:
        number = self._core.known.symbols[symbol].number
        return SetPhase(phase=phase, scope=Scope.INSTRUMENT, entity=number)

    def _halted(self) -> set[str]:
        books, known = self._core.state.engine.table(Table.BOOK), self._core.known
        return {s for s, scale in known.symbols.items()
                if books[scale.number]["phase"] == Phase.HALT}  # fmt: skip

    async def _give(
        self, act: str, name: str, moves: list[Message], due: Planned, reached: list[str]
    ) -> None:
        words = "the day ends" if due.phase is None else due.phase.name
        text = {
            "act": act, "target": name, "by": "schedule", "key": 0, "peer": "",
            "why": f"{words}, planned for {_shown(due.at)}", "request": "",
            "reached": {"at": due.at, "who": reached},
        }  # fmt: skip
        await self._acts.record(b"".join(move.pack() for move in moves), text)


_STANDS_STILL = (Phase.CLOSED, Phase.HALT, Phase.VOLATILITY_AUCTION)
_GO_ON = tuple(int(phase) for phase in Phase if phase not in _STANDS_STILL)
_BEFORE, _BEHIND = 10, 10  # days: longer than any row of holidays


def _around(calendar: Any, now: int) -> list[Planned]:
    today = datetime.fromtimestamp(now // NS, UTC).date()
    days: Iterator[int] = iter(range(-_BEFORE, _BEHIND + 1))
    return [c for n in days for c in plan.changes(calendar, today + timedelta(days=n))]


def _newest(changes: list[Planned], now: int) -> Planned | None:
    """The last change that is due."""
    due = [change for change in changes if change.at <= now]
    return due[-1] if due else None


def _shown(at: int) -> str:
    return datetime.fromtimestamp(at // NS, UTC).isoformat()
