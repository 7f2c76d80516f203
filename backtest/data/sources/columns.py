"""What a table is asked for: its columns by name, and what each becomes in an EVENT row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from backtest.data.sources.listings import listing as listed
from backtest.data.sources.numbers import ROUNDINGS, Steps, plain_array, whole_steps
from backtest.data.sources.times import Twice, span_of
from backtest.events import EventKind
from backtest.record import Listing
from domain.codes import Side
from domain.errors import InvalidField
from domain.money import Rounding

Cells = Mapping[str, Any]  # lower-case column name -> column
Bad = Literal["error", "drop", "keep"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One column: its names (the first is the usual one), the field it fills, how it is read."""

    names: tuple[str, ...]
    field: str
    kind: Literal["price", "qty", "whole", "side", "action"]
    needed: bool = True


def _cell(names: str, field: str, kind: Any, needed: bool = True) -> Cell:
    return Cell(tuple(names.split()), field, kind, needed)


TIME: Final = ("time", "timestamp", "datetime", "date", "ts")
SYMBOL: Final = ("symbol", "ticker", "instrument")
BARS: Final = (
    _cell("open o", "open", "price"), _cell("high h", "high", "price"),
    _cell("low l", "low", "price"), _cell("close c", "price", "price"),
    _cell("volume vol v", "qty", "qty", False), _cell("trades count", "ref", "whole", False),
    _cell("open_interest openinterest oi", "qty_2", "qty", False),
)  # fmt: skip
QUOTES: Final = (
    _cell("bid bid_price", "price", "price"), _cell("bid_qty bid_size", "qty", "qty"),
    _cell("ask ask_price", "price_2", "price"), _cell("ask_qty ask_size", "qty_2", "qty"),
)  # fmt: skip
TRADES: Final = (
    _cell("price", "price", "price"), _cell("qty size quantity volume amount", "qty", "qty"),
    _cell("side", "side", "side", False), _cell("id trade_id", "ref", "whole", False),
)  # fmt: skip
LEVELS: Final = (
    _cell("side", "side", "side"), _cell("price", "price", "price"),
    _cell("qty size quantity volume amount", "qty", "qty"),
)  # fmt: skip
ORDERS: Final = (
    _cell("action type", "kind", "action"), _cell("id order_id ref", "ref", "whole"),
    _cell("side", "side", "side"), _cell("price", "price", "price"),
    _cell("qty size quantity volume amount", "qty", "qty"),
    _cell("new_id new_order_id new_ref", "qty_2", "whole", False),
)  # fmt: skip
SIDES: Final = {
    "buy": Side.BUY, "b": Side.BUY, "bid": Side.BUY, "1": Side.BUY, "1.0": Side.BUY,
    "sell": Side.SELL, "s": Side.SELL, "ask": Side.SELL, "a": Side.SELL, "-1": Side.SELL,
    "2": Side.SELL, "-1.0": Side.SELL, "": 0, "0": 0, "none": 0, "nan": 0,
}  # fmt: skip
ACTIONS: Final = {
    each.name.lower(): each
    for each in EventKind
    if each <= EventKind.CLEAR or each == EventKind.TRADE
}


@dataclass(frozen=True, slots=True)
class How:
    """How a table is meant. Raises InvalidField for what cannot be.

    tz, unit, twice   of the times, see `backtest.data.sources.times.nanoseconds`
    columns           where a column has another name: {"close": "Adj Close"}
    tick, lot         steps of price and quantity, where the instrument is given by its symbol
    rounding          of prices and quantities between two steps: exact (an error), down, up,
                      to_zero, half_up, half_even
    bad               a row that breaks a rule: error, drop (with a warning) or keep
    sort              put the rows in the order of time instead of refusing to; a file is then read
                      as a whole
    period, stamp     bars: how long each is ("1min", "1D", seconds; else what most stamps are
                      apart), and whether its stamp is its `start` or its `end`
    """

    tz: str | None = None
    unit: str | None = None
    twice: Twice = "error"
    columns: Mapping[str, str] = field(default_factory=dict)
    tick: Decimal | str | float = "0.01"
    lot: Decimal | str | float = "1"
    rounding: Rounding = "exact"
    bad: Bad = "error"
    sort: bool = False
    period: Any = None
    stamp: Literal["start", "end"] = "start"

    @classmethod
    def of(cls, **given: Any) -> How:
        known = [each.name for each in fields(cls)]
        for name in given:
            if name not in known:
                raise InvalidField("option", name, ", ".join(known))
        how = cls(**given)
        if how.rounding not in ROUNDINGS:
            raise InvalidField("rounding", how.rounding, ", ".join(ROUNDINGS))
        for name, allowed in (("bad", ("error", "drop", "keep")), ("stamp", ("start", "end"))):
            if getattr(how, name) not in allowed:
                raise InvalidField(name, getattr(how, name), ", ".join(allowed))
        if how.period is not None:
            span_of(how.period)
        return how

    def listings(self, listing: Listing | str | Iterable[Listing | str]) -> tuple[Listing, ...]:
        """Listings as they are, symbols with `tick` and `lot`."""
        several: Any = listing
        named = [listing] if isinstance(listing, (Listing, str)) else several
        if not isinstance(named, Iterable) or not all(isinstance(n, (Listing, str)) for n in named):
            raise InvalidField("listing", listing, "a symbol or a Listing, or several of them")
        return tuple(
            each if isinstance(each, Listing) else listed(each, self.tick, self.lot)
            for each in named
        )


