"""Whether a new value of a limit allows more than the old one, and how many times as much.

Values are those of the tables: no limit is NO_LIMIT, or 0 where 0 means none. A limit with a size
(lots, money, orders a second) grows by a factor; a permission is only given or taken away.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from domain.attributes import NODE_ATTRIBUTES, POSITION_ATTRIBUTES, NodeAttr, PositionAttr
from domain.codes import NodeStatus, ShortSale
from domain.limits import NO_LIMIT

Row = Sequence[int]
_N = NodeAttr
_ZERO_IS_NONE = {_N.ORDER_RATE, _N.REPLACE_RATE, _N.CANCEL_RATE, _N.RRM_ENTER_BPS}
_MORE = {
    _N.CREDIT, _N.ORDER_BURST, _N.REPLACE_BURST, _N.CANCEL_BURST, _N.ORDER_TO_TRADE_FLOOR,
    _N.RRM_LEAVE_BPS,
}  # fmt: skip
_PART_OF = {  # says nothing while the limit that it belongs to is not there
    _N.ORDER_BURST: _N.ORDER_RATE, _N.REPLACE_BURST: _N.REPLACE_RATE,
    _N.CANCEL_BURST: _N.CANCEL_RATE, _N.ORDER_TO_TRADE_FLOOR: _N.ORDER_TO_TRADE,
    _N.EXECUTION_WINDOW_NS: _N.MAX_EXECUTIONS, _N.RRM_LEAVE_BPS: _N.RRM_ENTER_BPS,
}  # fmt: skip
_LESS = {_N.DUPLICATE_WINDOW_NS, _N.EXECUTION_WINDOW_NS}
_BITS = {_N.ALLOWED_TYPES, _N.ALLOWED_SIDES, _N.ALLOWED_ORD_TYPES}
_ORDERED = {  # from the tightest to the loosest
    _N.STATUS: (NodeStatus.SUSPENDED, NodeStatus.CLOSE_ONLY, NodeStatus.ACTIVE),
    _N.SHORT_SALE: (ShortSale.FORBIDDEN, ShortSale.LOCATE, ShortSale.ALLOWED),
    _N.ALGO_REQUIRED: (1, 0),
}
SAME = 1.0


def node_factor(attribute: int, values: Row, new: int) -> tuple[bool, float]:
    """(whether a limit of a node is looser, times as much; 1 where it has no size).

    values: the node's attributes before the change.
    """
    code, old = NodeAttr(attribute), int(values[attribute])
    owner = _PART_OF.get(code)
    if owner is not None and math.isinf(_sized(int(values[owner]), owner in _ZERO_IS_NONE)):
        return False, SAME
    if code == _N.CHECK_BUYING_POWER:  # without it nothing is checked: as large as it gets
        return (True, math.inf) if old and not new else (False, SAME)
    if code in _BITS:
        return bool(new & ~old), SAME
    if code in _ORDERED:
        places = [int(value) for value in _ORDERED[code]]
        return places.index(new) > places.index(old), SAME
    if code in _LESS:
        old, new = new, old
    elif code not in _MORE and code not in _ZERO_IS_NONE and not NODE_ATTRIBUTES[code].none:
        return False, SAME
    return _grown(_sized(old, code in _ZERO_IS_NONE), _sized(new, code in _ZERO_IS_NONE))


def position_factor(attribute: int, old: int, new: int) -> tuple[bool, float]:
    """The same for a limit of a position or group; without one of its own give the node's."""
    if not POSITION_ATTRIBUTES[PositionAttr(attribute)].none:
        return bool(old) and not new, SAME  # restricted
    return _grown(_sized(old, False), _sized(new, False))


def _sized(value: int, zero_is_none: bool) -> float:
    none = value == NO_LIMIT or (zero_is_none and value == 0)
    return math.inf if none else float(value)


def _grown(old: float, new: float) -> tuple[bool, float]:
    if new <= old:
        return False, SAME
    return True, new / old if old > 0 and new < math.inf else math.inf
