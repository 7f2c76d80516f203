"""Marking rows to the market, and carrying what changed up the hierarchy.

Every sum above an account is additive: the rows of desk, client and firm, the nodes and the
exposure groups hold the sum over the accounts below. `shift` therefore works out the differences
of one account row once and adds them at each level.
"""

import numpy as np

from domain.attributes import InstrumentAttr, NodeAttr
from domain.bits import add_lanes, raise_lanes
from domain.codes import Level, MarginModel
from domain.jit import cold, kernel
from domain.state import POSITION
from domain.tables import (
    books,
    bounds,
    core,
    groups,
    instruments,
    node_lanes,
    node_limits,
    nodes,
    position_lanes,
    positions,
)
from risk.admission.bounds import INTERVALS, ORDER_LINE, STATE_LINE, rebuild_bounds
from risk.derived import NODE_FLAGS, REDUCTION, VARIATION
from risk.exact import bps_up
from risk.margin import assess, held_value
from risk.span.exchange import by_scenarios, commit, enter_row

_PRODUCT, _CURRENCY = int(InstrumentAttr.PRODUCT), int(InstrumentAttr.CURRENCY)
_MODEL, _CASH = int(InstrumentAttr.MARGIN_MODEL), int(MarginModel.CASH)
_CREDIT, _ENTER, _LEAVE = (
    int(NodeAttr.CREDIT),
    int(NodeAttr.RRM_ENTER_BPS),
    int(NodeAttr.RRM_LEAVE_BPS),
)
_ACCOUNT = int(Level.ACCOUNT)
OPEN_LINE = int(POSITION.fields["open_buy"][1]) // 8
NO_MESSAGE, ORDER_MESSAGE, REPLACE_MESSAGE, CANCEL_MESSAGE = 0, 1, 2, 3
INTERVAL = INTERVALS - 1  # the column of BOUND before that of the first message
_LEAST = -(2**63)
PRODUCT_GROUP, CURRENCY_GROUP = 1, 2


@kernel
def group_row(s, node, kind, number):
    """The exposure group (kind, number) of a node, 0 if it has none."""
    row = np.int64(nodes(s)[node]["first_group"])
    while row:
        g = groups(s)[row]
        if g["kind"] == kind and g["id"] == number:
            return row
        row = np.int64(g["next"])
    return row


@cold
def shift_groups(s, node, instrument, gross, long, short):
    row = np.int64(nodes(s)[node]["first_group"])
    product = instruments(s)[instrument, _PRODUCT]
    currency = instruments(s)[instrument, _CURRENCY]
    while row:
        g = groups(s)[row]
        if g["id"] == (product if g["kind"] == PRODUCT_GROUP else currency):
            g["gross"] += gross
            g["long_net"] += long
            g["short_net"] += short
        row = np.int64(g["next"])


@kernel
def collateral(s, node):
    """cash + CREDIT + min(0, unrealised of what is not paid in full), minor units."""
    row = node_limits(s)[node]
    return nodes(s)[node]["cash"] + row[_CREDIT] + min(0, row[VARIATION])


@cold
def review_reduction(s, node):
    """Enter or leave the risk-reduction mode of an account (SEBI: 85 % of collateral in use)."""
    n = nodes(s)[node]
    row = node_limits(s)[node]
    used = n["margin"] + n["hold_fee"]
    if row[_ENTER] == 0 or used <= 0:
        n["reducing"] = 0
        return
    base = max(collateral(s, node), 0)
    if used >= bps_up(base, row[_ENTER]):
        n["reducing"] = 1
    elif used < bps_up(base, row[_LEAVE]):
        n["reducing"] = 0


@kernel
def review(s, account):
    """Review the risk-reduction mode of an account that has one."""
    if node_limits(s)[account, NODE_FLAGS] & REDUCTION or nodes(s)[account]["reducing"]:
        review_reduction(s, account)


@kernel
def note_variation(s, instrument, account, change):
    """Keep the unrealised profit of an account's instruments that are not paid in full."""
    if instruments(s)[instrument, _MODEL] != _CASH:
        node_limits(s)[account, VARIATION] += change


@kernel
def raise_peak(n):
    """Keep the highest profit of today; by how much profit and distance from it have changed."""
    profit = n["realised"] + n["unrealised"] - n["base_unrealised"]
    peak = max(n["peak"], profit)
    n["peak"] = peak
    return profit - n["profit"], profit - peak - n["below_peak"]


@kernel
def note_profit(n):
    """Keep a node's profit of today, the highest it has been, and the distance between them."""
    d_profit, d_below = raise_peak(n)
    n["profit"] += d_profit
    n["below_peak"] += d_below


