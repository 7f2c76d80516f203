"""Integer arithmetic that cannot wrap: exact products and quotients, named roundings.

Compiled int64 wraps silently. Each function has a short path for numbers of everyday size and an
exact path for the rest. The exact paths are functions of their own so that the short ones are
small enough to be inlined where they are called. `SATURATED` stands for "more than any bound"; it
is still small enough that two of them can be added.
"""

import numpy as np

from domain.bits import highest_bit, product
from domain.jit import cold, kernel
from domain.limits import BPS, INT64_MAX, MAX_CASH, PPB

SATURATED = 2**62
_HALF_PPB = PPB // 2
_BPS_FITS = 2**39  # x below this times 1000 * BPS stays inside int64
_PPB_FITS = 2**32  # x below this times PPB stays inside int64


@kernel
def saturating_mul(a, b):
    """a x b, held inside -SATURATED..SATURATED."""
    x, y = abs(a), abs(b)
    if highest_bit(x | 1) + highest_bit(y | 1) <= 60:
        return a * b
    if x > SATURATED // y:
        return SATURATED if (a > 0) == (b > 0) else -SATURATED
    return a * b


@cold
def _large_value(qty, price, multiplier):
    """The exact path of `value_of`, of a size that is not inlined into every caller."""
    x = abs(qty)
    if price == 0 or x == 0 or multiplier == 0:
        return np.int64(0)
    if x > MAX_CASH // price or x * price > MAX_CASH // multiplier:
        return np.int64(MAX_CASH) if qty > 0 else np.int64(-MAX_CASH)
    return saturating_mul(saturating_mul(qty, price), multiplier)


@kernel
def value_of(qty, price, multiplier):
    """qty x price x multiplier in minor units, held inside -MAX_CASH..MAX_CASH.

    `price` and `multiplier` are at least 0, `qty` has a sign.
    """
    value, fits = product(qty, price, multiplier)
    if fits and -MAX_CASH <= value <= MAX_CASH:
        return value
    return _large_value(qty, price, multiplier)


@cold
def _divided(x, y, c):
    """(x x y // c, x x y % c) for x, y >= 0 and 0 < c <= SATURATED, one bit of y at a time.

    A quotient beyond SATURATED comes back as SATURATED with remainder 0.
    """
    step, rest = x // c, x % c
    quotient, left = 0, 0
    for bit in range(highest_bit(y | 1), -1, -1):
        quotient, left = 2 * quotient, 2 * left
        if left >= c:
            quotient, left = quotient + 1, left - c
        if (y >> bit) & 1:
            quotient, left = quotient + step, left + rest
            if left >= c:
                quotient, left = quotient + 1, left - c
        if (quotient >= SATURATED // 2 and bit > 0) or quotient >= SATURATED:
            return SATURATED, 0
    return quotient, left


@kernel
def mul_div(a, b, c):
    """a x b / c rounded towards zero, exact even when a x b needs 128 bits.

    |a|, |b| and c > 0 are at most SATURATED; so is the result, in absolute value.
    """
    x, y = abs(a), abs(b)
    if highest_bit(x | 1) + highest_bit(y | 1) <= 60:
        quotient = x * y // c
    else:
        quotient, _ = _divided(x, y, c)
    return quotient if (a >= 0) == (b >= 0) else -quotient


@kernel
def _bps_of(product):
    """product / 10 000 rounded down; unsigned division by a constant is a multiplication."""
    return np.int64(np.uint64(product) // np.uint64(BPS))


@kernel
def _ppb_of(product):
    """product / 10**9 rounded down."""
    return np.int64(np.uint64(product) // np.uint64(PPB))


@cold
def _bps_large(x, bps, extra):
    """(x x bps + extra) / 10 000 rounded down, saturating."""
    whole = x // BPS
    if bps and whole > SATURATED // bps - 1:
        return np.int64(SATURATED)
    return whole * bps + ((x - whole * BPS) * bps + extra) // BPS


@kernel
def bps_down(x, bps):
    """x x bps / 10 000 rounded down, saturating; x >= 0 and 0 <= bps <= 1000 x BPS."""
    if x < _BPS_FITS:
        return _bps_of(x * bps)
    return _bps_large(x, bps, 0)


@kernel
def bps_up(x, bps):
    """x x bps / 10 000 rounded up, saturating; x >= 0 and 0 <= bps <= 1000 x BPS."""
    if x < _BPS_FITS:
        return _bps_of(x * bps + BPS - 1)
    return _bps_large(x, bps, BPS - 1)


@cold
def _ppb_large(value, size):
    whole = value // PPB
    return whole * size + ((value - whole * PPB) * size + _HALF_PPB) // PPB


@kernel
def ppb_half_away(value, rate):
    """value x rate / 10**9 rounded half away from zero; 0 <= value, |rate| <= PPB."""
    size = abs(rate)
    amount = _ppb_of(value * size + _HALF_PPB) if value < _PPB_FITS else _ppb_large(value, size)
    return amount if rate >= 0 else -amount


assert _BPS_FITS * 1000 * BPS + BPS < INT64_MAX
assert _PPB_FITS * PPB + PPB < INT64_MAX
