"""The instruments of the sandbox, the accounts of its agents, and how both see the exchange."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple

import numpy as np

from domain.attributes import InstrumentAttr
from domain.codes import InstrumentType, MarginModel, Phase, Scope
from domain.messages import Account, Deposit, Firm, Instrument, SetPhase, Setting
from domain.tables import Table
from server.sandbox.agents.rates import Rates, known_rates
from server.sequencer.catalogue import DIGITS, instrument_row, node_row
from server.sequencer.state import State

Array = np.ndarray[Any, Any]
_A = InstrumentAttr
NAME: Final = "sandbox"  # the firm of the agents; their accounts begin with it
CASH: Final = 100_000_000_000  # minor units of each agent: a billion
TAKER_PPB: Final = 20_000  # what takers pay: a fifth of a basis point
DAY_NS: Final = 86_400 * 10**9
NOISE, MAKERS, TRENDS = 3, 2, 2  # accounts of each kind


@dataclass(frozen=True, slots=True)
class Profile:
    """One instrument and how it is traded. Prices in ticks, sizes in lots.

    multiplier: minor units of one tick and lot. pace: times the rates of `rates`. A `future` and a
    `call` are worth what `follows` is; strike in ticks of that one.
    """

    symbol: str
    type: InstrumentType
    tick: str
    lot: str
    price: int
    multiplier: int = 1
    size: int = 10
    pace: float = 1.0
    margin: tuple[MarginModel, int] = (MarginModel.CASH, 10_000)  # and basis points
    kind: Literal["plain", "future", "call"] = "plain"
    follows: str = ""
    strike: int = 0
    days: int = 0  # until it expires, from the start of the market
    rates: Rates = field(default_factory=lambda: known_rates("sky_perfect"))


_T, _M = InstrumentType, MarginModel
PROFILES: Final = (
    Profile("ACME", _T.EQUITY, "0.01", "1", 10_000, size=100),
    Profile(
        "ACME-FUT", _T.FUTURE, "0.01", "1", 10_000, 10, 5, 0.7, (_M.PERCENT, 1_000), "future",
        "ACME", days=365,
    ),
    Profile("EURUSD", _T.FX, "0.0001", "1000", 11_000, 10, 50, 1.5, (_M.PERCENT, 500)),
    Profile("BTCUSD", _T.CRYPTO, "10", "0.001", 6_000, 1, 100, 2.0),
    Profile(
        "ACME-C100", _T.OPTION, "0.01", "1", 800, 100, 2, 0.3, (_M.PERCENT, 10_000), "call",
        "ACME", 10_000, 365,
    ),
)  # fmt: skip
VOLATILITY: Final = 0.2  # a year, of what options are on


class View(NamedTuple):
    """The exchange at one moment, by profile; prices in ticks."""

    bid: Array  # best prices; where a side is empty one tick from what is known
    ask: Array
    middle: Array
    worth: Array  # where the price is drawn to
    open: Array  # whether it trades continuously
    held: Array  # lots by (agent, profile)


class World:
    """Which numbers the sandbox's instruments and accounts have in this exchange."""

    def __init__(self, state: State, profiles: tuple[Profile, ...] = PROFILES) -> None:
        known = state.catalogue.directory
        self.state, self.profiles = state, profiles
        self.numbers = np.array([known.symbols[p.symbol].number for p in profiles])
        self.first = known.nodes[names()[0]]
        self._at = {p.symbol: place for place, p in enumerate(profiles)}
        self._profile_of = np.zeros(int(self.numbers.max()) + 1, np.int64)
        self._profile_of[self.numbers] = np.arange(len(profiles))

    def accounts(self, kind: str) -> Array:
        """Account numbers of "noise", "maker" or "trend"."""
        places = [at for at, name in enumerate(names()) if name.split("-")[1] == kind]
        return self.first + np.array(places)

    def profile_of(self, instruments: Array) -> Array:
        """Places of profiles by instrument number."""
        found: Array = self._profile_of[instruments]
        return found

    def view(self) -> View:
        """The exchange now."""
        engine = self.state.engine
        books = engine.table(Table.BOOK)[self.numbers]
        values = engine.table(Table.INSTRUMENT)[self.numbers]
        last = np.where(books["last_px"] > 0, books["last_px"], values[:, _A.REFERENCE_PRICE])
        last = np.maximum(last, 2)
        bid, ask = books["top_bid"], books["top_ask"]
        low = np.where(bid > 0, bid, np.where(ask > 0, np.minimum(ask, last + 1), last + 1) - 2)
        low = np.maximum(low, 1)
        high = np.where(ask > 0, ask, np.maximum(low + 2, last + 1))
        middle = (low + high) / 2
        opened = (books["phase"] == Phase.CONTINUOUS) & (books["killed"] == 0)
        worth = values[:, _A.REFERENCE_PRICE].astype(np.float64)
        self._follow(middle, worth, values)
        return View(low, high, middle, worth, opened, self._held())

    def _follow(self, middle: Array, worth: Array, values: Array) -> None:
        now = self.state.time
        for place, profile in enumerate(self.profiles):
            if profile.kind == "plain":
                continue
            spot = float(middle[self._at[profile.follows]])
            years = (int(values[place, _A.EXPIRY]) - now) / (365 * DAY_NS)
            worth[place] = spot if profile.kind == "future" else call(spot, profile.strike, years)

    def _held(self) -> Array:
        held = np.zeros((len(names()), len(self.profiles)), np.int64)
        rows = self.state.engine.table(Table.POSITION)
        mine = rows[(rows["node"] >= self.first) & (rows["node"] < self.first + len(held))]
        mine = mine[np.isin(mine["instrument"], self.numbers)]
        held[mine["node"] - self.first, self._profile_of[mine["instrument"]]] = mine["qty"]
        return held


