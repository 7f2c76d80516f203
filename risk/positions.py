"""Position rows, one a (node, instrument), and the open orders that reserve against them."""

import numpy as np

from domain.attributes import InstrumentAttr
from domain.bits import mix
from domain.codes import Level
from domain.jit import kernel
from domain.limits import NO_LIMIT
from domain.tables import (
    books,
    candidates,
    core,
    details,
    instruments,
    nodes,
    orders,
    position_index,
    positions,
)
from risk.admission.candidate import position_with
from risk.fees import worst_fee
from risk.marking import CANCEL_MESSAGE, NO_MESSAGE, ORDER_MESSAGE, carry, shift, weigh_row
from risk.span.exchange import by_scenarios, commit

_MULTIPLIER = int(InstrumentAttr.MULTIPLIER)
_ACCOUNT = int(Level.ACCOUNT)
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
    if n["level"] == _ACCOUNT:
        r["peer"] = books(s)[instrument]["first_position"]
        books(s)[instrument]["first_position"] = row
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
    at = first
    while at:
        r = positions(s)[at]
        r["second"] = positions(s)[r["parent"]]["parent"]
        r["third"] = positions(s)[r["second"]]["parent"]
        at = np.int64(r["parent"])
    return first


@kernel
def open_value(s, slot, qty):
    """Value in minor units at which `qty` lots of an order are held."""
    o = orders(s)[slot]
    return qty * details(s)[slot]["worst_px"] * instruments(s)[o["instrument"], _MULTIPLIER]


@kernel
def reserve(s):
    """Enter the admitted candidate into the open orders of all levels, as the checks saw it."""
    c = candidates(s)[0]
    if by_scenarios(s, np.int64(c["instrument"])):
        commit(s, np.int64(c["position"]), position_with(s))
    change = (
        c["leaves_qty"] - c["old_leaves"],
        c["value"] - c["old_value"],
        c["hold_fee"] - c["old_hold_fee"],
        1 - np.int64(c["replace"]),
        c["d_gross"],
        c["d_exposure"],
        c["d_margin"],
        c["moved"],
    )
    carry(s, np.int64(c["position"]), np.int64(c["side"]), change, NO_MESSAGE)


@kernel
def enter(s, row, order, change):
    """Enter a plain order into the open orders of all levels, and count it.

    `order`: (instrument, side, price, lots, value); `change` as `risk.admission.plain.passes` has.
    """
    _, side, _, lots, value = order
    gross, exposure, margin, moved, fee, _ = change
    known = lots, value, fee, np.int64(1), gross, exposure, margin, moved
    carry(s, row, side, known, ORDER_MESSAGE)


@kernel
def leave(s, slot):
    """Take an order that its customer cancels out of the open orders, and count the cancel."""
    o = orders(s)[slot]
    row, side, qty = np.int64(o["position"]), np.int64(o["side"]), -o["leaves_qty"]
    value, fee = open_value(s, slot, qty), -details(s)[slot]["hold_fee"]
    gross, exposure, margin, moved, _ = weigh_row(s, row, side, qty, value)
    known = qty, value, fee, np.int64(-1), gross, exposure, margin, moved
    carry(s, row, side, known, CANCEL_MESSAGE)


@kernel
def unreserve(s, slot):
    """Take an order's leaves out of the open orders of all levels: the inverse of `reserve`."""
    o = orders(s)[slot]
    qty, fee = o["leaves_qty"], details(s)[slot]["hold_fee"]
    value = open_value(s, slot, qty)
    shift(s, np.int64(o["position"]), np.int64(o["side"]), -qty, -value, -fee, -1)


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
def hold_less(s, slot):
    """Hold the fee for an order's leaves as they are now; returns by how much it changes."""
    o, d = orders(s)[slot], details(s)[slot]
    left, fee = o["leaves_qty"], np.int64(0)
    if left:
        value = open_value(s, slot, left)
        fee = worst_fee(s, np.int64(o["instrument"]), np.int64(o["side"]), value, left)
    change = fee - d["hold_fee"]
    d["hold_fee"] = fee
    return change


@kernel
def release(s, slot, qty):
    """Lower the reservation of a live order whose leaves_qty has just gone down by `qty`."""
    o, change = orders(s)[slot], hold_less(s, slot)
    value = open_value(s, slot, qty)
    shift(s, np.int64(o["position"]), np.int64(o["side"]), -qty, -value, change, 0)
