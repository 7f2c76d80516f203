"""American options: a binomial tree, and the approximation of Barone-Adesi and Whaley.

Tree: Leisen and Reimer, Applied Mathematical Finance 3 (1996), whose error falls with the square
of the number of steps. Approximation: Barone-Adesi and Whaley, J. Finance 42 (1987).
Terms are rows of `columns`: spot, strike, time, rate, yield, volatility, right.
"""

import math

from domain.jit import entry, kernel
from risk.options.kernels.black import value
from risk.options.kernels.columns import (
    PAYOUT,
    RATE,
    RIGHT,
    SIGMA,
    SPOT,
    STRIKE,
    TERMS,
    TIME,
)
from risk.options.kernels.normal import cdf, density

PRICE, DELTA, GAMMA, THETA, COLUMNS = 0, 1, 2, 3, 4
_ROUNDS, _NEWTON = 100, 20  # bisection where Newton's method has not ended by then


@kernel
def _inversion(z, steps):
    """Peizer and Pratt's second inversion of the binomial distribution."""
    scaled = z / (steps + 1.0 / 3.0 + 0.1 / (steps + 1.0))
    part = 0.5 * math.sqrt(1.0 - math.exp(-scaled * scaled * (steps + 1.0 / 6.0)))
    return 0.5 + part if z >= 0.0 else 0.5 - part


@kernel
def _branches(x, steps):
    """(up, down, probability of up) of one step."""
    growth = math.exp((x[RATE] - x[PAYOUT]) * x[TIME] / steps)
    deviation = x[SIGMA] * math.sqrt(x[TIME])
    centre = (math.log(x[SPOT] / x[STRIKE]) + (x[RATE] - x[PAYOUT]) * x[TIME]) / deviation
    chance = _inversion(centre - 0.5 * deviation, steps)
    tilted = _inversion(centre + 0.5 * deviation, steps)
    return growth * tilted / chance, growth * (1.0 - tilted) / (1.0 - chance), chance


@kernel(inline=True)
def _roll(values, prices, count, discounted, terms):
    """One step back in time: the better of holding and exercising, at `count` nodes."""
    up, down = discounted
    strike, right, back = terms
    for node in range(count):
        prices[node] *= back
        held = up * values[node + 1] + down * values[node]
        taken = right * (prices[node] - strike)
        values[node] = held if held > taken else taken


@kernel
def _tree(x, steps, values, prices, out):
    """Price, delta, gamma and theta of one option."""
    up, down, chance = _branches(x, steps)
    discount = math.exp(-x[RATE] * x[TIME] / steps)
    weights = (discount * chance, discount * (1.0 - chance))
    terms = (x[STRIKE], x[RIGHT], 1.0 / down)
    lowest = x[SPOT] * down**steps
    for node in range(steps + 1):
        prices[node] = lowest * (up / down) ** node
        values[node] = max(x[RIGHT] * (prices[node] - x[STRIKE]), 0.0)
    for count in range(steps, 2, -1):
        _roll(values, prices, count, weights, terms)
    slope_up = (values[2] - values[1]) / (prices[2] - prices[1])
    slope_down = (values[1] - values[0]) / (prices[1] - prices[0])
    out[GAMMA] = (slope_up - slope_down) / (0.5 * (prices[2] - prices[0]))
    _roll(values, prices, 2, weights, terms)
    out[DELTA] = (values[1] - values[0]) / (prices[1] - prices[0])
    _roll(values, prices, 1, weights, terms)
    out[PRICE] = values[0]
    spread = x[SIGMA] * x[SPOT]
    carried = x[RATE] * values[0] - (x[RATE] - x[PAYOUT]) * x[SPOT] * out[DELTA]
    exercised = values[0] <= x[RIGHT] * (x[SPOT] - x[STRIKE])
    out[THETA] = 0.0 if exercised else carried - 0.5 * spread * spread * out[GAMMA]


@entry
def trees(terms, steps, work, results):
    """Trees of an odd number of steps for terms (TERMS, n) into results (COLUMNS, n).

    work: (4, steps + 1) with steps > TERMS, scratch. Time and volatility are above 0.
    """
    x, out = work[2], work[3]
    for at in range(terms.shape[1]):
        for row in range(TERMS):
            x[row] = terms[row, at]
        _tree(x, steps, work[0], work[1], out)
        for row in range(COLUMNS):
            results[row, at] = out[row]


@kernel
def _european(x, spot):
    return value(spot, x[STRIKE], x[TIME], x[RATE], x[PAYOUT], x[SIGMA], x[RIGHT])


@kernel
def _boundary(x, power):
    """(spot at which exercise begins, part of a unit that is not hedged there)."""
    right, strike, time = x[RIGHT], x[STRIKE], x[TIME]
    deviation, fade = x[SIGMA] * math.sqrt(time), math.exp(-x[PAYOUT] * time)
    drift = (x[RATE] - x[PAYOUT]) * time + 0.5 * deviation * deviation
    low, high = (strike, 1e9 * strike) if right > 0.0 else (1e-9 * strike, strike)
    spot = strike
    for turn in range(_ROUNDS):
        d1 = (math.log(spot / strike) + drift) / deviation
        inside = fade * cdf(right * d1)
        miss = right * (spot - strike) - _european(x, spot) - right * (1.0 - inside) * spot / power
        if miss * right < 0.0:
            low = spot
        else:
            high = spot
        slope = right * (1.0 - inside) * (1.0 - 1.0 / power)
        slope += fade * density(d1) / (power * deviation)
        if abs(miss) <= 1e-12 * strike:
            break
        spot -= miss / slope
        if not low < spot < high or turn > _NEWTON:
            spot = math.sqrt(low * high)
    inside = fade * cdf(right * (math.log(spot / strike) + drift) / deviation)
    return spot, 1.0 - inside


@kernel
def barone_adesi_whaley(x):
    """The price of one option; rate, time and volatility are not negative."""
    right, rate, square = x[RIGHT], x[RATE], x[SIGMA] * x[SIGMA]
    plain = _european(x, x[SPOT])
    if (rate == 0.0 and right < 0.0) or (x[PAYOUT] <= 0.0 and right > 0.0):
        return plain  # exercising early gains nothing
    gone = -math.expm1(-rate * x[TIME])
    per = 2.0 * rate / (square * gone) if rate > 0.0 else 2.0 / (square * x[TIME])
    carry = 2.0 * (rate - x[PAYOUT]) / square - 1.0
    power = 0.5 * (right * math.sqrt(carry * carry + 4.0 * per) - carry)
    spot, unhedged = _boundary(x, power)
    if right * (x[SPOT] - spot) >= 0.0:
        return right * (x[SPOT] - x[STRIKE])
    return plain + right * spot / power * unhedged * (x[SPOT] / spot) ** power


@entry
def approximations(terms, work, prices):
    """`barone_adesi_whaley` of terms (TERMS, n) into prices (n,); work (TERMS,) is scratch."""
    for at in range(terms.shape[1]):
        for row in range(TERMS):
            work[row] = terms[row, at]
        prices[at] = barone_adesi_whaley(work)
