"""The common case in one walk: is the candidate clearly fine?

`clear` says True only if every precise check would pass. It may say False for an order that
passes (one that adds nothing to a measure that is over its limit already, for example): then the
precise checks decide. Failures are collected with OR, so that nothing waits for a branch.
"""

import numpy as np

from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import ExecInst, MarginModel, TimeInForce
from domain.jit import kernel
from domain.limits import NO_LIMIT
from domain.tables import (
    books,
    candidates,
    core,
    groups,
    instruments,
    node_limits,
    nodes,
    positions,
)
from risk.admission.candidate import change, free_lots, outlook
from risk.admission.exposure import exposure_limit, position_limit
from risk.admission.flow import allowed_messages, cancel_wait, order_wait, replace_wait
from risk.admission.price import deviation, dynamic_band, exceeds_bps
from risk.admission.shape import check_grid
from risk.admission.size import book_total
from risk.admission.state import (
    MONEY_BOUND,
    ORD_TYPE_MASK,
    TIF_MASK,
    algo_killed,
    algo_unknown,
    is_short_sale,
    phase_allows,
)
from risk.derived import (
    COLLAR,
    DUPLICATES,
    DYNAMIC_BAND,
    FLOW,
    INSTRUMENT_FLAGS,
    LOSSES,
    LOTS,
    NODE_FLAGS,
    PERMISSIONS,
    RESTRICTS,
    SHARES,
    TICKS,
    VARIATION,
)
from risk.marking import PRODUCT_GROUP
from risk.throttle import is_recent

_I, _N = InstrumentAttr, NodeAttr
_TYPE, _TRADABLE, _CURRENCY = int(_I.TYPE), int(_I.TRADABLE), int(_I.CURRENCY)
_PRODUCT, _EXPIRY, _MODEL = int(_I.PRODUCT), int(_I.EXPIRY), int(_I.MARGIN_MODEL)
_ORD_TYPES, _TIFS = int(_I.ALLOWED_ORD_TYPES), int(_I.ALLOWED_TIFS)
_MIN_QTY, _MAX_QTY, _FREEZE = int(_I.MIN_QTY), int(_I.MAX_QTY), int(_I.FREEZE_QTY)
_MIN_VALUE, _MAX_VALUE, _ADV = int(_I.MIN_VALUE), int(_I.MAX_VALUE), int(_I.ADV)
_LOW, _HIGH = int(_I.STATIC_LOW), int(_I.STATIC_HIGH)
_STATUS, _N_CURRENCY, _TYPES = int(_N.STATUS), int(_N.CURRENCY), int(_N.ALLOWED_TYPES)
_SIDES, _N_ORD_TYPES = int(_N.ALLOWED_SIDES), int(_N.ALLOWED_ORD_TYPES)
_SHORT, _ALGO, _ALLOWED = int(_N.SHORT_SALE), int(_N.ALGO_REQUIRED), 1
_CREDIT, _CHECK = int(_N.CREDIT), int(_N.CHECK_BUYING_POWER)
_ORDER_QTY, _ORDER_VALUE = int(_N.MAX_ORDER_QTY), int(_N.MAX_ORDER_VALUE)
_OPEN_ORDERS, _OPEN_VALUE = int(_N.MAX_OPEN_ORDERS), int(_N.MAX_OPEN_VALUE)
_GROSS_POSITION, _MAX_MARGIN = int(_N.MAX_GROSS_POSITION), int(_N.MAX_MARGIN)
_GROSS, _NET = int(_N.MAX_GROSS_EXPOSURE), int(_N.MAX_NET_EXPOSURE)
_REALISED, _DAILY, _DRAWDOWN = (
    int(_N.MAX_REALISED_LOSS),
    int(_N.MAX_DAILY_LOSS),
    int(_N.MAX_DRAWDOWN),
)
_CONCENTRATION = int(_N.MAX_CONCENTRATION_BPS)
_FINGER_BPS, _FINGER_TICKS = int(_N.FAT_FINGER_BPS), int(_N.FAT_FINGER_TICKS)
_ADV_BPS, _BOOK_BPS = int(_N.MAX_ADV_BPS), int(_N.MAX_BOOK_BPS)
_CASH, _GTD = int(MarginModel.CASH), int(TimeInForce.GTD)
_HIDDEN, _REDUCE_ONLY = int(ExecInst.HIDDEN), int(ExecInst.REDUCE_ONLY)


