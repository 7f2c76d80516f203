"""What no row of market history may be, one rule a line; each looks at one row alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from backtest.events import EventKind
from backtest.record import Listing
from domain.codes import Side
from domain.limits import MAX_PRICE, MAX_QTY

Rows = NDArray[Any]
Mask = NDArray[np.bool_]
_BAR, _QUOTE, _TRADE = int(EventKind.BAR), int(EventKind.QUOTE), int(EventKind.TRADE)
_RESTING = (EventKind.ADD, EventKind.REPLACE, EventKind.SET, EventKind.LEVEL)
_SIDED = (EventKind.ADD, EventKind.LEVEL, EventKind.CLEAR)
NAMES: Final = {
    _BAR: {"price": "close", "qty": "volume"},
    _QUOTE: {"price": "bid", "qty": "bid_qty", "price_2": "ask", "qty_2": "ask_qty"},
}
PRICES: Final = ("price", "price_2", "open", "high", "low")
PRICE = f"1 to {MAX_PRICE} ticks"
QTY = f"0 to {MAX_QTY} lots"


@dataclass(frozen=True, slots=True)
class Rule:
    """`broken(rows)` is where it is broken; `field` of EVENT is what is shown then."""

    name: str
    field: str
    allowed: str
    kinds: tuple[int, ...]
    broken: Callable[[Rows], Mask]


def _outside(field: str, most: int, least: int = 1) -> Callable[[Rows], Mask]:
    return lambda rows: (rows[field] < least) | (rows[field] > most)


def _side_outside(price: str, qty: str) -> Callable[[Rows], Mask]:
    """A quoted side with a quantity has a price."""
    return lambda r: (r[qty] > 0) & ((r[price] < 1) | (r[price] > MAX_PRICE))


def _off_range(field: str) -> Callable[[Rows], Mask]:
    return lambda r: (r["high"] >= r["low"]) & ((r[field] < r["low"]) | (r[field] > r["high"]))


def _both(compare: Callable[[Any, Any], Any]) -> Callable[[Rows], Mask]:
    """Of quotes with two sides, those whose bid and ask compare so."""
    return lambda r: np.asarray(
        (r["qty"] > 0) & (r["qty_2"] > 0) & compare(r["price"], r["price_2"])
    )


RULES: Final = (
    *(Rule("price of zero or less", f, PRICE, (_BAR,), _outside(f, MAX_PRICE))
      for f in ("open", "high", "low", "price")),
    Rule("price of zero or less", "price", PRICE, (_TRADE, *_RESTING),
         _outside("price", MAX_PRICE)),
    Rule("price of zero or less", "price", PRICE, (_QUOTE,), _side_outside("price", "qty")),
    Rule("price of zero or less", "price_2", PRICE, (_QUOTE,), _side_outside("price_2", "qty_2")),
    Rule("high below low", "high", "at least the low", (_BAR,), lambda r: r["high"] < r["low"]),
    Rule("open outside high and low", "open", "low to high", (_BAR,), _off_range("open")),
    Rule("close outside high and low", "price", "low to high", (_BAR,), _off_range("price")),
    Rule("negative quantity", "qty", QTY, (_BAR, _QUOTE, _TRADE, *_RESTING),
         _outside("qty", MAX_QTY, 0)),
    Rule("negative quantity", "qty_2", QTY, (_QUOTE,), _outside("qty_2", MAX_QTY, 0)),
    Rule("empty trade", "qty", "1 lot or more", (_TRADE,), lambda r: r["qty"] == 0),
    Rule("crossed quote", "price", "below the ask", (_QUOTE,), _both(np.greater)),
    Rule("bar without a length", "start", "before its end", (_BAR,),
         lambda r: r["start"] >= r["time"]),
    Rule("side missing", "side", "buy or sell", _SIDED,
         lambda r: (r["side"] != Side.BUY) & (r["side"] != Side.SELL)),
)  # fmt: skip


def broken(rows: Rows) -> list[tuple[Rule, NDArray[np.int64]]]:
    """(rule, places in `rows` that break it), only of rules that are broken."""
    found = []
    kinds = rows["kind"]
    present = set(np.unique(kinds).tolist())
    alone = len(present) == 1
    for rule in RULES:
        if present.isdisjoint(rule.kinds):
            continue
        mask = rule.broken(rows)
        if not alone:
            mask = mask & np.isin(kinds, rule.kinds)
        if mask.any():
            found.append((rule, np.flatnonzero(mask)))
    return found


def column(kind: int, field: str) -> str:
    """What a field is called in a table of such rows."""
    return NAMES.get(kind, {}).get(field, field)


def shown(row: Any, field: str, listing: Listing) -> Any:
    """A cell as people write it: prices and quantities as decimals, times as dates."""
    value = int(row[field])
    if field in ("time", "start"):
        return f"{pd.Timestamp(value, tz='UTC'):%Y-%m-%d %H:%M:%S}"
    if field in PRICES:
        return Decimal(value) * listing.tick
    return Decimal(value) * listing.lot if field in ("qty", "qty_2") else value
