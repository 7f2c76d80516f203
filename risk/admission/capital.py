"""Precise checks, sixth part: concentration, losses, margin and buying power (SEBI, 15c3-5).

As in `exposure`, the account's row counts as marked now.
"""

import numpy as np

from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import MarginModel, Reason
from domain.jit import kernel
from domain.limits import BPS, NO_LIMIT
from domain.tables import candidates, instruments, node_limits, nodes, positions
from risk.admission.candidate import EXPOSURE, MARGIN, MOVED, reduces
from risk.admission.price import exceeds_bps
from risk.admission.refusal import refuse
from risk.derived import VARIATION
from risk.exact import SATURATED, mul_div

_MODEL, _CASH = int(InstrumentAttr.MARGIN_MODEL), int(MarginModel.CASH)
_N = NodeAttr
_CREDIT, _CHECK = int(_N.CREDIT), int(_N.CHECK_BUYING_POWER)
_CONCENTRATION, _MAX_MARGIN = int(_N.MAX_CONCENTRATION_BPS), int(_N.MAX_MARGIN)
_REALISED, _DAILY = int(_N.MAX_REALISED_LOSS), int(_N.MAX_DAILY_LOSS)
_DRAWDOWN = int(_N.MAX_DRAWDOWN)
_R = Reason
_R_CONCENTRATION, _R_REALISED = int(_R.CONCENTRATION), int(_R.REALISED_LOSS)
_R_DAILY, _R_DRAWDOWN = int(_R.DAILY_LOSS), int(_R.DRAWDOWN)
_R_MARGIN, _R_POWER = int(_R.MARGIN_LIMIT), int(_R.BUYING_POWER)
_PASS = np.int64(0)


@kernel
def _share(exposure, base):
    """Basis points of collateral, rounded down; SATURATED without any collateral."""
    return mul_div(exposure, BPS, base) if base > 0 else np.int64(SATURATED)


@kernel
def check_concentration(s, f):
    """One instrument's exposure against the account's cash and credit."""
    account = np.int64(candidates(s)[0]["account"])
    limit = node_limits(s)[account, _CONCENTRATION]
    if limit == NO_LIMIT or reduces(s):
        return _PASS
    base = max(0, nodes(s)[account]["cash"] + node_limits(s)[account, _CREDIT])
    held = positions(s)[candidates(s)[0]["position"]]["exposure"]
    before, after = held + f[EXPOSURE], held + f[EXPOSURE + 1]
    if after > before and exceeds_bps(after, base, limit):
        headroom = limit - _share(before, base) if base else np.int64(0)
        return refuse(s, _R_CONCENTRATION, account, limit, _share(after, base), headroom)
    return _PASS


@kernel
def _loss(s, node, reason, moved):
    """(loss, limit) of a node today by one of the three loss measures."""
    n = nodes(s)[node]
    row = node_limits(s)[node]
    if reason == _R_REALISED:
        return -n["realised"], row[_REALISED]
    profit = n["realised"] + n["unrealised"] + moved - n["base_unrealised"]
    if reason == _R_DAILY:
        return -profit, row[_DAILY]
    return max(n["peak"], profit) - profit, row[_DRAWDOWN]


@kernel
def check_losses(s, f):
    """Realised loss, daily loss, drawdown; orders that reduce pass."""
    if reduces(s):
        return _PASS
    for reason in range(_R_REALISED, _R_DRAWDOWN + 1):
        row = np.int64(candidates(s)[0]["position"])
        while row:
            node = np.int64(positions(s)[row]["node"])
            loss, limit = _loss(s, node, reason, f[MOVED])
            if loss >= limit:
                return refuse(s, reason, node, limit, loss, limit - loss)
            row = np.int64(positions(s)[row]["parent"])
    return _PASS


@kernel
def _added(s, f):
    """What the order adds to margin and fees held."""
    c = candidates(s)[0]
    return f[MARGIN + 1] - f[MARGIN] + c["hold_fee"] - c["old_hold_fee"]


@kernel
def check_margin_limit(s, f):
    """Margin and fees held against MAX_MARGIN of each level."""
    added = _added(s, f)
    row = np.int64(candidates(s)[0]["position"])
    while row and added > 0:
        node = np.int64(positions(s)[row]["node"])
        limit = node_limits(s)[node, _MAX_MARGIN]
        before = nodes(s)[node]["margin"] + nodes(s)[node]["hold_fee"] + f[MARGIN]
        if before + added > limit:
            return refuse(s, _R_MARGIN, node, limit, before + added, limit - before)
        row = np.int64(positions(s)[row]["parent"])
    return _PASS


@kernel
def fresh_collateral(s, account, instrument, moved):
    """Collateral of the account with the candidate's row marked now."""
    row = node_limits(s)[account]
    variation = row[VARIATION]
    if instruments(s)[instrument, _MODEL] != _CASH:
        variation += moved
    return nodes(s)[account]["cash"] + row[_CREDIT] + min(0, variation)


@kernel
def use_of_collateral(s, account):
    """Basis points of an account's collateral that margin and fees held take."""
    collateral = fresh_collateral(s, account, np.int64(0), np.int64(0))
    return _share(nodes(s)[account]["margin"] + nodes(s)[account]["hold_fee"], collateral)


@kernel
def check_buying_power(s, f):
    """Margin and fees held against the account's collateral."""
    c = candidates(s)[0]
    account = np.int64(c["account"])
    if node_limits(s)[account, _CHECK] == 0:
        return _PASS
    added = _added(s, f)
    limit = fresh_collateral(s, account, np.int64(c["instrument"]), f[MOVED])
    before = nodes(s)[account]["margin"] + nodes(s)[account]["hold_fee"] + f[MARGIN]
    if added > 0 and before + added > limit:
        return refuse(s, _R_POWER, account, limit, before + added, limit - before)
    return _PASS


@kernel
def check_capital(s, f):
    """The first of the capital checks that refuses the candidate, 0 if none.

    `f` is what `facts` returns.
    """
    reason = check_concentration(s, f)
    if reason == 0:
        reason = check_losses(s, f)
    if reason == 0:
        reason = check_margin_limit(s, f)
    return reason if reason else check_buying_power(s, f)
