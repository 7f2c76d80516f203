"""What a replay is held against: the book a file quotes, the plain book, the makers it names."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from backtest.readers.facts import Rows
from backtest.readers.replay import translate
from backtest.readers.replay.commands import Batch
from backtest.readers.replay.rebuild import Levels, Rebuilt, RebuiltSide, Trade
from domain.codes import ExecType, Liquidity, ReportType

MAKER: Final = Liquidity.MAKER
DUMMY: Final = 9_999_999_999  # price of a level that a quoted row does not have


@dataclass(slots=True)
class Match:
    """How often two books were compared level by level, and the first difference."""

    what: str  # whose levels are compared with whose
    points: int = 0  # moments
    levels: int = 0
    mismatches: int = 0  # levels
    first: str = ""

    def levels_of(self, where: str, found: Levels, wanted: Levels) -> None:
        """Compare one side, level by level; a missing level is a difference."""
        self.levels += max(len(found), len(wanted))
        if found == wanted:
            return
        for at in range(max(len(found), len(wanted))):
            one = found[at] if at < len(found) else None
            other = wanted[at] if at < len(wanted) else None
            if one != other:
                self.mismatches += 1
                self.first = self.first or f"{where}, level {at + 1}: {one}, expected {other}"


def exchange_levels(levels: Any) -> Levels:
    """Rows of `Exchange.depth` as plain tuples (price, quantity, orders)."""
    return [(int(row[0]), int(row[1]), int(row[2])) for row in levels.tolist()]


def compare_exchange(match: Match, exchange: Any, rebuilt: Any, instrument: int) -> None:
    """Every level of one instrument: the exchange against the plain book."""
    found, wanted = exchange.depth(instrument), rebuilt.depth(instrument)
    match.points += 1
    for name, one, other in zip(("bid", "ask"), found, wanted):
        match.levels_of(f"instrument {instrument}, {name}", exchange_levels(one), other)


def quoted(row: list[int]) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """(bids, asks) of a quoted row: ask, size, bid, size of level 1, then of level 2, ..."""
    cells = range(0, len(row), 4)
    asks = [(row[k], row[k + 1]) for k in cells if abs(row[k]) != DUMMY]
    bids = [(row[k + 2], row[k + 3]) for k in cells if abs(row[k + 2]) != DUMMY]
    return bids, asks


def apply_checked(rebuilt: Rebuilt, facts: Rows, expected: tuple[Rows, Rows], match: Match) -> None:
    """Apply facts to the plain book and compare it with each quoted row on the way.

    `expected` = (places, rows): after all facts with that place the book shows that row.
    """
    places, rows = expected
    if not len(places):
        rebuilt.apply(facts)
        return
    ends = np.searchsorted(facts["place"], places, "right").tolist()
    count, at = rows.shape[1] // 4, 0
    columns = rebuilt.columns(facts)
    for place, end, row in zip(places.tolist(), ends, rows.tolist()):
        for fact in columns[at:end]:
            rebuilt.one(*fact)
        at = end
        bids, asks = quoted(row)
        match.points += 1
        for name, wanted, side in (("bid", bids, 1), ("ask", asks, 2)):
            found = [level[:2] for level in rebuilt.side(1, side).depth(count)]
            match.levels_of(f"line {place}, {name}", found, wanted)  # type: ignore[arg-type]
    for fact in columns[at:]:
        rebuilt.one(*fact)


class ReportedBook:
    """The book that report rows describe: each order's last row says whether it is in the book."""

    def __init__(self) -> None:
        self.sides: dict[tuple[int, int], RebuiltSide] = {}
        self.orders: dict[int, tuple[RebuiltSide, int, int]] = {}
        self.notes: Counter[str] = Counter()
        self.trades: list[Trade] = []
        self.watched = 0  # the instrument whose trades are kept

    def side(self, instrument: int, side: int) -> RebuiltSide:
        key = (instrument, 1 if side == 1 else 2)
        if key not in self.sides:
            self.sides[key] = RebuiltSide(1 if side == 1 else -1)
        return self.sides[key]

    def depth(self, instrument: int, count: int | None = None) -> tuple[Levels, Levels]:
        """Bids and asks, best first."""
        return self.side(instrument, 1).depth(count), self.side(instrument, 2).depth(count)

    def apply(self, reports: Rows) -> None:
        """Take over what execution reports say, in their order."""
        rows = reports[
            (reports["report"] == ReportType.EXECUTION)
            & (reports["exec_type"] != ExecType.REJECTED)
        ]
        names = ("order_id", "instrument", "side", "price", "leaves_qty", "working")
        for order, instrument, side, price, leaves, working in zip(
            *(rows[name].tolist() for name in names)
        ):
            self._put(order, self.side(instrument, side), price, leaves if working else 0)
        fills = rows[
            (rows["exec_type"] == ExecType.TRADE)
            & (rows["liquidity"] != Liquidity.TAKER)
            & (rows["instrument"] == self.watched)
        ]
        said = ("transact_time", "last_px", "last_qty", "side")
        self.trades += zip(*(fills[name].tolist() for name in said))

    def _put(self, order: int, side: RebuiltSide, price: int, qty: int) -> None:
        known = self.orders.get(order)
        if known is not None:
            old_side, old_price, old_qty = known
            if qty and old_price == price and qty <= old_qty:
                if qty < old_qty:
                    old_side.take(order, price, old_qty - qty)
                    self.orders[order] = (side, price, qty)
                return
            old_side.take(order, old_price, old_qty)
            del self.orders[order]
        if qty:
            side.put(order, price, qty)
            self.orders[order] = (side, price, qty)