@kernel
def _count(s, node, message, d_profit, d_below):
    """Count a message of a node, take its token, and add what its profit has changed by.

    The cells lie in one line, which is written as a whole: see `risk.fills`.
    """
    zero, least, now = np.int64(0), np.int64(_LEAST), core(s)[0]["time"]
    interval = bounds(s)[node, INTERVAL + message]
    start = now if interval else least
    of_order, of_replace, of_cancel = (
        start if message == ORDER_MESSAGE else least,
        start if message == REPLACE_MESSAGE else least,
        start if message == CANCEL_MESSAGE else least,
    )
    step_order, step_replace, step_cancel = (
        interval if message == ORDER_MESSAGE else zero,
        interval if message == REPLACE_MESSAGE else zero,
        interval if message == CANCEL_MESSAGE else zero,
    )
    floor = of_order, of_replace, of_cancel, least, least, least, least, least
    step = step_order, step_replace, step_cancel, np.int64(1), zero, zero, d_profit, d_below
    raise_lanes(node_lanes(s), node, STATE_LINE, floor, step)


@kernel
def raise_peaks(s, row):
    """Note the profit of today of the nodes of a row and of the rows above it."""
    table, tree = positions(s), nodes(s)
    while row:
        r = table[row]
        note_profit(tree[r["node"]])
        row = np.int64(r["parent"])


@kernel
def weigh_row(s, row, side, qty, value):
    """What open lots and their value would add to an account's row, marked now.

    (gross, exposure, margin, how far the row's value has moved, exposure after it); of a SCENARIO
    instrument `risk.span.exchange` knows the margin. Both sides are
    reckoned, one with 0: an add costs less than a branch that cannot be foreseen.
    """
    r = positions(s)[row]
    i = np.int64(r["instrument"])
    marked = held_value(s, i, r["qty"], r["cost"])
    gross, exposure, margin = assess(
        s,
        i,
        r["qty"],
        r["open_buy"] + qty * (1 - side),
        r["open_sell"] + qty * side,
        r["buy_value"] + value * (1 - side),
        r["sell_value"] + value * side,
        marked,
    )
    d_gross, d_exposure = gross - r["gross"], exposure - r["exposure"]
    return d_gross, d_exposure, margin - r["margin"], marked - r["value"], exposure


@kernel
def shift(s, row, side, qty, value, fee, count):
    """Add to the open orders of an account's row, mark it, and carry all differences up.

    `side` 0 buy or 1 sell; `qty` lots, `value` and `fee` minor units, `count` orders: all signed.
    Returns 0 if the row's value stood still; peaks are looked at only if it moved.
    """
    d_gross, d_exposure, d_margin, moved, _ = weigh_row(s, row, side, qty, value)
    r = positions(s)[row]
    if by_scenarios(s, np.int64(r["instrument"])):
        buys, sells = r["open_buy"] + qty * (1 - side), r["open_sell"] + qty * side
        d_margin = commit(s, row, (r["qty"], buys, sells))
    change = qty, value, fee, count, d_gross, d_exposure, d_margin, moved
    return carry(s, row, side, change, NO_MESSAGE)


@kernel(inline=True)
def carry(s, row, side, change, message):
    """Add known differences to an account's row and all above it: see `shift`.

    `change`: lots, value, fee, orders, gross, exposure, margin, and how far the row's value moved.
    `message`: what the customer sent, which takes a token of a bucket and counts, or NO_MESSAGE.
    """
    table, tree, lines, node_lines = positions(s), nodes(s), position_lanes(s), node_lanes(s)
    qty, value, fee, count, d_gross, d_exposure, d_margin, d_value = change
    r = table[row]
    i = np.int64(r["instrument"])
    account = node = np.int64(r["node"])
    bought, sold = value * (1 - side), value * side
    d_unrealised = (
        d_value + r["value"] - r["cost"] + r["realised"] - r["fifo_realised"] - r["unrealised"]
    )
    if d_unrealised:
        note_variation(s, i, node, d_unrealised)
    moved, long, short = d_value | d_unrealised, d_value + bought, d_value - sold
    buys, sells = qty * (1 - side), qty * side
    of_row = buys, sells, bought, sold, d_value, d_exposure, d_margin, d_gross
    of_node = d_margin, fee, d_margin + fee, count, value, d_exposure, long, short
    while True:
        n, d_profit, d_below = tree[node], np.int64(0), np.int64(0)
        if moved:
            r["unrealised"] += d_unrealised
            n["unrealised"] += d_unrealised
            d_profit, d_below = raise_peak(n)
        add_lanes(lines, row, OPEN_LINE, of_row)
        add_lanes(node_lines, node, ORDER_LINE, of_node)
        if message:
            _count(s, node, message, d_profit, d_below)
        elif moved:
            n["profit"] += d_profit
            n["below_peak"] += d_below
        if n["first_group"]:
            shift_groups(s, node, i, d_exposure, long, short)
        row = np.int64(r["parent"])
        if row == 0:
            break
        r = table[row]
        node = np.int64(r["node"])
    review(s, account)
    return moved


