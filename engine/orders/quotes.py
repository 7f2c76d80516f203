"""QUOTE: one row, two legs. Each leg is an ordinary limit order under a key of its own."""

import numpy as np

from domain.codes import Command, ExecType, OrdType, Reason, ReportType
from domain.jit import kernel
from domain.limits import MAX_QTY
from domain.tables import candidates, details, extras, legs
from engine.book.directory import find_order
from engine.book.pools import take_extra
from engine.emit import report_refusal
from engine.orders.amend import admit_replace, apply_replace
from engine.orders.entry import admit_order, enter, make_order
from engine.orders.intake import check_row, refuse
from engine.orders.lifecycle import end_order
from engine.states import QUOTE_LEG

_QUOTE, _LIMIT = int(Command.QUOTE), int(OrdType.LIMIT)
_NEW, _CANCELED = int(ExecType.NEW), int(ExecType.CANCELED)
_EXECUTION = int(ReportType.EXECUTION)
_BY_QUOTE = int(Reason.CANCELED_BY_QUOTE)
_CONFLICT, _QTY = int(Reason.FLAGS_CONFLICT), int(Reason.QTY_OUT_OF_RANGE)


@kernel
def quote_refused(s, cmd):
    """Refuse a QUOTE whose legs contradict each other; 0 if they can be looked at one by one."""
    if cmd["order_qty"] < 0 or cmd["order_qty"] > MAX_QTY:
        return refuse(s, _QTY, MAX_QTY, cmd["order_qty"])
    if cmd["offer_size"] < 0 or cmd["offer_size"] > MAX_QTY:
        return refuse(s, _QTY, MAX_QTY, cmd["offer_size"])
    if cmd["order_qty"] and cmd["offer_size"] and cmd["price"] >= cmd["offer_px"]:
        return refuse(s, _CONFLICT, cmd["offer_px"], cmd["price"])
    return 0


@kernel
def leg_key(instrument, side):
    """The key under which the directory keeps an account's quote leg."""
    return -(2 * instrument + side + 1)


@kernel
def _fill_leg(s, cmd, side):
    """Write one side of a QUOTE as the row of a limit order."""
    leg = legs(s)[0]
    leg["cl_ord_id"] = cmd["cl_ord_id"]
    leg["price"] = cmd["offer_px"] if side else cmd["price"]
    leg["order_qty"] = cmd["offer_size"] if side else cmd["order_qty"]
    leg["instrument"] = cmd["instrument"]
    leg["account"] = cmd["account"]
    leg["command"] = _QUOTE
    leg["side"] = side + 1
    leg["ord_type"] = _LIMIT
    leg["time_in_force"] = cmd["time_in_force"]
    leg["exec_inst"] = cmd["exec_inst"]
    leg["stp_mode"] = cmd["stp_mode"]
    leg["expire_time"] = cmd["expire_time"]
    leg["algo_id"] = cmd["algo_id"]
    leg["session"] = cmd["session"]
    return leg


@kernel
def quote_leg(s, cmd, side):
    """Enter, change or cancel one leg of a quote."""
    account, instrument = np.int64(cmd["account"]), np.int64(cmd["instrument"])
    slot = find_order(s, account, leg_key(instrument, side))
    leg = _fill_leg(s, cmd, side)
    if leg["order_qty"] == 0:
        if slot:
            end_order(s, slot, _QUOTE, _CANCELED, _BY_QUOTE)
        return
    reason = check_row(s, leg)
    if slot and reason == 0:
        leg["order_qty"] += details(s)[slot]["cum_qty"]
        leg["exec_inst"] = 0
        reason = admit_replace(s, slot, leg)
    elif reason == 0:
        reason = admit_order(s, leg, False)
    if reason:
        leg["order_qty"] = cmd["offer_size"] if side else cmd["order_qty"]
        report_refusal(s, leg, _EXECUTION, reason, 0)
        if slot:
            end_order(s, slot, _QUOTE, _CANCELED, _BY_QUOTE)
        return
    if slot:
        extras(s)[details(s)[slot]["extra"]]["limit_px"] = cmd["cl_ord_id"]
        apply_replace(s, slot, leg, details(s)[slot]["cl_ord_id"])
        return
    candidates(s)[0]["exec_inst"] |= QUOTE_LEG
    slot = make_order(s, leg, leg_key(instrument, side))
    extras(s)[take_extra(s, slot)]["limit_px"] = cmd["cl_ord_id"]
    enter(s, slot, _QUOTE, _NEW, 0)
