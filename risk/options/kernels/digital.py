"""Cash-or-nothing options: one unit of money if the option ends in the money.

Reiner and Rubinstein, "Unscrambling the binary code", Risk 4 (1991); Haug (2007), section 4.19.
The Greeks are derivatives of ``exp(-r t) N(+-d2)``. An asset-or-nothing option is this and a
vanilla option together, which `pricing` adds up.
"""

import math

from domain.jit import kernel
from risk.options.kernels.black import moneyness
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
from risk.options.kernels.elementary import exp
from risk.options.kernels.normal import below, density


@kernel(inline=True)
def cash_or_nothing(x, at, y):
    """Price and Greeks of the option in lane `at`; see `columns`."""
    spot, time, rate = x[at], x[TIME * LANES + at], x[RATE * LANES + at]
    payout, sigma, right = x[PAYOUT * LANES + at], x[SIGMA * LANES + at], x[RIGHT * LANES + at]
    root, discount = math.sqrt(time), exp(-rate * time)
    held = spot * exp(-payout * time)
    d1, d2 = moneyness(held, x[STRIKE * LANES + at] * discount, sigma * root)
    moves = sigma * root > 0.0
    per = 1.0 / (sigma * root) if moves else 0.0
    per_sigma, per_time = per * root, per * per * sigma * sigma
    price = discount * below(right * d2, density(d2))
    mass = right * discount * density(d2) if moves else 0.0
    drift = (rate - payout - 0.5 * sigma * sigma) * per - 0.5 * d2 * per_time  # of d2 by time
    delta, vega = mass * per / spot, -mass * d1 * per_sigma
    y[PRICE * LANES + at] = price
    y[DELTA * LANES + at] = delta
    y[VEGA * LANES + at] = vega
    y[THETA * LANES + at] = rate * price - mass * drift
    y[RHO * LANES + at] = mass * time * per - time * price
    y[PHI * LANES + at] = -mass * time * per
    y[GAMMA * LANES + at] = -delta * d1 * per / spot
    y[VANNA * LANES + at] = delta * (d1 * d2 - 1.0) * per_sigma
    y[VOMMA * LANES + at] = -mass * (d1 * d1 * d2 - d2 - d1) * per_sigma * per_sigma
    y[CHARM * LANES + at] = delta * (rate + d2 * drift + 0.5 * per_time)
    spread = mass * per_sigma * (drift + 0.5 * sigma * root * per_time)
    y[VETA * LANES + at] = vega * (rate + d2 * drift) + spread
    y[VERA * LANES + at] = mass * root * (d1 * d2 - 1.0) * per_sigma * per_sigma - time * vega
