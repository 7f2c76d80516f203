"""Asking for the memory that the next commands of a batch will need.

Hints only: nothing is read that could be wrong and nothing is written. A book of 50,000 orders or
100,000 accounts is larger than the cache; while one command is carried out, the rows of the ones
behind it are on their way.
"""

import numpy as np

from domain import layout, state
from domain.attributes import InstrumentAttr, NodeAttr
from domain.bits import mix, prefetch
from domain.codes import Command, Side
from domain.jit import kernel
from domain.tables import (
    Table,
    branches,
    core,
    details,
    directory,
    levels,
    orders,
    position_index,
    trees,
)
from engine.book.directory import hash_of
from engine.book.queue import crosses
from risk.admission.bounds import rows_above

_command = prefetch(Table.COMMAND, layout.COMMAND.itemsize)
_directory = prefetch(Table.DIRECTORY, state.SLOT.itemsize)
_index = prefetch(Table.POSITION_INDEX, state.SLOT.itemsize)
_node = prefetch(Table.NODE, state.NODE.itemsize)
_limits = prefetch(Table.NODE_LIMIT, 8 * int(NodeAttr.COLUMNS))
_bounds = prefetch(Table.BOUND, 8 * state.BOUND)
_order = prefetch(Table.ORDER, state.ORDER.itemsize)
_detail = prefetch(Table.DETAIL, state.DETAIL.itemsize)
_level = prefetch(Table.LEVEL, state.LEVEL.itemsize)
_instrument = prefetch(Table.INSTRUMENT, 8 * int(InstrumentAttr.COLUMNS))
_book = prefetch(Table.BOOK, state.BOOK.itemsize)
_tree = prefetch(Table.TREE, state.TREE.itemsize)
_branch = prefetch(Table.BRANCH, state.BRANCH.itemsize)
_position = prefetch(Table.POSITION, state.POSITION.itemsize)
_NEW, _SELL = int(Command.NEW_ORDER), int(Side.SELL)
_FAR, _NEAR, _MIDDLE, _NEXT = 8, 5, 4, 2  # commands ahead
_ROWS = 24  # the same of the commands themselves, which nobody has read yet
_ORDER_BYTES = state.ORDER.itemsize + state.DETAIL.itemsize
_POSITION_BYTES = state.POSITION.itemsize
_NODE_BYTES = state.NODE.itemsize + 8 * int(NodeAttr.COLUMNS) + 8 * state.BOUND
_BOOK_BYTES = state.BOOK.itemsize + 8 * int(InstrumentAttr.COLUMNS)
_NEAR_CACHE = 2**20


@kernel
def _home(s, cmd):
    """The place in the directory where the order that a command names should be."""
    number = cmd["cl_ord_id"] if cmd["command"] == _NEW else cmd["orig_cl_ord_id"]
    return hash_of(s, np.int64(cmd["account"]), number) & (len(directory(s)) - 1)


@kernel
def _place(s, cmd):
    """The place in the index where the position of a command's account should be."""
    key = mix(np.int64(cmd["account"]), np.int64(cmd["instrument"]))
    return key & (len(position_index(s)) - 1)


@kernel
def _fetch_ladder(s, cmd, below):
    """Of a new order: the root of its ladder and the best level it may meet, or what is `below`.

    Prices outside the ladder's reach are not looked for.
    """
    instrument = np.int64(cmd["instrument"])
    if cmd["command"] != _NEW or instrument < 1 or instrument > core(s)[0]["instruments"]:
        return
    side = np.int64(cmd["side"] == _SELL)
    tree = trees(s)[4 * instrument + side]
    root, height = np.int64(tree["root"]), np.int64(tree["height"])
    if not below:
        _level(s, np.int64(trees(s)[4 * instrument + 1 - side]["best"]))
        _branch(s, root)
        return
    place = (cmd["price"] >> (6 * max(height - 1, 0))) & 63
    child = np.int64(branches(s)[root]["child"][place])
    if height > 1:
        _branch(s, child)
    else:
        _level(s, child)


