"""Asking for the memory that the next commands of a batch will need.

Hints only: nothing is read that could be wrong and nothing is written. A book of 50,000 orders or
100,000 accounts is larger than the cache; while one command is carried out, the rows of the ones
behind it are on their way.
"""

import numpy as np

from domain import state
from domain.attributes import NodeAttr
from domain.bits import mix
from domain.codes import Command
from domain.jit import kernel, prefetch
from domain.tables import Table, core, directory, orders, position_index
from engine.book.directory import hash_of

_directory = prefetch(Table.DIRECTORY, state.SLOT.itemsize)
_index = prefetch(Table.POSITION_INDEX, state.SLOT.itemsize)
_node = prefetch(Table.NODE, state.NODE.itemsize)
_limits = prefetch(Table.NODE_LIMIT, 8 * int(NodeAttr.COLUMNS))
_order = prefetch(Table.ORDER, state.ORDER.itemsize)
_detail = prefetch(Table.DETAIL, state.DETAIL.itemsize)
_level = prefetch(Table.LEVEL, state.LEVEL.itemsize)
_position = prefetch(Table.POSITION, state.POSITION.itemsize)
_NEW = int(Command.NEW_ORDER)
_NODE_BYTES, _LIMIT_BYTES = state.NODE.itemsize, 8 * int(NodeAttr.COLUMNS)
_POSITION_BYTES = state.POSITION.itemsize
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
def look_ahead(s, rows, at):
    """Fetch for the commands behind number `at`: indexes first, rows later, neighbours last."""
    last = core(s)[0]["rows"] - 1
    far = rows[min(at + _FAR, last)]
    account = np.int64(far["account"])
    _directory(s, _home(s, far), 0)
    if far["command"] == _NEW:
        _index(s, _place(s, far), 0)
        for line in range(0, _NODE_BYTES, 64):
            _node(s, account, line)
        for line in range(0, _LIMIT_BYTES, 64):
            _limits(s, account, line)
    near = rows[min(at + _NEAR, last)]
    if near["command"] == _NEW:
        row = np.int64(position_index(s)[_place(s, near)]["row"])
        for line in range(0, _POSITION_BYTES, 64):
            _position(s, row, line)
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
        for line in range(0, _POSITION_BYTES, 64):
            _position(s, np.int64(order["position"]), line)
