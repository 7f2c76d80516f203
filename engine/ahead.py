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
def _fetch_above(s, row, up):
    """The row that stands `up` levels above a position, if there is one."""
    for _ in range(up):
        row = np.int64(positions(s)[row]["parent"])
    if row:
        _position(s, row)


@kernel
def look_ahead(s, rows, at):
    """Fetch for the commands behind number `at`: indexes first, rows later, neighbours last."""
    last = core(s)[0]["rows"] - 1
    far = rows[min(at + _FAR, last)]
    _directory(s, _home(s, far))
    if far["command"] == _NEW:
        _index(s, _place(s, far))
        _node(s, np.int64(far["account"]))
        _limits(s, np.int64(far["account"]))
    near = rows[min(at + _NEAR, last)]
    if near["command"] == _NEW:
        _position(s, _row_of(s, near))
    else:
        slot = np.int64(directory(s)[_home(s, near)]["row"])
        _order(s, slot)
        _detail(s, slot)
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
        for up in range(1, 4):
            _fetch_above(s, _row_of(s, rows[min(at + 4 - up, last)]), up)
