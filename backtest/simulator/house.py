"""The commands that make an exchange ready for a run: instruments, two accounts, fees, cash.

Account HISTORY stands for everybody else: no limit holds it. Account OWN is the strategy's, with
the checks, margins and fees of the live exchange.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np

from backtest.record import Listing
from backtest.settings import Settings
from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import InstrumentType, MarginModel, Phase, Scope
from domain.errors import InvalidField
from domain.fields import attributes_named
from domain.layout import COMMAND
from domain.messages import Account, Deposit, Instrument, Message, SetPhase, Setting

HISTORY, OWN = 1, 2
_MARGINED = (InstrumentType.FUTURE, InstrumentType.FX, InstrumentType.OPTION)
Rows = np.ndarray[Any, Any]


def minor(cash: float | Decimal, listings: tuple[Listing, ...]) -> int:
    """An amount of the listings' currency in minor units."""
    return int((Decimal(str(cash)) * 10 ** listings[0].decimals).to_integral_value())


def set_up(listings: tuple[Listing, ...], settings: Settings) -> Rows:
    """COMMAND rows to begin with. Raises InvalidField for settings that cannot be carried out."""
    check(listings, settings)
    sent: list[Message] = []
    for number, listing in enumerate(listings, 1):
        sent.append(Instrument(label=listing.symbol[:56], entity=number, type=listing.type))
        for attribute, value in _instrument(listing, settings).items():
            sent.append(
                Setting(
                    scope=Scope.INSTRUMENT, entity=number, attribute=int(attribute), value=value
                )
            )  # fmt: skip
    sent += [Account(label="history", entity=HISTORY), Account(label="own", entity=OWN)]
    own: dict[int, int] = {NodeAttr.STP_GROUP: 1, NodeAttr.CREDIT: settings.margin.credit}
    own |= attributes_named(NodeAttr, settings.limits, "limits")
    for account, attributes in ((HISTORY, {NodeAttr.CHECK_BUYING_POWER: 0}), (OWN, own)):
        for node_attribute, value in attributes.items():
            sent.append(
                Setting(
                    scope=Scope.NODE, entity=account, attribute=int(node_attribute), value=value
                )
            )  # fmt: skip
    cash = minor(settings.cash, listings)
    if cash:
        sent.append(Deposit(account=OWN, value=cash))
    sent.append(SetPhase(phase=Phase.CONTINUOUS))
    return np.frombuffer(b"".join(each.pack() for each in sent), COMMAND).copy()


def check(listings: tuple[Listing, ...], settings: Settings) -> None:
    """Raise InvalidField where listings and settings do not go together."""
    if not listings:
        raise InvalidField("listings", listings, "at least one instrument")
    first = listings[0]
    for each in listings:
        if (each.currency, each.decimals) != (first.currency, first.decimals):
            raise InvalidField("currency", each.currency, f"one for all, as {first.currency}")
    for symbol in settings.instruments:
        if symbol not in [each.symbol for each in listings]:
            raise InvalidField("instruments", symbol, ", ".join(e.symbol for e in listings))


def margined(listing: Listing) -> bool:
    """Whether positions are margined instead of paid in full."""
    return listing.type in _MARGINED


def _instrument(listing: Listing, settings: Settings) -> dict[int, int]:
    costs, margin, attr = settings.costs, settings.margin, InstrumentAttr
    wanted: dict[int, int] = {
        attr.MULTIPLIER: listing.multiplier,
        attr.MARGIN_MODEL: MarginModel.PERCENT if margined(listing) else MarginModel.CASH,
        attr.MARGIN_BPS: margin.initial_bps, attr.SHORT_MARGIN_BPS: margin.short_bps,
        attr.TAKER_PPB: int(costs.taker_bps * 100_000),
        attr.MAKER_PPB: int(costs.maker_bps * 100_000),
        attr.TAKER_PER_LOT: costs.per_lot, attr.MAKER_PER_LOT: costs.per_lot,
        attr.FEE_MIN: costs.minimum, attr.MARKET_PROTECTION_BPS: 0,
    }  # fmt: skip
    given = settings.instruments.get(listing.symbol, {})
    return wanted | attributes_named(attr, given, f"instruments[{listing.symbol}]")
