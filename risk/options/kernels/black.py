"""Black-Scholes-Merton: European options on what pays a yield, prices and Greeks.

Black and Scholes (1973), Merton (1973); formulas and names as in Haug, "The Complete Guide to
Option Pricing Formulas", 2nd ed. (2007), chapters 1 and 2. With a yield equal to the rate it is
Black (1976) on a forward.
"""

import math

from domain.bits import fma
from domain.jit import kernel
from risk.options.kernels.columns import (
    CHARM,
    DELTA,
    GAMMA,
    LANES,
    PAYOUT,
    PHI,
    PRICE,
    RATE,
    RHO,
    RIGHT,
    SIGMA,
    STRIKE,
    THETA,
    TIME,
    VANNA,
    VEGA,
    VERA,
    VETA,
    VOMMA,
)
from risk.options.kernels.elementary import exp, log
from risk.options.kernels.normal import below, density

_HUGE = 1e300  # 1 / 0 that keeps 0 * 1 / 0 from being NaN
_CERTAIN = 40.0  # standard deviations that stand for infinitely many


@kernel
def bounded(z):
    """z, at most 40 standard deviations from 0."""
    z = -_CERTAIN if z < -_CERTAIN else z
    return _CERTAIN if z > _CERTAIN else z


@kernel
def over(number):
    """1 / number for number >= 0, and a huge number for 0."""
    return 1.0 / number if number > 0.0 else _HUGE


@kernel
def moneyness(held, paid, deviation):
    """(d1, d2), at most 40; of an option that can move no more -40, 0 (at the strike) or 40."""
    d1 = fma(log(held / paid), over(deviation), 0.5 * deviation)
    return bounded(d1), bounded(d1 - deviation)


@kernel
def value(spot, strike, time, rate, payout, sigma, right):
    """The price of one option."""
    held, paid = spot * exp(-payout * time), strike * exp(-rate * time)
    d1, d2 = moneyness(held, paid, sigma * math.sqrt(time))
    in_1 = below(right * d1, density(d1))
    return right * (held * in_1 - paid * below(right * d2, density(d2)))


@kernel(inline=True)
def first_order(x, at, y):
    """Price and first Greeks of the option in lane `at`, without what vanishes with volatility.

    Returns what that needs: (d1, d2, held * density(d1), square root of time).
    """
    spot, time, rate = x[at], x[TIME * LANES + at], x[RATE * LANES + at]
    payout, right = x[PAYOUT * LANES + at], x[RIGHT * LANES + at]
    held, paid = spot * exp(-payout * time), x[STRIKE * LANES + at] * exp(-rate * time)
    root = math.sqrt(time)
    d1, d2 = moneyness(held, paid, x[SIGMA * LANES + at] * root)
    dense = density(d1)
    in_1, in_2 = held * below(right * d1, dense), paid * below(right * d2, density(d2))
    y[PRICE * LANES + at] = right * (in_1 - in_2)
    y[DELTA * LANES + at] = right * in_1 / spot
    y[RHO * LANES + at] = right * time * in_2
    y[PHI * LANES + at] = -right * time * in_1
    y[THETA * LANES + at] = right * (payout * in_1 - rate * in_2)
    y[CHARM * LANES + at] = right * payout * in_1 / spot
    return d1, d2, held * dense, root


@kernel(inline=True)
def second_order(x, at, y, known):
    """Vega, the second order, and the rest of theta and charm; 0 where nothing can move."""
    d1, d2, mass, root = known
    spot, time, sigma = x[at], x[TIME * LANES + at], x[SIGMA * LANES + at]
    payout = x[PAYOUT * LANES + at]
    carry, deviation = x[RATE * LANES + at] - payout, sigma * root
    moves = deviation > 0.0
    mass = mass if moves else 0.0
    per = 1.0 / deviation if moves else 0.0
    per_spot, per_sigma, per_time = 1.0 / spot, per * root, per * per * sigma * sigma
    vega = mass * root
    y[VEGA * LANES + at] = vega
    y[THETA * LANES + at] -= 0.5 * mass * sigma * per * sigma
    y[GAMMA * LANES + at] = mass * per * per_spot * per_spot
    y[VANNA * LANES + at] = -mass * d2 * per_sigma * per_spot
    y[VOMMA * LANES + at] = vega * d1 * d2 * per_sigma
    y[CHARM * LANES + at] -= mass * per_spot * (carry * per - 0.5 * d2 * per_time)
    y[VETA * LANES + at] = vega * (payout + carry * d1 * per - 0.5 * (1.0 + d1 * d2) * per_time)
    y[VERA * LANES + at] = -time * mass * d1 * per_sigma
