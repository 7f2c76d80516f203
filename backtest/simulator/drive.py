"""A Python strategy over history: callbacks in the order of time, blocks of history between them.

While no order of ours lives, bars go straight to `on_bar`; the kernels catch up when something is
sent. The values of indicators are worked out for a chunk at a time, and shown one by one.
"""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count
from typing import Any

import numpy as np

from backtest.desk import REPORT_CELLS, Desk, Scale
from backtest.events import EventKind
from backtest.simulator.core import loop
from backtest.simulator.core import tables as t
from backtest.simulator.core.tables import Part
from backtest.simulator.machine import Machine, Rows, instants
from backtest.strategy import Strategy
from backtest.views import Bar, Book, Line, Tick
from domain.codes import Command, Side, TimeInForce
from domain.fields import FIELDS, ROW
from domain.layout import REPORT
from domain.limits import MAX_PRICE, MAX_QTY
from domain.messages import Message, NewOrder
from indicators import frames

_CASH, _EQUITY = 0, 1
_SLICE = 2048  # bars whose numbers are Python objects at one time: they fit the cache
_PLAIN = [0] * len(FIELDS)
_PLAIN[FIELDS["command"].place] = int(Command.NEW_ORDER)
_PLAIN[FIELDS["time_in_force"].place] = int(TimeInForce.GTC)
_AT_TIME, _AT_ID, _AT_PRICE, _AT_QTY, _AT_INSTRUMENT, _AT_SIDE, _AT_KIND, _AT_STOP = (
    FIELDS[name].place
    for name in (
        "transact_time", "cl_ord_id", "price", "order_qty", "instrument", "side", "ord_type",
        "stop_px",
    )
)  # fmt: skip
_Lines = list[tuple[Line, list[Any]]]  # with their values at the rows of a chunk


class Simulated:
    """The broker of a simulated account."""

    def __init__(self, machine: Machine) -> None:
        self.machine, self.listings, self.now = machine, machine.listings, 0
        self.busy = False
        self.until = 0  # events of the chunk that the strategy may know of
        self._timers: list[tuple[int, int, Any]] = []
        self._numbers = count()

    def send(self, message: Message) -> None:
        """Send a command on its way."""
        self.machine.push(message.pack(None, self.now))
        self.busy = True

    def quick(
        self, instrument: int, side: int, kind: int, lots: int, ticks: int, stop: int, number: int
    ) -> None:
        """Send a plain GTC order: its row without a message, a third of the time."""
        if not (0 <= lots <= MAX_QTY and 0 <= ticks <= MAX_PRICE and 0 <= stop <= MAX_PRICE):
            NewOrder(  # raises InvalidField with the field's name
                account=0, instrument=instrument, cl_ord_id=number, side=Side(side),
                order_qty=lots, price=ticks, stop_px=stop,
            )  # fmt: skip
        cells = _PLAIN.copy()
        cells[_AT_TIME], cells[_AT_ID], cells[_AT_PRICE], cells[_AT_QTY] = (
            self.now, number, ticks, lots,
        )  # fmt: skip
        cells[_AT_INSTRUMENT], cells[_AT_SIDE], cells[_AT_KIND] = instrument, side, kind
        cells[_AT_STOP] = stop
        self.machine.push(ROW.pack(*cells))
        self.busy = True

    def cash(self) -> int:
        """Cash of the account now."""
        return self._look(_CASH)

    def equity(self) -> int:
        """Equity of the account now."""
        return self._look(_EQUITY)

    def _look(self, what: int) -> int:
        machine = self.machine
        if machine.head["cursor"] < self.until:
            machine.advance(self.until)
        return int(loop.look(machine.w, what))

    def set_timer(self, time: int, tag: Any) -> None:
        """Have `on_timer(tag)` called at a time."""
        heappush(self._timers, (max(time, self.now), next(self._numbers), tag))
        self.machine.head["timer"] = self._timers[0][0]
        self.busy = True

    def pop_timer(self) -> Any:
        """The tag of the first timer, which has gone off."""
        tag = heappop(self._timers)[2]
        self.machine.head["timer"] = self._timers[0][0] if self._timers else t.NEVER
        return tag