def call(spot: float, strike: float, years: float, volatility: float = VOLATILITY) -> float:
    """A European call without interest (Black and Scholes 1973), in the unit of `spot`."""
    if years <= 0:
        return max(spot - strike, 0.0)
    width = volatility * math.sqrt(years)
    high = math.log(spot / strike) / width + width / 2

    def below(value: float) -> float:
        return (1 + math.erf(value / math.sqrt(2))) / 2

    return spot * below(high) - strike * below(high - width)


def names() -> list[str]:
    """The agents' accounts, in the order of their numbers."""
    kinds = (("noise", NOISE), ("maker", MAKERS), ("trend", TRENDS))
    return [f"{NAME}-{kind}-{n}" for kind, count in kinds for n in range(1, count + 1)]


def missing(state: State, profiles: tuple[Profile, ...], now: int) -> bytes:
    """The commands that add what the sandbox needs and the exchange does not have."""
    known = state.catalogue.directory
    found, number = b"", len(known.scales)
    for profile in profiles:
        if profile.symbol not in known.symbols:
            number += 1
            found += added(number, profile, now)
    if names()[0] not in known.nodes:
        firm = len(state.engine.table(Table.NODE))
        found += node_row(Firm(label=NAME, entity=firm), DIGITS)
        for at, name in enumerate(names(), firm + 1):
            found += node_row(Account(label=name, entity=at, parent=firm), DIGITS)
            found += Deposit(account=at, value=CASH).pack()
    return found


def added(number: int, profile: Profile, now: int) -> bytes:
    """Commands that add an instrument and open it."""
    add = Instrument(label=profile.symbol, entity=number, type=profile.type)
    model, share = profile.margin
    settings = {
        _A.MULTIPLIER: profile.multiplier, _A.REFERENCE_PRICE: profile.price,
        _A.MARGIN_MODEL: model, _A.MARGIN_BPS: share, _A.TAKER_PPB: TAKER_PPB,
        _A.EXPIRY: now + profile.days * DAY_NS if profile.days else 0,
    }  # fmt: skip
    rows = [instrument_row(add, Decimal(profile.tick), Decimal(profile.lot), DIGITS)]
    for attribute, value in settings.items():
        rows.append(
            Setting(
                scope=Scope.INSTRUMENT, entity=number, attribute=int(attribute), value=int(value)
            ).pack()
        )
    rows.append(SetPhase(scope=Scope.INSTRUMENT, entity=number, phase=Phase.CONTINUOUS).pack())
    return b"".join(rows)
