"""Bars through the exchange, one command after another."""

from __future__ import annotations

from typing import Any

import numpy as np

from backtest.events import EventKind
from backtest.record import FLOW, Record
from backtest.settings import Settings
from backtest.simulator.house import HISTORY, OWN, minor, set_up
from backtest.strategy import Strategy
from backtest.views import Bar
from domain.codes import OrdType, Side, TimeInForce
from domain.layout import COMMAND, REPORT
from domain.messages import MassCancel, Message, NewOrder
from domain.tables import Table
from engine.exchange import Exchange

_BIG = 10**9


class Simple:
    """A broker over an exchange in this process."""

    def __init__(self, dataset: Any, settings: Settings) -> None:
        self.listings, self.settings, self.now = dataset.listings, settings, 0
        self.exchange = Exchange()
        self.exchange.apply(set_up(self.listings, settings))
        self.pending: list[Message] = []
        self.reports: list[Any] = []
        self.marks = np.zeros(len(self.listings), np.int64)
        self.number = 0

    def send(self, message: Message) -> None:
        self.pending.append(message)

    def cash(self) -> int:
        return int(self.exchange.table(Table.NODE)[OWN]["cash"])

    def held(self) -> Any:
        found = np.zeros(len(self.listings), np.int64)
        rows = self.exchange.table(Table.POSITION)
        for row in rows[rows["node"] == OWN]:
            found[row["instrument"] - 1] = row["qty"]
        return found

    def equity(self) -> int:
        worth = self.held() * self.marks * [each.multiplier for each in self.listings]
        return self.cash() + int(worth.sum())

    def set_timer(self, time: int, tag: Any) -> None:
        raise NotImplementedError

    def play(self, *messages: Message) -> None:
        """Apply messages, keep the reports on own orders."""
        data = b"".join(m.pack(None, self.now) for m in messages)
        rows = np.frombuffer(data, COMMAND).copy()
        rows["account"][rows["account"] == 0] = OWN
        done = self.exchange.apply(rows)
        self.reports += list(done[done["account"] == OWN])

    def history(self, instrument: int, side: Side, price: int, qty: int, rests: bool) -> NewOrder:
        self.number += 1
        tif = TimeInForce.GTC if rests else TimeInForce.IOC
        return NewOrder(
            account=HISTORY, instrument=instrument, cl_ord_id=self.number, side=side,
            order_qty=qty, price=price, ord_type=OrdType.LIMIT, time_in_force=tif,
        )  # fmt: skip

    def visit(self, instrument: int, price: int, own: list[Message]) -> None:
        """The market comes to a price; own orders arrive there."""
        self.play(
            self.history(instrument, Side.SELL, price + 1, _BIG, False),
            self.history(instrument, Side.BUY, max(price - 1, 1), _BIG, False),
        )
        clear = MassCancel(account=HISTORY)
        for message in own:
            side = Side.SELL if getattr(message, "side", Side.BUY) == Side.BUY else Side.BUY
            self.play(self.history(instrument, side, price, _BIG, True), message, clear)


def run_simple(strategy: Strategy, dataset: Any, settings: Settings) -> Record:
    """Run on bars."""
    broker = Simple(dataset, settings)
    desk = strategy.attach(broker)
    strategy.on_start()
    samples: dict[str, list[Any]] = {n: [] for n in ("t", "e", "c", "p", "m")}
    events, seen = 0, 0
    for chunk in dataset.chunks():
        for row in chunk[chunk["kind"] == EventKind.BAR]:
            events += 1
            number, broker.now = int(row["instrument"]), int(row["time"])
            own = [m for m in broker.pending if getattr(m, "instrument", number) in (0, number)]
            broker.pending = [m for m in broker.pending if m not in own]
            for place, name in enumerate(("open", "low", "high", "price")):
                broker.visit(number, int(row[name]), own if place == 0 else [])
            broker.marks[number - 1] = row["price"]
            for report in broker.reports[seen:]:
                strategy.on_report(desk.receive(report))
            seen = len(broker.reports)
            bar, scale = Bar(), desk.scales[number - 1]
            bar.instrument, bar.symbol, bar.time = number, scale.listing.symbol, broker.now
            bar.open, bar.high, bar.low, bar.close = (
                scale.price(int(row[n])) for n in ("open", "high", "low", "price")
            )
            bar.volume = scale.qty(int(row["qty"]))
            for line in desk.lines:
                if line.instrument == number:
                    names = line.stream.row.columns
                    wanted = (line.source,) if len(names) == 1 else names
                    line.previous = line.value
                    line.value = line.stream.update(*(getattr(bar, n) for n in wanted))
            strategy.on_bar(bar)
            if samples["t"] and samples["t"][-1] == broker.now:
                for kept in samples.values():
                    kept.pop()
            values = (broker.now, broker.equity(), broker.cash(), broker.held())
            for kept, value in zip(samples.values(), (*values, broker.marks.copy())):
                kept.append(value)
    strategy.on_end()
    width = (-1, len(broker.listings))
    return Record(
        name=settings.name or type(strategy).__name__, listings=broker.listings,
        reports=np.array(broker.reports, REPORT), arrivals=np.zeros((seen, 2), np.int64),
        times=np.array(samples["t"], np.int64), equity=np.array(samples["e"], np.int64),
        cash=np.array(samples["c"], np.int64), margin=np.zeros(len(samples["t"]), np.int64),
        positions=np.array(samples["p"], np.int64).reshape(width),
        marks=np.array(samples["m"], np.int64).reshape(width), flows=np.zeros(0, FLOW),
        start_cash=minor(settings.cash, broker.listings), seed=settings.seed,
        state_hash=broker.exchange.state_hash(), commands=broker.exchange.seq, events=events,
    )  # fmt: skip
