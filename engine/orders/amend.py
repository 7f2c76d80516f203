"""CANCEL_ORDER and REPLACE_ORDER: finding the order, and changing it in place or anew."""

import numpy as np

from domain.attributes import InstrumentAttr
from domain.codes import ExecInst, ExecType, OrdType, Reason, ReportType, TimeInForce
from domain.jit import kernel
from domain.limits import BPS, MAX_PRICE, MAX_QTY, MAX_TIME, ORDER_SLOT_BITS
from domain.tables import candidates, core, details, extras, instruments, orders
from engine.book.directory import add_order, find_order, remove_order
from engine.book.expiry import join_expiry, leave_expiry
from engine.book.pools import take_extra
from engine.book.prices import stop_cap
from engine.book.queue import show_less
from engine.emit import report_order, report_refusal, status_of
from engine.orders.entry import enter, post_only
from engine.orders.intake import is_trigger, refuse, trailed, value_price
from engine.orders.lifecycle import detach, end_order, finish_filled, shrink_anywhere
from engine.orders.pegs import peg_price, reference
from engine.orders.plain import plain_cancel
from engine.states import BOOK, HELD, ICEBERG, MINIMUM, QUOTE_LEG, UNLIMITED
from risk.checks import accepted, admit, canceled
from risk.positions import reserve, unreserve

_CANCEL_REJECT = int(ReportType.CANCEL_REJECT)
_CANCELED, _REPLACED = int(ExecType.CANCELED), int(ExecType.REPLACED)
_PEGGED, _TRAIL = int(OrdType.PEGGED), int(OrdType.TRAILING_STOP)
_GTD, _FOK = int(TimeInForce.GTD), int(TimeInForce.FOK)
_OPEN, _CLOSE = int(TimeInForce.AT_THE_OPEN), int(TimeInForce.AT_THE_CLOSE)
_GFA = int(TimeInForce.GOOD_FOR_AUCTION)
_POST_FLAGS = int(ExecInst.POST_ONLY | ExecInst.POST_SLIDE)
_TRAIL_BPS, _AON = int(ExecInst.TRAIL_BPS), int(ExecInst.ALL_OR_NONE)
_LOSES = int(InstrumentAttr.REPLACE_LOSES_PRIORITY)
_UNKNOWN, _DUPLICATE = int(Reason.UNKNOWN_ORDER), int(Reason.DUPLICATE_ORDER)
_UNSUPPORTED = int(Reason.UNSUPPORTED_ORDER_CHARACTERISTIC)
_CL_ORD_ID, _FIELD = int(Reason.CL_ORD_ID_INVALID), int(Reason.FIELD_OUT_OF_RANGE)
_PRICE, _QTY = int(Reason.PRICE_OUT_OF_RANGE), int(Reason.QTY_OUT_OF_RANGE)
_BY_USER = int(Reason.CANCELED_BY_USER)
_SLOT_MASK = (1 << ORDER_SLOT_BITS) - 1


@kernel
def named_order(s, cmd):
    """The live order that a cancel or replace names, if its account owns it; else 0."""
    account = np.int64(cmd["account"])
    if cmd["orig_cl_ord_id"]:
        if cmd["orig_cl_ord_id"] < 0:
            return np.int64(0)
        return find_order(s, account, cmd["orig_cl_ord_id"])
    slot = cmd["order_id"] & _SLOT_MASK
    if cmd["order_id"] <= 0 or slot > core(s)[0]["order_high"]:
        return np.int64(0)
    order = orders(s)[slot]
    if order["order_id"] != cmd["order_id"] or order["account"] != account:
        return np.int64(0)
    return slot


@kernel
def _refuse_unknown(s, cmd):
    """Answer a cancel or replace that names no live order of its account."""
    reason = refuse(s, _UNKNOWN, 0, cmd["orig_cl_ord_id"])
    report_refusal(s, cmd, _CANCEL_REJECT, reason, cmd["order_id"])


@kernel
def cancel_order(s, cmd):
    """Cancel the named order; cancels are never refused for risk."""
    if plain_cancel(s, cmd):
        return
    slot = named_order(s, cmd)
    if slot == 0:
        _refuse_unknown(s, cmd)
        return
    core(s)[0]["book"] = orders(s)[slot]["instrument"]
    canceled(s, np.int64(cmd["account"]))
    original = max(np.int64(0), details(s)[slot]["cl_ord_id"])
    r = end_order(s, slot, np.int64(cmd["command"]), _CANCELED, _BY_USER)
    r["orig_cl_ord_id"] = original
    if cmd["cl_ord_id"] > 0:
        r["cl_ord_id"] = cmd["cl_ord_id"]


