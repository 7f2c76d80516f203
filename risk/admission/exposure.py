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
from risk.admission.candidate import change, outlook
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
_R_GROSS, _R_NET = int(_R.GROSS_EXPOSURE), int(_R.NET_EXPOSURE)
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
def _net(s, long, short, bought, sold):
    """(before, after) of max(|long|, |short|) when the account's row is marked now."""
    account = positions(s)[candidates(s)[0]["position"]]
    _, _, _, value = outlook(s, 0)
    moved = value - account["value"]
    before = _widest(long + moved, short + moved)
    return before, _widest(long + moved + bought, short + moved - sold)


@kernel
def _group_measure(s, node, kind, net):
    """(before, after, limit) of one exposure group of a node, (0, 0, 0) if it has none."""
    c = candidates(s)[0]
    column = _PRODUCT if kind == PRODUCT_GROUP else _CURRENCY
    row = group_row(s, node, kind, instruments(s)[c["instrument"], column])
    if row == 0:
        return np.int64(0), np.int64(0), np.int64(0)
    g = groups(s)[row]
    if net:
        _, bought, sold = change(s)
        before, after = _net(s, g["long_net"], g["short_net"], bought, sold)
        return before, after, g["max_net"]
    stored = positions(s)[c["position"]]["exposure"]
    _, before, _, _ = outlook(s, 0)
    _, after, _, _ = outlook(s, 1)
    return g["gross"] - stored + before, g["gross"] - stored + after, g["max_gross"]


@kernel
def _exposures(s, row, reason):
    """(before, after, limit) of the measures that follow from the account's exposure."""
    r = positions(s)[row]
    node = np.int64(r["node"])
    n = nodes(s)[node]
    account = positions(s)[candidates(s)[0]["position"]]
    gross_0, exposure_0, _, _ = outlook(s, 0)
    gross_1, exposure_1, _, _ = outlook(s, 1)
    limits = node_limits(s)[node]
    if reason == _R_GROSS_POSITION:
        base = r["gross"] - account["gross"]
        return base + gross_0, base + gross_1, limits[_GROSS_POSITION]
    if reason == _R_INSTRUMENT:
        base = r["exposure"] - account["exposure"]
        return base + exposure_0, base + exposure_1, exposure_limit(s, r, node)
    if reason == _R_GROSS:
        base = n["exposure"] - account["exposure"]
        return base + exposure_0, base + exposure_1, limits[_GROSS]
    _, bought, sold = change(s)
    before, after = _net(s, n["long_exposure"], n["short_exposure"], bought, sold)
    return before, after, limits[_NET]


@kernel
def _measure(s, row, reason):
    """(before, after, limit) of one measure at one level."""
    c = candidates(s)[0]
    r = positions(s)[row]
    node = np.int64(r["node"])
    n = nodes(s)[node]
    qty, bought, sold = change(s)
    if reason == _R_ORDERS:
        one = 1 - np.int64(c["replace"])
        return n["open_orders"], n["open_orders"] + one, node_limits(s)[node, _OPEN_ORDERS]
    if reason == _R_VALUE:
        after = n["open_value"] + bought + sold
        return n["open_value"], after, node_limits(s)[node, _OPEN_VALUE]
    if reason == _R_POSITION:
        before = r["qty"] + r["open_buy"] if c["side"] == 0 else r["open_sell"] - r["qty"]
        return before, before + qty, position_limit(s, r, node)
    return _exposures(s, row, reason)


@kernel
def _levels(s, reason):
    """One measure, level by level."""
    row = np.int64(candidates(s)[0]["position"])
    while row:
        before, after, limit = _measure(s, row, reason)
        if after > limit and after > before:
            node = np.int64(positions(s)[row]["node"])
            return refuse(s, reason, node, limit, after, limit - before)
        row = np.int64(positions(s)[row]["parent"])
    return _PASS


@kernel
def _group_levels(s, kind, net):
    row = np.int64(candidates(s)[0]["position"])
    while row:
        node = np.int64(positions(s)[row]["node"])
        before, after, limit = _group_measure(s, node, kind, net)
        if after > limit and after > before:
            return refuse(s, _R_GROUP, node, limit, after, limit - before)
        row = np.int64(positions(s)[row]["parent"])
    return _PASS


@kernel
def _check_groups(s):
    reason = _group_levels(s, PRODUCT_GROUP, False)
    if reason == 0:
        reason = _group_levels(s, PRODUCT_GROUP, True)
    if reason == 0:
        reason = _group_levels(s, CURRENCY_GROUP, False)
    return reason if reason else _group_levels(s, CURRENCY_GROUP, True)


@kernel
def check_exposure(s):
    """The first of the open-order, position and exposure checks that refuses, 0 if none."""
    for reason in (_R_ORDERS, _R_VALUE, _R_POSITION, _R_GROSS_POSITION, _R_INSTRUMENT):
        found = _levels(s, reason)
        if found:
            return found
    found = _check_groups(s)
    if found == 0:
        found = _levels(s, _R_GROSS)
    return found if found else _levels(s, _R_NET)
