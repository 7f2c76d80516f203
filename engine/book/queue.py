"""Orders in the queues of price levels: joining, leaving, shrinking.

A level has two queues: displayed orders, then hidden ones. A queue outside the ladder (market
orders of a call phase, parked and waiting orders) is a level with price -1. Every change of a
ladder level keeps the book's displayed totals and writes L2 and L3 rows.
"""

import numpy as np

from domain.codes import ExecInst, MarketType, OrdType
from domain.jit import kernel
from domain.tables import books, core, details, extras, levels, orders, trees
from engine.book.ladder import add_level, drop_level
from engine.book.pools import take_level
from engine.emit import emit_level, emit_order
from engine.states import ASKS, BOOK, CHANGED, ICEBERG, STIRRED, WAITING

_HIDDEN, _PEGGED = int(ExecInst.HIDDEN), int(OrdType.PEGGED)
_ADD, _REDUCE = int(MarketType.ORDER_ADD), int(MarketType.ORDER_REDUCE)
_DELETE = int(MarketType.ORDER_DELETE)


@kernel
def push(s, row, slot, hidden):
    """Put an order at the end of one of a level's queues."""
    level = levels(s)[row]
    order = orders(s)[slot]
    order["level"] = row
    order["next"] = 0
    if hidden:
        order["prev"] = level["hidden_tail"]
        if level["hidden_tail"]:
            orders(s)[level["hidden_tail"]]["next"] = slot
        else:
            level["hidden_head"] = slot
        level["hidden_tail"] = slot
        level["hidden_count"] += 1
    else:
        order["prev"] = level["tail"]
        if level["tail"]:
            orders(s)[level["tail"]]["next"] = slot
        else:
            level["head"] = slot
        level["tail"] = slot
        level["count"] += 1


@kernel
def unlink(s, row, slot, hidden):
    """Take an order out of one of a level's queues."""
    level = levels(s)[row]
    order = orders(s)[slot]
    before, after = np.int64(order["prev"]), np.int64(order["next"])
    if before:
        orders(s)[before]["next"] = after
    elif hidden:
        level["hidden_head"] = after
    else:
        level["head"] = after
    if after:
        orders(s)[after]["prev"] = before
    elif hidden:
        level["hidden_tail"] = before
    else:
        level["tail"] = before
    if hidden:
        level["hidden_count"] -= 1
    else:
        level["count"] -= 1
    order["level"] = 0
    order["prev"] = 0
    order["next"] = 0


@kernel
def _shown_total(s, row, change):
    """Book a change of a ladder level's displayed quantity."""
    level = levels(s)[row]
    tree = np.int64(level["tree"])
    level["shown_qty"] += change
    book, ask = books(s)[tree >> 2], tree & 1
    book["shown_ask"] += change * ask  # both, since which one it is cannot be foreseen
    book["shown_bid"] += change * (1 - ask)
    book["dirty"] |= CHANGED


@kernel
def display_part(s, slot):
    """How much of an order's leaves is displayed when it joins a queue."""
    order = orders(s)[slot]
    if order["exec_inst"] & _HIDDEN:
        return np.int64(0)
    if order["exec_inst"] & ICEBERG:
        return min(order["leaves_qty"], extras(s)[details(s)[slot]["extra"]]["display_qty"])
    return order["leaves_qty"]


@kernel
def join_book(s, slot):
    """Rest an order at the end of its price level's queue."""
    order = orders(s)[slot]
    row = add_level(s, 4 * np.int64(order["instrument"]) + order["side"], order["price"])
    hidden = order["exec_inst"] & _HIDDEN != 0
    shown = display_part(s, slot)
    push(s, row, slot, hidden)
    order["state"] = BOOK
    order["shown_qty"] = shown
    level = levels(s)[row]
    level["hidden_qty"] += order["leaves_qty"] - shown
    books(s)[order["instrument"]]["dirty"] |= CHANGED
    if not hidden:
        if order["ord_type"] != _PEGGED:
            level["anchors"] += 1
        _shown_total(s, row, shown)
        emit_order(s, _ADD, slot, shown)
        emit_level(s, row)


