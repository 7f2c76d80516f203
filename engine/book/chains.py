"""The chains of a book, in entry order: pegged orders, trailing stops, orders for one auction.

A chain's head keeps the tail in its chain_prev, so that joining at the end is one step.
"""

import numpy as np

from domain.codes import OrdType
from domain.jit import kernel
from domain.tables import books, details, extras, orders
from engine.book.pools import take_extra
from engine.states import CALL_ONLY, CHAINED, PEGS, TRAILING

_PEGGED, _TRAILING_STOP = int(OrdType.PEGGED), int(OrdType.TRAILING_STOP)


@kernel
def chain_of(s, slot):
    """Which chain an order belongs to, by its type."""
    kind = orders(s)[slot]["ord_type"]
    if kind == _PEGGED:
        return PEGS
    return TRAILING if kind == _TRAILING_STOP else CALL_ONLY


@kernel
def join_chain(s, slot):
    """Add an order at the end of its book's chain."""
    take_extra(s, slot)
    order = orders(s)[slot]
    book = books(s)[order["instrument"]]
    chain = chain_of(s, slot)
    head = np.int64(book["chain"][chain])
    book["chained"][chain] += 1
    order["exec_inst"] |= CHAINED
    e = extras(s)[details(s)[slot]["extra"]]
    e["chain_next"] = 0
    if head == 0:
        e["chain_prev"] = slot
        book["chain"][chain] = slot
        return
    first = extras(s)[details(s)[head]["extra"]]
    last = np.int64(first["chain_prev"])
    extras(s)[details(s)[last]["extra"]]["chain_next"] = slot
    e["chain_prev"] = last
    first["chain_prev"] = slot


@kernel
def leave_chain(s, slot):
    """Take an order out of its chain; a round of peg moves under way goes on behind it."""
    order = orders(s)[slot]
    book = books(s)[order["instrument"]]
    chain = chain_of(s, slot)
    e = extras(s)[details(s)[slot]["extra"]]
    before, after = np.int64(e["chain_prev"]), np.int64(e["chain_next"])
    order["exec_inst"] &= 0xFFFF - CHAINED
    book["chained"][chain] -= 1
    if book["peg_next"] == slot:
        book["peg_next"] = after
    head = np.int64(book["chain"][chain])
    if head == slot:
        head = after
        book["chain"][chain] = after
    else:
        extras(s)[details(s)[before]["extra"]]["chain_next"] = after
    if after:
        extras(s)[details(s)[after]["extra"]]["chain_prev"] = before
    elif head:
        extras(s)[details(s)[head]["extra"]]["chain_prev"] = before
