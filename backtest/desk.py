"""What stands between a strategy and whatever executes its orders.

`Broker` is the little that a strategy needs of the world: the simulator is one, and an account of
a live exchange another. `Desk` translates units into ticks and lots, numbers the orders, and keeps
what the reports that have arrived say: live orders and positions.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from struct import Struct
from typing import Any, Protocol

from backtest.record import Listing
from backtest.views import Line, Report
from domain.codes import ExecType, OrdStatus, OrdType, Reason, ReportType, Side
from domain.errors import InvalidField
from domain.layout import REPORT
from domain.messages import Message, NewOrder

COLUMNS = ("open", "high", "low", "close", "volume")


class Broker(Protocol):
    """Where orders go to. Account 0 in a message stands for the strategy's own account."""

    listings: tuple[Listing, ...]
    now: int  # ns since 1970

    def send(self, message: Message) -> None:
        """Send a command on its way; what it leads to comes as report rows."""

    def cash(self) -> int:
        """Cash of the account, minor units."""

    def equity(self) -> int:
        """Cash and open positions at their last prices, minor units."""

    def set_timer(self, time: int, tag: Any) -> None:
        """Have `on_timer(tag)` called at a time."""


@dataclass(slots=True)
class Order:
    """An order of yours, as the reports say. Prices and quantities in units."""

    cl_ord_id: int
    instrument: int
    symbol: str
    side: Side
    ord_type: OrdType
    order_qty: float
    leaves_qty: float
    price: float
    stop_px: float
    status: OrdStatus | None = None  # None: no report has come yet
    cum_qty: float = 0
    order_id: int = 0


class Scale:
    """How one instrument's units become ticks, lots and minor units."""

    __slots__ = ("listing", "lot", "minor", "number", "per_tick", "tick", "whole")
    minor: int

    def __init__(self, number: int, listing: Listing) -> None:
        self.number, self.listing = number, listing
        self.tick, self.lot = listing.tick, listing.lot
        inverse = 1 / listing.tick
        self.per_tick = float(inverse) if inverse == int(inverse) else 0.0
        self.whole = int(listing.lot) if listing.lot == int(listing.lot) else 0
        self.minor = 10**listing.decimals

    def ticks(self, price: float | int | Decimal) -> int:
        """The nearest tick."""
        if not price:
            return 0
        if self.per_tick and not isinstance(price, Decimal):
            return round(price * self.per_tick)
        return int((Decimal(str(price)) / self.tick).to_integral_value())

    def lots(self, qty: float | int | Decimal) -> int:
        """Whole lots, rounded down."""
        if self.whole == 1:
            return int(qty)
        return int(Decimal(str(qty)) / self.lot)

    def price(self, ticks: int) -> float:
        """Ticks as a price."""
        return ticks / self.per_tick if self.per_tick else ticks * float(self.tick)

    def qty(self, lots: int) -> float | int:
        """Lots as a quantity; a whole number where a lot is."""
        return lots * self.whole if self.whole else float(lots * self.lot)


_LETTERS = {"int64": "q", "int32": "i", "uint16": "H", "uint8": "B"}
_KINDS = [kind[0] for kind in (REPORT.fields or {}).values()]
# A REPORT row to the tuple of its cells, ten times as fast as numpy.
REPORT_CELLS = Struct("<" + "".join(_LETTERS.get(str(k), f"{k.itemsize}s") for k in _KINDS))
assert REPORT_CELLS.size == REPORT.itemsize
_CELLS = {name: place for place, name in enumerate(REPORT.names or ())}
_REPORT, _EXEC_TYPE, _LAST_QTY, _INSTRUMENT, _SIDE, _CL_ORD_ID, _ORIG, _STATUS, _ORDER_ID = (
    _CELLS[name]
    for name in (
        "report", "exec_type", "last_qty", "instrument", "side", "cl_ord_id", "orig_cl_ord_id",
        "ord_status", "order_id",
    )
)  # fmt: skip
_LEAVES, _CUM, _QTY, _PRICE = (
    _CELLS[name] for name in ("leaves_qty", "cum_qty", "order_qty", "price")
)
_STATUSES = {int(status): status for status in OrdStatus}
_EXECUTION, _TRADE = int(ReportType.EXECUTION), int(ExecType.TRADE)
_ENDED = {int(s) for s in (
    OrdStatus.FILLED, OrdStatus.CANCELED, OrdStatus.REJECTED, OrdStatus.EXPIRED,
)}  # fmt: skip


