"""Cross and isolated margin of crypto derivatives, with tiers by notional."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.errors import InvalidField
from risk.scenario.facts import Contract, Margin, Portfolio, Position, by_name, found
from risk.scenario.fields import number
from risk.scenario.models.worst import most_lots


@dataclass(frozen=True, slots=True)
class NotionalTier:
    """From a notional on: highest leverage, and maintenance as a percentage of the notional.

    The maintenance of a larger tier counts for the part above its bound only, so that it does not
    jump there (exchanges publish the same as rate and "maintenance amount").
    """

    notional: float
    leverage: float
    maintenance_percent: float


def checked_tiers(name: str, tiers: Iterable[NotionalTier]) -> tuple[NotionalTier, ...]:
    """Tiers that start at 0 and grow stricter. Raises InvalidField with the place."""
    rows = tuple(tiers)
    if not rows or rows[0].notional != 0.0:
        raise InvalidField(f"tiers[{name}]", rows[:1], "a first tier from notional 0")
    for at, row in enumerate(rows):
        where = f"tiers[{name}][{at}]"
        number(f"{where}.notional", row.notional, 0.0)
        number(f"{where}.leverage", row.leverage, 1.0, 1000.0)
        most = 100.0 / row.leverage  # maintenance above the initial margin would liquidate at once
        number(f"{where}.maintenance_percent", row.maintenance_percent, 0.0, most)
        if at and not (
            row.notional > rows[at - 1].notional
            and row.leverage <= rows[at - 1].leverage
            and row.maintenance_percent >= rows[at - 1].maintenance_percent
        ):
            raise InvalidField(where, row, "a higher bound, less leverage, more maintenance")
    return rows


class Crypto:
    """Perpetuals and futures in the quote currency, one tier table for each underlying.

    Initial margin: notional / leverage, where a position's leverage may not exceed that of its
    notional's tier. Cross: all collateral stands behind all positions. Isolated: each position has
    its own (`Position.collateral`). Follows the published rules of the large exchanges (Binance
    "Leverage and margin of USD-M futures", OKX "position tiers").

    Args:
        contracts: with price (mark) and multiplier; `commodity` names the tier table.
        mode: "cross" or "isolated".
    """

    def __init__(
        self, contracts: Iterable[Contract], tiers: Mapping[str, Iterable[NotionalTier]],
        mode: str = "cross", decimals: int = 2, currency: str = "USDT",
    ) -> None:  # fmt: skip
        self.contracts, self.decimals, self.currency = by_name(contracts), decimals, currency
        if mode not in ("cross", "isolated"):
            raise InvalidField("mode", mode, "cross, isolated")
        self.mode = mode
        self.tiers = {name: checked_tiers(name, rows) for name, rows in tiers.items()}
        for contract in self.contracts.values():
            where = f"contracts[{contract.name}]"
            if contract.price <= 0.0:
                raise InvalidField(f"{where}.price", contract.price, "a price above 0")
            if contract.commodity not in self.tiers:
                raise InvalidField(f"{where}.commodity", contract.commodity, ", ".join(self.tiers))

    def _tier(self, contract: Contract, notional: float) -> NotionalTier:
        rows = self.tiers[contract.commodity]
        return max((row for row in rows if row.notional <= notional), key=lambda r: r.notional)

    def maintenance_of(self, contract: Contract, notional: float) -> float:
        """Maintenance margin of a notional, tier by tier, in the currency."""
        rows, total = self.tiers[contract.commodity], 0.0
        for at, row in enumerate(rows):
            above = rows[at + 1].notional if at + 1 < len(rows) else float("inf")
            part = min(notional, above) - row.notional
            if part > 0.0:
                total += part * row.maintenance_percent / 100.0
        return total

    def _checked(self, position: Position) -> tuple[Contract, float]:
        """(contract, the largest notional of a position)."""
        contract = found(self.contracts, position)
        notional = most_lots(position) * contract.price * contract.multiplier
        most = self._tier(contract, notional).leverage
        if position.leverage > most:
            where = f"position {contract.name}: leverage"
            raise InvalidField(where, position.leverage, f"at most {most:g} for {notional:g}")
        return contract, notional

    def margin(self, portfolio: Portfolio | Mapping[str, int] | Iterable[Position]) -> Margin:
        """Parts position_margin and order_margin (what pending orders add); groups by contract."""
        groups, maintenance, scale = {}, 0, 10.0**self.decimals
        for position in Portfolio.of(portfolio).positions:
            contract, largest = self._checked(position)
            held = abs(position.quantity) * contract.price * contract.multiplier
            initial = _up(held / position.leverage * scale)
            whole = _up(largest / position.leverage * scale)
            groups[contract.name] = {"position_margin": initial, "order_margin": whole - initial}
            maintenance += _up(self.maintenance_of(contract, held) * scale)
        parts = {
            part: sum(row[part] for row in groups.values())
            for part in ("position_margin", "order_margin")
        }
        return Margin(parts, maintenance, self.decimals, self.currency, groups)

    def profit(self, position: Position, price: float | None = None) -> float:
        """Unrealised profit of a position at a price (the mark), in the currency."""
        contract = found(self.contracts, position)
        at = contract.price if price is None else price
        return position.quantity * contract.multiplier * (at - position.entry_price)

    def health(
        self, portfolio: Portfolio | Mapping[str, int] | Iterable[Position]
    ) -> dict[str, float]:
        """Equity / maintenance margin; below 1 there is liquidation.

        Cross: one number, "account"; equity is cash and all profits. Isolated: one a position; its
        equity is its own collateral and profit. A position without maintenance has infinity.
        """
        account, result = Portfolio.of(portfolio), {}
        needs, equities = {}, {}
        for position in account.positions:
            contract, _ = self._checked(position)
            notional = abs(position.quantity) * contract.price * contract.multiplier
            needs[contract.name] = self.maintenance_of(contract, notional)
            equities[contract.name] = position.collateral + self.profit(position)
        if self.mode == "cross":
            needs = {"account": sum(needs.values())}
            equities = {"account": account.cash + sum(map(self.profit, account.positions))}
        for name, need in needs.items():
            result[name] = equities[name] / need if need > 0.0 else float("inf")
        return result

    def liquidation_price(
        self, position: Position, portfolio: Portfolio | None = None
    ) -> float | None:
        """The mark at which equity falls to maintenance, other marks unchanged; None if at no
        price above 0.

        Isolated: of the position's own collateral. Cross: give the portfolio that it is in.
        """
        contract, _ = self._checked(position)
        size = position.quantity * contract.multiplier
        if size == 0.0:
            return None
        equity, others = position.collateral, 0.0
        if self.mode == "cross":
            if portfolio is None:
                raise InvalidField("portfolio", None, "the portfolio of the position, for cross")
            rest = [p for p in portfolio.positions if p.contract != position.contract]
            equity = portfolio.cash + sum(map(self.profit, rest))
            others = self.margin(rest).maintenance / 10.0**self.decimals
        # equity + size (p - entry) = others + maintenance(|size| p), linear within each tier
        rows = self.tiers[contract.commodity]
        for at, row in enumerate(rows):
            rate, low = row.maintenance_percent / 100.0, row.notional / abs(size)
            high = rows[at + 1].notional / abs(size) if at + 1 < len(rows) else float("inf")
            owed = self.maintenance_of(contract, row.notional) - rate * row.notional
            slope = size - rate * abs(size)
            if slope != 0.0:
                price = (size * position.entry_price - equity + others + owed) / slope
                if max(low, 0.0) < price <= high:
                    return price
        return None


def _up(amount: float) -> int:
    """Whole minor units, rounded up but for the last bits of a float."""
    nearest = round(amount)
    return nearest if abs(amount - nearest) < 1e-6 else int(-(-amount // 1))
