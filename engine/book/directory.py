"""(account, ClOrdID) -> order row: an open-addressing hash table that is sized to live orders.

Entries are (row, hash) with linear probing; removal shifts entries back, so there are no
tombstones and the cost depends on live orders only. Load is kept at or below one half. The hash
mixes a salt of the exchange, so that client-chosen ids cannot be made to collide by others.
Quote legs are kept under negative ids: -(2 x instrument + side + 1).
"""

import numpy as np

from domain.bits import mix
from domain.jit import kernel
from domain.tables import core, details, directory, orders


@kernel
def hash_of(s, account, cl_ord_id):
    """Where an order belongs: the low bits are its home in the directory."""
    return mix(np.int64(account) ^ core(s)[0]["salt"], cl_ord_id)


@kernel
def find_place(s, key, account, cl_ord_id):
    """(place in the directory, live order of `account` with this id); of none: (free place, 0)."""
    d, o = directory(s), orders(s)
    mask = len(d) - 1
    at = key & mask
    slot = np.int64(d[at]["row"])
    while slot:
        mine = d[at]["hash"] == key and o[slot]["account"] == account
        if mine and details(s)[slot]["cl_ord_id"] == cl_ord_id:
            break
        at = (at + 1) & mask
        slot = np.int64(d[at]["row"])
    return at, slot


@kernel
def find_order(s, account, cl_ord_id):
    """The live order of `account` with this id, or 0."""
    _, slot = find_place(s, hash_of(s, account, cl_ord_id), account, cl_ord_id)
    return slot


@kernel
def add_order(s, slot):
    """Enter an order under its account and id; the id is not in the directory yet."""
    d = directory(s)
    mask = len(d) - 1
    key = hash_of(s, orders(s)[slot]["account"], details(s)[slot]["cl_ord_id"])
    at = key & mask
    while d[at]["row"] != 0:
        at = (at + 1) & mask
    d[at]["row"] = slot
    d[at]["hash"] = key


@kernel
def remove_order(s, slot):
    """Take an order out of the directory."""
    d = directory(s)
    mask = len(d) - 1
    at = hash_of(s, orders(s)[slot]["account"], details(s)[slot]["cl_ord_id"]) & mask
    while d[at]["row"] != slot:
        at = (at + 1) & mask
    clear_place(s, at)


@kernel
def clear_place(s, hole):
    """Empty a place of the directory; entries behind it move up."""
    d = directory(s)
    mask = len(d) - 1
    at = hole
    while True:
        at = (at + 1) & mask
        if d[at]["row"] == 0:
            break
        home = np.int64(d[at]["hash"]) & mask
        if ((at - home) & mask) >= ((at - hole) & mask):
            d[hole]["row"] = d[at]["row"]
            d[hole]["hash"] = d[at]["hash"]
            hole = at
    d[hole]["row"] = 0


@kernel
def rebuild_directory(s):
    """Enter every live order into an emptied directory."""
    o = orders(s)
    for slot in range(1, np.int64(core(s)[0]["order_high"]) + 1):
        if o[slot]["state"] != 0:
            add_order(s, slot)
