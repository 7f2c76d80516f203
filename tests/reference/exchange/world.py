"""Everything an exchange knows, and the rows it has written."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from domain.attributes import NodeAttr
from domain.codes import Level, SelfTrade
from domain.layout import COMMAND
from tests.reference.exchange.model import Instrument, Node, Order, Position, Setting

_FIELDS = tuple(name for name in COMMAND.names or () if name != "_spare")


class Command:
    """One command row with plain Python ints."""

    seq: int
    transact_time: int
    cl_ord_id: int
    order_id: int
    price: int
    order_qty: int
    instrument: int
    account: int
    command: int
    side: int
    ord_type: int
    time_in_force: int
    exec_inst: int
    stp_mode: int
    contingency: int
    orig_cl_ord_id: int
    stop_px: int
    display_qty: int
    min_qty: int
    offset: int
    expire_time: int
    cl_ord_link_id: int
    algo_id: int
    session: int
    list_size: int
    scope: int
    attribute: int
    index: int
    entity: int
    parent: int
    value: int
    price_low: int
    price_high: int
    offer_px: int
    offer_size: int

    def __init__(self, row: np.void) -> None:
        for name in _FIELDS:
            setattr(self, name, int(row[name]))


@dataclass(slots=True)
class World:
    """The state. Nothing in here decides anything."""

    seq: int = 0
    time: int = 0
    exec_id: int = 0
    trade_id: int = 0
    order_id: int = 0
    stamp: int = 0
    command: int = 0  # the code of the current command
    rounds: int = 0  # of peg moves left in the current command
    killed: bool = False
    instruments: dict[int, Instrument] = field(default_factory=dict)
    nodes: dict[int, Node] = field(default_factory=dict)
    below: dict[int, list[int]] = field(default_factory=dict)  # the accounts of a node
    positions: dict[tuple[int, int], Position] = field(default_factory=dict)  # of accounts
    settings: dict[tuple[int, int], Setting] = field(default_factory=dict)  # of any node
    algos: dict[int, bool] = field(default_factory=dict)  # known ones: killed?
    sessions: dict[int, bool] = field(default_factory=dict)  # named ones: connected?
    directory: dict[tuple[int, int], Order] = field(default_factory=dict)
    by_id: dict[int, Order] = field(default_factory=dict)
    slots: dict[int, Order] = field(default_factory=dict)  # the order table
    free_slots: list[int] = field(default_factory=list)
    highest_slot: int = 0
    quotes: dict[tuple[int, int], dict[int, Order]] = field(default_factory=dict)
    ready: deque[Order] = field(default_factory=deque)
    touched: set[int] = field(default_factory=set)  # instruments to be settled
    recent: dict[tuple[int, int, int, int, int], int] = field(default_factory=dict)
    deposited: dict[int, int] = field(default_factory=dict)  # lots put in less taken out
    deposited_value: dict[int, int] = field(default_factory=dict)  # the same at its prices
    prepared: list[list[list[int]]] = field(default_factory=lambda: [[] for _ in range(7)])
    parameters: list[list[list[int]]] = field(default_factory=lambda: [[] for _ in range(7)])
    margins: dict[Any, int] = field(default_factory=dict)  # of portfolios, as far as worked out
    cash_in: int = 0  # cash put in less taken out
    reports: list[dict[str, Any]] = field(default_factory=list)

    def next_stamp(self) -> int:
        self.stamp += 1
        return self.stamp

    def take_slot(self, order: Order) -> None:
        """The row freed last, else the next new one."""
        if self.free_slots:
            order.slot = self.free_slots.pop()
        else:
            self.highest_slot += 1
            order.slot = self.highest_slot
        self.slots[order.slot] = order

    def free_slot(self, order: Order) -> None:
        del self.slots[order.slot]
        self.free_slots.append(order.slot)

    def table(self) -> Iterator[Order]:
        """Live orders in the order of their rows, also while orders end and appear."""
        slot = 0
        while slot < self.highest_slot:
            slot += 1
            if slot in self.slots:
                yield self.slots[slot]

    def chain(self, account: int) -> Iterator[Node]:
        """The account and all above it: ACCOUNT, DESK, CLIENT, FIRM."""
        number = account
        while number:
            node = self.nodes[number]
            yield node
            number = node.parent

    def position(self, node: int, instrument: int) -> Position:
        return self.positions.setdefault((node, instrument), Position())

    def rows_of(self, node: int) -> list[tuple[int, Position]]:
        """(instrument, row) of every position row of the accounts of a node."""
        below = self.below[node]
        return [(i, row) for (n, i), row in self.positions.items() if n in below]

    def rows_in(self, node: int, instrument: int) -> list[Position]:
        """The rows of the accounts of a node in one instrument."""
        return [self.position(account, instrument) for account in self.below[node]]

    def setting(self, node: int, instrument: int) -> Setting:
        return self.settings.get((node, instrument), Setting())

    def is_account(self, number: int) -> bool:
        return number in self.nodes and self.nodes[number].level == Level.ACCOUNT

    def self_trade_mode(self, incoming: Order, resting: Order) -> int:
        """What happens when these two meet: ALLOW if they may trade."""
        groups = [self.nodes[o.account][NodeAttr.STP_GROUP] for o in (incoming, resting)]
        if groups[0] == 0 or groups[0] != groups[1]:
            return SelfTrade.ALLOW
        return incoming.stp_mode or self.nodes[incoming.account][NodeAttr.STP_MODE]
