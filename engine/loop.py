"""The batch kernel: commands in, reports out.

`run` applies the rows of the command buffer from a given one on. It comes back before the end
only when memory runs short: CORE.want names the table that must grow (or the buffer that must be
emptied), and the next call goes on exactly where this one stopped.
"""

import numpy as np

from domain.attributes import InstrumentAttr
from domain.codes import Command, Phase, Reason, ReportType, Scope
from domain.jit import cold, entry, kernel
from domain.limits import MAX_TIME
from domain.tables import books, commands, core, instruments
from engine.advance import drain
from engine.ahead import is_wide, look_ahead
from engine.book.expiry import first_due
from engine.emit import report_admin, report_refusal
from engine.orders.amend import cancel_order, replace_order
from engine.orders.entry import new_order
from engine.orders.intake import check_ids, refuse
from engine.orders.quotes import quote_leg, quote_refused
from engine.room import (
    FULL,
    NO_ROOM,
    ROOM,
    commands_with_room,
    is_full,
    room_for_administration,
    room_for_rows,
    room_for_step,
    room_to_begin,
    takes_rows,
)
from engine.states import DONE, SUSPENDED
from engine.sweeps import begin_orders, expire_due, sweep_orders
from engine.timers import check_tick, end_timers, keep_alive, set_dead_man, set_session
from engine.trading.calls import is_call
from engine.trading.elsewhere import price_elsewhere
from engine.trading.phases import (
    begin_halt,
    begin_phase,
    begin_resume,
    begin_uncross,
    end_volatility,
)
from risk.administration import (
    algo_add,
    deposit,
    instrument_add,
    kill_flag,
    node_add,
    rearm,
    set_attribute,
    withdraw,
)
from risk.marking import mark_all, start_day

_C = Command
_NEW, _CANCEL, _REPLACE = int(_C.NEW_ORDER), int(_C.CANCEL_ORDER), int(_C.REPLACE_ORDER)
_MASS_CANCEL, _QUOTE = int(_C.MASS_CANCEL), int(_C.QUOTE)
_INSTRUMENT_ADD, _NODE_ADD = int(_C.INSTRUMENT_ADD), int(_C.NODE_ADD)
_ALGO_ADD, _SET = int(_C.ALGO_ADD), int(_C.SET)
_DEPOSIT, _WITHDRAW, _REARM = int(_C.DEPOSIT), int(_C.WITHDRAW), int(_C.REARM)
_PHASE, _HALT, _RESUME, _UNCROSS = int(_C.PHASE), int(_C.HALT), int(_C.RESUME), int(_C.UNCROSS)
_KILL_ON, _KILL_OFF = int(_C.KILL_ON), int(_C.KILL_OFF)
_CONNECT, _DISCONNECT = int(_C.CONNECT), int(_C.DISCONNECT)
_DEAD_MAN, _TICK, _END_OF_DAY = int(_C.DEAD_MAN), int(_C.TICK), int(_C.END_OF_DAY)
_ADMIN, _MASS = int(ReportType.ADMIN), int(ReportType.MASS_CANCEL)
_EXECUTION, _CANCEL_REJECT = int(ReportType.EXECUTION), int(ReportType.CANCEL_REJECT)
_CAPACITY = int(Reason.CAPACITY)
_MARKET, _NODE, _INSTRUMENT = int(Scope.MARKET), int(Scope.NODE), int(Scope.INSTRUMENT)
_UNKNOWN_COMMAND, _UNKNOWN_ENTITY = int(Reason.UNKNOWN_COMMAND), int(Reason.UNKNOWN_ENTITY)
_UNKNOWN_ACCOUNT, _FIELD = int(Reason.UNKNOWN_ACCOUNT), int(Reason.FIELD_OUT_OF_RANGE)
_TRANSITION = int(Reason.PHASE_TRANSITION)
_CLOSED, _STOPPED = int(Phase.CLOSED), int(Phase.HALT)
_VOLATILITY, _POST_CLOSE = int(Phase.VOLATILITY_AUCTION), int(Phase.POST_CLOSE)
_REFERENCE = int(InstrumentAttr.REFERENCE_PRICE)

