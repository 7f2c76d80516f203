"""The kernels that write order flow, with a plain price-time book that knows who is live.

A flow is a tuple of arrays: (flow, books, levels, orders, live). Levels are dense: level number
(2 x book + side) x width + index, price = base + index x step. The book here exists only so that
cancels and replaces name live orders; nothing of it is measured.
"""
# mypy: ignore-errors

import numpy as np

from domain.codes import Command, OrdType, TimeInForce
from domain.jit import entry, kernel

FLOW = np.dtype(
    [
        ("add", "f8"), ("cancel", "f8"), ("replace", "f8"), ("hit", "f8"), ("live", "i8"),
        ("free", "i8"), ("next_id", "i8"), ("count", "i8"), ("width", "i8"), ("step", "i8"),
        ("base", "i8"), ("accounts", "i8"), ("first", "i8"), ("levels", "i8"),
        ("jump_every", "i8"), ("jump", "i8"), ("one_sided", "i8"), ("marketable", "i8"),
    ]
)  # fmt: skip
BOOK = np.dtype([("mid", "i8"), ("best", "i8", 2), ("count", "i8", 2), ("target", "f8")])
LEVEL = np.dtype([("head", "i4"), ("tail", "i4")])
ORDER = np.dtype(
    [
        ("id", "i8"), ("qty", "i8"), ("leaves", "i8"), ("level", "i8"), ("account", "i4"),
        ("prev", "i4"), ("next", "i4"), ("place", "i4"), ("book", "i4"), ("side", "i4"),
    ]
)  # fmt: skip
# columns of the random draws of one command
ACTION, SIDE, AWAY, PICK, SIZE = 0, 1, 2, 3, 4
DRAWS = 5
LARGEST = 10  # lots of an added order


@entry
def write_flow(rows, draws, where, s):
    """Fill COMMAND rows with the next commands of a flow; `where` is the book of each."""
    flow = s[0]
    for n in range(len(rows)):
        row, d, book = rows[n], draws[n], where[n]
        f = flow[0]
        f["count"] += 1
        action = d[ACTION]
        if f["jump_every"] and f["count"] % f["jump_every"] == 0:
            _crash(row, d, book, s)
        elif action < f["add"] or f["live"] == 0:
            _add(row, d, book, s)
        elif action < f["add"] + f["cancel"]:
            _cancel(row, d, s)
        elif action < f["add"] + f["cancel"] + f["replace"]:
            _replace(row, d, s)
        else:
            _take(row, d, book, s)
    return 0


@kernel
def _level(s, book, side, index):
    return (2 * book + side) * s[0][0]["width"] + index


@kernel
def _price(s, index):
    return s[0][0]["base"] + index * s[0][0]["step"]


@kernel
def _new(row, s, book, side, index, qty):
    """Write a limit order; returns its account."""
    f = s[0][0]
    account = f["first"] + f["next_id"] * 7919 % f["accounts"]
    row["command"] = Command.NEW_ORDER
    row["cl_ord_id"] = f["next_id"]
    f["next_id"] += 1
    row["account"] = account
    row["instrument"] = book + 1
    row["side"] = side + 1
    row["ord_type"] = OrdType.LIMIT
    row["price"] = _price(s, index)
    row["order_qty"] = qty
    return account


@kernel
def _index(s, d, book, side):
    """A passive price index of one side, near the middle."""
    f = s[0][0]
    away = min(np.int64(d[AWAY]), f["levels"] - 1)
    mid = s[1][book]["mid"]
    return mid + 1 + away if side else mid - 1 - away


@kernel
def _add(row, d, book, s):
    flow, books, orders, live = s[0], s[1], s[3], s[4]
    f = flow[0]
    side = np.int64(d[SIDE] < 0.5 and not f["one_sided"])
    if f["free"] == 0:
        _cancel(row, d, s)
        return
    index = _index(s, d, book, side)
    qty = 1 + np.int64(d[SIZE] * LARGEST)
    account = _new(row, s, book, side, index, qty)
    number = f["free"]
    o = orders[number]
    f["free"] = o["next"]
    o["id"], o["qty"], o["leaves"], o["account"] = f["next_id"] - 1, qty, qty, account
    o["book"], o["side"], o["place"] = book, side, f["live"]
    live[f["live"]] = number
    f["live"] += 1
    books[book]["count"][side] += 1
    _join(s, number, index)


@kernel
def _join(s, number, index):
    """Put an order at the end of its level's queue."""
    books, levels, orders = s[1], s[2], s[3]
    o = orders[number]
    book, side = o["book"], o["side"]
    o["level"] = _level(s, book, side, index)
    level = levels[o["level"]]
    o["prev"], o["next"] = level["tail"], 0
    if level["tail"]:
        orders[level["tail"]]["next"] = number
    else:
        level["head"] = number
    level["tail"] = number
    best = books[book]["best"]
    if (index < best[1]) if side else (index > best[0]):
        best[side] = index


