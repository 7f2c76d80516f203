"""Commands that act on many orders or many instruments, one step at a time.

A sweep goes over the order rows (who owns row n is one int32, so a million rows take under a
millisecond), then over the instruments it has touched. Both can stop between any two steps.
"""

import numpy as np

from domain.attributes import InstrumentAttr
from domain.codes import Command, ExecInst, ExecType, Reason, Scope, TimeInForce
from domain.jit import kernel
from domain.tables import core, details, instruments, nodes, orders, owners
from engine.advance import drain
from engine.book.expiry import first_due
from engine.orders.lifecycle import end_order
from engine.room import room_for_step
from engine.states import DONE, SUSPENDED, UNLIMITED

_MASS_CANCEL, _KILL = int(Command.MASS_CANCEL), int(Command.KILL_ON)
_DISCONNECT, _TICK = int(Command.DISCONNECT), int(Command.TICK)
_NODE, _ALGO = int(Scope.NODE), int(Scope.ALGO)
_INSTRUMENT = int(Scope.INSTRUMENT)
_CANCELED, _EXPIRED = int(ExecType.CANCELED), int(ExecType.EXPIRED)
_BY_MASS, _BY_KILL = int(Reason.CANCELED_BY_MASS_CANCEL), int(Reason.CANCELED_BY_KILL)
_BY_DISCONNECT = int(Reason.CANCELED_BY_DISCONNECT)
_BY_DEAD_MAN, _TIME = int(Reason.CANCELED_BY_DEAD_MAN), int(Reason.EXPIRED_TIME)
_SESSION_OVER = int(Reason.EXPIRED_SESSION)
_ON_DISCONNECT = int(ExecInst.CANCEL_ON_DISCONNECT)
_GTC, _GTD = int(TimeInForce.GTC), int(TimeInForce.GTD)
_EXPIRY = int(InstrumentAttr.EXPIRY)


@kernel
def below(s, node, ancestor):
    """Whether `node` is `ancestor` or stands below it in the hierarchy."""
    while node:
        if node == ancestor:
            return True
        node = np.int64(nodes(s)[node]["parent"])
    return False


@kernel
def _in_mass_cancel(s, slot, cmd):
    order = orders(s)[slot]
    if cmd["account"] and cmd["account"] != order["account"]:
        return False
    if cmd["scope"] == _NODE and not below(s, np.int64(order["account"]), np.int64(cmd["entity"])):
        return False
    if cmd["instrument"] and cmd["instrument"] != order["instrument"]:
        return False
    if cmd["side"] and (cmd["side"] == 1) != (order["side"] == 0):
        return False
    price = 0 if order["exec_inst"] & UNLIMITED else order["price"]
    if price == 0 and (cmd["price_low"] or cmd["price_high"]):
        return False
    if cmd["price_low"] and price < cmd["price_low"]:
        return False
    return cmd["price_high"] == 0 or price <= cmd["price_high"]


@kernel
def _in_kill(s, slot, cmd):
    order = orders(s)[slot]
    scope, entity = cmd["scope"], np.int64(cmd["entity"])
    if scope == _NODE:
        return below(s, np.int64(order["account"]), entity)
    if scope == _INSTRUMENT:
        return order["instrument"] == entity
    if scope == _ALGO:
        return details(s)[slot]["algo_id"] == entity
    return True


@kernel
def _end_reason(s, slot, owner, cmd):
    """Why this sweep ends an order of account `owner`, or 0."""
    command = cmd["command"]
    if command == _MASS_CANCEL:
        return _BY_MASS if _in_mass_cancel(s, slot, cmd) else 0
    if command == _KILL:
        return _BY_KILL if _in_kill(s, slot, cmd) else 0
    if command == _DISCONNECT:
        tied = orders(s)[slot]["exec_inst"] & _ON_DISCONNECT != 0
        return _BY_DISCONNECT if tied and details(s)[slot]["session"] == cmd["entity"] else 0
    if command == _TICK:
        deadline = nodes(s)[owner]["deadline"]
        return _BY_DEAD_MAN if deadline > 0 and deadline <= core(s)[0]["time"] else 0
    tif = orders(s)[slot]["time_in_force"]
    expiry = instruments(s)[orders(s)[slot]["instrument"], _EXPIRY]
    over = 0 < expiry <= core(s)[0]["time"]
    return 0 if (tif == _GTC or tif == _GTD) and not over else _SESSION_OVER


@kernel
def sweep_orders(s, cmd):
    """Go over all order rows from the cursor on and end those that the command means."""
    c, owned = core(s)[0], owners(s)
    command, at, until = np.int64(cmd["command"]), np.int64(c["cursor"]), np.int64(c["until"])
    only = np.int64(cmd["account"]) if command == _MASS_CANCEL else np.int64(0)
    while at < until:
        slot, owner = at + 1, np.int64(owned[at + 1])
        if owner and (owner == only or only == 0):
            reason = _end_reason(s, slot, owner, cmd)
            if reason:
                c["cursor"] = at
                if not room_for_step(s, np.int64(orders(s)[slot]["instrument"])):
                    return SUSPENDED
                c["canceled"] += 1
                kind = _EXPIRED if reason == _SESSION_OVER else _CANCELED
                end_order(s, slot, command, kind, reason)
        at = slot
    c["cursor"] = at
    return DONE


@kernel
def expire_due(s, command):
    """End the orders whose time has come, one by one with all that follows in their books.

    CORE.cursor is the instrument whose book is not done yet, 0 at the start.
    """
    c = core(s)[0]
    while True:
        instrument = np.int64(c["cursor"])
        if instrument:
            if drain(s, instrument, command) == SUSPENDED:
                return SUSPENDED
            c["cursor"] = 0
        slot = first_due(s)
        if slot == 0:
            return DONE
        instrument = np.int64(orders(s)[slot]["instrument"])
        if not room_for_step(s, instrument):
            return SUSPENDED
        c["cursor"] = instrument
        end_order(s, slot, command, _EXPIRED, _TIME)


@kernel
def begin_orders(s):
    """Start a sweep over all order rows."""
    c = core(s)[0]
    c["cursor"] = 0
    c["until"] = c["order_high"]
    c["canceled"] = 0
