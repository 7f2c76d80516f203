"""Position rows, one a (node, instrument), and the open orders that reserve against them."""

import numpy as np

from domain.attributes import InstrumentAttr
from domain.bits import mix
from domain.jit import kernel
from domain.limits import NO_LIMIT
from domain.tables import core, details, instruments, nodes, orders, position_index, positions
from risk.fees import worst_fee
from risk.marking import shift

_MULTIPLIER = int(InstrumentAttr.MULTIPLIER)
_SPARE_ROWS = 8  # two commands may each need a row at every level


@kernel
def positions_room(s):
    """Whether 8 more rows fit into the table and into a half full index."""
    used = np.int64(core(s)[0]["positions"])
    free = used + _SPARE_ROWS < len(positions(s))
    return free and 2 * (used + _SPARE_ROWS) <= len(position_index(s))


@kernel
def _enter_index(s, row):
    r = positions(s)[row]
    index = position_index(s)
    mask = len(index) - 1
    key = mix(r["node"], r["instrument"])
    at = key & mask
    while index[at]["row"]:
        at = (at + 1) & mask
    index[at]["row"] = row
    index[at]["hash"] = key


@kernel
def rebuild_position_index(s):
    """Fill the index from the position rows (after it has grown or a restart)."""
    index = position_index(s)
    for at in range(len(index)):
        index[at]["row"] = 0
        index[at]["hash"] = 0
    for row in range(1, np.int64(core(s)[0]["positions"]) + 1):
        _enter_index(s, row)


@kernel
def find_position(s, node, instrument):
    """The row of (node, instrument), 0 if there is none."""
    index = position_index(s)
    mask = len(index) - 1
    key = mix(node, instrument)
    at = key & mask
    row = np.int64(index[at]["row"])
    while row:
        if index[at]["hash"] == key:
            r = positions(s)[row]
            if r["node"] == node and r["instrument"] == instrument:
                return row
        at = (at + 1) & mask
        row = np.int64(index[at]["row"])
    return row


@kernel
def _add_row(s, node, instrument):
    c = core(s)[0]
    row = np.int64(c["positions"]) + 1
    c["positions"] = row
    r = positions(s)[row]
    r["node"] = node
    r["instrument"] = instrument
    r["max_position"] = NO_LIMIT
    r["max_exposure"] = NO_LIMIT
    n = nodes(s)[node]
    r["next"] = n["first_position"]
    n["first_position"] = row
    _enter_index(s, row)
    return row


@kernel
def position_row(s, node, instrument):
    """Find or create the row of (node, instrument), with the rows of all nodes above."""
    found = find_position(s, node, instrument)
    if found:
        return found
    first = _add_row(s, node, instrument)
    below = first
    above = np.int64(nodes(s)[node]["parent"])
    while above:
        row = find_position(s, above, instrument)
        if row:
            positions(s)[below]["parent"] = row
            break
        row = _add_row(s, above, instrument)
        positions(s)[below]["parent"] = row
        below = row
        above = np.int64(nodes(s)[above]["parent"])
    return first


@kernel
def open_value(s, slot, qty):
    """Value in minor units at which `qty` lots of an order are held."""
    o = orders(s)[slot]
    return qty * details(s)[slot]["worst_px"] * instruments(s)[o["instrument"], _MULTIPLIER]


@kernel
def _hold(s, slot, sign):
    """Enter an order's leaves into the open orders of all levels, or take them out again."""
    o = orders(s)[slot]
    qty, fee = sign * o["leaves_qty"], sign * details(s)[slot]["hold_fee"]
    shift(s, np.int64(o["position"]), np.int64(o["side"]), qty, open_value(s, slot, qty), fee, sign)


@kernel
def reserve(s, slot):
    """Enter an accepted order's leaves into the open orders of all levels."""
    _hold(s, slot, 1)


@kernel
def unreserve(s, slot):
    """Take an order's leaves out of the open orders of all levels: the inverse of `reserve`."""
    _hold(s, slot, -1)


@kernel
def hold_anew(s, slot, qty, worst_px, fee):
    """Hold a live order with other leaves, value price and fee: one change, reviewed once.

    Call it while the order still has its old leaves; value price and fee are written here.
    """
    o, d = orders(s)[slot], details(s)[slot]
    before = open_value(s, slot, o["leaves_qty"])
    d["worst_px"] = worst_px
    value, lots = open_value(s, slot, qty) - before, qty - o["leaves_qty"]
    shift(s, np.int64(o["position"]), np.int64(o["side"]), lots, value, fee - d["hold_fee"], 0)
    d["hold_fee"] = fee


@kernel
def take_open(s, slot, qty):
    """Take `qty` lots, already gone from leaves_qty, out of the open orders of all levels.

    The fee held is worked out again for what is left; with nothing left the order stops counting.
    Returns what `shift` returns.
    """
    o = orders(s)[slot]
    d = details(s)[slot]
    side = np.int64(o["side"])
    left = o["leaves_qty"]
    fee = np.int64(0)
    if left:
        fee = worst_fee(s, np.int64(o["instrument"]), side, open_value(s, slot, left), left)
    change = fee - d["hold_fee"]
    d["hold_fee"] = fee
    count = 0 if left else -1
    row = np.int64(o["position"])
    return shift(s, row, side, -qty, -open_value(s, slot, qty), change, count)


@kernel
def release(s, slot, qty):
    """Lower the reservation of a live order whose leaves_qty has just gone down by `qty`."""
    take_open(s, slot, qty)
