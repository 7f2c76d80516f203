"""SET: one attribute of an instrument, a node, a position row or an exposure group.

The ranges of `domain.attributes` are kept here as constant arrays; "no limit" (0 for attributes
that say so) is stored as NO_LIMIT so that a check is one comparison.
"""

import numpy as np

from domain.attributes import (
    INSTRUMENT_ATTRIBUTES,
    NODE_ATTRIBUTES,
    POSITION_ATTRIBUTES,
    InstrumentAttr,
    NodeAttr,
    PositionAttr,
)
from domain.codes import Level, MarginModel, Reason, Scope
from domain.jit import cold, kernel
from domain.limits import NO_LIMIT
from domain.tables import books, core, groups, instruments, node_limits, nodes, positions
from risk.admission.bounds import limits_changed
from risk.admission.refusal import refuse, refuse_plain
from risk.derived import derive_instrument
from risk.marking import CURRENCY_GROUP, PRODUCT_GROUP, group_row, mark_anew, review_reduction
from risk.positions import position_row
from risk.span.exchange import forget_all, has_contract, in_force
from risk.span.loading import set_parameter


def _bounds(attributes, columns):
    """Rows of (known, least, most, 0 means none, default as stored) by attribute number."""
    table = np.zeros((columns, 5), np.int64)
    for number, a in attributes.items():
        table[int(number)] = (1, a.minimum, a.maximum, a.none, a.stored_default)
    return table


INSTRUMENT_BOUNDS = _bounds(INSTRUMENT_ATTRIBUTES, int(InstrumentAttr.COLUMNS))
NODE_BOUNDS = _bounds(NODE_ATTRIBUTES, int(NodeAttr.COLUMNS))
_POSITION_BOUNDS = _bounds(POSITION_ATTRIBUTES, len(PositionAttr))
_KNOWN, _LEAST, _MOST, _NONE, DEFAULT = 0, 1, 2, 3, 4

_I, _N, _P = InstrumentAttr, NodeAttr, PositionAttr
_FIXED = (
    int(_I.TYPE),
    int(_I.CURRENCY),
    int(_I.PRODUCT),
    int(_I.MULTIPLIER),
    int(_I.MARGIN_MODEL),
)
_I_CURRENCY, _I_PRODUCT = int(_I.CURRENCY), int(_I.PRODUCT)
_TICK_FIRST, _TICK_LAST = int(_I.TICK_FROM_1), int(_I.TICK_8)
_N_CURRENCY, _COST_METHOD = int(_N.CURRENCY), int(_N.COST_METHOD)
_MAX_POSITION, _MAX_EXPOSURE = int(_P.MAX_POSITION), int(_P.MAX_EXPOSURE)
_RESTRICTED = int(_P.RESTRICTED)
_GROUP_GROSS = int(_P.MAX_GROUP_GROSS)
_S_INSTRUMENT, _S_NODE = int(Scope.INSTRUMENT), int(Scope.NODE)
_S_POSITION, _S_GROUP = int(Scope.POSITION), int(Scope.GROUP)
_S_MARGIN, _MODEL, _SCENARIO = int(Scope.MARGIN), int(_I.MARGIN_MODEL), int(MarginModel.SCENARIO)
_ACCOUNT = int(Level.ACCOUNT)
_UNKNOWN_ENTITY, _UNKNOWN_ATTRIBUTE = int(Reason.UNKNOWN_ENTITY), int(Reason.UNKNOWN_ATTRIBUTE)
_UNKNOWN_SYMBOL, _NOT_ALLOWED = int(Reason.UNKNOWN_SYMBOL), int(Reason.VALUE_NOT_ALLOWED)
_NO = np.int64(0)


@kernel
def not_allowed(s, limit, observed):
    """Refuse a value: the bound it breaks, and the value."""
    return refuse(s, _NOT_ALLOWED, 0, limit, observed, 0)


@kernel
def _range_check(s, bounds, attribute, value):
    if attribute >= len(bounds) or bounds[attribute, _KNOWN] == 0:
        return refuse_plain(s, _UNKNOWN_ATTRIBUTE)
    if value < bounds[attribute, _LEAST]:
        return not_allowed(s, bounds[attribute, _LEAST], value)
    if value > bounds[attribute, _MOST]:
        return not_allowed(s, bounds[attribute, _MOST], value)
    return _NO


