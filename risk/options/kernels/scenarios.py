"""The same European options at many spots: what does not change is worked out once."""


from domain.jit import entry, kernel, scratch
from risk.options.kernels.black import moneyness
from risk.options.kernels.columns import LANES
from risk.options.kernels.normal import below, density

# rows of what does not change: exp(-yield t), strike exp(-rate t), sqrt t, volatility, right
GROWTH, PAID, ROOT, VOLATILITY, WAY, FIXED = 0, 1, 2, 3, 4, 5
_SPOT, _SHIFT, _ROWS = FIXED, FIXED + 1, FIXED + 2

_room = scratch(_ROWS * LANES)
_found = scratch(LANES)


@kernel(inline=True)
def _price(x, y):
    for at in range(LANES):
        held, paid = x[_SPOT * LANES + at] * x[at], x[PAID * LANES + at]
        sigma = x[VOLATILITY * LANES + at] + x[_SHIFT * LANES + at]
        sigma = sigma if sigma > 0.0 else 0.0
        d1, d2 = moneyness(held, paid, sigma * x[ROOT * LANES + at])
        right = x[WAY * LANES + at]
        in_1 = below(right * d1, density(d1))
        y[at] = right * (held * in_1 - paid * below(right * d2, density(d2)))


@entry
def prices(fixed, spots, shifts, found):
    """Prices (s, n) of options fixed (FIXED, n) at spots (s, n), volatilities shifted by (s, n).

    A volatility that falls below 0 counts as 0.
    """
    x, y = _room(), _found()
    for at in range(_ROWS * LANES):
        x[at] = 1.0  # what the lanes behind the last option price
    for first in range(0, fixed.shape[1], LANES):
        count = min(LANES, fixed.shape[1] - first)
        for row in range(FIXED):
            for at in range(count):
                x[row * LANES + at] = fixed[row, first + at]
        for scenario in range(spots.shape[0]):
            for at in range(count):
                x[_SPOT * LANES + at] = spots[scenario, first + at]
            for at in range(count):
                x[_SHIFT * LANES + at] = shifts[scenario, first + at]
            _price(x, y)
            for at in range(count):
                found[scenario, first + at] = y[at]
