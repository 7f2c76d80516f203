"""Asking for the memory that the next commands of a batch will need.

Hints only: nothing is read that could be wrong and nothing is written. A book of 50,000 orders or
100,000 accounts is larger than the cache; while one command is carried out, the rows of the ones
behind it are on their way.
"""

import numpy as np

from domain import state
from domain.attributes import InstrumentAttr, NodeAttr
from domain.bits import mix
from domain.codes import Command, Side
from domain.jit import kernel, prefetch
from domain.tables import Table, branches, core, directory, orders, position_index, positions, trees
from engine.book.directory import hash_of

_directory = prefetch(Table.DIRECTORY, state.SLOT.itemsize)
_index = prefetch(Table.POSITION_INDEX, state.SLOT.itemsize)
_node = prefetch(Table.NODE, state.NODE.itemsize)
_limits = prefetch(Table.NODE_LIMIT, 8 * int(NodeAttr.COLUMNS))
_order = prefetch(Table.ORDER, state.ORDER.itemsize)
_detail = prefetch(Table.DETAIL, state.DETAIL.itemsize)
_level = prefetch(Table.LEVEL, state.LEVEL.itemsize)
_instrument = prefetch(Table.INSTRUMENT, 8 * int(InstrumentAttr.COLUMNS))
_book = prefetch(Table.BOOK, state.BOOK.itemsize)
_tree = prefetch(Table.TREE, state.TREE.itemsize)
_branch = prefetch(Table.BRANCH, state.BRANCH.itemsize)
_position = prefetch(Table.POSITION, state.POSITION.itemsize)
_NEW, _SELL = int(Command.NEW_ORDER), int(Side.SELL)
_NODE_BYTES, _LIMIT_BYTES = state.NODE.itemsize, 8 * int(NodeAttr.COLUMNS)
_POSITION_BYTES, _BOOK_BYTES = state.POSITION.itemsize, state.BOOK.itemsize
_INSTRUMENT_BYTES = 8 * int(InstrumentAttr.COLUMNS)
_FAR, _NEAR, _NEXT = 8, 5, 2  # commands ahead


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
def _fetch_position(s, row):
    for line in range(0, _POSITION_BYTES, 64):
        _position(s, row, line)


@kernel
def _fetch_instrument(s, instrument):
    """The attributes, the book and the roots of its ladders."""
    for line in range(0, _INSTRUMENT_BYTES, 64):
        _instrument(s, instrument, line)
    for line in range(0, _BOOK_BYTES, 64):
        _book(s, instrument, line)
    _tree(s, 4 * instrument, 0)
    _tree(s, 4 * instrument + 2, 0)


@kernel
def _fetch_account(s, account):
    for line in range(0, _NODE_BYTES, 64):
        _node(s, account, line)
    for line in range(0, _LIMIT_BYTES, 64):
        _limits(s, account, line)


@kernel
def _fetch_ladder(s, cmd, deeper):
    """Of a new order: the ladder's root and the best level it may meet; or what is below the root.

    Prices outside the ladder's reach are not looked for.
    """
    instrument = np.int64(cmd["instrument"])
    if cmd["command"] != _NEW or instrument < 1 or instrument > core(s)[0]["instruments"]:
        return
    side = np.int64(cmd["side"] == _SELL)
    tree = trees(s)[4 * instrument + side]
    root, height = np.int64(tree["root"]), np.int64(tree["height"])
    place = (cmd["price"] >> (6 * max(height - 1, 0))) & 63
    if deeper == 0:
        _level(s, np.int64(trees(s)[4 * instrument + 1 - side]["best"]), 0)
        _branch(s, root, 0)
        _branch(s, root, 8 + 4 * place)
    elif height > 1:
        _branch(s, np.int64(branches(s)[root]["child"][place]), 0)
        _branch(s, np.int64(branches(s)[root]["child"][place]), 8 + 4 * (cmd["price"] & 63))
    else:
        _level(s, np.int64(branches(s)[root]["child"][place]), 0)


@kernel
def _row_of(s, cmd):
    """The position that a command will move, as far as the indexes tell at first sight."""
    if cmd["command"] == _NEW:
        return np.int64(position_index(s)[_place(s, cmd)]["row"])
    return np.int64(orders(s)[directory(s)[_home(s, cmd)]["row"]]["position"])


@kernel
def _fetch_parents(s, row, up):
    """The row `up` levels above a position."""
    for _ in range(up):
        row = np.int64(positions(s)[row]["parent"])
    if row:
        _fetch_position(s, row)


@kernel
def look_ahead(s, rows, at):
    """Fetch for the commands behind number `at`: indexes first, rows later, neighbours last."""
    last = core(s)[0]["rows"] - 1
    instrument = rows[at]["instrument"]
    far = rows[min(at + _FAR, last)]
    _directory(s, _home(s, far), 0)
    if far["command"] == _NEW:
        _index(s, _place(s, far), 0)
        _fetch_account(s, np.int64(far["account"]))
    elsewhere = far["instrument"] != instrument
    if elsewhere:
        _fetch_instrument(s, np.int64(far["instrument"]))
    near = rows[min(at + _NEAR, last)]
    if near["command"] == _NEW:
        _fetch_position(s, _row_of(s, near))
    else:
        slot = np.int64(directory(s)[_home(s, near)]["row"])
        _order(s, slot, 0)
        _detail(s, slot, 0)
    after = rows[min(at + _NEXT, last)]
    if after["command"] != _NEW:
        order = orders(s)[directory(s)[_home(s, after)]["row"]]
        _level(s, np.int64(order["level"]), 0)
        _order(s, np.int64(order["prev"]), 0)
        _order(s, np.int64(order["next"]), 0)
        _fetch_position(s, np.int64(order["position"]))
    if elsewhere:
        _fetch_ladder(s, near, 0)
        _fetch_ladder(s, after, 1)
        for up in range(1, 4):
            _fetch_parents(s, _row_of(s, rows[min(at + 4 - up, last)]), up)
