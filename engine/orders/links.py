"""Joining an order to a contingency ring by `cl_ord_link_id`."""

import numpy as np

from domain.codes import Contingency
from domain.jit import kernel
from domain.limits import MAX_LIST
from domain.tables import details, extras, orders
from engine.book.directory import find_order
from engine.book.pools import take_extra
from engine.book.ready import make_ready
from engine.orders.lifecycle import ring_size
from engine.states import CHILD, HELD, LINKED, PARENT, PEER

_TRIGGERS, _BRACKET = int(Contingency.ONE_TRIGGERS_OTHER), int(Contingency.BRACKET)


@kernel
def waits_for_parent(contingency):
    """Whether an order of this contingency is held until its parent fills."""
    return contingency == _TRIGGERS or contingency == _BRACKET


@kernel
def link_target(s, cmd):
    """The order that a NEW_ORDER row links to; 0 if it may not join that order's list."""
    slot = find_order(s, np.int64(cmd["account"]), cmd["cl_ord_link_id"])
    if slot == 0 or orders(s)[slot]["instrument"] != cmd["instrument"]:
        return np.int64(0)
    if orders(s)[slot]["exec_inst"] & LINKED == 0:
        return slot
    e = extras(s)[details(s)[slot]["extra"]]
    if e["contingency"] != cmd["contingency"] or ring_size(s, slot) >= MAX_LIST:
        return np.int64(0)
    return np.int64(0) if e["role"] == CHILD else slot


@kernel
def same_list(s, a, b):
    """Whether two orders are linked to each other."""
    if orders(s)[a]["exec_inst"] & orders(s)[b]["exec_inst"] & LINKED == 0:
        return False
    at = b
    for _ in range(ring_size(s, b)):
        if at == a:
            return True
        at = np.int64(extras(s)[details(s)[at]["extra"]]["ring_next"])
    return False


@kernel
def join_ring(s, slot, target, contingency):
    """Put a new order into the ring of `target`, which becomes a ring if it was alone."""
    take_extra(s, slot)
    take_extra(s, target)
    parental = waits_for_parent(contingency)
    first = extras(s)[details(s)[target]["extra"]]
    if orders(s)[target]["exec_inst"] & LINKED == 0:
        orders(s)[target]["exec_inst"] |= LINKED
        first["ring_prev"] = target
        first["ring_next"] = target
        first["contingency"] = contingency
        first["role"] = PARENT if parental else PEER
    last = np.int64(first["ring_prev"])
    e = extras(s)[details(s)[slot]["extra"]]
    e["contingency"] = contingency
    e["role"] = CHILD if parental else PEER
    e["ring_prev"] = last
    e["ring_next"] = target
    extras(s)[details(s)[last]["extra"]]["ring_next"] = slot
    first["ring_prev"] = slot
    orders(s)[slot]["exec_inst"] |= LINKED


@kernel
def count_arrival(s, slot):
    """An order has joined the ring of `slot`: release the list whose last order has arrived."""
    at = slot
    for _ in range(ring_size(s, slot)):
        e = extras(s)[details(s)[at]["extra"]]
        if e["list_left"] > 0:
            e["list_left"] -= 1
            if e["list_left"] == 0:
                _release_list(s, at)
            return
        at = np.int64(e["ring_next"])


@kernel
def _release_list(s, first):
    """Every order of a complete list that does not wait for a parent becomes ready."""
    at = first
    for _ in range(ring_size(s, first)):
        e = extras(s)[details(s)[at]["extra"]]
        if orders(s)[at]["state"] == HELD and e["role"] != CHILD:
            make_ready(s, at)
        at = np.int64(e["ring_next"])


@kernel
def list_incomplete(s, slot):
    """Whether an order's list still waits for members."""
    if orders(s)[slot]["exec_inst"] & LINKED == 0:
        extra = np.int64(details(s)[slot]["extra"])
        return extra != 0 and extras(s)[extra]["list_left"] > 0
    at = slot
    for _ in range(ring_size(s, slot)):
        e = extras(s)[details(s)[at]["extra"]]
        if e["list_left"] > 0:
            return True
        at = np.int64(e["ring_next"])
    return False
