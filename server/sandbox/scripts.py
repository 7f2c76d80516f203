"""`Scripts`: puts the commands of a scripted outcome around an order, before it is queued."""

from __future__ import annotations

import asyncio
import heapq
from collections import OrderedDict
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import numpy as np

from domain.attributes import InstrumentAttr, PositionAttr
from domain.codes import Command, OrdType, Phase, Scope, Side, TimeInForce
from domain.errors import GridWorksError, Unavailable
from domain.messages import Cancel, Message, NewOrder, SetPhase, Setting
from domain.tables import Table
from engine.states import FREE
from server.sandbox.outcomes import LATER_NS, OUTCOMES, PREFIX, REFUSED_FROM, TRAPS, Outcome, Trap
from server.sequencer.answers import Entry
from server.sequencer.rows import WIDTH, joined
from server.sequencer.writer import Sequencer

Array = np.ndarray[Any, Any]
_REMEMBERED = 10_000
_PLAIN = (int(OrdType.LIMIT), int(OrdType.MARKET))
_NOTHING = Outcome("")


class Scripts:
    """Looks at every entry of the inbox; `hang_up` ends the stream of a session.

    `other`: the name of the account that trades with scripted orders.
    """

    def __init__(
        self, sequencer: Sequencer, other: str, hang_up: Callable[[int, Exception], None]
    ) -> None:
        self._sequencer, self._other, self._hang_up = sequencer, other, hang_up
        self._owners: dict[int, int] = {}  # script instrument -> its account
        self._population = -1
        self._ids, self._order = count(1), count()
        self._later: list[tuple[int, int, Entry]] = []
        self._expiries: OrderedDict[tuple[int, int], int] = OrderedDict()
        self._own = False  # an entry of our own is being put

    # ------------------------------------------------------------------ which orders

    def _find_owners(self) -> dict[int, int]:
        state = self._sequencer.state
        if state.engine.population != self._population:
            self._population = state.engine.population
            known = state.catalogue.directory
            self._owners = {
                scale.number: known.nodes[symbol.removeprefix(PREFIX)]
                for symbol, scale in known.symbols.items()
                if symbol.startswith(PREFIX) and symbol.removeprefix(PREFIX) in known.nodes
            }
        return self._owners

    def _scripted(self, rows: Array) -> list[int]:
        """The places of new orders in the script instrument of their own account."""
        owners = self._find_owners()
        new = (rows["command"] == Command.NEW_ORDER) & np.isin(rows["ord_type"], _PLAIN)
        return [
            place for place in np.flatnonzero(new).tolist()
            if owners.get(int(rows["instrument"][place])) == int(rows["account"][place])
        ] if owners else []  # fmt: skip

    def rewrite(self, data: bytes) -> bytes:
        """Orders that are to expire get a date; the same again when the same order comes again."""
        rows, changed = joined((data,)), False
        for place in self._scripted(rows):
            row = rows[place]
            if _outcome(row).expires and row["time_in_force"] != TimeInForce.GTD:
                row["time_in_force"], row["expire_time"] = TimeInForce.GTD, self._expiry(row)
                changed = True
        return rows.tobytes() if changed else data

    def _expiry(self, row: Any) -> int:
        key = int(row["account"]), int(row["cl_ord_id"])
        at = self._expiries.get(key) or self._live_expiry(*key)
        self._expiries[key] = at = at or self._sequencer.clock() + LATER_NS
        if len(self._expiries) > _REMEMBERED:
            self._expiries.popitem(last=False)
        return at

    def _live_expiry(self, account: int, cl_ord_id: int) -> int:
        """When a live order expires, for an order that came before a restart; 0: there is none."""
        for _, detail in self._live(account):
            if int(detail["cl_ord_id"]) == cl_ord_id and detail["extra"]:
                table = self._sequencer.state.engine.table(Table.EXTRA)
                return int(table[int(detail["extra"])]["expire_time"])
        return 0

    def _live(self, account: int) -> Iterator[tuple[Any, Any]]:
        """The hot and the cold half of each live order of an account."""
        engine = self._sequencer.state.engine
        orders, details = engine.table(Table.ORDER), engine.table(Table.DETAIL)
        for slot in np.flatnonzero(engine.table(Table.OWNER) == account).tolist():
            if orders[slot]["state"] != FREE:
                yield orders[slot], details[slot]

    # ------------------------------------------------------------------ what becomes of them

    def __call__(self, entry: Entry) -> Entry | None:
        """The entry with what belongs around its orders; None: it comes later, or never."""
        if self._own or entry.make is not None or not entry.data:
            return entry
        rows = joined((self.rewrite(entry.data),))
        places = self._scripted(rows)
        if not places:
            return entry
        found = [_outcome(rows[place]) for place in places]
        session = int(rows["session"][places[0]])
        if any(outcome.lost == "request" for outcome in found):
            self._lose(entry, session)
            return None
        entry = self._surround(entry, rows, dict(zip(places, found)))
        if any(outcome.lost == "answer" for outcome in found):
            answered, entry.answered = entry.answered, None
            entry.then = lambda _: self._lose(Entry(b"", answered), session)
        if any(outcome.waits for outcome in found):
            self._plan(entry)
            return None
        return entry

    def _lose(self, entry: Entry, session: int) -> None:
        error = Unavailable("the connection was lost, as the script says")
        if entry.answered is not None and not entry.answered.done():
            entry.answered.set_exception(error)
        if session:
            self._hang_up(session, error)

    def _surround(self, entry: Entry, rows: Array, found: dict[int, Outcome]) -> Entry:
        """The same entry with more commands in it."""
        pieces, before, behind = list[bytes](), 0, 0
        for place in range(len(rows)):
            row = rows[place : place + 1]
            ahead, after = self._around(row[0], found[place]) if place in found else ([], [])
            if place == 0:
                before = len(ahead)
            behind = len(after)
            pieces += [*_packed(ahead), row.tobytes(), *_packed(after)]
        entry.data = b"".join(pieces)
        entry.count = len(entry.data) // WIDTH
        entry.before, entry.behind = before, behind
        return entry

    def _around(self, row: Any, outcome: Outcome) -> tuple[list[Message], list[Message]]:
        """The commands before and after an order, and the plan for later."""
        reason = int(row["order_qty"]) - REFUSED_FROM
        if reason in TRAPS:
            trap = TRAPS[reason]  # type: ignore[index]
            return [_set(trap, row, trap.value)], [_set(trap, row, trap.back)]
        ahead: list[Message] = []
        after: list[Message] = []
        lots = _shares(int(row["order_qty"]), outcome.fills + outcome.later)
        for qty in lots[: len(outcome.fills)]:
            other = self._opposite(row, qty, TimeInForce.GTC)
            ahead.append(other)
            after.append(Cancel(account=other.account, orig_cl_ord_id=other.cl_ord_id))
        for qty in lots[len(outcome.fills) :]:
            self._plan(Entry(self._opposite(row, qty, TimeInForce.IOC).pack()))
        end = Cancel(account=int(row["account"]), orig_cl_ord_id=int(row["cl_ord_id"]))
        if outcome.cancel == 0:
            after.append(end)
        elif outcome.cancel:
            self._plan(Entry(end.pack()))
        return ahead, after

    def _opposite(self, row: Any, qty: int, tif: TimeInForce) -> NewOrder:
        """What the order trades with, at its limit, or for a market order at the last price."""
        state, instrument = self._sequencer.state, int(row["instrument"])
        last = int(state.engine.table(Table.BOOK)[instrument]["last_px"])
        known = state.engine.table(Table.INSTRUMENT)[instrument][InstrumentAttr.REFERENCE_PRICE]
        return NewOrder(
            account=state.catalogue.directory.nodes[self._other], instrument=instrument,
            cl_ord_id=next(self._ids), side=Side.SELL if row["side"] == Side.BUY else Side.BUY,
            order_qty=qty, price=int(row["price"]) or last or int(known), time_in_force=tif,
        )  # fmt: skip

    # ------------------------------------------------------------------ later

    def _plan(self, entry: Entry) -> None:
        at = self._sequencer.clock() + LATER_NS
        heapq.heappush(self._later, (at, next(self._order), entry))

    @property
    def next_at(self) -> int:
        """When something comes next, ns since 1970; 0: nothing is planned."""
        return self._later[0][0] if self._later else 0

    async def look(self) -> None:
        """Put what has become due into the inbox, and wait until it was applied."""
        waiting = []
        while self._later and self._later[0][0] <= self._sequencer.clock():
            entry = heapq.heappop(self._later)[2]
            if entry.answered is None and entry.then is None:
                entry.answered = asyncio.get_running_loop().create_future()
                waiting.append(entry.answered)
            try:
                self._own = True
                self._sequencer.put(entry)
            except GridWorksError as error:
                if entry.answered is not None:
                    entry.answered.set_exception(error)
            finally:
                self._own = False
        await asyncio.gather(*waiting, return_exceptions=True)

    def plan_again(self) -> None:
        """After a restart: what live orders still have before them is planned anew."""
        for instrument, account in self._find_owners().items():
            for order, detail in self._live(account):
                outcome = OUTCOMES.get(int(detail["order_qty"]), _NOTHING)
                if order["instrument"] != instrument:
                    continue
                if outcome.later or outcome.cancel:
                    self._go_on(order, detail, outcome)

    def _go_on(self, order: Any, detail: Any, outcome: Outcome) -> None:
        mine, side = int(order["account"]), Side.BUY if order["side"] == 0 else Side.SELL
        row = joined((
            NewOrder(
                account=mine, instrument=int(order["instrument"]), side=side,
                cl_ord_id=int(detail["cl_ord_id"]), order_qty=int(detail["order_qty"]),
                price=int(order["price"]),
            ).pack(),
        ))[0]  # fmt: skip
        if outcome.later:
            leaves = int(order["leaves_qty"])
            self._plan(Entry(self._opposite(row, leaves, TimeInForce.IOC).pack()))
        else:
            self._plan(Entry(Cancel(account=mine, orig_cl_ord_id=int(row["cl_ord_id"])).pack()))


def _outcome(row: Any) -> Outcome:
    return OUTCOMES.get(int(row["order_qty"]), _NOTHING)


def _shares(qty: int, shares: tuple[float, ...]) -> list[int]:
    """Whole lots of a quantity; shares that are all of it leave nothing over."""
    ends = [int(qty * sum(shares[: at + 1])) for at in range(len(shares))]
    return [end - begin for begin, end in zip([0, *ends], ends)]


def _set(trap: Trap, row: Any, value: int) -> Message:
    """Set a trap, or take it back."""
    instrument = int(row["instrument"])
    if trap.attribute is None:
        return SetPhase(scope=Scope.INSTRUMENT, entity=instrument, phase=Phase(value))
    if isinstance(trap.attribute, PositionAttr):
        return Setting(
            scope=Scope.POSITION, entity=int(row["account"]), instrument=instrument,
            attribute=int(trap.attribute), value=value,
        )  # fmt: skip
    return Setting(
        scope=Scope.INSTRUMENT, entity=instrument, attribute=int(trap.attribute), value=value
    )


def _packed(messages: list[Message]) -> list[bytes]:
    return [message.pack() for message in messages]
