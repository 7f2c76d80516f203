"""The strategy of ours that a strategy for backtesting.py runs inside."""

from __future__ import annotations

import warnings
from typing import Any

import pandas as pd

from backtest.compat.backtesting.ledger import Ledger, Order, Price, Trade
from backtest.compat.backtesting.signals import Data, Series
from backtest.strategy import Strategy
from backtest.views import Bar, Report
from domain.codes import Contingency, ExecType, OrdStatus, Side
from domain.errors import InvalidField

ENDED = (OrdStatus.CANCELED, OrdStatus.REJECTED, OrdStatus.EXPIRED, OrdStatus.FILLED)
REFUSED = (OrdStatus.CANCELED, OrdStatus.REJECTED)


class House(Strategy):
    """Shows the guest its bars, sends its orders, and keeps its ledger."""

    def __init__(self, guest: Any, parameters: dict[str, Any], data: Data, **how: Any) -> None:
        self._how, self.data = how, data
        self.last, self.bar, self._time = 0.0, -1, 0
        self.first = 0  # place of the first bar that the guest is shown
        self.ledger = Ledger(self)
        self.guest = guest(self, parameters)
        self._legs: dict[int, tuple[Trade, str]] = {}
        self._held: dict[int, dict[str, tuple[int, Price]]] = {}  # legs of entries that wait
        self._exits: dict[int, Trade] = {}

    # ------------------------------------------------------------------ what the guest sees

    def waiting(self) -> tuple[Order, ...]:
        """Entries that wait for their price, and the stops and targets of trades."""
        legs = [
            Order(self, number, -trade.size, parent=trade, **_terms(name, trade.legs[name][1]))
            for number, (trade, name) in self._legs.items()
            if name in trade.legs
        ]
        return (*self.ledger.orders.values(), *legs)

    def times(self, bar: int) -> pd.Timestamp:
        return pd.Timestamp(self.data.index[max(bar, 0)])

    # ------------------------------------------------------------------ callbacks

    def on_start(self) -> None:
        self.guest.init()
        if self._how["check"]:
            self.guest.check_lines()
        self.first = self.guest.warm() + 1
        shown = vars(self.guest)
        self._shown = {name: v for name, v in shown.items() if isinstance(v, Series)}

    def on_bar(self, bar: Bar) -> None:
        self.bar += 1
        self.last, self._time = bar.close, bar.time
        if self.bar >= self.first:
            self.data.show(self.bar + 1)
            for name, values in self._shown.items():
                setattr(self.guest, name, values.until(self.bar + 1))
            self.guest.next()

    def on_report(self, report: Report) -> None:
        """Executions go into the ledger, the ends of orders out of it."""
        number = report.cl_ord_id
        if report.exec_type == ExecType.TRADE:
            shown = self.bar
            if not (self._how["at_close"] and report.time == self._time):
                self.bar += 1  # it happened in the bar that `on_bar` has not shown yet
            self._executed(number, int(report.last_qty), report.last_px, report.fee)
            self.bar = shown
        if report.ord_status in ENDED:
            order = self.ledger.orders.pop(number, None)
            if order is not None and report.ord_status in REFUSED and report.reason.value < 230:
                warnings.warn(f"{order} was refused: {report.reason.name}", stacklevel=2)
            trade = self._exits.pop(number, None)
            if trade is not None and report.leaves_qty:
                trade.closing -= int(report.leaves_qty)
            self._legs.pop(number, None)

    def _executed(self, number: int, units: int, price: float, fee: float) -> None:
        if number in self._exits or number in self._legs:
            trade = self._exits[number] if number in self._exits else self._legs[number][0]
            self.ledger.reduced(trade, units, price, fee)
            if number in self._exits:
                self._fit_legs(trade)
            return
        order = self.ledger.orders.get(number)
        if order is None:
            return
        against = list(self.ledger.against(order.size))
        opened = self.ledger.opened(order, units, price, fee)
        for trade in against:
            self._fit_legs(trade)
        legs = self._held.pop(number, {})
        if opened is None:
            for leg, _ in legs.values():
                self.cancel(leg)
            return
        opened.legs = legs
        for name, (leg, _) in legs.items():
            self._legs[leg] = opened, name
        if abs(opened.size) != units:
            self._fit_legs(opened)

    def _fit_legs(self, trade: Trade, units: int = -1) -> None:
        """Stop and target for as many units as the trade still has."""
        units = abs(trade.size) if units < 0 else units
        for leg, _ in tuple(trade.legs.values()):
            if units:
                self.replace(leg, qty=units)
            else:
                self.cancel(leg)
        if not units:
            trade.legs = {}

    # ------------------------------------------------------------------ orders

    def order(self, sign: int, size: float, **terms: Any) -> Order | None:
        """An entry, with the stop and the target of the trade that it becomes."""
        price = terms["limit"] or terms["stop"] or self.last
        _ordered(sign, price, terms["sl"], terms["tp"])
        if self._how["exclusive"]:
            for waiting in tuple(self.ledger.orders.values()):
                waiting.cancel()
            self.ledger.position.close()
        units = self._units(size, price * (1.0 + self._how["cost"]))
        if not units:
            warnings.warn(f"size {size} is less than one unit: no order", stacklevel=3)
            return None
        if not (terms["limit"] or terms["stop"]):
            self._spare_legs(sign * units)
        side = Side.BUY if sign > 0 else Side.SELL
        limits = {"price": terms["limit"] or 0, "stop_px": terms["stop"] or 0}
        number, target, stop = self.bracket(
            side, units, take_profit=terms["tp"] or 0, stop_loss=terms["sl"] or 0, **limits
        )
        legs = (("tp", target, terms["tp"]), ("sl", stop, terms["sl"]))
        self._held[number] = {name: (leg, at) for name, leg, at in legs if leg}
        order = Order(self, number, sign * units, **terms)
        self.ledger.orders[number] = order
        return order

    def _units(self, size: float, price: float) -> int:
        """Units of a size: a part of what the account can pay where it is below 1."""
        if size >= 1:
            if size != int(size):
                raise InvalidField("size", size, "a whole number of units, or a part below 1")
            return int(size)
        if size <= 0:
            raise InvalidField("size", size, "above 0")
        used = sum(trade.free for trade in self.ledger.trades) * self.last * self._how["margin"]
        free = max(0.0, self.equity - used)
        return int(free / self._how["margin"] * size / price)

    def _spare_legs(self, size: int) -> None:
        """A market order closes what is against it at the open: its stops must not come first."""
        left = abs(size)
        for trade in self.ledger.against(size):
            part = min(left, trade.free)
            left -= part
            if part and trade.legs:
                self._fit_legs(trade, trade.free - part)

    def send_close(self, trade: Trade, units: int) -> None:
        trade.closing += units
        self._fit_legs(trade, trade.free)
        side = Side.SELL if trade.is_long else Side.BUY
        self._exits[self.submit(side, units)] = trade

    def move_leg(self, trade: Trade, name: str, price: Price) -> None:
        if name in trade.legs:
            leg, _ = trade.legs.pop(name)
            if price is not None:
                self.replace(leg, **({"stop_px": price} if name == "sl" else {"price": price}))
                trade.legs[name] = leg, price
            else:
                self.cancel(leg)
        elif price is not None and trade.free:
            other = next((leg for leg, _ in trade.legs.values()), 0)
            terms: dict[str, Any] = {"stop_px": price} if name == "sl" else {"price": price}
            if other:
                terms |= {"cl_ord_link_id": other, "contingency": Contingency.ONE_UPDATES_OTHER}
            side = Side.SELL if trade.is_long else Side.BUY
            leg = self.submit(side, trade.free, **terms)
            self._legs[leg] = trade, name
            trade.legs[name] = leg, price

    def cancel_order(self, order: Order) -> None:
        if order.parent_trade is not None:
            name = "tp" if order.limit is not None else "sl"
            self.move_leg(order.parent_trade, name, None)
            return
        self.cancel(order.number)
        self.ledger.orders.pop(order.number, None)
        self._held.pop(order.number, None)


def _terms(name: str, price: Price) -> dict[str, Price]:
    return {"stop": price} if name == "sl" else {"limit": price}


def _ordered(sign: int, price: float, sl: Price, tp: Price) -> None:
    """Raise InvalidField for a stop or a target on the wrong side."""
    for name, level, side in (("sl", sl, sign), ("tp", tp, -sign)):
        if level is not None and (price - level) * side <= 0:
            raise InvalidField(name, level, f"{'below' if side > 0 else 'above'} {price}")
