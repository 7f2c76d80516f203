"""Precise checks, first part: may this account trade this instrument in this way right now?

Kill switches and permissions: SEC rule 15c3-5, MiFID II RTS 6; short sales: SEC Regulation SHO;
risk-reduction mode and algorithm ids: SEBI.
"""

import numpy as np

from domain.attributes import ORD_TYPE_BIT, TIF_BIT, InstrumentAttr, NodeAttr
from domain.codes import (
    InstrumentType,
    NodeStatus,
    OrdType,
    Phase,
    Reason,
    ShortSale,
    Side,
    TimeInForce,
)
from domain.jit import kernel
from domain.limits import MAX_CASH, MAX_VALUE
from domain.tables import algos, books, candidates, core, instruments, node_limits, nodes, positions
from risk.admission.candidate import free_lots, reduces, scenario_excess
from risk.admission.capital import use_of_collateral
from risk.admission.refusal import refuse, refuse_plain
from risk.span.exchange import sums_left


def _masks(bits):
    table = np.zeros(256, np.int64)
    for code, bit in bits.items():
        table[code] = 1 << bit
    return table


ORD_TYPE_MASK, TIF_MASK = _masks(ORD_TYPE_BIT), _masks(TIF_BIT)
MONEY_BOUND = 2 * MAX_CASH  # |cash| plus the value of all open orders, so that sums stay in int64

_I, _N = InstrumentAttr, NodeAttr
_TYPE, _TRADABLE, _CURRENCY = int(_I.TYPE), int(_I.TRADABLE), int(_I.CURRENCY)
_EXPIRY, _ORD_TYPES, _TIFS = int(_I.EXPIRY), int(_I.ALLOWED_ORD_TYPES), int(_I.ALLOWED_TIFS)
_STATUS, _N_CURRENCY, _TYPES = int(_N.STATUS), int(_N.CURRENCY), int(_N.ALLOWED_TYPES)
_SIDES, _N_ORD_TYPES = int(_N.ALLOWED_SIDES), int(_N.ALLOWED_ORD_TYPES)
_SHORT, _ALGO, _LEAVE = int(_N.SHORT_SALE), int(_N.ALGO_REQUIRED), int(_N.RRM_LEAVE_BPS)
_EQUITY, _EXEMPT = int(InstrumentType.EQUITY), int(Side.SELL_SHORT_EXEMPT)
_SUSPENDED, _CLOSE_ONLY = int(NodeStatus.SUSPENDED), int(NodeStatus.CLOSE_ONLY)
_FORBIDDEN, _LOCATE = int(ShortSale.FORBIDDEN), int(ShortSale.LOCATE)
_CLOSED, _HALT, _POST_CLOSE = int(Phase.CLOSED), int(Phase.HALT), int(Phase.POST_CLOSE)
_PRE_OPEN, _OPENING = int(Phase.PRE_OPEN), int(Phase.OPENING_AUCTION)
_CONTINUOUS, _PEGGED = int(Phase.CONTINUOUS), int(OrdType.PEGGED)
_AT_THE_OPEN, _IOC = int(TimeInForce.AT_THE_OPEN), int(TimeInForce.IOC)
_FOK = int(TimeInForce.FOK)
_R = Reason
_R_VALUE, _R_MARKET = int(_R.VALUE_OUT_OF_RANGE), int(_R.MARKET_KILLED)
_R_INSTRUMENT, _R_NODE = int(_R.INSTRUMENT_KILLED), int(_R.NODE_KILLED)
_R_ALGO, _R_SUSPENDED = int(_R.ALGO_KILLED), int(_R.NODE_SUSPENDED)
_R_CLOSE, _R_PHASE = int(_R.CLOSE_ONLY), int(_R.PHASE_FORBIDS)
_R_TRADABLE, _R_EXPIRED = int(_R.INSTRUMENT_NOT_TRADABLE), int(_R.INSTRUMENT_EXPIRED)
_R_RESTRICTED, _R_CURRENCY = int(_R.INSTRUMENT_RESTRICTED), int(_R.CURRENCY_MISMATCH)
_R_TYPE, _R_SIDE = int(_R.TYPE_NOT_PERMITTED), int(_R.SIDE_NOT_PERMITTED)
_R_ORD_TYPE, _R_SHORT = int(_R.ORD_TYPE_NOT_PERMITTED), int(_R.SHORT_SALE_FORBIDDEN)
_R_LOCATE, _R_ALGO_ID = int(_R.LOCATE_REQUIRED), int(_R.ALGO_ID_REQUIRED)
_R_ALGO_UNKNOWN, _R_REDUCING = int(_R.ALGO_ID_UNKNOWN), int(_R.RISK_REDUCTION_MODE)
_R_THROTTLED, _R_TIF = int(_R.EXECUTION_THROTTLED), int(_R.TIME_IN_FORCE_NOT_PERMITTED)
_PASS = np.int64(0)


