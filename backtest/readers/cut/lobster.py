"""The kernel that turns LOBSTER messages and book rows into FACT rows.

A LOBSTER pair shows the best N levels a side. Orders that were there before the file begins are
not named, and a level that comes into view from beyond the N-th was never announced. Such
quantity becomes one nameless order a level with a reference of our own, so that the book is whole.

Levels in view only ever change by messages. A level that left the view may change unseen: when it
returns, its quantity is compared with the row, and if it differs the level is cleared and learned
again. Only prices beyond the worst one of the row before are ever learned; within it a difference
stays one, for the check to find.
"""

import numpy as np

from backtest.readers.cut.table import find, forget
from backtest.readers.facts import FIRST_SYNTHETIC_REF, FactKind
from domain.bits import mix
from domain.codes import Side
from domain.jit import entry, kernel

LEVEL = np.dtype(
    [
        ("key", "i8"),  # 2 * price + (1 for asks); 0 is an empty slot
        ("qty", "i8"),
        ("nameless", "i8"),  # reference of the nameless order, 0 none
        ("nameless_qty", "i8"),
        ("epoch", "i8"),  # raised when the level is cleared: its orders are no longer known
    ]
)
TIME, TYPE, ID, SIZE, PRICE, DIRECTION, LINE = range(7)
# cells of `state`
LIVE, LEVELS, NEXT_REF, STARTED, LEARNED, NAMELESS, BEYOND_BIDS, BEYOND_ASKS, CELLS = range(9)
DUMMY = 9_999_999_999
NOTE, ADD, REDUCE = int(FactKind.NOTE), int(FactKind.ADD), int(FactKind.REDUCE)
DELETE, EXECUTE, CLEAR = int(FactKind.DELETE), int(FactKind.EXECUTE), int(FactKind.CLEAR)
TRADE, HALT, RESUME = int(FactKind.TRADE), int(FactKind.HALT), int(FactKind.RESUME)
BUY, SELL = int(Side.BUY), int(Side.SELL)
FIRST_REF = np.int64(FIRST_SYNTHETIC_REF)


@kernel
def level_of(levels, side, price, state):
    """The slot of a level, a new one if need be (the caller keeps room)."""
    key = 2 * price + (1 if side == SELL else 0)
    mask = len(levels) - 1
    at = mix(key, 1) & mask
    while levels[at]["key"] != 0 and levels[at]["key"] != key:
        at = (at + 1) & mask
    if levels[at]["key"] == 0:
        state[LEVELS] += 1
        levels[at]["key"] = key
    return at


@entry
def rehash(old, new):
    """Move every level of the table `old` into the empty table `new`."""
    mask = len(new) - 1
    for k in range(len(old)):
        if old[k]["key"] != 0:
            at = mix(old[k]["key"], 1) & mask
            while new[at]["key"] != 0:
                at = (at + 1) & mask
            new[at] = old[k]


@kernel
def fact(out, row, kind, ref, side, price, qty):
    """Write one FACT row."""
    out["time"] = row[TIME]
    out["place"] = row[LINE]
    out["instrument"] = 1
    out["kind"] = kind
    out["ref"] = ref
    out["new_ref"] = 0
    out["side"] = side
    out["price"] = price
    out["qty"] = qty


@kernel
def learn(levels, row, side, price, qty, out, state):
    """Make the level hold exactly `qty`, as one nameless order; rows written."""
    at = level_of(levels, side, price, state)
    made = 0
    if levels[at]["qty"] > 0:
        fact(out[made], row, CLEAR, 0, side, price, 0)
        made += 1
    levels[at]["qty"] = qty
    levels[at]["epoch"] += 1
    levels[at]["nameless"] = 0
    levels[at]["nameless_qty"] = qty
    if qty > 0:
        levels[at]["nameless"] = state[NEXT_REF]
        fact(out[made], row, ADD, state[NEXT_REF], side, price, qty)
        state[NEXT_REF] += 1
        state[LEARNED] += 1
        made += 1
    return made


@kernel
def seed(levels, row, book, out, state):
    """The book before the first message: the first row, with that message undone."""
    kind, price, size = row[TYPE], row[PRICE], row[SIZE]
    own = BUY if row[DIRECTION] > 0 else SELL
    change = np.int64(0)
    if kind == 1:
        change = -size
    elif kind == 2 or kind == 3 or kind == 4:
        change = size
    made = 0
    for k in range(0, len(book), 2):
        side = SELL if k % 4 == 0 else BUY
        qty = book[k + 1]
        if abs(book[k]) == DUMMY:
            continue
        if side == own and book[k] == price:
            qty += change
            change = np.int64(0)
        if qty > 0:
            made += learn(levels, row, side, book[k], qty, out[made:], state)
    if change > 0:  # the message took the last of its level
        made += learn(levels, row, own, price, change, out[made:], state)
    state[STARTED] = 1
    return made


