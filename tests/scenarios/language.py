"""The language of the stories: one line of text becomes one or more COMMAND rows.

docs/scenarios.md is its manual. A `Desk` remembers the names that a story has given.
"""

from __future__ import annotations

import numpy as np

from domain import codes
from domain.attributes import InstrumentAttr, NodeAttr, PositionAttr
from domain.codes import (
    Command,
    Contingency,
    ExecInst,
    InstrumentType,
    OrdType,
    Phase,
    Scope,
    SelfTrade,
    Side,
    TimeInForce,
)
from domain.layout import COMMAND
from risk.scenario import Scenario, example
from risk.scenario.commands import rows_in_force

SECOND = 10**9
START = 10**18
SIDES = {
    "buy": Side.BUY,
    "sell": Side.SELL,
    "sell-short": Side.SELL_SHORT,
    "sell-short-exempt": Side.SELL_SHORT_EXEMPT,
}
TIFS = {
    "day": TimeInForce.DAY,
    "gtc": TimeInForce.GTC,
    "at-the-open": TimeInForce.AT_THE_OPEN,
    "ioc": TimeInForce.IOC,
    "fok": TimeInForce.FOK,
    "at-the-close": TimeInForce.AT_THE_CLOSE,
    "good-for-auction": TimeInForce.GOOD_FOR_AUCTION,
}
FLAGS = {
    "post-only": ExecInst.POST_ONLY,
    "post-slide": ExecInst.POST_SLIDE,
    "hidden": ExecInst.HIDDEN,
    "all-or-none": ExecInst.ALL_OR_NONE,
    "reduce-only": ExecInst.REDUCE_ONLY,
    "cancel-on-disconnect": ExecInst.CANCEL_ON_DISCONNECT,
}
PEGS = {"primary": ExecInst.PEG_PRIMARY, "market": ExecInst.PEG_MARKET, "mid": ExecInst.PEG_MID}
LINKS = {
    "oco": Contingency.ONE_CANCELS_OTHER,
    "oto": Contingency.ONE_TRIGGERS_OTHER,
    "ouo": Contingency.ONE_UPDATES_OTHER,
    "bracket": Contingency.BRACKET,
}
NUMBERS = {
    "qty": "order_qty",
    "@": "price",
    "display": "display_qty",
    "min": "min_qty",
    "offset": "offset",
    "list": "list_size",
    "algo": "algo_id",
    "session": "session",
}
LEVELS = {"account": 1, "desk": 2, "client": 3, "firm": 4}
_VALUES = (codes.NodeStatus, codes.ShortSale, codes.MarginModel, codes.Allocation, SelfTrade)


def number(text: str) -> int:
    """12, 5s, 200ms, 1e9, CLOSE_ONLY."""
    for unit, ns in (("ms", 10**6), ("s", SECOND)):
        if text.endswith(unit) and text[: -len(unit)].lstrip("+").isdigit():
            return int(text[: -len(unit)]) * ns
    for names in (*_VALUES, InstrumentType):
        if text in names.__members__:
            return int(names[text])
    if "e" in text:
        digits, _, zeros = text.partition("e")
        return int(digits) * 10 ** int(zeros)
    return int(text)


def phase(name: str) -> int:
    return int(Phase[name.upper().replace("-", "_")])