@kernel
def phase_allows(s):
    """Whether the instrument's phase takes the candidate (docs/rules.md 7)."""
    c = candidates(s)[0]
    phase = np.int64(books(s)[c["instrument"]]["phase"])
    tif = c["time_in_force"]
    if phase == _CONTINUOUS:
        return tif != _AT_THE_OPEN
    if phase == _CLOSED or phase == _HALT or phase == _POST_CLOSE:
        return False
    if tif == _AT_THE_OPEN and phase != _PRE_OPEN and phase != _OPENING:
        return False
    at_once = tif == _IOC or tif == _FOK or c["min_qty"] > 0
    return not at_once and c["ord_type"] != _PEGGED


@kernel
def is_short_sale(s):
    """Whether the candidate sells shares that the account does not hold."""
    c = candidates(s)[0]
    if c["side"] == 0 or instruments(s)[c["instrument"], _TYPE] != _EQUITY:
        return False
    return not reduces(s)


@kernel
def algo_killed(s):
    """Whether the candidate's algorithm is stopped."""
    algo = candidates(s)[0]["algo_id"]
    return 0 < algo < len(algos(s)) and algos(s)[algo]["killed"] != 0


@kernel
def algo_unknown(s):
    """Whether the candidate names an algorithm that was never added."""
    algo = candidates(s)[0]["algo_id"]
    return algo != 0 and (algo < 0 or algo >= len(algos(s)) or algos(s)[algo]["known"] == 0)


@kernel
def check_range(s):
    """The order's value, each level's money and scenario margin stay where sums cannot wrap."""
    c = candidates(s)[0]
    if c["value"] > MAX_VALUE:
        return refuse(s, _R_VALUE, 0, MAX_VALUE, c["value"], MAX_VALUE)
    row = np.int64(c["position"])
    while row:
        node = np.int64(positions(s)[row]["node"])
        used = abs(nodes(s)[node]["cash"]) + nodes(s)[node]["open_value"]
        after = used + c["value"] - c["old_value"]
        if after > MONEY_BOUND:
            return refuse(s, _R_VALUE, node, MONEY_BOUND, after, MONEY_BOUND - used)
        row = np.int64(positions(s)[row]["parent"])
    excess = scenario_excess(s)
    if excess:
        left = sums_left(s, np.int64(c["position"]))
        return refuse(s, _R_VALUE, np.int64(c["account"]), MAX_VALUE, excess, left)
    return _PASS


@kernel
def _is_about_nodes(reason):
    """Whether a state check is asked of the account and of every node above it."""
    return (
        reason == _R_NODE
        or reason == _R_SUSPENDED
        or reason == _R_CLOSE
        or reason == _R_RESTRICTED
        or _R_TYPE <= reason <= _R_ALGO_ID
        or reason == _R_THROTTLED
    )


@kernel
def _node_forbids(s, row, reason):
    """Whether one check refuses at the level of a position row; the reason says which check."""
    c = candidates(s)[0]
    node = np.int64(positions(s)[row]["node"])
    limits = node_limits(s)[node]
    if reason == _R_NODE:
        return nodes(s)[node]["killed"] != 0
    if reason == _R_THROTTLED:
        return nodes(s)[node]["throttled"] != 0
    if reason == _R_RESTRICTED:
        return positions(s)[row]["restricted"] != 0
    if reason == _R_SUSPENDED:
        return limits[_STATUS] == _SUSPENDED
    if reason == _R_CLOSE:
        return limits[_STATUS] == _CLOSE_ONLY and not reduces(s)
    if reason == _R_TYPE:
        return (limits[_TYPES] >> instruments(s)[c["instrument"], _TYPE]) & 1 == 0
    if reason == _R_SIDE:
        return (limits[_SIDES] >> np.int64(c["side"])) & 1 == 0
    if reason == _R_ORD_TYPE:
        return limits[_N_ORD_TYPES] & ORD_TYPE_MASK[c["ord_type"]] == 0
    if reason == _R_SHORT:
        return limits[_SHORT] == _FORBIDDEN and is_short_sale(s)
    if reason == _R_LOCATE:
        return limits[_SHORT] == _LOCATE and c["fix_side"] != _EXEMPT and is_short_sale(s)
    return limits[_ALGO] != 0 and c["algo_id"] == 0  # _R_ALGO_ID


