"""Many European options in one call: columns in, columns out, 64 lanes at a time."""

from domain.jit import entry, kernel, scratch
from risk.options.kernels.bachelier import bachelier
from risk.options.kernels.black import first_order, second_order, value
from risk.options.kernels.columns import (
    BACHELIER,
    BLACK,
    LANES,
    PAYOUT,
    RATE,
    RESULTS,
    RIGHT,
    SIGMA,
    STRIKE,
    TERMS,
    TIME,
)
from risk.options.kernels.digital import cash_or_nothing

_room = scratch(TERMS * LANES)
_found = scratch(RESULTS * LANES)


@kernel(inline=True)
def _move(source, start, target, to, count):
    for at in range(count):
        target[to + at] = source[start + at]


@kernel(inline=True)
def _price_black(x, y):
    for at in range(LANES):
        second_order(x, at, y, first_order(x, at, y))


@kernel(inline=True)
def _price_bachelier(x, y):
    for at in range(LANES):
        bachelier(x, at, y)


@kernel(inline=True)
def _price_cash(x, y):
    for at in range(LANES):
        cash_or_nothing(x, at, y)


@entry
def greeks(model, terms, results, place):
    """Prices and Greeks of terms (TERMS, n) into results (RESULTS, more), from `place` on.

    Where nothing can move any more (time or volatility 0), price and first-order Greeks are their
    limits, and vega and the second order are 0.
    """
    x, y = _room(), _found()
    for at in range(TERMS * LANES):
        x[at] = 1.0  # what the lanes behind the last option price
    for first in range(0, terms.shape[1], LANES):
        count = min(LANES, terms.shape[1] - first)
        for row in range(TERMS):
            _move(terms[row], first, x, row * LANES, count)
        if model == BLACK:
            _price_black(x, y)
        elif model == BACHELIER:
            _price_bachelier(x, y)
        else:
            _price_cash(x, y)
        for row in range(RESULTS):
            _move(y, row * LANES, results[row], place + first, count)


@entry
def values(terms, prices):
    """Black-Scholes-Merton prices alone, of terms (TERMS, n) into prices (n,)."""
    for at in range(terms.shape[1]):
        prices[at] = value(
            terms[0, at],
            terms[STRIKE, at],
            terms[TIME, at],
            terms[RATE, at],
            terms[PAYOUT, at],
            terms[SIGMA, at],
            terms[RIGHT, at],
        )
