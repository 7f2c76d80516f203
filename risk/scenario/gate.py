"""A pre-trade check in front of an exchange: scenario margin of each account, order by order.

The exchange keeps positions and pending orders; the gate follows them from its reports and asks
`Incremental` what one more order adds. What it lets through goes to the exchange, and so into the
log; a replay needs no gate. The instruments that it watches have no margin of their own in the
exchange (MARGIN_MODEL PER_LOT with MARGIN_PER_LOT 0).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from domain.attributes import NodeAttr
from domain.codes import Command, ExecInst, ExecType, Level, OrdStatus, Reason, ReportType, Scope
from domain.errors import InvalidField
from domain.layout import REPORT
from domain.tables import Table
from risk.derived import VARIATION
from risk.scenario.facts import Margin, Position
from risk.scenario.incremental import Incremental
from risk.scenario.span import Scenario

Rows = np.ndarray[Any, Any]
_SELLS = (2, 5, 6)  # FIX sides


class Exchange(Protocol):
    """`engine.Exchange` and `gridworks.Exchange` have this."""

    def table(self, table: Table, /) -> Any:
        """The used rows of a table of the state; row 0 is unused."""

    def apply(self, commands: Rows, /) -> Rows:
        """COMMAND rows in, REPORT rows out."""


@dataclass(frozen=True, slots=True)
class Answer:
    """May an order enter? Minor units: what it adds, margin with it, and collateral."""

    allowed: bool
    added: int
    margin: int
    collateral: int


class Gate:
    """Holds orders back that the account's collateral does not cover.

        gate = Gate(model, exchange, {1: "NIFTY-JUN", 2: "NIFTY-JUL"})
        reports = gate.apply(commands)

    An order passes if it adds nothing, or if the margin with it and with all that is pending at
    its worst is at most the collateral (cash, CREDIT, unrealised losses) less what the exchange
    itself holds for other instruments and fees. One that does not is answered by a REPORT row as
    the exchange would (REJECTED, BUYING_POWER, `seq` 0: it is in no log). Orders and quotes are
    asked for one by one, in order; everything else passes.

    contracts: number of each watched instrument -> its contract in the model.
    """

    def __init__(self, model: Scenario, exchange: Exchange, contracts: Mapping[int, str]) -> None:
        for name in contracts.values():
            if name not in model.tables.place:
                raise InvalidField("contract", name, "a contract of the parameters")
        self.model, self.exchange, self.contracts = model, exchange, dict(contracts)
        self._books: dict[int, Incremental] = {}
        self._rows: dict[tuple[int, int], int] = {}
        self._seen = 1
        for account, instrument in list(self._new_rows()):
            self._follow(account, instrument)

    # ------------------------------------------------------------------ what accounts hold

    def _new_rows(self) -> Iterator[tuple[int, int]]:
        """Take up the position rows that are new since the last call."""
        table = self.exchange.table(Table.POSITION)
        fresh = table[self._seen :]
        pairs = zip(fresh["node"].tolist(), fresh["instrument"].tolist(), strict=True)
        for at, pair in enumerate(pairs, self._seen):
            self._rows[pair] = at
            yield pair
        self._seen = len(table)

    def _follow(self, account: int, instrument: int) -> None:
        """Bring an account's margin up to what the exchange says it holds and has pending."""
        name, at = self.contracts.get(instrument), self._rows.get((account, instrument))
        nodes = self.exchange.table(Table.NODE)
        if name is None or at is None or nodes[account]["level"] != Level.ACCOUNT:
            return
        row = self.exchange.table(Table.POSITION)[at]
        book = self.book(account)
        now = (int(row["qty"]), int(row["open_buy"]), int(row["open_sell"]))
        held = book.position(name)
        change = (now[0] - held.quantity, now[1] - held.open_buy, now[2] - held.open_sell)
        if any(change):
            book.change(name, *change)

    def learn(self, commands: Rows, reports: Rows) -> None:
        """Follow what commands that did not come through `apply` have changed."""
        list(self._new_rows())
        told = reports[reports["report"] == ReportType.EXECUTION]
        pairs = set(zip(told["account"].tolist(), told["instrument"].tolist(), strict=True))
        moved = commands[commands["scope"] == Scope.POSITION]
        pairs.update(zip(moved["account"].tolist(), moved["instrument"].tolist(), strict=True))
        for account, instrument in sorted(pairs):
            self._follow(account, instrument)

    def book(self, account: int) -> Incremental:
        """The margin of an account, kept up to date."""
        if account not in self._books:
            self._books[account] = Incremental(self.model)
        return self._books[account]

    def margin(self, account: int) -> Margin:
        """The same worked out anew from the exchange's tables, with its parts."""
        rows = self.exchange.table(Table.POSITION)
        chosen = rows[rows["node"] == account]
        return self.model.margin([
            Position(self.contracts[int(row["instrument"])], int(row["qty"]),
                     int(row["open_buy"]), int(row["open_sell"]))
            for row in chosen if int(row["instrument"]) in self.contracts
        ])  # fmt: skip

    def collateral(self, account: int) -> int:
        """What stands behind watched positions: see the class."""
        node = self.exchange.table(Table.NODE)[account]
        limits = self.exchange.table(Table.NODE_LIMIT)[account]
        own = int(node["cash"]) + int(limits[NodeAttr.CREDIT]) + min(0, int(limits[VARIATION]))
        return own - int(node["margin"]) - int(node["hold_fee"])

    # ------------------------------------------------------------------ orders

    def _live(self, account: int, instrument: int, quotes: bool) -> tuple[Rows, Rows]:
        """(rows of ORDER, their numbers) of an account's live orders, quote legs or others."""
        orders = self.exchange.table(Table.ORDER)
        mine = (orders["state"] != 0) & (orders["account"] == account)
        legs = (orders["exec_inst"] & ExecInst.QUOTE_LEG) != 0
        here = orders["instrument"] == instrument if quotes else ~legs
        found = np.flatnonzero(mine & here & (legs == quotes))
        return orders[found], found

    def _replaced(self, command: Any) -> tuple[int, int, int]:
        """(instrument, side, lots it adds) of a replace; (0, 0, 0) if its order is not found."""
        orders, slots = self._live(int(command["account"]), 0, quotes=False)
        details = self.exchange.table(Table.DETAIL)[slots]
        if command["orig_cl_ord_id"]:
            at = np.flatnonzero(details["cl_ord_id"] == command["orig_cl_ord_id"])
        else:
            at = np.flatnonzero(orders["order_id"] == command["order_id"])
        if not len(at) or command["order_qty"] == 0:
            return 0, 0, 0
        order, detail = orders[at[0]], details[at[0]]
        more = int(command["order_qty"]) - int(detail["cum_qty"]) - int(order["leaves_qty"])
        return int(order["instrument"]), int(order["side"]), max(more, 0)

    def _change(self, command: Any) -> tuple[int, int, int]:
        """(instrument, pending purchases, pending sales) that a command would add."""
        kind, instrument = int(command["command"]), int(command["instrument"])
        if kind == Command.NEW_ORDER:
            lots = int(command["order_qty"])
            return (instrument, 0, lots) if command["side"] in _SELLS else (instrument, lots, 0)
        if kind == Command.REPLACE_ORDER:
            instrument, side, more = self._replaced(command)
            return (instrument, 0, more) if side else (instrument, more, 0)
        if kind == Command.QUOTE:
            legs, _ = self._live(int(command["account"]), instrument, quotes=True)
            bid, ask = (int(legs["leaves_qty"][legs["side"] == side].sum()) for side in (0, 1))
            buys, sells = int(command["order_qty"]) - bid, int(command["offer_size"]) - ask
            return instrument, max(buys, 0), max(sells, 0)
        return 0, 0, 0

    def ask(self, command: Any) -> Answer:
        """What an order, a replace or a quote would add, and whether it may enter.

        Raises InvalidField for lots that no portfolio can hold.
        """
        account, (instrument, buys, sells) = int(command["account"]), self._change(command)
        name = self.contracts.get(instrument)
        known = account in self._books or 0 < account < len(self.exchange.table(Table.NODE))
        if name is None or not known or buys < 0 or sells < 0:
            return Answer(True, 0, 0, 0)  # not watched, or nonsense that the exchange refuses
        book = self.book(account)
        added = book.what_if(name, 0, buys, sells)
        margin, own = book.total + added, self.collateral(account)
        return Answer(added <= 0 or margin <= own, added, margin, own)

    def apply(self, commands: Rows) -> Rows:
        """Apply COMMAND rows but for orders that are not covered; the REPORT rows of all."""
        found = []
        for at in range(len(commands)):
            row = commands[at : at + 1]
            answer = self.ask(row[0])
            if answer.allowed:
                reports = self.exchange.apply(row)
                self.learn(row, reports)
            else:
                reports = _refusal(row[0], answer)
            found.append(reports)
        return np.concatenate(found) if found else np.zeros(0, REPORT)


def _refusal(command: Any, answer: Answer) -> Rows:
    """The report of an order that was held back."""
    row = np.zeros(1, REPORT)
    for name in ("account", "instrument", "cl_ord_id", "orig_cl_ord_id", "price", "order_qty",
                 "side", "ord_type", "time_in_force", "command", "transact_time"):  # fmt: skip
        row[name] = command[name]
    entered = command["command"] == Command.NEW_ORDER
    row["report"] = ReportType.EXECUTION if entered else ReportType.CANCEL_REJECT
    row["exec_type"], row["ord_status"] = ExecType.REJECTED, OrdStatus.REJECTED
    row["reason"], row["level"] = Reason.BUYING_POWER, Level.ACCOUNT
    row["limit"], row["observed"] = answer.collateral, answer.margin
    row["headroom"] = answer.collateral - answer.margin + answer.added
    return row
