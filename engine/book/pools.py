"""Rows are taken from and given back to pools: a high-water mark and a free list each.

The caller has made sure of room (`engine.room`), so taking a row never fails.
"""

import numpy as np

from domain.jit import kernel
from domain.limits import ORDER_SLOT_BITS
from domain.tables import branches, core, details, extras, levels, orders, owners

_BITS = ORDER_SLOT_BITS


@kernel
def take_order(s, account):
    """A row for a new order of `account`; gives it the next order id."""
    c = core(s)[0]
    slot = np.int64(c["order_free"])
    if slot:
        c["order_free"] = details(s)[slot]["link"]
    else:
        slot = np.int64(c["order_high"]) + 1
        c["order_high"] = slot
    c["serial"] += 1
    c["live_orders"] += 1
    orders(s)[slot]["order_id"] = (c["serial"] << _BITS) | slot
    owners(s)[slot] = account
    return slot


@kernel
def free_order(s, slot):
    """Give back an order's row and its extra row."""
    c = core(s)[0]
    detail = details(s)[slot]
    extra = np.int64(detail["extra"])
    if extra:
        extras(s)[extra]["chain_next"] = c["extra_free"]
        c["extra_free"] = extra
        detail["extra"] = 0
    order = orders(s)[slot]
    order["state"] = 0
    order["order_id"] = 0
    owners(s)[slot] = 0
    detail["link"] = c["order_free"]
    c["order_free"] = slot
    c["live_orders"] -= 1


@kernel
def take_extra(s, slot):
    """The extra row of an order, all zero if it is new."""
    detail = details(s)[slot]
    row = np.int64(detail["extra"])
    if row:
        return row
    c = core(s)[0]
    row = np.int64(c["extra_free"])
    if row:
        c["extra_free"] = extras(s)[row]["chain_next"]
    else:
        row = np.int64(c["extra_high"]) + 1
        c["extra_high"] = row
    detail["extra"] = row
    e = extras(s)[row]
    e["display_qty"] = 0
    e["min_qty"] = 0
    e["stop_px"] = 0
    e["offset"] = 0
    e["limit_px"] = 0
    e["expire_time"] = 0
    e["trail_ref"] = 0
    e["chain_prev"] = 0
    e["chain_next"] = 0
    e["ring_prev"] = 0
    e["ring_next"] = 0
    e["list_left"] = 0
    e["place"] = 0
    e["contingency"] = 0
    e["role"] = 0
    e["triggered"] = 0
    e["given_stop"] = 0
    return row


@kernel
def take_level(s, tree, price):
    """An empty level of `tree` at `price`; price -1 marks a queue outside the ladder."""
    c = core(s)[0]
    row = np.int64(c["level_free"])
    if row:
        c["level_free"] = levels(s)[row]["head"]
    else:
        row = np.int64(c["level_high"]) + 1
        c["level_high"] = row
    level = levels(s)[row]
    level["price"] = price
    level["shown_qty"] = 0
    level["hidden_qty"] = 0
    level["head"] = 0
    level["tail"] = 0
    level["hidden_head"] = 0
    level["hidden_tail"] = 0
    level["count"] = 0
    level["hidden_count"] = 0
    level["anchors"] = 0
    level["tree"] = tree
    return row


@kernel
def free_level(s, row):
    """Give back an empty level."""
    c = core(s)[0]
    levels(s)[row]["head"] = c["level_free"]
    c["level_free"] = row


@kernel
def take_branch(s):
    """An empty branch of a ladder (a free branch is already all zero)."""
    c = core(s)[0]
    row = np.int64(c["branch_free"])
    if row:
        branch = branches(s)[row]
        c["branch_free"] = branch["child"][0]
        branch["child"][0] = 0
    else:
        row = np.int64(c["branch_high"]) + 1
        c["branch_high"] = row
    return row


@kernel
def free_branch(s, row):
    """Give back an empty branch."""
    c = core(s)[0]
    branches(s)[row]["child"][0] = c["branch_free"]
    c["branch_free"] = row
