"""Spreads: charges for months that hedge each other, credits for commodities that do."""

import numpy as np

from domain.jit import kernel
from domain.limits import BPS
from risk.exact import mul_div
from risk.span.columns import (
    COUNT,
    CREDIT,
    DELTA_HELD,
    DOWN,
    FIRST_LEG,
    FIRST_PERIOD,
    FIRST_SPREAD,
    HELD,
    LAST_LEG,
    LAST_PERIOD,
    LAST_SPREAD,
    LEG_FIRST,
    LEG_LAST,
    LEG_OF,
    LEG_SIDE,
    LONG,
    MICRO,
    OUTRIGHT,
    RATE,
    RATIO,
    RISK_HELD,
    SHORT,
    SURE_LONG,
    SURE_SHORT,
    TAKEN,
    TIERED,
    UP,
    USED,
    WITHIN,
)
from risk.span.store import (
    commodity_rows,
    credit_rows,
    delta_rows,
    found_rows,
    leg_rows,
    period_rows,
    spread_rows,
    sum_rows,
)

_MANY = 2**62


@kernel
def _charge(deltas, rate):
    """`deltas` millionths at `rate` a whole one, rounded up."""
    rest = (deltas % MICRO) * (rate % MICRO) % MICRO
    return mul_div(deltas, rate, MICRO) + (rest != 0)


@kernel
def _spreads_in(deltas, ratio):
    """How many spreads (millionths) so many deltas make; most have one delta a leg."""
    return deltas if ratio == MICRO else mul_div(deltas, MICRO, ratio)


@kernel
def _deltas_of(spreads, ratio):
    return spreads if ratio == MICRO else mul_div(spreads, ratio, MICRO)


@kernel
def _one_way(s, spread, flip):
    """Form a calendar spread as often as deltas allow, its sides as given or swapped."""
    legs, deltas = leg_rows(s), delta_rows(s)
    count = np.int64(_MANY)
    for at in range(spread[FIRST_LEG], spread[LAST_LEG]):
        side = LONG if legs[at][LEG_SIDE] == flip else SHORT
        free = np.int64(0)
        for period in range(legs[at][LEG_FIRST], legs[at][LEG_LAST]):
            free += deltas[period][side]
        if free == 0:
            return free
        count = min(count, _spreads_in(free, legs[at][RATIO]))
    for at in range(spread[FIRST_LEG], spread[LAST_LEG]):
        side = LONG if legs[at][LEG_SIDE] == flip else SHORT
        need = _deltas_of(count, legs[at][RATIO])
        for period in range(legs[at][LEG_FIRST], legs[at][LEG_LAST]):
            taken = min(need, deltas[period][side])
            deltas[period][side] -= taken
            need -= taken
    return _charge(count, spread[RATE])


@kernel
def _delivered(s, period, pending):
    """Delivery charge of a period: deltas inside calendar spreads, and outside."""
    rates, row = period_rows(s)[period], delta_rows(s)[period]
    if pending:
        most = max(row[HELD] + row[UP], row[DOWN] - row[HELD])
        return _charge(most, max(rates[WITHIN], rates[OUTRIGHT]))
    left = row[LONG] + row[SHORT]
    return _charge(abs(row[HELD]) - left, rates[WITHIN]) + _charge(left, rates[OUTRIGHT])


@kernel
def _sides(s, c, pending):
    """Deltas of each period on the long and on the short side, pending orders at their worst.

    A period that may become long or short does not hedge itself.
    """
    deltas, first, last = delta_rows(s), c[FIRST_PERIOD], c[LAST_PERIOD]
    longs, shorts = np.int64(0), np.int64(0)
    for period in range(first, last):
        row = deltas[period]
        row[LONG] = max(row[HELD] + pending * row[UP], 0)
        row[SHORT] = max(pending * row[DOWN] - row[HELD], 0)
        longs += row[LONG]
        shorts += row[SHORT]
    if pending:
        for period in range(first, last):
            row = deltas[period]
            alone_long, alone_short = longs == row[LONG], shorts == row[SHORT]
            if alone_short:
                row[LONG] = 0
            if alone_long:
                row[SHORT] = 0


