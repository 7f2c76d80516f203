"""Marking rows to the market, and carrying what changed up the hierarchy.

Every sum above an account is additive: the rows of desk, client and firm, the nodes and the
exposure groups hold the sum over the accounts below. `shift` therefore works out the differences
of one account row once and adds them at each level.
"""

import numpy as np

from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import Level, MarginModel
from domain.jit import kernel
from domain.tables import books, core, groups, instruments, node_limits, nodes, positions
from risk.derived import NODE_FLAGS, REDUCTION, VARIATION
from risk.exact import bps_up
from risk.margin import assess, held_value

_PRODUCT, _CURRENCY = int(InstrumentAttr.PRODUCT), int(InstrumentAttr.CURRENCY)
_MODEL, _CASH = int(InstrumentAttr.MARGIN_MODEL), int(MarginModel.CASH)
_CREDIT, _ENTER, _LEAVE = (
    int(NodeAttr.CREDIT),
    int(NodeAttr.RRM_ENTER_BPS),
    int(NodeAttr.RRM_LEAVE_BPS),
)
_ACCOUNT = int(Level.ACCOUNT)
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


@kernel
def _shift_groups(s, node, instrument, gross, long, short):
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


@kernel
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
def raise_peaks(s, row):
    """Keep the highest profit of today of the nodes of a row and of the rows above it."""
    table, tree = positions(s), nodes(s)
    while row:
        r = table[row]
        n = tree[r["node"]]
        n["peak"] = max(n["peak"], n["realised"] + n["unrealised"] - n["base_unrealised"])
        row = np.int64(r["parent"])


@kernel
def shift(s, row, side, qty, value, fee, count):
    """Add to the open orders of an account's row, mark it, and carry all differences up.

    `side` 0 buy or 1 sell; `qty` lots, `value` and `fee` minor units, `count` orders: all signed.
    Both sides are written, one by 0: an add costs less than a branch that cannot be foreseen.
    Returns 0 if the row's value stood still; peaks are looked at only if it moved.
    """
    table, tree = positions(s), nodes(s)
    r = table[row]
    i = np.int64(r["instrument"])
    account = node = np.int64(r["node"])
    buys, sells, bought, sold = qty * (1 - side), qty * side, value * (1 - side), value * side
    held, cost = r["qty"], r["cost"]
    marked = held_value(s, i, held, cost)
    gross, exposure, margin = assess(
        s,
        i,
        held,
        r["open_buy"] + buys,
        r["open_sell"] + sells,
        r["buy_value"] + bought,
        r["sell_value"] + sold,
        marked,
    )
    d_gross, d_exposure = gross - r["gross"], exposure - r["exposure"]
    d_margin, d_value = margin - r["margin"], marked - r["value"]
    d_unrealised = marked - cost + r["realised"] - r["fifo_realised"] - r["unrealised"]
    if d_unrealised and instruments(s)[i, _MODEL] != _CASH:
        node_limits(s)[node, VARIATION] += d_unrealised
    moved, long, short = d_value | d_unrealised, d_value + bought, d_value - sold
    while True:
        n = tree[node]
        n["margin"] += d_margin
        n["hold_fee"] += fee
        n["open_orders"] += count
        n["open_value"] += value
        n["exposure"] += d_exposure
        n["long_exposure"] += long
        n["short_exposure"] += short
        r["open_buy"] += buys
        r["open_sell"] += sells
        r["buy_value"] += bought
        r["sell_value"] += sold
        r["gross"] += d_gross
        r["exposure"] += d_exposure
        r["margin"] += d_margin
        if moved:
            r["value"] += d_value
            r["unrealised"] += d_unrealised
            n["unrealised"] += d_unrealised
            n["peak"] = max(n["peak"], n["realised"] + n["unrealised"] - n["base_unrealised"])
        if n["first_group"]:
            _shift_groups(s, node, i, d_exposure, long, short)
        row = np.int64(r["parent"])
        if row == 0:
            break
        r = table[row]
        node = np.int64(r["node"])
    if node_limits(s)[account, NODE_FLAGS] & REDUCTION or tree[account]["reducing"]:
        review_reduction(s, account)
    return moved


@kernel
def mark_row(s, row):
    """Mark an account's position row; rows above follow from it."""
    if nodes(s)[positions(s)[row]["node"]]["level"] == _ACCOUNT:
        shift(s, row, 0, 0, 0, 0, 0)


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
        n["peak"] = max(n["peak"], n["realised"] + n["unrealised"] - n["base_unrealised"])
        if n["level"] == _ACCOUNT:
            review_reduction(s, at)


@kernel
def mark_all(s):
    """Mark every position row, then look at peaks and risk-reduction modes."""
    _keep_reviews(s)
    for row in range(1, np.int64(core(s)[0]["positions"]) + 1):
        mark_row(s, row)
    _review_all(s)


@kernel
def start_day(s):
    """Start the daily counters of nodes, positions and books again; call it after marking."""
    c = core(s)[0]
    for at in range(1, np.int64(c["nodes"]) + 1):
        n = nodes(s)[at]
        n["realised"] = 0
        n["peak"] = 0
        n["base_unrealised"] = n["unrealised"]
        n["messages"] = 0
        n["executions"] = 0
    for at in range(1, np.int64(c["positions"]) + 1):
        positions(s)[at]["bought"] = 0
        positions(s)[at]["sold"] = 0
    for at in range(1, np.int64(c["instruments"]) + 1):
        b = books(s)[at]
        b["flexes"] = 0
        b["flex_trades"] = 0
        b["extensions"] = 0
