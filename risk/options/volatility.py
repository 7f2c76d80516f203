"""Implied volatility for people."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.errors import InvalidField
from risk.options.inputs import PIECE, flat
from risk.options.kernels import implied

Floats = NDArray[np.float64]


def implied_volatility(
    kind: ArrayLike,
    price: ArrayLike,
    forward: ArrayLike,
    strike: ArrayLike,
    time: ArrayLike,
    discount: ArrayLike = 1.0,
    invalid: str = "raise",
) -> Floats:
    """The Black volatility at which a European option costs `price`, to machine precision.

    forward: spot * exp((rate - dividend_yield) * time) for an option on a spot price; discount:
    exp(-rate * time); time above 0. Jaeckel (2015). A price below the intrinsic value or not below
    the highest (the discounted forward of a call, strike of a put) has no volatility: with
    invalid="raise" that is InvalidField for the first such place, with "nan" it is NaN there. A
    price at the intrinsic value gives 0.

    >>> from risk import options
    >>> float(options.implied_volatility("call", 7.965567455405804, 100, 100, 1.0).round(12))
    0.2
    """
    named = {"forward": forward, "strike": strike}
    return _implied(kind, price, named, (time, discount), invalid, False)


def implied_normal_volatility(
    kind: ArrayLike,
    price: ArrayLike,
    forward: ArrayLike,
    strike: ArrayLike,
    time: ArrayLike,
    discount: ArrayLike = 1.0,
    invalid: str = "raise",
) -> Floats:
    """The Bachelier volatility, in units of the price a year; otherwise as implied_volatility."""
    named = {"any_forward": forward, "any_strike": strike}
    return _implied(kind, price, named, (time, discount), invalid, True)


def _implied(
    kind: ArrayLike,
    price: ArrayLike,
    named: dict[str, ArrayLike],
    held: tuple[ArrayLike, ArrayLike],
    invalid: str,
    normal: bool,
) -> Floats:
    if invalid not in ("raise", "nan"):
        raise InvalidField("invalid", invalid, "raise or nan")
    terms, shape = flat(kind, price=price, **named, time=held[0], discount=held[1])
    premium, forward, strike, time, discount, right = terms
    if len(time) and not time.all():
        raise InvalidField(f"time[{int(np.argmin(time))}]", 0.0, "a number of years above 0")
    found = np.empty(len(premium))
    for first in range(0, len(found), PIECE):
        here = slice(first, first + PIECE)
        undiscounted = premium[here] / discount[here]
        rows = (undiscounted, forward[here], strike[here], time[here], right[here])
        implied.volatilities(normal, np.array(rows), found[here])
    none = np.flatnonzero(np.isnan(found))
    if len(none) and invalid == "raise":
        at = int(none[0])
        option = np.array([series[at] for series in terms])
        raise InvalidField(f"price[{at}]", float(premium[at]), _range(option, normal))
    return found.reshape(shape)


def _range(option: Floats, normal: bool) -> str:
    """What the price of an option may be, in words."""
    _, forward, strike, _, discount, right = option
    least = discount * max(right * (forward - strike), 0.0) + 0.0  # never -0
    if normal:
        return f"at least the discounted intrinsic value {least:.10g}"
    most = discount * (forward if right > 0 else strike)
    return f"from the discounted intrinsic value {least:.10g} to below {most:.10g}"
