"""Order files: a CSV with a header line, one command each line.

    time,action,order_id,side,price,qty,type,tif,account,symbol
    34200.000000001,new,1,buy,99.95,200,limit,day,alice,ABC
    34200.25,replace,1,,99.96,150,,,alice,ABC
    34201,cancel,1,,,,,,alice,ABC

Columns (any order; those in parentheses may be missing or empty):

    time           in `time_unit` (s, ms, us or ns), decimals down to ns
    action         new, cancel, replace
    order_id       1 to 2**63 - 1, unique among the account's live orders
    (new_order_id) replace: the id from now on, empty keeps it
    side           buy, sell (also b, s, bid, ask, sell_short, sell_short_exempt); needed for new
    price          decimal, a multiple of `tick`; needed for limit orders, empty in a replace keeps
    qty            decimal, a multiple of `lot`; the new total in a replace
    (type)         limit (also when empty), market, stop, stop_limit, market_if_touched,
                   limit_if_touched, market_to_limit
    (tif)          day (also when empty), gtc, ioc, fok, at_the_open, at_the_close,
                   good_for_auction
    (account)      any word; one account if there is no such column
    (symbol)       any word; one instrument if there is no such column
    (stop_price) (display_qty) (min_qty)   decimals like price and qty
    (flags)        post_only, post_slide, hidden, all_or_none or reduce_only

Other names of a column: timestamp, transact_time (time), id, cl_ord_id (order_id), quantity, size,
order_qty (qty), ord_type, order_type (type), time_in_force (tif), instrument (symbol), stop_px.
A field has no quotes and no comma. Nothing is matched or assumed here: the commands go to the
exchange, which may refuse them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np

from backtest.readers.csv_rows import (
    Column,
    Table,
    header,
    places,
    positive_step,
    require_cell,
    require_names,
    tables,
    warm,
    words,
)
from backtest.readers.cut import text
from backtest.readers.facts import BadRecord, Feed, Instrument, Rows
from domain.codes import Command, ExecInst, OrdType, Side, TimeInForce
from domain.errors import InvalidField
from domain.layout import COMMAND
from domain.limits import MAX_PRICE, MAX_QTY, MAX_TIME

UNITS: Final = {"s": 9, "ms": 6, "us": 3, "ns": 0}  # decimals down to a nanosecond
ACTIONS: Final = {
    "new": Command.NEW_ORDER,
    "cancel": Command.CANCEL_ORDER,
    "replace": Command.REPLACE_ORDER,
}
SIDES: Final = {
    "": 0,
    "buy": Side.BUY,
    "sell": Side.SELL,
    "sell_short": Side.SELL_SHORT,
    "sell_short_exempt": Side.SELL_SHORT_EXEMPT,
    "b": Side.BUY,
    "s": Side.SELL,
    "bid": Side.BUY,
    "ask": Side.SELL,
}
TYPES: Final = {"": 0} | {
    kind.name.lower(): kind
    for kind in OrdType
    if kind not in (OrdType.PEGGED, OrdType.TRAILING_STOP)
}
TIFS: Final = {"": TimeInForce.DAY} | {
    tif.name.lower(): tif for tif in TimeInForce if tif != TimeInForce.GTD
}
FLAGS: Final = {"": 0} | {
    flag.name.lower(): flag
    for flag in (
        ExecInst.POST_ONLY,
        ExecInst.POST_SLIDE,
        ExecInst.HIDDEN,
        ExecInst.ALL_OR_NONE,
        ExecInst.REDUCE_ONLY,
    )
    if flag.name
}
NEEDED: Final = ("time", "action", "order_id", "side", "price", "qty")
NUMBERS: Final = (
    {"order_id": "id", "new_order_id": "id"}
    | dict.fromkeys(("price", "stop_price"), "price")
    | dict.fromkeys(("qty", "display_qty", "min_qty"), "qty")
)
WORDS: Final = ("side", "type", "tif", "account", "symbol", "flags")
ALIASES: Final = {
    "timestamp": "time", "transact_time": "time", "id": "order_id", "cl_ord_id": "order_id",
    "quantity": "qty", "size": "qty", "order_qty": "qty", "ord_type": "type", "order_type": "type",
    "time_in_force": "tif", "instrument": "symbol", "stop_px": "stop_price",
}  # fmt: skip
LIMITED: Final = (OrdType.LIMIT, OrdType.STOP_LIMIT, OrdType.LIMIT_IF_TOUCHED)


@dataclass(frozen=True, slots=True)
class OrderFormat:
    """How the numbers of an order file are meant. Raises InvalidField for what cannot be."""

    tick: Decimal
    lot: Decimal
    time_digits: int

    @classmethod
    def of(cls, tick: Any, lot: Any, time_unit: str) -> OrderFormat:
        if time_unit not in UNITS:
            raise InvalidField("time_unit", time_unit, ", ".join(UNITS))
        return cls(positive_step("tick", tick), positive_step("lot", lot), UNITS[time_unit])

    def column(self, name: str) -> Column:
        """How a column of this name is cut."""
        if name == "time":
            return Column(name, self.time_digits)
        if name == "action":
            return Column(name, text.WORD)
        if name in WORDS:
            return Column(name, text.WORD, optional=True)
        digits = {"id": 0, "price": places(self.tick), "qty": places(self.lot)}[NUMBERS[name]]
        return Column(name, digits, optional=name != "order_id")


def open_orders(
    path: Path, tick: Any = "0.01", lot: Any = "1", time_unit: str = "s", symbol: str = "ORDERS"
) -> Feed:
    """The commands of an order file: `feed.chunks` yields COMMAND rows.

    Instruments and accounts are numbered in the order in which the file names them; `symbol` is
    the instrument's name when there is no such column. Reading raises BadRecord with line and
    field for anything that is not as described above.
    """
    form = OrderFormat.of(tick, lot, time_unit)
    feed = Feed(path, "csv", iter(()), commands=True, size=path.stat().st_size)
    columns = _columns(path, form)
    names = [column.name for column in columns]
    if "symbol" not in names:
        feed.instruments.append(Instrument(symbol, form.tick, form.lot))
    if "account" not in names:
        feed.accounts.append("account")
    warm()
    feed.chunks = _chunks(feed, form, columns)
    return feed


def _columns(path: Path, form: OrderFormat) -> list[Column]:
    names = [ALIASES.get(name, name) for name in header(path)]
    known = (*NEEDED, *NUMBERS, *WORDS)
    for name in names:
        if name not in known:
            allowed = "a header line of " + ", ".join(dict.fromkeys(known))
            raise BadRecord(str(path), "line 1", "column name", name, allowed)
    require_names(names, (*NEEDED, *names), path)
    return [form.column(name) for name in names]


class _Numbering:
    """Numbers 1, 2, 3, ... for words in the order in which they appear."""

    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}

    def __call__(self, table: Table, column: int) -> tuple[Rows, list[str]]:
        """(the number in each row, the words that are new)."""
        hashes, first, back = np.unique(
            table.values[:, column], return_index=True, return_inverse=True
        )
        fresh = []
        for at in np.argsort(first):
            if int(hashes[at]) not in self.numbers:
                self.numbers[int(hashes[at])] = len(self.numbers) + 1
                fresh.append(table.cell(int(first[at]), column))
        numbers = np.array([self.numbers[int(h)] for h in hashes], np.int64)
        return numbers[back], fresh


def _chunks(feed: Feed, form: OrderFormat, columns: list[Column]) -> Iterator[Rows]:
    at = {column.name: k for k, column in enumerate(columns)}
    accounts, symbols = _Numbering(), _Numbering()
    for table in tables(feed.path, columns, feed, skip=1):
        rows = _commands(feed, form, table, at)
        rows["account"] = rows["instrument"] = 1
        if "account" in at:
            rows["account"], fresh = accounts(table, at["account"])
            feed.accounts += [name or "account" for name in fresh]
        if "symbol" in at:
            rows["instrument"], fresh = symbols(table, at["symbol"])
            feed.instruments += [
                Instrument(name or "ORDERS", form.tick, form.lot) for name in fresh
            ]
        yield rows


class _Cells:
    """The columns of one chunk as ticks, lots, ns and codes."""

    def __init__(self, path: Path, form: OrderFormat, table: Table, at: dict[str, int]) -> None:
        self.path, self.form, self.table, self.at = path, form, table, at

    def steps(self, name: str, maximum: int) -> Rows:
        """A column of prices or quantities in whole steps, zeros where it is missing."""
        if name not in self.at:
            return np.zeros(len(self.table.values), np.int64)
        step = self.form.tick if NUMBERS[name] == "price" else self.form.lot
        units = int(step.scaleb(places(step)))
        values = self.table.values[:, self.at[name]]
        self.require(values >= 0, name, "not negative")
        self.require(values % units == 0, name, f"a multiple of {step}")
        whole: Rows = values // units
        self.require(whole <= maximum, name, f"at most {maximum} steps of {step}")
        return whole

    def codes(self, name: str, known: dict[str, int]) -> Rows:
        """A column of words as codes, the code of "" where it is missing."""
        if name not in self.at:
            return np.full(len(self.table.values), known[""], np.int64)
        return words(self.table, (self.at[name], name), known, self.path)

    def whole(self, name: str) -> Rows:
        if name not in self.at:
            return np.zeros(len(self.table.values), np.int64)
        column: Rows = self.table.values[:, self.at[name]]
        return column

    def require(self, good: Rows, name: str, allowed: str) -> None:
        if name in self.at:
            require_cell(good, self.table, (self.at[name], name), self.path, allowed)


def _commands(feed: Feed, form: OrderFormat, table: Table, at: dict[str, int]) -> Rows:
    cells = _Cells(feed.path, form, table, at)
    rows = np.zeros(len(table.values), COMMAND)
    time, ids = cells.whole("time"), cells.whole("order_id")
    cells.require((time >= 0) & (time <= MAX_TIME), "time", "0 to 2**62 ns")
    cells.require(ids > 0, "order_id", "1 to 2**63 - 1")
    cells.require(cells.whole("new_order_id") >= 0, "new_order_id", "1 to 2**63 - 1")
    action = cells.codes("action", dict(ACTIONS))
    new, replace = action == Command.NEW_ORDER, action == Command.REPLACE_ORDER
    rows["transact_time"], rows["command"] = time, action
    rows["cl_ord_id"] = np.where(new, ids, np.where(replace, cells.whole("new_order_id"), 0))
    rows["orig_cl_ord_id"] = np.where(new, 0, ids)
    rows["side"] = np.where(new | replace, cells.codes("side", dict(SIDES)), 0)
    kind = cells.codes("type", dict(TYPES))
    rows["ord_type"] = np.where(new & (kind == 0), OrdType.LIMIT, np.where(new, kind, 0))
    rows["time_in_force"] = np.where(new, cells.codes("tif", dict(TIFS)), 0)
    rows["exec_inst"] = np.where(new, cells.codes("flags", dict(FLAGS)), 0)
    for field, name, maximum in (
        ("price", "price", MAX_PRICE),
        ("stop_px", "stop_price", MAX_PRICE),
        ("order_qty", "qty", MAX_QTY),
        ("display_qty", "display_qty", MAX_QTY),
        ("min_qty", "min_qty", MAX_QTY),
    ):
        rows[field] = np.where(new | replace, cells.steps(name, maximum), 0)
    cells.require(~new | (rows["side"] > 0), "side", "buy or sell for a new order")
    cells.require(~new | (rows["order_qty"] > 0), "qty", "above 0 for a new order")
    limited = new & np.isin(rows["ord_type"], LIMITED)
    cells.require(~limited | (rows["price"] > 0), "price", "above 0 for a limit order")
    for name, code in ACTIONS.items():
        feed.counts[name] += int(np.count_nonzero(action == code))
    return rows
