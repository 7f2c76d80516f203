"""Futures one after another: as contracts with ROLL rows, or as one series of adjusted prices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from backtest.data.dataset import Dataset, Held, Rows, merge
from backtest.data.sources.times import instant
from backtest.events import EVENT, EventKind
from domain.errors import InvalidField
from domain.limits import MAX_PRICE

Adjust = Literal["none", "difference", "ratio"]
_MEASURES: Final = {"volume": "qty", "open_interest": "qty_2"}


@dataclass(frozen=True, slots=True)
class Roll:
    """At `time`, the close of a bar of both, contract `old` (its number) is left for `new`."""

    time: int
    old: int
    new: int
    old_close: int
    new_close: int


def continuous(
    data: Dataset, roll: str | Sequence[Any] = "volume", adjust: Adjust = "none", symbol: str = ""
) -> Dataset:
    """The contracts of `data`, in the order of their listings, each until the next takes over.

    roll      "volume" or "open_interest": after the first bar of both in which the next contract
              has more of it (what nobody knows before its close); or one moment for each change of
              contract: after the last bar of both that closed by then. A contract that ends is left
              after its last bar that the next one shares.
    adjust    "none": bars of each contract while it leads, from the bar of the change on, and a
              ROLL row 1 ns after that bar; "difference" and "ratio": one instrument, `symbol`,
              whose earlier prices are moved by the sum of, or multiplied with the product of, what
              the closes of old and new contract at each change differ by. The last contract keeps
              its prices; a ratio is rounded half to even.

    The bars are read once now. Raises InvalidField: contracts without a common bar, adjusted prices
    of zero or less.
    """
    if adjust not in ("none", "difference", "ratio"):
        raise InvalidField("adjust", adjust, "none, difference or ratio")
    if len(data.listings) < 2:
        raise InvalidField("listings", len(data.listings), "two contracts or more")
    rolls = _rolls(data, roll)
    if adjust == "none":
        return _contracts(data, rolls)
    first = data.listings[0]
    if any(replace(each, symbol=first.symbol) != first for each in data.listings):
        raise InvalidField("listings", data.listings, "the same tick, lot and multiplier for all")
    name = symbol or f"{first.symbol}.continuous"
    listing = replace(first, symbol=name)
    return data.derived(_Series(rolls, adjust, len(data.listings)).through, [listing])


def _rolls(data: Dataset, roll: str | Sequence[Any]) -> list[Roll]:
    bars = _columns(data)
    changes = len(data.listings) - 1
    if isinstance(roll, str):
        if roll not in _MEASURES:
            allowed = f"{' or '.join(_MEASURES)}, or a moment for each change of contract"
            raise InvalidField("roll", roll, allowed)
        measure, until = _MEASURES[roll], list[int | None]([None] * changes)
    else:
        measure, until = "", [instant(moment, "roll") for moment in roll]
        if len(until) != changes:
            raise InvalidField("roll", len(until), f"{changes} moments, one for each change")
    found: list[Roll] = []
    for old in range(1, changes + 1):
        since = found[-1].time if found else -1
        names = data.listings[old - 1].symbol, data.listings[old].symbol
        found.append(_change(bars, old, since, (measure, until[old - 1]), names))
    return found


def _columns(data: Dataset) -> dict[int, Rows]:
    wanted = ["time", "price", "qty", "qty_2", "instrument"]
    kept = [
        chunk[chunk["kind"] == EventKind.BAR][wanted].copy()  # a third of a row
        for chunk in data.chunks()
    ]
    rows = np.concatenate(kept) if kept else np.zeros(0, EVENT)
    return {n: rows[rows["instrument"] == n] for n in range(1, len(data.listings) + 1)}


def _change(
    bars: dict[int, Rows], old: int, since: int, rule: tuple[str, int | None], names: Any
) -> Roll:
    measure, until = rule
    left, right = bars[old], bars[old + 1]
    common, at_left, at_right = np.intersect1d(left["time"], right["time"], return_indices=True)
    ahead = common > since
    if until is not None:
        ahead &= common <= until
    places = np.flatnonzero(ahead)
    if not len(places):
        by = f" by {until}" if until is not None else ""
        raise InvalidField(f"roll from {names[0]} to {names[1]}", since, f"a bar of both{by}")
    at = int(places[-1])
    if measure:
        more = places[right[measure][at_right[places]] > left[measure][at_left[places]]]
        at = int(more[0]) if len(more) else at
    closes = int(left["price"][at_left[at]]), int(right["price"][at_right[at]])
    return Roll(int(common[at]), old, old + 1, *closes)


def _contracts(data: Dataset, rolls: list[Roll]) -> Dataset:
    first = np.zeros(len(data.listings) + 1, np.int64)
    last = np.full(len(data.listings) + 1, 2**63 - 1)
    rows = np.zeros(len(rolls), EVENT)
    for at, each in enumerate(rolls):
        last[each.old] = first[each.new] = each.time
        rows[at]["time"], rows[at]["kind"] = each.time + 1, EventKind.ROLL
        rows[at]["instrument"], rows[at]["ref"] = each.old, each.new

    def leading(chunks: Iterator[Rows]) -> Iterator[Rows]:
        for chunk in chunks:
            number, time = chunk["instrument"], chunk["time"]
            yield chunk[(time >= first[number]) & (time <= last[number])]

    return merge(data.derived(leading), Dataset(data.listings, Held(rows)))


class _Series:
    """One instrument out of many."""

    def __init__(self, rolls: list[Roll], adjust: Adjust, contracts: int) -> None:
        self._after = np.full(contracts + 1, -1, np.int64)
        self._last = np.full(contracts + 1, 2**63 - 1)
        self._adjust = adjust
        self._moves: list[Any] = [0] * (contracts + 1) if adjust == "difference" else [
            Fraction(1)
        ] * (contracts + 1)  # fmt: skip
        for each in reversed(rolls):
            self._last[each.old] = self._after[each.new] = each.time
            later = self._moves[each.new]
            self._moves[each.old] = (
                later + each.new_close - each.old_close
                if adjust == "difference"
                else later * Fraction(each.new_close, each.old_close)
            )

    def through(self, chunks: Iterator[Rows]) -> Iterator[Rows]:
        for chunk in chunks:
            number, time = chunk["instrument"], chunk["time"]
            leads = (time > self._after[number]) & (time <= self._last[number])
            rows = chunk[leads & (chunk["kind"] == EventKind.BAR)].copy()
            for name in ("price", "open", "high", "low"):
                rows[name] = self._moved(rows[name], rows["instrument"])
                outside = (rows[name] < 1) | (rows[name] > MAX_PRICE)
                if outside.any():
                    at = int(np.argmax(outside))
                    allowed = f"1 to {MAX_PRICE} ticks; adjust='ratio' keeps prices above 0"
                    raise InvalidField(f"adjusted {name}", int(rows[name][at]), allowed)
            rows["instrument"] = 1
            yield rows

    def _moved(self, prices: NDArray[np.int64], numbers: NDArray[Any]) -> NDArray[np.int64]:
        if self._adjust == "difference":
            return np.asarray(prices + np.array(self._moves, np.int64)[numbers])
        factor = np.array([float(each) for each in self._moves])[numbers]
        return np.asarray(np.rint(prices * factor).astype(np.int64))
