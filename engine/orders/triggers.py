"""Stop, touched and trailing orders: where they wait and when the last price sets them off."""

import numpy as np

from domain.codes import ExecInst, ExecType, OrdType
from domain.jit import kernel
from domain.tables import books, details, extras, levels, orders, trees
from engine.book.chains import leave_chain
from engine.book.ladder import add_level
from engine.book.prices import last_or_reference, stop_cap
from engine.book.queue import push
from engine.emit import report_order
from engine.orders.intake import trailed
from engine.orders.lifecycle import detach
from engine.orders.working import start_working
from engine.states import FALL, RISE, TRAILING, TRIGGER, UNLIMITED, WORKING

_TRIGGERED = int(ExecType.TRIGGERED)
_MIT, _LIT = int(OrdType.MARKET_IF_TOUCHED), int(OrdType.LIMIT_IF_TOUCHED)
_TRAIL, _TRAIL_BPS = int(OrdType.TRAILING_STOP), int(ExecInst.TRAIL_BPS)


@kernel
def _tree(s, slot):
    """Where an order waits: RISE fires when the last price is at or above its stop price."""
    order = orders(s)[slot]
    touched = order["ord_type"] == _MIT or order["ord_type"] == _LIT
    return RISE if (order["side"] == 0) != touched else FALL


@kernel
def is_met(s, slot):
    """Whether the last price already sets the order off."""
    order = orders(s)[slot]
    last = books(s)[order["instrument"]]["last_px"]
    stop = extras(s)[details(s)[slot]["extra"]]["stop_px"]
    if last == 0:
        return False
    return last >= stop if _tree(s, slot) == RISE else last <= stop


@kernel
def join_triggers(s, slot):
    """Let an order wait for the last price, behind others with its stop price."""
    order = orders(s)[slot]
    stop = extras(s)[details(s)[slot]["extra"]]["stop_px"]
    row = add_level(s, 4 * np.int64(order["instrument"]) + _tree(s, slot), stop)
    push(s, row, slot, False)
    order["state"] = TRIGGER


@kernel
def next_triggered(s, instrument):
    """The waiting order that the last price sets off first, or 0: rising ones before falling."""
    last = books(s)[instrument]["last_px"]
    if last == 0:
        return np.int64(0)
    row = np.int64(trees(s)[4 * instrument + RISE]["best"])
    if row and levels(s)[row]["price"] <= last:
        return np.int64(levels(s)[row]["head"])
    row = np.int64(trees(s)[4 * instrument + FALL]["best"])
    if row and levels(s)[row]["price"] >= last:
        return np.int64(levels(s)[row]["head"])
    return np.int64(0)


@kernel
def fire(s, slot, command):
    """Set an order off: it is in no queue from now on, and trades next."""
    detach(s, slot)
    if orders(s)[slot]["ord_type"] == _TRAIL:
        leave_chain(s, slot)  # it does not move any more
    orders(s)[slot]["state"] = WORKING
    extras(s)[details(s)[slot]["extra"]]["triggered"] = 1
    report_order(s, slot, command, _TRIGGERED, 0)
    start_working(s, slot, command)


@kernel
def trail(s, instrument):
    """Move the stop prices of trailing orders after the best prices since the last time."""
    book = books(s)[instrument]
    if book["last_px"] == 0:
        return
    at = np.int64(book["chain"][TRAILING])
    if book["trail_low"] == 0:
        return
    while at:
        e = extras(s)[details(s)[at]["extra"]]
        if orders(s)[at]["state"] == TRIGGER:
            _trail_one(s, at, book["trail_high"], book["trail_low"])
        at = np.int64(e["chain_next"])
    book["trail_high"] = book["last_px"]
    book["trail_low"] = book["last_px"]


@kernel
def restart_trail(s, slot):
    """A trailing stop that was held counts from the price of its release on."""
    order = orders(s)[slot]
    instrument, side = np.int64(order["instrument"]), np.int64(order["side"])
    trail(s, instrument)  # what was traded until now is for those that were waiting
    e = extras(s)[details(s)[slot]["extra"]]
    last = last_or_reference(s, instrument)
    e["trail_ref"] = last
    if e["given_stop"] or last == 0:
        return
    e["stop_px"] = trailed(last, e["offset"], order["exec_inst"] & _TRAIL_BPS != 0, side)
    if order["exec_inst"] & UNLIMITED:
        order["price"] = stop_cap(s, instrument, side, e["stop_px"])


@kernel
def _trail_one(s, slot, high, low):
    order = orders(s)[slot]
    e = extras(s)[details(s)[slot]["extra"]]
    if order["side"]:
        best = max(e["trail_ref"], high)
    else:
        best = min(e["trail_ref"], low) if e["trail_ref"] else low
    if best == e["trail_ref"]:
        return
    e["trail_ref"] = best
    side = np.int64(order["side"])
    stop = trailed(best, e["offset"], order["exec_inst"] & _TRAIL_BPS != 0, side)
    if (stop > e["stop_px"]) != (side == 1) or stop == e["stop_px"]:
        return
    detach(s, slot)
    e["stop_px"] = stop
    if order["exec_inst"] & UNLIMITED:
        order["price"] = stop_cap(s, np.int64(order["instrument"]), side, stop)
    join_triggers(s, slot)
