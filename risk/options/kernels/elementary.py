"""Exponential and logarithm as plain arithmetic, so that a loop over options becomes SIMD code.

LLVM cannot vectorise a loop that calls the C library. Both are within 2 units in the last place.
Methods: Muller, "Elementary Functions", 3rd ed. (2016), chapters 3 and 11.
"""

import numpy as np

from domain.bits import fma
from domain.jit import kernel

_LOG2_E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10  # Cody and Waite
_ROUND = 6755399441055744.0  # 1.5 * 2^52: adding it leaves a number's whole part in the low bits
_LEAST, _MOST = -708.0, 709.0  # beyond, the result would be subnormal or infinite
_ROOT_HALF_BITS = 0x3FE6A09E667F3BCD


@kernel
def exp(x):
    """e to the x for x in -708 .. 709; arguments beyond count as the nearest of these."""
    x = _LEAST if x < _LEAST else x
    x = _MOST if x > _MOST else x
    shifted = fma(x, _LOG2_E, _ROUND)
    whole = shifted - _ROUND
    r = fma(whole, -_LN2_LOW, fma(whole, -_LN2_HIGH, x))
    p = fma(fma(1.0 / 6227020800, r, 1.0 / 479001600), r, 1.0 / 39916800)
    p = fma(fma(p, r, 1.0 / 3628800), r, 1.0 / 362880)
    p = fma(fma(p, r, 1.0 / 40320), r, 1.0 / 5040)
    p = fma(fma(p, r, 1.0 / 720), r, 1.0 / 120)
    p = fma(fma(p, r, 1.0 / 24), r, 1.0 / 6)
    p = fma(fma(p, r, 0.5), r, 1.0)
    p = fma(p, r, 1.0)
    return p * np.int64((np.float64(shifted).view(np.int64) + 1023) << 52).view(np.float64)


@kernel
def log(x):
    """The natural logarithm of a positive normal number."""
    bits = np.float64(x).view(np.int64)
    power = (bits - _ROOT_HALF_BITS) >> 52
    near = np.int64(bits - (power << 52)).view(np.float64)  # between sqrt(1/2) and sqrt(2)
    ratio = (near - 1.0) / (near + 1.0)
    q = ratio * ratio
    p = fma(fma(2.0 / 21, q, 2.0 / 19), q, 2.0 / 17)
    p = fma(fma(p, q, 2.0 / 15), q, 2.0 / 13)
    p = fma(fma(p, q, 2.0 / 11), q, 2.0 / 9)
    p = fma(fma(p, q, 2.0 / 7), q, 2.0 / 5)
    p = fma(fma(p, q, 2.0 / 3), q, 2.0)
    return fma(power * 1.0, _LN2_HIGH, fma(ratio, p, power * _LN2_LOW))
