"""The common case in one walk: is the candidate clearly fine?

`clear` says True only if every precise check would pass. It may say False for an order that
passes (one that adds nothing to a measure that is over its limit already, for example): then the
precise checks decide. Failures are collected with OR, so that nothing waits for a branch.
"""

import numpy as np

from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import ExecInst, MarginModel, Phase, TimeInForce
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
from risk.admission.candidate import free_lots
from risk.admission.exposure import exposure_limit, position_limit
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
    AMOUNTS,
    COLLAR,
    DUPLICATES,
    DYNAMIC_BAND,
    FLAG_BITS,
    FLOW,
    INSTRUMENT_FLAGS,
    LOSSES,
    LOTS,
    NODE_FLAGS,
    ORDER_INTERVAL,
    PERMISSIONS,
    REPLACE_INTERVAL,
    RESTRICTS,
    SHARES,
    TICKS,
    VARIATION,
)
from risk.margin import assess, held_value
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
_ORDER_BURST, _REPLACE_BURST = int(_N.ORDER_BURST), int(_N.REPLACE_BURST)
_CANCEL_BURST, _RATIO = int(_N.CANCEL_BURST), int(_N.ORDER_TO_TRADE)
_FLOOR, _AT_THE_OPEN = int(_N.ORDER_TO_TRADE_FLOOR), int(TimeInForce.AT_THE_OPEN)
_CONTINUOUS = int(Phase.CONTINUOUS)
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
def _form_clear(s, flags):
    """What only some orders or instruments have: algorithms, restrictions, grids, bands."""
    c = candidates(s)[0]
    bad = algo_unknown(s) or algo_killed(s)
    if flags & RESTRICTS:
        bad |= _restricts(s, instruments(s)[c["instrument"]])
    if flags & (TICKS | LOTS):
        bad |= check_grid(s) != 0
    if flags & DYNAMIC_BAND:
        bad |= _outside_band(s, c["price"])
    if c["exec_inst"] & _REDUCE_ONLY:
        bad |= c["leaves_qty"] > free_lots(s)
    return not bad


@kernel
def order_clear(s):
    """Whether no check of the instrument, of the order's form and of its price fails."""
    c = candidates(s)[0]
    i = np.int64(c["instrument"])
    row, book = instruments(s)[i], books(s)[i]
    flags, tif = row[INSTRUMENT_FLAGS], c["time_in_force"]
    qty, value, price, stop = c["order_qty"], c["value"], c["price"], c["stop_px"]
    display = c["display_qty"]
    bad = (core(s)[0]["killed"] | book["killed"] | nodes(s)[c["account"]]["reducing"]) != 0
    bad |= row[_CURRENCY] != node_limits(s)[c["account"], _N_CURRENCY]
    bad |= (qty < row[_MIN_QTY]) | (qty > row[_MAX_QTY]) | (qty > row[_FREEZE])
    bad |= (value < row[_MIN_VALUE]) | (value > row[_MAX_VALUE])
    bad |= max(price, stop) > row[_HIGH]
    if row[_LOW]:
        bad |= (price < row[_LOW]) & (price > 0) | (stop < row[_LOW]) & (stop > 0)
    if display | c["min_qty"]:
        bad |= (display > qty) | (c["min_qty"] > qty)
        bad |= (display > 0) & (c["exec_inst"] & _HIDDEN != 0)
    if tif == _GTD:
        bad |= c["expire_time"] <= c["now"]
    if book["phase"] != _CONTINUOUS or tif == _AT_THE_OPEN:
        bad |= not phase_allows(s)
    special = flags & (RESTRICTS | TICKS | LOTS | DYNAMIC_BAND)
    if special | c["algo_id"] | (c["exec_inst"] & _REDUCE_ONLY):
        bad |= not _form_clear(s, flags)
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
def _flow_clear(n, limits, replace, now):
    """Whether a node's buckets have a token and its message count is below the free ones."""
    if replace:
        ahead = n["replace_tat"] - now
        bad = ahead > (limits[_REPLACE_BURST] - 1) * limits[REPLACE_INTERVAL]
    else:
        ahead = n["order_tat"] - now
        bad = ahead > (limits[_ORDER_BURST] - 1) * limits[ORDER_INTERVAL]
    interval = limits[NODE_FLAGS] >> FLAG_BITS
    bad |= (interval > 0) & (n["cancel_tat"] - now > limits[_CANCEL_BURST] * interval)
    if limits[_RATIO] < NO_LIMIT and n["messages"] >= limits[_FLOOR]:
        bad |= n["messages"] >= limits[_RATIO] * max(n["executions"], 1)
    return not bad


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
    if flags & DUPLICATES and c["replace"] == 0:
        bad |= is_recent(s, node)
    return not bad