class Desk:
    """The strategy's own view of its orders and positions."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.scales = [Scale(n + 1, listing) for n, listing in enumerate(broker.listings)]
        self._named = {s.listing.symbol: s for s in self.scales}
        self.orders: dict[int, Order] = {}
        self.lots = [0] * (len(self.scales) + 1)  # held, by the number of the instrument
        self.wholes = [0, *(scale.whole for scale in self.scales)]  # units a lot, 0: a fraction
        self.held: dict[int | str, Any] = {}  # the same in units, by number and by symbol
        for scale in self.scales:
            self.hold(scale, 0)
        self.lines: list[tuple[Line, Any, tuple[str, ...]]] = []
        self.last_id = 0
        self.started = False
        self.send = broker.send
        self.quick: Any = getattr(broker, "quick", None)

    def scale(self, instrument: int | str) -> Scale:
        """The scale of an instrument. Raises InvalidField for one that is not there."""
        if isinstance(instrument, str):
            found = self._named.get(instrument)
            if found is not None:
                return found
        elif 1 <= instrument <= len(self.scales):
            return self.scales[instrument - 1]
        allowed = f"1 to {len(self.scales)}, or one of {', '.join(self._named)}"
        raise InvalidField("instrument", instrument, allowed)

    def next_id(self) -> int:
        """A cl_ord_id that was not used before."""
        self.last_id += 1
        return self.last_id

    def enter(self, order: NewOrder) -> int:
        """Send a new order and remember it; returns its cl_ord_id."""
        scale = self.scales[int(order.instrument) - 1]
        qty = scale.qty(order.order_qty)
        self.orders[order.cl_ord_id] = Order(
            order.cl_ord_id, scale.number, scale.listing.symbol, Side(order.side),
            OrdType(order.ord_type), qty, qty, scale.price(order.price),
            scale.price(order.stop_px),
        )  # fmt: skip
        self.send(order)
        return order.cl_ord_id

    def enter_quick(
        self, scale: Scale, side: Side, kind: OrdType, qty: Any, price: Any, stop_px: Any
    ) -> int:
        """`enter` for a plain order where the broker takes one without a message."""
        number = self.last_id = self.last_id + 1
        lots, ticks, stop = scale.lots(qty), scale.ticks(price), scale.ticks(stop_px)
        self.orders[number] = Order(
            number, scale.number, scale.listing.symbol, side, kind, qty, qty, price, stop_px
        )
        self.quick(scale.number, side, kind, lots, ticks, stop, number)
        return number

    def hold(self, scale: Scale, lots: int) -> None:
        """From now on so many lots are held."""
        self.lots[scale.number] = lots
        self.held[scale.number] = self.held[scale.listing.symbol] = scale.qty(lots)

    def receive(self, cells: tuple[Any, ...]) -> None:
        """Take in a REPORT row of the own account, as a tuple of its cells."""
        if cells[_REPORT] != _EXECUTION:
            return
        if cells[_EXEC_TYPE] == _TRADE:
            scale, lots = self.scales[cells[_INSTRUMENT] - 1], cells[_LAST_QTY]
            self.hold(scale, self.lots[scale.number] + (lots if cells[_SIDE] == 1 else -lots))
        order = self.orders.get(cells[_CL_ORD_ID]) or self.orders.get(cells[_ORIG])
        if order is None:
            return
        status, whole = cells[_STATUS], self.wholes[order.instrument]
        order.status, order.order_id = _STATUSES[status], cells[_ORDER_ID]
        if whole:
            order.leaves_qty, order.cum_qty = cells[_LEAVES] * whole, cells[_CUM] * whole
        else:
            scale = self.scales[order.instrument - 1]
            order.leaves_qty, order.cum_qty = scale.qty(cells[_LEAVES]), scale.qty(cells[_CUM])
        if status in _ENDED:
            del self.orders[order.cl_ord_id]
        elif cells[_EXEC_TYPE] != _TRADE:
            scale = self.scales[order.instrument - 1]
            order.order_qty, order.price = scale.qty(cells[_QTY]), scale.price(cells[_PRICE])

    def report(self, cells: tuple[Any, ...], row: Any) -> Report:
        """A REPORT row in units."""
        at, made = _CELLS, Report()
        number = cells[_INSTRUMENT]
        scale = self.scales[max(number, 1) - 1]
        made.row, made.instrument, made.symbol = row, number, scale.listing.symbol
        made.cl_ord_id, made.orig_cl_ord_id = cells[_CL_ORD_ID], cells[_ORIG]
        made.order_id, made.trade_id = cells[_ORDER_ID], cells[at["trade_id"]]
        made.time, side = cells[at["transact_time"]], cells[_SIDE]
        made.side = Side(side) if side else Side.BUY
        made.exec_type = ExecType(cells[_EXEC_TYPE])
        made.ord_status = OrdStatus(cells[_STATUS])
        made.reason = Reason(cells[at["reason"]])
        made.order_qty, made.leaves_qty = scale.qty(cells[_QTY]), scale.qty(cells[_LEAVES])
        made.cum_qty, made.last_qty = scale.qty(cells[_CUM]), scale.qty(cells[_LAST_QTY])
        made.price, made.last_px = scale.price(cells[_PRICE]), scale.price(cells[at["last_px"]])
        made.fee = cells[at["fee"]] / scale.minor
        return made

    def position(self, instrument: int | str) -> float | int:
        """Units held. Raises InvalidField for an instrument that is not there."""
        found: float | int = self.held[self.scale(instrument).number]
        return found

    def cash(self) -> float:
        """Cash in the currency of the first instrument."""
        return self.broker.cash() / self.scales[0].minor

    def equity(self) -> float:
        """Equity in the currency of the first instrument."""
        return self.broker.equity() / self.scales[0].minor

    def now(self) -> int:
        """The time, ns."""
        return self.broker.now

    def add_line(self, stream: Any, instrument: int, source: str) -> Line:
        """An indicator to feed with the bars of an instrument."""
        if self.started:
            raise InvalidField("indicator", stream, "made in on_start, before the first row")
        columns = stream.row.columns
        wanted = (source,) if len(columns) == 1 else columns
        for name in wanted:
            if name not in COLUMNS:
                raise InvalidField("source", name, ", ".join(COLUMNS))
        line = Line(instrument, source)
        self.lines.append((line, copy(stream), wanted))
        return line
