"""May a set of parameters be used? Every range of rows, every rate; and how large amounts become.

What is checked is what the arithmetic relies on: it looks at no index again.
"""

import numpy as np

from domain.jit import entry, kernel
from domain.limits import BPS, MAX_VALUE
from risk.exact import SATURATED, mul_div
from risk.span.columns import (
    AT,
    CAPPED,
    CONTRACTS,
    EXPOSURE,
    FIRST_LEG,
    FIRST_PERIOD,
    FIRST_SPREAD,
    LAST_LEG,
    LAST_PERIOD,
    LAST_SPREAD,
    LEG_FIRST,
    LEG_LAST,
    LEG_OF,
    LEG_SIDE,
    LOT_DELTA,
    MICRO,
    MINIMUM,
    NONE,
    OF,
    OPTION,
    OUTRIGHT,
    RATE,
    RATIO,
    SCENARIOS,
    SHARE,
    SIZE,
    TIERED,
    UPFRONT,
    VALUE,
    WITHIN,
)
from risk.span.store import (
    COMMODITY,
    CONTRACT,
    CREDITS,
    LEG,
    PERIOD,
    RISK,
    SPREAD,
    commodity_rows,
    contract_rows,
    credit_rows,
    leg_rows,
    period_rows,
    risk_rows,
    spread_rows,
)

_MOST_RATIO = MICRO * MICRO
_MOST_SHARE = 100 * BPS
_SOUND = -1


@kernel
def _is_flag(value):
    return value == 0 or value == 1


@kernel
def _contract_sound(s, row):
    c = contract_rows(s)[row]
    if c[OF] == NONE:
        return True
    if c[OF] < 0 or c[OF] >= len(commodity_rows(s)):
        return False
    commodity = commodity_rows(s)[c[OF]]
    if c[AT] < commodity[FIRST_PERIOD] or c[AT] >= commodity[LAST_PERIOD]:
        return False
    if c[OPTION] == 0 and c[VALUE] | c[MINIMUM]:
        return False  # a future has neither
    return min(c[VALUE], c[EXPOSURE], c[MINIMUM], c[OPTION]) >= 0 and c[OPTION] <= 2


@kernel
def _commodity_sound(s, row):
    """Periods and spreads follow on those of the commodity before, and the last ones end there."""
    c, last = commodity_rows(s)[row], row == len(commodity_rows(s)) - 1
    period, spread = np.int64(0), np.int64(0)
    if row:
        period = commodity_rows(s)[row - 1][LAST_PERIOD]
        spread = commodity_rows(s)[row - 1][LAST_SPREAD]
    if c[FIRST_PERIOD] != period or c[LAST_PERIOD] < period:
        return False
    if c[FIRST_SPREAD] != spread or c[LAST_SPREAD] < spread:
        return False
    if last and (c[LAST_PERIOD] != len(period_rows(s)) or c[LAST_SPREAD] != len(spread_rows(s))):
        return False
    if c[LAST_PERIOD] > len(period_rows(s)) or c[LAST_SPREAD] > len(spread_rows(s)):
        return False
    flags = _is_flag(c[CAPPED]) and _is_flag(c[UPFRONT]) and _is_flag(c[TIERED])
    return flags and c[SHARE] >= 0 and c[SHARE] <= _MOST_SHARE


@kernel
def _leg_sound(s, row):
    leg = leg_rows(s)[row]
    if leg[LEG_OF] < 0 or leg[LEG_OF] >= len(commodity_rows(s)):
        return False
    if not _is_flag(leg[LEG_SIDE]) or leg[RATIO] < 1 or leg[RATIO] > _MOST_RATIO:
        return False
    if leg[LEG_FIRST] == leg[LEG_LAST]:
        return True  # a leg without periods never finds a delta
    commodity = commodity_rows(s)[leg[LEG_OF]]
    inside = leg[LEG_FIRST] >= commodity[FIRST_PERIOD] and leg[LEG_LAST] <= commodity[LAST_PERIOD]
    return inside and leg[LEG_FIRST] < leg[LEG_LAST]