def cells_of(table: Any) -> dict[str, Any]:
    """The columns of a table by their lower-case names.

    pandas (an index of times is the column `time`), polars, pyarrow, a numpy array with named
    fields, or a mapping of columns.
    """
    table = collected(table)
    lower = [name.lower() for name in names_of(table)]
    for name in lower:
        if lower.count(name) > 1:
            raise InvalidField("columns", name, "each name once, in small or capital letters")
    found = {name: table[key] for name, key in zip(lower, _keys(table))}
    index = getattr(table, "index", None)
    plain = isinstance(index, pd.Index) and not pd.api.types.is_integer_dtype(index.dtype)
    if plain and not any(name in found for name in TIME):
        found["time"] = index
    return found


def collected(table: Any) -> Any:
    """A lazy frame's rows; a pyarrow table that pandas made as the frame with the index it had."""
    if hasattr(table, "collect") and hasattr(table, "lazy"):
        return table.collect()
    schema = getattr(table, "schema", None)
    if hasattr(table, "column_names") and b"pandas" in (getattr(schema, "metadata", None) or {}):
        return table.to_pandas()
    return table


def _keys(table: Any) -> list[Any]:
    """The columns' names as the table has them."""
    if isinstance(table, np.ndarray):
        return list(table.dtype.names or ())
    if hasattr(table, "column_names"):
        return list(table.column_names)
    if hasattr(table, "columns"):
        return list(table.columns)
    if isinstance(table, Mapping):
        return list(table)
    allowed = "a pandas, polars or pyarrow table, a structured array, or columns by name"
    raise InvalidField("table", type(table).__name__, allowed)


def names_of(table: Any) -> list[str]:
    """The columns' names. Raises InvalidField for what is no table."""
    return [str(key).strip() for key in _keys(table)]


def find(cells: Cells, names: tuple[str, ...], how: How, needed: bool = True) -> Any:
    """A column by any of its names, or None. Raises InvalidField if it is needed and missing."""
    named = how.columns.get(names[0])
    for name in (named,) if named is not None else names:
        if name.lower() in cells:
            return cells[name.lower()]
    if needed or named is not None:
        allowed = f"a column {named or ' or '.join(names)}; the table has {', '.join(cells)}"
        raise InvalidField(f"column {named or names[0]}", None, allowed)
    return None


def checked(name: str, array: NDArray[Any], count: int) -> NDArray[Any]:
    """A column as it is. Raises InvalidField unless it has one value for each of the times."""
    if array.shape != (count,):
        raise InvalidField(f"column {name}", array.shape, f"{count} values, one for each time")
    return array


def words(values: Any, known: Mapping[str, int], name: str) -> NDArray[np.int64]:
    """A column of words (or of 1, -1 for sides) as codes."""
    array = plain_array(values)
    texts, back = np.unique(array.astype(str), return_inverse=True)
    codes = np.zeros(len(texts), np.int64)
    for at, text in enumerate(texts.tolist()):
        code = known.get(text.strip().lower())
        if code is None:
            row = int(np.argmax(back == at))
            raise InvalidField(f"row {row}, {name}", text, ", ".join(k for k in known if k))
        codes[at] = code
    return codes[back]


def missing(values: Any) -> NDArray[np.bool_]:
    """Where a column has no value."""
    array = plain_array(values)
    if array.dtype.kind == "f":
        return np.asarray(np.isnan(array))
    if array.dtype.kind == "O":
        return np.array([v is None or v != v for v in array.tolist()], bool)
    return np.zeros(len(array), bool)


def read(cell: Cell, values: Any, listing: Listing, how: How) -> Steps:
    """One column as int64."""
    if cell.kind == "price":
        return whole_steps(values, listing.tick, cell.names[0], how.rounding)
    if cell.kind == "qty":
        return whole_steps(values, listing.lot, cell.names[0], how.rounding)
    if cell.kind == "whole":
        return whole_steps(values, Decimal(1), cell.names[0])
    return words(values, SIDES if cell.kind == "side" else ACTIONS, cell.names[0])


