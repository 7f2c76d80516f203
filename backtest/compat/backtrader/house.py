"""The strategy of ours that a strategy for backtrader runs inside."""

from __future__ import annotations

from typing import Any

from backtest.compat.backtrader import sizers
from backtest.compat.backtrader.feeds import PandasData
from backtest.compat.backtrader.lines import building
from backtest.compat.backtrader.orders import (
    ExecType,
    Order,
    Position,
    Status,
    Trade,
    booked,
)
from backtest.strategy import Strategy
from backtest.views import Bar, Report
from domain.codes import Contingency, ExecInst, OrdStatus, Reason, Side
from domain.codes import ExecType as Exec
from domain.errors import InvalidField

MARGIN = (Reason.MARGIN_LIMIT, Reason.BUYING_POWER)
ENDS = {
    OrdStatus.CANCELED: Status.Canceled,
    OrdStatus.EXPIRED: Status.Expired,
    OrdStatus.REJECTED: Status.Rejected,
    OrdStatus.FILLED: Status.Completed,
}


class BrokerView:
    """`self.broker` of a strategy: cash and value of the account now."""

    def __init__(self, house: House) -> None:
        self._house = house

    def getcash(self) -> float:
        """What is not tied up in positions, as backtrader counts it."""
        held = sum(p.size * d.close[0] for p, d in self._house.open_positions())
        return self._house.equity - held

    def getvalue(self) -> float:
        """Cash and positions at the last close."""
        return self._house.equity

    def getposition(self, data: PandasData) -> Position:
        """What is held in a data."""
        return self._house.positions[data.number]

    get_cash, get_value = getcash, getvalue


