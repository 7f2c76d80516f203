"""Marking rows to the market, and carrying what changed up the hierarchy.

Every sum above an account is additive: the rows of desk, client and firm, the nodes and the
exposure groups hold the sum over the accounts below. `shift` therefore works out the differences
of one account row once and adds them at each level.
"""

import numpy as np

from domain.attributes import InstrumentAttr, NodeAttr
from domain.bits import add_lanes
from domain.codes import Level, MarginModel
from domain.jit import cold, kernel
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
from risk.admission.bounds import INTERVALS, OPEN_LINE, ORDER_LINE, STATE_LINE, rebuild_bounds
from risk.derived import NODE_FLAGS, REDUCTION, VARIATION
from risk.exact import bps_up
from risk.margin import assess, held_value
from risk.span.exchange import by_scenarios, commit, enter_row, lots_of

_PRODUCT, _CURRENCY = int(InstrumentAttr.PRODUCT), int(InstrumentAttr.CURRENCY)
_MODEL, _CASH = int(InstrumentAttr.MARGIN_MODEL), int(MarginModel.CASH)
_CREDIT, _ENTER, _LEAVE = (
    int(NodeAttr.CREDIT),
    int(NodeAttr.RRM_ENTER_BPS),
    int(NodeAttr.RRM_LEAVE_BPS),
)
_ACCOUNT = int(Level.ACCOUNT)
NO_MESSAGE, ORDER_MESSAGE, REPLACE_MESSAGE, CANCEL_MESSAGE = 0, 1, 2, 3
# columns of BOUND and of NODE before those of the first message
_INTERVAL, _BUCKET = INTERVALS - 1, STATE_LINE - 1
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
def note_profit(n):
    """Keep a node's profit of today, the highest it has been, and the distance between them."""
    profit = n["realised"] + n["unrealised"] - n["base_unrealised"]
    peak = max(n["peak"], profit)
    n["peak"] = peak
    n["profit"] = profit
    n["below_peak"] = profit - peak


@kernel
def _count(s, node, message):
    """Count a message of a node and take its token."""
    n, lines, bucket = nodes(s)[node], node_lanes(s), _BUCKET + message
    n["messages"] += 1
    interval = bounds(s)[node, _INTERVAL + message]
    if interval:
        lines[node, bucket] = max(lines[node, bucket], core(s)[0]["time"]) + interval


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
        r["long_qty"] + qty * (1 - side),
        r["short_qty"] + qty * side,
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
        held, buys, sells = lots_of(r)
        d_margin = commit(s, row, (held, buys + qty * (1 - side), sells + qty * side))
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
        n = tree[node]
        add_lanes(lines, row, OPEN_LINE, of_row)
        add_lanes(node_lines, node, ORDER_LINE, of_node)
        if message:
            _count(s, node, message)
        if moved:
            r["unrealised"] += d_unrealised
            n["unrealised"] += d_unrealised
            note_profit(n)
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
def _mark_row(s, row):
    """Mark an account's row; what that changes goes to the rows and nodes above it too.

    Scenario margin does not move with marks.
    """
    table, zero = positions(s), np.int64(0)
    r = table[row]
    i, account = np.int64(r["instrument"]), np.int64(r["node"])
    value = held_value(s, i, r["qty"], r["cost"])
    _, exposed, needed = assess(
        s, i, r["long_qty"], r["short_qty"], r["buy_value"], r["sell_value"], value
    )
    exposure, worth = exposed - r["exposure"], value - r["value"]
    margin = zero if by_scenarios(s, i) else needed - r["margin"]
    unrealised = value - r["cost"] + r["realised"] - r["fifo_realised"] - r["unrealised"]
    if exposure | margin | worth | unrealised == 0:
        return
    note_variation(s, i, account, unrealised)
    of_row = zero, zero, zero, zero, worth, exposure, margin, zero
    of_node = margin, zero, margin, zero, zero, exposure, worth, worth
    while row:
        r = table[row]
        node = np.int64(r["node"])
        add_lanes(position_lanes(s), row, OPEN_LINE, of_row)
        add_lanes(node_lanes(s), node, ORDER_LINE, of_node)
        r["unrealised"] += unrealised
        nodes(s)[node]["unrealised"] += unrealised
        if nodes(s)[node]["first_group"]:
            shift_groups(s, node, i, exposure, worth, worth)
        row = np.int64(r["parent"])


@kernel
def mark_all(s):
    """Mark the positions of all instruments that have moved, then look at peaks and modes."""
    _keep_reviews(s)
    for instrument in range(1, np.int64(core(s)[0]["instruments"]) + 1):
        book = books(s)[instrument]
        if book["moved"]:
            book["moved"] = 0
            row = np.int64(book["first_position"])
            while row:
                _mark_row(s, row)
                row = np.int64(positions(s)[row]["peer"])
    _review_all(s)


@cold
def mark_anew(s):
    """Mark all positions, and work out all scenario margins from empty tables (`forget_all`)."""
    for node in range(1, np.int64(core(s)[0]["nodes"]) + 1):
        if nodes(s)[node]["level"] != _ACCOUNT:
            continue
        row = np.int64(nodes(s)[node]["first_position"])
        while row:
            r = positions(s)[row]
            if by_scenarios(s, np.int64(r["instrument"])):
                add_margin(s, row, enter_row(s, row) - r["margin"])
            row = np.int64(r["next"])
    for instrument in range(1, np.int64(core(s)[0]["instruments"]) + 1):
        books(s)[instrument]["moved"] = 1
    mark_all(s)


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
