"""The steps of `benches.risk` as compiled loops over order rows 1..n."""

import numpy as np

from domain.codes import OrdType
from domain.jit import entry, kernel
from domain.tables import candidates, commands, core, details, orders
from risk.administration import deposit, instrument_add, node_add, set_attribute
from risk.checks import accepted, admit, canceled
from risk.fills import fill as book_fill
from risk.positions import position_row, reserve, unreserve

_LIMIT = int(OrdType.LIMIT)


@entry
def set_up(s):
    """Apply the administrative rows of the command buffer; how many were refused."""
    rows, refused = commands(s), 0
    for at in range(len(rows)):
        cmd = rows[at]
        kind = cmd["command"]
        if kind == 0:
            refused += node_add(s, cmd) != 0
        elif kind == 1:
            refused += instrument_add(s, cmd) != 0
        elif kind == 2:
            refused += deposit(s, cmd) != 0
        elif kind == 3:
            refused += set_attribute(s, cmd) != 0
        else:
            position_row(s, np.int64(cmd["account"]), np.int64(1))
    return refused


@kernel
def _propose(s, slot):
    """Fill the candidate as the engine does for a limit order."""
    c, o = candidates(s)[0], orders(s)[slot]
    core(s)[0]["time"] += 100
    c["now"] = core(s)[0]["time"]
    c["price"] = o["price"]
    c["worst_px"] = o["price"]
    c["order_qty"] = o["shown_qty"]
    c["leaves_qty"] = o["shown_qty"]
    c["instrument"] = o["instrument"]
    c["account"] = o["account"]
    c["side"] = o["side"]
    c["fix_side"] = o["side"] + 1
    c["ord_type"] = _LIMIT
    c["position"] = position_row(s, np.int64(c["account"]), np.int64(c["instrument"]))


@entry
def touch(s, n):
    """The loop of `enter` without risk."""
    for slot in range(1, n + 1):
        _propose(s, slot)
    return 0


@entry
def enter(s, n):
    """Check and enter orders 1..n; how many were refused."""
    refused = 0
    for slot in range(1, n + 1):
        _propose(s, slot)
        c, o = candidates(s)[0], orders(s)[slot]
        refused += admit(s) != 0
        o["leaves_qty"] = c["leaves_qty"]
        o["position"] = c["position"]
        details(s)[slot]["worst_px"] = c["worst_px"]
        details(s)[slot]["hold_fee"] = c["hold_fee"]
        reserve(s)
        accepted(s)
    return refused


@entry
def cancel(s, n):
    """Cancel orders 1..n."""
    for slot in range(1, n + 1):
        canceled(s, np.int64(orders(s)[slot]["account"]))
        unreserve(s, slot)
        orders(s)[slot]["leaves_qty"] = 0
    return 0


@entry
def fill(s, n):
    """Fill orders 1..n whole, at their prices, as makers."""
    for slot in range(1, n + 1):
        o = orders(s)[slot]
        qty = o["leaves_qty"]
        o["leaves_qty"] = 0
        book_fill(s, slot, o["price"], qty, 1)
    return 0