class Desk:
    """The names of a story, its clock, and the rows that its lines become."""

    def __init__(self) -> None:
        self.now = START
        self.nodes: dict[str, int] = {}
        self.instruments: dict[str, int] = {}
        self.orders: dict[str, int] = {}  # label -> cl_ord_id
        self.owners: dict[str, tuple[int, int]] = {}  # label -> account, instrument

    def rows(self, line: str) -> list[np.ndarray]:
        words = line.split()
        verb = words.pop(0)
        if verb in SIDES:
            return [self.order(verb, words)]
        found = getattr(self, "do_" + verb.replace("-", "_"))(words)
        return found if isinstance(found, list) else [found]

    def row(self, command: Command, **fields: int) -> np.ndarray:
        row = np.zeros(1, COMMAND)
        row["command"], row["transact_time"] = command, self.now
        for name, value in fields.items():
            row[name] = value
        return row

    def label(self, name: str) -> int:
        return self.orders.setdefault(name, len(self.orders) + 1)

    # ------------------------------------------------------------------------------ setting up

    def do_instrument(self, words: list[str]) -> list[np.ndarray]:
        name, kind = words[:2]
        self.instruments[name] = entity = len(self.instruments) + 1
        rows = [self.row(Command.INSTRUMENT_ADD, entity=entity, index=number(kind.upper()))]
        return rows + self.attributes(Scope.INSTRUMENT, InstrumentAttr, entity, words[2:])

    def node(self, level: str, words: list[str]) -> list[np.ndarray]:
        """`account A under D cash 1000 MAX_ORDER_QTY 10`; without cash it needs none."""
        name = words.pop(0)
        self.nodes[name] = entity = len(self.nodes) + 1
        parent = cash = 0
        while words and words[0] in ("under", "cash"):
            word, value = words.pop(0), words.pop(0)
            parent = self.nodes[value] if word == "under" else parent
            cash = number(value) if word == "cash" else cash
        rows = [self.row(Command.NODE_ADD, entity=entity, index=LEVELS[level], parent=parent)]
        if level == "account" and not cash:
            words += ["CHECK_BUYING_POWER", "0"]
        rows += self.attributes(Scope.NODE, NodeAttr, entity, words)
        if cash:
            rows.append(self.row(Command.DEPOSIT, account=entity, value=cash))
        return rows

    def do_account(self, words: list[str]) -> list[np.ndarray]:
        return self.node("account", words)

    def do_accounts(self, words: list[str]) -> list[np.ndarray]:
        return [row for name in words for row in self.node("account", [name])]

    def do_desk(self, words: list[str]) -> list[np.ndarray]:
        return self.node("desk", words)

    def do_client(self, words: list[str]) -> list[np.ndarray]:
        return self.node("client", words)

    def do_firm(self, words: list[str]) -> list[np.ndarray]:
        return self.node("firm", words)

    def attributes(self, scope, names, entity, words, **more) -> list[np.ndarray]:
        pairs = zip(words[::2], words[1::2], strict=True)
        return [
            self.row(
                Command.SET, scope=scope, entity=entity, value=number(value),
                attribute=int(key) if key.isdigit() else names[key], **more,
            )
            for key, value in pairs
        ]  # fmt: skip

    def do_set(self, words: list[str]) -> list[np.ndarray]:
        """`set X KEY value`, `set A KEY value`, `set A X ...`, `set A product 7 ...`."""
        name, words = words[0], words[1:]
        if name in self.instruments:
            return self.attributes(Scope.INSTRUMENT, InstrumentAttr, self.instruments[name], words)
        entity = self.nodes.get(name, 999)
        if words[0] in self.instruments:
            at = self.instruments[words[0]]
            return self.attributes(Scope.POSITION, PositionAttr, entity, words[1:], instrument=at)
        if words[0] in ("product", "currency"):
            kind, group = 1 + (words[0] == "currency"), int(words[1])
            rest = words[2:]
            return self.attributes(
                Scope.GROUP, PositionAttr, entity, rest, instrument=group, index=kind
            )
        return self.attributes(Scope.NODE, NodeAttr, entity, words)

    def do_scenarios(self, words: list[str]) -> list[np.ndarray]:
        """`scenarios index_futures X NIFTY-JUN ...`: margin by an example's parameters."""
        model = Scenario(example(words[0]))
        contracts = {self.instruments[x]: c for x, c in zip(words[1::2], words[2::2], strict=True)}
        rows = rows_in_force(model, contracts)
        rows["transact_time"] = self.now
        return [rows[at : at + 1] for at in range(len(rows))]

    # ------------------------------------------------------------------------------ orders

    def order(self, verb: str, words: list[str]) -> np.ndarray:
        row = self.row(Command.NEW_ORDER, side=SIDES[verb], order_qty=number(words.pop(0)))
        row["instrument"] = 1
        self.fill(row, words)
        if not row["ord_type"][0]:
            row["ord_type"] = OrdType.LIMIT if row["price"][0] else OrdType.MARKET
        label = next(k for k, v in self.orders.items() if v == row["cl_ord_id"][0])
        self.owners[label] = (int(row["account"][0]), int(row["instrument"][0]))
        for word in [w for w in words if "=" in w]:
            name, _, value = word.partition("=")
            row[name] = number(value)
        return row

    def fill(self, row: np.ndarray, words: list[str]) -> None:
        """Fields from words such as `@ 100 by A as a1 ioc display 5`."""
        rest = iter(words)
        for word in rest:
            if word in NUMBERS:
                row[NUMBERS[word]] = number(next(rest))
            elif word in TIFS:
                row["time_in_force"] = TIFS[word]
            elif word in FLAGS:
                row["exec_inst"] |= int(FLAGS[word])
            elif word in LINKS:
                row["contingency"] = LINKS[word]
                row["cl_ord_link_id"] = self.label(next(rest))
            elif "=" not in word:
                self.fill_word(row, word, rest)

    def fill_word(self, row: np.ndarray, word: str, rest) -> None:
        if word == "by":
            row["account"] = self.nodes.get(name := next(rest)) or int(name)
        elif word == "as":
            row["cl_ord_id"] = self.label(next(rest))
        elif word == "on":
            row["instrument"] = self.instruments.get(name := next(rest)) or int(name)
        elif word == "gtd":
            row["time_in_force"] = TimeInForce.GTD
            row["expire_time"] = self.now + number(next(rest))
        elif word == "stp":
            row["stp_mode"] = SelfTrade[next(rest).upper().replace("-", "_")]
        elif word == "market-to-limit":
            row["ord_type"] = OrdType.MARKET_TO_LIMIT
        elif word == "peg":
            row["ord_type"] = OrdType.PEGGED
            row["exec_inst"] |= int(PEGS[next(rest)])
        else:
            self.fill_trigger(row, word, rest)

    def fill_trigger(self, row: np.ndarray, word: str, rest) -> None:
        limited = row["price"][0] > 0
        if word in ("stop", "touch"):
            row["stop_px"] = number(next(rest))
            if row["ord_type"][0] != OrdType.TRAILING_STOP:
                plain, limit = OrdType.STOP, OrdType.STOP_LIMIT
                if word == "touch":
                    plain, limit = OrdType.MARKET_IF_TOUCHED, OrdType.LIMIT_IF_TOUCHED
                row["ord_type"] = limit if limited else plain
        elif word in ("trail", "trail-bps"):
            row["ord_type"], row["offset"] = OrdType.TRAILING_STOP, number(next(rest))
            row["exec_inst"] |= int(ExecInst.TRAIL_BPS) if word == "trail-bps" else 0
        elif word != "market":
            raise ValueError(f"no such word: {word}")

    def do_cancel(self, words: list[str]) -> np.ndarray:
        account, instrument = self.owners.get(words[0], (1, 1))
        row = self.row(Command.CANCEL_ORDER, account=account, instrument=instrument)
        row["orig_cl_ord_id"] = self.label(words[0])
        self.fill(row, words[1:])
        return row

    def do_replace(self, words: list[str]) -> np.ndarray:
        row = self.do_cancel(words)
        row["command"] = Command.REPLACE_ORDER
        for name in ("ord_type",):
            row[name] = 0
        for word in [w for w in words if "=" in w]:
            name, _, value = word.partition("=")
            row[name] = number(value)
        if row["time_in_force"][0] == TimeInForce.GTD:
            row["time_in_force"] = 0
        new = [k for k, v in self.orders.items() if v == row["cl_ord_id"][0]]
        for label in new:
            self.owners[label] = self.owners[words[0]]
        return row

    def do_quote(self, words: list[str]) -> np.ndarray:
        """`quote A 10 @ 99 / 10 @ 101 as q1`"""
        account, slash = words[0], words.index("/")
        row = self.row(Command.QUOTE, account=self.nodes[account], instrument=1)
        bid, ask, rest = words[1:slash], words[slash + 1 : slash + 4], words[slash + 4 :]
        row["order_qty"], row["price"] = number(bid[0]), number(bid[2])
        row["offer_size"], row["offer_px"] = number(ask[0]), number(ask[2])
        self.fill(row, rest)
        return row

    def do_mass_cancel(self, words: list[str]) -> np.ndarray:
        """`mass-cancel account A | below D | on X | side buy | prices 90..100`"""
        row, rest = self.row(Command.MASS_CANCEL), iter(words)
        for word in rest:
            if word == "account":
                row["account"] = self.nodes[next(rest)]
            elif word == "below":
                row["scope"], row["entity"] = Scope.NODE, self.nodes[next(rest)]
            elif word == "on":
                row["instrument"] = self.instruments[next(rest)]
            elif word == "side":
                row["side"] = SIDES[next(rest)]
            else:
                low, _, high = next(rest).partition("..")
                row["price_low"], row["price_high"] = int(low or 0), int(high or 0)
        return row

    # ------------------------------------------------------------------------------ the rest

    def scoped(self, command: Command, words: list[str], **fields: int) -> np.ndarray:
        """A row for the market, or for the instrument, node or algo that `words` name."""
        row = self.row(command, scope=Scope.MARKET, **fields)
        name = words[0] if words else "market"
        if name in self.instruments:
            row["scope"], row["entity"] = Scope.INSTRUMENT, self.instruments[name]
        elif name in self.nodes:
            row["scope"], row["entity"] = Scope.NODE, self.nodes[name]
        elif name == "algo":
            row["scope"], row["entity"] = Scope.ALGO, int(words[1])
        elif name.isdigit():
            row["scope"], row["entity"] = Scope.INSTRUMENT, int(name)
        return row

    def do_phase(self, words: list[str]) -> np.ndarray:
        return self.scoped(Command.PHASE, words[1:], value=phase(words[0]))

    def do_halt(self, words: list[str]) -> np.ndarray:
        return self.scoped(Command.HALT, words)

    def do_resume(self, words: list[str]) -> np.ndarray:
        """`resume`, `resume X`, `resume X continuous`"""
        names = [w for w in words if w in self.instruments]
        phases = [w for w in words if w not in self.instruments]
        return self.scoped(Command.RESUME, names, value=phase(phases[0]) if phases else 0)

    def do_uncross(self, words: list[str]) -> np.ndarray:
        return self.scoped(Command.UNCROSS, words)

    def do_kill(self, words: list[str]) -> np.ndarray:
        return self.scoped(Command.KILL_ON, words)

    def do_revive(self, words: list[str]) -> np.ndarray:
        return self.scoped(Command.KILL_OFF, words)

    def do_algo(self, words: list[str]) -> np.ndarray:
        return self.row(Command.ALGO_ADD, entity=int(words[0]))

    def do_connect(self, words: list[str]) -> np.ndarray:
        return self.row(Command.CONNECT, entity=int(words[0]))

    def do_disconnect(self, words: list[str]) -> np.ndarray:
        return self.row(Command.DISCONNECT, entity=int(words[0]))

    def do_dead_man(self, words: list[str]) -> np.ndarray:
        return self.row(Command.DEAD_MAN, account=self.nodes[words[0]], value=number(words[1]))

    def do_rearm(self, words: list[str]) -> np.ndarray:
        return self.row(Command.REARM, entity=self.nodes[words[0]])

    def do_deposit(self, words: list[str], command: Command = Command.DEPOSIT) -> np.ndarray:
        """`deposit A 1000` or `deposit A X 10 @ 100`"""
        row = self.row(command, account=self.nodes[words[0]])
        if words[1] in self.instruments:
            row["scope"], row["instrument"] = Scope.POSITION, self.instruments[words[1]]
            row["price"], words = number(words[4]), words[1:]
        row["value"] = number(words[1])
        return row

    def do_withdraw(self, words: list[str]) -> np.ndarray:
        return self.do_deposit(words, Command.WITHDRAW)

    def do_tick(self, words: list[str]) -> np.ndarray:
        self.now += number(words[0]) if words else 0
        return self.row(Command.TICK)

    def do_wait(self, words: list[str]) -> list[np.ndarray]:
        self.now += number(words[0])
        return []

    def do_end_of_day(self, words: list[str]) -> np.ndarray:
        return self.row(Command.END_OF_DAY)

    def do_raw(self, words: list[str]) -> np.ndarray:
        """`raw NODE_ADD entity=7 index=1`: any command, field by field."""
        kind = words[0]
        row = self.row(int(kind) if kind.isdigit() else Command[kind])
        for word in words[1:]:
            name, _, value = word.partition("=")
            row[name] = number(value)
        return row
