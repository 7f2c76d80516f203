"""Is what the server said true? Answers and fills against each other and against its end state."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from benches.load.recorder import SEEN, seen
from benches.load.session import Heard
from benches.load.standing import DropCopy, Held, Standing
from domain.codes import Command, ExecType, ReportType
from gridworks.api.trading.v1.order_entry_pb2 import DropCopyResponse

Array = np.ndarray[Any, Any]
BUY = 1
_NEW = 48  # the wire's number of a code that is 0
_ANSWERS = {
    (Command.NEW_ORDER, _NEW), (Command.NEW_ORDER, ExecType.REJECTED),
    (Command.CANCEL_ORDER, ExecType.CANCELED), (Command.REPLACE_ORDER, ExecType.REPLACED),
}  # fmt: skip


@dataclass(frozen=True)
class Check:
    """One question, its answer, and what was counted or what is wrong; None: not asked."""

    name: str
    ok: bool | None
    text: str


@dataclass
class Evidence:
    """Everything that the checks look at."""

    heard: list[Heard]
    drops: list[DropCopy]
    before: Standing
    after: Standing
    accounts: frozenset[int]

    def __post_init__(self) -> None:
        found = [seen([data for _, data in each.messages]) for each in self.heard]
        self.reports = [rows for rows, _ in found]
        self.numbers = [numbers for _, numbers in found]
        parts = [seen(drop.messages, DropCopyResponse) for drop in self.drops]
        self.drop_numbers = [numbers for _, numbers in parts]
        rows = [rows for rows, _ in (parts if self.drops else found)]
        every = np.concatenate([np.zeros(0, SEEN), *rows])
        _, first = np.unique(every["exec_id"], return_index=True)  # two sessions may tell one
        self.every = every[first]
        self.complete = bool(self.drops) and not any(d.problem for d in self.drops)


def check(evidence: Evidence) -> list[Check]:
    """All checks, in the order in which a failure explains the next."""
    return [
        _ended(evidence), _numbered(evidence), _answered(evidence), _dropped(evidence),
        _trades(evidence), _positions(evidence), _conserved(evidence), _orders(evidence),
    ]  # fmt: skip


def _ended(e: Evidence) -> Check:
    problems = [each.problem for each in e.heard if each.problem]
    problems += [drop.problem for drop in e.drops if drop.problem]
    text = problems[0] if problems else f"{len(e.heard):,} sessions ended in good order"
    return Check("streams", not problems, text)


def _gap(numbers: Array) -> str:
    """What is wrong with the numbering of a stream, if anything is."""
    for (first, count), (following, _) in zip(numbers[:-1].tolist(), numbers[1:].tolist()):
        if following != first + count:
            return f"{following} follows {first + count - 1}"
    return ""


def _numbered(e: Evidence) -> Check:
    gaps = [gap for numbers in (*e.numbers, *e.drop_numbers) if (gap := _gap(numbers))]
    count = sum(len(rows) for rows in e.reports)
    return Check("no gap in any numbering", not gaps, gaps[0] if gaps else f"{count:,} reports")


def _key(command: int, cl_ord_id: int, orig: int) -> tuple[int, int]:
    """What a command and its answer have in common."""
    return command, orig if command == Command.REPLACE_ORDER else cl_ord_id


def _answered(e: Evidence) -> Check:
    """Each command has exactly one answer: accepted, done or refused."""
    wrong, count = list[str](), 0
    for heard, rows in zip(e.heard, e.reports):
        names = ("command", "cl_ord_id", "orig_cl_ord_id")
        sent = zip(*(heard.line.rows[name].tolist() for name in names))
        wanted = Counter(_key(*cells) for cells in sent if cells[0] <= Command.REPLACE_ORDER)
        got = Counter(
            _key(command, cl_ord_id, orig)
            for command, cl_ord_id, orig, kind, what in zip(
                *(rows[name].tolist() for name in (*names, "exec_type", "report"))
            )
            if what == ReportType.CANCEL_REJECT or (command, kind) in _ANSWERS
        )
        count += sum(wanted.values())
        for key in (wanted - got) | (got - wanted):
            wrong.append(
                f"{heard.line.session}: {Command(key[0]).name} {key[1]} has {got[key]} answers "
                f"of {wanted[key]}"
            )
    text = f"{len(wrong):,} wrong, such as {wrong[0]}" if wrong else f"{count:,} commands"
    return Check("one answer a command", not wrong, text)


def _dropped(e: Evidence) -> Check:
    """What the sessions were told is in the drop copy, and what is there of their orders was told.

    So an order's fill that reached the firm and not who entered it is found, and the other way.
    """
    name = "sessions and drop copy agree"
    if not e.complete:
        return Check(name, None, "no drop copy was read")
    told = np.concatenate([np.zeros(0, SEEN), *e.reports])
    places = {exec_id: n for n, exec_id in enumerate(e.every["exec_id"].tolist())}
    at = [places.get(exec_id, -1) for exec_id in told["exec_id"].tolist()]
    wrong = sum(n < 0 for n in at) + int((e.every[at] != told).sum())
    mine = told["order_id"][(told["exec_type"] == _NEW) & (told["order_id"] > 0)]
    wanted = e.every["exec_id"][np.isin(e.every["order_id"], mine)]
    missing = len(np.setdiff1d(wanted, told["exec_id"]))
    if wrong or missing:
        return Check(name, False, f"{wrong:,} differ, {missing:,} never reached their session")
    return Check(name, True, f"{len(places):,} reports, {len(told):,} of them told")


def _fills(e: Evidence) -> Array:
    found: Array = e.every[e.every["exec_type"] == ExecType.TRADE]
    return found


def _trades(e: Evidence) -> Check:
    """A trade has a buyer and a seller, one price and one quantity."""
    name = "two equal sides a trade"
    if not e.complete:
        return Check(name, None, "no drop copy was read")
    fills = np.sort(_fills(e), order="trade_id")
    first, second = fills[::2], fills[1::2]
    if len(fills) % 2:
        return Check(name, False, f"{len(fills):,} sides of trades")
    same = np.logical_and.reduce(
        [first[n] == second[n] for n in ("trade_id", "instrument", "last_px", "last_qty")]
    )
    opposed = (first["side"] == BUY) != (second["side"] == BUY)
    wrong = int((~(same & opposed)).sum())
    lots = int(first["last_qty"].sum())
    return Check(name, not wrong, f"{wrong:,} wrong" if wrong else
                 f"{len(first):,} trades, {lots:,} lots")  # fmt: skip


def _moved(before: Held, after: Held) -> Held:
    keys = before.keys() | after.keys()
    moved = {key: after.get(key, 0) - before.get(key, 0) for key in keys}
    return {key: lots for key, lots in moved.items() if lots}


def _positions(e: Evidence) -> Check:
    """The fills are what the positions moved by."""
    name = "positions = fills"
    if not e.complete:
        return Check(name, None, "no drop copy was read")
    sums, fills = Held(), _fills(e)
    for account, instrument, side, lots in zip(
        *(fills[n].tolist() for n in ("account", "instrument", "side", "last_qty"))
    ):
        sums[account, instrument] = sums.get((account, instrument), 0) + (
            lots if side == BUY else -lots
        )
    wanted = {key: lots for key, lots in sums.items() if lots and key[0] in e.accounts}
    found = _moved(e.before.positions, e.after.positions)
    wrong = [key for key in wanted.keys() | found.keys() if wanted.get(key) != found.get(key)]
    if wrong:
        key = min(wrong)
        text = (f"account {key[0]}, instrument {key[1]}: fills {wanted.get(key, 0):+,}, "
                f"position {found.get(key, 0):+,}")  # fmt: skip
        return Check(name, False, text)
    return Check(name, True, f"{len(found):,} positions moved")


def _conserved(e: Evidence) -> Check:
    """What one account has more of another has less of."""
    name = "positions sum to what they were"
    outside = set(_fills(e)["account"].tolist()) - e.accounts
    if not e.complete or outside:
        return Check(name, None, "not all accounts that traded are seen")
    sums = Counter[int]()
    for (_, instrument), lots in _moved(e.before.positions, e.after.positions).items():
        sums[instrument] += lots
    wrong = {instrument: lots for instrument, lots in sums.items() if lots}
    text = f"instrument {min(wrong)}: {wrong[min(wrong)]:+,}" if wrong else (
        f"{len(sums):,} instruments"
    )  # fmt: skip
    return Check(name, not wrong, text)


def _orders(e: Evidence) -> Check:
    """What the reports leave open is what the server lists as open."""
    name = "open orders = reports"
    if e.before.open_orders is None or e.after.open_orders is None:
        return Check(name, None, "too many open orders to list")
    if not e.complete:
        return Check(name, None, "no drop copy was read")
    wanted = dict(e.before.open_orders)
    orders = e.every[(e.every["report"] == ReportType.EXECUTION) & (e.every["order_id"] > 0)]
    for order, account, left in zip(
        *(orders[n].tolist() for n in ("order_id", "account", "leaves_qty"))
    ):
        if left:
            wanted[order] = account, left
        else:
            wanted.pop(order, None)
    wrong = {
        order for order in wanted.keys() | e.after.open_orders.keys()
        if wanted.get(order) != e.after.open_orders.get(order)
    }  # fmt: skip
    if wrong:
        order = min(wrong)
        text = (f"{len(wrong):,} differ, such as {order}: reports {wanted.get(order)}, "
                f"server {e.after.open_orders.get(order)}")  # fmt: skip
        return Check(name, False, text)
    return Check(name, True, f"{len(wanted):,} open orders")

