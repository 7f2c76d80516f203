"""Streams in which rare things meet: few prices, few accounts, lists, minima, icebergs."""

from __future__ import annotations

from domain.attributes import InstrumentAttr as I
from domain.attributes import NodeAttr as N
from domain.codes import Command, Contingency, ExecInst, OrdType, Phase, Scope, Side, TimeInForce
from tests.properties.stream_tables import MID, MS
from tests.properties.streams import Row, Stream

_PEERS = (Contingency.ONE_CANCELS_OTHER, Contingency.ONE_UPDATES_OTHER)
_FAMILIES = (Contingency.ONE_TRIGGERS_OTHER, Contingency.BRACKET)


class Crowded(Stream):
    """The same commands as a `Stream`, where orders are linked, picky, and near one another."""

    def prologue(self) -> None:
        super().prologue()
        self.accounts = self.accounts[:4]
        for account in self.accounts:
            self.add(Command.DEPOSIT, account=account, value=10**12)

    def near(self) -> int:
        return MID + self.choose.number(-3, 3)

    def limit_near(self, side: int) -> int:
        away = self.choose.number(-1, 3)
        return MID - away if side == Side.BUY else MID + away

    def lots(self) -> int:
        return self.choose.number(1, 12)

    def fresh_id(self, account: int, instrument: int) -> int:
        self.next_id += 1
        return self.next_id

    def limit_change(self) -> None:
        """Only settings that let most orders through."""
        options = ((N.STP_GROUP, (0, 1, 2)), (N.STP_MODE, (1, 2, 3, 4, 5)), (N.COST_METHOD, (0, 1)))
        attribute, values = self.pick(options)
        self.set(Scope.NODE, self.choose.number(5, 10), attribute, self.pick(values))

    def instrument(self, number: int) -> None:
        options = (
            (I.REFERENCE_PRICE, (MID, MID - 2)),
            (I.ALLOCATION, (0, 1, 2)),
            (I.PRO_RATA_MIN, (1, 2, 4)),
            (I.TAKER_PPB, (300_000, 7_654_321)),
            (I.MAKER_PER_LOT, (-1, 2)),
            (I.DYNAMIC_BPS, (10, 20, 30)),
            (I.DYNAMIC_REFERENCE, (0, 0, 1)),
            (I.VOLATILITY_NS, (20 * MS,)),
            (I.MARKET_PROTECTION_BPS, (0, 20, 1_000)),
            (I.REPLACE_LOSES_PRIORITY, (0, 0, 1)),
            (I.TICK_1 + 2, (0, 0, 2)),
        )
        self.set(Scope.INSTRUMENT, number, I.VOLATILITY_AUCTION, 1)
        for attribute, values in options:
            if self.often(30):
                self.set(Scope.INSTRUMENT, number, attribute, self.pick(values))

    # --------------------------------------------------------------- orders

    def new_order(self) -> None:
        which = self.choose.number(0, 9)
        if which < 4:
            self.family()
        elif which < 6:
            self.picky()
        else:
            super().new_order()

    def plain(self, **more: int) -> Row:
        """A limit order that may rest, with or without a shown part, hidden or a mode."""
        account, instrument = self.pick(self.accounts), self.choose.number(1, self.instruments)
        side = self.pick((Side.BUY, Side.SELL))
        row: Row = {
            "account": account,
            "instrument": instrument,
            "side": side,
            "ord_type": OrdType.LIMIT,
            "price": self.limit_near(side),
            "order_qty": self.lots(),
            "cl_ord_id": self.fresh_id(account, instrument),
        }
        if self.often(25):
            row["display_qty"] = self.choose.number(1, 4)
        elif self.often(15):
            row["exec_inst"] = ExecInst.HIDDEN
        if self.often(15):
            row["stp_mode"] = self.choose.number(1, 5)
        return row | more

    def send(self, row: Row) -> None:
        self.add(Command.NEW_ORDER, **row)
        self.sent.append((row["account"], row["cl_ord_id"], row["instrument"]))

    def family(self) -> None:
        """An order and others that are linked to it, mostly on its side of the book."""
        first = self.plain()
        kind = self.pick(_PEERS) if self.often(65) else self.pick(_FAMILIES)
        members = self.choose.number(1, 3)
        if self.often(15):
            first["list_size"] = members + 1
        self.send(first)
        for _ in range(members):
            row = self.plain(account=first["account"], instrument=first["instrument"])
            same_side = kind in _PEERS and self.often(75)
            row["side"] = first["side"] if same_side else 3 - first["side"]
            row["price"] = self.limit_near(row["side"])
            row |= {"contingency": kind, "cl_ord_link_id": first["cl_ord_id"]}
            if self.often(10):
                row["exec_inst"] = ExecInst.ALL_OR_NONE
            elif self.often(15):
                row |= {"ord_type": OrdType.TRAILING_STOP, "price": 0, "display_qty": 0}
                row["offset"] = self.choose.number(1, 3)
            elif row["side"] != first["side"] and self.often(40):
                row |= {"price": first["price"], "time_in_force": TimeInForce.FOK}
            self.send(row)

    def picky(self) -> None:
        """An order that takes all it asks for, or a minimum, or nothing."""
        row = self.plain(order_qty=self.choose.number(2, 30))
        row["price"] = MID + (self.choose.number(-1, 4) if row["side"] == Side.BUY else 0)
        if row["side"] == Side.SELL:
            row["price"] = MID - self.choose.number(-1, 4)
        how = self.choose.number(0, 3)
        if how == 0:
            row["min_qty"] = self.choose.number(2, row["order_qty"])
        elif how == 1:
            row["exec_inst"] = ExecInst.ALL_OR_NONE
        else:
            row["time_in_force"] = TimeInForce.FOK
        self.send(row)

    # --------------------------------------------------------------- what would empty the book

    def kill(self) -> None:
        self.new_order()

    def end_of_day(self) -> None:
        self.add(Command.TICK)

    def mass_cancel(self) -> None:
        self.tick()

    def phase(self) -> None:
        if self.often(30):
            super().phase()
        self.add(Command.PHASE, value=Phase.CONTINUOUS, scope=Scope.MARKET)

    def garbage(self) -> None:
        self.pick((self.cancel, self.replace, self.picky))()
