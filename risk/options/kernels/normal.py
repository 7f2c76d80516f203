"""The normal distribution to double precision, as plain arithmetic without a branch.

``erfcx(x) = exp(x^2) erfc(x)`` is the tail of the normal distribution without its exponential.
"""

import math

from domain.bits import fma
from domain.jit import kernel
from risk.options.kernels.elementary import exp

_DENSITY_AT_0 = 0.3989422804014327  # 1 / sqrt(2 pi)
_ROOT_HALF, _ROOT_HALF_PI = 0.7071067811865476, 1.2533141373155003  # sqrt(1 / 2), sqrt(pi / 2)


@kernel
def tail(x):
    """erfcx(x) for 0 <= x < 1e8, to 4e-16 of its value.

    (1 + 2 x) erfcx(x) is nearly a polynomial in t = (x - 3) / (x + 3): Shepherd and Laframboise,
    Math. Comp. 36 (1981). Coefficients: a Chebyshev expansion computed with 60 digits.
    """
    t = (x - 3.0) / (x + 3.0)
    square = t * t
    fourth = square * square
    # four chains of a quarter of the length: what one option waits for is their latency
    a = fma(8.393734858690877e-10, fourth, 4.1064013667940355e-08)
    a = fma(fma(a, fourth, 3.5576086684080595e-07), fourth, 4.949196649968345e-06)
    a = fma(fma(a, fourth, 0.0018886903449991718), fourth, -0.11927366341538638)
    a = fma(a, fourth, 1.2530080582697296)
    b = fma(-8.217595058711455e-09, fourth, -1.4047654315428462e-07)
    b = fma(fma(b, fourth, -7.308281468783614e-07), fourth, -0.00010515971958448065)
    b = fma(fma(b, fourth, -0.02377051491717134), fourth, -0.0475622943534492)
    c = fma(-1.3312919661038687e-08, fourth, -6.166011460398726e-07)
    c = fma(fma(c, fourth, -2.0100542268525612e-05), fourth, -0.0007798322696543306)
    c = fma(fma(c, fourth, 0.0683080273440099), fourth, -0.13562110612458117)
    d = fma(9.862533510345587e-10, fourth, 1.0183620603842736e-07)
    d = fma(fma(d, fourth, 3.472370944977168e-06), fourth, 0.0001250993424583729)
    d = fma(fma(d, fourth, 0.0025293918156939696), fourth, 0.1296451587027594)
    even, odd = fma(b, square, a), fma(d, square, c)
    return fma(t, odd, even) / fma(2.0, x, 1.0)


@kernel
def erfcx(x):
    """exp(x^2) erfc(x) for -26 < x < 1e8."""
    if x >= 0.0:
        return tail(x)
    return 2.0 * math.exp(x * x) - tail(-x)


@kernel
def density(z):
    """The standard normal density."""
    return _DENSITY_AT_0 * exp(-0.5 * z * z)


@kernel
def below(z, dense):
    """The standard normal distribution function at z, given its density there."""
    upper = dense * _ROOT_HALF_PI * tail(abs(z) * _ROOT_HALF)
    return upper if z < 0.0 else 1.0 - upper


@kernel
def cdf(z):
    """The standard normal distribution function; relative accuracy holds in both tails."""
    return 0.5 * math.erfc(-z * _ROOT_HALF)


@kernel
def _centre(r):
    top = fma(fma(2.5090809287301226727e3, r, 3.3430575583588128105e4), r, 6.7265770927008700853e4)
    top = fma(fma(top, r, 4.5921953931549871457e4), r, 1.3731693765509461125e4)
    top = fma(fma(top, r, 1.9715909503065514427e3), r, 1.3314166789178437745e2)
    low = fma(fma(5.2264952788528545610e3, r, 2.8729085735721942674e4), r, 3.9307895800092710610e4)
    low = fma(fma(low, r, 2.1213794301586595867e4), r, 5.3941960214247511077e3)
    low = fma(fma(low, r, 6.8718700749205790830e2), r, 4.2313330701600911252e1)
    return fma(top, r, 3.3871328727963666080) / fma(low, r, 1.0)


@kernel
def _side(r):
    top = fma(fma(7.7454501427834140764e-4, r, 2.2723844989269184583e-2), r, 0.24178072517745061)
    top = fma(fma(top, r, 1.27045825245236838258), r, 3.64784832476320460504)
    top = fma(fma(top, r, 5.76949722146069140550), r, 4.63033784615654529590)
    low = fma(fma(1.05075007164441684e-9, r, 5.4759380849953449e-4), r, 1.5198666563616457e-2)
    low = fma(fma(low, r, 1.48103976427480074590e-1), r, 6.89767334985100004550e-1)
    low = fma(fma(low, r, 1.67638483018380384940), r, 2.05319162663775882187)
    return fma(top, r, 1.42343711074968357734) / fma(low, r, 1.0)


@kernel
def _tail_end(r):
    top = fma(fma(2.01033439929228813e-7, r, 2.71155556874348758e-5), r, 1.2426609473880784e-3)
    top = fma(fma(top, r, 2.65321895265761230930e-2), r, 2.96560571828504891230e-1)
    top = fma(fma(top, r, 1.78482653991729133580), r, 5.46378491116411436990)
    low = fma(fma(2.04426310338993979e-15, r, 1.42151175831644589e-7), r, 1.8463183175100547e-5)
    low = fma(fma(low, r, 7.86869131145613259100e-4), r, 1.48753612908506148525e-2)
    low = fma(fma(low, r, 1.36929880922735805310e-1), r, 5.99832206555887937690e-1)
    return fma(top, r, 6.65790464350110377720) / fma(low, r, 1.0)


@kernel
def inverse(p):
    """The normal quantile of 0 < p < 1, to 1e-15: Wichura, AS 241, Appl. Stat. 37 (1988)."""
    q = p - 0.5
    if abs(q) <= 0.425:
        return q * _centre(0.180625 - q * q)
    r = math.sqrt(-math.log(p if q < 0.0 else 1.0 - p))
    z = _side(r - 1.6) if r <= 5.0 else _tail_end(r - 5.0)
    return -z if q < 0.0 else z
