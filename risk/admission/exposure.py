"""Precise checks, fifth part: what the account and the nodes above would be exposed to.

The account's row counts as marked now. "Before" is the measure without the order, "after" the
measure with its new leaves and without those of the order it replaces. An order that adds nothing
to a measure passes it. Capital and position limits: SEC rule 15c3-5, SEBI, exchange rules.
"""

import numpy as np

from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import Reason
from domain.jit import kernel
from domain.limits import MAX_POSITION, NO_LIMIT
from domain.tables import candidates, groups, instruments, node_limits, nodes, positions
from risk.admission.candidate import BOUGHT, EXPOSURE, GROSS, LOTS, MOVED, SOLD
from risk.admission.refusal import refuse
from risk.marking import CURRENCY_GROUP, PRODUCT_GROUP, group_row

_PRODUCT, _CURRENCY = int(InstrumentAttr.PRODUCT), int(InstrumentAttr.CURRENCY)
_N = NodeAttr
_OPEN_ORDERS, _OPEN_VALUE = int(_N.MAX_OPEN_ORDERS), int(_N.MAX_OPEN_VALUE)
_POSITION, _GROSS_POSITION = int(_N.MAX_POSITION), int(_N.MAX_GROSS_POSITION)
_INSTRUMENT, _GROSS = int(_N.MAX_INSTRUMENT_EXPOSURE), int(_N.MAX_GROSS_EXPOSURE)
_NET = int(_N.MAX_NET_EXPOSURE)
_R = Reason
_R_ORDERS, _R_VALUE = int(_R.OPEN_ORDERS), int(_R.OPEN_VALUE)
_R_POSITION, _R_GROSS_POSITION = int(_R.POSITION_LIMIT), int(_R.GROSS_POSITION_LIMIT)
_R_INSTRUMENT, _R_GROUP = int(_R.INSTRUMENT_EXPOSURE), int(_R.GROUP_EXPOSURE)
_R_NET = int(_R.NET_EXPOSURE)
_PASS = np.int64(0)


@kernel
def position_limit(s, r, node):
    """Lots that a row may reach: its own limit, else its node's, never beyond MAX_POSITION."""
    own = r["max_position"]
    limit = own if own < NO_LIMIT else node_limits(s)[node, _POSITION]
    return min(limit, MAX_POSITION)


@kernel
def exposure_limit(s, r, node):
    """Exposure that a row may reach: its own limit, else its node's."""
    own = r["max_exposure"]
    return own if own < NO_LIMIT else node_limits(s)[node, _INSTRUMENT]


@kernel
def _widest(long, short):
    return max(abs(long), abs(short))


@kernel
def _net(long, short, f):
    """(before, after) of max(|long|, |short|) when the account's row is marked now."""
    before = _widest(long + f[MOVED], short + f[MOVED])
    return before, _widest(long + f[MOVED] + f[BOUGHT], short + f[MOVED] - f[SOLD])


@kernel
def _group_measure(s, node, kind, net, f):
    """(before, after, limit) of one exposure group of a node, (0, 0, 0) if it has none."""
    column = _PRODUCT if kind == PRODUCT_GROUP else _CURRENCY
    row = group_row(s, node, kind, instruments(s)[candidates(s)[0]["instrument"], column])
    if row == 0:
        return np.int64(0), np.int64(0), np.int64(0)
    g = groups(s)[row]
    if net:
        before, after = _net(g["long_net"], g["short_net"], f)
        return before, after, g["max_net"]
    return g["gross"] + f[EXPOSURE], g["gross"] + f[EXPOSURE + 1], g["max_gross"]


@kernel
def _counted(s, row, reason, f):
    """(before, after, limit) of what the open orders alone add up to."""
    c = candidates(s)[0]
    r = positions(s)[row]
    node = np.int64(r["node"])
    n = nodes(s)[node]
    if reason == _R_ORDERS:
        one = 1 - np.int64(c["replace"])
        return n["open_orders"], n["open_orders"] + one, node_limits(s)[node, _OPEN_ORDERS]
    if reason == _R_VALUE:
        after = n["open_value"] + f[BOUGHT] + f[SOLD]
        return n["open_value"], after, node_limits(s)[node, _OPEN_VALUE]
    before = r["short_qty"] if c["side"] else r["long_qty"]
    return before, before + f[LOTS], position_limit(s, r, node)


@kernel
def _measure(s, row, reason, f):
    """(before, after, limit) of one measure at one level."""
    if reason <= _R_POSITION:
        return _counted(s, row, reason, f)
    r = positions(s)[row]
    node = np.int64(r["node"])
    n = nodes(s)[node]
    limits = node_limits(s)[node]
    if reason == _R_NET:
        before, after = _net(n["long_exposure"], n["short_exposure"], f)
        return before, after, limits[_NET]
    if reason == _R_GROSS_POSITION:
        base, at, limit = r["gross"], GROSS, limits[_GROSS_POSITION]
    elif reason == _R_INSTRUMENT:
        base, at, limit = r["exposure"], EXPOSURE, exposure_limit(s, r, node)
    else:
        base, at, limit = n["exposure"], EXPOSURE, limits[_GROSS]
    return base + f[at], base + f[at + 1], limit


@kernel
def _levels(s, reason, f):
    """One measure, level by level."""
    row = np.int64(candidates(s)[0]["position"])
    while row:
        before, after, limit = _measure(s, row, reason, f)
        if after > limit and after > before:
            node = np.int64(positions(s)[row]["node"])
            return refuse(s, reason, node, limit, after, limit - before)
        row = np.int64(positions(s)[row]["parent"])
    return _PASS


@kernel
def _group_levels(s, kind, net, f):
    row = np.int64(candidates(s)[0]["position"])
    while row:
        node = np.int64(positions(s)[row]["node"])
        before, after, limit = _group_measure(s, node, kind, net, f)
        if after > limit and after > before:
            return refuse(s, _R_GROUP, node, limit, after, limit - before)
        row = np.int64(positions(s)[row]["parent"])
    return _PASS


@kernel
def _check_groups(s, f):
    """Product before currency, gross before net."""
    for number in range(4):
        kind = PRODUCT_GROUP if number < 2 else CURRENCY_GROUP
        reason = _group_levels(s, kind, number % 2 == 1, f)
        if reason:
            return reason
    return _PASS


@kernel
def check_exposure(s, f):
    """The first of the open-order, position and exposure checks that refuses, 0 if none.

    `f` is what `facts` returns.
    """
    for reason in range(_R_ORDERS, _R_NET + 1):
        found = _check_groups(s, f) if reason == _R_GROUP else _levels(s, reason, f)
        if found:
            return found
    return _PASS
