"""A book: two sides of price levels, and the places where orders wait outside of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from sortedcontainers import SortedDict

O = TypeVar("O", bound=Any)  # an order; Any because the model imports this module  # noqa: E741


class Level(Generic[O]):
    """One price: displayed orders in time order, and behind them the hidden ones."""

    def __init__(self) -> None:
        self.displayed: list[O] = []
        self.hidden: list[O] = []

    def __iter__(self) -> Iterator[O]:
        yield from self.displayed
        yield from self.hidden

    @property
    def shown(self) -> int:
        return sum(order.shown for order in self.displayed)

    @property
    def first(self) -> O:
        return self.displayed[0] if self.displayed else self.hidden[0]


class BookSide(Generic[O]):
    """Levels by price, best first; `sign` is +1 for bids, -1 for asks."""

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.levels: SortedDict = SortedDict(lambda price: -sign * price)
        self.market: list[O] = []  # market orders of a call phase

    @property
    def best(self) -> int:
        """The best price of any resting order, 0 if there is none."""
        return self.levels.peekitem(0)[0] if self.levels else 0

    @property
    def furthest(self) -> int:
        return self.levels.peekitem(-1)[0] if self.levels else 0

    @property
    def best_anchor(self) -> int:
        """The best displayed price of an order that is not pegged, 0 if there is none."""
        for price, level in self.levels.items():
            if any(not order.pegged for order in level.displayed):
                return int(price)
        return 0

    @property
    def shown(self) -> int:
        return sum(level.shown for level in self.levels.values())

    def __iter__(self) -> Iterator[O]:
        """Every order in order of priority in an auction."""
        yield from sorted(self.market, key=lambda order: order.hidden)
        for level in self.levels.values():
            yield from level

    def add(self, order: O) -> None:
        level = self.levels.setdefault(order.price, Level())
        if order.hidden:
            order.shown = 0
            level.hidden.append(order)
        else:
            order.shown = min(order.display or order.leaves, order.leaves)
            level.displayed.append(order)

    def remove(self, order: O) -> None:
        order.shown = 0
        if order in self.market:
            self.market.remove(order)
            return
        level = self.levels[order.price]
        (level.hidden if order.hidden else level.displayed).remove(order)
        if not level.displayed and not level.hidden:
            del self.levels[order.price]

    def refill(self, order: O) -> None:
        """An iceberg's shown part is used up: show the next, at the end of the queue."""
        level = self.levels[order.price]
        level.displayed.remove(order)
        order.shown = min(order.display, order.leaves)
        level.displayed.append(order)

    def shrink(self, order: O) -> None:
        """Its leaves have been reduced where it stands: it keeps its place."""
        if order not in self.market and not order.hidden:
            order.shown = min(order.shown, order.leaves, order.display or order.leaves)

    def depth(self) -> list[tuple[int, int, int]]:
        rows = [(p, lv.shown, len(lv.displayed)) for p, lv in self.levels.items()]
        return [row for row in rows if row[1]]


class Book(Generic[O]):
    """Both sides, and the orders that are not in them."""

    def __init__(self) -> None:
        self.bids: BookSide[O] = BookSide(1)
        self.asks: BookSide[O] = BookSide(-1)
        self.triggers: list[O] = []
        self.parked: list[O] = []
        self.waiting: list[O] = []
        self.pegged: list[O] = []  # every live pegged order, in entry order
        self.trailing: list[O] = []  # every live untriggered trailing stop, in entry order

    def own(self, sign: int) -> BookSide[O]:
        return self.bids if sign > 0 else self.asks

    def other(self, sign: int) -> BookSide[O]:
        return self.asks if sign > 0 else self.bids
