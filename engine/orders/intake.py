"""Reading a new order: is the row understood, and what does it ask for?

Fills the one CANDIDATE row that the risk checks read. Nothing is changed but that row.
"""

import numpy as np

from domain.codes import Contingency, ExecInst, OrdType, Reason, TimeInForce
from domain.jit import cold, kernel
from domain.limits import (
    BPS,
    MAX_ALGOS,
    MAX_LIST,
    MAX_PRICE,
    MAX_QTY,
    MAX_SESSIONS,
    MAX_TIME,
)
from domain.tables import books, candidates, core, nodes
from engine.book.prices import best_price, last_or_reference, market_cap, stop_cap
from engine.states import CUSTOMER_FLAGS
from engine.trading.calls import is_call

_MARKET, _LIMIT, _STOP = int(OrdType.MARKET), int(OrdType.LIMIT), int(OrdType.STOP)
_STOP_LIMIT, _MIT = int(OrdType.STOP_LIMIT), int(OrdType.MARKET_IF_TOUCHED)
_LIT, _MTL = int(OrdType.LIMIT_IF_TOUCHED), int(OrdType.MARKET_TO_LIMIT)
_PEGGED, _TRAIL = int(OrdType.PEGGED), int(OrdType.TRAILING_STOP)
_GTC, _OPEN = int(TimeInForce.GTC), int(TimeInForce.AT_THE_OPEN)
_IOC, _FOK, _GTD = int(TimeInForce.IOC), int(TimeInForce.FOK), int(TimeInForce.GTD)
_CLOSE, _GFA = int(TimeInForce.AT_THE_CLOSE), int(TimeInForce.GOOD_FOR_AUCTION)
_POST, _SLIDE = int(ExecInst.POST_ONLY), int(ExecInst.POST_SLIDE)
_AON, _TRAIL_BPS = int(ExecInst.ALL_OR_NONE), int(ExecInst.TRAIL_BPS)
_PRIMARY, _MARKET_PEG, _MID = (
    int(ExecInst.PEG_PRIMARY),
    int(ExecInst.PEG_MARKET),
    int(ExecInst.PEG_MID),
)
_PLAIN_FLAGS = _POST | _SLIDE | int(ExecInst.CANCEL_ON_DISCONNECT)
_PEG_BITS = _PRIMARY | _MARKET_PEG | _MID
_BRACKET, _ALL_STP = int(Contingency.BRACKET), 5
_R = Reason
_UNKNOWN_SYMBOL, _UNKNOWN_ACCOUNT = int(_R.UNKNOWN_SYMBOL), int(_R.UNKNOWN_ACCOUNT)
_SIDE, _ORD_TYPE = int(_R.UNKNOWN_SIDE), int(_R.UNKNOWN_ORD_TYPE)
_TIF, _FLAG = int(_R.UNKNOWN_TIME_IN_FORCE), int(_R.UNKNOWN_FLAG)
_PRICE, _QTY = int(_R.PRICE_OUT_OF_RANGE), int(_R.QTY_OUT_OF_RANGE)
_FIELD, _CL_ORD_ID = int(_R.FIELD_OUT_OF_RANGE), int(_R.CL_ORD_ID_INVALID)
_CONFLICT, _LINK = int(_R.FLAGS_CONFLICT), int(_R.LINK)
_NO_REFERENCE = int(_R.NO_REFERENCE_PRICE)


@cold
def refuse(s, reason, limit, observed):
    """Note the numbers of a refusal that is not a risk check's; returns `reason`."""
    c = candidates(s)[0]
    c["level"] = 0
    c["limit"] = limit
    c["observed"] = observed
    c["headroom"] = 0
    return reason


@kernel
def is_unlimited(ord_type, price):
    """Whether an order of this type has no limit price of its own."""
    if ord_type == _TRAIL:
        return price == 0
    return ord_type == _MARKET or ord_type == _STOP or ord_type == _MIT or ord_type == _MTL


