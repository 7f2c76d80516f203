"""The parameters of scenario margin as data: what a clearing house publishes.

docs/margin.md has the format field by field; `parameters_of` reads it from a mapping, as JSON
gives it, and refuses fields that it does not know.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.errors import InvalidField
from risk.scenario.facts import Contract, contract_of
from risk.scenario.fields import Fields, number

# (price move in price scan ranges, volatility move in volatility scan ranges, share of the loss
# that counts): CME SPAN, "Risk parameter file layouts", scan point definitions
THIRD = 1.0 / 3.0
SCENARIOS: tuple[tuple[float, float, float], ...] = (
    *((sign * steps * THIRD, up, 1.0)
      for steps, signs in ((0, (1,)), (1, (1, -1)), (2, (1, -1)), (3, (1, -1)))
      for sign in signs for up in (1.0, -1.0)),
    (3.0, 0.0, 0.3), (-3.0, 0.0, 0.3),
)  # fmt: skip
# composite delta: weights of the deltas at these price moves
DELTA_POINTS = (
    (0.0, 0.270), (THIRD, 0.217), (-THIRD, 0.217), (2 * THIRD, 0.111), (-2 * THIRD, 0.111),
    (1.0, 0.037), (-1.0, 0.037),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tier:
    """Expiries from `first` to `last`, both included; "" is open."""

    name: str
    first: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg of a spread: side "A" or "B", deltas a spread; a tier, one expiry, or everything."""

    side: str
    ratio: float = 1.0
    commodity: str = ""
    tier: str = ""
    expiry: str = ""


@dataclass(frozen=True, slots=True)
class Spread:
    """Legs and a rate: the charge for one spread, or the credit in percent."""

    rate: float
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """Charge a delta near delivery, for deltas inside calendar spreads and outside."""

    expiry: str
    spread: float
    outright: float


@dataclass(frozen=True, slots=True)
class Commodity:
    """A combined commodity: contracts that are scanned together."""

    name: str
    price_scan: float = 0.0
    price_scan_percent: float = 0.0
    volatility_scan: float = 0.0
    tiers: tuple[Tier, ...] = ()
    calendar_spreads: tuple[Spread, ...] = ()
    delivery: tuple[Delivery, ...] = ()
    short_option_minimum: float = 0.0
    short_option_method: str = "gross"
    exposure_percent: float = 0.0
    calendar_exposure_percent: float = 100.0
    option_value: str = "account"


@dataclass(frozen=True, slots=True)
class Parameters:
    """Everything that scenario margin needs to know, for one day."""

    date: str
    commodities: tuple[Commodity, ...]
    contracts: tuple[Contract, ...]
    credits: tuple[Spread, ...] = ()
    name: str = ""
    currency: str = ""
    decimals: int = 2
    look_ahead_days: float = 1.0
    initial_percent: float = 100.0
    premium_upfront: bool = False
    scenarios: tuple[tuple[float, float, float], ...] = field(default=SCENARIOS)


def _tier(row: Fields) -> Tier:
    return Tier(row.text("name"), row.day("first", ""), row.day("last", ""))


def _leg(row: Fields) -> Leg:
    return Leg(
        side=row.choice("side", ("A", "B")),
        ratio=row.number("ratio", 1.0, least=1e-6, most=1e6),
        commodity=row.text("commodity", ""),
        tier=row.text("tier", ""),
        expiry=row.day("expiry", ""),
    )


def _spread(row: Fields, rate: str, most: float) -> tuple[int, Spread]:
    priority, legs = row.whole("priority", 0, most=10**6), row.rows("legs", _leg)
    if len(legs) < 2:
        raise InvalidField(row.path("legs"), len(legs), "two legs or more")
    return priority, Spread(row.number(rate, most=most), legs)


def _spreads(row: Fields, name: str, rate: str, most: float) -> tuple[Spread, ...]:
    """The spreads of a list by their priority; equal ones stay in the order of the list."""
    found = row.rows(name, lambda item: _spread(item, rate, most))
    return tuple(spread for _, spread in sorted(found, key=lambda pair: pair[0]))


def _delivery(row: Fields) -> Delivery:
    return Delivery(row.day("expiry"), row.number("spread", 0.0), row.number("outright", 0.0))


def _commodity(row: Fields) -> Commodity:
    return Commodity(
        name=row.text("name"),
        price_scan=row.number("price_scan", 0.0),
        price_scan_percent=row.number("price_scan_percent", 0.0, most=1000.0),
        volatility_scan=row.number("volatility_scan", 0.0, most=100.0),
        tiers=row.rows("tiers", _tier),
        calendar_spreads=_spreads(row, "calendar_spreads", "charge", 1e12),
        delivery=row.rows("delivery", _delivery),
        short_option_minimum=row.number("short_option_minimum", 0.0, most=1e12),
        short_option_method=row.choice("short_option_method", ("gross", "larger"), "gross"),
        exposure_percent=row.number("exposure_percent", 0.0, most=1000.0),
        calendar_exposure_percent=row.number("calendar_exposure_percent", 100.0, most=200.0),
        option_value=row.choice("option_value", ("account", "commodity"), "account"),
    )


def _scenarios(data: object) -> tuple[tuple[float, float, float], ...]:
    """16 scenarios: seven pairs of one price move and opposite volatility, two without partner."""
    if not isinstance(data, list) or len(data) != 16:
        raise InvalidField("scenarios", data, "16 triples: price, volatility, weight")
    made: list[tuple[float, float, float]] = []
    for at, row in enumerate(data):
        where = f"scenarios[{at}]"
        if not isinstance(row, list) or len(row) != 3:
            raise InvalidField(where, row, "price move, volatility move, weight")
        price, moved, weight = (number(where, value, -100.0, 100.0) for value in row)
        if at % 2 and at < 14 and (price != made[-1][0] or moved != -made[-1][1]):
            allowed = "the price move of the one before with opposite volatility"
            raise InvalidField(where, row, allowed)
        made.append((price, moved, number(where, weight, 0.0, 1.0)))
    return tuple(made)


def parameters_of(data: object, contracts: tuple[Contract, ...] = ()) -> Parameters:
    """Parameters from a mapping in the format of docs/margin.md, and further contracts.

    Raises InvalidField with the path of the first value that is missing, not allowed or unknown.
    """
    row = Fields("", data)
    row.choice("model", ("scenario",), "scenario")
    given = row.raw("scenarios")
    made = Parameters(
        date=row.day("date"),
        commodities=row.rows("commodities", _commodity),
        contracts=(*row.rows("contracts", contract_of), *contracts),
        credits=_spreads(row, "credits", "percent", 100.0),
        name=row.text("name", ""),
        currency=row.text("currency", ""),
        decimals=row.whole("decimals", 2, most=12),
        look_ahead_days=row.number("look_ahead_days", 1.0, most=366.0),
        initial_percent=row.number("initial_percent", 100.0, least=100.0, most=1000.0),
        premium_upfront=row.flag("premium_upfront"),
        scenarios=SCENARIOS if given is None else _scenarios(given),
    )
    row.done()
    return made
