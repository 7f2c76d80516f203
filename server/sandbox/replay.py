"""A market from a file: commands that were read elsewhere, given again at the sandbox's pace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from domain.attributes import NodeAttr
from domain.codes import Command, InstrumentType, Phase, Scope
from domain.layout import COMMAND
from domain.messages import Account, MassCancel, Setting
from domain.tables import Table
from server.sandbox.world import NAME, Profile, added
from server.sequencer.catalogue import DIGITS, node_row
from server.sequencer.rows import joined, picked, tick
from server.sequencer.state import State

Array = np.ndarray[Any, Any]
SECOND = 10**9
ACCOUNT = f"{NAME}-replay-"  # and the number of the account in the file
_OWN = (int(Command.NODE_ADD), int(Command.INSTRUMENT_ADD), int(Command.SET))


class Listed(NamedTuple):
    """An instrument of a file; tick and lot as decimal text."""

    symbol: str
    type: InstrumentType
    tick: str
    lot: str


class Piece(NamedTuple):
    """COMMAND rows in the order of their time, and all instruments of the file so far.

    Instruments and accounts are numbered 1, 2, 3, ... as the file names them.
    """

    rows: Array
    instruments: tuple[Listed, ...]


History = Callable[[], Iterator[Piece]]


class Replay:
    """The commands of a file, a step at a time; its first moment is the first step.

    Instruments are added under their symbols, or are those that are there; accounts get names of
    their own and no check of buying power. With `loop` the file begins again when it has ended;
    what then rests of it is canceled. most: commands of one step; what is beyond comes later.
    """

    def __init__(
        self, state: State, history: History, loop: bool, step_ns: int, most: int
    ) -> None:
        self._state, self._history, self._loop = state, history, loop
        self._step_ns, self._most = step_ns, most
        self._pieces: Iterator[Piece] | None = None
        self._left = np.zeros(0, COMMAND)
        self._began, self._first, self._given = 0, -1, 0
        self._numbers, self._accounts = [0], [0]  # of the exchange, by those of the file

    def rows(self, step: int) -> Array:
        """What is due in a step: at least a TICK in the first one of each second."""
        time = step * self._step_ns
        found = [tick()] if time // SECOND != (time - self._step_ns) // SECOND else []
        if self._pieces is None:
            found.append(self._begin(step))
        room = self._most
        while room:
            if not len(self._left) and not self._read(found):
                break
            until = self._first + (step - self._began) * self._step_ns
            due = int(np.searchsorted(self._left["transact_time"], until, "right"))
            if not due:
                break
            now = min(due, room)
            found.append(self._left[:now].tobytes())
            self._left, room, self._given = self._left[now:], room - now, self._given + now
        return joined(found)

    def _begin(self, step: int) -> bytes:
        self._pieces, self._began, self._first, self._given = self._history(), step, -1, 0
        known = self._state.catalogue.directory.nodes
        mine = [number for name, number in known.items() if name.startswith(ACCOUNT)]
        return b"".join(MassCancel(account=number).pack() for number in mine)

    def _read(self, found: list[bytes]) -> bool:
        """Read on, with what has to be added first; False at the end."""
        assert self._pieces is not None
        piece = next(self._pieces, None)
        if piece is None:
            if self._loop and self._given:
                self._pieces = None
            return False
        rows = piece.rows
        found.append(self._instruments(piece.instruments))
        found.append(self._more_accounts(int(rows["account"].max(initial=0))))
        # accounts and instruments are ours to add; a book that must not match would not trade
        waits = (rows["command"] == Command.PHASE) & (rows["value"] == Phase.PRE_OPEN)
        rows = picked(rows, ~np.isin(rows["command"], _OWN) & ~waits)
        numbers = np.array(self._numbers)
        rows["instrument"] = numbers[rows["instrument"]]
        rows["account"] = np.array(self._accounts)[rows["account"]]
        moved = (rows["command"] == Command.PHASE) & (rows["scope"] == Scope.INSTRUMENT)
        rows["entity"][moved] = numbers[rows["entity"][moved]]
        if self._first < 0 and len(rows):
            self._first = int(rows["transact_time"][0])
        self._left = rows
        return True

    def _instruments(self, listed: tuple[Listed, ...]) -> bytes:
        known, made = self._state.catalogue.directory, b""
        number = max([len(known.scales), *self._numbers])
        for one in listed[len(self._numbers) - 1 :]:
            there = known.symbols.get(one.symbol)
            if there is None:
                number += 1
                made += added(number, Profile(one.symbol, one.type, one.tick, one.lot, 0), 0)
            self._numbers.append(number if there is None else there.number)
        return made

    def _more_accounts(self, most: int) -> bytes:
        known, made = self._state.catalogue.directory.nodes, b""
        number = max(len(self._state.engine.table(Table.NODE)) - 1, *self._accounts, 0)
        for at in range(len(self._accounts), most + 1):
            name = f"{ACCOUNT}{at}"
            there = known.get(name)
            if there is None:
                number += 1
                made += node_row(Account(label=name, entity=number), DIGITS)
                made += Setting(
                    scope=Scope.NODE, entity=number, value=0,
                    attribute=int(NodeAttr.CHECK_BUYING_POWER),
                ).pack()  # fmt: skip
            self._accounts.append(there or number)
        return made
