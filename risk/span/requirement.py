"""What an account needs: commodity by commodity, then together."""

import numpy as np

from domain.jit import entry, kernel
from risk.exact import bps_up
from risk.span.columns import (
    BOUGHT,
    CALENDAR,
    CAPPED,
    COUNT,
    CREDIT,
    DELIVERY,
    DELTA_HELD,
    DELTAS,
    DOWN,
    EXPOSED,
    FIRST_PERIOD,
    HELD,
    LARGER_SIDE,
    LAST_PERIOD,
    LEAST_LONG,
    LEAST_SHORT,
    MINIMUM_EXCESS,
    MOST_LONG,
    MOST_SHORT,
    NET,
    NET_VALUE,
    PARTS,
    PENDING,
    PREMIUM,
    RISK_HELD,
    SCAN,
    SCENARIOS,
    SHARE,
    SHORT_CALLS,
    SHORT_OPTIONS,
    SHORT_PUTS,
    SUMS,
    SURE_LONG,
    SURE_SHORT,
    TAKEN,
    TIERED,
    UP,
    UPFRONT,
    USED,
    VALUE_SOLD,
)
from risk.span.spreads import calendar, give_credits
from risk.span.store import (
    commodity_rows,
    credit_rows,
    delta_rows,
    found_rows,
    list_rows,
    loss_rows,
    sum_rows,
)
from risk.span.sums import add

_EXTREMES = SCENARIOS - 2  # the last two scenarios have no partner of other volatility


@kernel
def _scan(loss, found):
    """Scan risk with pending orders, and the price risk of what is held."""
    scan, worst, active = np.int64(0), np.int64(0), np.int64(0)
    for at in range(SCENARIOS):
        scan = max(scan, loss[at] + loss[SCENARIOS + at])
        if loss[at] > worst:
            worst, active = loss[at], np.int64(at)
    partner = active ^ 1 if active < _EXTREMES else active
    moved = (loss[active] + loss[partner] - loss[0] - loss[1]) // 2
    found[SCAN] = scan
    found[RISK_HELD] = max(min(moved, worst), 0)


@kernel
def _exposed(larger, smaller, share):
    """Exposure margin of opposite futures: the difference in full, the matched part in share."""
    matched = min(larger, smaller)
    return max(larger, smaller) - matched + bps_up(matched, share)


@kernel
def _net(s, c, found):
    """Net delta of a commodity: of what is held, and what is left of it at worst."""
    net, up, down = np.int64(0), np.int64(0), np.int64(0)
    for period in range(c[FIRST_PERIOD], c[LAST_PERIOD]):
        row = delta_rows(s)[period]
        net += row[HELD]
        up += row[UP]
        down += row[DOWN]
    found[DELTA_HELD], found[SURE_LONG], found[SURE_SHORT] = net, net - down, -net - up


@kernel
def assess(s, commodity):
    """Work out what one commodity needs before credits, from its sums."""
    c, total, found = commodity_rows(s)[commodity], sum_rows(s)[commodity], found_rows(s)[commodity]
    _scan(loss_rows(s)[commodity], found)
    _net(s, c, found)
    charge, delivery = calendar(s, commodity, 0)
    if total[PENDING]:
        charge_2, delivery_2 = calendar(s, commodity, 1)
        if charge_2 + delivery_2 > charge + delivery:
            charge, delivery = charge_2, delivery_2
    found[CALENDAR], found[DELIVERY] = charge, delivery
    calls, puts = total[SHORT_CALLS], total[SHORT_PUTS]
    found[MINIMUM_EXCESS] = max(calls, puts) if c[LARGER_SIDE] else calls + puts
    found[NET] = total[NET_VALUE] - total[VALUE_SOLD]
    futures = max(
        _exposed(total[MOST_LONG], total[LEAST_SHORT], c[SHARE]),
        _exposed(total[MOST_SHORT], total[LEAST_LONG], c[SHARE]),
    )
    found[EXPOSED] = futures + total[SHORT_OPTIONS]
    found[PREMIUM] = total[BOUGHT] * c[UPFRONT]


@kernel
def _forget_credits(s):
    for at in range(1, list_rows(s)[0, 0] + 1):
        commodity = list_rows(s)[at, 0]
        found = found_rows(s)[commodity]
        found[CREDIT], found[TAKEN] = 0, 0
        c = commodity_rows(s)[commodity]
        if c[TIERED]:
            for period in range(c[FIRST_PERIOD], c[LAST_PERIOD]):
                delta_rows(s)[period, USED] = 0


@kernel
def gather(s, out):
    """All parts of an account's margin into `out`; returns their sum.

    Option value pays for risk, never more than there is; what is short of it is owed in full.
    """
    if len(credit_rows(s)):
        _forget_credits(s)
        give_credits(s)
    for part in range(PARTS):
        out[part] = 0
    pool, pooled = np.int64(0), np.int64(0)
    for at in range(1, list_rows(s)[0, 0] + 1):
        commodity = list_rows(s)[at, 0]
        found = found_rows(s)[commodity]
        risk = found[SCAN] + found[CALENDAR] + found[DELIVERY] - found[CREDIT]
        excess = max(found[MINIMUM_EXCESS] - risk, 0)
        out[SCAN] += found[SCAN]
        out[CALENDAR] += found[CALENDAR]
        out[DELIVERY] += found[DELIVERY]
        out[CREDIT] -= found[CREDIT]
        out[MINIMUM_EXCESS] += excess
        out[EXPOSED] += found[EXPOSED]
        out[PREMIUM] += found[PREMIUM]
        if commodity_rows(s)[commodity, CAPPED]:
            out[NET] -= min(found[NET], risk + excess)
        else:
            pool += found[NET]
            pooled += risk + excess
    out[NET] -= min(pool, pooled)
    whole = np.int64(0)
    for part in range(PREMIUM + 1):
        whole += out[part]
    return whole


@kernel
def clear(s):
    """Forget the account whose sums are in the tables."""
    for at in range(1, list_rows(s)[0, 0] + 1):
        commodity = list_rows(s)[at, 0]
        c = commodity_rows(s)[commodity]
        for column in range(2 * SCENARIOS):
            loss_rows(s)[commodity, column] = 0
        for column in range(SUMS):
            sum_rows(s)[commodity, column] = 0
        for period in range(c[FIRST_PERIOD], c[LAST_PERIOD]):
            for column in range(DELTAS):
                delta_rows(s)[period, column] = 0
    list_rows(s)[0, 0] = 0


@kernel
def enter(s, position):
    """Add a position, and its commodity to the list if it is the first there."""
    commodity = add(s, position, 1)
    if sum_rows(s)[commodity, COUNT] == 1:
        last = list_rows(s)[0, 0] + 1
        list_rows(s)[0, 0] = last
        list_rows(s)[last, 0] = commodity
    return commodity


@entry
def margins(s, bounds, positions, out):
    """The parts of each account's margin.

    Account a has the rows bounds[a] to bounds[a + 1] of `positions` (n, POSITION), one a contract;
    out (accounts, PARTS). The sums come and go cleared; what was found of the last account stays.
    """
    for account in range(len(out)):
        for at in range(bounds[account], bounds[account + 1]):
            row = positions[at]
            enter(s, (row[0], row[1], row[2], row[3]))
        for at in range(1, list_rows(s)[0, 0] + 1):
            assess(s, list_rows(s)[at, 0])
        gather(s, out[account])
        clear(s)