@kernel
def _stored(bounds, attribute, value):
    return NO_LIMIT if value == 0 and bounds[attribute, _NONE] else value


@kernel
def in_use(r):
    """Whether a position row holds lots or open orders."""
    return (r["qty"] | r["long_qty"] | r["short_qty"]) != 0


@kernel
def _instrument_in_use(s, instrument):
    for row in range(1, np.int64(core(s)[0]["positions"]) + 1):
        r = positions(s)[row]
        if r["instrument"] == instrument and in_use(r):
            return True
    return False


@kernel
def _node_in_use(s, node):
    row = np.int64(nodes(s)[node]["first_position"])
    while row:
        if in_use(positions(s)[row]):
            return True
        row = np.int64(positions(s)[row]["next"])
    return False


@kernel
def _has_children(s, node):
    for other in range(1, np.int64(core(s)[0]["nodes"]) + 1):
        if nodes(s)[other]["parent"] == node:
            return True
    return False


@kernel
def _tick_check(s, row, attribute, value):
    """Bands stay in ascending order of price; the first band keeps a tick."""
    is_from = (attribute - _TICK_FIRST) % 2 == 0
    if is_from:
        active = row[attribute + 1] != 0
        if attribute > _TICK_FIRST and active and value <= row[attribute - 2]:
            return not_allowed(s, row[attribute - 2] + 1, value)
        if attribute + 2 < _TICK_LAST and row[attribute + 3] and value >= row[attribute + 2]:
            return not_allowed(s, row[attribute + 2] - 1, value)
        return _NO
    if attribute == _TICK_FIRST + 1:
        return not_allowed(s, 1, value) if value == 0 else _NO
    if value and row[attribute - 2] == 0:
        return not_allowed(s, 0, value)
    if value and row[attribute - 1] <= row[attribute - 3]:
        return not_allowed(s, row[attribute - 3] + 1, row[attribute - 1])
    if value == 0 and attribute < _TICK_LAST and row[attribute + 2]:
        return not_allowed(s, 1, value)
    return _NO


@kernel
def _set_instrument(s, i, attribute, value):
    if i < 1 or i > core(s)[0]["instruments"]:
        return refuse_plain(s, _UNKNOWN_ENTITY)
    reason = _range_check(s, INSTRUMENT_BOUNDS, attribute, value)
    if reason:
        return reason
    row = instruments(s)[i]
    if attribute in _FIXED and value != row[attribute] and _instrument_in_use(s, i):
        return not_allowed(s, row[attribute], value)
    if attribute >= _TICK_FIRST:
        reason = _tick_check(s, row, attribute, value)
        if reason:
            return reason
    if attribute == _MODEL and value != row[_MODEL]:
        return _set_model(s, i, value)
    row[attribute] = _stored(INSTRUMENT_BOUNDS, attribute, value)
    books(s)[i]["moved"] = 1
    derive_instrument(s, i)
    return _NO


@cold
def _set_model(s, i, model):
    """Another MARGIN_MODEL; SCENARIO needs a contract among the parameters in force.

    What a row of such an instrument holds of its account's margin goes to the other rows.
    """
    if model == _SCENARIO and not has_contract(s, in_force(s), i):
        return not_allowed(s, _SCENARIO - 1, model)
    moves = model == _SCENARIO or instruments(s)[i, _MODEL] == _SCENARIO
    instruments(s)[i, _MODEL] = model
    if moves:
        forget_all(s)
        mark_anew(s)
    return _NO


@kernel
def _set_node(s, node, attribute, value):
    if node < 1 or node > core(s)[0]["nodes"]:
        return refuse_plain(s, _UNKNOWN_ENTITY)
    reason = _range_check(s, NODE_BOUNDS, attribute, value)
    if reason:
        return reason
    row = node_limits(s)[node]
    if value != row[attribute]:
        if attribute == _N_CURRENCY and (
            nodes(s)[node]["parent"] or _has_children(s, node) or _node_in_use(s, node)
        ):
            return not_allowed(s, row[attribute], value)
        if attribute == _COST_METHOD and _node_in_use(s, node):
            return not_allowed(s, row[attribute], value)
    row[attribute] = _stored(NODE_BOUNDS, attribute, value)
    limits_changed(s, node)
    if nodes(s)[node]["level"] == _ACCOUNT:
        review_reduction(s, node)
    return _NO