@dataclass(slots=True)
class Agreement:
    """How well matching found what the feed says was executed."""

    executions: int = 0  # aggressors sent
    same_maker: int = 0  # of them filled in full by the very order that the feed names
    same_quantity: int = 0  # filled in full at the feed's price, by whichever order
    surprises: int = 0  # fills that the feed does not have
    restored: int = 0  # orders entered again
    first: str = ""  # the first disagreement, in words

    @property
    def rate(self) -> float:
        """Share of executions with the feed's own maker."""
        return self.same_maker / self.executions if self.executions else 1.0

    def compare(self, batch: Batch, reports: Rows, first_seq: int) -> Rows:
        """Count one batch; returns the orders (references) that need to be restored.

        `first_seq` is the seq of the batch's first command.
        """
        sent = np.flatnonzero(batch.makers)
        self.executions += len(sent)
        fills = reports[
            (reports["report"] == ReportType.EXECUTION)
            & (reports["exec_type"] == ExecType.TRADE)
            & (reports["account"] == translate.RESTING)
        ]
        row = fills["seq"] - first_seq
        named = batch.makers[row] if len(row) else row
        right = (named != 0) & (fills["cl_ord_id"] == named)
        expected = batch.commands["order_qty"][sent]
        by_maker = np.zeros(len(batch.commands), np.int64)
        by_all = np.zeros(len(batch.commands), np.int64)
        np.add.at(by_maker, row[right], fills["last_qty"][right])
        at_price = (named != 0) & (fills["last_px"] == batch.commands["price"][row])
        np.add.at(by_all, row[at_price], fills["last_qty"][at_price])
        good = by_maker[sent] == expected
        self.same_maker += int(np.count_nonzero(good))
        self.same_quantity += int(np.count_nonzero(by_all[sent] == expected))
        self.surprises += int(np.count_nonzero((named == 0) & (fills["liquidity"] == MAKER)))
        wrong = np.concatenate([fills["cl_ord_id"][~right], batch.makers[sent[~good]]])
        refs = np.unique(wrong)
        self.restored += len(refs)
        if not self.first and not np.all(good):
            at = int(sent[int(np.argmin(good))])
            self._tell(batch, at, fills[row == at])
        return refs

    def _tell(self, batch: Batch, at: int, hit: Rows) -> None:
        command = batch.commands[at]
        price, qty, now = (int(command[n]) for n in ("price", "order_qty", "transact_time"))
        found = ", ".join(
            f"{int(fill['last_qty'])} of order {int(fill['cl_ord_id'])}" for fill in hit
        )
        self.first = (
            f"at {now} ns the file executes {qty} of order {int(batch.makers[at])} at {price},"
            f" matching hits {found or 'nothing'}"
        )
