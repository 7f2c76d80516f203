"""The short way of the usual commands: a plain limit order, and the cancel of one.

A plain order is a limit order without any rarer field (`intake.is_plain`), by a known account in an
instrument that trades continuously and has no rarer setting. What `engine.orders.entry` passes on
in the CANDIDATE row stays in registers here. Each of the two functions looks at everything before
it changes anything: it either carries out the whole command, with the rows and reports that the
long way would have made, or returns False and has done nothing. A refusal is always the long
way's, and so is what follows from a trade.
"""

import numpy as np

from domain.codes import (
    ExecInst,
    ExecType,
    OrdStatus,
    OrdType,
    Phase,
    Reason,
    ReportType,
    TimeInForce,
)
from domain.jit import kernel
from domain.tables import (
    algos,
    books,
    core,
    details,
    directory,
    extras,
    levels,
    nodes,
    orders,
    trees,
)
from engine.book.directory import clear_place, find_place, hash_of
from engine.book.expiry import join_expiry, leave_expiry
from engine.book.ladder import add_level
from engine.book.pools import free_order, take_extra, take_order
from engine.book.queue import anybody_waits, leave_plain, rest_plain
from engine.emit import blank
from engine.orders.intake import is_plain
from engine.states import (
    BOOK,
    CHAINED,
    ICEBERG,
    LINKED,
    MINIMUM,
    QUOTE_LEG,
    UNLIMITED,
    WORKING,
)
from risk.admission.plain import passes, terms
from risk.marking import weigh_row
from risk.positions import enter, find_position, leave
from risk.span.exchange import by_scenarios

_CONTINUOUS, _LIMIT = int(Phase.CONTINUOUS), int(OrdType.LIMIT)
_IOC, _GTD = int(TimeInForce.IOC), int(TimeInForce.GTD)
_HIDDEN, _POST_FLAGS = int(ExecInst.HIDDEN), int(ExecInst.POST_ONLY | ExecInst.POST_SLIDE)
_SPECIAL = _HIDDEN | QUOTE_LEG | UNLIMITED | LINKED | MINIMUM | ICEBERG | CHAINED
_EXECUTION, _BY_USER = int(ReportType.EXECUTION), int(Reason.CANCELED_BY_USER)
_NEW, _NEW_STATUS = int(ExecType.NEW), int(OrdStatus.NEW)
_CANCELED, _CANCELED_STATUS = int(ExecType.CANCELED), int(OrdStatus.CANCELED)


@kernel
def _is_open(s, account, instrument):
    """Whether the account and the instrument exist and nothing keeps the book from trading."""
    c = core(s)[0]
    if account < 1 or account > c["nodes"] or instrument < 1 or instrument > c["instruments"]:
        return False
    book = books(s)[instrument]
    open_book = book["phase"] == _CONTINUOUS and (book["killed"] | c["killed"]) == 0
    return open_book and nodes(s)[account]["level"] == 1


@kernel
def plain_order(s, cmd):
    """Carry out a NEW_ORDER row if it is plain and surely accepted; whether it was."""
    account, instrument = np.int64(cmd["account"]), np.int64(cmd["instrument"])
    if not is_plain(cmd) or not _is_open(s, account, instrument):
        return False
    number, price, qty = cmd["cl_ord_id"], cmd["price"], cmd["order_qty"]
    key = hash_of(s, account, number)
    place, twin = find_place(s, key, account, number)
    row = find_position(s, account, instrument)
    if twin or row == 0:
        return False
    side = np.int64(cmd["side"]) - 1
    met = _met(s, instrument, side, price)
    if _is_over(s, cmd, met) or anybody_waits(s, 4 * instrument + 1 - side):
        return False
    fits, worst, value, fee = terms(s, instrument, side, price, qty)
    gross, exposure, margin, moved, after = weigh_row(s, row, side, qty, value)
    order = instrument, side, price, qty, value
    change = gross, exposure, margin, moved, fee, after
    if not fits or not passes(s, row, order, change, met):
        return False
    slot = take_order(s, account)
    directory(s)[place]["row"] = slot
    directory(s)[place]["hash"] = key
    _write_detail(s, slot, cmd, worst, fee)
    _write_order(s, slot, cmd, row, met)
    if cmd["time_in_force"] == _GTD:
        _join_expiry(s, slot, cmd)
    nodes(s)[account]["orders"] += 1
    books(s)[instrument]["orders"] += 1
    enter(s, row, order, change)
    _report_new(s, slot, cmd)
    return True


@kernel
def _is_over(s, cmd, met):
    """Whether something that only some plain orders have may keep the order out."""
    tif, algo = cmd["time_in_force"], np.int64(cmd["algo_id"])
    bad = (met == 0) & (tif == _IOC) | (met != 0) & (cmd["exec_inst"] & _POST_FLAGS != 0)
    bad |= (tif == _GTD) & (cmd["expire_time"] <= core(s)[0]["time"])
    if algo:
        bad |= (algos(s)[algo]["known"] == 0) | (algos(s)[algo]["killed"] != 0)
    return bad


@kernel
def _met(s, instrument, side, price):
    """Displayed lots of the other side if the order would trade with it now, at least 1; else 0."""
    touch = np.int64(trees(s)[4 * instrument + 1 - side]["best"])
    inside = (price - levels(s)[touch]["price"]) * (1 - 2 * side)  # which side cannot be foreseen
    if touch == 0 or inside < 0:
        return np.int64(0)
    book = books(s)[instrument]
    return max(np.int64(1), book["shown_bid"] if side else book["shown_ask"])