@kernel
def rest_plain(s, row, slot, qty):
    """Add an order that is displayed as a whole, written by the caller, to a level's queue."""
    level = levels(s)[row]
    if level["tail"]:
        orders(s)[level["tail"]]["next"] = slot
    else:
        level["head"] = slot
    level["tail"] = slot
    level["count"] += 1
    level["anchors"] += 1
    _shown_total(s, row, qty)
    if core(s)[0]["feed"]:
        emit_order(s, _ADD, slot, qty)
        emit_level(s, row)


@kernel
def leave_plain(s, slot):
    """Take an order that is displayed as a whole out of its level."""
    order = orders(s)[slot]
    row, following, qty = np.int64(order["level"]), order["next"], order["shown_qty"]
    unlink(s, row, slot, False)
    book = books(s)[order["instrument"]]
    if book["share_next"] == slot:
        book["share_next"] = following
    levels(s)[row]["anchors"] -= 1
    _shown_total(s, row, -qty)
    order["shown_qty"] = 0
    if core(s)[0]["feed"]:
        emit_order(s, _DELETE, slot, 0)
        emit_level(s, row)
    if levels(s)[row]["count"] == 0 and levels(s)[row]["hidden_count"] == 0:
        drop_level(s, row)


@kernel
def leave_book(s, slot):
    """Take a resting order out of its level; an empty level goes too."""
    order = orders(s)[slot]
    row = np.int64(order["level"])
    level = levels(s)[row]
    hidden = order["exec_inst"] & _HIDDEN != 0 and order["state"] != WAITING
    following = order["next"]
    unlink(s, row, slot, hidden)
    if level["price"] < 0:
        level["hidden_qty"] -= order["leaves_qty"]
        return
    book = books(s)[order["instrument"]]
    book["dirty"] |= CHANGED
    if book["share_next"] == slot:
        book["share_next"] = following
    level["hidden_qty"] -= order["leaves_qty"] - order["shown_qty"]
    if not hidden:
        if order["ord_type"] != _PEGGED:
            level["anchors"] -= 1
        _shown_total(s, row, -order["shown_qty"])
        order["shown_qty"] = 0
        emit_order(s, _DELETE, slot, 0)
        emit_level(s, row)
    if level["count"] == 0 and level["hidden_count"] == 0:
        drop_level(s, row)


@kernel
def shrink(s, slot, qty, stay):
    """Take `qty` off a resting order's leaves: the displayed part first.

    An iceberg whose displayed part is used up shows its next part at the end of the queue. In an
    auction (`stay`) its whole quantity has one place, and it shows a full part afterwards.
    """
    order = orders(s)[slot]
    row = np.int64(order["level"])
    level = levels(s)[row]
    if stay:
        _shrink_in_place(s, slot, qty)
        return
    shown = min(qty, order["shown_qty"])
    order["leaves_qty"] -= qty
    level["hidden_qty"] -= qty - shown
    if level["price"] < 0:
        return
    if order["exec_inst"] & _HIDDEN:
        books(s)[order["instrument"]]["dirty"] |= CHANGED
        return
    order["shown_qty"] -= shown
    _shown_total(s, row, -shown)
    if order["shown_qty"] == 0 and order["leaves_qty"] > 0:
        _refill(s, row, slot)
    elif order["leaves_qty"] > 0:
        emit_order(s, _REDUCE, slot, order["shown_qty"])
    emit_level(s, row)


@kernel
def shorten(s, slot, qty):
    """Take `qty` off a queued order's leaves without a trade: the part not displayed first."""
    order = orders(s)[slot]
    level = levels(s)[order["level"]]
    order["leaves_qty"] -= qty
    level["hidden_qty"] -= qty
    if level["price"] >= 0:
        books(s)[order["instrument"]]["dirty"] |= CHANGED
        show_less(s, slot)


@kernel
def _shrink_in_place(s, slot, qty):
    """Take an auction fill off a resting order without moving it."""
    order = orders(s)[slot]
    level = levels(s)[order["level"]]
    order["leaves_qty"] -= qty
    level["hidden_qty"] -= qty
    if level["price"] < 0:
        return
    if order["exec_inst"] & _HIDDEN:
        books(s)[order["instrument"]]["dirty"] |= CHANGED
    else:
        _show(s, slot, display_part(s, slot))


@kernel
def show_less(s, slot):
    """Show no more of an order than its leaves and its display quantity say now."""
    part = display_part(s, slot)
    if levels(s)[orders(s)[slot]["level"]]["price"] >= 0 and part < orders(s)[slot]["shown_qty"]:
        _show(s, slot, part)


