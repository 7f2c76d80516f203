"""Bachelier: a forward that moves by normal steps, prices and Greeks of European options.

Bachelier (1900); formulas as in Choi, Kwak, Tee and Wang, "A Black-Scholes user's guide to the
Bachelier model", J. Futures Markets 42 (2022). Prices and strikes may be negative; SIGMA is in
units of the price a year, and Greeks are by the forward.
"""

import math

from domain.jit import kernel
from risk.options.kernels.black import bounded, over
from risk.options.kernels.columns import (
    CHARM,
    DELTA,
    GAMMA,
    LANES,
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
from risk.options.kernels.elementary import exp
from risk.options.kernels.normal import below, density


@kernel(inline=True)
def bachelier(x, at, y):
    """Price and Greeks of the option in lane `at`; see `columns`."""
    time, rate, sigma = x[TIME * LANES + at], x[RATE * LANES + at], x[SIGMA * LANES + at]
    right = x[RIGHT * LANES + at]
    root, discount = math.sqrt(time), exp(-rate * time)
    gain, deviation = x[at] - x[STRIKE * LANES + at], sigma * root
    d = bounded(gain * over(deviation))
    moves = deviation > 0.0
    per = 1.0 / deviation if moves else 0.0
    per_time, per_sigma = per * per * sigma * sigma, per * root
    mass = discount * density(d)
    inside = right * discount * below(right * d, density(d))
    price = gain * inside + deviation * mass
    mass = mass if moves else 0.0
    vega = mass * root
    y[PRICE * LANES + at] = price
    y[DELTA * LANES + at] = inside
    y[VEGA * LANES + at] = vega
    y[THETA * LANES + at] = rate * price - 0.5 * vega * sigma * per_time
    y[RHO * LANES + at] = -time * price
    y[PHI * LANES + at] = 0.0
    y[GAMMA * LANES + at] = mass * per
    y[VANNA * LANES + at] = -mass * d * per_sigma
    y[VOMMA * LANES + at] = vega * d * d * per_sigma
    y[CHARM * LANES + at] = rate * inside + 0.5 * mass * d * per_time
    y[VETA * LANES + at] = vega * (rate - 0.5 * (1.0 + d * d) * per_time)
    y[VERA * LANES + at] = -time * vega
