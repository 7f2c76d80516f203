"""What a market data file says, as rows, and the errors for what it should not have said.

A reader turns its format into FACT rows. They are facts, not commands: "order 17 was executed for
100" has happened, and whether an exchange agrees is what a replay finds out. Units as everywhere:
prices in ticks, quantities in lots (both int64), times in int64 nanoseconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.codes import InstrumentType
from domain.errors import InvalidField
from domain.limits import MAX_PRICE, MAX_QTY

Rows = NDArray[Any]

FACT = np.dtype(
    [
        ("time", "i8"),  # ns
        ("ref", "i8"),  # order reference, > 0
        ("new_ref", "i8"),  # REPLACE: the reference that the order has from now on
        ("price", "i8"),
        ("qty", "i8"),
        ("place", "i8"),  # line number (text) or byte offset (binary) of the record
        ("instrument", "i4"),  # 1, 2, 3, ... in the order of Feed.instruments
        ("kind", "u1"),  # FactKind
        ("side", "u1"),  # domain.codes.Side of the resting order, 0 where it is not said
        ("_align", "u2"),
    ]
)
assert FACT.itemsize == 56

# References from here on are made by a reader for quantity whose order the file does not name.
FIRST_SYNTHETIC_REF = 2**62
ZERO_REF = 2**62 - 1  # stands for the reference 0 where a format allows it


class FactKind(IntEnum):
    """What happened."""

    NOTE = 0  # nothing that concerns the book
    ADD = 1  # order `ref` of `qty` rests at `price`
    REDUCE = 2  # `qty` of order `ref` was canceled
    DELETE = 3  # order `ref` is gone
    EXECUTE = 4  # `qty` of order `ref` was executed
    REPLACE = 5  # `ref` is gone, `new_ref` of `qty` rests at `price`; the side stays
    SET = 6  # order `ref` has now `qty` at `price`, whether it was known or not
    CLEAR = 7  # all orders of `side` at `price` are gone
    LEVEL = 8  # all of `side` at `price` amounts to `qty`; 0 removes the level
    TRADE = 9  # `qty` traded at `price` without the displayed book (hidden, cross)
    HALT = 10  # matching stops: orders may come to rest across the spread
    RESUME = 11  # matching goes on


class BadRecord(InvalidField):
    """`field` of the record at `place` of the file has a `value` that is not `allowed`."""

    def __init__(self, path: str, place: str, field: str, value: object, allowed: str) -> None:
        super().__init__(field, value, allowed)
        self.args = (path, place, field, value, allowed)
        self.path, self.place = path, place

    def __str__(self) -> str:
        return f"{self.path}, {self.place}: {super().__str__()}"


@dataclass(frozen=True, slots=True)
class Instrument:
    """One tradable thing of a file: `tick` is the price step, `lot` the quantity step."""

    symbol: str
    tick: Decimal
    lot: Decimal
    type: InstrumentType = InstrumentType.EQUITY


@dataclass(slots=True)
class Feed:
    """An open file: its facts can be read once, chunk by chunk.

    `instruments` and `counts` (messages by type, as the format names them) grow while `chunks`
    is read; `notes` what it
    wondered at (an order that nobody added, quantity learned from a snapshot).
    """

    path: Path
    format: str
    chunks: Iterator[Rows]
    instruments: list[Instrument] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    size: int = 0  # bytes on disk
    consumed: int = 0  # of them read so far
    expected: tuple[Rows, Rows] | None = None  # (places, book rows) that the last chunk leads to
    commands: bool = False  # chunks are COMMAND rows (an order file), not facts
    accounts: list[str] = field(default_factory=list)  # of an order file


def require(good: Any, rows: Rows, name: str, allowed: str, where: tuple[Path, str]) -> None:
    """Raise BadRecord for the first row at which `good` (a boolean array) is False."""
    if np.all(good):
        return
    bad = rows[int(np.argmin(good))]
    path, unit = where
    raise BadRecord(str(path), f"{unit} {int(bad['place'])}", name, int(bad[name]), allowed)


def check_bounds(facts: Rows, where: tuple[Path, str]) -> None:
    """Every fact that puts something into a book has a price and a quantity inside the bounds.

    Raises BadRecord for the first that has not. `where` is the file and "line" or "byte".
    """
    kind = facts["kind"]
    puts = (kind == FactKind.ADD) | (kind == FactKind.REPLACE)
    takes = (kind == FactKind.REDUCE) | (kind == FactKind.EXECUTE)
    sets = (kind == FactKind.SET) | (kind == FactKind.LEVEL)
    price, qty, ref = facts["price"], facts["qty"], facts["ref"]
    in_price = (price >= 1) & (price <= MAX_PRICE)
    require(~(puts | sets) | in_price, facts, "price", f"1 to {MAX_PRICE} ticks", where)
    in_qty = (qty >= np.where(sets, 0, 1)) & (qty <= MAX_QTY)
    require(~(puts | takes | sets) | in_qty, facts, "qty", f"1 to {MAX_QTY} lots", where)
    named = puts | takes | (kind == FactKind.SET) | (kind == FactKind.DELETE)
    require(~named | (ref > 0), facts, "ref", "an order reference from 1 to 2**63 - 1", where)
    renamed = (kind != FactKind.REPLACE) | (facts["new_ref"] > 0)
    require(renamed, facts, "new_ref", "an order reference from 1 to 2**63 - 1", where)
