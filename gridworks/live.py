"""`gw.trade`: the strategy that was back-tested, on a live account or in the sandbox, unchanged.

    with gw.Client("sandbox:7001", key) as client:
        gw.trade(Cross, client, "alice", ["ACME"], bars=60, seconds=3_600)

Orders go through one order-entry session and come back as its reports; market data are the
channels that the strategy has callbacks for. All callbacks run in the thread of the caller.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from heapq import heappop, heappush
from itertools import count
from typing import Any

import numpy as np

from backtest.desk import Desk
from backtest.record import Listing
from backtest.strategy import Strategy
from backtest.views import Bar, Book, Tick
from domain import codes
from domain.errors import InvalidField
from domain.layout import REPORT
from domain.messages import Cancel, MassCancel, Message, NewOrder, Quote, Replace
from gridworks.client import orders, word
from gridworks.client.client import Client

_FIELDS = (
    "exec_id", "transact_time", "cl_ord_id", "order_id", "order_qty", "leaves_qty", "cum_qty",
    "last_px", "last_qty", "price", "trade_id", "fee", "cum_value", "stop_px", "orig_cl_ord_id",
)  # fmt: skip
_CODED = {
    "report": codes.ReportType, "exec_type": codes.ExecType, "ord_status": codes.OrdStatus,
    "side": codes.Side, "reason": codes.Reason, "ord_type": codes.OrdType,
    "time_in_force": codes.TimeInForce, "liquidity": codes.Liquidity,
}  # fmt: skip
_FOR_ALL = frozenset(("price", "order_qty", "display_qty", "min_qty", "stop_px", "offset",
                      "expire_time"))  # fmt: skip


class Live:
    """The broker of a live account."""

    def __init__(self, client: Client, account: str, instruments: Sequence[str]) -> None:
        self._client, self._account = client, account
        self.scales = [client.market_data.scale(name) for name in instruments]
        self.listings = tuple(Listing(s.symbol, s.tick_size, s.lot_size) for s in self.scales)
        self.numbers = {scale.number: n for n, scale in enumerate(self.scales, 1)}
        self.session: Any = None
        self.now = time.time_ns()
        self.last = [0.0] * (len(self.scales) + 1)
        self.timers: list[tuple[int, int, Any]] = []
        self._order = count()
        self.lots: list[int] = []

    def send(self, message: Message) -> None:
        """Send a command on its way."""
        self.session.send([self._command(message)])

    def _command(self, message: Message) -> Any:
        """The wire's form of a command."""
        if isinstance(message, NewOrder):
            more = {name: getattr(message, name) for name in orders.More.__annotations__}
            more |= {name: more[name].name for name in ("ord_type", "time_in_force")}
            more["contingency"] = more["contingency"].name if more["contingency"] else None
            more["stp_mode"] = more["stp_mode"].name if more["stp_mode"] else None
            more["exec_inst"] = tuple(f.name for f in codes.ExecInst(more["exec_inst"]))
            where, side = self.scales[int(message.instrument) - 1], codes.Side(message.side).name
            return orders.new_order(where, side, message.order_qty, message.price, **more)
        if isinstance(message, Cancel):
            return orders.cancel_order(message.orig_cl_ord_id, order_id=message.order_id)
        if isinstance(message, Replace):
            changes = {name: getattr(message, name) for name in _FOR_ALL}
            return orders.replace_order(message.orig_cl_ord_id, **changes)
        if isinstance(message, MassCancel):
            number = int(message.instrument)
            return orders.mass_cancel(self.scales[number - 1] if number else 0)
        if isinstance(message, Quote):
            where, number = self.scales[int(message.instrument) - 1], message.cl_ord_id
            bid, offer = (message.bid_px, message.bid_size), (message.offer_px, message.offer_size)
            return orders.quote(where, bid, offer, cl_ord_id=number)
        raise InvalidField("message", message, "an order, a quote, a replace or a cancel")

    def cash(self) -> int:
        """Cash of the account, as the exchange says now."""
        state = self._client.risk.get_risk_state(self._account)
        return self._minor(Decimal(state.cash))

    def _minor(self, amount: Decimal) -> int:
        return int(amount.scaleb(self.listings[0].decimals))

    def equity(self) -> int:
        """Cash and positions at the last prices that came."""
        held = zip(self.lots[1:], self.last[1:], self.listings)
        worth = sum(lots * float(each.lot) * last for lots, last, each in held)
        return self.cash() + self._minor(Decimal(worth))

    def set_timer(self, time: int, tag: Any) -> None:
        """Have `on_timer(tag)` called at a time."""
        heappush(self.timers, (time, next(self._order), tag))

    def row(self, report: Any) -> Any:
        """A report of the session as a REPORT row, with the data set's number of the instrument."""
        made = np.zeros(1, REPORT)
        for name in _FIELDS:
            made[name] = getattr(report, name)
        for name, kind in _CODED.items():
            text = word(report, name)
            made[name] = kind[text] if text in kind.__members__ else 0
        made["instrument"] = self.numbers.get(report.instrument, 0)
        return made[0]


