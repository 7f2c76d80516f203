"""NEW_ORDER: from a row to an accepted order that trades, rests, waits or ends."""

import numpy as np

from domain.attributes import InstrumentAttr
from domain.codes import ExecInst, ExecType, OrdType, Phase, Reason, ReportType, TimeInForce
from domain.jit import kernel
from domain.tables import (
    books,
    candidates,
    details,
    extras,
    instruments,
    levels,
    nodes,
    orders,
    trees,
)
from engine.book.chains import join_chain
from engine.book.directory import add_order, find_order
from engine.book.expiry import join_expiry
from engine.book.pools import take_extra, take_order
from engine.book.prices import behind, best_price, last_or_reference
from engine.book.queue import crosses, join_queue, join_waiting, other_side, parked_queue
from engine.emit import report_order, report_refusal
from engine.orders.intake import check_row, is_trigger, is_unlimited, read_order, refuse
from engine.orders.lifecycle import end_order
from engine.orders.links import (
    count_arrival,
    join_ring,
    link_target,
    list_incomplete,
    waits_for_parent,
)
from engine.orders.pegs import peg_price, place_peg, reference
from engine.orders.plain import plain_order
from engine.orders.triggers import fire, is_met, join_triggers, restart_trail
from engine.orders.working import start_working
from engine.states import (
    CHILD,
    HELD,
    ICEBERG,
    MINIMUM,
    PARKED,
    PEGS,
    TRAILING,
    UNLIMITED,
    UNPRICED,
    WORKING,
)
from engine.trading.calls import is_auction, rest_in_call
from risk.checks import accepted, admit
from risk.positions import position_row, reserve

_NEW, _CANCELED, _EXPIRED = int(ExecType.NEW), int(ExecType.CANCELED), int(ExecType.EXPIRED)
_AUCTION_OVER = int(Reason.EXPIRED_AUCTION)
_EXECUTION = int(ReportType.EXECUTION)
_MARKET_TO_LIMIT, _PEGGED = int(OrdType.MARKET_TO_LIMIT), int(OrdType.PEGGED)
_TRAIL, _LIMIT = int(OrdType.TRAILING_STOP), int(OrdType.LIMIT)
_POST, _SLIDE = int(ExecInst.POST_ONLY), int(ExecInst.POST_SLIDE)
_IOC, _FOK = int(TimeInForce.IOC), int(TimeInForce.FOK)
_OPEN, _CLOSE = int(TimeInForce.AT_THE_OPEN), int(TimeInForce.AT_THE_CLOSE)
_GFA, _GTD = int(TimeInForce.GOOD_FOR_AUCTION), int(TimeInForce.GTD)
_CONTINUOUS, _CLOSING = int(Phase.CONTINUOUS), int(Phase.CLOSING_AUCTION)
_OPENING, _PRE_OPEN = int(Phase.OPENING_AUCTION), int(Phase.PRE_OPEN)
_DUPLICATE, _LINK = int(Reason.DUPLICATE_ORDER), int(Reason.LINK)
_POST_ONLY, _UNFILLED = int(Reason.POST_ONLY_WOULD_TRADE), int(Reason.UNFILLED_REMAINDER)
_TOO_MANY = int(Reason.TOO_MANY_MOVING_ORDERS)
_MAX_MOVING = int(InstrumentAttr.MAX_MOVING)

# where an accepted order goes
TO_HOLD, TO_TRIGGERS, TO_PARK, TO_CALL = 0, 1, 2, 3
TO_PEGS, TO_WORK, TO_FIRE, TO_NOTHING = 4, 5, 6, 7


@kernel
def new_order(s, cmd):
    """Accept or refuse a NEW_ORDER row."""
    if plain_order(s, cmd):
        return
    reason = check_row(s, cmd)
    if reason == 0 and find_order(s, np.int64(cmd["account"]), cmd["cl_ord_id"]):
        reason = refuse(s, _DUPLICATE, 0, cmd["cl_ord_id"])
    target = np.int64(0)
    if reason == 0 and cmd["contingency"]:
        target = link_target(s, cmd)
        if target == 0:
            reason = refuse(s, _LINK, 0, cmd["cl_ord_link_id"])
    if reason == 0:
        waits = waits_for_parent(np.int64(cmd["contingency"])) or cmd["list_size"] > 1
        waits = waits or (target != 0 and list_incomplete(s, target))
        reason = admit_order(s, cmd, waits)
    if reason:
        report_refusal(s, cmd, _EXECUTION, reason, 0)
        return
    slot = make_order(s, cmd, cmd["cl_ord_id"])
    if target:
        join_ring(s, slot, target, np.int64(cmd["contingency"]))
    elif cmd["list_size"] > 1:
        extras(s)[take_extra(s, slot)]["list_left"] = np.int64(cmd["list_size"]) - 1
    order = orders(s)[slot]
    plain = order["ord_type"] == _LIMIT and details(s)[slot]["extra"] == 0
    if plain and books(s)[order["instrument"]]["phase"] == _CONTINUOUS:
        report_order(s, slot, np.int64(cmd["command"]), _NEW, 0)
        start_working(s, slot, np.int64(cmd["command"]))
        return
    enter(s, slot, np.int64(cmd["command"]), _NEW, 0)
    if target and orders(s)[target]["state"]:
        count_arrival(s, target)