class Drive:
    """One run of a Python strategy."""

    def __init__(self, strategy: Strategy, machine: Machine) -> None:
        self.strategy, self.machine = strategy, machine
        self.broker = Simulated(machine)
        self.desk: Desk = strategy.attach(self.broker)
        self.bar, self.tick, self.book = Bar(), Tick(), Book()
        kind = type(strategy)
        self.shows_trades = kind.on_trade is not Strategy.on_trade
        self.shows_book = kind.on_book is not Strategy.on_book
        self.shows_reports = kind.on_report is not Strategy.on_report
        self.played = 0  # events in chunks before this one
        self.error = ""

    def run(self, dataset: Any) -> None:
        """Go through the data; what the strategy raises ends the run and is in `error`."""
        try:
            self.strategy.on_start()
            self.desk.started = True
            for rows, final in instants(dataset.chunks()):
                self._chunk(rows, final)
            self.strategy.on_end()
        except Exception as error:  # whatever a user's code raises
            self.error = f"{type(error).__name__}: {error} {self._place()}"

    def _place(self) -> str:
        """Where in the data a callback is now."""
        rows, time = self.machine.arrays[Part.EVENT], self.broker.now
        at = int(np.searchsorted(rows["time"], time, "right")) - 1
        if at < 0:
            return "before the first event"
        same = np.flatnonzero(rows["time"] == time)
        mine = same[rows["instrument"][same] == getattr(self.bar, "instrument", 0)]
        at = int(mine[0]) if len(mine) else at
        return self.machine.place(at, self.played + at - int(self.machine.head["carried"]))

    def _chunk(self, rows: Rows, final: bool) -> None:
        machine = self.machine
        only_bars = bool((rows["kind"] == EventKind.BAR).all()) and not final
        plain = machine.settings.latency.data.always_zero
        if only_bars and plain and not (self.shows_trades or self.shows_book):
            machine.head["wants"] = 0
            machine.feed(rows, final)
            self._bars(machine.arrays[Part.EVENT])
        else:
            wants = t.SHOW_BARS | t.SHOW_TRADES * self.shows_trades | t.SHOW_BOOK * self.shows_book
            machine.head["wants"] = wants
            machine.feed(rows, final)
            self.broker.until = 0
            self._steps(len(machine.arrays[Part.EVENT]))
        self.played += len(rows)

    # ------------------------------------------------------------------ bars

    def _bars(self, rows: Rows) -> None:
        """A chunk of nothing but bars: no kernel is called while nothing of ours lives."""
        ends = _ends(rows["time"])
        single = len(self.desk.scales) == 1 and len(set(ends)) == len(ends)
        for begin in range(0, len(rows), _SLICE):
            part = rows[begin : begin + _SLICE]
            columns, lines = self._columns(part), self._line_values(part)
            if single:
                self._bars_of_one(begin, part["time"].tolist(), columns, lines[1])
            else:
                self._bars_of_many(part, columns, ends[begin : begin + _SLICE], lines)
        self._steps(len(rows))
        self.broker.until = 0

    def _bars_of_one(
        self, begin: int, times: list[int], columns: list[list[float]], lines: _Lines
    ) -> None:
        broker, bar, on_bar = self.broker, self.bar, self.strategy.on_bar
        bar.instrument, bar.symbol = 1, self.desk.scales[0].listing.symbol
        every = zip(count(), count(begin + 1), times, *columns)
        for row, until, time, opened, high, low, close, volume in every:
            broker.now = bar.time = time
            if broker.busy:
                self._steps(until)
            bar.open, bar.high, bar.low, bar.close, bar.volume = opened, high, low, close, volume
            for line, values in lines:
                line.previous = line.value
                line.value = values[row]
            broker.until = until
            on_bar(bar)

    def _bars_of_many(
        self, rows: Rows, columns: list[list[float]], ends: list[int], lines: list[_Lines]
    ) -> None:
        """All bars of an instant are played before the first of them is shown."""
        broker, bar, on_bar = self.broker, self.bar, self.strategy.on_bar
        symbols = ["", *(scale.listing.symbol for scale in self.desk.scales)]
        who = zip(rows["time"].tolist(), rows["instrument"].tolist(), ends)
        for row, ((time, number, end), prices) in enumerate(zip(who, zip(*columns))):
            broker.now = time
            if broker.busy and end > broker.until:
                self._steps(end)
            broker.until = end
            bar.time, bar.instrument, bar.symbol = time, number, symbols[number]
            bar.open, bar.high, bar.low, bar.close, bar.volume = prices
            for line, values in lines[number]:
                line.previous = line.value
                line.value = values[row]
            on_bar(bar)

    def _columns(self, rows: Rows) -> list[list[float]]:
        """Open, high, low, close and volume of bars in units."""
        if len(self.desk.scales) == 1:
            return [_units(self.desk.scales[0], rows, name) for name in _NAMES]
        made = [np.zeros(len(rows)) for _ in _NAMES]
        for scale in self.desk.scales:
            mine = rows["instrument"] == scale.number
            for column, name in zip(made, _NAMES):
                column[mine] = _units(scale, rows[mine], name)
        return [column.tolist() for column in made]

    def _line_values(self, rows: Rows) -> list[_Lines]:
        """For each instrument its lines with their values at the rows of the chunk."""
        found: list[_Lines] = [[] for _ in range(len(self.desk.scales) + 1)]
        for line, stream, names in self.desk.lines:
            mine = rows["instrument"] == line.instrument
            if not mine.any():
                continue
            part, scale = rows[mine], self.desk.scales[line.instrument - 1]
            out = stream.extend(*(np.array(_units(scale, part, _FIELDS[n])) for n in names))
            if isinstance(out, tuple):
                make = frames.results(stream.row)
                some = [make(each) for each in zip(*(column.tolist() for column in out))]
            else:
                some = out.tolist()
            if len(part) < len(rows):
                values: list[Any] = [None] * len(rows)
                for place, value in zip(np.flatnonzero(mine).tolist(), some):
                    values[place] = value
                some = values
            found[line.instrument].append((line, some))
        return found

    # ------------------------------------------------------------------ anything

    def _steps(self, until: int) -> None:
        """Let the kernels go on to an event, and call back for all that is due on the way."""
        machine, broker = self.machine, self.broker
        now = broker.now
        while True:
            code = machine.advance(until)
            if code == t.DONE or code == t.DONE_BUSY:
                broker.busy = code == t.DONE_BUSY
                broker.now = now
                return
            broker.now = int(machine.head["clock"])
            now = max(now, broker.now)
            if code == t.REPORT_DUE:
                self._tell(machine.new_reports())
            elif code == t.EVENT_SHOWN:
                self._show(int(machine.head["seen"]) - 1, int(machine.head["shown"]))
            else:
                self.strategy.on_timer(broker.pop_timer())

    def _tell(self, rows: bytes) -> None:
        """Give report rows to the desk, and to the strategy if it listens."""
        desk = self.desk
        for at, cells in enumerate(REPORT_CELLS.iter_unpack(rows)):
            desk.receive(cells)
            if self.shows_reports:
                row = np.frombuffer(rows, REPORT, 1, at * REPORT.itemsize)[0]
                self.strategy.on_report(desk.report(cells, row))

    def _show(self, at: int, shown: int) -> None:
        event = self.machine.arrays[Part.EVENT][at]
        number = int(event["instrument"])
        scale = self.desk.scales[number - 1]
        if shown & t.SHOW_BARS:
            self._show_bar(event, scale)
        if shown & t.SHOW_TRADES:
            view = self.tick
            view.instrument, view.symbol, view.time = number, scale.listing.symbol, self.broker.now
            ticks = int(event["price"]) or int(self.machine.arrays[Part.ITEM][number]["seen_px"])
            view.price, view.qty = scale.price(ticks), scale.qty(int(event["qty"]))
            view.side = int(event["side"])
            self.strategy.on_trade(view)
        if shown & t.SHOW_BOOK:
            self._show_book(number, scale)

    def _show_bar(self, event: Any, scale: Scale) -> None:
        bar = self.bar
        bar.instrument, bar.symbol, bar.time = scale.number, scale.listing.symbol, self.broker.now
        bar.open, bar.high, bar.low, bar.close = (
            scale.price(int(event[name])) for name in _NAMES[:4]
        )
        bar.volume = scale.qty(int(event["qty"]))
        for line, stream, names in self.desk.lines:
            if line.instrument == scale.number:
                line.previous = line.value
                line.value = stream.update(*(float(getattr(bar, name)) for name in names))
        self.strategy.on_bar(bar)

    def _show_book(self, number: int, scale: Scale) -> None:
        item, book = self.machine.arrays[Part.ITEM][number], self.book
        book.instrument, book.symbol, book.time = number, scale.listing.symbol, self.broker.now
        book.bid, book.ask = (scale.price(int(item[n])) for n in ("seen_bid", "seen_ask"))
        book.bid_qty, book.ask_qty = (
            scale.qty(int(item[n])) for n in ("seen_bid_qty", "seen_ask_qty")
        )
        self.strategy.on_book(book)


_NAMES = ("open", "high", "low", "price", "qty")
_FIELDS = dict(zip(("open", "high", "low", "close", "volume"), _NAMES))


def _units(scale: Scale, rows: Rows, name: str) -> list[float]:
    """A column of bars in units, as `Scale.price` and `Scale.qty` give them."""
    values = rows[name]
    if name == "qty":
        made = values * scale.whole if scale.whole else values * float(scale.lot)
    else:
        made = values / scale.per_tick if scale.per_tick else values * float(scale.tick)
    found: list[float] = made.tolist()
    return found


def _ends(times: Rows) -> list[int]:
    """For each row the end of its instant: the first row of a later time."""
    later = np.flatnonzero(np.diff(times)) + 1
    ends = np.append(later, len(times))
    starts = np.concatenate([[0], later])
    return np.repeat(ends, ends - starts).tolist()
