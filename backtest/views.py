"""What callbacks are given: small objects that hold the present and nothing else.

A bar, a trade or a book is one object that is filled again for each event, so nothing of the
future can be reached through it, and what a strategy wants to keep it copies.
"""

from __future__ import annotations

from typing import Any

from domain.codes import ExecType, OrdStatus, Reason, Side


class Bar:
    """A bar that has closed: prices and volume in units, `time` ns when it closed."""

    __slots__ = ("close", "high", "instrument", "low", "open", "symbol", "time", "volume")
    instrument: int
    symbol: str
    time: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class Tick:
    """A trade of the market; `side` 1 when a buyer was the aggressor, 2 a seller, 0 unknown."""

    __slots__ = ("instrument", "price", "qty", "side", "symbol", "time")
    instrument: int
    symbol: str
    time: int
    price: float
    qty: float
    side: int


class Book:
    """The best prices after a change, own orders left in; a quantity of 0 is an empty side."""

    __slots__ = ("ask", "ask_qty", "bid", "bid_qty", "instrument", "symbol", "time")
    instrument: int
    symbol: str
    time: int
    bid: float
    bid_qty: float
    ask: float
    ask_qty: float


class Report:
    """An execution report in units; `reason` says why an order was refused or ended."""

    __slots__ = (
        "cl_ord_id", "cum_qty", "exec_type", "fee", "instrument", "last_px", "last_qty",
        "leaves_qty", "ord_status", "order_id", "order_qty", "orig_cl_ord_id", "price", "reason",
        "row", "side", "symbol", "time", "trade_id",
    )  # fmt: skip
    cl_ord_id: int
    orig_cl_ord_id: int
    order_id: int
    trade_id: int
    instrument: int
    symbol: str
    time: int
    side: Side
    exec_type: ExecType
    ord_status: OrdStatus
    reason: Reason
    order_qty: float
    leaves_qty: float
    cum_qty: float
    price: float
    last_px: float  # of a fill, else 0
    last_qty: float
    fee: float
    row: Any  # the domain.layout.REPORT row: ticks, lots and minor units


class Line:
    """The newest `value` of an indicator, and the one before it; named tuples if it has several."""

    __slots__ = ("instrument", "previous", "source", "value")

    def __init__(self, instrument: int, source: str) -> None:
        self.instrument, self.source = instrument, source
        self.value: Any = float("nan")
        self.previous: Any = float("nan")