@kernel
def admit_order(s, cmd, waits):
    """Price the order and put it to the risk checks and the rules of the book.

    An order that `waits` for others meets the post-only rule when it is released.
    """
    reason = read_order(s, cmd)
    if reason:
        return reason
    c = candidates(s)[0]
    reason = _count_moving(s)
    if reason:
        return reason
    c["position"] = position_row(s, np.int64(c["account"]), np.int64(c["instrument"]))
    reason = admit(s)
    if reason or waits:
        return reason
    return post_only(s, np.int64(cmd["exec_inst"]))


@kernel
def _count_moving(s):
    """The book has room for one more order of the kinds that must be looked at one by one."""
    c = candidates(s)[0]
    instrument = np.int64(c["instrument"])
    book = books(s)[instrument]
    most = instruments(s)[instrument][_MAX_MOVING]
    count = np.int64(0)
    if c["ord_type"] == _PEGGED:
        count = np.int64(book["chained"][PEGS])
    elif c["ord_type"] == _TRAIL:
        count = np.int64(book["chained"][TRAILING])
    elif c["min_qty"] > 0 and c["time_in_force"] != _IOC and c["time_in_force"] != _FOK:
        row = np.int64(trees(s)[4 * instrument + np.int64(c["side"])]["waiting"])
        if row:
            count = np.int64(levels(s)[row]["count"])
    else:
        return 0
    return refuse(s, _TOO_MANY, most, count + 1) if count >= most else 0


@kernel
def post_only(s, flags):
    """Refuse or slide the candidate if it must not take liquidity and would."""
    c = candidates(s)[0]
    if flags & (_POST | _SLIDE) == 0:
        return 0
    instrument, side = np.int64(c["instrument"]), np.int64(c["side"])
    if books(s)[instrument]["phase"] != _CONTINUOUS:
        return 0
    best = best_price(s, 4 * instrument + 1 - side)
    if best == 0 or not crosses(side, c["cap"], best):
        return 0
    if flags & _POST:
        return refuse(s, _POST_ONLY, best, c["cap"])
    price = behind(s, instrument, side, best)
    if price == 0:
        return refuse(s, _POST_ONLY, best, c["cap"])
    c["cap"] = price
    return 0


@kernel
def make_order(s, cmd, cl_ord_id):
    """The order of an admitted candidate: rows, directory, reservation."""
    c = candidates(s)[0]
    slot = take_order(s, np.int64(c["account"]))
    order, detail = orders(s)[slot], details(s)[slot]
    flags = np.int64(c["exec_inst"])
    if is_unlimited(np.int64(c["ord_type"]), c["price"]):
        flags |= UNLIMITED
    order["price"] = c["cap"]
    order["leaves_qty"] = c["leaves_qty"]
    order["shown_qty"] = 0
    order["prev"] = 0
    order["next"] = 0
    order["level"] = 0
    order["position"] = c["position"]
    order["instrument"] = c["instrument"]
    order["account"] = c["account"]
    order["side"] = c["side"]
    order["state"] = WORKING
    order["stp_mode"] = cmd["stp_mode"]
    order["ord_type"] = c["ord_type"]
    order["time_in_force"] = c["time_in_force"]
    order["short"] = c["fix_side"] if c["fix_side"] > 2 else 0
    detail["cl_ord_id"] = cl_ord_id
    detail["order_qty"] = c["order_qty"]
    detail["cum_qty"] = 0
    detail["cum_value"] = 0
    detail["worst_px"] = c["worst_px"]
    detail["hold_fee"] = c["hold_fee"]
    detail["extra"] = 0
    detail["session"] = cmd["session"]
    detail["algo_id"] = c["algo_id"]
    order["exec_inst"] = flags
    _make_extra(s, slot, cmd)
    nodes(s)[order["account"]]["orders"] += 1
    books(s)[order["instrument"]]["orders"] += 1
    add_order(s, slot)
    reserve(s)
    accepted(s)
    return slot


