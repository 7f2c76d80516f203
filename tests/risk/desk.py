"""A small exchange without a book: a store, its commands, and orders driven through the kernels."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain import layout, state
from domain.attributes import InstrumentAttr, NodeAttr, PositionAttr
from domain.codes import Level, OrdType, Phase, Reason, Scope, TimeInForce
from domain.tables import Table
from engine.store import Store, aligned
from tests.risk import kernels

BUY, SELL = 0, 1


class Desk:
    """Nodes 1 firm, 2 client, 3 desk, 4 and 5 accounts below it, 6 a lone account; instrument 1."""

    FIRM, CLIENT, DESK, ACCOUNT, OTHER, LONE = 1, 2, 3, 4, 5, 6

    def __init__(self, kind: int = 1, cash: int = 10**12) -> None:
        self.store = Store()
        self.s = self.store.address
        self._commands = aligned(layout.COMMAND, 1)
        self.store.point(Table.COMMAND, self._commands)
        self.store.core["time"] = 10**18
        for level, parent in ((4, 0), (3, 1), (2, 2), (1, 3), (1, 3), (1, 0)):
            node = int(self.store.core["nodes"]) + 1
            assert self.send(kernels.node_add, entity=node, index=level, parent=parent) == 0
        assert self.send(kernels.instrument_add, entity=1, index=kind) == 0
        self.book["phase"] = Phase.CONTINUOUS
        self.book["last_px"] = 100
        for account in (self.ACCOUNT, self.OTHER, self.LONE):
            if cash:
                assert self.send(kernels.deposit, account=account, value=cash) == 0
        self.slots = 0

    def send(self, kernel: Any, *args: Any, **fields: int) -> Reason:
        """Call an administration kernel with a COMMAND row of these fields."""
        row = self._commands[0]
        self._commands[:] = np.zeros(1, layout.COMMAND)
        for name, value in fields.items():
            row[name] = value
        return Reason(kernel(self.s, *args))

    @property
    def book(self) -> Any:
        return self.store[Table.BOOK][1]

    def touch(self, side: int, price: int) -> None:
        """Let the best price of a side (0 bids, 1 asks) of instrument 1 be `price`."""
        row = 1 + side
        self.store[Table.LEVEL][row]["price"] = price
        self.store[Table.TREE][4 + side]["best"] = row

    @property
    def candidate(self) -> Any:
        return self.store[Table.CANDIDATE][0]

    @property
    def now(self) -> int:
        return int(self.store.core["time"])

    def wait(self, ns: int) -> None:
        self.store.core["time"] += ns

    def node(self, number: int) -> Any:
        return self.store[Table.NODE][number]

    def position(self, node: int, instrument: int = 1) -> Any:
        return self.store[Table.POSITION][kernels.position_row(self.s, node, instrument)]

    def add_instrument(self, kind: int = 1, **values: int) -> int:
        number = int(self.store.core["instruments"]) + 1
        assert self.send(kernels.instrument_add, entity=number, index=kind) == 0
        self.store[Table.BOOK][number]["phase"] = Phase.CONTINUOUS
        self.store[Table.BOOK][number]["last_px"] = 100
        self.instrument(number, **values)
        return number

    def instrument(self, number: int = 1, **values: int) -> None:
        """SET attributes of an instrument by name; all must be accepted."""
        for name, value in values.items():
            reason = self.send(
                kernels.set_attribute,
                scope=Scope.INSTRUMENT,
                entity=number,
                attribute=InstrumentAttr[name],
                value=value,
            )
            assert reason == 0, (name, reason)

    def limit(self, node: int, **values: int) -> None:
        """SET attributes of a node by name; all must be accepted."""
        for name, value in values.items():
            reason = self.send(
                kernels.set_attribute,
                scope=Scope.NODE,
                entity=node,
                attribute=NodeAttr[name],
                value=value,
            )
            assert reason == 0, (name, reason)

    def row_limit(self, node: int, instrument: int = 1, **values: int) -> None:
        """SET attributes of a position row by name."""
        for name, value in values.items():
            reason = self.send(
                kernels.set_attribute,
                scope=Scope.POSITION,
                entity=node,
                instrument=instrument,
                attribute=PositionAttr[name],
                value=value,
            )
            assert reason == 0, (name, reason)

    def group_limit(self, node: int, kind: int, number: int, **values: int) -> None:
        """SET limits of an exposure group (kind 1 product, 2 currency) by name."""
        for name, value in values.items():
            reason = self.send(
                kernels.set_attribute,
                scope=Scope.GROUP,
                entity=node,
                index=kind,
                instrument=number,
                attribute=PositionAttr[name],
                value=value,
            )
            assert reason == 0, (name, reason)

    def propose(self, side: int, qty: int, price: int = 100, **fields: int) -> Any:
        """Fill the candidate as the engine does: a limit order unless fields say otherwise."""
        c = self.candidate
        self.store[Table.CANDIDATE][:] = np.zeros(1, state.CANDIDATE)
        account = fields.pop("account", self.ACCOUNT)
        instrument = fields.pop("instrument", 1)
        c["now"] = self.now
        c["price"] = price
        c["worst_px"] = max(price, 1)
        c["order_qty"] = c["leaves_qty"] = qty
        c["account"] = account
        c["instrument"] = instrument
        c["position"] = kernels.position_row(self.s, account, instrument)
        c["side"] = side
        c["fix_side"] = side + 1
        c["ord_type"] = OrdType.LIMIT
        c["time_in_force"] = TimeInForce.DAY
        for name, value in fields.items():
            c[name] = value
        return c

    def admit(self, side: int, qty: int, price: int = 100, **fields: int) -> Reason:
        """Propose and check; nothing is entered."""
        self.propose(side, qty, price, **fields)
        return Reason(kernels.admit(self.s))

    def enter(self, side: int, qty: int, price: int = 100, **fields: int) -> int:
        """Check and enter an order; its slot, or minus the reason of the refusal."""
        reason = self.admit(side, qty, price, **fields)
        return -int(reason) if reason else self.rest()

    def rest(self) -> int:
        """Enter the candidate that was just admitted."""
        kernels.accepted(self.s)
        self.slots += 1
        slot, c = self.slots, self.candidate
        order, detail = self.store[Table.ORDER][slot], self.store[Table.DETAIL][slot]
        for name in ("price", "leaves_qty", "position", "instrument", "account", "side"):
            order[name] = c[name]
        for name in ("worst_px", "hold_fee", "order_qty"):
            detail[name] = c[name]
        kernels.reserve(self.s)
        return slot

    def order(self, slot: int) -> Any:
        return self.store[Table.ORDER][slot]

    def fill(self, slot: int, price: int, qty: int, liquidity: int = 1) -> int:
        """Trade `qty` of an order at `price`; the fee."""
        self.order(slot)["leaves_qty"] -= qty
        self.store[Table.DETAIL][slot]["cum_qty"] += qty
        self.store[Table.BOOK][int(self.order(slot)["instrument"])]["last_px"] = price
        return int(kernels.fill(self.s, slot, price, qty, liquidity))

    def cancel(self, slot: int) -> None:
        """Take an order out."""
        kernels.unreserve(self.s, slot)
        self.order(slot)["leaves_qty"] = 0

    def trade(self, side: int, qty: int, price: int, **fields: int) -> int:
        """Enter an order and fill it at once at its price; the slot."""
        slot = self.enter(side, qty, price, **fields)
        assert slot > 0, Reason(-slot)
        self.fill(slot, price, qty)
        return slot

    def refusal(self) -> tuple[int, int, int, int]:
        """(level, limit, observed, headroom) of the last refusal."""
        c = self.candidate
        return int(c["level"]), int(c["limit"]), int(c["observed"]), int(c["headroom"])


NONE = Level.NONE
