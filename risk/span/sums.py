"""What one position adds to an account's sums: held lots, and pending orders at their worst.

A pending order is taken as filled or not, whichever is worse, scenario by scenario. Worst case and
scenario are both maxima, so they may change places: the scan risk is exactly the largest over all
ways in which the pending orders may be filled, and still a sum over positions.
"""

import numpy as np

from domain.jit import kernel
from risk.span.columns import (
    AT,
    BOUGHT,
    COUNT,
    DOWN,
    EXPOSURE,
    HELD,
    LEAST_LONG,
    LEAST_SHORT,
    LOT_DELTA,
    MINIMUM,
    MOST_LONG,
    MOST_SHORT,
    NET_VALUE,
    OF,
    OPTION,
    PENDING,
    SCENARIOS,
    SHORT_CALLS,
    SHORT_OPTIONS,
    SHORT_PUTS,
    UP,
    VALUE,
    VALUE_SOLD,
)
from risk.span.store import (
    contract_rows,
    delta_rows,
    loss_rows,
    risk_rows,
    sum_rows,
)


@kernel
def _losses(risk, loss, held, buys, sells):
    """`loss` holds what held lots lose, then what pending orders may lose more."""
    for at in range(SCENARIOS):
        loss[at] += held * risk[at]
    if buys | sells:
        for at in range(SCENARIOS):
            worst = risk[at]
            loss[SCENARIOS + at] += buys * max(worst, 0) + sells * max(-worst, 0)


@kernel
def _deltas(row, lot, held, buys, sells):
    row[HELD] += held * lot
    row[UP] += buys * max(lot, 0) + sells * max(-lot, 0)
    row[DOWN] += buys * max(-lot, 0) + sells * max(lot, 0)


@kernel
def _option(contract, total, held, buys, sells, sign):
    """Value, short lots and premium of an option position."""
    value, short = contract[VALUE], max(sells - held, 0)
    total[NET_VALUE] += sign * held * value
    total[VALUE_SOLD] += sign * sells * value
    total[BOUGHT] += sign * buys * value
    total[SHORT_OPTIONS] += sign * short * contract[EXPOSURE]
    side = SHORT_CALLS if contract[OPTION] == 1 else SHORT_PUTS
    total[side] += sign * short * contract[MINIMUM]


@kernel
def _future(contract, total, held, buys, sells, sign):
    """Exposure of a future, long and short: at most and at least."""
    rate = sign * contract[EXPOSURE]
    total[MOST_LONG] += max(held + buys, 0) * rate
    total[LEAST_LONG] += max(held - sells, 0) * rate
    total[MOST_SHORT] += max(sells - held, 0) * rate
    total[LEAST_SHORT] += max(-held - buys, 0) * rate


@kernel
def add(s, position, sign):
    """Add a position (contract, held, open_buy, open_sell) to the sums; `sign` -1 takes it away."""
    place, held, buys, sells = position
    contract = contract_rows(s)[place]
    of = contract[OF]
    total = sum_rows(s)[of]
    _losses(risk_rows(s)[place], loss_rows(s)[of], sign * held, sign * buys, sign * sells)
    row = delta_rows(s)[contract[AT]]
    _deltas(row, contract[LOT_DELTA], sign * held, sign * buys, sign * sells)
    if contract[OPTION]:
        _option(contract, total, held, buys, sells, sign)
    else:
        _future(contract, total, held, buys, sells, sign)
    total[PENDING] += sign * (buys + sells)
    total[COUNT] += sign
    return np.int64(of)