@kernel
def calendar(s, commodity, pending):
    """(calendar spread charge, delivery charge) of a commodity; nearest periods are used first.

    `pending` 1: with all pending orders, each period long and short at its worst.
    """
    c = commodity_rows(s)[commodity]
    _sides(s, c, pending)
    charge, delivery = np.int64(0), np.int64(0)
    for at in range(c[FIRST_SPREAD], c[LAST_SPREAD]):
        spread = spread_rows(s)[at]
        charge += _one_way(s, spread, 0) + _one_way(s, spread, 1)
    for period in range(c[FIRST_PERIOD], c[LAST_PERIOD]):
        if period_rows(s)[period][WITHIN] | period_rows(s)[period][OUTRIGHT]:
            delivery += _delivered(s, period, pending)
    return charge, delivery


@kernel
def _certain(row, short):
    """Delta of a period on one side that no pending order can take and no credit has used."""
    if short:
        return row[USED] - row[HELD] - row[UP]
    return row[HELD] - row[DOWN] - row[USED]


@kernel
def _free(s, leg, flip):
    """Net delta of a leg's periods on its side that a credit may still use."""
    of, short = leg[LEG_OF], leg[LEG_SIDE] != flip
    free = np.int64(0)
    if sum_rows(s)[of][COUNT] == 0 or found_rows(s)[of][DELTA_HELD] == 0:
        return free
    if commodity_rows(s)[of][TIERED] == 0:
        found = found_rows(s)[of]
        return found[SURE_SHORT if short else SURE_LONG] - found[TAKEN]
    for period in range(leg[LEG_FIRST], leg[LEG_LAST]):
        free += _certain(delta_rows(s)[period], short)
    return free


@kernel
def _use(s, leg, flip, need):
    """Note that a credit has used `need` of a leg's net delta, nearest periods first."""
    of, short, left = leg[LEG_OF], leg[LEG_SIDE] != flip, need
    if commodity_rows(s)[of][TIERED] == 0:
        found_rows(s)[of][TAKEN] += need
        return
    for period in range(leg[LEG_FIRST], leg[LEG_LAST]):
        row = delta_rows(s)[period]
        taken = min(left, max(_certain(row, short), 0))
        row[USED] += -taken if short else taken
        left -= taken


@kernel
def _credit_one_way(s, spread, flip):
    """Give a credit as often as deltas allow; returns how often, in millionths."""
    legs, count = leg_rows(s), np.int64(_MANY)
    for at in range(spread[FIRST_LEG], spread[LAST_LEG]):
        free = _free(s, legs[at], flip)
        if free <= 0:
            return np.int64(0)
        count = min(count, _spreads_in(free, legs[at][RATIO]))
    for at in range(spread[FIRST_LEG], spread[LAST_LEG]):
        leg = legs[at]
        found = found_rows(s)[leg[LEG_OF]]
        need = _deltas_of(count, leg[RATIO])
        _use(s, leg, flip, need)
        risk = mul_div(found[RISK_HELD], need, abs(found[DELTA_HELD]))
        left = found[RISK_HELD] - found[CREDIT]
        found[CREDIT] += min(mul_div(risk, spread[RATE], BPS), left)
    return count


@kernel
def give_credits(s):
    """Give all inter-commodity credits of an account in order of priority.

    A credit is the price risk of one delta of each leg (the scan risk without what volatility and
    the passing of time make of it, per net delta) times the deltas of the spread and its rate,
    rounded down. It uses only deltas that stay whatever pending orders do; a net delta has one
    sign, so a spread that was formed one way cannot be formed the other way.
    """
    for at in range(len(credit_rows(s))):
        spread = credit_rows(s)[at]
        if _credit_one_way(s, spread, 0) == 0:
            _credit_one_way(s, spread, 1)
