"""A Listing out of what people know of an instrument: its steps and what a contract is worth."""

from __future__ import annotations

from decimal import Decimal

from backtest.readers.csv_rows import places, positive_step
from backtest.record import Listing
from domain.codes import InstrumentType
from domain.errors import InvalidField
from domain.limits import MAX_MULTIPLIER

LEAST_DECIMALS, MOST_DECIMALS = 2, 12


def listing(
    symbol: str,
    tick: Decimal | str | float = "0.01",
    lot: Decimal | str | float = "1",
    *,
    type: InstrumentType = InstrumentType.EQUITY,  # noqa: A002 - as in Listing
    contract: Decimal | str | float = "1",
    currency: str = "USD",
    decimals: int = 0,
) -> Listing:
    """An instrument whose price of 1.00 for a quantity of 1 is worth `contract` of its currency.

    `decimals` of the currency's minor unit; 0: two, or as many as it takes for a tick of a lot to
    be a whole number of minor units (0.01 x 1e-8 takes ten). All instruments that one account
    trades need the same. Raises InvalidField.
    """
    steps = positive_step("tick", tick), positive_step("lot", lot)
    worth = steps[0] * steps[1] * positive_step("contract", contract)
    digits = decimals or max(LEAST_DECIMALS, places(worth))
    units = worth.scaleb(digits)
    if digits > MOST_DECIMALS or units != int(units) or not 1 <= units <= MAX_MULTIPLIER:
        allowed = (
            f"decimals (at most {MOST_DECIMALS}) in which a tick of a lot, {worth:f}, is a whole "
            f"number of minor units, 1 to {MAX_MULTIPLIER}"
        )
        raise InvalidField(f"decimals of {symbol}", digits, allowed)
    return Listing(symbol, *steps, type, int(units), currency, digits)