@kernel
def replace_order(s, cmd):
    """Change the named order, or refuse and leave it as it was."""
    slot = named_order(s, cmd)
    if slot == 0:
        _refuse_unknown(s, cmd)
        return
    core(s)[0]["book"] = orders(s)[slot]["instrument"]
    reason = _check_replace(s, slot, cmd)
    if reason == 0 and _new_total(s, slot, cmd) <= details(s)[slot]["cum_qty"]:
        _end_at_filled(s, slot, cmd)
        return
    if reason == 0:
        reason = admit_replace(s, slot, cmd)
    if reason:
        r = report_refusal(s, cmd, _CANCEL_REJECT, reason, orders(s)[slot]["order_id"])
        r["ord_status"] = status_of(s, slot)
        return
    new_id = cmd["cl_ord_id"] if cmd["cl_ord_id"] else details(s)[slot]["cl_ord_id"]
    apply_replace(s, slot, cmd, new_id)


@kernel
def _new_total(s, slot, cmd):
    return cmd["order_qty"] if cmd["order_qty"] else details(s)[slot]["order_qty"]


@kernel
def _check_replace(s, slot, cmd):
    """The row is understood and does not try to change what cannot change."""
    order = orders(s)[slot]
    side = np.int64(order["short"]) if order["short"] else np.int64(order["side"]) + 1
    if cmd["side"] != 0 and cmd["side"] != side:
        return refuse(s, _UNSUPPORTED, side, np.int64(cmd["side"]))
    if cmd["ord_type"] != 0 and cmd["ord_type"] != order["ord_type"]:
        return refuse(s, _UNSUPPORTED, np.int64(order["ord_type"]), np.int64(cmd["ord_type"]))
    if cmd["time_in_force"] != 0 and cmd["time_in_force"] != order["time_in_force"]:
        tif = np.int64(order["time_in_force"])
        return refuse(s, _UNSUPPORTED, tif, np.int64(cmd["time_in_force"]))
    if order["exec_inst"] & QUOTE_LEG:
        return refuse(s, _UNSUPPORTED, 0, np.int64(cmd["command"]))
    new_id = cmd["cl_ord_id"]
    if new_id < 0:
        return refuse(s, _CL_ORD_ID, 1, new_id)
    renamed = new_id != 0 and new_id != details(s)[slot]["cl_ord_id"]
    if renamed and find_order(s, np.int64(order["account"]), new_id):
        return refuse(s, _DUPLICATE, 0, new_id)
    return _check_values(s, slot, cmd)


@kernel
def _check_values(s, slot, cmd):
    """Every new value is in range and belongs to the order's type."""
    order = orders(s)[slot]
    kind = np.int64(order["ord_type"])
    waits = is_trigger(kind) and not _has_triggered(s, slot)
    if cmd["price"] < 0 or cmd["price"] > MAX_PRICE:
        return refuse(s, _PRICE, MAX_PRICE, cmd["price"])
    if cmd["price"] != 0 and order["exec_inst"] & UNLIMITED and kind != _TRAIL:
        return refuse(s, _PRICE, 0, cmd["price"])
    if cmd["min_qty"] != 0 and _never_waits(s, slot):
        return refuse(s, _QTY, 0, cmd["min_qty"])
    for qty in (cmd["order_qty"], cmd["display_qty"], cmd["min_qty"]):
        if qty < 0 or qty > MAX_QTY:
            return refuse(s, _QTY, MAX_QTY, qty)
    if cmd["stop_px"] < 0 or cmd["stop_px"] > (MAX_PRICE if waits else 0):
        return refuse(s, _FIELD, MAX_PRICE if waits else 0, cmd["stop_px"])
    most = MAX_PRICE if kind == _PEGGED or (kind == _TRAIL and waits) else 0
    if kind == _TRAIL and order["exec_inst"] & _TRAIL_BPS:
        most = min(most, BPS - 1)
    if cmd["offset"] > most or cmd["offset"] < (-most if kind == _PEGGED else 0):
        return refuse(s, _FIELD, most, cmd["offset"])
    last = MAX_TIME if order["time_in_force"] == _GTD else 0
    if cmd["expire_time"] < 0 or cmd["expire_time"] > last:
        return refuse(s, _FIELD, last, cmd["expire_time"])
    return 0


@kernel
def _never_waits(s, slot):
    """Whether an order cannot have a minimum quantity: pegged, post-only, or for an auction."""
    order = orders(s)[slot]
    tif = order["time_in_force"]
    auction = tif == _OPEN or tif == _CLOSE or tif == _GFA
    return auction or order["ord_type"] == _PEGGED or order["exec_inst"] & _POST_FLAGS != 0


