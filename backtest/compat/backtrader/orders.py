"""Orders, trades and positions as backtrader shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, ClassVar


class Status(IntEnum):
    """Where an order is."""

    Created = 0
    Submitted = 1
    Accepted = 2
    Partial = 3
    Completed = 4
    Canceled = 5
    Expired = 6
    Margin = 7
    Rejected = 8


class ExecType(IntEnum):
    """Kinds of orders."""

    Market = 0
    Close = 1
    Limit = 2
    Stop = 3
    StopLimit = 4
    StopTrail = 5


@dataclass(slots=True)
class Executed:
    """What has been executed: size (sold below 0), average price, its value, commission, time."""

    size: int = 0
    price: float = 0.0
    value: float = 0.0
    comm: float = 0.0
    pnl: float = 0.0
    dt: int = 0


@dataclass(eq=False)
class Order:
    """An order; statuses and kinds are attributes: `order.Completed`, `bt.Order.Limit`."""

    ref: int
    data: Any
    size: int
    price: float | None
    exectype: ExecType
    info: dict[str, Any] = field(default_factory=dict)
    status: Status = Status.Created
    executed: Executed = field(default_factory=Executed)

    Created: ClassVar = Status.Created
    Submitted: ClassVar = Status.Submitted
    Accepted: ClassVar = Status.Accepted
    Partial: ClassVar = Status.Partial
    Completed: ClassVar = Status.Completed
    Canceled: ClassVar = Status.Canceled
    Cancelled: ClassVar = Status.Canceled
    Expired: ClassVar = Status.Expired
    Margin: ClassVar = Status.Margin
    Rejected: ClassVar = Status.Rejected
    Market: ClassVar = ExecType.Market
    Close: ClassVar = ExecType.Close
    Limit: ClassVar = ExecType.Limit
    Stop: ClassVar = ExecType.Stop
    StopLimit: ClassVar = ExecType.StopLimit
    StopTrail: ClassVar = ExecType.StopTrail

    def isbuy(self) -> bool:
        return self.size > 0

    def issell(self) -> bool:
        return self.size < 0

    def alive(self) -> bool:
        """Whether it may still be executed."""
        return self.status <= Status.Partial

    def getstatusname(self) -> str:
        return self.status.name

    def fill(self, units: int, price: float, fee: float, time: int) -> None:
        """Take in an execution."""
        done = self.executed
        total = abs(done.size) + abs(units)
        done.price = (done.price * abs(done.size) + price * abs(units)) / total
        done.size += units
        done.value, done.comm, done.dt = done.price * abs(done.size), done.comm + fee, time


@dataclass(slots=True)
class Position:
    """What is held in one data; true if anything is."""

    size: int = 0
    price: float = 0.0

    def __bool__(self) -> bool:
        return self.size != 0


@dataclass(slots=True)
class Trade:
    """From flat to flat in one data."""

    data: Any
    size: int = 0
    price: float = 0.0
    value: float = 0.0
    commission: float = 0.0
    pnl: float = 0.0
    pnlcomm: float = 0.0
    justopened: bool = False
    isopen: bool = False
    isclosed: bool = False
    baropen: int = 0
    barclose: int = 0
    barlen: int = 0


def booked(trade: Trade, units: int, price: float, fee: float) -> int:
    """Book an execution on a trade; returns the units that are left when it has become flat."""
    closing = trade.size * units < 0
    part = min(abs(units), abs(trade.size)) if closing else abs(units)
    signed, share = part if units > 0 else -part, part / abs(units)
    trade.commission += fee * share
    if closing:
        trade.pnl += -signed * (price - trade.price)
    else:
        total = abs(trade.size) + part
        trade.price = (trade.price * abs(trade.size) + price * part) / total
    trade.justopened = trade.size == 0
    trade.size += signed
    trade.value = abs(trade.size) * trade.price
    trade.pnlcomm = trade.pnl - trade.commission
    trade.isopen, trade.isclosed = trade.size != 0, trade.size == 0
    return units - signed