@kernel
def _restricts(s, row):
    c = candidates(s)[0]
    return (
        row[_TRADABLE] == 0
        or 0 < row[_EXPIRY] <= c["now"]
        or row[_ORD_TYPES] & ORD_TYPE_MASK[c["ord_type"]] == 0
        or row[_TIFS] & TIF_MASK[c["time_in_force"]] == 0
    )


@kernel
def _outside_band(s, price):
    if price == 0:
        return False
    low, high = dynamic_band(s, np.int64(candidates(s)[0]["instrument"]))
    return price < low or price > high


@kernel
def order_clear(s):
    """Whether no check of the instrument, of the order's form and of its price fails."""
    c = candidates(s)[0]
    i = np.int64(c["instrument"])
    row = instruments(s)[i]
    flags = row[INSTRUMENT_FLAGS]
    qty, value, price, stop = c["order_qty"], c["value"], c["price"], c["stop_px"]
    bad = (core(s)[0]["killed"] | books(s)[i]["killed"] | nodes(s)[c["account"]]["reducing"]) != 0
    bad |= not phase_allows(s)
    bad |= row[_CURRENCY] != node_limits(s)[c["account"], _N_CURRENCY]
    bad |= (qty < row[_MIN_QTY]) | (qty > row[_MAX_QTY]) | (qty > row[_FREEZE])
    bad |= (value < row[_MIN_VALUE]) | (value > row[_MAX_VALUE])
    bad |= (price > row[_HIGH]) | (stop > row[_HIGH])
    bad |= (price < row[_LOW]) & (price > 0) | (stop < row[_LOW]) & (stop > 0)
    bad |= (c["time_in_force"] == _GTD) & (c["expire_time"] <= c["now"])
    bad |= (c["display_qty"] > qty) | (c["min_qty"] > qty)
    bad |= (c["display_qty"] > 0) & (c["exec_inst"] & _HIDDEN != 0)
    if c["algo_id"]:
        bad |= algo_unknown(s) or algo_killed(s)
    if flags & RESTRICTS:
        bad |= _restricts(s, row)
    if flags & (TICKS | LOTS):
        bad |= check_grid(s) != 0
    if flags & DYNAMIC_BAND:
        bad |= _outside_band(s, price)
    if c["exec_inst"] & _REDUCE_ONLY:
        bad |= c["leaves_qty"] > free_lots(s)
    return not bad


@kernel
def _permitted(s, node):
    """Whether a node with special permissions takes the order; unsure while it is restricted."""
    c = candidates(s)[0]
    row = node_limits(s)[node]
    bad = row[_STATUS] != 0
    bad |= (row[_TYPES] >> instruments(s)[c["instrument"], _TYPE]) & 1 == 0
    bad |= (row[_SIDES] >> np.int64(c["side"])) & 1 == 0
    bad |= row[_N_ORD_TYPES] & ORD_TYPE_MASK[c["ord_type"]] == 0
    bad |= (row[_ALGO] != 0) & (c["algo_id"] == 0)
    if row[_SHORT] != _ALLOWED:
        bad |= is_short_sale(s)
    return not bad


@kernel
def _flow_clear(s, node):
    c = candidates(s)[0]
    if c["replace"]:
        bad = replace_wait(s, node, c["now"]) > 0
    else:
        bad = order_wait(s, node, c["now"]) > 0
    if node_limits(s)[node, NODE_FLAGS] >> 8:
        bad |= cancel_wait(s, node, c["now"]) > 0
    return not bad and nodes(s)[node]["messages"] < allowed_messages(s, node)


@kernel
def _extras_clear(s, node, flags):
    """The settings that most nodes do not use, one group at a time."""
    c = candidates(s)[0]
    row = node_limits(s)[node]
    bad = False
    if flags & PERMISSIONS:
        bad |= not _permitted(s, node)
    if flags & SHARES:
        adv = instruments(s)[c["instrument"], _ADV]
        if adv:
            bad |= exceeds_bps(c["order_qty"], adv, row[_ADV_BPS])
        if row[_BOOK_BPS] < NO_LIMIT:
            total = book_total(s)
            bad |= total > 0 and exceeds_bps(c["order_qty"], total, row[_BOOK_BPS])
    if flags & DUPLICATES and node == c["account"] and c["replace"] == 0:
        bad |= is_recent(s)
    return not bad