@kernel
def _make_extra(s, slot, cmd):
    """The rarer fields of an order, if it has any."""
    c = candidates(s)[0]
    order = orders(s)[slot]
    kind, tif = np.int64(c["ord_type"]), np.int64(c["time_in_force"])
    iceberg = c["display_qty"] > 0 and c["display_qty"] < c["order_qty"]
    auction = tif == _OPEN or tif == _CLOSE or tif == _GFA
    plain = not (iceberg or auction or is_trigger(kind) or kind == _PEGGED)
    if plain and c["min_qty"] == 0 and c["expire_time"] == 0 and c["display_qty"] == 0:
        return
    e = extras(s)[take_extra(s, slot)]
    e["display_qty"] = c["display_qty"]
    e["min_qty"] = c["min_qty"]
    e["stop_px"] = c["trigger_px"]
    e["given_stop"] = 1 if cmd["stop_px"] else 0
    e["offset"] = cmd["offset"]
    e["limit_px"] = c["cap"]
    e["expire_time"] = c["expire_time"]
    e["trail_ref"] = last_or_reference(s, np.int64(c["instrument"])) if kind == _TRAIL else 0
    if iceberg:
        order["exec_inst"] |= ICEBERG
    if c["min_qty"]:
        order["exec_inst"] |= MINIMUM
    if kind == _PEGGED or kind == _TRAIL or auction:
        join_chain(s, slot)
    if tif == _GTD:
        join_expiry(s, slot)


@kernel
def destination(s, slot):
    """Where an order goes now, by its links, type, time in force and the phase."""
    order = orders(s)[slot]
    detail = details(s)[slot]
    phase = np.int64(books(s)[order["instrument"]]["phase"])
    tif, kind = order["time_in_force"], np.int64(order["ord_type"])
    if detail["extra"]:
        e = extras(s)[detail["extra"]]
        if e["role"] == CHILD or list_incomplete(s, slot):
            return TO_HOLD
        if tif == _GFA and not is_auction(phase):
            return TO_PARK
        if tif == _CLOSE and phase != _CLOSING:
            return TO_PARK
        if is_trigger(kind) and e["triggered"] == 0:
            return TO_FIRE if phase == _CONTINUOUS and is_met(s, slot) else TO_TRIGGERS
    if phase != _CONTINUOUS:
        return TO_CALL
    if kind == _PEGGED:
        return TO_PEGS
    if kind == _MARKET_TO_LIMIT and order["exec_inst"] & UNLIMITED:
        return TO_WORK if best_price(s, other_side(s, slot)) else TO_NOTHING
    return TO_WORK


@kernel
def enter(s, slot, command, exec_type, original):
    """Acknowledge an order that is in no queue and send it on its way."""
    to = destination(s, slot)
    _place_state(s, slot, to)
    r = report_order(s, slot, command, exec_type, 0)
    r["orig_cl_ord_id"] = original
    send(s, slot, to, command)


@kernel
def _place_state(s, slot, to):
    """Give an order the state in which it is acknowledged; turn market-to-limit into a limit."""
    order = orders(s)[slot]
    order["state"] = HELD if to <= TO_PARK else WORKING
    if to == TO_PEGS:
        tree = 4 * np.int64(order["instrument"])
        order["price"] = peg_price(s, slot, reference(s, tree), reference(s, tree + 1))
        if order["price"] == 0:
            order["state"] = UNPRICED
    if to == TO_WORK and order["ord_type"] == _MARKET_TO_LIMIT and order["exec_inst"] & UNLIMITED:
        best, cap = best_price(s, other_side(s, slot)), order["price"]
        order["price"] = min(best, cap) if order["side"] == 0 else max(best, cap)
        order["exec_inst"] &= 0xFFFF - UNLIMITED


@kernel
def send(s, slot, to, command):
    """Put an order where `destination` said."""
    instrument = np.int64(orders(s)[slot]["instrument"])
    if to == TO_WORK:
        start_working(s, slot, command)
    elif to == TO_TRIGGERS:
        join_triggers(s, slot)
    elif to == TO_PARK:
        join_queue(s, parked_queue(s, instrument), slot, PARKED)
    elif to == TO_CALL:
        rest_in_call(s, slot)
    elif to == TO_PEGS:
        place_peg(s, slot, orders(s)[slot]["price"], command)
    elif to == TO_FIRE:
        fire(s, slot, command)
    elif to == TO_NOTHING:
        end_order(s, slot, command, _CANCELED, _UNFILLED)


@kernel
def release_ready(s, slot, command):
    """An order leaves the ready queue: it goes where it belongs now."""
    if orders(s)[slot]["ord_type"] == _TRAIL:
        restart_trail(s, slot)
    to = destination(s, slot)
    _place_state(s, slot, to)
    order = orders(s)[slot]
    instrument = np.int64(order["instrument"])
    if order["time_in_force"] == _OPEN:
        phase = books(s)[instrument]["phase"]
        if phase != _PRE_OPEN and phase != _OPENING:
            end_order(s, slot, command, _EXPIRED, _AUCTION_OVER)
            return
    if to == TO_CALL:
        tif = order["time_in_force"]
        if tif == _IOC or tif == _FOK:
            end_order(s, slot, command, _CANCELED, _UNFILLED)
            return
        if order["ord_type"] == _PEGGED:
            order["state"] = UNPRICED
            order["price"] = 0
            return
        if order["exec_inst"] & MINIMUM:
            if order["exec_inst"] & UNLIMITED:
                end_order(s, slot, command, _CANCELED, _UNFILLED)
                return
            join_waiting(s, slot)
            return
    send(s, slot, to, command)