# CORE.stage: what is left of the command under way
_IDLE, _BOOK, _OTHER_LEG, _ORDERS, _BOOKS, _END = 0, 1, 2, 3, 4, 5
_EXPIRY = 6  # orders whose time has come end before the command begins


@entry
def run(s, first):
    """Apply command rows `first`.. of this call's buffer; returns how many are done in all."""
    c = core(s)[0]
    rows = commands(s)
    at = np.int64(first)
    wide = is_wide(s)
    quiet = np.int64(0)  # commands for which the tables have room for certain
    near = later = last = np.int64(0)  # places in the directory of the commands that come
    while at < c["rows"]:
        cmd = rows[at]
        near, later, last = later, last, look_ahead(s, rows, at, wide, near)
        stage = c["stage"]
        if stage == _IDLE or stage == _EXPIRY:
            if quiet == 0:
                quiet = commands_with_room(s)
            if _start(s, cmd, quiet > 0) == SUSPENDED:
                return at
            quiet = max(0, quiet - 1)
        if _advance(s, cmd) == SUSPENDED:
            return at
        c["stage"] = _IDLE
        at += 1
    c["want"] = 0
    return at


@kernel
def _start(s, cmd, quiet):
    """Take a command's time, end the orders whose time has come, and begin the command.

    `quiet`: the tables have room for certain, only a step's must be asked for. SUSPENDED before
    anything is done, or among the orders that end.
    """
    c = core(s)[0]
    instrument = np.int64(cmd["instrument"])
    if instrument < 0 or instrument > c["instruments"]:
        instrument = np.int64(0)
    room = ROOM
    if not quiet or not room_for_step(s, instrument):
        room = room_to_begin(s, instrument)
        if room == NO_ROOM:
            return SUSPENDED
    refused = room == FULL and takes_rows(cmd)
    if cmd["command"] > _QUOTE and not room_for_administration(s, cmd):
        if not is_full(s):
            return SUSPENDED
        refused = True
    if c["stage"] == _IDLE:
        c["seq"] += 1
        if cmd["transact_time"] > c["time"] and cmd["transact_time"] <= MAX_TIME:
            c["time"] = cmd["transact_time"]
        c["rounds"] = 8
        if first_due(s):
            c["stage"] = _EXPIRY
            c["cursor"] = 0
    if c["stage"] == _EXPIRY:
        if expire_due(s, np.int64(cmd["command"])) == SUSPENDED or not room_for_step(s, instrument):
            return SUSPENDED
        c["stage"] = _IDLE
    c["book"] = instrument
    if refused:
        keep_alive(s, cmd)
        _refuse_for_room(s, cmd)
    else:
        _begin(s, cmd)
    return DONE


@cold
def _refuse_for_room(s, cmd):
    """Refuse a command for which a table at its bound has no row."""
    reason, command = refuse(s, _CAPACITY, 0, 0), cmd["command"]
    if command == _NEW:
        report_refusal(s, cmd, _EXECUTION, reason, 0)
    elif command == _REPLACE:
        report_refusal(s, cmd, _CANCEL_REJECT, reason, cmd["order_id"])
    else:
        report_admin(s, cmd, _ADMIN, reason, np.int64(cmd["entity"]))


@kernel
def _begin(s, cmd):
    """The first part of a command; what is left is in CORE.stage."""
    c = core(s)[0]
    command = cmd["command"]
    keep_alive(s, cmd)
    c["stage"] = _BOOK
    if command == _NEW:
        new_order(s, cmd)
    elif command == _CANCEL:
        cancel_order(s, cmd)
    elif command == _REPLACE:
        replace_order(s, cmd)
    elif command == _QUOTE:
        _begin_quote(s, cmd)
    elif command == _MASS_CANCEL:
        _begin_mass_cancel(s, cmd)
    else:
        c["stage"] = _IDLE
        _begin_administration(s, cmd)


@kernel
def _begin_quote(s, cmd):
    reason = check_ids(s, cmd)
    if reason == 0:
        reason = quote_refused(s, cmd)
    if reason:
        report_admin(s, cmd, _ADMIN, reason, 0)
        core(s)[0]["stage"] = _IDLE
        return
    core(s)[0]["answered"] = core(s)[0]["exec_id"]
    quote_leg(s, cmd, 0)
    core(s)[0]["stage"] = _OTHER_LEG


