"""Precise checks, last part: message rates (GCRA, ITU-T I.371) and the order-to-trade ratio."""

import numpy as np

from domain.attributes import NodeAttr
from domain.codes import Reason
from domain.jit import kernel
from domain.tables import candidates, node_limits, nodes, positions
from risk.admission.bounds import allowed_messages
from risk.admission.refusal import refuse
from risk.derived import FLAG_BITS, NODE_FLAGS, ORDER_INTERVAL, REPLACE_INTERVAL

_N = NodeAttr
_ORDER_RATE, _ORDER_BURST = int(_N.ORDER_RATE), int(_N.ORDER_BURST)
_REPLACE_RATE, _REPLACE_BURST = int(_N.REPLACE_RATE), int(_N.REPLACE_BURST)
_CANCEL_RATE, _CANCEL_BURST = int(_N.CANCEL_RATE), int(_N.CANCEL_BURST)
_R_ORDER, _R_REPLACE = int(Reason.ORDER_RATE), int(Reason.REPLACE_RATE)
_R_CANCEL, _R_RATIO = int(Reason.CANCEL_RATE), int(Reason.ORDER_TO_TRADE)
_PASS = np.int64(0)


@kernel
def order_wait(s, node, now):
    """Nanoseconds until the order bucket of a node has a token; 0 or less: now."""
    row = node_limits(s)[node]
    tat = max(nodes(s)[node]["order_tat"], now)
    return tat - now - (row[_ORDER_BURST] - 1) * row[ORDER_INTERVAL]


@kernel
def replace_wait(s, node, now):
    """Nanoseconds until the replace bucket of a node has a token; 0 or less: now."""
    row = node_limits(s)[node]
    tat = max(nodes(s)[node]["replace_tat"], now)
    return tat - now - (row[_REPLACE_BURST] - 1) * row[REPLACE_INTERVAL]


@kernel
def cancel_wait(s, node, now):
    """Nanoseconds for which the cancel bucket of a node stays overdrawn; 0 or less: it is not."""
    row = node_limits(s)[node]
    interval = row[NODE_FLAGS] >> FLAG_BITS
    return nodes(s)[node]["cancel_tat"] - now - row[_CANCEL_BURST] * interval


@kernel
def _wait(s, node, reason):
    now = candidates(s)[0]["now"]
    row = node_limits(s)[node]
    if reason == _R_ORDER:
        return row[_ORDER_RATE], order_wait(s, node, now)
    if reason == _R_REPLACE:
        return row[_REPLACE_RATE], replace_wait(s, node, now)
    return row[_CANCEL_RATE], cancel_wait(s, node, now)


@kernel
def _rate_check(s, reason):
    """One bucket, level by level; observed is the time to wait in nanoseconds."""
    row = np.int64(candidates(s)[0]["position"])
    while row:
        node = np.int64(positions(s)[row]["node"])
        rate, wait = _wait(s, node, reason)
        if rate > 0 and wait > 0:
            return refuse(s, reason, node, rate, wait, 0)
        row = np.int64(positions(s)[row]["parent"])
    return _PASS


@kernel
def check_flow(s):
    """The first flow check that refuses the candidate, 0 if none."""
    reason = _rate_check(s, _R_REPLACE if candidates(s)[0]["replace"] else _R_ORDER)
    if reason == 0:
        reason = _rate_check(s, _R_CANCEL)
    if reason:
        return reason
    row = np.int64(candidates(s)[0]["position"])
    while row:
        node = np.int64(positions(s)[row]["node"])
        limit = allowed_messages(s, node)
        used = nodes(s)[node]["messages"]
        if used + 1 > limit:
            return refuse(s, _R_RATIO, node, limit, used + 1, limit - used)
        row = np.int64(positions(s)[row]["parent"])
    return _PASS
