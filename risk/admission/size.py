"""Precise checks, fourth part: is the order too large, or the same again? (SEC rule 15c3-5)"""

import numpy as np

from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import ExecInst, OrdType, Phase, Reason
from domain.jit import kernel
from domain.limits import BPS
from domain.tables import books, candidates, instruments, levels, node_limits, positions, trees
from risk.admission.candidate import free_lots, reduces
from risk.admission.price import exceeds_bps
from risk.admission.refusal import refuse
from risk.throttle import is_recent, last_same

_ADV = int(InstrumentAttr.ADV)
_N = NodeAttr
_MAX_QTY, _MAX_VALUE = int(_N.MAX_ORDER_QTY), int(_N.MAX_ORDER_VALUE)
_ADV_BPS, _BOOK_BPS, _WINDOW = (
    int(_N.MAX_ADV_BPS),
    int(_N.MAX_BOOK_BPS),
    int(_N.DUPLICATE_WINDOW_NS),
)
_MARKET, _LIMIT = int(OrdType.MARKET), int(OrdType.LIMIT)
_MARKET_TO_LIMIT, _CONTINUOUS = int(OrdType.MARKET_TO_LIMIT), int(Phase.CONTINUOUS)
_REDUCE_ONLY = int(ExecInst.REDUCE_ONLY)
_R_QTY, _R_VALUE = int(Reason.ORDER_QTY_LIMIT), int(Reason.ORDER_VALUE_LIMIT)
_R_ADV, _R_BOOK = int(Reason.VOLUME_SHARE), int(Reason.BOOK_SHARE)
_R_DUPLICATE, _R_REDUCE = int(Reason.DUPLICATE_WINDOW), int(Reason.REDUCE_ONLY)
_PASS = np.int64(0)


@kernel
def book_total(s):
    """Displayed lots that the candidate would meet at once; 0 if it would not trade now."""
    c = candidates(s)[0]
    b = books(s)[c["instrument"]]
    if b["phase"] != _CONTINUOUS:
        return np.int64(0)
    buy = 1 if c["side"] == 0 else 0
    total = b["shown_ask"] if buy else b["shown_bid"]
    kind = c["ord_type"]
    if kind == _MARKET or kind == _MARKET_TO_LIMIT:
        return total
    touch = trees(s)[4 * np.int64(c["instrument"]) + buy]["best"]
    if kind != _LIMIT or touch == 0:
        return np.int64(0)
    top = levels(s)[touch]["price"]
    crosses = c["price"] >= top if buy else c["price"] <= top
    return total if crosses else np.int64(0)


@kernel
def _amount_check(s, reason, column, amount):
    """An amount of the order against one limit column, level by level."""
    row = np.int64(candidates(s)[0]["position"])
    while row:
        node = np.int64(positions(s)[row]["node"])
        limit = node_limits(s)[node, column]
        if amount > limit:
            return refuse(s, reason, node, limit, amount, limit)
        row = np.int64(positions(s)[row]["parent"])
    return _PASS


@kernel
def _share_check(s, reason, column, whole):
    """The order's share of `whole` lots against one limit column, level by level."""
    qty = candidates(s)[0]["order_qty"]
    row = np.int64(candidates(s)[0]["position"])
    while row and whole > 0:
        node = np.int64(positions(s)[row]["node"])
        limit = node_limits(s)[node, column]
        if exceeds_bps(qty, whole, limit):
            return refuse(s, reason, node, limit, qty * BPS // whole, limit)
        row = np.int64(positions(s)[row]["parent"])
    return _PASS


@kernel
def _duplicate_check(s):
    """The same order of the account again, within the window of a level."""
    c = candidates(s)[0]
    row = np.int64(c["position"])
    while row and c["replace"] == 0:
        node = np.int64(positions(s)[row]["node"])
        if is_recent(s, node):
            window = node_limits(s)[node, _WINDOW]
            return refuse(s, _R_DUPLICATE, node, window, c["now"] - last_same(s), 0)
        row = np.int64(positions(s)[row]["parent"])
    return _PASS


@kernel
def check_size(s):
    """The first size check that refuses the candidate, 0 if none."""
    c = candidates(s)[0]
    reason = _amount_check(s, _R_QTY, _MAX_QTY, c["order_qty"])
    if reason == 0:
        reason = _amount_check(s, _R_VALUE, _MAX_VALUE, c["value"])
    if reason == 0:
        reason = _share_check(s, _R_ADV, _ADV_BPS, instruments(s)[c["instrument"], _ADV])
    if reason == 0:
        reason = _share_check(s, _R_BOOK, _BOOK_BPS, book_total(s))
    if reason == 0:
        reason = _duplicate_check(s)
    if reason:
        return reason
    if c["exec_inst"] & _REDUCE_ONLY and not reduces(s):
        free = max(0, free_lots(s))
        return refuse(s, _R_REDUCE, np.int64(c["account"]), free, c["leaves_qty"], free)
    return _PASS