@kernel
def _show(s, slot, part):
    """Display `part` of a resting order's leaves from now on, where it stands."""
    order = orders(s)[slot]
    row = np.int64(order["level"])
    change = part - order["shown_qty"]
    order["shown_qty"] = part
    levels(s)[row]["hidden_qty"] -= change
    _shown_total(s, row, change)
    emit_order(s, _REDUCE, slot, part)
    emit_level(s, row)


@kernel
def _refill(s, row, slot):
    """Show an iceberg's next part at the end of its level's queue."""
    order = orders(s)[slot]
    emit_order(s, _DELETE, slot, 0)
    unlink(s, row, slot, False)
    push(s, row, slot, False)
    part = display_part(s, slot)
    order["shown_qty"] = part
    levels(s)[row]["hidden_qty"] -= part
    _shown_total(s, row, part)
    emit_order(s, _ADD, slot, part)


@kernel
def join_queue(s, row, slot, state):
    """Put an order at the end of a queue outside the ladder."""
    push(s, row, slot, orders(s)[slot]["exec_inst"] & _HIDDEN != 0)
    levels(s)[row]["hidden_qty"] += orders(s)[slot]["leaves_qty"]
    orders(s)[slot]["state"] = state
    orders(s)[slot]["shown_qty"] = 0


@kernel
def market_queue(s, instrument, side):
    """The queue of market orders of one side in a call phase, made when first used."""
    tree = trees(s)[4 * instrument + side]
    if tree["first"] == 0:
        tree["first"] = take_level(s, 4 * instrument + side, -1)
    return np.int64(tree["first"])


@kernel
def join_waiting(s, slot):
    """Queue an order for its minimum quantity: by price, then by entry, hidden or not."""
    order = orders(s)[slot]
    side = np.int64(order["side"])
    tree = trees(s)[4 * np.int64(order["instrument"]) + side]
    if tree["waiting"] == 0:
        tree["waiting"] = take_level(s, 4 * np.int64(order["instrument"]) + side, -1)
    row = np.int64(tree["waiting"])
    push(s, row, slot, False)
    _move_up(s, row, slot, side)
    levels(s)[row]["hidden_qty"] += order["leaves_qty"]
    order["state"] = WAITING
    order["shown_qty"] = 0
    books(s)[order["instrument"]]["dirty"] |= STIRRED


@kernel
def _move_up(s, row, slot, side):
    """Move the last order of a queue to where its price, then its entry, puts it."""
    order, after = orders(s)[slot], np.int64(0)
    before = np.int64(order["prev"])
    while before:
        other = orders(s)[before]
        better = (order["price"] > other["price"]) == (side == 0)
        if order["price"] == other["price"]:
            better = order["order_id"] < other["order_id"]
        if not better:
            break
        after, before = before, np.int64(other["prev"])
    if after == 0:
        return
    level = levels(s)[row]
    level["tail"] = order["prev"]
    orders(s)[order["prev"]]["next"] = 0
    order["prev"] = before
    order["next"] = after
    orders(s)[after]["prev"] = slot
    if before:
        orders(s)[before]["next"] = slot
    else:
        level["head"] = slot


@kernel
def anybody_waits(s, tree):
    """Whether orders of a side wait for their minimum quantity."""
    row = np.int64(trees(s)[tree]["waiting"])
    return row != 0 and levels(s)[row]["count"] > 0


@kernel
def parked_queue(s, instrument):
    """The queue of orders that wait for an auction."""
    book = books(s)[instrument]
    if book["parked"] == 0:
        book["parked"] = take_level(s, 4 * instrument, -1)
    return np.int64(book["parked"])


@kernel
def first_in(s, row):
    """The order that a level trades first, 0 if it is empty."""
    level = levels(s)[row]
    return np.int64(level["head"]) if level["head"] else np.int64(level["hidden_head"])


@kernel
def crosses(side, limit, price):
    """Whether a limit of `side` (0 buy, 1 sell) can trade at `price`."""
    return price <= limit if side == 0 else price >= limit


@kernel
def other_side(s, slot):
    """The tree an order trades against."""
    return 4 * np.int64(orders(s)[slot]["instrument"]) + (ASKS - np.int64(orders(s)[slot]["side"]))