@kernel
def _set_position(s, node, instrument, attribute, value):
    if instrument < 1 or instrument > core(s)[0]["instruments"]:
        return refuse_plain(s, _UNKNOWN_SYMBOL)
    if attribute > _RESTRICTED:
        return refuse_plain(s, _UNKNOWN_ATTRIBUTE)
    reason = _range_check(s, _POSITION_BOUNDS, attribute, value)
    if reason:
        return reason
    r = positions(s)[position_row(s, node, instrument)]
    stored = _stored(_POSITION_BOUNDS, attribute, value)
    if attribute == _MAX_POSITION:
        r["max_position"] = stored
    elif attribute == _MAX_EXPOSURE:
        r["max_exposure"] = stored
    else:
        r["restricted"] = stored
    r["own"] = np.int64(min(r["max_position"], r["max_exposure"]) < NO_LIMIT)
    return _NO


@kernel
def groups_room(s):
    """Whether one more exposure group fits."""
    return core(s)[0]["groups"] + 1 < len(groups(s))


@kernel
def _add_group(s, node, kind, number):
    """A group row whose sums are worked out from the node's position rows."""
    c = core(s)[0]
    row = np.int64(c["groups"]) + 1
    c["groups"] = row
    g = groups(s)[row]
    n = nodes(s)[node]
    g["node"] = node
    g["kind"] = kind
    g["id"] = number
    g["next"] = n["first_group"]
    g["max_gross"] = NO_LIMIT
    g["max_net"] = NO_LIMIT
    n["first_group"] = row
    n["groups"] += 1
    limits_changed(s, node)
    column = _I_PRODUCT if kind == PRODUCT_GROUP else _I_CURRENCY
    at = np.int64(n["first_position"])
    while at:
        r = positions(s)[at]
        if instruments(s)[r["instrument"], column] == number:
            g["gross"] += r["exposure"]
            g["long_net"] += r["value"] + r["buy_value"]
            g["short_net"] += r["value"] - r["sell_value"]
        at = np.int64(r["next"])
    return row


@kernel
def _set_group(s, cmd, attribute, value):
    kind, number, node = np.int64(cmd["index"]), np.int64(cmd["instrument"]), cmd["entity"]
    if kind not in (PRODUCT_GROUP, CURRENCY_GROUP):
        return refuse_plain(s, _UNKNOWN_ENTITY)
    if attribute < _GROUP_GROSS:
        return refuse_plain(s, _UNKNOWN_ATTRIBUTE)
    reason = _range_check(s, _POSITION_BOUNDS, attribute, value)
    if reason:
        return reason
    bounds = INSTRUMENT_BOUNDS[_I_PRODUCT]
    if number < bounds[_LEAST] or number > bounds[_MOST]:
        return not_allowed(s, bounds[_MOST], number)
    row = group_row(s, node, kind, number)
    if row == 0:
        row = _add_group(s, node, kind, number)
    if attribute == _GROUP_GROSS:
        groups(s)[row]["max_gross"] = _stored(_POSITION_BOUNDS, attribute, value)
    else:
        groups(s)[row]["max_net"] = _stored(_POSITION_BOUNDS, attribute, value)
    return _NO


@kernel
def set_attribute(s, cmd):
    """SET of scope INSTRUMENT, NODE, POSITION, GROUP or MARGIN; the reason of a refusal."""
    scope, entity = np.int64(cmd["scope"]), np.int64(cmd["entity"])
    attribute, value = np.int64(cmd["attribute"]), cmd["value"]
    if scope == _S_INSTRUMENT:
        return _set_instrument(s, entity, attribute, value)
    if scope == _S_NODE:
        return _set_node(s, entity, attribute, value)
    if scope == _S_MARGIN:
        return set_parameter(s, cmd)
    known = entity >= 1 and entity <= core(s)[0]["nodes"]
    if known and scope == _S_POSITION:
        return _set_position(s, entity, np.int64(cmd["instrument"]), attribute, value)
    if known and scope == _S_GROUP:
        return _set_group(s, cmd, attribute, value)
    return refuse_plain(s, _UNKNOWN_ENTITY)