@kernel
def _groups_clear(s, node, exposure, long, short):
    """Whether a node's exposure groups stay within their limits."""
    row = instruments(s)[candidates(s)[0]["instrument"]]
    at = np.int64(nodes(s)[node]["first_group"])
    bad = False
    while at:
        g = groups(s)[at]
        if g["id"] == (row[_PRODUCT] if g["kind"] == PRODUCT_GROUP else row[_CURRENCY]):
            bad |= g["gross"] + exposure > g["max_gross"]
            bad |= abs(g["long_net"] + long) > g["max_net"]
            bad |= abs(g["short_net"] + short) > g["max_net"]
        at = np.int64(g["next"])
    return not bad


@kernel
def _losses_clear(n, limits, moved):
    """Whether a node has lost less today than its limits; `moved` is gained by marking now."""
    profit = n["realised"] + n["unrealised"] + moved - n["base_unrealised"]
    bad = (-n["realised"] >= limits[_REALISED]) | (-profit >= limits[_DAILY])
    return not (bad | (n["peak"] - profit >= limits[_DRAWDOWN]))


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
def _price_clear(limits, beyond, base):
    """Whether a limit price is not too far beyond the market for a node (fat finger)."""
    bad = beyond > limits[_FINGER_TICKS]
    return not (bad | exceeds_bps(beyond, base, limits[_FINGER_BPS]))


@kernel
def account_facts(s):
    """The account's row with the order, marked now, as differences from what it holds.

    (gross, exposure, margin with fees held, value), and the exposure itself.
    """
    c = candidates(s)[0]
    r = positions(s)[c["position"]]
    i, side = np.int64(c["instrument"]), np.int64(c["side"])
    lots, worth = c["leaves_qty"] - c["old_leaves"], c["value"] - c["old_value"]
    value = held_value(s, i, r["qty"], r["cost"])
    gross, exposure, margin = assess(
        s,
        i,
        r["qty"],
        r["open_buy"] + lots * (1 - side),
        r["open_sell"] + lots * side,
        r["buy_value"] + worth * (1 - side),
        r["sell_value"] + worth * side,
        value,
    )
    added = margin - r["margin"] + c["hold_fee"] - c["old_hold_fee"]
    return gross - r["gross"], exposure - r["exposure"], added, value - r["value"], exposure


@kernel
def levels_clear(s):
    """Whether no check of the account and the nodes above fails."""
    c, table, tree, settings = candidates(s)[0], positions(s), nodes(s), node_limits(s)
    d_gross, d_exposure, added, moved, exposure = account_facts(s)
    replace, now, side = np.int64(c["replace"]), c["now"], np.int64(c["side"])
    sign, order_qty, value = 1 - 2 * side, c["order_qty"], c["value"]
    lots, worth = c["leaves_qty"] - c["old_leaves"], value - c["old_value"]
    long, short = moved + worth * (1 - side), moved - worth * side
    beyond, base = deviation(s)
    bad = not _account_clear(s, exposure, added, moved)
    row = np.int64(c["position"])
    while row:
        r = table[row]
        node = np.int64(r["node"])
        n, limits = tree[node], settings[node]
        flags = limits[NODE_FLAGS]
        bad |= (n["killed"] | n["throttled"] | r["restricted"]) != 0
        bad |= (order_qty > limits[_ORDER_QTY]) | (value > limits[_ORDER_VALUE])
        bad |= n["open_orders"] - replace >= limits[_OPEN_ORDERS]
        open_value = n["open_value"] + worth
        bad |= abs(n["cash"]) + open_value > MONEY_BOUND
        open_qty = r["open_sell"] if side else r["open_buy"]
        bad |= r["qty"] * sign + open_qty + lots > position_limit(s, r, node)
        if r["max_exposure"] < NO_LIMIT:
            bad |= r["exposure"] + d_exposure > r["max_exposure"]
        if flags & AMOUNTS:
            bad |= open_value > limits[_OPEN_VALUE]
            bad |= r["gross"] + d_gross > limits[_GROSS_POSITION]
            bad |= r["exposure"] + d_exposure > exposure_limit(s, r, node)
            bad |= n["exposure"] + d_exposure > limits[_GROSS]
            net = max(abs(n["long_exposure"] + long), abs(n["short_exposure"] + short))
            bad |= net > limits[_NET]
            bad |= n["margin"] + n["hold_fee"] + added > limits[_MAX_MARGIN]
        if flags & LOSSES:
            bad |= not _losses_clear(n, limits, moved)
        if beyond and flags & COLLAR:
            bad |= not _price_clear(limits, beyond, base)
        if flags & FLOW:
            bad |= not _flow_clear(n, limits, replace, now)
        if flags & (PERMISSIONS | SHARES | DUPLICATES):
            bad |= not _extras_clear(s, node, flags)
        if n["first_group"]:
            bad |= not _groups_clear(s, node, d_exposure, long, short)
        row = np.int64(r["parent"])
    return not bad


@kernel
def clear(s):
    """Whether the completed candidate surely passes every check."""
    return order_clear(s) and levels_clear(s)
