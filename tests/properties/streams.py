"""Streams of COMMAND rows in which everything meets everything.

A stream is a prologue (instruments, a hierarchy, limits, cash) and mixed commands near the touch.
What is random comes from a `Chooser`: Hypothesis, which shrinks, or a seeded numpy generator,
which is fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import numpy as np
from hypothesis import strategies as st

from domain.attributes import InstrumentAttr as I
from domain.attributes import NodeAttr as N
from domain.attributes import PositionAttr as P
from domain.codes import (
    Command,
    Contingency,
    ExecInst,
    OrdType,
    Phase,
    Scope,
    Side,
    TimeInForce,
)
from domain.layout import COMMAND
from tests.properties import stream_tables as tables
from tests.properties.stream_tables import MID, MS, START

T = TypeVar("T")
Array = np.ndarray[Any, Any]
Row = dict[str, int]


class Chooser(Protocol):
    """Where choices come from."""

    def number(self, low: int, high: int) -> int:
        """A number from low to high, both included; low is the simplest."""


class Drawn:
    """Choices of Hypothesis: a failing stream shrinks towards few and plain commands."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw

    def number(self, low: int, high: int) -> int:
        return int(self.draw(st.integers(low, high)))


class Seeded:
    """Choices of a seeded generator, drawn in blocks because one at a time is slow."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.block: list[float] = []

    def number(self, low: int, high: int) -> int:
        if not self.block:
            self.block = self.rng.random(4096).tolist()
        return low + int(self.block.pop() * (high - low + 1))


def array_of(rows: Sequence[Row | bytes]) -> Array:
    """COMMAND rows; bytes are taken as they are."""
    out = np.zeros(len(rows), dtype=COMMAND)
    for k, row in enumerate(rows):
        if isinstance(row, bytes):
            out[k] = np.frombuffer(row, dtype=COMMAND)[0]
            continue
        for name, value in row.items():
            out[k][name] = value
    return out


@dataclass
class Stream:
    """Writes one stream; remembers the ids that it has used."""

    choose: Chooser
    instruments: int = 3
    accounts: tuple[int, ...] = ()
    time: int = START
    next_id: int = 0
    sent: list[tuple[int, int, int]] = field(default_factory=list)  # account, id, instrument
    rows: list[Row | bytes] = field(default_factory=list)

    # --------------------------------------------------------------- choices

    def pick(self, options: Sequence[T]) -> T:
        return options[self.choose.number(0, len(options) - 1)]

    def often(self, percent: int) -> bool:
        return self.choose.number(0, 99) >= 100 - percent

    def weighted(self, table: Sequence[tuple[int, T]]) -> T:
        at = self.choose.number(0, sum(weight for weight, _ in table) - 1)
        for weight, value in table:
            at -= weight
            if at < 0:
                return value
        raise AssertionError

    def near(self) -> int:
        return MID + self.choose.number(-8, 8)

    def limit_near(self, side: int) -> int:
        """Most limits do not cross, so that there is a book to cross."""
        if self.often(35):
            return self.near()
        away = self.choose.number(-1, 6)
        return MID - away if side == Side.BUY else MID + away

    def lots(self) -> int:
        return self.choose.number(1, 20) * (10 if self.often(10) else 1)

    def add(self, command: Command, **fields: int) -> None:
        self.time += self.choose.number(0, 3) * MS if not self.often(2) else 3_000 * MS
        self.rows.append({"command": command, "transact_time": self.time, **fields})

    def set(self, scope: Scope, entity: int, attribute: int, value: int, **more: int) -> None:
        fields = {"scope": scope, "entity": entity, "attribute": attribute, "value": value}
        self.add(Command.SET, **fields, **more)

    # --------------------------------------------------------------- the prologue

    def prologue(self) -> None:
        """Instruments of several kinds; a firm, a client, two desks, six accounts."""
        for number in range(1, self.instruments + 1):
            kind = self.pick((1, 1, 2, 3, 4, 5))
            self.add(Command.INSTRUMENT_ADD, entity=number, index=kind)
            self.instrument(number)
        tree = [(4, 0), (3, 1), (2, 2), (2, 2), (1, 3), (1, 3), (1, 4), (1, 1), (1, 2), (1, 0)]
        for number, (level, parent) in enumerate(tree, 1):
            self.add(Command.NODE_ADD, entity=number, index=level, parent=parent)
        self.accounts = (5, 6, 7, 8, 9, 10)
        for account in self.accounts:
            cash = self.pick((10**9, 10**6, 30_000))
            self.add(Command.DEPOSIT, account=account, value=cash)
            if self.often(40):
                self.set(Scope.NODE, account, N.STP_GROUP, self.choose.number(1, 2))
                self.set(Scope.NODE, account, N.STP_MODE, self.choose.number(1, 5))
        for _ in range(self.choose.number(0, 6)):
            self.limit_change()
        self.add(Command.ALGO_ADD, entity=1)
        for number in range(1, self.instruments + 1):
            phase = self.pick((Phase.CONTINUOUS,) * 4 + (Phase.PRE_OPEN, Phase.OPENING_AUCTION))
            self.add(Command.PHASE, scope=Scope.INSTRUMENT, entity=number, value=phase)

    def instrument(self, number: int) -> None:
        """Attributes of one instrument, each set or left alone."""
        options: list[tuple[int, tuple[int, ...]]] = [
            (I.TYPE, (1, 2, 3, 4, 5)),
            (I.REFERENCE_PRICE, (MID, MID, MID - 3)),
            (I.MULTIPLIER, (1, 7, 100)),
            (I.MARGIN_MODEL, (0, 1, 2, 3)),
            (I.MARGIN_PER_LOT, (50, 777)),
            (I.MARGIN_BPS, (500, 1234)),
            (I.ELM_BPS, (333,)),
            (I.MAKER_PPB, (-100_000, 123_456)),
            (I.TAKER_PPB, (300_000, 7_654_321)),
            (I.MAKER_PER_LOT, (-1, 2)),
            (I.TAKER_PER_LOT, (3,)),
            (I.FEE_MIN, (5,)),
            (I.FEE_CAP, (900,)),
            (I.CHARGE_BUY_PPB_1, (150_001,)),
            (I.CHARGE_SELL_PPB_1, (250_003,)),
            (I.CHARGE_SELL_PPB_3, (10_007,)),
            (I.ALLOCATION, (0, 1, 2)),
            (I.FIFO_SHARE_BPS, (2_500,)),
            (I.PRO_RATA_MIN, (2, 3)),
            (I.REPLACE_LOSES_PRIORITY, (1,)),
            (I.MARKET_PROTECTION_BPS, (0, 50, 1_000)),
            (I.STATIC_LOW, (MID - 11,)),
            (I.STATIC_HIGH, (MID + 10,)),
            (I.DYNAMIC_BPS, (60, 90, 0)),
            (I.VOLATILITY_AUCTION, (0, 1)),
            (I.VOLATILITY_NS, (20 * MS,)),
            (I.EXTENSION_NS, (10 * MS,)),
            (I.EXTENSION_BPS, (20,)),
            (I.TICK_FROM_1 + 2, (MID, MID - 5)),
            (I.TICK_1 + 2, (0, 2, 0, 3)),
            (I.PRODUCT, (1, 2)),
        ]
        for attribute, values in options:
            if self.often(35):
                self.set(Scope.INSTRUMENT, number, attribute, self.pick(values))
        for attribute, values in tables.RARE:
            if self.often(3):
                self.set(Scope.INSTRUMENT, number, attribute, self.pick(values))

    def limit_change(self) -> None:
        """Tighten or loosen one limit somewhere in the hierarchy."""
        options: list[tuple[N, tuple[int, ...]]] = [
            (N.CREDIT, (10**6,)),
            (N.MAX_ORDER_QTY, (0, 15)),
            (N.MAX_ORDER_VALUE, (0, 15_000, 1_000_000)),
            (N.MAX_OPEN_ORDERS, (0, 5, 20)),
            (N.MAX_OPEN_VALUE, (0, 90_000)),
            (N.MAX_POSITION, (0, 30, 80)),
            (N.MAX_GROSS_POSITION, (0, 60)),
            (N.MAX_INSTRUMENT_EXPOSURE, (0, 70_000)),
            (N.MAX_GROSS_EXPOSURE, (0, 150_000)),
            (N.MAX_NET_EXPOSURE, (0, 90_000)),
            (N.MAX_MARGIN, (0, 100_000)),
            (N.MAX_REALISED_LOSS, (0, 500)),
            (N.MAX_DAILY_LOSS, (0, 700)),
            (N.MAX_DRAWDOWN, (0, 900)),
            (N.MAX_CONCENTRATION_BPS, (0, 900)),
            (N.FAT_FINGER_BPS, (0, 50)),
            (N.FAT_FINGER_TICKS, (0, 6)),
            (N.MAX_BOOK_BPS, (0, 5_000)),
            (N.DUPLICATE_WINDOW_NS, (0, 4 * MS)),
            (N.ORDER_RATE, (0, 200)),
            (N.ORDER_BURST, (3,)),
            (N.REPLACE_RATE, (0, 100)),
            (N.CANCEL_RATE, (0, 100)),
            (N.ORDER_TO_TRADE, (0, 2)),
            (N.ORDER_TO_TRADE_FLOOR, (10,)),
            (N.MAX_EXECUTIONS, (0, 5)),
            (N.EXECUTION_WINDOW_NS, (30 * MS,)),
            (N.RRM_ENTER_BPS, (0, 6_000)),
            (N.RRM_LEAVE_BPS, (4_000,)),
            (N.SHORT_SALE, (1, 0, 2)),
            (N.STATUS, (0, 0, 2, 1)),
            (N.CHECK_BUYING_POWER, (1, 0)),
            (N.ALLOWED_SIDES, (3, 1)),
            (N.COST_METHOD, (1, 0)),
            (N.ALLOWED_TYPES, (63, 63, 60)),
            (N.ALLOWED_ORD_TYPES, (511, 511, 3)),
            (N.ALGO_REQUIRED, (0, 0, 1)),
            (N.MAX_ADV_BPS, (0, 100)),
            (N.CURRENCY, (0, 0, 356)),
        ]
        attribute, values = self.pick(options)
        self.set(Scope.NODE, self.choose.number(1, 10), attribute, self.pick(values))

    # --------------------------------------------------------------- orders

    def new_order(self) -> None:
        kind = self.weighted(tables.TYPES)
        account, instrument = self.pick(self.accounts), self.choose.number(1, self.instruments)
        row: Row = {
            "account": account,
            "instrument": instrument,
            "side": self.weighted(tables.SIDES),
            "ord_type": kind,
            "time_in_force": self.weighted(tables.TIFS),
            "order_qty": self.lots(),
            "cl_ord_id": self.fresh_id(account, instrument),
        }
        if kind in (OrdType.LIMIT, OrdType.STOP_LIMIT, OrdType.LIMIT_IF_TOUCHED):
            row["price"] = self.limit_near(row["side"])
        if kind in tables.WITH_STOP:
            row["stop_px"] = self.near()
        if kind == OrdType.TRAILING_STOP:
            row["offset"] = self.choose.number(1, 6)
            row["price"] = self.near() if self.often(30) else 0
            row["stop_px"] = self.near() if self.often(30) else 0
            if self.often(30):
                row["exec_inst"] = ExecInst.TRAIL_BPS
                row["offset"] *= 10
        if kind == OrdType.PEGGED:
            row["exec_inst"] = self.pick(tables.PEGS)
            row["offset"] = self.choose.number(-2, 2)
            row["price"] = self.near() if self.often(60) else 0
        if row["time_in_force"] == TimeInForce.GTD:
            row["expire_time"] = self.time + self.choose.number(1, 60) * MS
        self.decorate(row)
        self.link(row, account, instrument)
        self.add(Command.NEW_ORDER, **row)
        if row["cl_ord_id"] > 0:
            self.sent.append((account, row["cl_ord_id"], instrument))

    def fresh_id(self, account: int, instrument: int) -> int:
        if self.sent and self.often(1):
            return self.pick(self.sent[-20:])[1]
        self.next_id += 1
        return self.next_id

    def decorate(self, row: Row) -> None:
        """Display, minimum and handling flags, most of the time none."""
        flags = row.get("exec_inst", 0)
        extra = self.weighted(tables.DECORATIONS)
        if extra == "iceberg":
            row["display_qty"] = self.choose.number(1, 5)
        elif extra == "minimum":
            row["min_qty"] = self.choose.number(1, 12)
        elif extra == "hidden":
            flags |= ExecInst.HIDDEN
        elif extra == "flag":
            flags |= self.pick(tables.FLAGS)
        elif extra == "mode":
            row["stp_mode"] = self.choose.number(1, 5)
        elif extra == "algo":
            row["algo_id"] = self.choose.number(1, 2)
        elif extra == "session":
            row["session"] = self.choose.number(1, 2)
            flags |= ExecInst.CANCEL_ON_DISCONNECT
        row["exec_inst"] = flags

    def link(self, row: Row, account: int, instrument: int) -> None:
        """Now and then a list: begun, or joined."""
        if self.often(3):
            row["list_size"] = self.choose.number(2, 3)
        elif self.often(10):
            mine = [i for a, i, n in self.sent[-40:] if a == account and n == instrument]
            if mine:
                row["cl_ord_link_id"] = self.pick(mine[-3:])
                row["contingency"] = self.pick(list(Contingency)[1:])

    def known(self) -> tuple[int, int, int]:
        return self.pick(self.sent[-25:]) if self.sent else (1, 1, 1)

    def cancel(self) -> None:
        account, cl_ord_id, _ = self.known()
        if self.often(20):
            number = self.choose.number(1, max(1, len(self.sent)))
            self.add(Command.CANCEL_ORDER, account=account, order_id=number)
        else:
            row = {"cl_ord_id": self.next_id + 10**6} if self.often(30) else {}
            self.add(Command.CANCEL_ORDER, account=account, orig_cl_ord_id=cl_ord_id, **row)

    def replace(self) -> None:
        account, cl_ord_id, instrument = self.known()
        row: Row = {"account": account, "orig_cl_ord_id": cl_ord_id}
        if self.often(40):
            row["price"] = self.near()
        if self.often(40):
            row["order_qty"] = self.lots()
        if self.often(15):
            row["stop_px"] = self.near()
        if self.often(15):
            row["display_qty"] = self.choose.number(1, 6)
        if self.often(10):
            row["min_qty"] = self.choose.number(1, 6)
        if self.often(10):
            row["offset"] = self.choose.number(1, 4)
        if self.often(10):
            row["expire_time"] = self.time + self.choose.number(1, 60) * MS
        if self.often(30):
            row["cl_ord_id"] = self.fresh_id(account, instrument)
            self.sent.append((account, row["cl_ord_id"], instrument))
        self.add(Command.REPLACE_ORDER, **row)

    def quote(self) -> None:
        bid = self.near()
        self.next_id += 1
        self.add(
            Command.QUOTE,
            account=self.pick(self.accounts[:3]),
            instrument=self.choose.number(1, self.instruments),
            cl_ord_id=self.next_id,
            price=bid,
            order_qty=self.lots() if self.often(85) else 0,
            offer_px=bid + self.choose.number(1, 4) if self.often(97) else bid,
            offer_size=self.lots() if self.often(85) else 0,
            exec_inst=self.pick((0, 0, ExecInst.POST_SLIDE, ExecInst.POST_ONLY)),
        )

    # --------------------------------------------------------------- everybody else's commands

    def mass_cancel(self) -> None:
        by = self.choose.number(0, 3)
        self.add(
            Command.MASS_CANCEL,
            account=self.pick(self.accounts) if by in (0, 1) else 0,
            instrument=self.choose.number(1, self.instruments) if by in (1, 2) else 0,
            scope=Scope.NODE if by == 3 else Scope.MARKET,
            entity=self.choose.number(1, 4) if by == 3 else 0,
            side=self.pick((0, Side.BUY, Side.SELL)),
            price_low=self.pick((0, MID - 2)),
            price_high=self.pick((0, MID + 2)),
        )

    def place(self) -> Row:
        """One instrument, seldom the whole market."""
        if self.often(10):
            return {"scope": Scope.MARKET}
        return {
            "scope": Scope.INSTRUMENT,
            "entity": self.choose.number(1, self.instruments),
        }

    def phase(self) -> None:
        """A phase; one that takes no orders does not last."""
        value, place = self.weighted(tables.PHASES), self.place()
        self.add(Command.PHASE, value=value, **place)
        if value in (Phase.CLOSED, Phase.POST_CLOSE):
            for _ in range(self.choose.number(0, 3)):
                self.pick((self.new_order, self.cancel, self.replace, self.tick))()
            self.add(Command.PHASE, value=self.pick(tables.OPEN_PHASES), **place)

    def steer(self) -> None:
        command, place = self.pick((Command.UNCROSS, Command.HALT, Command.RESUME)), self.place()
        self.add(command, **place)
        if command == Command.HALT:
            for _ in range(self.choose.number(0, 3)):
                self.pick((self.new_order, self.cancel, self.replace, self.tick))()
            self.add(Command.RESUME, **place)

    def kill(self) -> None:
        scope = self.pick((Scope.NODE, Scope.INSTRUMENT, Scope.ALGO, Scope.MARKET))
        entity = self.choose.number(1, 6)
        self.add(Command.KILL_ON, scope=scope, entity=entity)
        for _ in range(self.choose.number(0, 2)):
            self.new_order()
        self.add(Command.KILL_OFF, scope=scope, entity=entity)

    def session(self) -> None:
        command = self.pick((Command.CONNECT, Command.DISCONNECT))
        self.add(command, entity=self.choose.number(1, 2))

    def dead_man(self) -> None:
        timeout = self.pick((0, 5 * MS, 30 * MS))
        self.add(Command.DEAD_MAN, account=self.pick(self.accounts), value=timeout)

    def tick(self) -> None:
        self.time += self.pick((0, 1, 25, 40)) * MS
        if self.choose.number(0, 2):
            self.add(Command.TICK)
        else:
            where, price = self.choose.number(0, 9) or 99, MID + self.choose.number(-12, 12)
            self.add(Command.TICK, instrument=where, price=self.pick((price, price, price, -1)))

    def end_of_day(self) -> None:
        self.add(Command.END_OF_DAY)
        self.add(Command.PHASE, scope=Scope.MARKET, value=Phase.PRE_OPEN)
        for _ in range(self.choose.number(0, 4)):
            self.new_order()
        self.add(Command.PHASE, scope=Scope.MARKET, value=Phase.CONTINUOUS)

    def setting(self) -> None:
        which = self.choose.number(0, 3)
        if which == 0:
            self.instrument(self.choose.number(1, self.instruments))
        elif which == 1:
            self.row_limit()
        else:
            self.limit_change()

    def row_limit(self) -> None:
        entity, instrument = self.choose.number(1, 10), self.choose.number(1, self.instruments)
        attribute = self.pick(list(P))
        value = 0 if self.often(50) else self.pick((1, 20, 60_000))
        if attribute in (P.MAX_GROUP_GROSS, P.MAX_GROUP_NET):
            row = {"index": self.choose.number(1, 2), "instrument": self.choose.number(0, 2)}
            self.set(Scope.GROUP, entity, attribute, value, **row)
        else:
            self.set(Scope.POSITION, entity, attribute, value, instrument=instrument)

    def transfer(self) -> None:
        command = self.pick((Command.DEPOSIT, Command.WITHDRAW))
        row: Row = {"account": self.pick(self.accounts), "value": self.pick((500, 10**5, 10**9))}
        if self.often(40):
            row |= {"scope": Scope.POSITION, "value": self.lots(), "price": self.near()}
            row["instrument"] = self.choose.number(1, self.instruments)
        self.add(command, **row)

    def rearm(self) -> None:
        self.add(Command.REARM, entity=self.choose.number(1, 10))

    def garbage(self) -> None:
        """A row of random bytes, or a plausible order with one field spoilt."""
        if self.often(50):
            size = COMMAND.itemsize
            raw = bytearray(self.choose.number(0, 255) for _ in range(size))
            raw[8:16] = (0).to_bytes(8, "little")  # the time of a wild row would stop the clock
            self.rows.append(bytes(raw))
            return
        self.new_order()
        row = self.rows[-1]
        assert isinstance(row, dict)
        spoilt, values = self.pick(tables.SPOILT)
        row[spoilt] = self.pick(values)

    def mixed(self, count: int) -> None:
        for _ in range(count):
            getattr(self, self.weighted(tables.COMMANDS))()


def seeded_stream(seed: int, count: int = 400, kind: type[Stream] = Stream) -> Array:
    """The same seed gives the same stream."""
    stream = kind(Seeded(seed), instruments=1 + seed % 3)
    stream.prologue()
    stream.mixed(count)
    return array_of(stream.rows)


@st.composite
def streams(draw: Any, most: int = 60) -> Array:
    """Streams that Hypothesis can shrink."""
    drawn = Drawn(draw)
    stream = Stream(drawn, instruments=drawn.number(1, 2))
    stream.prologue()
    stream.mixed(drawn.number(1, most))
    return array_of(stream.rows)
