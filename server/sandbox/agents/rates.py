"""Rates of an order flow without intelligence: as data, and fitted to what was observed.

The model is that of Cont, Stoikov and Talreja (2010), in the line of Smith, Farmer, Gillemot and
Krishnamurthy (2003): on each side market orders arrive with a constant rate, limit orders with a
rate that depends on the distance from the best price of the other side, and each order that rests
is canceled with a rate that depends on its distance.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np

from domain.errors import InvalidField

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Rates:
    """Events a second on one side. `limit[i]` and `cancel[i]`: i + 1 ticks from the other side.

    `limit` is of all orders at that distance, `cancel` of each one that rests there. Beyond the
    last distance limit orders follow scale / distance ** exponent.
    """

    limit: tuple[float, ...]
    cancel: tuple[float, ...]
    market: float
    scale: float
    exponent: float

    def __post_init__(self) -> None:
        if not self.limit or len(self.limit) != len(self.cancel):
            raise InvalidField("cancel", len(self.cancel), "as many as limit, at least 1")
        for name in ("limit", "cancel", "market", "scale"):
            for value in np.atleast_1d(getattr(self, name)).tolist():
                if not 0 <= value < 1e6:
                    raise InvalidField(name, value, "0 to a million events a second")

    def limits(self, distances: int) -> Array:
        """Rates of limit orders at 1, 2, ... `distances` ticks."""
        far = np.arange(1, distances + 1, dtype=np.float64)
        rates = self.scale * far ** -self.exponent
        known = min(len(self.limit), distances)
        rates[:known] = self.limit[:known]
        return rates

    def cancels(self, distances: int) -> Array:
        """Rates of cancels of one order at 1, 2, ... ticks; the last known one goes on."""
        rates = np.full(distances, self.cancel[-1])
        known = min(len(self.cancel), distances)
        rates[:known] = self.cancel[:known]
        return rates


def known_rates(name: str) -> Rates:
    """Rates that come with the package, by their name in flows.toml. Raises InvalidField."""
    tables = tomllib.loads((files(__package__) / "flows.toml").read_text("utf-8"))
    if name not in tables:
        raise InvalidField("rates", name, ", ".join(tables))
    table = tables[name]
    return Rates(
        tuple(table["limit"]), tuple(table["cancel"]), table["market"], table["scale"],
        table["exponent"],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen of a market, of both sides together.

    limit, cancel: how many orders arrived, and were canceled, at 1, 2, ... ticks from the best
    price of the other side. resting: the mean number of orders at each distance, both sides.
    market: market orders, or limit orders that traded at once. seconds: how long.
    """

    limit: Array
    cancel: Array
    resting: Array
    market: int
    seconds: float


def fit(seen: Observed) -> Rates:
    """The rates that make `seen` most likely.

    A Poisson process that was watched for T seconds and had n events has the maximum-likelihood
    rate n / T; the exposure of cancels is T times the mean number of orders that rest at the
    distance (Cont, Stoikov, Talreja 2010, section 2.2). The power law is their least-squares fit,
    in logarithms, over distances at which orders arrived. Raises InvalidField.
    """
    if not seen.seconds > 0:
        raise InvalidField("seconds", seen.seconds, "greater than 0")
    if not len(seen.limit) == len(seen.cancel) == len(seen.resting) or not len(seen.limit):
        raise InvalidField("cancel", len(seen.cancel), "as many distances as limit and resting")
    time = 2 * seen.seconds  # two sides were watched
    limit = np.asarray(seen.limit) / time
    exposure = np.asarray(seen.resting) * seen.seconds
    cancel = np.divide(seen.cancel, exposure, out=np.zeros(len(limit)), where=exposure > 0)
    scale, exponent = _power_law(limit)
    return Rates(
        tuple(limit.tolist()), tuple(cancel.tolist()), seen.market / time, scale, exponent
    )


def _power_law(rates: Array) -> tuple[float, float]:
    """scale and exponent of scale / distance ** exponent."""
    at = np.flatnonzero(rates > 0)
    if len(at) < 2:
        return (float(rates[at[0]]) if len(at) else 0.0), 1.0
    slope, level = np.polyfit(np.log(at + 1.0), np.log(rates[at]), 1)
    return float(np.exp(level)), float(-slope)
