"""Sessions and the clocks of accounts: CONNECT, DISCONNECT, DEAD_MAN, and what a TICK ends."""

import numpy as np

from domain.codes import Command, Reason
from domain.jit import kernel
from domain.limits import MAX_CASH, MAX_PRICE
from domain.tables import core, nodes, sessions
from engine.orders.intake import refuse

_CONNECT, _QUOTE, _TICK = int(Command.CONNECT), int(Command.QUOTE), int(Command.TICK)
_UNKNOWN_ENTITY, _UNKNOWN_ACCOUNT = int(Reason.UNKNOWN_ENTITY), int(Reason.UNKNOWN_ACCOUNT)
_FIELD, _PRICE = int(Reason.FIELD_OUT_OF_RANGE), int(Reason.PRICE_OUT_OF_RANGE)


@kernel
def keep_alive(s, cmd):
    """A command of an account restarts its dead-man timer."""
    c = core(s)[0]
    account = np.int64(cmd["account"])
    if cmd["command"] > _QUOTE or account < 1 or account > c["nodes"]:
        return
    node = nodes(s)[account]
    if node["deadline"] > 0:
        node["deadline"] = c["time"] + node["timeout"]


@kernel
def set_session(s, cmd):
    """CONNECT and DISCONNECT: note whether the session is there."""
    session = np.int64(cmd["entity"])
    if session < 1 or session >= len(sessions(s)):
        return refuse(s, _UNKNOWN_ENTITY, len(sessions(s)) - 1, session)
    sessions(s)[session]["connected"] = 1 if cmd["command"] == _CONNECT else 0
    return 0


@kernel
def set_dead_man(s, cmd):
    """DEAD_MAN: start, or with a value of 0 switch off, the timer of an account."""
    c = core(s)[0]
    account = np.int64(cmd["account"])
    if account < 1 or account > c["nodes"] or nodes(s)[account]["level"] != 1:
        return refuse(s, _UNKNOWN_ACCOUNT, np.int64(c["nodes"]), account)
    if cmd["value"] < 0 or cmd["value"] > MAX_CASH:
        return refuse(s, _FIELD, MAX_CASH, cmd["value"])
    node = nodes(s)[account]
    node["timeout"] = cmd["value"]
    node["deadline"] = c["time"] + cmd["value"] if cmd["value"] else 0
    if node["deadline"] and (c["next_deadline"] == 0 or node["deadline"] < c["next_deadline"]):
        c["next_deadline"] = node["deadline"]
    return 0


@kernel
def check_tick(s, cmd):
    """TICK: a price that it brings is one, and is of an instrument that exists."""
    if cmd["price"] == 0 or cmd["command"] != _TICK:
        return 0
    instrument, known = np.int64(cmd["instrument"]), np.int64(core(s)[0]["instruments"])
    if instrument < 1 or instrument > known:
        return refuse(s, _UNKNOWN_ENTITY, known, instrument)
    if cmd["price"] < 0 or cmd["price"] > MAX_PRICE:
        return refuse(s, _PRICE, MAX_PRICE, cmd["price"])
    return 0


@kernel
def end_timers(s):
    """Switch off dead-man timers that have fired and find the next times to look at."""
    c = core(s)[0]
    if c["next_deadline"] and c["next_deadline"] <= c["time"]:
        c["next_deadline"] = 0
        for at in range(1, np.int64(c["nodes"]) + 1):
            node = nodes(s)[at]
            if node["deadline"] and node["deadline"] <= c["time"]:
                node["deadline"] = 0
                node["timeout"] = 0
            elif node["deadline"] and (
                c["next_deadline"] == 0 or node["deadline"] < c["next_deadline"]
            ):
                c["next_deadline"] = node["deadline"]