@cold
def _begin_mass_cancel(s, cmd):
    c = core(s)[0]
    reason = 0
    if cmd["account"] == 0 and cmd["instrument"] == 0 and cmd["scope"] != _NODE:
        reason = refuse(s, _FIELD, 0, 0)
    elif cmd["account"] < 0 or cmd["account"] > c["nodes"]:
        reason = refuse(s, _UNKNOWN_ACCOUNT, np.int64(c["nodes"]), np.int64(cmd["account"]))
    elif cmd["instrument"] < 0 or cmd["instrument"] > c["instruments"]:
        reason = refuse(s, _UNKNOWN_ENTITY, np.int64(c["instruments"]), np.int64(cmd["instrument"]))
    elif cmd["scope"] == _NODE and (cmd["entity"] < 1 or cmd["entity"] > c["nodes"]):
        reason = refuse(s, _UNKNOWN_ENTITY, np.int64(c["nodes"]), np.int64(cmd["entity"]))
    if reason:
        report_admin(s, cmd, _MASS, reason, 0)
        c["stage"] = _IDLE
        return
    begin_orders(s)
    c["stage"] = _ORDERS


@kernel
def _administer(s, cmd):
    """Commands that risk.administration carries out; -1 if this is none of them."""
    command = cmd["command"]
    if command == _INSTRUMENT_ADD:
        return instrument_add(s, cmd)
    if command == _NODE_ADD:
        return node_add(s, cmd)
    if command == _ALGO_ADD:
        return algo_add(s, cmd)
    if command == _SET:
        return set_attribute(s, cmd)
    if command == _DEPOSIT:
        return deposit(s, cmd)
    if command == _WITHDRAW:
        return withdraw(s, cmd)
    if command == _REARM:
        return rearm(s, cmd)
    if command == _KILL_ON or command == _KILL_OFF:
        return kill_flag(s, cmd, command == _KILL_ON)
    return -1


@cold
def _begin_administration(s, cmd):
    """Answer the command with an ADMIN row first, then begin what follows from it."""
    command = cmd["command"]
    reason = _administer(s, cmd)
    if reason < 0:
        if command >= _PHASE and command <= _UNCROSS:
            reason = _check_phase(s, cmd)
        elif command == _CONNECT or command == _DISCONNECT:
            reason = set_session(s, cmd)
        elif command == _DEAD_MAN:
            reason = set_dead_man(s, cmd)
        elif command == _TICK or command == _END_OF_DAY:
            reason = check_tick(s, cmd)
        else:
            reason = refuse(s, _UNKNOWN_COMMAND, _REARM, np.int64(command))
    report_admin(s, cmd, _ADMIN, reason, np.int64(cmd["entity"]))
    if reason == 0:
        _begin_sweep(s, cmd)


@kernel
def _begin_sweep(s, cmd):
    """Start the part of an administrative command that goes over orders or instruments."""
    c = core(s)[0]
    command = cmd["command"]
    if command >= _PHASE and command <= _UNCROSS:
        c["cursor"] = 0 if cmd["scope"] == _MARKET else cmd["entity"] - 1
        c["until"] = c["instruments"] if cmd["scope"] == _MARKET else cmd["entity"]
        c["stage"] = _BOOKS
    elif command == _KILL_ON or command == _DISCONNECT or command == _END_OF_DAY:
        begin_orders(s)
        c["stage"] = _ORDERS
    elif command == _TICK:
        begin_orders(s)
        if c["next_deadline"] == 0 or c["next_deadline"] > c["time"]:
            c["cursor"] = c["until"]
        c["stage"] = _ORDERS