class Trader:
    """Callbacks of one strategy, out of one queue."""

    def __init__(self, strategy: Strategy, broker: Live) -> None:
        self.strategy, self.broker = strategy, broker
        self.desk: Desk = strategy.attach(broker)
        self.desk.last_id = orders.next_id()
        broker.lots = self.desk.lots
        self.inbox: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self.bar, self.tick, self.book = Bar(), Tick(), Book()

    def listen(self, kind: str, stream: Iterable[Any]) -> None:
        """Put all that a stream gives into the inbox; how it ends too."""

        def read() -> None:
            try:
                for item in stream:
                    self.inbox.put((kind, item))
            except Exception as error:  # it is raised where the callbacks run
                self.inbox.put(("error", error))

        threading.Thread(target=read, daemon=True, name=f"strategy: {kind}").start()

    def step(self, patience: float) -> bool:
        """Call back for the next thing that comes within `patience` seconds; False: nothing did."""
        broker = self.broker
        if broker.timers:
            patience = min(patience, max(0.0, (broker.timers[0][0] - time.time_ns()) / 1e9))
        try:
            kind, item = self.inbox.get(timeout=patience)
        except queue.Empty:
            broker.now = time.time_ns()
            if broker.timers and broker.timers[0][0] <= broker.now:
                self.strategy.on_timer(heappop(broker.timers)[2])
                return True
            return False
        if kind == "error":
            raise item
        broker.now = time.time_ns()
        getattr(self, f"_{kind}")(item)
        return True

    def _report(self, item: Any) -> None:
        row = self.broker.row(item.report)
        cells = row.item()
        self.desk.receive(cells)
        self.strategy.on_report(self.desk.report(cells, row))

    def _bars(self, message: Any) -> None:
        number = self.broker.numbers.get(message.instrument)
        if number is None or not message.closed:
            return
        bar, scale = self.bar, self.desk.scales[number - 1]
        bar.instrument, bar.symbol, bar.time = number, scale.listing.symbol, self.broker.now
        bar.open, bar.high = scale.price(message.open), scale.price(message.high)
        bar.low, bar.close = scale.price(message.low), scale.price(message.close)
        bar.volume, self.broker.last[number] = scale.qty(message.volume), bar.close
        for line, stream, names in self.desk.lines:
            if line.instrument == number:
                line.previous = line.value
                line.value = stream.update(*(float(getattr(bar, name)) for name in names))
        self.strategy.on_bar(bar)

    def _market(self, message: Any) -> None:
        number = self.broker.numbers[message.instrument]
        for update in message.updates:
            kind = word(update, "market")
            scale = self.desk.scales[number - 1]
            if kind == "TRADE":
                view = self.tick
                view.instrument, view.symbol = number, scale.listing.symbol
                view.time, view.side = self.broker.now, 1 if word(update, "side") == "BUY" else 2
                view.price, view.qty = scale.price(update.price), scale.qty(update.qty)
                self.broker.last[number] = view.price
                self.strategy.on_trade(view)
            elif kind == "TOP":
                book = self.book
                book.instrument, book.symbol = number, scale.listing.symbol
                book.time = self.broker.now
                book.bid, book.ask = scale.price(update.bid_px), scale.price(update.offer_px)
                book.bid_qty, book.ask_qty = (
                    scale.qty(update.bid_size),
                    scale.qty(update.offer_size),
                )
                self.strategy.on_book(book)


def trade(
    strategy: type[Strategy] | Strategy, client: Client, account: str, instruments: Sequence[str],
    parameters: dict[str, Any] | None = None, *, bars: float = 0, seconds: float = 0,
    until: Callable[[Strategy], bool] | None = None,
) -> Strategy:  # fmt: skip
    """Run a strategy on a live account; returns it when it is over.

    Args:
        strategy: a class or an instance, as for `gw.backtest.run`.
        client: whose key may trade for `account`.
        instruments: their symbols; number 1 of the strategy is the first.
        bars: length of the bars of `on_bar`, whole seconds; 0: no bars.
        seconds: how long; 0: as long as `until` says.
        until: asked after every callback; the run ends when it is true.

    Positions and orders are those of the reports from now on. Orders that still live at the end
    stay. Raises what the strategy or a stream raises, after the session was closed; InvalidField.
    """
    if not seconds and until is None:
        raise InvalidField("seconds", seconds, "a number above 0, or until=")
    made = strategy.made(parameters) if isinstance(strategy, type) else strategy
    broker, kind = Live(client, account, instruments), type(made)
    trader = Trader(made, broker)
    name = f"strategy-{orders.next_id()}"
    with client.trading.order_entry(name, account) as session:
        broker.session = session
        trader.listen("report", session)
        made.on_start()
        trader.desk.started = True
        feeds = ["TRADES"] if kind.on_trade is not Strategy.on_trade else []
        feeds += ["L1"] if kind.on_book is not Strategy.on_book else []
        if feeds:
            trader.listen("market", client.market_data.subscribe(list(instruments), feeds))
        if bars:
            trader.listen("bars", client.market_data.subscribe_bars(list(instruments), bars))
        ends = time.monotonic() + (seconds or float("inf"))
        while time.monotonic() < ends and not (until is not None and until(made)):
            trader.step(min(0.05, max(0.0, ends - time.monotonic())))
        made.on_end()
    return made