@kernel
def _groups_clear(s, node, exposure, moved, bought, sold):
    """Whether a node's exposure groups stay within their limits."""
    row = instruments(s)[candidates(s)[0]["instrument"]]
    at = np.int64(nodes(s)[node]["first_group"])
    bad = False
    while at:
        g = groups(s)[at]
        if g["id"] == (row[_PRODUCT] if g["kind"] == PRODUCT_GROUP else row[_CURRENCY]):
            bad |= g["gross"] + exposure > g["max_gross"]
            bad |= abs(g["long_net"] + moved + bought) > g["max_net"]
            bad |= abs(g["short_net"] + moved - sold) > g["max_net"]
        at = np.int64(g["next"])
    return not bad


@kernel
def _account_clear(s, exposure, added, moved):
    """Concentration and buying power."""
    c = candidates(s)[0]
    n = nodes(s)[c["account"]]
    row = node_limits(s)[c["account"]]
    funds = n["cash"] + row[_CREDIT]
    bad = False
    if row[_CONCENTRATION] < NO_LIMIT:
        bad |= exceeds_bps(exposure, max(0, funds), row[_CONCENTRATION])
    if row[_CHECK]:
        variation = row[VARIATION]
        if instruments(s)[c["instrument"], _MODEL] != _CASH:
            variation += moved
        bad |= n["margin"] + n["hold_fee"] + added > funds + min(0, variation)
    return not bad


@kernel
def levels_clear(s):
    """Whether no check of the account and the nodes above fails."""
    c = candidates(s)[0]
    account = positions(s)[c["position"]]
    qty, bought, sold = change(s)
    gross, full_exposure, margin, value = outlook(s, 1)
    d_gross, d_exposure = gross - account["gross"], full_exposure - account["exposure"]
    moved = value - account["value"]
    added = margin - account["margin"] + c["hold_fee"] - c["old_hold_fee"]
    buy, one = c["side"] == 0, 1 - np.int64(c["replace"])
    worth = bought + sold
    beyond, base = deviation(s)
    bad = not _account_clear(s, full_exposure, added, moved)
    row = np.int64(c["position"])
    while row:
        r = positions(s)[row]
        node = np.int64(r["node"])
        n = nodes(s)[node]
        limits = node_limits(s)[node]
        flags = limits[NODE_FLAGS]
        bad |= (n["killed"] | n["throttled"] | r["restricted"]) != 0
        bad |= (c["order_qty"] > limits[_ORDER_QTY]) | (c["value"] > limits[_ORDER_VALUE])
        bad |= n["open_orders"] + one > limits[_OPEN_ORDERS]
        bad |= n["open_value"] + worth > limits[_OPEN_VALUE]
        bad |= abs(n["cash"]) + n["open_value"] + worth > MONEY_BOUND
        reach = r["qty"] + r["open_buy"] if buy else r["open_sell"] - r["qty"]
        bad |= reach + qty > position_limit(s, r, node)
        bad |= r["gross"] + d_gross > limits[_GROSS_POSITION]
        bad |= r["exposure"] + d_exposure > exposure_limit(s, r, node)
        bad |= n["exposure"] + d_exposure > limits[_GROSS]
        bad |= abs(n["long_exposure"] + moved + bought) > limits[_NET]
        bad |= abs(n["short_exposure"] + moved - sold) > limits[_NET]
        bad |= n["margin"] + n["hold_fee"] + added > limits[_MAX_MARGIN]
        if flags & LOSSES:
            profit = n["realised"] + n["unrealised"] + moved - n["base_unrealised"]
            bad |= (-n["realised"] >= limits[_REALISED]) | (-profit >= limits[_DAILY])
            bad |= n["peak"] - profit >= limits[_DRAWDOWN]
        if beyond and flags & COLLAR:
            bad |= beyond > limits[_FINGER_TICKS]
            bad |= exceeds_bps(beyond, base, limits[_FINGER_BPS])
        if flags & FLOW:
            bad |= not _flow_clear(s, node)
        if flags & (PERMISSIONS | SHARES | DUPLICATES):
            bad |= not _extras_clear(s, node, flags)
        if n["first_group"]:
            bad |= not _groups_clear(s, node, d_exposure, moved, bought, sold)
        row = np.int64(r["parent"])
    return not bad


@kernel
def clear(s):
    """Whether the completed candidate surely passes every check."""
    return order_clear(s) and levels_clear(s)
