"""What a fill does: position, cost, realised profit, cash, fees and counters on all levels."""

import numpy as np

from domain.attributes import InstrumentAttr, NodeAttr
from domain.bits import add_lanes
from domain.codes import MarginModel
from domain.jit import kernel
from domain.state import POSITION
from domain.tables import (
    core,
    instruments,
    lots,
    node_lanes,
    node_limits,
    nodes,
    orders,
    position_lanes,
    positions,
)
from risk.admission.bounds import OPEN_LINE, ORDER_LINE
from risk.exact import mul_div
from risk.fees import fill_fee
from risk.margin import assess, held_value
from risk.marking import note_variation, review, shift_groups
from risk.positions import hold_less, open_value
from risk.span.exchange import by_scenarios, commit
from risk.throttle import count_execution

_MULTIPLIER, _MODEL = int(InstrumentAttr.MULTIPLIER), int(InstrumentAttr.MARGIN_MODEL)
_CASH = int(MarginModel.CASH)
_COST_METHOD = int(NodeAttr.COST_METHOD)
_TRADE_LINE = int(POSITION.fields["qty"][1]) // 8


@kernel
def lots_room(s, n):
    """Whether `n` more lots surely fit (free rows are not counted)."""
    return core(s)[0]["lot_high"] + n < len(lots(s))


@kernel
def _open_lot(s, row, qty, price):
    c = core(s)[0]
    lot = np.int64(c["lot_free"])
    if lot:
        c["lot_free"] = lots(s)[lot]["next"]
    else:
        lot = np.int64(c["lot_high"]) + 1
        c["lot_high"] = lot
    lots(s)[lot]["qty"] = qty
    lots(s)[lot]["price"] = price
    lots(s)[lot]["next"] = 0
    r = positions(s)[row]
    if r["fifo_tail"]:
        lots(s)[r["fifo_tail"]]["next"] = lot
    else:
        r["fifo_head"] = lot
    r["fifo_tail"] = lot


@kernel
def _close_lots(s, row, qty):
    """Take `qty` lots from the oldest entries; the sum of quantity x price that they cost."""
    c = core(s)[0]
    r = positions(s)[row]
    total = np.int64(0)
    while qty > 0:
        at = np.int64(r["fifo_head"])
        lot = lots(s)[at]
        part = min(qty, lot["qty"])
        total += part * lot["price"]
        lot["qty"] -= part
        qty -= part
        if lot["qty"] == 0:
            r["fifo_head"] = lot["next"]
            lot["next"] = c["lot_free"]
            lot["price"] = 0
            c["lot_free"] = at
    if r["fifo_head"] == 0:
        r["fifo_tail"] = 0
    return total


@kernel
def _trade(s, row, side, price, qty):
    """(cost, realised profit, the same by COST_METHOD) that a trade adds to an account's row.

    Lots are opened and closed, the row itself is not touched. The average cost of the closed part
    is rounded towards zero, and is all of it when everything is closed.
    """
    r = positions(s)[row]
    sign = 1 - 2 * side
    multiplier = instruments(s)[r["instrument"], _MULTIPLIER]
    held = r["qty"]
    closed = max(np.int64(0), min(qty, -held * sign))
    opened = qty - closed
    fifo = node_limits(s)[r["node"], _COST_METHOD] == 1
    cost = r["cost"]  # of what is closed: whether that is nothing cannot be foreseen
    if closed != abs(held):
        cost = mul_div(cost, closed, abs(held))
    d_cost = sign * opened * price * multiplier - cost
    realised = fifo_realised = -sign * closed * price * multiplier - cost
    if fifo:
        if closed:
            fifo_realised += cost + sign * _close_lots(s, row, closed) * multiplier
        if opened:
            _open_lot(s, row, opened, price)
    return d_cost, realised, fifo_realised


@kernel
def move_position(s, row, side, price, qty):
    """Move an account's row and the rows above by a trade of `qty` lots at `price`.

    Returns the realised profit by the account's COST_METHOD, in minor units.
    """
    d_cost, realised, fifo_realised = _trade(s, row, side, price, qty)
    zero = np.int64(0)
    lots = (1 - 2 * side) * qty
    change = lots, d_cost, realised, fifo_realised, zero, zero, zero, zero
    reach = lots, -lots, zero, zero, zero, zero, zero, zero
    while row:
        add_lanes(position_lanes(s), row, OPEN_LINE, reach)
        add_lanes(position_lanes(s), row, _TRADE_LINE, change)
        row = np.int64(positions(s)[row]["parent"])
    return fifo_realised