@kernel
def _write_detail(s, slot, cmd, worst, fee):
    detail, number, qty = details(s)[slot], cmd["cl_ord_id"], cmd["order_qty"]
    session, algo = cmd["session"], cmd["algo_id"]
    detail["cl_ord_id"] = number
    detail["order_qty"] = qty
    detail["cum_qty"] = 0
    detail["cum_value"] = 0
    detail["worst_px"] = worst
    detail["hold_fee"] = fee
    detail["extra"] = 0
    detail["session"] = session
    detail["algo_id"] = algo


@kernel
def _write_order(s, slot, cmd, position, met):
    """Write the order's row; it rests, or it works if it meets something."""
    account, instrument, tif = cmd["account"], np.int64(cmd["instrument"]), cmd["time_in_force"]
    side, price, qty = np.int64(cmd["side"]) - 1, cmd["price"], cmd["order_qty"]
    mode, flags = cmd["stp_mode"], cmd["exec_inst"]
    order = orders(s)[slot]
    level, before = np.int64(0), np.int64(0)
    if met == 0:
        level = add_level(s, 4 * instrument + side, price)
        before = np.int64(levels(s)[level]["tail"])
    order["price"] = price
    order["leaves_qty"] = qty
    order["shown_qty"] = 0 if met else qty
    order["prev"] = before
    order["next"] = 0
    order["level"] = level
    order["position"] = position
    order["instrument"] = instrument
    order["account"] = account
    order["side"] = side
    order["state"] = WORKING if met else BOOK
    order["stp_mode"] = mode
    order["ord_type"] = _LIMIT
    order["exec_inst"] = flags
    order["time_in_force"] = tif
    order["short"] = 0
    if met:
        core(s)[0]["working"] = slot
        books(s)[instrument]["share_level"] = 0
    else:
        rest_plain(s, level, slot, qty)


@kernel
def _join_expiry(s, slot, cmd):
    """Give a good-till-date order its extra row and enter it into the heap."""
    e = extras(s)[take_extra(s, slot)]
    e["limit_px"] = cmd["price"]
    e["expire_time"] = cmd["expire_time"]
    join_expiry(s, slot)


@kernel
def _report_new(s, slot, cmd):
    """Report an accepted plain order."""
    number, price, qty = cmd["cl_ord_id"], cmd["price"], cmd["order_qty"]
    instrument, account = cmd["instrument"], cmd["account"]
    side, tif, command = cmd["side"], cmd["time_in_force"], cmd["command"]
    order_id = orders(s)[slot]["order_id"]
    r = blank(s, command)
    r["order_id"] = order_id
    r["cl_ord_id"] = number
    r["price"] = price
    r["order_qty"] = qty
    r["leaves_qty"] = qty
    r["cum_qty"] = 0
    r["cum_value"] = 0
    r["instrument"] = instrument
    r["account"] = account
    r["report"] = _EXECUTION
    r["exec_type"] = _NEW
    r["ord_status"] = _NEW_STATUS
    r["side"] = side
    r["ord_type"] = _LIMIT
    r["time_in_force"] = tif
    r["working"] = 1


@kernel
def plain_cancel(s, cmd):
    """Carry out a CANCEL_ORDER row that names a resting order that shows all it is.

    Returns whether it was.
    """
    account, number = np.int64(cmd["account"]), cmd["orig_cl_ord_id"]
    if number <= 0:
        return False
    place, slot = find_place(s, hash_of(s, account, number), account, number)
    order = orders(s)[slot]
    if order["state"] != BOOK or order["exec_inst"] & _SPECIAL:
        return False
    if by_scenarios(s, np.int64(order["instrument"])):
        return False
    core(s)[0]["book"] = order["instrument"]
    leave(s, slot)
    leave_plain(s, slot)
    _report_canceled(s, slot, cmd)
    if order["time_in_force"] == _GTD:
        leave_expiry(s, slot)
    clear_place(s, place)
    nodes(s)[account]["orders"] -= 1
    free_order(s, slot)
    return True


@kernel
def _report_canceled(s, slot, cmd):
    """Report that an order was canceled by its customer."""
    order, detail = orders(s)[slot], details(s)[slot]
    number, command, original = cmd["cl_ord_id"], cmd["command"], cmd["orig_cl_ord_id"]
    order_id, price, instrument = order["order_id"], order["price"], order["instrument"]
    account, side, kind = order["account"], order["side"], order["ord_type"]
    tif, short = order["time_in_force"], order["short"]
    qty, traded, worth = detail["order_qty"], detail["cum_qty"], detail["cum_value"]
    stop = extras(s)[detail["extra"]]["stop_px"]  # row 0 is all zero
    r = blank(s, command)
    r["order_id"] = order_id
    r["cl_ord_id"] = number if number > 0 else original
    r["orig_cl_ord_id"] = original
    r["price"] = price
    r["order_qty"] = qty
    r["leaves_qty"] = 0
    r["cum_qty"] = traded
    r["cum_value"] = worth
    r["stop_px"] = stop
    r["instrument"] = instrument
    r["account"] = account
    r["reason"] = _BY_USER
    r["report"] = _EXECUTION
    r["exec_type"] = _CANCELED
    r["ord_status"] = _CANCELED_STATUS
    r["side"] = short if short else side + 1
    r["ord_type"] = kind
    r["time_in_force"] = tif
