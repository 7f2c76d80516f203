"""Accounts of partners: opened with money in them, and put back to where they began."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import InstrumentType, Level, Scope
from domain.fields import LABEL_BYTES
from domain.limits import MAX_PRICE
from domain.messages import (
    Account,
    DeadMan,
    Deposit,
    MassCancel,
    Message,
    Rearm,
    Setting,
    Withdraw,
)
from domain.tables import Table
from server.sandbox.outcomes import PREFIX
from server.sandbox.world import NAME, Profile, added
from server.sequencer.answers import Answer, Entry
from server.sequencer.catalogue import DIGITS, node_row
from server.sequencer.rows import joined, meaning, token_of, tokens
from server.sequencer.state import State
from server.sequencer.writer import Sequencer

Array = np.ndarray[Any, Any]
SCRIPT_ACCOUNT = f"{NAME}-script"


class Accounts:
    """What happens to accounts of partners in a sandbox.

    `money`: with how much they begin. `scripts`: each gets an instrument for scripted outcomes.
    """

    def __init__(self, sequencer: Sequencer, money: Decimal, scripts: bool) -> None:
        self._sequencer, self._money, self._scripts = sequencer, money, scripts

    def money_of(self, digits: int) -> int:
        """What an account begins with, in minor units of a currency with so many digits."""
        return int(self._money.scaleb(digits))

    async def _made(self, make: Callable[[], bytes]) -> Answer:
        done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._sequencer.put(Entry(b"", done, make=make))
        return await done

    async def open(self, names: Iterable[str]) -> bool:
        """Those that are not there yet; whether any was missing.

        Raises StorageFull, Unavailable, CapacityError.
        """
        state, wanted = self._sequencer.state, list(names)

        def make() -> bytes:
            made = opening(state, wanted, self.money_of(DIGITS))
            return made + (scripting(state, wanted) if self._scripts else b"")

        return bool(len((await self._made(make)).reports))

    def of(self, covers: Callable[[str], bool]) -> list[int]:
        """The accounts that somebody covers, without those of the agents."""
        state = self._sequencer.state
        nodes, known = state.engine.table(Table.NODE), state.catalogue.directory.nodes
        return sorted(
            number for name, number in known.items()
            if nodes[number]["level"] == Level.ACCOUNT and not name.startswith(f"{NAME}-")
            and covers(name)
        )  # fmt: skip

    async def reset(
        self, accounts: Sequence[int], note: bytes, key_id: int, request_id: str
    ) -> Answer:
        """No orders, no positions, the money of the beginning; a repeated request does nothing.

        Two entries that stand side by side in the inbox: nothing comes between them, and the
        request counts as done with the second, which has the `note` about it. Raises AlreadyExists
        and as `open`.
        """
        state = self._sequencer.state
        mark = joined((MassCancel(account=accounts[0]).pack(),))
        if request_id:
            tokens(mark)[:] = token = token_of(key_id, request_id)
            found = state.answers.find(token, meaning(mark))
            if found is not None:
                return found

        def balance() -> bytes:
            return mark.tobytes() + balancing(state, accounts, self.money_of) + note

        flat = self._made(lambda: flattening(state, accounts))
        _, answer = await asyncio.gather(flat, self._made(balance))
        return answer


def opening(state: State, names: list[str], money: int) -> bytes:
    """Commands that add accounts with money in them."""
    known, found = state.catalogue.directory, b""
    number = len(state.engine.table(Table.NODE))
    for name in names:
        if name not in known.nodes:
            found += node_row(Account(label=name, entity=number), DIGITS)
            if money:
                found += Deposit(account=number, value=money).pack()
            number += 1
    return found


def scripting(state: State, names: list[str]) -> bytes:
    """Commands that add the script instruments of accounts, and who trades with them."""
    known, found = state.catalogue.directory, b""
    if SCRIPT_ACCOUNT not in known.nodes:
        number = len(state.engine.table(Table.NODE))
        number += sum(name not in known.nodes for name in names)
        found += node_row(Account(label=SCRIPT_ACCOUNT, entity=number), DIGITS)
        unchecked = Setting(
            scope=Scope.NODE, entity=number, attribute=int(NodeAttr.CHECK_BUYING_POWER), value=0
        )
        found += unchecked.pack()
    number = len(known.scales)
    for name in names:
        symbol = PREFIX + name
        if symbol not in known.symbols and len(symbol) <= LABEL_BYTES:
            number += 1
            found += added(number, Profile(symbol, InstrumentType.EQUITY, "0.01", "1", 10_000), 0)
    return found


def flattening(state: State, accounts: Sequence[int]) -> bytes:
    """Commands that cancel all orders and take out, or put back, what is held.

    Lots move at their average cost, so that nothing is gained or lost but the rest of a tick.
    """
    values = state.engine.table(Table.INSTRUMENT)
    positions = state.engine.table(Table.POSITION)
    made: list[Message] = []
    for account in accounts:
        made += [MassCancel(account=account), DeadMan(account=account, value=0)]
        held = positions[(positions["node"] == account) & (positions["qty"] != 0)]
        for row in held:
            qty, instrument = int(row["qty"]), int(row["instrument"])
            one = qty * int(values[instrument, InstrumentAttr.MULTIPLIER])
            price = min(max(round(int(row["cost"]) / one), 1), MAX_PRICE)
            move = Withdraw if qty > 0 else Deposit
            made.append(
                move(
                    account=account, value=abs(qty), scope=Scope.POSITION, instrument=instrument,
                    price=price,
                )
            )  # fmt: skip
    return b"".join(message.pack() for message in made)


def balancing(state: State, accounts: Sequence[int], money_of: Callable[[int], int]) -> bytes:
    """Commands that give each account the money that it began with, and end a throttle."""
    nodes, made = state.engine.table(Table.NODE), list[Message]()
    for account in accounts:
        missing = money_of(state.catalogue.node_digits(account)) - int(nodes[account]["cash"])
        if nodes[account]["throttled"]:
            made.append(Rearm(scope=Scope.NODE, entity=account))
        if missing > 0:
            made.append(Deposit(account=account, value=missing))
        elif missing < 0:
            made.append(Withdraw(account=account, value=-missing))
    return b"".join(message.pack() for message in made)
