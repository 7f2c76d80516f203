"""Which command comes when, and through which session."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benches.flows.scene import FIRST_ACCOUNT
from benches.load.encoding import messages
from benches.load.schedule import MOST, since_first
from benches.workloads import MIXES, Mix
from domain.codes import Command
from domain.errors import InvalidField
from domain.layout import COMMAND
from journal import database

Array = np.ndarray[Any, Any]
Rows = np.ndarray[Any, Any]
PLAIN = tuple(name for name, mix in MIXES.items() if not mix.mixed)
LAST_OF_CLIENTS = int(Command.QUOTE)


@dataclass(frozen=True)
class Place:
    """Where the commands go: accounts and instruments of the server, by name and number."""

    accounts: tuple[tuple[str, int], ...]
    instruments: tuple[tuple[str, int], ...]


@dataclass
class Line:
    """What one session is to send: a message for each command, and when it is due (ns)."""

    session: str
    account: str
    rows: Rows
    due: Array
    messages: list[bytes]


def mix_of(name: str, sessions: int) -> Mix:
    """A workload with at least one account a session. Raises InvalidField."""
    if name not in PLAIN:
        raise InvalidField(
            "mix", name, f"one of {', '.join(PLAIN)} (W5 opens markets, which no client can)"
        )
    mix = MIXES[name]
    return replace(mix, accounts=max(mix.accounts, sessions))


def from_log(path: Path, speed: float) -> tuple[Rows, Array]:
    """The commands that clients gave in a command log, and when. Raises InvalidField, LogError."""
    pieces, count = [], 0
    db = database.open_reader(path)
    try:
        meta = database.read_meta(db)
        if meta.row_size != COMMAND.itemsize:
            raise InvalidField("replay", str(path), f"a log of {COMMAND.itemsize}-byte commands")
        for (_, size, blob), _ in database.walk(db, meta, path):
            rows = np.ndarray(size, COMMAND, bytearray(blob))
            pieces.append(rows[rows["command"] <= LAST_OF_CLIENTS])
            count += len(pieces[-1])
            if count > MOST:
                raise InvalidField("replay", f"{count:,} commands", f"at most {MOST:,}")
    finally:
        db.close()
    if not count:
        raise InvalidField("replay", str(path), "a log with commands of clients")
    found = np.concatenate(pieces)
    return found, since_first(found["transact_time"], speed)


def placed(rows: Rows, mix: Mix, where: Place, first_id: int) -> Rows:
    """The commands of a workload for the accounts and instruments of a server."""
    if len(where.instruments) < mix.instruments:
        raise InvalidField(
            "mix", mix.name, f"a server with {mix.instruments:,} instruments; this one has "
            f"{len(where.instruments):,}",
        )  # fmt: skip
    made = rows.copy()
    accounts = np.array([number for _, number in where.accounts], np.int32)
    instruments = np.array([0, *(number for _, number in where.instruments)], np.int32)
    made["account"] = accounts[(rows["account"] - FIRST_ACCOUNT) % len(accounts)]
    made["instrument"] = instruments[rows["instrument"]]
    for name in ("cl_ord_id", "orig_cl_ord_id"):
        made[name] += np.where(rows[name] > 0, first_id, 0)
    return made


def lines(rows: Rows, due: Array, where: Place, sessions: int, label: str) -> list[Line]:
    """The commands shared out: an account's always go through one session, in their order."""
    names = {number: name for name, number in where.accounts}
    numbers, place = np.unique(rows["account"], return_inverse=True)
    through = place % sessions
    made = []
    for session in range(min(sessions, len(numbers))):
        mine = np.flatnonzero(through == session)
        own = rows[mine]
        first = int(own["account"][0])
        if first not in names:
            raise InvalidField("account", first, "an account that the key may use")
        texts = [message for _, message in messages(own, 1)]
        made.append(Line(f"{label}-{session}", names[first], own, due[mine], texts))
    return made


def spare(lines: list[Line], sessions: int, label: str) -> list[Line]:
    """Sessions that send nothing, so that there are `sessions` of them."""
    empty = np.zeros(0, COMMAND), np.zeros(0, np.int64)
    return lines + [
        Line(f"{label}-{number}", lines[number % len(lines)].account, *empty, [])
        for number in range(len(lines), sessions)
    ]