@kernel
def is_trigger(ord_type):
    """Whether an order of this type waits for the last price."""
    return (
        ord_type == _STOP
        or ord_type == _STOP_LIMIT
        or ord_type == _MIT
        or ord_type == _LIT
        or ord_type == _TRAIL
    )


@kernel
def _check_codes(s, cmd):
    side, kind = np.int64(cmd["side"]), np.int64(cmd["ord_type"])
    tif = np.int64(cmd["time_in_force"])
    if side != 1 and side != 2 and side != 5 and side != 6:
        return refuse(s, _SIDE, 0, side)
    letter = _MIT <= kind <= _LIT or kind == _PEGGED or kind == _TRAIL
    if not (letter or _MARKET <= kind <= _STOP_LIMIT):
        return refuse(s, _ORD_TYPE, 0, kind)
    if tif > _FOK and tif != _GTD and tif != _CLOSE and tif != _GFA:
        return refuse(s, _TIF, 0, tif)
    if np.int64(cmd["exec_inst"]) > CUSTOMER_FLAGS:
        return refuse(s, _FLAG, CUSTOMER_FLAGS, np.int64(cmd["exec_inst"]))
    return 0


@kernel
def _check_prices(s, cmd):
    """The fields that an order type needs are in range, those it does not use are 0."""
    kind, price, stop = np.int64(cmd["ord_type"]), cmd["price"], cmd["stop_px"]
    limit = kind == _LIMIT or kind == _STOP_LIMIT or kind == _LIT
    either = kind == _PEGGED or kind == _TRAIL
    if price < 0 or price > MAX_PRICE or (limit and price == 0):
        return refuse(s, _PRICE, MAX_PRICE, price)
    if price != 0 and not limit and not either:
        return refuse(s, _PRICE, 0, price)
    if stop < 0 or stop > MAX_PRICE or (stop == 0 and is_trigger(kind) and kind != _TRAIL):
        return refuse(s, _FIELD, MAX_PRICE, stop)
    if stop != 0 and not is_trigger(kind):
        return refuse(s, _FIELD, 0, stop)
    offset = cmd["offset"]
    if kind == _TRAIL:
        most = BPS - 1 if cmd["exec_inst"] & _TRAIL_BPS else MAX_PRICE
        if offset < 1 or offset > most:
            return refuse(s, _FIELD, most, offset)
    elif kind == _PEGGED:
        if offset < -MAX_PRICE or offset > MAX_PRICE:
            return refuse(s, _FIELD, MAX_PRICE, offset)
    elif offset != 0:
        return refuse(s, _FIELD, 0, offset)
    return 0


@kernel
def _check_fields(s, cmd):
    if cmd["order_qty"] < 1 or cmd["order_qty"] > MAX_QTY:
        return refuse(s, _QTY, MAX_QTY, cmd["order_qty"])
    if cmd["display_qty"] < 0 or cmd["display_qty"] > MAX_QTY:
        return refuse(s, _QTY, MAX_QTY, cmd["display_qty"])
    if cmd["min_qty"] < 0 or cmd["min_qty"] > MAX_QTY:
        return refuse(s, _QTY, MAX_QTY, cmd["min_qty"])
    gtd = cmd["time_in_force"] == _GTD
    expire = cmd["expire_time"]
    if expire < 0 or expire > MAX_TIME or (expire != 0) != gtd:
        return refuse(s, _FIELD, MAX_TIME if gtd else 0, expire)
    if cmd["stp_mode"] > _ALL_STP:
        return refuse(s, _FIELD, _ALL_STP, np.int64(cmd["stp_mode"]))
    if cmd["algo_id"] < 0 or cmd["algo_id"] >= MAX_ALGOS:
        return refuse(s, _FIELD, MAX_ALGOS - 1, np.int64(cmd["algo_id"]))
    if cmd["session"] < 0 or cmd["session"] >= MAX_SESSIONS:
        return refuse(s, _FIELD, MAX_SESSIONS - 1, np.int64(cmd["session"]))
    if cmd["contingency"] > _BRACKET:
        return refuse(s, _FIELD, _BRACKET, np.int64(cmd["contingency"]))
    if cmd["list_size"] > MAX_LIST:
        return refuse(s, _FIELD, MAX_LIST, np.int64(cmd["list_size"]))
    if cmd["cl_ord_id"] < 1:
        return refuse(s, _CL_ORD_ID, 1, cmd["cl_ord_id"])
    if cmd["cl_ord_link_id"] < 0 or (cmd["cl_ord_link_id"] != 0) != (cmd["contingency"] != 0):
        return refuse(s, _LINK, 0, cmd["cl_ord_link_id"])
    return 0