@kernel
def take(orders, levels, row, out, state):
    """Types 2, 3 and 4: cancel, delete, execute."""
    kind, ref, price, size = row[TYPE], row[ID], row[PRICE], row[SIZE]
    side = BUY if row[DIRECTION] > 0 else SELL
    said = EXECUTE if kind == 4 else REDUCE
    lev = level_of(levels, side, price, state)
    at = find(orders, ref)
    if orders[at]["ref"] != 0 and orders[at]["total"] != levels[lev]["epoch"]:
        forget(orders, at)  # its level was cleared while it was out of view
        state[LIVE] -= 1
        at = find(orders, ref)
    if orders[at]["ref"] != 0:
        qty = orders[at]["leaves"] if kind == 3 else min(size, orders[at]["leaves"])
        levels[lev]["qty"] -= qty
        orders[at]["leaves"] -= qty
        if orders[at]["leaves"] == 0:
            forget(orders, at)
            state[LIVE] -= 1
        fact(out, row, DELETE if kind == 3 else said, ref, side, price, size)
    elif levels[lev]["nameless_qty"] >= size:
        state[NAMELESS] += 1
        levels[lev]["qty"] -= size
        levels[lev]["nameless_qty"] -= size
        fact(out, row, said, levels[lev]["nameless"], side, price, size)
    else:
        fact(out, row, said, ref, side, price, size)
    return 1


@kernel
def message(orders, levels, row, out, state):
    """The fact of one message."""
    kind, ref, price, size = row[TYPE], row[ID], row[PRICE], row[SIZE]
    side = BUY if row[DIRECTION] > 0 else SELL
    if kind == 1:
        fact(out, row, ADD, ref, side, price, size)
        lev = level_of(levels, side, price, state)
        at = find(orders, ref)
        if orders[at]["ref"] != 0 and orders[at]["total"] == levels[lev]["epoch"]:
            return 1  # used twice: the books will say so
        if orders[at]["ref"] == 0:
            state[LIVE] += 1
        orders[at]["ref"] = ref
        orders[at]["leaves"] = size
        orders[at]["total"] = levels[lev]["epoch"]
        levels[lev]["qty"] += size
    elif kind <= 4:
        take(orders, levels, row, out, state)
    elif kind == 7:
        said = HALT if price == -1 else (RESUME if price == 1 else NOTE)
        fact(out, row, said, 0, 0, 0, 0)
    else:
        fact(out, row, TRADE, 0, side, price, size)
    return 1


@kernel
def worst(book, side):
    """Position of the worst level of a side in a row, and whether all N levels are there."""
    first = 0 if side == SELL else 2
    at = len(book) - 4 + first
    full = abs(book[at]) != DUMMY
    while at >= first and abs(book[at]) == DUMMY:
        at -= 4
    return at, full


@kernel
def further(side, price, than):
    """Whether `price` is worse than `than` for an order of this side."""
    return price > than if side == SELL else price < than


@kernel
def edge(levels, row, before, book, side, beyond, out, state):
    """What came into view and what left it on one side; rows written."""
    at_before, was_full = worst(before, side)
    at_now, is_full = worst(book, side)
    cell = BEYOND_ASKS if side == SELL else BEYOND_BIDS
    made = 0
    if was_full:
        limit = before[at_before]
        if not is_full or further(side, book[at_now], limit):
            made += returned(levels, row, book, side, beyond, out, state)
        at = at_now
        while at >= 0 and further(side, book[at], limit):
            lev = level_of(levels, side, book[at], state)
            if levels[lev]["qty"] != book[at + 1]:
                made += learn(levels, row, side, book[at], book[at + 1], out[made:], state)
            at -= 4
    if is_full:
        limit = book[at_now]
        at = at_before
        while at >= 0 and further(side, before[at], limit):
            lev = level_of(levels, side, before[at], state)
            if levels[lev]["qty"] > 0 and state[cell] < len(beyond):
                beyond[state[cell]] = before[at]
                state[cell] += 1
            at -= 4
    return made


@kernel
def returned(levels, row, book, side, beyond, out, state):
    """Levels that had left the view, are inside it again, and are not there any more."""
    cell = BEYOND_ASKS if side == SELL else BEYOND_BIDS
    at_now, is_full = worst(book, side)
    made, k = 0, 0
    while k < state[cell] and made + 2 <= len(out):
        price = beyond[k]
        if is_full and further(side, price, book[at_now]):
            k += 1
            continue
        state[cell] -= 1
        beyond[k] = beyond[state[cell]]
        present = False
        for at in range(0 if side == SELL else 2, len(book), 4):
            present = present or book[at] == price
        lev = level_of(levels, side, price, state)
        if not present and levels[lev]["qty"] > 0:
            made += learn(levels, row, side, price, 0, out[made:], state)
    return made


@entry
def cut(rows, books, orders, levels, beyond, out, state):
    """FACT rows for messages and book rows; returns (messages used, facts).

    `rows`: the six columns and the line number; `books`: N x (ask, size, bid, size), the row
    before the first message included as books[0]; without a book file it has no columns.
    `beyond`: a row of prices for bids and one for asks. Stops early when `out` or a table could
    become full.
    """
    made = 0
    width = books.shape[1]
    for k in range(len(rows)):
        room = 64 + 4 * width
        if made + room > len(out) or 4 * (state[LIVE] + 1) > 3 * len(orders):
            return k, made
        if 2 * (state[LEVELS] + width + 2) > len(levels):
            return k, made
        row = rows[k]
        if width and state[STARTED] == 0:
            made += seed(levels, row, books[k + 1], out[made:], state)
            made += message(orders, levels, row, out[made], state)
            continue
        made += message(orders, levels, row, out[made], state)
        if width and row[TYPE] != 7:
            for side in (BUY, SELL):
                made += edge(
                    levels, row, books[k], books[k + 1], side, beyond[side - 1],
                    out[made : made + room // 2], state,
                )  # fmt: skip
    return len(rows), made