@kernel
def _leave(s, number):
    """Take an order out of its level; the best price moves away when the level is empty."""
    levels, orders = s[2], s[3]
    o = orders[number]
    level = levels[o["level"]]
    if o["prev"]:
        orders[o["prev"]]["next"] = o["next"]
    else:
        level["head"] = o["next"]
    if o["next"]:
        orders[o["next"]]["prev"] = o["prev"]
    else:
        level["tail"] = o["prev"]
    if level["head"] == 0:
        _move_best(s, o["book"], o["side"])


@kernel
def _move_best(s, book, side):
    width = s[0][0]["width"]
    best = s[1][book]["best"]
    first = _level(s, book, side, 0)
    index = best[side]
    while 0 <= index < width and s[2][first + index]["head"] == 0:
        index += 1 if side else -1
    best[side] = index


@kernel
def _drop(s, number):
    """Forget an order that has left its level."""
    flow, books, orders, live = s[0], s[1], s[3], s[4]
    f, o = flow[0], orders[number]
    books[o["book"]]["count"][o["side"]] -= 1
    f["live"] -= 1
    last = live[f["live"]]
    live[o["place"]] = last
    orders[last]["place"] = o["place"]
    o["next"] = f["free"]
    f["free"] = number


@kernel
def _name(row, s, d):
    """Write account, id and instrument of a random live order; returns its row."""
    number = s[4][np.int64(d[PICK] * s[0][0]["live"])]
    o = s[3][number]
    row["account"], row["orig_cl_ord_id"], row["instrument"] = o["account"], o["id"], o["book"] + 1
    return number


@kernel
def _cancel(row, d, s):
    number = _name(row, s, d)
    row["command"] = Command.CANCEL_ORDER
    row["cl_ord_id"] = s[0][0]["next_id"]
    s[0][0]["next_id"] += 1
    _leave(s, number)
    _drop(s, number)


@kernel
def _replace(row, d, s):
    number = _name(row, s, d)
    o = s[3][number]
    row["command"] = Command.REPLACE_ORDER
    first = _level(s, o["book"], o["side"], 0)
    if d[SIDE] < 0.5:
        index = _index(s, d, o["book"], o["side"])
        row["price"] = _price(s, index)
        if first + index != o["level"]:
            _leave(s, number)
            _join(s, number, index)
        return
    more = -1 if o["leaves"] > 1 else LARGEST
    o["qty"] += more
    o["leaves"] += more
    row["order_qty"] = o["qty"]
    if more > 0:
        index = o["level"] - first
        _leave(s, number)
        _join(s, number, index)


@kernel
def _consume(s, book, side, qty):
    """Fill `qty` lots of one side of a book, best price first, then time."""
    books, levels, orders = s[1], s[2], s[3]
    while qty > 0 and books[book]["count"][side] > 0:
        number = levels[_level(s, book, side, books[book]["best"][side])]["head"]
        o = orders[number]
        part = min(qty, o["leaves"])
        qty -= part
        o["leaves"] -= part
        if o["leaves"] == 0:
            _leave(s, number)
            _drop(s, number)


@kernel
def _walk(s, book, side, most, edge):
    """(lots, index of the last): the first `most` orders of a side, no further than `edge`."""
    levels, orders = s[2], s[3]
    index, lots, last, left = s[1][book]["best"][side], 0, 0, most
    reached = index
    first = _level(s, book, side, 0)
    while left > 0 and 0 <= index < s[0][0]["width"] and (index <= edge if side else index >= edge):
        number = levels[first + index]["head"]
        while number and left > 0:
            last = orders[number]["leaves"]
            lots += last
            left -= 1
            reached = index
            number = orders[number]["next"]
        index += 1 if side else -1
    return lots, last, reached


@kernel
def _take(row, d, book, s):
    """A marketable order over the first orders of the other side, half of the last one."""
    f, b = s[0][0], s[1][book]
    side = np.int64(d[SIDE] < 0.5 or f["one_sided"])
    other = 1 - side
    if b["count"][other] == 0:
        _add(row, d, book, s)
        return
    full = b["count"][other] / b["target"]
    wanted = f["hit"] * full * full * full * full
    most = max(1, np.int64(wanted + d[SIZE]))
    edge = f["width"] if other else 0
    lots, last, reached = _walk(s, book, other, most, edge)
    qty = lots - last // 2
    _new(row, s, book, side, reached, qty)
    row["time_in_force"] = TimeInForce.IOC
    _consume(s, book, other, qty)


@kernel
def _crash(row, d, book, s):
    """One order that takes everything between the old middle and a new one far away."""
    f, b = s[0][0], s[1][book]
    edge = f["levels"] + 2
    middle = b["mid"] + np.int64((2 * d[PICK] - 1) * f["jump"])
    middle = min(max(middle, edge), f["width"] - edge)
    other = np.int64(middle > b["mid"])
    lots, _, _ = _walk(s, book, other, b["count"][other], middle)
    b["mid"] = middle
    if lots == 0:
        _add(row, d, book, s)
        return
    _new(row, s, book, 1 - other, middle, lots)
    row["time_in_force"] = TimeInForce.IOC
    _consume(s, book, other, lots)
