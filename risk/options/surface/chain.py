"""A chain of quotes becomes forwards and volatilities, one set an expiry.

The forward follows from put-call parity, call - put = discount (forward - strike), at the strikes
where both are near the money; with a rate given the discount is known, otherwise both come out of
a straight line. Volatilities are Black's, of whichever of call and put is out of the money. For
American options, whose right to exercise early is worth little there, that is an approximation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from domain.errors import InvalidField
from risk.options.inputs import rights
from risk.options.pricing import black_76
from risk.options.volatility import implied_volatility

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

_NEAR = 8  # strikes of which the forward is made


@dataclass(frozen=True, slots=True, eq=False)
class Expiry:
    """What a chain says of one expiry: arrays by strike, ascending."""

    time: float
    forward: float
    discount: float
    strike: Floats
    volatility: Floats
    vega: Floats  # undiscounted, for weights

    @property
    def log_moneyness(self) -> Floats:
        """log(strike / forward)."""
        found: Floats = np.log(self.strike / self.forward)
        return found

    @property
    def total_variance(self) -> Floats:
        """volatility^2 time."""
        found: Floats = self.volatility**2 * self.time
        return found


def expiries(quotes: Mapping[str, Any] | pd.DataFrame, rate: float | None = None) -> list[Expiry]:
    """The expiries of a chain, earliest first.

    quotes: columns `kind` ("call", "put"), `strike`, `time` (years, above 0), and `price` or both
    `bid` and `ask` (the middle counts; without a bid above 0 the quote is left out). rate: a
    continuous fraction a year; None: out of the quotes, which must then be European.

    Raises InvalidField for a missing column, NaN, a forward that cannot be found; a price that has
    no volatility (below intrinsic value) is left out.
    """
    kind, strike, time, price = _columns(quotes)
    found = []
    for years in np.unique(time):
        here = time == years
        found.append(_expiry(float(years), kind[here], strike[here], price[here], rate))
    return found


def _columns(quotes: Mapping[str, Any] | pd.DataFrame) -> tuple[Floats, Floats, Floats, Floats]:
    def column(name: str) -> Floats:
        if name not in quotes:
            raise InvalidField("quotes", f"no column {name!r}", "kind, strike, time, price")
        numbers = np.asarray(quotes[name], np.float64)
        bad = np.flatnonzero(~np.isfinite(numbers))
        if len(bad):
            raise InvalidField(f"quotes.{name}[{bad[0]}]", "not finite", "a finite number")
        return numbers

    if "kind" not in quotes:
        raise InvalidField("quotes", "no column 'kind'", "kind, strike, time, price")
    kind, strike, time = rights(quotes["kind"]), column("strike"), column("time")
    for name, numbers in (("strike", strike), ("time", time)):
        if not (numbers > 0.0).all():
            at = int(np.argmin(numbers > 0.0))
            raise InvalidField(f"quotes.{name}[{at}]", float(numbers[at]), "a number above 0")
    if "price" in quotes:
        price, good = column("price"), np.ones(len(kind), np.bool_)
    else:
        bid, ask = column("bid"), column("ask")
        price, good = 0.5 * (bid + ask), (bid > 0.0) & (ask >= bid)
    return kind[good], strike[good], time[good], price[good]


def _expiry(
    time: float, kind: Floats, strike: Floats, price: Floats, rate: float | None
) -> Expiry:
    forward, discount = _forward(time, kind, strike, price, rate)
    outside = kind * (strike - forward) >= 0.0
    names = np.where(kind[outside] > 0.0, "call", "put")
    k, paid = strike[outside], price[outside]
    sigma = implied_volatility(names, paid, forward, k, time, discount, invalid="nan")
    known = np.isfinite(sigma) & (sigma > 0.0)
    order = np.argsort(k[known], kind="stable")
    k, sigma, names = k[known][order], sigma[known][order], names[known][order]
    vega = black_76(names, forward, k, time, 0.0, sigma).vega if len(k) else np.empty(0)
    return Expiry(time, forward, discount, k, sigma, vega)


def _forward(
    time: float, kind: Floats, strike: Floats, price: Floats, rate: float | None
) -> tuple[float, float]:
    """(forward, discount) by put-call parity at the strikes nearest to the money."""
    calls = dict(zip(strike[kind > 0.0].tolist(), price[kind > 0.0].tolist(), strict=True))
    puts = dict(zip(strike[kind < 0.0].tolist(), price[kind < 0.0].tolist(), strict=True))
    both = np.array(sorted(calls.keys() & puts.keys()))
    where = f"quotes at time {time:.6g}"
    least = 2 if rate is None else 1
    if len(both) < least:
        raise InvalidField(where, f"{len(both)} strikes", f"{least} with both a call and a put")
    gap = np.array([calls[k] - puts[k] for k in both])
    near = np.argsort(np.abs(gap), kind="stable")[:_NEAR]
    k, gap = both[near], gap[near]
    if rate is not None:
        discount = float(np.exp(-rate * time))
        return float(np.median(k + gap / discount)), discount
    slope, level = np.polyfit(k, gap, 1)
    if not slope < 0.0:
        raise InvalidField(where, f"discount {-slope:.6g}", "prices in put-call parity; or a rate")
    return float(-level / slope), float(-slope)