@kernel
def _keep_reviews(s):
    """Note peaks and modes: half marked sums are no profit that ever was."""
    for at in range(1, np.int64(core(s)[0]["nodes"]) + 1):
        n = nodes(s)[at]
        n["kept_peak"] = n["peak"]
        n["kept_reducing"] = n["reducing"]


@kernel
def _review_all(s):
    """Peaks and risk-reduction modes after all rows are marked."""
    for at in range(1, np.int64(core(s)[0]["nodes"]) + 1):
        n = nodes(s)[at]
        n["peak"] = n["kept_peak"]
        n["reducing"] = n["kept_reducing"]
        note_profit(n)
        if n["level"] == _ACCOUNT:
            review_reduction(s, at)


@kernel
def _mark_rows(s, row, d_exposure, d_margin, d_value, d_unrealised):
    """Add what marking an account's row has changed to it, the rows above and their groups."""
    table, zero = positions(s), np.int64(0)
    instrument = np.int64(table[row]["instrument"])
    line = zero, zero, zero, zero, d_value, d_exposure, d_margin, zero
    while row:
        r = table[row]
        node = np.int64(r["node"])
        add_lanes(position_lanes(s), row, OPEN_LINE, line)
        r["unrealised"] += d_unrealised
        if nodes(s)[node]["first_group"]:
            shift_groups(s, node, instrument, d_exposure, d_value, d_value)
        row = np.int64(r["parent"])


@kernel
def _mark_account(s, account, anew):
    """Mark all rows of an account, and carry what they come to up its nodes in one go.

    Scenario margin does not move with marks; `anew` 1: its tables are empty, and it is added up.
    """
    row = np.int64(nodes(s)[account]["first_position"])
    exposure, margin, worth, unrealised = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    while row:
        r = positions(s)[row]
        i = np.int64(r["instrument"])
        value = held_value(s, i, r["qty"], r["cost"])
        _, exposed, needed = assess(
            s,
            i,
            r["qty"],
            r["open_buy"],
            r["open_sell"],
            r["buy_value"],
            r["sell_value"],
            value,
        )
        if by_scenarios(s, i):
            needed = enter_row(s, row) if anew else r["margin"]
        d_exposure, d_margin, d_value = (
            exposed - r["exposure"],
            needed - r["margin"],
            value - r["value"],
        )
        d_unrealised = value - r["cost"] + r["realised"] - r["fifo_realised"] - r["unrealised"]
        if d_exposure | d_margin | d_value | d_unrealised:
            note_variation(s, i, account, d_unrealised)
            _mark_rows(s, row, d_exposure, d_margin, d_value, d_unrealised)
        exposure += d_exposure
        margin += d_margin
        worth += d_value
        unrealised += d_unrealised
        row = np.int64(r["next"])
    zero, node = np.int64(0), account
    line = margin, zero, margin, zero, zero, exposure, worth, worth
    while node:
        add_lanes(node_lanes(s), node, ORDER_LINE, line)
        nodes(s)[node]["unrealised"] += unrealised
        node = np.int64(nodes(s)[node]["parent"])


@kernel
def _mark(s, anew):
    _keep_reviews(s)
    for node in range(1, np.int64(core(s)[0]["nodes"]) + 1):
        if nodes(s)[node]["level"] == _ACCOUNT:
            _mark_account(s, node, anew)
    _review_all(s)


@kernel
def mark_all(s):
    """Mark every position row, then look at peaks and risk-reduction modes."""
    _mark(s, 0)


@cold
def mark_anew(s):
    """The same, and work out all scenario margins from empty tables (`forget_all`)."""
    _mark(s, 1)


@kernel
def add_margin(s, row, change):
    """Add to the margin of an account's row and of all above it; the caller reviews."""
    while row:
        r = positions(s)[row]
        n = nodes(s)[r["node"]]
        r["margin"] += change
        n["margin"] += change
        n["used"] += change
        row = np.int64(r["parent"])


@kernel
def start_day(s):
    """Start the daily counters of nodes, positions and books again; call it after marking."""
    c = core(s)[0]
    for at in range(1, np.int64(c["nodes"]) + 1):
        n = nodes(s)[at]
        n["realised"] = 0
        n["peak"] = 0
        n["base_unrealised"] = n["unrealised"]
        note_profit(n)
        n["messages"] = 0
        n["executions"] = 0
    rebuild_bounds(s)
    for at in range(1, np.int64(c["positions"]) + 1):
        positions(s)[at]["bought"] = 0
        positions(s)[at]["sold"] = 0
    for at in range(1, np.int64(c["instruments"]) + 1):
        b = books(s)[at]
        b["flexes"] = 0
        b["flex_trades"] = 0
        b["extensions"] = 0