@kernel
def _refuse_level(s, reason, node):
    """Refuse at a level: lots that may be sold or closed, what is permitted, else which node."""
    c, limits = candidates(s)[0], node_limits(s)[node]
    if reason == _R_SHORT or reason == _R_LOCATE or reason == _R_CLOSE:
        free = max(0, free_lots(s))
        return refuse(s, reason, node, free, c["leaves_qty"], free)
    if reason == _R_TYPE:
        return refuse(s, reason, node, limits[_TYPES], instruments(s)[c["instrument"], _TYPE], 0)
    if reason == _R_SIDE:
        return refuse(s, reason, node, limits[_SIDES], np.int64(c["fix_side"]), 0)
    if reason == _R_ORD_TYPE:
        return refuse(s, reason, node, limits[_N_ORD_TYPES], np.int64(c["ord_type"]), 0)
    return refuse(s, reason, node, 0, node, 0)


@kernel
def _levels(s, reason):
    """Ask `_node_forbids` from the account up to the firm."""
    c = candidates(s)[0]
    row = np.int64(c["position"])
    while row:
        if _node_forbids(s, row, reason):
            return _refuse_level(s, reason, np.int64(positions(s)[row]["node"]))
        row = np.int64(positions(s)[row]["parent"])
    return _PASS


@kernel
def _instrument_forbids(s, reason):
    """Whether one check refuses that is not about nodes; the reason says which check."""
    c = candidates(s)[0]
    row = instruments(s)[c["instrument"]]
    if reason == _R_MARKET:
        return core(s)[0]["killed"] != 0
    if reason == _R_INSTRUMENT:
        return books(s)[c["instrument"]]["killed"] != 0
    if reason == _R_ALGO:
        return algo_killed(s)
    if reason == _R_PHASE:
        return not phase_allows(s)
    if reason == _R_TRADABLE:
        return row[_TRADABLE] == 0
    if reason == _R_EXPIRED:
        return 0 < row[_EXPIRY] <= c["now"]
    if reason == _R_CURRENCY:
        return row[_CURRENCY] != node_limits(s)[c["account"], _N_CURRENCY]
    if reason == _R_ALGO_UNKNOWN:
        return algo_unknown(s)
    tif = c["time_in_force"]
    if reason == _R_TIF:
        return row[_TIFS] & TIF_MASK[tif] == 0
    return nodes(s)[c["account"]]["reducing"] != 0 and tif != _IOC and tif != _FOK  # _R_REDUCING


@kernel
def _refuse_plain_state(s, reason):
    c = candidates(s)[0]
    row = instruments(s)[c["instrument"]]
    if reason == _R_EXPIRED:
        return refuse(s, reason, 0, row[_EXPIRY], c["now"], 0)
    if reason == _R_CURRENCY:
        currency = node_limits(s)[c["account"], _N_CURRENCY]
        return refuse(s, reason, np.int64(c["account"]), currency, row[_CURRENCY], 0)
    if reason == _R_ALGO or reason == _R_ALGO_UNKNOWN:
        return refuse(s, reason, 0, 0, np.int64(c["algo_id"]), 0)
    if reason == _R_PHASE:
        return refuse(s, reason, 0, 0, np.int64(books(s)[c["instrument"]]["phase"]), 0)
    if reason == _R_INSTRUMENT or reason == _R_TRADABLE:
        return refuse(s, reason, 0, 0, np.int64(c["instrument"]), 0)
    if reason == _R_TIF:
        return refuse(s, reason, 0, row[_TIFS], np.int64(c["time_in_force"]), 0)
    if reason == _R_REDUCING:
        account = np.int64(c["account"])
        leave, use = node_limits(s)[account, _LEAVE], use_of_collateral(s, account)
        return refuse(s, reason, account, leave, use, leave - use)
    return refuse_plain(s, reason)


@kernel
def _instrument_types(s):
    """The order types that the instrument takes, after those of the nodes."""
    kind = np.int64(candidates(s)[0]["ord_type"])
    allowed = instruments(s)[candidates(s)[0]["instrument"], _ORD_TYPES]
    if allowed & ORD_TYPE_MASK[kind] == 0:
        return refuse(s, _R_ORD_TYPE, 0, allowed, kind, 0)
    return _PASS


@kernel
def check_state(s):
    """The first state check that refuses the candidate, 0 if none.

    The numbers of the reasons are the order of precedence (`domain.codes.Reason`).
    """
    for reason in range(_R_MARKET, _R_TIF + 1):
        found = _PASS
        if _is_about_nodes(reason):
            found = _levels(s, reason)
        elif _instrument_forbids(s, reason):
            found = _refuse_plain_state(s, reason)
        if found == 0 and reason == _R_ORD_TYPE:
            found = _instrument_types(s)
        if found:
            return found
    return _PASS
