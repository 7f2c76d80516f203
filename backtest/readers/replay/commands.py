"""Facts become commands: what an exchange must be told so that it holds the book of a feed.

Two ways to say what a feed says:

- `book`: facts as they are. Adds become NEW_ORDER, cancels and executions REPLACE_ORDER (less
  quantity, same place in the queue) or CANCEL_ORDER. The instruments stand in PRE_OPEN, where
  nothing matches, so the book is exactly the feed's even where the feed crosses itself.
- `trade`: an execution of order X becomes an immediate-or-cancel order of the other side at X's
  price from another account. Matching must then find X by price and time. `Agreement` counts
  how often it does; after a disagreement the orders concerned are entered again as the feed has
  them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from backtest.readers.cut import table
from backtest.readers.facts import FACT, Feed, Rows
from backtest.readers.replay import translate
from domain.attributes import NodeAttr
from domain.codes import Command, InstrumentType, Level, Phase, Scope
from domain.errors import InvalidField
from domain.layout import COMMAND

MODES: Final = ("book", "trade")
ROWS = 65_536  # commands of one call
TAKER_IDS = 2**61  # aggressors are numbered from here on


def check_mode(mode: str) -> str:
    """`mode`, or InvalidField if it is neither of MODES."""
    if mode not in MODES:
        raise InvalidField("mode", mode, " or ".join(MODES))
    return mode


def account_rows(first: int, count: int) -> Rows:
    """Commands that add `count` accounts from number `first` on, without buying power checks."""
    rows = np.zeros(2 * count, COMMAND)
    added, asked = rows[0::2], rows[1::2]
    numbers = np.arange(first, first + count)
    added["command"], added["entity"] = Command.NODE_ADD, numbers
    added["index"] = Level.ACCOUNT
    asked["command"], asked["scope"], asked["entity"] = Command.SET, Scope.NODE, numbers
    asked["attribute"], asked["value"] = NodeAttr.CHECK_BUYING_POWER, 0
    return rows


def instrument_rows(first: int, types: list[InstrumentType], phase: Phase) -> Rows:
    """Commands that add an instrument of each type, from number `first` on, in this phase."""
    rows = np.zeros(2 * len(types), COMMAND)
    added, opened = rows[0::2], rows[1::2]
    numbers = np.arange(first, first + len(types))
    added["command"], added["entity"] = Command.INSTRUMENT_ADD, numbers
    added["index"] = types
    opened["command"], opened["scope"] = Command.PHASE, Scope.INSTRUMENT
    opened["entity"], opened["value"] = numbers, phase
    return rows


@dataclass(slots=True)
class Batch:
    """Commands for `facts` facts; makers[row] is the order that row must hit, 0 for none."""

    commands: Rows
    makers: Rows
    facts: int


class Translator:
    """Turns chunks of facts into batches of commands; knows which orders the feed has now."""

    def __init__(self, mode: str = "book") -> None:
        """Raises InvalidField for an unknown mode."""
        self.trade = check_mode(mode) == "trade"
        self.known = np.zeros(1024, table.KNOWN)
        self.state = np.zeros(translate.CELLS, np.int64)
        self.state[translate.NEXT_TAKER] = TAKER_IDS
        self.calling = np.zeros(64, np.bool_)
        self.instruments = 0
        self.batch(np.zeros(0, FACT))  # loads the compiled kernel

    def add_instruments(self, types: list[InstrumentType]) -> Rows:
        """The commands that add further instruments."""
        phase = Phase.CONTINUOUS if self.trade else Phase.PRE_OPEN
        rows = instrument_rows(self.instruments + 1, types, phase)
        self.instruments += len(types)
        if self.instruments >= len(self.calling):
            self.calling = np.concatenate([self.calling, np.zeros(self.instruments, np.bool_)])
        return rows

    def batch(self, facts: Rows) -> Batch:
        """The commands for the first facts of `facts`; at least one fact is used."""
        size = min(ROWS, 2 * len(facts))
        out, makers = np.zeros(size, COMMAND), np.zeros(size, np.int64)
        used, rows = self._translate(facts, out, makers)
        while used == 0 and len(facts):
            larger = np.zeros(2 * len(self.known), table.KNOWN)
            table.rehash(self.known, larger)
            self.known = larger
            used, rows = self._translate(facts, out, makers)
        return Batch(out[:rows], makers[:rows], used)

    def _translate(self, facts: Rows, out: Rows, makers: Rows) -> tuple[int, int]:
        used, rows = translate.translate(
            facts, self.known, self.calling, self.trade, out, makers, self.state
        )
        return int(used), int(rows)

    @property
    def notes(self) -> dict[str, int]:
        """How often a fact did not fit; the same names as those of the rebuilt book."""
        names = {
            "unknown order": translate.UNKNOWN,
            "order reference used twice": translate.TWICE,
            "more taken than there was": translate.OVER,
        }
        return {name: int(self.state[at]) for name, at in names.items() if self.state[at]}

    def restored(self, refs: Rows, time: int) -> Rows:
        """Commands that put these orders back to what the feed says: cancel, enter again."""
        live = self.known[np.isin(self.known["ref"], refs)]
        live["total"] = live["leaves"]
        at = np.flatnonzero(np.isin(self.known["ref"], refs))
        self.known[at] = live
        rows = np.zeros(len(refs) + len(live), COMMAND)
        gone, again = rows[: len(refs)], rows[len(refs) :]
        rows["account"], rows["transact_time"] = translate.RESTING, time
        gone["command"], gone["orig_cl_ord_id"] = Command.CANCEL_ORDER, refs
        again["command"], again["cl_ord_id"] = Command.NEW_ORDER, live["ref"]
        for name in ("instrument", "side", "price"):
            again[name] = live[name]
        again["order_qty"] = live["leaves"]
        again["ord_type"], again["time_in_force"] = translate.LIMIT, translate.GTC
        return rows


class Director:
    """Turns a feed of facts or of orders into batches, with what they need put in front."""

    def __init__(self, feed: Feed, mode: str = "book") -> None:
        self.feed = feed
        self.translator = Translator(mode)
        self.accounts = 0

    def prepared(self, time: int = 0) -> Rows:
        """Commands that add the accounts and instruments named since the last call."""
        accounts = len(self.feed.accounts) if self.feed.commands else 2
        first, self.accounts = self.accounts + 1, accounts
        added = account_rows(first, accounts - first + 1)
        if self.feed.commands:
            self.translator.trade = True  # an order file is matched: the instruments are open
        fresh = self.feed.instruments[self.translator.instruments :]
        opened = self.translator.add_instruments([instrument.type for instrument in fresh])
        rows: Rows = np.concatenate([added, opened])
        rows["transact_time"] = time
        return rows

    def translate(self, piece: Rows) -> Iterator[Batch]:
        """The batches for a piece of a chunk."""
        if self.feed.commands:
            yield Batch(piece, np.zeros(len(piece), np.int64), len(piece))
            return
        at = 0
        while at < len(piece):
            batch = self.translator.batch(piece[at:])
            at += batch.facts
            yield batch

    def batches(self) -> Iterator[Batch]:
        """The whole feed."""
        for chunk in self.feed.chunks:
            time = int(chunk["transact_time" if self.feed.commands else "time"][0])
            rows = self.prepared(time)
            if len(rows):
                yield Batch(rows, np.zeros(len(rows), np.int64), 0)
            yield from self.translate(chunk)
