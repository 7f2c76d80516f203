"""The margin of one account, order by order: what does this order add?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.errors import InvalidField
from risk.scenario.facts import Portfolio, Position
from risk.scenario.fields import whole
from risk.scenario.span import PARTS, Scenario, too_large
from risk.scenario.tables import LIMIT
from risk.span import columns as at
from risk.span import orders, store

Whole = NDArray[np.int64]


class Incremental:
    """A portfolio with its margin kept up to date; after each change the same as worked out anew.

    >>> from risk.scenario import Incremental, Scenario, example
    >>> account = Incremental(Scenario(example("index_futures")))
    >>> before = account.change("NIFTY-JUN", 1)
    >>> account.what_if("NIFTY-JUL", open_sell=1) >= 0  # a pending order hedges nothing yet
    True
    >>> account.change("NIFTY-JUL", -1) < before  # a filled one does
    True

    Amounts are maintenance margin in minor units (`Scenario.margin` adds what is due by position
    and the surcharge for initial margin). Cost: 16 scenarios and the spreads of one commodity,
    whatever else the account holds; the credits are given anew.
    """

    def __init__(
        self, model: Scenario, portfolio: Portfolio | Mapping[str, int] | Iterable[Position] = ()
    ) -> None:
        self.model, tables = model, model.tables
        self._room, self._place = tables.room(), tables.place
        self._s, self._rows = self._room.s, self._room.tables[store.POSITIONS]
        self._asking = np.zeros((1, at.POSITION), np.int64)
        self._change = self._asking[0]
        self._sizes: list[float] = tables.size.tolist()
        self._out = np.zeros(at.PARTS, np.int64)
        self._one = np.zeros(1, np.int64)
        self._size, self._total = 0.0, 0
        for position in Portfolio.of(portfolio).positions:
            self.change(
                position.contract, position.quantity, position.open_buy, position.open_sell
            )

    @property
    def total(self) -> int:
        """The margin now, minor units."""
        return self._total

    @property
    def parts(self) -> dict[str, int]:
        """The margin now by part."""
        return dict(zip(PARTS, self._out[: len(PARTS)].tolist(), strict=True))

    def position(self, contract: str) -> Position:
        """What is held of a contract, and what is pending."""
        return Position(contract, *self._rows[self._row(contract)].tolist())

    def change(
        self, contract: str, quantity: int = 0, open_buy: int = 0, open_sell: int = 0
    ) -> int:
        """Add lots held and lots of pending orders (all signed); returns the margin after.

        An order that is entered is open_buy=+n; filled, quantity=+n, open_buy=-n; canceled,
        open_buy=-n. Raises InvalidField, and changes nothing, if pending lots would fall below 0.
        """
        row = self._row(contract)
        self._size = self._checked(row, contract, quantity, open_buy, open_sell)
        self._write(row, quantity, open_buy, open_sell)
        self._total = int(orders.changed(self._s, self._change, self._out))
        return self._total

    def what_if(
        self, contract: str, quantity: int = 0, open_buy: int = 0, open_sell: int = 0
    ) -> int:
        """By how much the margin would rise; the portfolio stays as it is."""
        row = self._row(contract)
        self._checked(row, contract, quantity, open_buy, open_sell)
        self._write(row, quantity, open_buy, open_sell)
        orders.what_if(self._s, self._asking, self._out, self._one)
        return int(self._one[0])

    def what_if_each(self, changes: ArrayLike) -> Whole:
        """The same for many changes, each alone: rows (contract number, quantity, open_buy,
        open_sell), see `Scenario.places`. Returns int64 (n,)."""
        rows = np.ascontiguousarray(changes, np.int64)
        if rows.ndim != 2 or rows.shape[1] != at.POSITION:
            raise InvalidField("changes", rows.shape, f"rows of {at.POSITION} whole numbers")
        places, added = rows[:, 0], np.empty(len(rows), np.int64)
        if not len(rows):
            return added
        if not 0 <= places.min() <= places.max() < len(self._place):
            allowed = f"contracts 0 to {len(self._place) - 1}"
            raise InvalidField("changes", int(places.max()), allowed)
        after = self._rows[places] + rows[:, 1:]
        sizes = np.abs(after).sum(axis=1) * self.model.tables.size[places]
        bad = np.flatnonzero((after[:, 1:] < 0).any(axis=1) | (sizes + self._size > LIMIT))
        if len(bad):
            row = rows[bad[0]].tolist()
            self._checked(row[0], list(self._place)[row[0]], *row[1:])
        orders.what_if(self._s, rows, self._out, added)
        return added

    def _row(self, contract: str) -> int:
        row = self._place.get(contract)
        if row is None:
            raise InvalidField(f"position {contract}", contract, "a contract of the parameters")
        return row

    def _write(self, row: int, quantity: int, open_buy: int, open_sell: int) -> None:
        change = self._change  # cell by cell: an assignment of four costs three times as much
        change[0], change[1], change[2], change[3] = row, quantity, open_buy, open_sell

    def _checked(
        self, row: int, contract: str, quantity: int, open_buy: int, open_sell: int
    ) -> float:
        """The size of the portfolio after a change that is allowed."""
        held, buys, sells = self._rows[row].tolist()
        if not type(quantity) is type(open_buy) is type(open_sell) is int:
            for name, value in (("quantity", quantity), ("open_buy", open_buy),
                                ("open_sell", open_sell)):  # fmt: skip
                whole(f"position {contract}: {name}", value)
        if buys + open_buy < 0 or sells + open_sell < 0:
            left = f"at most {buys} pending purchases and {sells} sales to take away"
            raise InvalidField(f"position {contract}", (open_buy, open_sell), left)
        before = abs(held) + buys + sells
        after = abs(held + quantity) + buys + open_buy + sells + open_sell
        size: float = self._size + (after - before) * self._sizes[row]
        if size > LIMIT:
            raise too_large(contract, quantity)
        return size
