"""Trades, orders and the position as a strategy for backtesting.py knows them.

The exchange has one position for each instrument. What is added here is bookkeeping: which
executions belong to which trade, and which stop and target protect it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import pandas as pd

Price = float | None
Reserved = Sequence[tuple["Trade", int]]


class Market(Protocol):
    """What the ledger asks of the strategy that sends its orders."""

    last: float  # close of the last bar
    bar: int  # its place

    def times(self, bar: int) -> pd.Timestamp:
        """The time of a bar."""

    def send_close(self, trade: Trade, units: int) -> None:
        """A market order that takes units out of a trade."""

    def move_leg(self, trade: Trade, name: str, price: Price) -> None:
        """A trade's stop ("sl") or target ("tp") at another price; None takes it away."""

    def cancel_order(self, order: Order) -> None:
        """Cancel an order that waits."""


class Order:
    """An order that waits for its price: `size` units, sales below 0."""

    def __init__(self, market: Market, number: int, size: int, **terms: Any) -> None:
        self._market, self.number, self.size = market, number, size
        self.limit: Price = terms.get("limit")
        self.stop: Price = terms.get("stop")
        self.sl: Price = terms.get("sl")
        self.tp: Price = terms.get("tp")
        self.tag: Any = terms.get("tag")
        self.parent_trade: Trade | None = terms.get("parent")
        self.reserved: list[tuple[Trade, int]] = []  # units of open trades that it will close
        self.canceled = False

    def __repr__(self) -> str:
        terms = f"limit={self.limit}, stop={self.stop}, sl={self.sl}, tp={self.tp}"
        return f"<Order size={self.size}, {terms}>"

    @property
    def is_long(self) -> bool:
        return self.size > 0

    @property
    def is_short(self) -> bool:
        return self.size < 0

    @property
    def is_contingent(self) -> bool:
        """Whether it protects a trade."""
        return self.parent_trade is not None

    def cancel(self) -> None:
        """Take it back."""
        self._market.cancel_order(self)


class Trade:
    """Units bought (sold: below 0) at one price, open until they are sold again."""

    def __init__(self, market: Market, size: int, price: float, tag: Any) -> None:
        self._market, self.size, self.entry_price, self.tag = market, size, price, tag
        self.entry_bar = market.bar
        self.exit_price: Price = None
        self.exit_bar: int | None = None
        self.fees = 0.0
        self.closing = 0  # units that a market order on its way will take
        self.legs: dict[str, tuple[int, Price]] = {}  # "sl", "tp" -> (number of the order, price)

    def __repr__(self) -> str:
        until = "" if self.exit_bar is None else str(self.exit_bar)
        return f"<Trade size={self.size} bars={self.entry_bar}-{until} pl={self.pl:.2f}>"

    @property
    def is_long(self) -> bool:
        return self.size > 0

    @property
    def is_short(self) -> bool:
        return self.size < 0

    @property
    def entry_time(self) -> pd.Timestamp:
        return self._market.times(self.entry_bar)

    @property
    def exit_time(self) -> pd.Timestamp | None:
        return None if self.exit_bar is None else self._market.times(self.exit_bar)

    @property
    def value(self) -> float:
        """What it is worth now, as a number above 0."""
        return abs(self.size) * (self.exit_price or self._market.last)

    @property
    def pl(self) -> float:
        """Profit after its commissions, now or when it was closed."""
        now = self.exit_price or self._market.last
        return self.size * (now - self.entry_price) - self.fees

    @property
    def pl_pct(self) -> float:
        """Profit by what was paid, as a fraction."""
        return self.pl / (abs(self.size) * self.entry_price)

    @property
    def free(self) -> int:
        """Units, without their sign, that nothing on its way will take."""
        return abs(self.size) - self.closing

    @property
    def sl(self) -> Price:
        """Price of the stop; set it to move it, to None to take it away."""
        return self.legs.get("sl", (0, None))[1]

    @sl.setter
    def sl(self, price: Price) -> None:
        self._market.move_leg(self, "sl", price)

    @property
    def tp(self) -> Price:
        """Price of the target; set it to move it, to None to take it away."""
        return self.legs.get("tp", (0, None))[1]

    @tp.setter
    def tp(self, price: Price) -> None:
        self._market.move_leg(self, "tp", price)

    def close(self, portion: float = 1.0) -> None:
        """Close a part of it at the market."""
        self._market.send_close(self, max(1, round(abs(self.size) * portion)))


class Position:
    """All open trades together; true if there is one."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def __bool__(self) -> bool:
        return self.size != 0

    @property
    def size(self) -> int:
        return sum(trade.size for trade in self._ledger.trades)

    @property
    def pl(self) -> float:
        return sum(trade.pl for trade in self._ledger.trades)

    @property
    def pl_pct(self) -> float:
        """Profit of all open trades by what was paid for them, in percent."""
        paid = sum(abs(trade.size) * trade.entry_price for trade in self._ledger.trades)
        return 100.0 * self.pl / paid if paid else 0.0

    @property
    def is_long(self) -> bool:
        return self.size > 0

    @property
    def is_short(self) -> bool:
        return self.size < 0

    def close(self, portion: float = 1.0) -> None:
        """Close a part of every trade at the market."""
        for trade in tuple(self._ledger.trades):
            trade.close(portion)


class Ledger:
    """Which trades are open, which are closed, which orders wait."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self.trades: list[Trade] = []
        self.closed: list[Trade] = []
        self.orders: dict[int, Order] = {}
        self.position = Position(self)

    def against(self, size: int) -> Iterator[Trade]:
        """Open trades that an order of this size would close, oldest first."""
        return (trade for trade in tuple(self.trades) if trade.size * size < 0)

    def opened(
        self, size: int, price: float, fee: float, tag: Any, reserved: Reserved = ()
    ) -> Trade | None:
        """Units were bought (sold: below 0): they close what is against them, the rest is a trade.

        reserved: what was set aside for them when the order was sent; it comes first.
        """
        units = left = abs(size)
        plan = (*reserved, *((trade, 0) for trade in self.against(size)))
        for number, (trade, share) in enumerate(plan):
            part = min(left, min(share, abs(trade.size)) if number < len(reserved) else trade.free)
            if part:
                self.reduced(trade, part, price, fee * part / units, min(part, share))
            left -= part
        if not left:
            return None
        trade = Trade(self._market, left if size > 0 else -left, price, tag)
        trade.fees = fee * left / units
        self.trades.append(trade)
        return trade

    def reduced(
        self, trade: Trade, units: int, price: float, fee: float, taken: int = 0
    ) -> None:
        """Units of a trade were closed; they are a closed trade of their own.

        taken: how many of them were `closing`.
        """
        sign = 1 if trade.is_long else -1
        part = Trade(self._market, sign * units, trade.entry_price, trade.tag)
        part.entry_bar, part.exit_bar, part.exit_price = trade.entry_bar, self._market.bar, price
        entry = trade.fees * units / abs(trade.size)
        part.fees, trade.fees = entry + fee, trade.fees - entry
        self.closed.append(part)
        trade.size -= sign * units
        trade.closing = max(0, min(trade.closing - taken, abs(trade.size)))
        if not trade.size:
            self.trades.remove(trade)