@kernel
def flags_conflict(kind, tif, flags, minimum):
    """Whether type, time in force and flags contradict each other (rules, section 2)."""
    peg = flags & _PEG_BITS
    if (kind == _PEGGED) != (peg != 0) or peg & (peg - 1):
        return True
    if flags & _TRAIL_BPS and kind != _TRAIL:
        return True
    immediate = tif == _IOC or tif == _FOK
    auction = tif == _OPEN or tif == _CLOSE or tif == _GFA
    post = flags & (_POST | _SLIDE)
    if post & (post - 1) or (post and (immediate or minimum or kind != _LIMIT)):
        return True
    if kind == _PEGGED and (immediate or auction or minimum):
        return True
    return auction and (is_trigger(kind) or minimum or post != 0)


@kernel
def is_plain(cmd):
    """Whether a row is beyond doubt: a limit order that uses no rarer field."""
    rare = cmd["stop_px"] | cmd["display_qty"] | cmd["min_qty"] | cmd["offset"]
    flags, expire = np.int64(cmd["exec_inst"]), cmd["expire_time"]
    post, tif = flags & (_POST | _SLIDE), np.int64(cmd["time_in_force"])
    bad = (rare | cmd["cl_ord_link_id"]) != 0
    bad |= (cmd["contingency"] | cmd["list_size"]) != 0
    bad |= (flags & ~_PLAIN_FLAGS != 0) | (post == _POST | _SLIDE) | (cmd["stp_mode"] > _ALL_STP)
    bad |= (cmd["ord_type"] != _LIMIT) | ((cmd["side"] != 1) & (cmd["side"] != 2))
    bad |= (tif > _GTC) & (tif != _GTD) & ((tif != _IOC) | (post != 0))
    bad |= ((expire != 0) != (tif == _GTD)) | (expire < 0) | (expire > MAX_TIME)
    bad |= (cmd["price"] < 1) | (cmd["price"] > MAX_PRICE)
    bad |= (cmd["order_qty"] < 1) | (cmd["order_qty"] > MAX_QTY) | (cmd["cl_ord_id"] < 1)
    bad |= (cmd["algo_id"] < 0) | (cmd["algo_id"] >= MAX_ALGOS)
    bad |= (cmd["session"] < 0) | (cmd["session"] >= MAX_SESSIONS)
    return not bad


@kernel
def check_row(s, cmd):
    """Whether a NEW_ORDER row is understood: codes, ranges, contradictions, known ids."""
    if is_plain(cmd):
        return check_ids(s, cmd)
    reason = _check_codes(s, cmd)
    if reason == 0:
        reason = _check_prices(s, cmd)
    if reason == 0:
        reason = _check_fields(s, cmd)
    if reason:
        return reason
    minimum = cmd["min_qty"] > 0 or np.int64(cmd["exec_inst"]) & _AON != 0
    kind, tif = np.int64(cmd["ord_type"]), np.int64(cmd["time_in_force"])
    if flags_conflict(kind, tif, np.int64(cmd["exec_inst"]), minimum):
        return refuse(s, _CONFLICT, 0, np.int64(cmd["exec_inst"]))
    return check_ids(s, cmd)