@kernel
def _legs_sound(s, spread):
    """A spread has legs, and no two of one side of it take the same deltas."""
    first, last = spread[FIRST_LEG], spread[LAST_LEG]
    if first < 0 or first >= last or last > len(leg_rows(s)):
        return False
    for at in range(first + 1, last):
        leg = leg_rows(s)[at]
        for before in range(first, at):
            other = leg_rows(s)[before]
            common = min(leg[LEG_LAST], other[LEG_LAST]) - max(leg[LEG_FIRST], other[LEG_FIRST])
            if leg[LEG_SIDE] == other[LEG_SIDE] and common > 0:
                return False
    return True


@kernel
def _spreads_sound(s, row):
    """The calendar spreads of a commodity; all legs are its own. The first bad row, or SOUND."""
    c = commodity_rows(s)[row]
    for at in range(c[FIRST_SPREAD], c[LAST_SPREAD]):
        spread = spread_rows(s)[at]
        if spread[RATE] < 0 or not _legs_sound(s, spread):
            return at
        for leg in range(spread[FIRST_LEG], spread[LAST_LEG]):
            if leg_rows(s)[leg, LEG_OF] != row:
                return at
    return np.int64(_SOUND)


@kernel
def first_fault(s):
    """(table, row) of the first row of a set of parameters that may not be used; (-1, 0) if none.

    A set without contracts or commodities is none: its table is at fault.
    """
    zero = np.int64(0)
    if len(contract_rows(s)) == 0 or len(risk_rows(s)) != len(contract_rows(s)):
        return np.int64(RISK), zero
    if len(commodity_rows(s)) == 0:
        return np.int64(COMMODITY), zero
    for row in range(len(commodity_rows(s))):
        if not _commodity_sound(s, row):
            return np.int64(COMMODITY), np.int64(row)
    for row in range(len(contract_rows(s))):
        if not _contract_sound(s, row):
            return np.int64(CONTRACT), np.int64(row)
    for row in range(len(period_rows(s))):
        if min(period_rows(s)[row, WITHIN], period_rows(s)[row, OUTRIGHT]) < 0:
            return np.int64(PERIOD), np.int64(row)
    for row in range(len(leg_rows(s))):
        if not _leg_sound(s, row):
            return np.int64(LEG), np.int64(row)
    for row in range(len(commodity_rows(s))):
        bad = _spreads_sound(s, row)
        if bad != _SOUND:
            return np.int64(SPREAD), bad
    for row in range(len(credit_rows(s))):
        credit = credit_rows(s)[row]
        if credit[RATE] < 0 or credit[RATE] > BPS or not _legs_sound(s, credit):
            return np.int64(CREDITS), np.int64(row)
    return np.int64(_SOUND), zero


@kernel
def _charge_of_a_delta(s, c):
    """The most that a whole delta of a commodity can cost in calendar spreads and at delivery."""
    most, delivered = np.int64(0), np.int64(0)
    for at in range(c[FIRST_SPREAD], c[LAST_SPREAD]):
        spread, ratio = spread_rows(s)[at], np.int64(1)
        for leg in range(spread[FIRST_LEG], spread[LAST_LEG]):
            ratio = max(ratio, leg_rows(s)[leg, RATIO])
        most = max(most, min(mul_div(spread[RATE], MICRO, ratio) + 1, MAX_VALUE))
    for period in range(c[FIRST_PERIOD], c[LAST_PERIOD]):
        row = period_rows(s)[period]
        delivered = max(delivered, row[WITHIN], row[OUTRIGHT])
    return most + min(delivered, MAX_VALUE)


@kernel
def _size(s, row):
    """The largest amount that one lot of a contract adds to any sum."""
    c = contract_rows(s)[row]
    delta = abs(c[LOT_DELTA])
    size = max(1, delta, c[VALUE], c[EXPOSURE], c[MINIMUM])
    for at in range(SCENARIOS):
        size = max(size, abs(risk_rows(s)[row, at]))
    charge = _charge_of_a_delta(s, commodity_rows(s)[c[OF]])
    return min(max(size, mul_div(delta, charge, MICRO) + 1), SATURATED)


@kernel
def measure(s):
    """Work out SIZE of every contract."""
    for row in range(len(contract_rows(s))):
        if contract_rows(s)[row, OF] != NONE:
            contract_rows(s)[row, SIZE] = _size(s, row)


@entry
def sizes(s):
    """The same for parameters of Python."""
    measure(s)


assert SIZE == CONTRACTS - 1  # the column that no command sets
