"""Option prices, Greeks and implied volatility for people: arrays of any shape in and out.

>>> from risk import options
>>> hull = options.black_scholes("call", spot=42, strike=40, time=0.5, rate=0.1, volatility=0.2)
>>> round(float(hull.price), 4)  # Hull, "Options, Futures and Other Derivatives", ch. 15
4.7594

Every function raises InvalidField, with the place of the value, for NaN, infinity, prices that
are not above 0, negative time (an expired option) and negative volatility. Time 0 or volatility 0
give the limits: the discounted intrinsic value, first-order Greeks to match, and 0 for the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from risk.options.greeks import Greeks
from risk.options.inputs import PIECE, columns, flat
from risk.options.kernels import batch
from risk.options.kernels.columns import BACHELIER, BLACK, CASH_OR_NOTHING, RESULTS

Floats = NDArray[np.float64]
Terms = tuple[Floats, tuple[int, ...]]


def on_spot(
    kind: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    time: ArrayLike,
    rate: ArrayLike,
    volatility: ArrayLike,
    dividend_yield: ArrayLike,
) -> Terms:
    """Checked terms of options on a spot price, and the shape of what they give."""
    return columns(
        kind,
        spot=spot,
        strike=strike,
        time=time,
        rate=rate,
        dividend_yield=dividend_yield,
        volatility=volatility,
    )


def _priced(
    model: int, terms: Floats | Sequence[Floats], shape: tuple[int, ...]
) -> Greeks:
    """terms: rows, or a series each, of which pieces become rows."""
    count = len(terms[0])
    results = np.empty((RESULTS, count))
    for first in range(0, count, PIECE):
        piece = np.array([series[first : first + PIECE] for series in terms])
        batch.greeks(model, piece, results, first)
    return Greeks(*(row.reshape(shape) for row in results))


def black_scholes(
    kind: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    time: ArrayLike,
    rate: ArrayLike,
    volatility: ArrayLike,
    dividend_yield: ArrayLike = 0.0,
) -> Greeks:
    """European options on what pays a continuous yield (Black, Scholes, Merton 1973).

    kind: "call" or "put"; time in years; rate, volatility and yield as continuous fractions a
    year. For a currency pair the yield is the rate of the base currency.
    """
    terms, shape = flat(
        kind, spot=spot, strike=strike, time=time, rate=rate, dividend_yield=dividend_yield,
        volatility=volatility,
    )  # fmt: skip
    return _priced(BLACK, terms, shape)


def black_scholes_price(
    kind: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    time: ArrayLike,
    rate: ArrayLike,
    volatility: ArrayLike,
    dividend_yield: ArrayLike = 0.0,
) -> Floats:
    """The prices alone, in less time: for revaluation under many scenarios."""
    terms, shape = on_spot(kind, spot, strike, time, rate, volatility, dividend_yield)
    prices = np.empty(terms.shape[1])
    batch.values(terms, prices)
    return prices.reshape(shape)


def black_76(
    kind: ArrayLike,
    forward: ArrayLike,
    strike: ArrayLike,
    time: ArrayLike,
    rate: ArrayLike,
    volatility: ArrayLike,
) -> Greeks:
    """European options on a forward or future (Black 1976); Greeks are by the forward, phi is 0."""
    terms, shape = columns(
        kind, forward=forward, strike=strike, time=time, rate=rate, volatility=volatility
    )
    by_spot = _priced(BLACK, np.insert(terms, 4, terms[3], axis=0), shape)
    years, zero = terms[2].reshape(shape), np.zeros(shape)
    fields = dict(zip(Greeks.__slots__, by_spot, strict=True))
    # with the forward held, a rate only discounts
    changed = {"rho": -years * by_spot.price, "phi": zero, "vera": -years * by_spot.vega}
    return Greeks(**{**fields, **changed})


def bachelier(
    kind: ArrayLike,
    forward: ArrayLike,
    strike: ArrayLike,
    time: ArrayLike,
    rate: ArrayLike,
    volatility: ArrayLike,
) -> Greeks:
    """European options on a forward that moves by normal steps; prices may be negative.

    volatility is in units of the price a year. Greeks are by the forward, phi is 0.
    """
    terms, shape = columns(
        kind,
        any_forward=forward,
        any_strike=strike,
        time=time,
        rate=rate,
        normal_volatility=volatility,
    )
    return _priced(BACHELIER, np.insert(terms, 4, 0.0, axis=0), shape)


def cash_or_nothing(
    kind: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    time: ArrayLike,
    rate: ArrayLike,
    volatility: ArrayLike,
    dividend_yield: ArrayLike = 0.0,
) -> Greeks:
    """One unit of money at expiry if the option ends in the money (Reiner, Rubinstein 1991)."""
    terms, shape = on_spot(kind, spot, strike, time, rate, volatility, dividend_yield)
    return _priced(CASH_OR_NOTHING, terms, shape)


def asset_or_nothing(
    kind: ArrayLike,
    spot: ArrayLike,
    strike: ArrayLike,
    time: ArrayLike,
    rate: ArrayLike,
    volatility: ArrayLike,
    dividend_yield: ArrayLike = 0.0,
) -> Greeks:
    """One unit of the underlying at expiry if the option ends in the money.

    A call is a vanilla call and `strike` cash-or-nothing calls; a put the latter less the former.
    """
    terms, shape = on_spot(kind, spot, strike, time, rate, volatility, dividend_yield)
    right = terms[-1].reshape(shape)
    cash: Greeks = _priced(CASH_OR_NOTHING, terms, shape) * terms[1].reshape(shape)
    vanilla: Greeks = _priced(BLACK, terms, shape) * right
    return cash + vanilla
