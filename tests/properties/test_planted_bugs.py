"""Typical bugs, planted one at a time, are found by the comparison within a few streams.

The right reports are recorded first; then the reference is spoilt and compared with the record.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from domain.attributes import InstrumentAttr as I
from domain.codes import Contingency, MarginModel
from tests.properties.compare import DifferenceFound, SideBySide
from tests.properties.streams import seeded_stream
from tests.reference.exchange import (
    accounts,
    auction,
    checks_limits,
    lifecycle,
    matching,
    money,
    prices,
    replacing,
    settling,
)
from tests.reference.exchange.book import BookSide, Level
from tests.reference.exchange.exchange import ReferenceExchange
from tests.reference.exchange.model import Order

SEEDS = range(16)
LENGTH = 250
Array = np.ndarray[Any, Any]


class Recorded:
    """An engine that repeats what the unspoilt reference has reported."""

    def __init__(self, commands: Array) -> None:
        exchange = ReferenceExchange()
        self.reports, self.depths, self.at = [], [], -1
        for k in range(len(commands)):
            self.reports.append(exchange.apply(commands[k : k + 1]))
            self.depths.append({i: exchange.depth(i) for i in exchange.world.instruments})

    def apply(self, commands: Array) -> Array:
        self.at += 1
        return self.reports[self.at]

    def depth(self, instrument: int) -> tuple[Any, Any]:
        return self.depths[self.at][instrument]


@cache
def recorded(seed: int) -> tuple[Array, Recorded]:
    commands = seeded_stream(seed, LENGTH)
    return commands, Recorded(commands)


def hidden_first(level: Level[Order]) -> Order:
    return level.hidden[0] if level.hidden else level.displayed[0]


def refill_in_place(side: BookSide[Order], order: Order) -> None:
    order.shown = min(order.display, order.leaves)


def rounded_down(numerator: int, denominator: int) -> int:
    return numerator // denominator


def no_siblings(order: Order) -> list[Order]:
    return [] if order.contingency == Contingency.ONE_CANCELS_OTHER else siblings(order)


def time_first(inst: Any) -> Order | None:
    due = [o for o in inst.book.triggers if o.reached_by(inst.last_px)]
    return min(due, key=lambda o: o.stamp, default=None)


def highest_price(inst: Any) -> int:
    right, best = auction_price(inst), inst.book.bids.best
    return best if right and best > right and inst.book.asks.best else right


def grown_keeps_place(inst: Any, order: Order, new: Order) -> bool:
    return keeps_place(inst, order, new) or (
        order.state.name == "BOOK" and new.price == order.price and not new.minimum
    )


def lots_forgotten(inst: Any, row: Any) -> int:
    if inst[I.MARGIN_MODEL] == MarginModel.PER_LOT:
        return abs(row.qty) * inst[I.MARGIN_PER_LOT]
    return margin_of(inst, row)


def only_one_takes_off(w: Any, order: Order, qty: int) -> None:
    if qty >= order.leaves:  # it ends; a bug that takes off neither would never come to an end
        decrement(w, order, qty)


def off_by_one(reason: Any, level: int, limit: int, before: int, after: int) -> Any:
    return over(reason, level, limit, before, after + 1 if after > before else after)


def marks_forgotten(w: Any) -> None:
    """TICK without new marks."""


def rounded_to_market(order: Order, best: int) -> int:
    distance = best * order.offset // 10_000 if order.flags & 32 else order.offset
    return prices.clamp(best + order.side * distance)


auction_price = auction.auction_price
siblings = lifecycle.siblings
keeps_place = replacing.keeps_place
margin_of = money.margin_of
decrement = matching.decrement
over = checks_limits.over

BUGS: list[tuple[str, Any, str, Callable[..., Any] | property]] = [
    ("hidden orders trade before displayed ones", Level, "first", property(hidden_first)),
    ("an iceberg keeps its place when refilled", BookSide, "refill", refill_in_place),
    ("fees are rounded down", money, "half_away", rounded_down),
    ("one cancels other does not", lifecycle, "siblings", no_siblings),
    ("triggers fire in order of time only", settling, "next_trigger", time_first),
    ("an auction takes the highest price", auction, "auction_price", highest_price),
    ("a larger order keeps its place", replacing, "keeps_place", grown_keeps_place),
    ("margin forgets open orders", money, "margin_of", lots_forgotten),
    ("self-trade takes off one side only", matching, "decrement", only_one_takes_off),
    ("limits are off by one", checks_limits, "over", off_by_one),
    ("a tick does not mark positions", accounts, "mark_all", marks_forgotten),
    ("trailing stops round to the market", prices, "trailed_stop", rounded_to_market),
]


def find_difference() -> str:
    for seed in SEEDS:
        commands, engine = recorded(seed)
        engine.at = -1
        try:
            SideBySide(engine).run(commands)
        except DifferenceFound as found:
            return str(found)
        except (AssertionError, ValueError, KeyError, RecursionError) as broken:
            return f"the spoilt reference broke down: {broken!r}"
    return ""


def test_without_a_bug_there_is_no_difference():
    assert find_difference() == ""


@pytest.mark.parametrize(("bug", "owner", "name", "spoilt"), BUGS, ids=[b[0] for b in BUGS])
def test_a_planted_bug_is_found(bug, owner, name, spoilt, monkeypatch):
    for seed in SEEDS:
        recorded(seed)  # before anything is spoilt
    monkeypatch.setattr(owner, name, spoilt)
    assert "after command" in find_difference(), bug