@kernel
def _row_of(s, cmd):
    """The position that a command will move, as far as the indexes tell at first sight."""
    if cmd["command"] == _NEW:
        return np.int64(position_index(s)[_place(s, cmd)]["row"])
    return np.int64(orders(s)[directory(s)[_home(s, cmd)]["row"]]["position"])


@kernel
def _fetch_above(s, row):
    """The rows above a position."""
    for above in rows_above(s, row):
        _position(s, above)


@kernel
def is_wide(s):
    """Whether the rows that commands need are more than a cache near the processor holds.

    2 if those of accounts alone are.
    """
    c = core(s)[0]
    used = c["order_high"] * _ORDER_BYTES + c["positions"] * _POSITION_BYTES
    accounts = c["nodes"] * _NODE_BYTES
    if used + accounts + c["instruments"] * _BOOK_BYTES <= _NEAR_CACHE:
        return 0
    return 2 if 2 * accounts > _NEAR_CACHE else 1


@kernel
def fetch_behind(s, maker):
    """Fetch what the orders behind one that trades will need when their turn comes.

    And its own place in the directory, which it leaves if it is filled.
    """
    after = np.int64(orders(s)[maker]["next"])
    key = hash_of(s, orders(s)[maker]["account"], details(s)[maker]["cl_ord_id"])
    _directory(s, key & (len(directory(s)) - 1))
    _order(s, np.int64(orders(s)[after]["next"]))
    _detail(s, after)
    _position(s, np.int64(orders(s)[after]["position"]))


@kernel
def look_ahead(s, rows, at, wide, home):
    """Fetch for the commands behind number `at`: indexes first, orders and their details later.

    From a `wide` state also what else these commands will need. `home`: the place of the command
    _NEAR behind; returns that of the one _FAR behind.
    """
    last = core(s)[0]["rows"] - 1
    _command(s, at + _ROWS)
    far = rows[min(at + _FAR, last)]
    place = _home(s, far)
    _directory(s, place)
    slot = np.int64(directory(s)[home]["row"])  # of a new order most likely none
    _order(s, slot)
    _detail(s, slot)
    if wide:
        _fetch_accounts(s, far, rows[min(at + _NEAR, last)], wide)
        _fetch_books(s, rows, at, last)
    return place


@kernel
def _fetch_accounts(s, far, near, wide):
    """The rows of the account of a new order, then its position."""
    if far["command"] == _NEW:
        _index(s, _place(s, far))
        if wide > 1:
            _node(s, np.int64(far["account"]))
            _limits(s, np.int64(far["account"]))
            _bounds(s, np.int64(far["account"]))
    if near["command"] == _NEW:
        _position(s, _row_of(s, near))


@kernel
def _fetch_maker(s, cmd):
    """The first order that a new order will trade with, if it does."""
    instrument = np.int64(cmd["instrument"])
    if cmd["command"] != _NEW or instrument < 1 or instrument > core(s)[0]["instruments"]:
        return
    sell = np.int64(cmd["side"] == _SELL)
    level = levels(s)[trees(s)[4 * instrument + 1 - sell]["best"]]
    if crosses(sell, cmd["price"], level["price"]):
        maker = np.int64(level["head"])
        _order(s, maker)
        _detail(s, maker)


@kernel
def _fetch_books(s, rows, at, last):
    """The neighbours and the position of a named order, and the ladder of another instrument."""
    far, near = rows[min(at + _FAR, last)], rows[min(at + _NEAR, last)]
    after = rows[min(at + _NEXT, last)]
    if after["command"] != _NEW:
        order = orders(s)[directory(s)[_home(s, after)]["row"]]
        _level(s, np.int64(order["level"]))
        _order(s, np.int64(order["prev"]))
        _order(s, np.int64(order["next"]))
        _position(s, np.int64(order["position"]))
    if far["instrument"] != rows[at]["instrument"]:
        instrument = np.int64(far["instrument"])
        _instrument(s, instrument)
        _book(s, instrument)
        _tree(s, 4 * instrument)
        _tree(s, 4 * instrument + 2)
        _fetch_ladder(s, near, False)
        _fetch_ladder(s, after, True)
        _fetch_maker(s, after)
        _position(s, _row_of(s, rows[min(at + _MIDDLE, last)]))
        _fetch_above(s, _row_of(s, after))
