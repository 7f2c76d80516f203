"""Implied volatility to machine precision: Jaeckel, "Let's be rational", Wilmott (2015).

A price is turned into the normalised out-of-the-money time value beta. Four rational cubics
(Delbourgo and Gregory, SIAM J. Sci. Stat. Comput. 6, 1985) guess s = sigma sqrt(t) from it, and
Householder's third-order step is repeated until one is so small that it was the last: on 1 / log b
where the price is small, on b in the middle, on log(b_max - b) near its upper bound.
"""

import math

import numpy as np

from domain.jit import entry, kernel
from risk.options.kernels.normal import cdf, inverse
from risk.options.kernels.normalised import at_centre, moments, price_and_vega, spread

_EPSILON = 2.220446049250313e-16
_CLOSE = 1e-4  # a step this small was the last: what is left is its fourth power
_TINY, _LARGE = 2.2250738585072014e-308, 1e300
_ROOT_THREE, _TWO_PI = 1.7320508075688772, 6.283185307179586
_LOWER_SCALE = 1.2091995761561452  # 2 pi / sqrt(27)
_ROOT_HALF_PI, _ROOT_TWO_PI = 1.2533141373155003, 2.5066282746310002
_LINEAR = 1e-9  # at the money, below this the price is proportional to the volatility
_NEAR = 0.05  # of the strike
_STEPS = 8  # two do; more only where the guess is bad, beyond |x| = 100 or so
LOW, MIDDLE, HIGH = 0, 1, 2


@kernel
def _least_control(left, right, slope):
    """The smallest control parameter for which the cubic keeps monotony and curvature."""
    least = -1.0 + 1.5e-8
    if left * slope >= 0.0 and right * slope >= 0.0 and slope != 0.0:
        least = max(least, (left + right) / slope)
    if (left - slope) * (right - slope) < 0.0:
        bend = abs(right - left)
        least = max(least, bend / abs(right - slope), bend / abs(slope - left))
    return least


@kernel
def _cubic(at, x, y, ends, bend):
    """A rational cubic through two points with given slopes and one second derivative.

    x, y, ends: pairs of abscissae, ordinates and slopes; bend: the second derivative at the left
    (times 1) or the right end (times -1): (value, side).
    """
    width = x[1] - x[0]
    if not width > 0.0:
        return 0.5 * (y[0] + y[1])
    slope = (y[1] - y[0]) / width
    above = 0.5 * width * bend[0] + ends[1] - ends[0]
    under = slope - ends[0] if bend[1] > 0.0 else ends[1] - slope
    least = _least_control(ends[0], ends[1], slope)
    r = above / under if abs(under) > _TINY else (_LARGE if above > 0.0 else least)
    r = min(max(r, least), _LARGE)
    t = (at - x[0]) / width
    u = 1.0 - t
    if r >= _LARGE:
        return y[1] * t + y[0] * u
    high = y[1] * t * t * t + (r * y[1] - width * ends[1]) * t * t * u
    low = y[0] * u * u * u + (r * y[0] + width * ends[0]) * t * u * u
    return (high + low) / (1.0 + (r - 3.0) * t * u)


@kernel
def _guess_low(beta, x, s, b):
    """s where beta is below b(s): by a map that is smooth down to a price of 0."""
    far = -x
    z = far / (_ROOT_THREE * s)
    y, square, mass = z * z, s * s, cdf(-z)
    mapped = _LOWER_SCALE * far * mass * mass * mass
    grown = math.exp(y + 0.125 * square)
    slope = _TWO_PI * y * mass * mass * grown
    ratio = mass * _ROOT_TWO_PI * math.exp(0.5 * y)
    inner = 8.0 * _ROOT_THREE * s * far + (3.0 * square * (square - 8.0) - 8.0 * x * x) * ratio
    bend = _TWO_PI / 12.0 * y / (square * s) * mass * inner * grown * grown
    f = _cubic(beta, (0.0, b), (0.0, mapped), (1.0, slope), (bend, -1.0))
    if not f > 0.0:
        t = beta / b
        f = (mapped * t + b * (1.0 - t)) * t
    inside = (f / (_LOWER_SCALE * far)) ** (1.0 / 3.0)
    return abs(far / (_ROOT_THREE * inverse(inside))) if 0.0 < inside < 0.5 else 0.5 * s


@kernel
def _guess_high(beta, x, s, b, most):
    """s where beta is above b(s): by a map that ends at the highest price."""
    w = (x / s) * (x / s)
    mapped, slope = cdf(-0.5 * s), -0.5 * math.exp(0.5 * w)
    bend = _ROOT_HALF_PI * math.exp(w + 0.125 * s * s) * w / s
    f = _cubic(beta, (b, most), (mapped, 0.0), (slope, -0.5), (bend, 1.0))
    if not 0.0 < f < 0.5:
        t = (beta - b) / (most - b)
        f = (mapped * (1.0 - t) + 0.5 * (most - b) * t) * (1.0 - t)
    return -2.0 * inverse(max(f, _TINY))


@kernel
def _guess(beta, x, most):
    """(s, which objective, lower bracket, upper bracket)."""
    centre = math.sqrt(-2.0 * x)
    b, v = at_centre(centre) if x < 0.0 else (0.0, 1.0 / _ROOT_TWO_PI)
    if beta < b:
        low = centre - b / v
        b_low, v_low = price_and_vega(x, low) if low > 0.0 else (0.0, 0.0)
        if beta < b_low:
            return _guess_low(beta, x, low, b_low), LOW, 0.0, low
        ends = (1.0 / v_low, 1.0 / v)
        s = _cubic(beta, (b_low, b), (low, centre), ends, (0.0, -1.0))
        return s, MIDDLE, low, centre
    high = centre + (most - b) / v
    b_high, v_high = price_and_vega(x, high)
    if beta <= b_high:
        ends = (1.0 / v, 1.0 / v_high)
        s = _cubic(beta, (b, b_high), (centre, high), ends, (0.0, 1.0))
        return s, MIDDLE, centre, high
    objective = HIGH if beta > 0.5 * most else MIDDLE
    return _guess_high(beta, x, high, b_high, most), objective, high, np.inf