class House(Strategy):
    """Feeds lines, sends orders, tells the guest what became of them."""

    def __init__(
        self, guest: Any, parameters: dict[str, Any], datas: list[PandasData], sizer: Any
    ) -> None:
        self.sizer = sizer or sizers.FixedSize()
        self.broker_view = BrokerView(self)
        self.datas = datas
        for number, data in enumerate(datas, 1):
            data.start(number)
        self.positions = {data.number: Position() for data in datas}
        self._trades = {data.number: Trade(data) for data in datas}
        self._sent: dict[int, Order] = {}
        self._warm, self._time = False, 0
        self._due: set[int] = set()  # data whose lines are still to be worked out
        self._reports: list[Report] = []
        self.guest = object.__new__(guest)
        self.guest.prepare(self, datas, parameters)

    def open_positions(self) -> list[tuple[Position, PandasData]]:
        """Positions with their data."""
        return [(self.positions[d.number], d) for d in self.datas if self.positions[d.number]]

    # ------------------------------------------------------------------ callbacks

    def on_start(self) -> None:
        with building(self.guest.clock):
            self.guest.__init__()
        self.guest.start()

    def on_bar(self, bar: Bar) -> None:
        if bar.time != self._time:
            self.guest.clock.tick(self._due)
            self._time = bar.time
        self.datas[bar.instrument - 1].push(bar)
        self._due.add(bar.instrument)
        self._tell_reports()
        if any(not len(d) or d.datetime[0] != bar.time for d in self.datas):
            return  # another data's bar of this time is still to come
        self.guest.clock.tick(self._due)
        if self._warm:
            self.guest.next()
        elif self.guest.clock.warm:
            self._warm = True
            self.guest.nextstart()
        else:
            self.guest.prenext()

    def on_end(self) -> None:
        self._tell_reports()
        self.guest.stop()

    def on_report(self, report: Report) -> None:
        self._reports.append(report)  # told when the bar in which it happened is there to be seen

    def _tell_reports(self) -> None:
        reports, self._reports = self._reports, []
        for report in reports:
            self._follow(report)

    def _follow(self, report: Report) -> None:
        order = self._sent.get(report.cl_ord_id)
        if order is None:
            return
        if report.exec_type == Exec.NEW:
            self._tell(order, Status.Submitted)
            self._tell(order, Status.Accepted)
        if report.exec_type == Exec.TRADE:
            self._filled(order, report)
        elif report.ord_status in ENDS:
            refused = report.ord_status == OrdStatus.REJECTED and report.reason in MARGIN
            self._tell(order, Status.Margin if refused else ENDS[report.ord_status])

    def _tell(self, order: Order, status: Status) -> None:
        order.status = status
        self.guest.notify_order(order)

    def _filled(self, order: Order, report: Report) -> None:
        units = int(report.last_qty) * (1 if report.side == Side.BUY else -1)
        number = order.data.number
        order.fill(units, report.last_px, report.fee, report.time)
        trade, left = self._trades[number], units
        changed = []
        while left:
            fee = report.fee * abs(left) / abs(units)
            left = booked(trade, left, report.last_px, fee)
            trade.baropen = len(order.data) if trade.justopened else trade.baropen
            trade.barclose = len(order.data)
            trade.barlen = trade.barclose - trade.baropen
            order.executed.pnl = trade.pnl
            changed.append(trade)
            if trade.isclosed:
                trade = self._trades[number] = Trade(order.data)
        self.positions[number] = Position(trade.size, trade.price)
        done = report.ord_status == OrdStatus.FILLED
        self._tell(order, Status.Completed if done else Status.Partial)
        for each in changed:
            self.guest.notify_trade(each)

    # ------------------------------------------------------------------ orders

    def order(
        self, sign: int, data: PandasData, size: int | None, exectype: Any = None, **terms: Any
    ) -> Order | None:
        """An order of any kind; None if its size is 0."""
        units = self.sizer.units(self.equity, data.close[0]) if size is None else abs(int(size))
        if not units:
            return None
        kind = ExecType.Market if exectype is None else ExecType(exectype)
        fields = _fields(kind, terms)
        side = Side.BUY if sign > 0 else Side.SELL
        ref = self.submit(side, units, instrument=data.number, **fields)
        return self._known(ref, data, sign * units, terms.get("price"), kind)

    def bracketed(
        self, sign: int, data: PandasData, size: int | None = None, **terms: Any
    ) -> list[Order]:
        """An entry, its stop and its target."""
        units = self.sizer.units(self.equity, data.close[0]) if size is None else abs(int(size))
        kind = ExecType(terms.get("exectype", ExecType.Limit if terms.get("price") else 0))
        side = Side.BUY if sign > 0 else Side.SELL
        stop, target = terms["stopprice"], terms["limitprice"]
        refs = self.bracket(
            side, units, stop_loss=stop, take_profit=target, instrument=data.number,
            **_fields(kind, terms),
        )  # fmt: skip
        entry, limit_ref, stop_ref = refs
        return [
            self._known(entry, data, sign * units, terms.get("price"), kind),
            self._known(stop_ref, data, -sign * units, stop, ExecType.Stop),
            self._known(limit_ref, data, -sign * units, target, ExecType.Limit),
        ]

    def _known(
        self, ref: int, data: PandasData, size: int, price: float | None, kind: ExecType
    ) -> Order:
        order = Order(ref, data, size, price, kind)
        self._sent[ref] = order
        return order


def _fields(kind: ExecType, terms: dict[str, Any]) -> dict[str, Any]:
    """Terms of backtrader as fields of `Strategy.submit`."""
    known = {
        "price", "plimit", "oco", "trailamount", "trailpercent", "stopprice", "limitprice", "size",
    }  # fmt: skip
    for name, value in terms.items():
        if name not in known and value is not None:
            raise InvalidField(name, value, "left out: see docs/migration.md")
    price, limit = terms.get("price") or 0, terms.get("plimit") or 0
    found: dict[str, Any] = {}
    if kind == ExecType.Limit:
        found["price"] = price
    elif kind == ExecType.Stop:
        found["stop_px"] = price
    elif kind == ExecType.StopLimit:
        found |= {"stop_px": price, "price": limit}
    elif kind == ExecType.StopTrail and terms.get("trailpercent"):
        bps = round(10_000 * terms["trailpercent"])
        found |= {"offset": bps, "exec_inst": ExecInst.TRAIL_BPS}
    elif kind == ExecType.StopTrail:
        found["offset"] = terms["trailamount"]
    elif kind != ExecType.Market:
        raise InvalidField("exectype", kind.name, "Market, Limit, Stop, StopLimit, StopTrail")
    other = terms.get("oco")
    if other is not None:
        found |= {"cl_ord_link_id": other.ref, "contingency": Contingency.ONE_CANCELS_OTHER}
    return found
