"""The normalised Black price, to full relative accuracy however small it is.

An out-of-the-money call on a forward F with strike K >= F costs ``sqrt(F K) b(x, s)`` before
discounting, with x = log(F / K) <= 0 and s = sigma sqrt(t):

    b = exp(x/2) N(h + t) - exp(-x/2) N(h - t),    h = x / s,  t = s / 2
      = exp(-(h^2 + t^2) / 2) (Y(h + t) - Y(h - t)) / sqrt(2 pi),    Y(z) = N(z) / n(z)

Jaeckel, "Let's be rational", Wilmott (2015). For small t the difference is a series in the
derivatives of Y at h, which are the positive moments of ``exp(h u - u^2 / 2)``.
"""

import math

from domain.jit import kernel
from risk.options.kernels.normal import cdf, erfcx, tail

_ROOT_TWO_PI = 2.5066282746310002
_ROOT_HALF, _ROOT_HALF_PI = 0.7071067811865476, 1.2533141373155003
_NARROW = 0.21  # where t is small enough for the series
_DEEP = -8.0  # where moments come from a continued fraction
_MASS_ABOVE = 0.85  # where b is mostly its first term


@kernel
def moments(h):
    """(Y, Y', Y'', Y''') at h <= 0, none of them by cancellation where h is far out."""
    if h > _DEEP:
        first = _ROOT_HALF_PI * tail(-h * _ROOT_HALF)
        second = 1.0 + h * first
        third = h * second + first
        return first, second, third, h * third + 2.0 * second
    ratio = 0.0
    for n in range(24, 3, -1):
        ratio = n / (ratio - h)
    third = 3.0 / (ratio - h)
    second = 2.0 / (third - h)
    first = 1.0 / (second - h)
    y = 1.0 / (first - h)
    return y, y * first, y * first * second, y * first * second * third


@kernel
def _series(h, t):
    """Y(h + t) - Y(h - t) for t < 0.21, to order 15."""
    _, first, even, odd = moments(h)
    square = t * t
    term = 2.0 * t
    total = term * first
    for n in range(2, 16, 2):  # odd is the moment of order n + 1, even that of order n
        term *= square / (n * (n + 1))
        total += term * odd
        even = h * odd + (n + 1) * even
        odd = h * even + (n + 2) * odd
    return total


@kernel
def spread(h, t):
    """b without its factor exp(-(h^2 + t^2) / 2) and its sqrt(2 pi): Y(h + t) - Y(h - t)."""
    if t < _NARROW:
        return _series(h, t)
    near = erfcx(-(h + t) * _ROOT_HALF)
    return _ROOT_HALF_PI * (near - tail((t - h) * _ROOT_HALF))


@kernel
def at_centre(s):
    """(b, its derivative by s) where x = -s^2 / 2: there h + t is 0, and Y(0) is known."""
    t = 0.5 * s
    slope = math.exp(-t * t) / _ROOT_TWO_PI
    if t < _NARROW:
        return slope * _series(-t, t), slope
    return slope * _ROOT_HALF_PI * (1.0 - tail(s * _ROOT_HALF)), slope


@kernel
def price_and_vega(x, s):
    """(b(x, s), its derivative by s) for x <= 0 < s."""
    h, t = x / s, 0.5 * s
    slope = math.exp(-0.5 * (h * h + t * t)) / _ROOT_TWO_PI
    if t >= _NARROW and h + t > _MASS_ABOVE:
        root = math.exp(0.5 * x)
        return root * cdf(h + t) - cdf(h - t) / root, slope
    return slope * spread(h, t), slope
