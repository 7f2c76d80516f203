"""How an order ends, and what that does to the orders linked to it.

`end_order` takes an order from wherever it is, reports its end, and ends or releases the orders of
its contingency ring. `finish_filled` does the same for an order whose last lot has traded.
"""

import numpy as np

from domain.codes import Contingency, ExecType, Reason, TimeInForce
from domain.jit import cold, kernel
from domain.tables import books, core, details, extras, levels, nodes, orders
from engine.book.chains import leave_chain
from engine.book.directory import remove_order
from engine.book.expiry import leave_expiry
from engine.book.ladder import drop_level
from engine.book.pools import free_order
from engine.book.queue import leave_book, shorten, unlink
from engine.book.ready import leave_ready, make_ready
from engine.emit import report_order
from engine.states import (
    BOOK,
    CHAINED,
    CHANGED,
    CHILD,
    HELD,
    LINKED,
    MINIMUM,
    PARENT,
    PARKED,
    PEER,
    READY,
    STIRRED,
    TRIGGER,
    WAITING,
    WORKING,
)
from risk.positions import release, unreserve

_CANCELED, _RESTATED = int(ExecType.CANCELED), int(ExecType.RESTATED)
_BY_LINK = int(Reason.CANCELED_BY_LINK)
_OCO, _OUO = int(Contingency.ONE_CANCELS_OTHER), int(Contingency.ONE_UPDATES_OTHER)
_BRACKET, _GTD = int(Contingency.BRACKET), int(TimeInForce.GTD)


@kernel
def detach(s, slot):
    """Take an order out of the queue it is in, whatever that is; it belongs nowhere afterwards."""
    order = orders(s)[slot]
    state = order["state"]
    if state == BOOK or state == PARKED or state == WAITING:
        leave_book(s, slot)
        if state == WAITING:
            books(s)[order["instrument"]]["dirty"] |= STIRRED
    elif state == TRIGGER:
        row = np.int64(order["level"])
        unlink(s, row, slot, False)
        if levels(s)[row]["count"] == 0:
            drop_level(s, row)
    elif state == READY:
        leave_ready(s, slot)
    elif state == WORKING:
        core(s)[0]["working"] = 0


@kernel
def _forget(s, slot):
    """Remove an order that has ended from chains, ring, heap, directory and pools."""
    order = orders(s)[slot]
    if order["exec_inst"] & CHAINED:
        leave_chain(s, slot)
    if order["exec_inst"] & LINKED:
        leave_ring(s, slot)
    if order["time_in_force"] == _GTD:
        leave_expiry(s, slot)
    remove_order(s, slot)
    nodes(s)[order["account"]]["orders"] -= 1
    free_order(s, slot)


@kernel
def leave_ring(s, slot):
    """Take an order out of its contingency ring."""
    e = extras(s)[details(s)[slot]["extra"]]
    before, after = np.int64(e["ring_prev"]), np.int64(e["ring_next"])
    if after and before == after:
        orders(s)[after]["exec_inst"] &= 0xFFFF - LINKED
    if after:
        extras(s)[details(s)[before]["extra"]]["ring_next"] = after if before != after else 0
        extras(s)[details(s)[after]["extra"]]["ring_prev"] = before if before != after else 0
    orders(s)[slot]["exec_inst"] &= 0xFFFF - LINKED
    e["ring_next"] = 0
    e["ring_prev"] = 0


@kernel
def _end_single(s, slot, command, exec_type, reason):
    """End an order without looking at its ring; returns the report row."""
    detach(s, slot)
    r = report_order(s, slot, command, exec_type, reason)
    unreserve(s, slot)
    _forget(s, slot)
    return r


@kernel
def end_order(s, slot, command, exec_type, reason):
    """Cancel or expire an order, then the orders that its ring says must follow."""
    if orders(s)[slot]["exec_inst"] & LINKED == 0:
        return _end_single(s, slot, command, exec_type, reason)
    e = extras(s)[details(s)[slot]["extra"]]
    first, kind, role = np.int64(e["ring_next"]), np.int64(e["contingency"]), np.int64(e["role"])
    traded = details(s)[slot]["cum_qty"]
    r = _end_single(s, slot, command, exec_type, reason)
    _follow(s, first, command, kind, role, traded, False)
    return r


