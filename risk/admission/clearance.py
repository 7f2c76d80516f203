"""The common case in one walk: is the candidate clearly fine?

`clear` says True only if every precise check would pass. It may say False for an order that
passes (one that adds nothing to a measure that is over its limit already, for example): then the
precise checks decide. Failures are collected with OR, so that nothing waits for a branch.
"""

import numpy as np

from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import ExecInst, MarginModel, Phase, TimeInForce
from domain.jit import cold, kernel
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
from risk.admission.bounds import (
    CHAIN_ADV_BPS,
    CHAIN_BOOK_BPS,
    CHAIN_FINGER_BPS,
    CHAIN_FLAGS,
    CHAIN_QTY,
    CHAIN_TICKS,
    CHAIN_VALUE,
    GROUPS,
    UNUSED,
    chain_of,
    levels_within,
    note_executions,
)
from risk.admission.candidate import free_lots, position_with, scenario_excess
from risk.admission.price import deviation, dynamic_band, exceeds_bps
from risk.admission.shape import check_grid
from risk.admission.size import book_total
from risk.admission.state import (
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
    INSTRUMENT_FLAGS,
    LOTS,
    NODE_FLAGS,
    PERMISSIONS,
    RESTRICTS,
    SHARES,
    TICKS,
    VARIATION,
)
from risk.marking import PRODUCT_GROUP, weigh_row
from risk.span.exchange import by_scenarios, what_if
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
_CONCENTRATION = int(_N.MAX_CONCENTRATION_BPS)
_CASH, _GTD = int(MarginModel.CASH), int(TimeInForce.GTD)
_AT_THE_OPEN = int(TimeInForce.AT_THE_OPEN)
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
def _special_clear(s, node):
    """Permissions and the duplicate-order window, which most nodes do not use."""
    flags = node_limits(s)[node, NODE_FLAGS]
    bad = False
    if flags & PERMISSIONS:
        bad |= not _permitted(s, node)
    if flags & DUPLICATES and candidates(s)[0]["replace"] == 0:
        bad |= is_recent(s, node)
    return not bad


@kernel
def _groups_clear(s, node):
    """Whether a node's exposure groups stay within their limits."""
    c = candidates(s)[0]
    long, short = _directions(c)
    row = instruments(s)[c["instrument"]]
    at = np.int64(nodes(s)[node]["first_group"])
    bad = False
    while at:
        g = groups(s)[at]
        if g["id"] == (row[_PRODUCT] if g["kind"] == PRODUCT_GROUP else row[_CURRENCY]):
            bad |= g["gross"] + c["d_exposure"] > g["max_gross"]
            bad |= abs(g["long_net"] + long) > g["max_net"]
            bad |= abs(g["short_net"] + short) > g["max_net"]
        at = np.int64(g["next"])
    return not bad


@cold
def _settings_clear(s):
    """The settings that most nodes do not use, level by level."""
    row = np.int64(candidates(s)[0]["position"])
    bad = False
    while row:
        node = np.int64(positions(s)[row]["node"])
        bad |= not _special_clear(s, node) or not _groups_clear(s, node)
        row = np.int64(positions(s)[row]["parent"])
    return not bad


@kernel
def _shares_clear(s, chain):
    """The order's share of the daily volume and of the book, against the lowest limits."""
    c = candidates(s)[0]
    adv = instruments(s)[c["instrument"], _ADV]
    bad = False
    if adv:
        bad |= exceeds_bps(c["order_qty"], adv, chain[CHAIN_ADV_BPS])
    if chain[CHAIN_BOOK_BPS] < NO_LIMIT:
        total = book_total(s)
        bad |= total > 0 and exceeds_bps(c["order_qty"], total, chain[CHAIN_BOOK_BPS])
    return not bad


@kernel
def _single_clear(s, chain):
    """What is asked of the order alone: its size, its price, its share of the volume."""
    c = candidates(s)[0]
    flags = chain[CHAIN_FLAGS]
    bad = (c["order_qty"] > chain[CHAIN_QTY]) | (c["value"] > chain[CHAIN_VALUE])
    if flags & COLLAR:
        beyond, base = deviation(s)
        if beyond:
            bad |= beyond > chain[CHAIN_TICKS]
            bad |= exceeds_bps(beyond, base, chain[CHAIN_FINGER_BPS])
    if flags & SHARES:
        bad |= not _shares_clear(s, chain)
    return not bad


@kernel
def _account_clear(s, exposure, added):
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
            variation += c["moved"]
        bad |= n["used"] + added > funds + min(0, variation)
    return not bad


@cold
def _scenario_margin(s):
    """What the order adds to the account's scenario margin; above every limit if that is unsure."""
    if scenario_excess(s):
        return np.int64(NO_LIMIT + 1)
    return what_if(s, np.int64(candidates(s)[0]["position"]), position_with(s))


@kernel
def weigh(s):
    """Note what the order adds to the account's row, marked now; returns the exposure after it.

    The checks ask for it, and what is entered when the order is accepted is the same.
    """
    c = candidates(s)[0]
    lots, worth = c["leaves_qty"] - c["old_leaves"], c["value"] - c["old_value"]
    gross, exposure, margin, moved, after = weigh_row(
        s, np.int64(c["position"]), np.int64(c["side"]), lots, worth
    )
    c["d_gross"] = gross
    c["d_exposure"] = exposure
    c["d_margin"] = _scenario_margin(s) if by_scenarios(s, np.int64(c["instrument"])) else margin
    c["moved"] = moved
    return after


@kernel
def _directions(c):
    """What the order adds to the long and to the short exposure of all levels."""
    worth, side = c["value"] - c["old_value"], np.int64(c["side"])
    return c["moved"] + worth * (1 - side), c["moved"] - worth * side


@kernel
def _chain_clear(s, added):
    """Whether positions, sums, losses and buckets of all levels stay within their limits."""
    c = candidates(s)[0]
    long, short = _directions(c)
    replace, moved, side = np.int64(c["replace"]), c["moved"], np.int64(c["side"])
    lots, worth = c["leaves_qty"] - c["old_leaves"], c["value"] - c["old_value"]
    zero, exposure, gross = np.int64(0), c["d_exposure"], c["d_gross"]
    of_row = lots * (1 - side), lots * side, zero, zero, zero, exposure, zero, gross
    of_orders = zero, zero, added, 1 - replace, worth, exposure, long, short
    orders = -c["now"] if replace == 0 else np.int64(UNUSED)
    replaces = -c["now"] if replace else np.int64(UNUSED)
    of_state = orders, replaces, -c["now"], zero, zero, zero, moved, moved
    return levels_within(s, np.int64(c["position"]), of_row, of_orders, of_state)


@kernel
def levels_clear(s, exposure):
    """Whether no check of the account and the nodes above fails."""
    c = candidates(s)[0]
    chain = chain_of(s, np.int64(c["account"]))
    added = c["d_margin"] + c["hold_fee"] - c["old_hold_fee"]
    bad = not _single_clear(s, chain)
    bad |= not _account_clear(s, exposure, added)
    if chain[CHAIN_FLAGS] & (PERMISSIONS | DUPLICATES | GROUPS):
        bad |= not _settings_clear(s)
    if bad:
        return False
    if _chain_clear(s, added):
        return True
    return note_executions(s, np.int64(c["account"])) and _chain_clear(s, added)


@kernel
def clear(s):
    """Whether the completed candidate surely passes every check; `weigh` it first."""
    exposure = weigh(s)
    return order_clear(s) and levels_clear(s, exposure)
