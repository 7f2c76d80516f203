"""Portfolio margin of US customers: each class revalued at ten prices (FINRA 4210(g), TIMS)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.errors import InvalidField
from risk.scenario.facts import Contract, Margin, Portfolio, Position, by_name, found
from risk.scenario.fields import day, number
from risk.scenario.models.worst import Lots, worst
from risk.scenario.revaluation import Book

POINTS = 10
_STEPS = np.concatenate([-np.arange(5, 0, -1), np.arange(1, 6)]) / 5.0  # of the whole move


@dataclass(frozen=True, slots=True)
class PriceClass:
    """An underlying: how far it moves, and with what its gains may pay for losses.

    down, up: percent of the price, the whole move (15 and 15 for a stock, 8 and 6 for a broad index
    of large companies, 10 and 10 for other indices). `group`: product group, "" none; `offset`:
    percent of its gains at a point that count against losses of others in the group there.
    """

    name: str
    down: float = 15.0
    up: float = 15.0
    group: str = ""
    offset: float = 0.0

    def __post_init__(self) -> None:
        where = f"classes[{self.name}]"
        number(f"{where}.down", self.down, 0.1, 99.0)
        number(f"{where}.up", self.up, 0.1, 1000.0)
        number(f"{where}.offset", self.offset, 0.0, 100.0)


class PriceMoves:
    """The largest loss of each group over ten equidistant prices, volatility unchanged.

    At least 0.375 times the multiplier for each option and future, for a long option at most its
    value. Sources: FINRA rule 4210(g)(1) to (7); OCC, "Customer portfolio margin" (TIMS). Parts:
    price_risk, minimum_excess. Pending orders: the worst of none filled, all bought, all sold.
    """

    def __init__(
        self, contracts: Iterable[Contract], classes: Iterable[PriceClass], date: str,
        minimum: float = 0.375, decimals: int = 2,
    ) -> None:  # fmt: skip
        self.contracts, self.decimals = by_name(contracts), decimals
        self.classes = {row.name: row for row in classes}
        self.minimum, self.date = number("minimum", minimum, 0.0), day("date", date)
        for contract in self.contracts.values():
            where = f"contracts[{contract.name}]"
            if contract.commodity not in self.classes:
                known = ", ".join(self.classes)
                raise InvalidField(f"{where}.commodity", contract.commodity, known)
            if contract.price < 0.0:
                raise InvalidField(f"{where}.price", contract.price, "a price of 0 or more")
        self._gains = self._revalued()

    def _moves(self, contract: Contract) -> NDArray[np.float64]:
        row = self.classes[contract.commodity]
        return np.where(_STEPS < 0, row.down, row.up) * _STEPS / 100.0

    def _revalued(self) -> dict[str, list[int]]:
        """What one lot of each contract gains at each point, minor units."""
        gains: dict[str, list[int]] = {}
        options = [c for c in self.contracts.values() if c.kind == "OPTION"]
        for contract in self.contracts.values():
            if contract.kind != "OPTION":
                moved = contract.price * self._moves(contract)
                gains[contract.name] = [contract.minor(m, self.decimals) for m in moved.tolist()]
        if options:
            book = Book(options, self.date)
            moves = np.array([self._moves(option) for option in options])
            prices = book.price[:, None] * (1.0 + moves)
            sigma = np.broadcast_to(book.volatility[:, None], prices.shape)
            now = book.values(book.price, book.volatility, book.time)
            changes = book.values(prices, sigma, book.time) - now[:, None]
            for option, row in zip(options, changes.tolist(), strict=True):
                gains[option.name] = [option.minor(amount, self.decimals) for amount in row]
        return gains

    def margin(self, portfolio: Portfolio | Mapping[str, int] | Iterable[Position]) -> Margin:
        """The margin of one account; groups by product group (a class alone is its own)."""
        account = Portfolio.of(portfolio)
        for position in account.positions:
            found(self.contracts, position)
        return worst(account, self._of_lots)

    def _least(self, contract: Contract, count: int) -> int:
        """The minimum of a position; stock has none."""
        if contract.kind == "EQUITY":
            return 0
        least = abs(count) * contract.minor(self.minimum, self.decimals)
        if contract.kind == "OPTION" and count > 0:
            return min(least, count * contract.minor(contract.price, self.decimals))
        return least

    def _of_lots(self, lots: Lots) -> Margin:
        gains: dict[str, list[int]] = {}
        least: dict[str, int] = {}
        for name, count in lots.items():
            contract = self.contracts[name]
            row = gains.setdefault(contract.commodity, [0] * POINTS)
            for at, gain in enumerate(self._gains[name]):
                row[at] += count * gain
            group = self._group(contract.commodity)
            least[group] = least.get(group, 0) + self._least(contract, count)
        groups = {}
        for group, minimum in least.items():
            risk = self._risk([name for name in gains if self._group(name) == group], gains)
            groups[group] = {"price_risk": risk, "minimum_excess": max(0, minimum - risk)}
        parts = {
            part: sum(row[part] for row in groups.values())
            for part in ("price_risk", "minimum_excess")
        }
        return Margin(parts, sum(parts.values()), self.decimals, "USD", groups)

    def _group(self, name: str) -> str:
        return self.classes[name].group or name

    def _risk(self, names: list[str], gains: Mapping[str, list[int]]) -> int:
        """The largest loss over the points; a gain pays with its class's offset, rounded down."""
        most = 0
        for at in range(POINTS):
            loss = 0
            for name in names:
                gain, offset = gains[name][at], self.classes[name].offset
                share = 100.0 if len(names) == 1 else offset
                loss -= gain if gain < 0 else int(gain * share / 100.0)
            most = max(most, loss)
        return most
