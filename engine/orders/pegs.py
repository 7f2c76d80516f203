"""Pegged orders: the references they follow and the rounds in which they are moved."""

import numpy as np

from domain.codes import ExecInst
from domain.jit import kernel
from domain.limits import MAX_PRICE
from domain.tables import books, core, details, extras, levels, orders, trees
from engine.book.ladder import next_level
from engine.book.prices import to_tick
from engine.orders.lifecycle import detach
from engine.orders.working import start_working
from engine.states import BOOK, PEGS, UNPRICED

_PRIMARY, _MARKET = int(ExecInst.PEG_PRIMARY), int(ExecInst.PEG_MARKET)


@kernel
def reference(s, tree):
    """The best displayed price of orders that are not pegged, or 0."""
    row = np.int64(trees(s)[tree]["best"])
    while row and levels(s)[row]["anchors"] == 0:
        row = next_level(s, tree, levels(s)[row]["price"])
    return levels(s)[row]["price"] if row else np.int64(0)


@kernel
def peg_price(s, slot, bid, ask):
    """Where a pegged order stands with these references; 0 if it has none."""
    order = orders(s)[slot]
    e = extras(s)[details(s)[slot]["extra"]]
    buy = order["side"] == 0
    flags = order["exec_inst"]
    if flags & _PRIMARY:
        base = bid if buy else ask
    elif flags & _MARKET:
        base = ask if buy else bid
    elif bid == 0 or ask == 0:
        base = np.int64(0)
    else:
        base = (bid + ask) // 2 if buy else (bid + ask + 1) // 2
    if base == 0:
        return base
    price = base + e["offset"] if buy else base - e["offset"]
    price = min(price, e["limit_px"]) if buy else max(price, e["limit_px"])
    price = max(np.int64(1), min(price, MAX_PRICE))
    price = to_tick(s, np.int64(order["instrument"]), price, not buy)
    return price if price <= MAX_PRICE else np.int64(0)


@kernel
def place_peg(s, slot, price, command):
    """Give a pegged order that is in no queue a price: it rests or trades; 0: it waits for one."""
    orders(s)[slot]["price"] = price
    if price:
        start_working(s, slot, command)
    else:
        orders(s)[slot]["state"] = UNPRICED


@kernel
def begin_round(s, instrument):
    """Start moving pegged orders if a reference has changed and rounds are left."""
    c = core(s)[0]
    book = books(s)[instrument]
    bid, ask = reference(s, 4 * instrument), reference(s, 4 * instrument + 1)
    if (bid == book["peg_bid"] and ask == book["peg_ask"]) or c["rounds"] == 0:
        return
    c["rounds"] -= 1
    book["peg_bid"] = bid
    book["peg_ask"] = ask
    book["peg_next"] = book["chain"][PEGS]


@kernel
def move_next(s, instrument, command):
    """Move the next pegged order of the round, if its price is another one now."""
    book = books(s)[instrument]
    slot = np.int64(book["peg_next"])
    e = extras(s)[details(s)[slot]["extra"]]
    book["peg_next"] = e["chain_next"]
    order = orders(s)[slot]
    if order["state"] != BOOK and order["state"] != UNPRICED:
        return
    price = peg_price(s, slot, book["peg_bid"], book["peg_ask"])
    stands = order["price"] if order["state"] == BOOK else np.int64(0)
    if price == stands:
        return
    detach(s, slot)
    place_peg(s, slot, price, command)
