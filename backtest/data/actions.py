"""Splits and dividends: as rows that the simulator acts on, or worked into the prices.

Both give the same return. A holder of one share before the ex-date has, with rows, `ratio` shares
and the dividend after it; adjusted prices are chained so that each bar's return is the total return
(P_t x ratio + D) / P_t-1, the dividend being put back at the close of the ex-date (CRSP, "Data
Descriptions Guide", total return): every price before is multiplied with P / (P + D) and divided by
the ratio.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backtest.data.dataset import Dataset, Held, Rows
from backtest.data.sources import columns, files
from backtest.data.sources.numbers import plain_array, whole_steps
from backtest.data.sources.times import nanoseconds
from backtest.events import EVENT, EventKind
from backtest.record import Listing
from domain.errors import InvalidField
from domain.limits import MAX_PRICE

MOST_SHARES = 10**6  # of either side of a ratio
_CORPORATE = (EventKind.SPLIT, EventKind.DIVIDEND)
_PRICED = (EventKind.BAR, EventKind.QUOTE, EventKind.TRADE)


def actions(table: Any, listing: Listing | str, **how: Any) -> Dataset:
    """SPLIT and DIVIDEND rows out of a table: time (ex-date), split, dividend.

    `split` is the new shares for an old one (4, 0.5, "3:2"; 0 or empty: none), `dividend` cash a
    share in the currency (0 or empty: none); one of the two columns may be missing, and the names
    `stock splits` and `dividends` are understood. `table` may be a CSV or parquet file. `how`: tz,
    unit, twice, columns, tick, lot.
    Merge the result with prices that are not adjusted. A row is 1 ns late, so that it comes after a
    daily bar that closes as the ex-date begins. Raises InvalidField.
    """
    plain = columns.How.of(**how)
    listed = plain.listings(listing)[0]
    cells, times = _read(table, plain)
    found = {
        "split": columns.find(cells, ("split", "splits", "stock splits"), plain, needed=False),
        "dividend": columns.find(cells, ("dividend", "dividends"), plain, needed=False),
    }
    if all(values is None for values in found.values()):
        allowed = f"a column split or dividend; the table has {', '.join(cells)}"
        raise InvalidField("column split", None, allowed)
    made = []
    for name, values in found.items():
        cell = [] if values is None else plain_array(values).tolist()
        for at, value in enumerate(cell):
            text = str(value).strip()
            if value is not None and value == value and text not in ("", "0", "0.0"):
                make = _split if name == "split" else _dividend
                made.append(make(listed, int(times[at]) + 1, text, f"row {at}, {name}"))
    rows = np.array(made, EVENT) if made else np.zeros(0, EVENT)
    return Dataset((listed,), Held(rows[np.argsort(rows["time"], kind="stable")]))


def funding(table: Any, listing: Listing | str, **how: Any) -> Dataset:
    """FUNDING rows out of a table: time, rate (a fraction of the value, paid by long to short).

    `table` and `how` as in `actions`. Rates are kept in parts per billion. Raises InvalidField.
    """
    plain = columns.How.of(**how)
    cells, times = _read(table, plain)
    rates = columns.find(cells, ("rate", "funding_rate", "fundingrate", "funding"), plain)
    rows = np.zeros(len(times), EVENT)
    rows["kind"], rows["time"], rows["instrument"] = EventKind.FUNDING, times, 1
    rows["price"] = whole_steps(rates, Decimal("1e-9"), "rate", plain.rounding)
    order = np.argsort(rows["time"], kind="stable")
    return Dataset(plain.listings(listing)[:1], Held(rows[order]))


def _read(table: Any, how: columns.How) -> tuple[columns.Cells, NDArray[np.int64]]:
    """The columns of a table or file, and its times."""
    cells = columns.cells_of(files.whole(table))
    stamps = columns.find(cells, columns.TIME, how)
    return cells, nanoseconds(stamps, how.tz, how.unit, how.twice)


def _row(time: int, kind: EventKind, **cells: int) -> Any:
    row = np.zeros(1, EVENT)
    row["time"], row["kind"], row["instrument"] = time, kind, 1
    for name, value in cells.items():
        row[name] = value
    return row[0]


def _split(_: Listing, time: int, text: str, field: str) -> Any:
    new, _colon, old = text.partition(":")
    try:
        ratio = Fraction(new.strip()) / Fraction(old.strip() or "1")
    except (ValueError, ZeroDivisionError):
        raise InvalidField(field, text, "new shares for an old one: 4, 0.5 or 3:2") from None
    if ratio <= 0 or max(ratio.numerator, ratio.denominator) > MOST_SHARES:
        allowed = f"a ratio of whole numbers up to {MOST_SHARES}; write a third as 1:3"
        raise InvalidField(field, text, allowed)
    return _row(time, EventKind.SPLIT, qty=ratio.numerator, qty_2=ratio.denominator)


def _dividend(listing: Listing, time: int, text: str, field: str) -> Any:
    try:
        cash = Fraction(Decimal(text))
    except (ArithmeticError, ValueError):
        raise InvalidField(field, text, "cash a share, above 0") from None
    value = cash / Fraction(listing.tick) * listing.multiplier
    if value <= 0 or value.denominator != 1:
        allowed = (
            f"above 0, and a whole number of 1e-{listing.decimals} {listing.currency} a lot: "
            f"list {listing.symbol} with more decimals"
        )
        raise InvalidField(field, text, allowed)
    return _row(time, EventKind.DIVIDEND, price=int(value))


def adjusted(data: Dataset, digits: int = 4) -> Dataset:
    """Bars, quotes and trades with splits and dividends worked into what came before them.

    The SPLIT and DIVIDEND rows of `data` are read once now and then left out. Adjusted prices do
    not lie on the tick: they are rounded (half to even) to one that is 10**-digits of it, for all
    instruments, which have so many more decimals. Quantities are multiplied with the ratios and
    rounded down. A dividend before an instrument's first close changes nothing.
    """
    if not 0 <= digits <= 6:
        raise InvalidField("digits", digits, "0 to 6")
    factors = _Factors(data)
    finer = [
        replace(each, tick=each.tick.scaleb(-digits), decimals=each.decimals + digits)
        for each in data.listings
    ]

    def through(chunks: Iterator[Rows]) -> Iterator[Rows]:
        for chunk in chunks:
            rows = chunk[~np.isin(chunk["kind"], _CORPORATE)].copy()
            _adjust(rows, factors, 10**digits)
            yield rows

    return data.derived(through, finer)


class _Factors:
    """Per instrument: times of its actions, and what prices and quantities before each take.

    `_due` has the dividends that wait for a close: time of the first, shares that one share of then
    has become, ticks that it was paid.
    """

    def __init__(self, data: Dataset) -> None:
        self._listings = data.listings
        self._found: dict[int, list[tuple[int, float, float]]] = {}
        self._due: dict[int, tuple[int, float, float]] = {}
        kinds = (*_CORPORATE, EventKind.BAR, EventKind.TRADE)
        for chunk in data.chunks():
            corporate = chunk["instrument"][np.isin(chunk["kind"], _CORPORATE)]
            for number in {*np.unique(corporate).tolist(), *self._due}:
                mine = chunk["instrument"] == number
                self._take(number, chunk[mine & np.isin(chunk["kind"], kinds)])
        self._series = {number: _chained(each) for number, each in self._found.items()}

    def _take(self, number: int, rows: Rows) -> None:
        """The actions of one instrument, and the first close after each."""
        after = 0
        for at in [*np.flatnonzero(np.isin(rows["kind"], _CORPORATE)).tolist(), len(rows)]:
            if at > after:
                self._pay(number, int(rows["price"][after]))
            if at < len(rows):
                self._act(number, rows[at])
            after = at + 1

    def _act(self, number: int, row: Any) -> None:
        time = int(row["time"])
        due = self._due.get(number)
        if row["kind"] == EventKind.SPLIT:
            ratio = int(row["qty"]) / int(row["qty_2"])
            self._found.setdefault(number, []).append((time, 1 / ratio, ratio))
            if due is not None:
                self._due[number] = (due[0], due[1] * ratio, due[2])
            return
        first, shares, ticks = due or (time, 1.0, 0.0)
        paid = int(row["price"]) / self._listings[number - 1].multiplier
        self._due[number] = (first, shares, ticks + shares * paid)

    def _pay(self, number: int, close: int) -> None:
        """Put the dividends that wait back into the instrument at a close."""
        if number in self._due:
            time, shares, ticks = self._due.pop(number)
            worth = close * shares
            self._found.setdefault(number, []).append((time, worth / (worth + ticks), 1.0))

    def of(self, number: int, times: NDArray[np.int64]) -> tuple[Any, Any]:
        """(of prices, of quantities) at each time; an action at the time itself is past."""
        if number not in self._series:
            return np.ones(len(times)), np.ones(len(times))
        at, prices, quantities = self._series[number]
        place = np.searchsorted(at, times, "right")
        return prices[place], quantities[place]


def _chained(each: list[tuple[int, float, float]]) -> tuple[Any, Any, Any]:
    each.sort()
    times = np.array([time for time, _, _ in each], np.int64)
    chains = []
    for column in (1, 2):
        single = np.array([row[column] for row in each])
        chains.append(np.append(np.cumprod(single[::-1])[::-1], 1.0))
    return times, chains[0], chains[1]


def _adjust(rows: Rows, factors: _Factors, steps: int) -> None:
    for number in np.unique(rows["instrument"]).tolist():
        mine = np.flatnonzero((rows["instrument"] == number) & np.isin(rows["kind"], _PRICED))
        prices, quantities = factors.of(number, rows["time"][mine])
        for name in ("price", "price_2", "open", "high", "low"):
            made = np.rint(rows[name][mine] * steps * prices)
            if len(made) and made.max() > MAX_PRICE:
                allowed = f"at most {MAX_PRICE} ticks: ask for fewer digits"
                raise InvalidField(name, float(made.max()), allowed)
            rows[name][mine] = made.astype(np.int64)
        traded = np.flatnonzero(rows["kind"][mine] != EventKind.QUOTE)
        whole = np.floor(rows["qty"][mine[traded]] * quantities[traded] + 1e-9)
        rows["qty"][mine[traded]] = whole.astype(np.int64)
