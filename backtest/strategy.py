"""Strategy: the class that users write. The same class runs on history and live.

    import gridworks as gw

    class Cross(gw.backtest.Strategy):
        fast = 10                      # class attributes are parameters
        slow = 30

        def on_start(self):
            self.short = self.indicator(gw.indicators.SMA(self.fast))
            self.long = self.indicator(gw.indicators.SMA(self.slow))

        def on_bar(self, bar):
            self.target(100 if self.short.value > self.long.value else 0)

Everything is in the units of people: prices in the instrument's currency, quantities in shares,
contracts or coins, money in the currency, times in ns since 1970 UTC. Prices are rounded to the
nearest tick and quantities down to whole lots on their way to the exchange, which knows no floats.
An instrument is named by its symbol or number; left out it is the first of the data set.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from backtest.desk import Broker, Desk, Order
from backtest.views import Bar, Book, Line, Report, Tick
from domain.codes import Contingency, OrdType, Side, TimeInForce
from domain.errors import InvalidField
from domain.messages import Cancel, MassCancel, NewOrder, Quote, Replace

Price = float | int | Decimal
Instrument = int | str
_ORD_TYPES = {  # (has a price, has a stop price)
    (False, False): OrdType.MARKET, (True, False): OrdType.LIMIT,
    (False, True): OrdType.STOP, (True, True): OrdType.STOP_LIMIT,
}  # fmt: skip


class Strategy:
    """Base of strategies: override what you need, call what you want to do.

    Public class attributes that are no functions are parameters: `run(..., parameters={...})`
    and the sweeps set them on the instance before `on_start`.

    Callbacks (each may be left out; one that is not overridden costs nothing):

    - `on_start()`: once, before the first row; indicators are made here.
    - `on_bar(bar)`: a bar has closed. `bar` is a view that is used again: copy what you keep.
    - `on_trade(trade)`, `on_book(book)`: a trade of the tape, a change of the best prices.
    - `on_report(report)`: what the exchange says about an order of yours.
    - `on_timer(tag)`: a time asked for with `set_timer` has come.
    - `on_end()`: once, after the last row; orders sent here are not executed any more.

    What a callback raises ends the run; the `Record` says where in the data, and keeps the rest.
    """

    _desk: Desk

    # ------------------------------------------------------------------ to override

    def on_start(self) -> None:
        """Before the first row."""

    def on_bar(self, bar: Bar) -> None:
        """A bar has closed; orders sent now can be filled from the next bar's open on."""

    def on_trade(self, trade: Tick) -> None:
        """A trade of the market: `price`, `qty`, `side` of the aggressor (0 unknown)."""

    def on_book(self, book: Book) -> None:
        """The best bid and ask: `bid`, `bid_qty`, `ask`, `ask_qty`; 0 an empty side."""

    def on_report(self, report: Report) -> None:
        """An execution report: acknowledgement, fill, refusal with its reason, end of an order."""

    def on_timer(self, tag: Any) -> None:
        """A timer has gone off."""

    def on_end(self) -> None:
        """After the last row."""

    # ------------------------------------------------------------------ orders

    def buy(self, qty: Price, price: Price = 0, **more: Any) -> int:
        """Buy: a market order, or with `price` a limit order; returns its cl_ord_id.

        `more` are the fields of `submit`.
        """
        return self.submit(Side.BUY, qty, price, **more)

    def sell(self, qty: Price, price: Price = 0, **more: Any) -> int:
        """Sell, beyond the position held: short; as `buy`."""
        return self.submit(Side.SELL, qty, price, **more)

    def submit(
        self, side: Side, qty: Price, price: Price = 0, *, instrument: Instrument = 1,
        stop_px: Price = 0, offset: Price = 0, ord_type: OrdType | None = None, **more: Any,
    ) -> int:  # fmt: skip
        """Send an order of any kind; returns its cl_ord_id at once, reports come later.

        Args:
            stop_px: trigger price; with `price` a stop-limit order, else a stop order.
            offset: distance of a trailing stop (it makes the order one), or of a peg; basis
                points with ExecInst.TRAIL_BPS.
            ord_type: when price and stop price do not say it: MARKET_IF_TOUCHED, PEGGED, ...
            more: the other fields of `domain.messages.NewOrder`: time_in_force, exec_inst,
                display_qty, min_qty, expire_time, cl_ord_link_id, contingency, list_size, ...
                Orders are GTC unless `time_in_force` says otherwise.

        Raises:
            InvalidField: a field that no exchange could read. What the exchange refuses comes
                as a report with its reason, as it would live.
        """
        desk = self._desk
        scale = desk.scale(instrument)
        kind = ord_type
        if kind is None:
            kind = _ORD_TYPES[price != 0, stop_px != 0]
            kind = OrdType.TRAILING_STOP if offset else kind
        if desk.quick is not None and not more and not offset:
            return desk.enter_quick(scale, side, kind, qty, price, stop_px)
        for name in ("display_qty", "min_qty"):
            if name in more:
                more[name] = scale.lots(more[name])
        more.setdefault("time_in_force", TimeInForce.GTC)
        bps = int(more.get("exec_inst", 0)) & 32
        return desk.enter(
            NewOrder(
                account=0, instrument=scale.number, cl_ord_id=desk.next_id(), side=side,
                order_qty=scale.lots(qty), price=scale.ticks(price), ord_type=kind,
                stop_px=scale.ticks(stop_px),
                offset=int(offset) if bps else scale.ticks(offset), **more,
            )
        )  # fmt: skip

    def bracket(
        self, side: Side, qty: Price, price: Price = 0, *, take_profit: Price = 0,
        stop_loss: Price = 0, instrument: Instrument = 1, **more: Any,
    ) -> tuple[int, int, int]:  # fmt: skip
        """An entry with a profit target and a stop loss that live once it is filled.

        The entry waits at the exchange until both have arrived.
        Returns the three cl_ord_ids, 0 for a leg that was not asked for. `more` goes to the entry.
        """
        legs = int(take_profit != 0) + int(stop_loss != 0)  # numpy would say True + True = True
        entry = self.submit(
            side, qty, price, instrument=instrument, list_size=1 + legs if legs else 0, **more
        )
        away = Side.SELL if side == Side.BUY else Side.BUY
        link: dict[str, Any] = {
            "instrument": instrument, "cl_ord_link_id": entry, "contingency": Contingency.BRACKET,
        }  # fmt: skip
        target = self.submit(away, qty, take_profit, **link) if take_profit else 0
        stop = self.submit(away, qty, stop_px=stop_loss, **link) if stop_loss else 0
        return entry, target, stop

    def target(self, qty: Price, instrument: Instrument = 1, **more: Any) -> int:
        """A market order for what is missing to a position of `qty`; 0 if nothing is.

        What an earlier order may still fill is not counted: cancel it first.
        """
        held: Any = self._desk.held.get(instrument)
        if held is None:
            held = self._desk.position(instrument)
        missing = qty - held
        if missing == 0:
            return 0
        side = Side.BUY if missing > 0 else Side.SELL
        return self.submit(side, abs(missing), instrument=instrument, **more)

    def close(self, instrument: Instrument = 1) -> int:
        """A market order that ends the position; 0 if there is none."""
        return self.target(0, instrument)

    def quote(
        self, bid: Price, bid_qty: Price, ask: Price, ask_qty: Price, instrument: Instrument = 1
    ) -> None:
        """Both sides at once, in place of the quote before; a quantity of 0 takes a side away."""
        scale = self._desk.scale(instrument)
        self._desk.send(
            Quote(
                account=0, instrument=scale.number, cl_ord_id=self._desk.next_id(),
                bid_px=scale.ticks(bid), bid_size=scale.lots(bid_qty),
                offer_px=scale.ticks(ask), offer_size=scale.lots(ask_qty),
            )
        )  # fmt: skip

    def cancel(self, cl_ord_id: int) -> None:
        """Cancel an order of yours; the answer is a report."""
        self._desk.send(Cancel(account=0, orig_cl_ord_id=cl_ord_id))

    def cancel_all(self, instrument: Instrument = 0) -> None:
        """Cancel all orders of yours, or those in one instrument."""
        number = self._desk.scale(instrument).number if instrument else 0
        self._desk.send(MassCancel(account=0, instrument=number))

    def replace(self, cl_ord_id: int, qty: Price = 0, price: Price = 0, **more: Any) -> None:
        """Change an order in place: `qty` is the new total; what is left out stays as it is.

        `more`: stop_px, display_qty, min_qty, offset, expire_time.
        """
        order = self._desk.orders.get(cl_ord_id)
        scale = self._desk.scale(order.instrument if order else 1)
        for name in ("stop_px", "offset"):
            if name in more:
                more[name] = scale.ticks(more[name])
        for name in ("display_qty", "min_qty"):
            if name in more:
                more[name] = scale.lots(more[name])
        self._desk.send(
            Replace(
                account=0, orig_cl_ord_id=cl_ord_id, order_qty=scale.lots(qty),
                price=scale.ticks(price), **more,
            )
        )  # fmt: skip

    # ------------------------------------------------------------------ what is known

    def position(self, instrument: Instrument = 1) -> float | int:
        """What is held, short below 0, as the reports that have arrived say."""
        held = self._desk.held.get(instrument)
        return self._desk.position(instrument) if held is None else held

    @property
    def orders(self) -> dict[int, Order]:
        """Orders of yours that live, as the reports that have arrived say, by cl_ord_id."""
        return self._desk.orders

    @property
    def cash(self) -> float:
        """Cash of the account."""
        return self._desk.cash()

    @property
    def equity(self) -> float:
        """Cash and open positions at their last prices."""
        return self._desk.equity()

    @property
    def now(self) -> int:
        """The time, ns since 1970 UTC."""
        return self._desk.now()

    @property
    def symbols(self) -> tuple[str, ...]:
        """The instruments, in the order of their numbers 1, 2, 3, ..."""
        return tuple(each.symbol for each in self._desk.broker.listings)

    def set_timer(self, time: int, tag: Any = None) -> None:
        """Call `on_timer(tag)` at `time` (ns since 1970), at once if that is past."""
        self._desk.broker.set_timer(time, tag)

    def indicator(self, stream: Any, instrument: Instrument = 1, source: str = "close") -> Line:
        """Feed an indicator (`gw.indicators.SMA(10)`) with bars; `.value` is its newest value.

        An indicator of one column takes `source` (open, high, low, close, volume), others the
        columns that they name. It is up to date when `on_bar` is called, NaN while it warms up.
        Only in `on_start`.
        """
        return self._desk.add_line(stream, self._desk.scale(instrument).number, source)

    # ------------------------------------------------------------------ parameters

    @classmethod
    def parameters(cls) -> dict[str, Any]:
        """The parameters of this strategy and their defaults."""
        found: dict[str, Any] = {}
        for base in reversed(cls.__mro__[: cls.__mro__.index(Strategy)]):
            for name, value in vars(base).items():
                plain = not callable(value) and not hasattr(value, "__get__")
                if plain and not name.startswith("_"):
                    found[name] = value
        return found

    @classmethod
    def made(cls, parameters: dict[str, Any] | None = None) -> Strategy:
        """An instance with some parameters set. Raises InvalidField for one it does not have."""
        strategy, known = cls(), cls.parameters()
        for name, value in (parameters or {}).items():
            if name not in known:
                raise InvalidField("parameters", name, ", ".join(known) or "none")
            setattr(strategy, name, value)
        return strategy

    def attach(self, broker: Broker) -> Desk:
        """Connect to what executes orders: the simulator, or an account of the live exchange."""
        self._desk = Desk(broker)
        return self._desk