@kernel
def cash_flow(s, instrument, side, value, realised):
    """What a trade pays into the account: the value if paid in full, else the profit."""
    if instruments(s)[instrument, _MODEL] == _CASH:
        return value if side else -value
    return realised


@kernel
def _carry(s, row, open_line, trade_line, order_line, cash):
    """Add what a fill changes to an account's row and to all above it."""
    table, tree, rows, lines = positions(s), nodes(s), position_lanes(s), node_lanes(s)
    instrument = np.int64(table[row]["instrument"])
    fee, net, d_unrealised = trade_line[6], trade_line[3] - trade_line[6], trade_line[7]
    while row:
        node, above = np.int64(table[row]["node"]), np.int64(table[row]["parent"])
        n = tree[node]
        profit = n["profit"] + net + d_unrealised
        peak = max(n["peak"], profit)
        add_lanes(rows, row, OPEN_LINE, open_line)
        add_lanes(rows, row, _TRADE_LINE, trade_line)
        add_lanes(lines, node, ORDER_LINE, order_line)
        n["cash"] += cash
        n["realised"] += net
        n["profit"] = profit
        n["below_peak"] = profit - peak
        n["peak"] = peak
        n["fees"] += fee
        n["unrealised"] += d_unrealised
        count_execution(s, node)
        if n["first_group"]:
            shift_groups(s, node, instrument, order_line[5], order_line[6], order_line[7])
        row = above


@kernel
def fill(s, slot, price, qty, liquidity):
    """Book a fill of an order; returns its fee with charges, in minor units.

    The engine has already reduced leaves_qty and set the instrument's last price. All levels are
    changed in one walk.
    """
    o = orders(s)[slot]
    side, i, row = np.int64(o["side"]), np.int64(o["instrument"]), np.int64(o["position"])
    value = qty * price * instruments(s)[i, _MULTIPLIER]
    fee = fill_fee(s, i, side, value, qty, liquidity)
    d_hold, count = hold_less(s, slot), np.int64(0) if o["leaves_qty"] else np.int64(-1)
    d_cost, realised, by_lots = _trade(s, row, side, price, qty)
    cash = cash_flow(s, i, side, value, by_lots) - fee
    r = positions(s)[row]
    buy, sell = 1 - side, side
    lots, gone = (buy - sell) * qty, open_value(s, slot, qty)
    held, cost = r["qty"] + lots, r["cost"] + d_cost
    marked = held_value(s, i, held, cost)
    long, short = r["long_qty"] - qty * sell, r["short_qty"] - qty * buy
    gross, exposure, margin = assess(
        s,
        i,
        long,
        short,
        r["buy_value"] - gone * buy,
        r["sell_value"] - gone * sell,
        marked,
    )
    moved, d_margin, d_exposure = (
        marked - r["value"],
        margin - r["margin"],
        exposure - r["exposure"],
    )
    if by_scenarios(s, i):
        d_margin = commit(s, row, (held, long - held, short + held))
    profit = marked - cost + r["realised"] + realised - r["fifo_realised"] - by_lots
    d_unrealised = profit - r["unrealised"]
    if d_unrealised:
        note_variation(s, i, np.int64(r["node"]), d_unrealised)
    gone_buy, gone_sell, d_gross = -gone * buy, -gone * sell, gross - r["gross"]
    open_line = -qty * sell, -qty * buy, gone_buy, gone_sell, moved, d_exposure, d_margin, d_gross
    up, down = moved + gone_buy, moved - gone_sell
    order_line = d_margin, d_hold, d_margin + d_hold, count, -gone, d_exposure, up, down
    trade_line = lots, d_cost, realised, by_lots, qty * buy, qty * sell, fee, d_unrealised
    _carry(s, row, open_line, trade_line, order_line, cash)
    review(s, np.int64(r["node"]))
    return fee
