"""The accounts of an exchange at one moment, as the monitor sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import numpy as np

from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import Level
from domain.limits import BPS
from domain.tables import Table
from risk.derived import VARIATION
from risk.monitoring.policy import Policy


class Exchange(Protocol):
    """What is read of an exchange: `engine.Exchange` and `gridworks.Exchange` have it."""

    def table(self, table: Table, /) -> Any:
        """The used rows of a table of the state; row 0 is unused."""


class Status(Enum):
    """How an account stands; each is worse than the one before."""

    HEALTHY = "healthy"
    REDUCING = "reducing"  # the exchange's risk-reduction mode: IOC and FOK orders only
    CALLED = "called"
    LIQUIDATING = "liquidating"
    DEFAULTED = "defaulted"  # nothing left to close, and its cash is negative


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account marked to the market; minor units.

    collateral: cash, credit and unrealised losses. used: initial margin and fees held.
    maintenance: what collateral may not fall below. shortfall: what a margin call asks for.
    """

    account: int
    status: Status
    collateral: int
    used: int
    maintenance: int
    open_orders: int
    cash: int
    unrealised: int

    @property
    def shortfall(self) -> int:
        """How much collateral is missing for the initial margin."""
        return max(0, self.used - self.collateral)

    @property
    def utilisation_bps(self) -> int:
        """Margin in use as a share of collateral, basis points; without any: the largest int64."""
        if self.used <= 0:
            return 0
        return self.used * BPS // self.collateral if self.collateral > 0 else 2**63 - 1


def held_positions(exchange: Exchange, account: int) -> list[tuple[int, int, int]]:
    """(instrument, lots, value) of an account's open positions.

    The one with the largest margin comes first, of equal ones the one that is worth most.
    """
    rows = exchange.table(Table.POSITION)
    chosen = rows[(rows["node"] == account) & (rows["qty"] != 0)]
    names = ("instrument", "qty", "value", "margin")
    found = zip(*(chosen[name].tolist() for name in names), strict=True)
    ordered = sorted(found, key=lambda row: (-row[3], -abs(row[2]), row[0]))
    return [row[:3] for row in ordered]


def mark(exchange: Exchange, instrument: int) -> int:
    """The last price, else REFERENCE_PRICE, else 0, in ticks."""
    last = int(exchange.table(Table.BOOK)[instrument]["last_px"])
    return last or int(exchange.table(Table.INSTRUMENT)[instrument, InstrumentAttr.REFERENCE_PRICE])


def _status(
    policy: Policy, collateral: int, used: int, reducing: bool, open_lots: bool, cash: int
) -> Status:
    if cash < 0 and not open_lots and used == 0:
        return Status.DEFAULTED
    if used > 0 and collateral * BPS < used * policy.maintenance_bps:
        return Status.LIQUIDATING
    if used > 0 and used * BPS >= collateral * policy.call_bps:
        return Status.CALLED
    return Status.REDUCING if reducing else Status.HEALTHY


def accounts(
    exchange: Exchange, policy: Policy, extra: Callable[[int], int] | None = None
) -> Iterator[AccountState]:
    """Every account in order of its number, but for the insurance account.

    extra: further margin of an account, minor units, on top of what the exchange itself holds.
    """
    nodes, limits = exchange.table(Table.NODE), exchange.table(Table.NODE_LIMIT)
    rows = exchange.table(Table.POSITION)
    holders = set(rows["node"][rows["qty"] != 0].tolist())
    for number in np.flatnonzero(nodes["level"] == Level.ACCOUNT).tolist():
        if number in (0, policy.insurance):
            continue
        node, row = nodes[number], limits[number]
        cash, variation = int(node["cash"]), int(row[VARIATION])
        collateral = cash + int(row[NodeAttr.CREDIT]) + min(0, variation)
        used = int(node["margin"]) + int(node["hold_fee"])
        if extra is not None:
            used += extra(number)
        reducing, open_lots = bool(node["reducing"]), number in holders
        yield AccountState(
            number, _status(policy, collateral, used, reducing, open_lots, cash), collateral, used,
            -(-used * policy.maintenance_bps // BPS), int(node["orders"]), cash, variation,
        )  # fmt: skip
