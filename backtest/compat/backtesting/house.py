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
        entries = (order for order in self.ledger.orders.values() if not order.canceled)
        return (*entries, *legs)

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
            sign = 1 if report.side == Side.BUY else -1
            self._executed(number, sign * int(report.last_qty), report.last_px, report.fee)
            self.bar = shown
        if report.ord_status in ENDED:
            self._ended(number, int(report.order_qty - report.cum_qty), report)
            self._legs.pop(number, None)

    def _ended(self, number: int, left: int, report: Report) -> None:
        """An order is gone; what it has not executed is free again."""
        order, trade = self.ledger.orders.pop(number, None), self._exits.pop(number, None)
        if order is not None:
            for waiting, share in order.reserved:
                waiting.closing = max(0, waiting.closing - min(share, left))
            if report.ord_status == OrdStatus.REJECTED:
                warnings.warn(f"{order} was refused: {report.reason.name}", stacklevel=2)
        if trade is not None:
            trade.closing = max(0, trade.closing - left)

    def _executed(self, number: int, size: int, price: float, fee: float) -> None:
        if number in self._exits or number in self._legs:
            self._closed(number, size, price, fee)
            return
        order = self.ledger.orders[number]
        against = list(self.ledger.against(size))
        opened = self.ledger.opened(size, price, fee, order.tag, order.reserved)
        for trade in against:
            self._fit_legs(trade, trade.free)
        legs = self._held.pop(number, {})
        if opened is None:
            for leg, _ in legs.values():
                self.cancel(leg)
            return
        opened.legs = legs
        for name, (leg, _) in legs.items():
            self._legs[leg] = opened, name
        if opened.size != size:
            self._fit_legs(opened, opened.free)

    def _closed(self, number: int, size: int, price: float, fee: float) -> None:
        """A close, a stop or a target was executed.

        What a trade did not have any more (its stop came before the close) is a trade of its own.
        """
        exits = number in self._exits
        trade = self._exits[number] if exits else self._legs[number][0]
        units = abs(size)
        part = min(units, abs(trade.size))
        if part:
            self.ledger.reduced(trade, part, price, fee * part / units, part if exits else 0)
            if exits:
                self._fit_legs(trade, trade.free)
        if units > part:
            rest = (units - part) if size > 0 else part - units
            self.ledger.opened(rest, price, fee * (units - part) / units, trade.tag)

    def _fit_legs(self, trade: Trade, units: int) -> None:
        """Stop and target for so many units."""
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
            for waiting in self.ledger.orders.values():
                waiting.cancel()
            self.ledger.position.close()
        units = self._units(size, price * (1.0 + self._how["cost"]))
        if not units:
            warnings.warn(f"size {size} is less than one unit: no order", stacklevel=3)
            return None
        side = Side.BUY if sign > 0 else Side.SELL
        limits = {"price": terms["limit"] or 0, "stop_px": terms["stop"] or 0}
        number, target, stop = self.bracket(
            side, units, take_profit=terms["tp"] or 0, stop_loss=terms["sl"] or 0, **limits
        )
        legs = (("tp", target, terms["tp"]), ("sl", stop, terms["sl"]))
        self._held[number] = {name: (leg, at) for name, leg, at in legs if leg}
        order = Order(self, number, sign * units, **terms)
        self.ledger.orders[number] = order
        if not (terms["limit"] or terms["stop"]):
            self._reserve(order)
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

    def _reserve(self, order: Order) -> None:
        """A market order closes what is against it at the open: its stops must not come first."""
        left = abs(order.size)
        for trade in self.ledger.against(order.size):
            part = min(left, trade.free)
            left -= part
            if part:
                order.reserved.append((trade, part))
                trade.closing += part
                self._fit_legs(trade, trade.free)

    def send_close(self, trade: Trade, units: int) -> None:
        """Close units of a trade, those too that an entry sent before would have closed."""
        for order in self.ledger.orders.values():
            for at, (other, share) in enumerate(order.reserved):
                if other is trade and trade.free < units:
                    back = min(share, units - trade.free)
                    order.reserved[at] = trade, share - back
                    trade.closing -= back
        units = min(units, trade.free)
        if not units:
            return
        trade.closing += units
        self._fit_legs(trade, trade.free)
        side = Side.SELL if trade.is_long else Side.BUY
        self._exits[self.submit(side, units)] = trade

    def move_leg(self, trade: Trade, name: str, price: Price) -> None:
        if name in trade.legs and price is not None:
            leg, _ = trade.legs[name]
            self.replace(leg, **_at(name, price))
            trade.legs[name] = leg, price
        elif name in trade.legs:
            self.cancel(trade.legs.pop(name)[0])
            for other, (_, level) in tuple(trade.legs.items()):  # it is canceled with the first
                del trade.legs[other]
                self.move_leg(trade, other, level)
        elif price is not None and trade.free:
            terms = _at(name, price)
            for leg, _ in trade.legs.values():
                terms |= {"cl_ord_link_id": leg, "contingency": Contingency.ONE_UPDATES_OTHER}
            side = Side.SELL if trade.is_long else Side.BUY
            leg = self.submit(side, trade.free, **terms)
            self._legs[leg] = trade, name
            trade.legs[name] = leg, price

    def cancel_order(self, order: Order) -> None:
        if order.parent_trade is not None:
            name = "tp" if order.limit is not None else "sl"
            self.move_leg(order.parent_trade, name, None)
            return
        order.canceled = True
        self.cancel(order.number)


def _at(name: str, price: float) -> dict[str, Any]:
    """The price of a stop or of a target, as an order has it."""
    return {"stop_px": price} if name == "sl" else {"price": price}


def _terms(name: str, price: Price) -> dict[str, Price]:
    return {"stop": price} if name == "sl" else {"limit": price}


def _ordered(sign: int, price: float, sl: Price, tp: Price) -> None:
    """Raise InvalidField for a stop or a target on the wrong side."""
    for name, level, side in (("sl", sl, sign), ("tp", tp, -sign)):
        if level is not None and (price - level) * side <= 0:
            raise InvalidField(name, level, f"{'below' if side > 0 else 'above'} {price}")