@kernel
def _has_triggered(s, slot):
    extra = np.int64(details(s)[slot]["extra"])
    return extra != 0 and extras(s)[extra]["triggered"] != 0


@kernel
def _end_at_filled(s, slot, cmd):
    """The new total is not above what has traded: the order ends as filled."""
    detach(s, slot)
    unreserve(s, slot)
    detail = details(s)[slot]
    original = detail["cl_ord_id"]
    orders(s)[slot]["leaves_qty"] = 0
    detail["order_qty"] = detail["cum_qty"]
    _rename(s, slot, cmd["cl_ord_id"])
    r = report_order(s, slot, np.int64(cmd["command"]), _REPLACED, 0)
    r["orig_cl_ord_id"] = original
    finish_filled(s, slot, np.int64(cmd["command"]))


@kernel
def _rename(s, slot, new_id):
    """Give an order a new ClOrdID; 0 keeps the old one."""
    if new_id and new_id != details(s)[slot]["cl_ord_id"]:
        remove_order(s, slot)
        details(s)[slot]["cl_ord_id"] = new_id
        add_order(s, slot)


@kernel
def admit_replace(s, slot, cmd):
    """Fill the candidate with the order as it would be, and put it to the checks."""
    c, order, detail = candidates(s)[0], orders(s)[slot], details(s)[slot]
    total = _new_total(s, slot, cmd)
    c["now"] = core(s)[0]["time"]
    c["order_qty"] = total
    c["leaves_qty"] = total - detail["cum_qty"] if cmd["order_qty"] else order["leaves_qty"]
    c["old_leaves"] = order["leaves_qty"]
    c["old_worst_px"] = detail["worst_px"]
    c["old_hold_fee"] = detail["hold_fee"]
    c["instrument"] = order["instrument"]
    c["account"] = order["account"]
    c["position"] = order["position"]
    c["algo_id"] = detail["algo_id"]
    c["exec_inst"] = order["exec_inst"]
    c["side"] = order["side"]
    c["fix_side"] = order["short"] if order["short"] else order["side"] + 1
    c["ord_type"] = order["ord_type"]
    c["time_in_force"] = order["time_in_force"]
    c["replace"] = 1
    _replaced_extra(s, slot, cmd)
    _replaced_caps(s, slot, cmd)
    reason = admit(s)
    if reason or order["state"] == HELD:
        return reason
    return post_only(s, np.int64(order["exec_inst"]))


@kernel
def _replaced_extra(s, slot, cmd):
    """The rarer fields of the candidate: the new value, else the order's."""
    c, extra = candidates(s)[0], np.int64(details(s)[slot]["extra"])
    e = extras(s)[extra]  # row 0 is all zero
    c["trigger_px"] = cmd["stop_px"] if cmd["stop_px"] else e["stop_px"]
    if cmd["offset"] and cmd["stop_px"] == 0 and order_trails(s, slot) and e["trail_ref"]:
        in_bps = orders(s)[slot]["exec_inst"] & _TRAIL_BPS != 0
        side = np.int64(orders(s)[slot]["side"])
        c["trigger_px"] = trailed(e["trail_ref"], cmd["offset"], in_bps, side)
    c["stop_px"] = cmd["stop_px"] if order_trails(s, slot) else c["trigger_px"]
    c["display_qty"] = cmd["display_qty"] if cmd["display_qty"] else e["display_qty"]
    c["min_qty"] = _replaced_minimum(s, slot, cmd)
    c["expire_time"] = cmd["expire_time"] if cmd["expire_time"] else e["expire_time"]
    if c["display_qty"] > c["order_qty"] and cmd["display_qty"] == 0:
        c["display_qty"] = 0


@kernel
def order_trails(s, slot):
    """Whether the exchange works out the order's stop price."""
    return orders(s)[slot]["ord_type"] == _TRAIL


@kernel
def _replaced_minimum(s, slot, cmd):
    """The minimum quantity of the candidate; it means something until the first trade only."""
    c, order = candidates(s)[0], orders(s)[slot]
    pending = order["exec_inst"] & MINIMUM != 0 or cmd["min_qty"] > 0
    if details(s)[slot]["cum_qty"] > 0 or not pending:
        return np.int64(0)
    if order["exec_inst"] & _AON or order["time_in_force"] == _FOK:
        return c["order_qty"]
    if cmd["min_qty"]:
        return cmd["min_qty"]
    return min(extras(s)[details(s)[slot]["extra"]]["min_qty"], c["order_qty"])