@kernel
def finish_filled(s, slot, command):
    """Remove an order whose leaves are 0 and release the orders that waited for it.

    It is not in a queue any more; its fills have been reported and booked.
    """
    if orders(s)[slot]["state"] == WORKING:
        core(s)[0]["working"] = 0
    if orders(s)[slot]["exec_inst"] & LINKED == 0:
        _forget(s, slot)
        return
    e = extras(s)[details(s)[slot]["extra"]]
    first, kind, role = np.int64(e["ring_next"]), np.int64(e["contingency"]), np.int64(e["role"])
    traded = details(s)[slot]["cum_qty"]
    _forget(s, slot)
    _follow(s, first, command, kind, role, traded, True)


@kernel
def ring_size(s, first):
    """How many orders a ring has."""
    if first == 0:
        return np.int64(0)
    count = np.int64(1)
    at = np.int64(extras(s)[details(s)[first]["extra"]]["ring_next"])
    while at != first and at != 0:
        count += 1
        at = np.int64(extras(s)[details(s)[at]["extra"]]["ring_next"])
    return count


@cold
def _follow(s, first, command, kind, role, traded, filled):
    """What the end of one order of a ring means for the others, from `first` on."""
    if first == 0 or orders(s)[first]["state"] == 0:
        return
    at = first
    for _ in range(ring_size(s, first)):
        e = extras(s)[details(s)[at]["extra"]]
        after = np.int64(e["ring_next"])
        child = e["role"] == CHILD
        if kind == _OCO or kind == _OUO:
            if not filled:
                _end_single(s, at, command, _CANCELED, _BY_LINK)
        elif role == PARENT and child:
            if traded == 0:
                _end_single(s, at, command, _CANCELED, _BY_LINK)
            else:
                whole = filled and kind != _BRACKET  # an exit is never for more than the entry
                most = orders(s)[at]["leaves_qty"] if whole else traded
                _release_child(s, at, command, most)
        elif role == CHILD and child and kind == _BRACKET and not filled:
            _end_single(s, at, command, _CANCELED, _BY_LINK)
        at = after


@kernel
def _release_child(s, slot, command, most):
    """The parent has traded and ended: its child becomes active, for at most `most` lots."""
    order = orders(s)[slot]
    surplus = order["leaves_qty"] - most
    if surplus > 0:
        shrink_anywhere(s, slot, surplus)
        details(s)[slot]["order_qty"] -= surplus
        release(s, slot, surplus)
        report_order(s, slot, command, _RESTATED, _BY_LINK)
    e = extras(s)[details(s)[slot]["extra"]]
    if e["contingency"] == _BRACKET:
        e["contingency"] = _OUO
        e["role"] = PEER
    else:
        e["role"] = 0
        leave_ring(s, slot)
    if order["state"] == HELD:
        make_ready(s, slot)


@cold
def after_fill(s, slot, qty, command):
    """What a fill of `qty` means for the other orders of a one-cancels or one-updates ring."""
    e = extras(s)[details(s)[slot]["extra"]]
    kind = np.int64(e["contingency"])
    at = np.int64(e["ring_next"])
    for _ in range(ring_size(s, at) - 1):
        after = np.int64(extras(s)[details(s)[at]["extra"]]["ring_next"])
        if orders(s)[at]["leaves_qty"] > 0:
            if kind == _OCO:
                _end_single(s, at, command, _CANCELED, _BY_LINK)
            elif kind == _OUO:
                reduce_order(s, at, qty, command, _BY_LINK)
        at = after


@kernel
def reduce_order(s, slot, qty, command, reason):
    """Take `qty` off an order's leaves without a trade; at 0 it is canceled."""
    order = orders(s)[slot]
    if qty >= order["leaves_qty"]:
        _end_single(s, slot, command, _CANCELED, reason)
        return
    shrink_anywhere(s, slot, qty)
    if reason == _BY_LINK:
        details(s)[slot]["order_qty"] -= qty
    release(s, slot, qty)
    report_order(s, slot, command, _RESTATED, reason)


@kernel
def shrink_anywhere(s, slot, qty):
    """Take `qty` off the leaves of an order, in a queue or not; a minimum is never more."""
    order = orders(s)[slot]
    if order["exec_inst"] & MINIMUM:
        e = extras(s)[details(s)[slot]["extra"]]
        e["min_qty"] = min(e["min_qty"], order["leaves_qty"] - qty)
        books(s)[order["instrument"]]["dirty"] |= CHANGED
    state = order["state"]
    if state == BOOK or state == PARKED or state == WAITING:
        shorten(s, slot, qty)
    else:
        order["leaves_qty"] -= qty