@kernel
def _check_phase(s, cmd):
    """PHASE, HALT, RESUME and UNCROSS name what exists and a phase that can be entered."""
    c = core(s)[0]
    if cmd["scope"] != _MARKET and cmd["scope"] != _INSTRUMENT:
        return refuse(s, _FIELD, _INSTRUMENT, np.int64(cmd["scope"]))
    if cmd["scope"] == _INSTRUMENT and (cmd["entity"] < 1 or cmd["entity"] > c["instruments"]):
        return refuse(s, _UNKNOWN_ENTITY, np.int64(c["instruments"]), np.int64(cmd["entity"]))
    phase = cmd["value"]
    if cmd["command"] == _UNCROSS:
        if cmd["scope"] == _INSTRUMENT and not is_call(books(s)[cmd["entity"]]["phase"]):
            return refuse(s, _TRANSITION, 0, np.int64(books(s)[cmd["entity"]]["phase"]))
        return 0
    if cmd["command"] == _HALT:
        return 0
    if phase < 0 or phase > _POST_CLOSE or phase == _STOPPED or phase == _VOLATILITY:
        return refuse(s, _TRANSITION, _POST_CLOSE, phase)
    if cmd["command"] == _RESUME and cmd["scope"] == _INSTRUMENT:
        now = np.int64(books(s)[cmd["entity"]]["phase"])
        if now != _STOPPED:
            return refuse(s, _TRANSITION, _STOPPED, now)
    return 0


@kernel
def _advance(s, cmd):
    """Go on with the command under way until it is done or room runs out."""
    c = core(s)[0]
    command = np.int64(cmd["command"])
    while c["stage"] != _IDLE:
        stage = c["stage"]
        if stage == _ORDERS:
            if sweep_orders(s, cmd) == SUSPENDED:
                return SUSPENDED
            c["stage"] = _BOOKS
            c["cursor"] = 0
            c["until"] = c["instruments"]
        elif stage == _BOOKS:
            if _sweep_books(s, cmd) == SUSPENDED:
                return SUSPENDED
            c["stage"] = _END
        elif stage == _END:
            if not room_for_rows(s):
                return SUSPENDED
            _finish(s, cmd)
            c["stage"] = _IDLE
        else:
            if drain(s, np.int64(c["book"]), command) == SUSPENDED:
                return SUSPENDED
            if stage == _OTHER_LEG:
                if room_to_begin(s, np.int64(c["book"])) == NO_ROOM:
                    return SUSPENDED
                quote_leg(s, cmd, 1)
                c["stage"] = _BOOK
                continue
            if command == _QUOTE and c["exec_id"] == c["answered"]:
                report_admin(s, cmd, _ADMIN, 0, 0)  # both legs empty, and none was there
            c["stage"] = _IDLE
    return DONE


@kernel
def _sweep_books(s, cmd):
    """Begin the command's change in each instrument in turn, and finish each book."""
    c = core(s)[0]
    while c["cursor"] < c["until"]:
        instrument = np.int64(c["cursor"]) + 1
        book = books(s)[instrument]
        if c["sweep"] == 0:
            _begin_in_book(s, instrument, cmd)
            c["sweep"] = 1
        if book["dirty"] or book["uncrossing"]:
            if drain(s, instrument, np.int64(cmd["command"])) == SUSPENDED:
                return SUSPENDED
        elif not room_for_rows(s):
            return SUSPENDED
        c["sweep"] = 0
        c["cursor"] = instrument
    return DONE


@kernel
def _begin_in_book(s, instrument, cmd):
    """What PHASE, HALT, RESUME, UNCROSS, TICK or END_OF_DAY does to one instrument."""
    command = cmd["command"]
    if command == _PHASE:
        begin_phase(s, instrument, cmd["value"])
    elif command == _HALT:
        begin_halt(s, instrument)
    elif command == _RESUME:
        begin_resume(s, instrument, cmd["value"])
    elif command == _UNCROSS:
        begin_uncross(s, instrument)
    elif command == _TICK:
        price_elsewhere(s, instrument, cmd)
        end_volatility(s, instrument)
    elif command == _END_OF_DAY:
        book = books(s)[instrument]
        if book["last_px"]:
            instruments(s)[instrument][_REFERENCE] = book["last_px"]
        begin_phase(s, instrument, _CLOSED)


@kernel
def _finish(s, cmd):
    """The end of a command that went over orders or instruments."""
    c = core(s)[0]
    command = cmd["command"]
    if command == _MASS_CANCEL:
        report_admin(s, cmd, _MASS, 0, c["canceled"])
    elif command == _TICK:
        end_timers(s)
        mark_all(s)
    elif command == _END_OF_DAY:
        mark_all(s)
        start_day(s)
