"""Regulation T and FINRA rule 4210: the margin account of a US customer, by strategy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.errors import InvalidField
from risk.scenario.facts import Contract, Margin, Portfolio, Position, by_name, found
from risk.scenario.models.worst import Lots, share_of, worst

PARTS = ("long_stock", "short_stock", "long_options", "short_options")


@dataclass(frozen=True, slots=True)
class Rates:
    """The percentages; defaults are those of 12 CFR 220.12 and FINRA 4210(c) and (f)(2)."""

    initial: float = 50.0
    maintenance_long: float = 25.0
    maintenance_short: float = 30.0
    least_short: float = 5.0  # a share, from this price on
    cheap_short: float = 2.5  # a share, below it (then at least the whole value)
    option: float = 20.0  # of the underlying, less what it is out of the money
    option_index: float = 15.0  # the same for broad-based indices
    option_least: float = 10.0
    day_trader_equity: float = 25_000.0


class RegulationT:
    """Stocks and options in a margin account.

    Long stock: half initially, a quarter to keep. Short stock: half (its proceeds stay in the
    account besides), 30 % to keep and 5 a share at least; below 5 a share all of it, 2.50 at
    least. Long options are paid in full. Short options: their value, and 20 % of the underlying
    (15 % of an index) less what they are out of the money, at least 10 % of the underlying (of the
    strike for puts). Short calls against long stock and short puts against short stock need
    nothing (covered). Sources: Regulation T, 12 CFR 220.12; FINRA rule 4210(c), (f)(2).

    `indices`: underlyings that are broad-based indices. Spreads of options are margined leg by
    leg. Pending orders: the worst of none filled, all bought, all sold.
    """

    def __init__(
        self, contracts: Iterable[Contract], rates: Rates | None = None,
        indices: Iterable[str] = (), decimals: int = 2,
    ) -> None:  # fmt: skip
        self.contracts, self.rates = by_name(contracts), rates or Rates()
        self.indices, self.decimals = frozenset(indices), decimals
        for contract in self.contracts.values():
            where = f"contracts[{contract.name}]"
            if contract.kind not in ("EQUITY", "OPTION"):
                raise InvalidField(f"{where}.kind", contract.kind, "EQUITY or OPTION")
            if contract.price < 0.0:
                raise InvalidField(f"{where}.price", contract.price, "a price of 0 or more")
            if contract.kind == "OPTION" and contract.underlying_price <= 0.0:
                allowed = "a price above 0"
                raise InvalidField(f"{where}.underlying_price", contract.underlying_price, allowed)

    def margin(self, portfolio: Portfolio | Mapping[str, int] | Iterable[Position]) -> Margin:
        """Parts by kind of position; initial is Regulation T, maintenance FINRA 4210."""
        account = Portfolio.of(portfolio)
        for position in account.positions:
            found(self.contracts, position)
        return worst(account, self._of_lots)

    def buying_power(
        self, portfolio: Portfolio | Mapping[str, int], equity: float, day_trading: bool = False
    ) -> int:
        """What can still be bought, minor units.

        Twice the equity beyond the initial margin; of a pattern day trader four times what is
        beyond maintenance (FINRA 4210(f)(8)(B)), which needs an equity of 25,000.
        """
        needed, own = self.margin(portfolio), round(equity * 10.0**self.decimals)
        if not day_trading:
            return max(0, int((own - needed.initial) * 100 / self.rates.initial))
        if equity < self.rates.day_trader_equity:
            allowed = f"{self.rates.day_trader_equity:g} or more for a pattern day trader"
            raise InvalidField("equity", equity, allowed)
        return max(0, int((own - needed.maintenance) * 100 / self.rates.maintenance_long))

    # ------------------------------------------------------------------ one way of the orders

    def _of_lots(self, lots: Lots) -> Margin:
        shares: dict[str, float] = defaultdict(float)
        for name, count in lots.items():
            contract = self.contracts[name]
            if contract.kind == "EQUITY":
                shares[contract.commodity] += count * contract.multiplier
        parts, maintenance = dict.fromkeys(PARTS, 0), 0
        for name, count in sorted(lots.items(), key=lambda item: self._order(item[0])):
            contract = self.contracts[name]
            needs = self._stock if contract.kind == "EQUITY" else self._option
            part, initial, kept = needs(contract, count, shares)
            parts[part] += initial
            maintenance += kept
        return Margin(parts, maintenance, self.decimals, "USD")

    def _order(self, name: str) -> tuple[bool, float, str]:
        """Stock first, then options whose naked margin is largest: cover is best used there."""
        contract = self.contracts[name]
        option = contract.kind == "OPTION"
        return option, -self._naked(contract) if option else 0.0, name

    def _stock(
        self, contract: Contract, count: int, shares: Mapping[str, float]
    ) -> tuple[str, int, int]:
        rates, price = self.rates, contract.price
        value = abs(count) * contract.minor(price, self.decimals)
        initial = share_of(value, rates.initial)
        if count >= 0:
            return "long_stock", initial, share_of(value, rates.maintenance_long)
        least = rates.least_short if price >= rates.least_short else rates.cheap_short
        share = rates.maintenance_short if price >= rates.least_short else 100.0
        floor = abs(count) * contract.minor(least, self.decimals)
        kept = max(share_of(value, share), floor)
        return "short_stock", max(initial, kept), kept

    def _naked(self, contract: Contract) -> float:
        """What one unit of a short option needs beyond its value."""
        rates, base = self.rates, contract.underlying_price
        index = contract.commodity in self.indices
        call = contract.right == "call"
        out = max(contract.strike - base if call else base - contract.strike, 0.0)
        share = rates.option_index if index else rates.option
        least = rates.option_least / 100.0 * (base if call else contract.strike)
        return max(share / 100.0 * base - out, least)

    def _option(
        self, contract: Contract, count: int, shares: dict[str, float]
    ) -> tuple[str, int, int]:
        value = contract.minor(contract.price, self.decimals)
        if count >= 0:
            return "long_options", count * value, count * value
        sign = 1.0 if contract.right == "call" else -1.0
        cover = max(0.0, sign * shares[contract.commodity])
        covered = min(-count, int(cover // contract.multiplier))
        shares[contract.commodity] -= sign * covered * contract.multiplier
        naked = (-count - covered) * (value + contract.minor(self._naked(contract), self.decimals))
        return "short_options", naked, naked
