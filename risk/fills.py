"""What a fill does: position, cost, realised profit, cash, fees and counters on all levels."""

import numpy as np

from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import MarginModel
from domain.jit import kernel
from domain.tables import core, instruments, lots, node_limits, nodes, orders, positions
from risk.exact import mul_div
from risk.fees import fill_fee
from risk.marking import raise_peaks
from risk.positions import take_open
from risk.throttle import count_execution

_MULTIPLIER, _MODEL = int(InstrumentAttr.MULTIPLIER), int(InstrumentAttr.MARGIN_MODEL)
_CASH = int(MarginModel.CASH)
_COST_METHOD = int(NodeAttr.COST_METHOD)


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
def move_position(s, row, side, price, qty):
    """Move an account's row and the rows above by a trade of `qty` lots at `price`.

    Returns the realised profit by the account's COST_METHOD, in minor units. The average cost of
    the closed part is rounded towards zero, and is all of it when everything is closed.
    """
    r = positions(s)[row]
    sign = 1 - 2 * side
    multiplier = instruments(s)[r["instrument"], _MULTIPLIER]
    held = r["qty"]
    closed = min(qty, abs(held)) if held * sign < 0 else np.int64(0)
    opened = qty - closed
    fifo = node_limits(s)[r["node"], _COST_METHOD] == 1
    d_cost = sign * opened * price * multiplier
    realised = np.int64(0)
    fifo_realised = np.int64(0)
    if closed:
        cost = r["cost"] if closed == abs(held) else mul_div(r["cost"], closed, abs(held))
        d_cost -= cost
        realised = -sign * closed * price * multiplier - cost
        fifo_realised = realised
        if fifo:
            lot_cost = -sign * _close_lots(s, row, closed) * multiplier
            fifo_realised = -sign * closed * price * multiplier - lot_cost
    if fifo and opened:
        _open_lot(s, row, opened, price)
    while True:
        r["qty"] += sign * qty
        r["cost"] += d_cost
        r["realised"] += realised
        r["fifo_realised"] += fifo_realised
        row = np.int64(r["parent"])
        if row == 0:
            break
        r = positions(s)[row]
    return fifo_realised


@kernel
def cash_flow(s, instrument, side, value, realised):
    """What a trade pays into the account: the value if paid in full, else the profit."""
    if instruments(s)[instrument, _MODEL] == _CASH:
        return value if side else -value
    return realised


@kernel
def fill(s, slot, price, qty, liquidity):
    """Book a fill of an order; returns its fee with charges, in minor units.

    The engine has already reduced leaves_qty and set the instrument's last price.
    """
    o = orders(s)[slot]
    side = np.int64(o["side"])
    i = np.int64(o["instrument"])
    row = np.int64(o["position"])
    value = qty * price * instruments(s)[i, _MULTIPLIER]
    fee = fill_fee(s, i, side, value, qty, liquidity)
    realised = move_position(s, row, side, price, qty)
    cash = cash_flow(s, i, side, value, realised) - fee
    bought, sold = (0, qty) if side else (qty, 0)
    while row:
        r = positions(s)[row]
        r["bought"] += bought
        r["sold"] += sold
        r["fees"] += fee
        node = np.int64(r["node"])
        n = nodes(s)[node]
        n["cash"] += cash
        n["fees"] += fee
        n["realised"] += realised - fee
        count_execution(s, node)
        row = np.int64(r["parent"])
    if take_open(s, slot, qty) == 0:
        raise_peaks(s, np.int64(o["position"]))
    return fee