@kernel
def check_ids(s, cmd):
    """The account and the instrument of an order, a replace or a quote exist."""
    account, instrument = np.int64(cmd["account"]), np.int64(cmd["instrument"])
    c = core(s)[0]
    if account < 1 or account > c["nodes"] or nodes(s)[account]["level"] != 1:
        return refuse(s, _UNKNOWN_ACCOUNT, np.int64(c["nodes"]), account)
    if instrument < 1 or instrument > c["instruments"]:
        return refuse(s, _UNKNOWN_SYMBOL, np.int64(c["instruments"]), instrument)
    return 0


@kernel
def first_stop(s, instrument, side, cmd):
    """Stop price of a trailing order at entry, 0 if there is no price to trail."""
    if cmd["stop_px"]:
        return cmd["stop_px"]
    reference = last_or_reference(s, instrument)
    if reference == 0:
        return np.int64(0)
    return trailed(reference, cmd["offset"], np.int64(cmd["exec_inst"]) & _TRAIL_BPS != 0, side)


@kernel
def trailed(reference, offset, in_bps, side):
    """The stop price that trails `reference`; basis points are rounded away from it."""
    away = offset
    if in_bps:
        away = reference // 10_000 * offset + (reference % 10_000 * offset + 9_999) // 10_000
    stop = reference - away if side else reference + away
    return max(np.int64(1), min(stop, MAX_PRICE))


@kernel
def _set_caps(s, instrument, side, kind, cmd):
    """Execution cap and value price of the candidate; 0 or NO_REFERENCE_PRICE."""
    c = candidates(s)[0]
    stop = cmd["stop_px"]
    if kind == _TRAIL:
        stop = first_stop(s, instrument, side, cmd)
        if stop == 0:
            return refuse(s, _NO_REFERENCE, 0, 0)
    price = cmd["price"]
    if price == 0:
        if is_trigger(kind):
            price = stop_cap(s, instrument, side, stop)
        elif kind == _MTL and not is_call(books(s)[instrument]["phase"]):
            price = best_price(s, 4 * instrument + 1 - side)
            if price == 0:
                price = market_cap(s, instrument, side)
        else:
            price = market_cap(s, instrument, side)
        if price == 0:
            return refuse(s, _NO_REFERENCE, 0, 0)
    c["stop_px"] = cmd["stop_px"]
    c["trigger_px"] = stop
    c["price"] = cmd["price"]
    c["cap"] = price
    c["worst_px"] = value_price(s, instrument, side, price, stop)
    return 0


@kernel
def value_price(s, instrument, side, cap, stop):
    """The price at which an order's value is held (rules, section 2)."""
    if side == 0:
        return cap
    return max(cap, last_or_reference(s, instrument), stop)


@kernel
def read_order(s, cmd):
    """Fill the candidate from a NEW_ORDER row that `check_row` has passed."""
    c = candidates(s)[0]
    side = np.int64(0) if cmd["side"] == 1 else np.int64(1)
    kind, tif = np.int64(cmd["ord_type"]), np.int64(cmd["time_in_force"])
    c["now"] = core(s)[0]["time"]
    c["order_qty"] = cmd["order_qty"]
    c["leaves_qty"] = cmd["order_qty"]
    c["old_leaves"] = 0
    c["old_worst_px"] = 0
    c["old_hold_fee"] = 0
    c["display_qty"] = cmd["display_qty"]
    whole = tif == _FOK or np.int64(cmd["exec_inst"]) & _AON != 0
    c["min_qty"] = cmd["order_qty"] if whole else cmd["min_qty"]
    c["expire_time"] = cmd["expire_time"]
    c["instrument"] = cmd["instrument"]
    c["account"] = cmd["account"]
    c["algo_id"] = cmd["algo_id"]
    c["exec_inst"] = cmd["exec_inst"]
    c["side"] = side
    c["fix_side"] = cmd["side"]
    c["ord_type"] = kind
    c["time_in_force"] = tif
    c["replace"] = 0
    return _set_caps(s, np.int64(cmd["instrument"]), side, kind, cmd)