@kernel
def _replaced_caps(s, slot, cmd):
    """Limit price, execution cap and value price of the candidate."""
    c, order = candidates(s)[0], orders(s)[slot]
    instrument, side = np.int64(order["instrument"]), np.int64(order["side"])
    cap = order["price"]
    if order["ord_type"] == _PEGGED:
        cap = extras(s)[details(s)[slot]["extra"]]["limit_px"]
    c["price"] = 0 if order["ord_type"] == _PEGGED or order["exec_inst"] & UNLIMITED else cap
    if cmd["price"]:
        c["price"] = cmd["price"]
        cap = cmd["price"]
    elif order["exec_inst"] & UNLIMITED and c["trigger_px"] != _stop_of(s, slot):
        cap = stop_cap(s, instrument, side, c["trigger_px"])
    c["cap"] = cap
    c["worst_px"] = value_price(s, instrument, side, cap, c["trigger_px"])


@kernel
def _stop_of(s, slot):
    """The stop price of an order as it stands, 0 if it has none."""
    return extras(s)[details(s)[slot]["extra"]]["stop_px"]


@kernel
def _keeps_priority(s, slot, cmd):
    """Whether a replace leaves the order where it stands in the queue."""
    c, order = candidates(s)[0], orders(s)[slot]
    if order["state"] != BOOK or c["min_qty"] > 0:
        return False
    free = order["exec_inst"] & UNLIMITED != 0 or order["ord_type"] == _PEGGED
    if not free and c["cap"] != order["price"]:
        return False
    if c["leaves_qty"] > order["leaves_qty"] or instruments(s)[order["instrument"]][_LOSES]:
        return False
    extra = np.int64(details(s)[slot]["extra"])
    display = extras(s)[extra]["display_qty"] if extra else np.int64(0)
    return c["display_qty"] == display or (display > 0 and c["display_qty"] <= display)


@kernel
def _peg_moves(s, slot):
    """Whether a pegged order's new settings give it another price."""
    tree = 4 * np.int64(orders(s)[slot]["instrument"])
    price = peg_price(s, slot, reference(s, tree), reference(s, tree + 1))
    return price != orders(s)[slot]["price"]


@kernel
def apply_replace(s, slot, cmd, new_id):
    """Make an admitted replace: in place if it keeps priority, else out and in again."""
    c, order, detail = candidates(s)[0], orders(s)[slot], details(s)[slot]
    command, original = np.int64(cmd["command"]), max(np.int64(0), detail["cl_ord_id"])
    stays = _keeps_priority(s, slot, cmd)
    reserve(s)
    detail["worst_px"] = c["worst_px"]
    detail["hold_fee"] = c["hold_fee"]
    _set_values(s, slot, cmd)
    if stays and order["ord_type"] == _PEGGED:
        stays = not _peg_moves(s, slot)
    if stays:
        drop = order["leaves_qty"] - c["leaves_qty"]
        if drop > 0:
            shrink_anywhere(s, slot, drop)
        show_less(s, slot)
    else:
        detach(s, slot)
        order["leaves_qty"] = c["leaves_qty"]
        order["price"] = c["cap"]
    detail["order_qty"] = c["order_qty"]
    accepted(s)
    _rename(s, slot, new_id)
    if stays:
        r = report_order(s, slot, command, _REPLACED, 0)
        r["orig_cl_ord_id"] = original
    else:
        enter(s, slot, command, _REPLACED, original)


@kernel
def _set_values(s, slot, cmd):
    """Write the candidate's rarer fields to an order's extra row, making one if needed."""
    c, order = candidates(s)[0], orders(s)[slot]
    extra = np.int64(details(s)[slot]["extra"])
    if extra == 0:
        if c["display_qty"] == 0 and c["min_qty"] == 0:
            return
        extra = take_extra(s, slot)
    e = extras(s)[extra]
    if c["min_qty"]:
        order["exec_inst"] |= MINIMUM
    e["display_qty"] = c["display_qty"]
    e["min_qty"] = c["min_qty"]
    e["stop_px"] = c["trigger_px"]
    if cmd["stop_px"] or cmd["offset"]:
        e["given_stop"] = 1 if cmd["stop_px"] else 0
    if e["expire_time"] != c["expire_time"]:
        leave_expiry(s, slot)
        e["expire_time"] = c["expire_time"]
        join_expiry(s, slot)
    if order["exec_inst"] & QUOTE_LEG == 0:
        e["limit_px"] = c["cap"]
    if cmd["offset"]:
        e["offset"] = cmd["offset"]
    if order["ord_type"] == _TRAIL and cmd["price"]:
        order["exec_inst"] &= 0xFFFF - UNLIMITED
    if c["display_qty"] > 0 and c["display_qty"] < c["order_qty"]:
        order["exec_inst"] |= ICEBERG
    else:
        order["exec_inst"] &= 0xFFFF - ICEBERG