@kernel
def _low_step(log_beta, x, s):
    """(step, sign of b - beta) on 1 / log b, which never underflows."""
    h, t = x / s, 0.5 * s
    gap = spread(h, t)
    log_b = math.log(gap / _ROOT_TWO_PI) - 0.5 * (h * h + t * t)
    rate = 1.0 / gap  # of b, relative to b
    own = h * h / s - 0.25 * s
    newton = (log_beta - log_b) * log_b / (log_beta * rate)
    twist = rate * (1.0 + 2.0 / log_b)
    third = own * own - 3.0 * (h / s) * (h / s) - 0.25
    third += 2.0 * rate * rate * (1.0 + 3.0 / log_b * (1.0 + 1.0 / log_b)) - 3.0 * own * twist
    return newton, own - twist, third, log_b - log_beta


@kernel
def _plain_step(beta, x, s, objective, most):
    """The same on b, or on log(most - b)."""
    b, v = price_and_vega(x, s)
    own = (x / s) * (x / s) / s - 0.25 * s
    third = own * own - 3.0 * (x / (s * s)) * (x / (s * s)) - 0.25
    if objective == MIDDLE:
        return (beta - b) / v, own, third, b - beta
    rate = v / (most - b)
    newton = -math.log((most - beta) / (most - b)) / rate
    return newton, own + rate, third + rate * (2.0 * rate + 3.0 * own), b - beta


@kernel
def normalised_volatility(beta, x):
    """s with b(x, s) = beta, for x <= 0 < beta < exp(x / 2)."""
    most = math.exp(0.5 * x)
    s, objective, low, high = _guess(beta, x, most)
    log_beta = math.log(beta) if objective == LOW else 0.0
    for _ in range(_STEPS):
        if not low < s < high:
            s = 0.5 * (low + high) if high < np.inf else 2.0 * low
        if objective == LOW:
            newton, halley, third, miss = _low_step(log_beta, x, s)
        else:
            newton, halley, third, miss = _plain_step(beta, x, s, objective, most)
        if miss > 0.0:
            high = min(high, s)
        elif miss < 0.0:
            low = max(low, s)
        factor = (1.0 + 0.5 * halley * newton) / (1.0 + newton * (halley + third * newton / 6.0))
        step = max(newton * factor, -0.5 * s)
        s += step
        if not abs(step) > _CLOSE * s:
            break
    return s


@kernel
def _moneyness(forward, strike):
    """log(forward / strike), exact near the money too: a difference of near numbers is."""
    away = (forward - strike) / strike
    return math.log1p(away) if abs(away) < _NEAR else math.log(forward / strike)


@kernel
def black_volatility(premium, forward, strike, time, right):
    """Volatility of an undiscounted premium; NaN below intrinsic value or at its upper bound."""
    inside = max(right * (forward - strike), 0.0)
    beta = (premium - inside) / (math.sqrt(forward) * math.sqrt(strike))
    x = -abs(_moneyness(forward, strike))
    if beta == 0.0:
        return 0.0
    if not 0.0 < beta < math.exp(0.5 * x):
        return np.nan
    if x == 0.0 and beta < _LINEAR:  # erf is as its slope, and squares of beta would underflow
        return beta * _ROOT_TWO_PI / math.sqrt(time)
    return normalised_volatility(beta, x) / math.sqrt(time)


@kernel
def bachelier_volatility(premium, forward, strike, time, right):
    """Volatility of an undiscounted premium in units of the price; NaN below intrinsic value.

    With u = |F - K| / s the time value over |F - K| is ``n(u) Y'(-u) / u``: Newton on its
    logarithm, which is nearly linear in log u for small u and in u^2 for large u.
    """
    gap = abs(forward - strike)
    worth = premium - max(right * (forward - strike), 0.0)
    if worth <= 0.0:
        return 0.0 if worth == 0.0 else np.nan
    if gap == 0.0:
        return worth * _ROOT_TWO_PI / math.sqrt(time)
    return gap / (_distance(math.log(worth / gap)) * math.sqrt(time))


@kernel
def _distance(target):
    """u > 0 with log(n(u) Y'(-u) / u) = target."""
    u = math.exp(-target) / _ROOT_TWO_PI if target > -1.0 else math.sqrt(-2.0 * target)
    low, high = 0.0, np.inf
    for _ in range(60):
        y, moment, _, _ = moments(-u)
        miss = math.log(moment / (_ROOT_TWO_PI * u)) - 0.5 * u * u - target
        if miss > 0.0:
            low = u
        else:
            high = u
        step = miss / (y / moment + 1.0 / u)
        u += step
        if not abs(step) > 2.0 * _EPSILON * u:
            break
        if not low < u < high:
            u = 0.5 * (low + high) if high < np.inf else 2.0 * low
    return u


@entry
def volatilities(normal, quotes, found):
    """Volatility of quotes (5, n): undiscounted premium, forward, strike, time, right."""
    for at in range(quotes.shape[1]):
        premium, forward, strike = quotes[0, at], quotes[1, at], quotes[2, at]
        if normal:
            found[at] = bachelier_volatility(premium, forward, strike, quotes[3, at], quotes[4, at])
        else:
            found[at] = black_volatility(premium, forward, strike, quotes[3, at], quotes[4, at])
