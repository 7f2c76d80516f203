"""Value at risk plus extreme loss margin of cash equities, as Indian clearing corporations ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from domain.errors import InvalidField
from risk.scenario.facts import Contract, Margin, Portfolio, Position, by_name, found
from risk.scenario.models.worst import most_lots, share_of

_RATES = ("value_at_risk_percent", "extreme_loss_percent")


class ValueAtRiskExtremeLoss:
    """SEBI: each security's value times its VaR rate, plus its extreme loss rate.

    Source: SEBI, "Comprehensive risk management framework for the cash market"
    (MRD/DoP/SE/Cir-07/2005 and later circulars); the clearing corporation publishes both rates for
    each security. A contract carries them as `value_at_risk_percent` and `extreme_loss_percent`.
    Positions in different securities do not offset each other; pending orders count on the side
    that makes the position larger.
    """

    def __init__(
        self, contracts: Iterable[Contract], decimals: int = 2, currency: str = "INR"
    ) -> None:
        self.contracts, self.decimals, self.currency = by_name(contracts), decimals, currency
        for contract in self.contracts.values():
            where = f"contracts[{contract.name}]"
            for rate in _RATES:
                if rate not in contract.rates:
                    raise InvalidField(f"{where}.{rate}", None, "a rate; it is missing")
            if contract.price < 0.0:
                raise InvalidField(f"{where}.price", contract.price, "a price of 0 or more")

    def margin(self, portfolio: Portfolio | Mapping[str, int] | Iterable[Position]) -> Margin:
        """Parts value_at_risk and extreme_loss; groups by security."""
        groups = {}
        for position in Portfolio.of(portfolio).positions:
            contract = found(self.contracts, position)
            value = most_lots(position) * contract.minor(contract.price, self.decimals)
            rates = (contract.rates[name] for name in _RATES)
            risk, extreme = (share_of(value, rate) for rate in rates)
            groups[contract.name] = {"value_at_risk": risk, "extreme_loss": extreme}
        parts = {
            part: sum(group[part] for group in groups.values())
            for part in ("value_at_risk", "extreme_loss")
        }
        return Margin(parts, sum(parts.values()), self.decimals, self.currency, groups)
