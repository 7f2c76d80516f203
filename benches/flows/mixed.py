"""The kernels that write the flow in which everything is mixed.

There is no book here. Orders near the touch end by time; what becomes of those further away is in
the calendar (`benches.flows.calendar`).

A flow is a tuple of arrays: (head, calendar, swept accounts, swept instruments, phases, kinds).
"""
# mypy: ignore-errors

import numpy as np

from benches.flows.calendar import (
    AWAY,
    CALL,
    EXTRA,
    HALTED,
    KIND,
    LIFE,
    MORE,
    OPEN,
    OPEN_FOR_ALL,
    PICK,
    SIDE,
    SIZE,
    TIF,
    WHERE,
    WHO,
    clockwork,
    due,
    schedule,
)
from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import Command, Contingency, ExecInst, OrdType, Scope, Side, TimeInForce
from domain.jit import entry, kernel

# kinds of rows that are not in the calendar
DEEP, NEAR, TAKE, MARKET, QUOTE, STOP, PEG, LINK, AUCTION, SLIP, ADMIN = range(11)
KINDS = 11
# flags as plain numbers: compiled code has no flags
POST_ONLY, POST_SLIDE, HIDDEN = (int(ExecInst[n]) for n in ("POST_ONLY", "POST_SLIDE", "HIDDEN"))
ALL_OR_NONE, REDUCE_ONLY = int(ExecInst.ALL_OR_NONE), int(ExecInst.REDUCE_ONLY)
ON_DISCONNECT, TRAIL_BPS = int(ExecInst.CANCEL_ON_DISCONNECT), int(ExecInst.TRAIL_BPS)
PEG_PRIMARY, PEG_MARKET = int(ExecInst.PEG_PRIMARY), int(ExecInst.PEG_MARKET)
PEG_MID = int(ExecInst.PEG_MID)


@entry
def write_mixed(rows, draws, s):
    """Fill COMMAND rows with the next commands of the flow."""
    for n in range(len(rows)):
        row, d, head = rows[n], draws[n], s[0][0]
        head["count"] += 1
        row["transact_time"] = head["start"] + head["count"] * head["gap"]
        if not clockwork(row, d, s) and not due(row, d, s):
            _fresh(row, d, s)
    return 0


# ------------------------------------------------------------------ new orders


@kernel
def _fresh(row, d, s):
    """A row of a kind that is drawn; in a call phase only what is accepted there."""
    head = s[0][0]
    kind = 0
    while kind < KINDS - 1 and d[KIND] >= s[5][kind]:
        kind += 1
    if head["pending"]:
        kind = LINK
    if kind == ADMIN:
        _administer(row, d, s)
        return
    phase = _begin(row, d, s)
    if phase != OPEN_FOR_ALL and kind == PEG:
        kind = NEAR
    if kind == DEEP:
        _deep(row, d, s)
    elif kind == NEAR:
        _limit(row, d, s, np.int64(d[AWAY] * 2) - 1)
        _until(row, d, s, 400)
        _decorate(row, d, phase)
    elif kind == TAKE:
        _take(row, d, s, phase)
    elif kind == MARKET:
        row["ord_type"] = OrdType.MARKET if d[MORE] < 0.7 else OrdType.MARKET_TO_LIMIT
        _until(row, d, s, 200)
    elif kind == QUOTE:
        _quote(row, d, s)
    elif kind == STOP:
        _stop(row, d, s)
    elif kind == PEG:
        _peg(row, d, s)
    elif kind == LINK:
        _link(row, d, s)
    elif kind == AUCTION:
        _limit(row, d, s, np.int64(d[AWAY] * 3) - 3)
        later = TimeInForce.AT_THE_CLOSE if d[TIF] < 0.5 else TimeInForce.GOOD_FOR_AUCTION
        opening = head["count"] % head["day"] < OPEN
        row["time_in_force"] = TimeInForce.AT_THE_OPEN if opening and d[MORE] < 0.5 else later
    else:
        _slip(row, d, s)


@kernel
def _middle(s, place):
    """A triangular wave of one day, shifted from instrument to instrument."""
    head = s[0][0]
    day = head["day"]
    at = (head["count"] + place * day // head["instruments"]) % day
    return head["middle"] - head["wave"] + abs(2 * at - day) * 2 * head["wave"] // day


@kernel
def _begin(row, d, s):
    """A market order of some account, place and side; returns the phase of the place."""
    head = s[0][0]
    place = np.int64(d[WHERE] * d[WHERE] * head["instruments"])
    if s[4][place] == HALTED:
        place = (place + 1) % head["instruments"]
    row["command"], row["instrument"] = Command.NEW_ORDER, place + 1
    row["account"] = head["first"] + np.int64(d[WHO] * head["accounts"])
    row["cl_ord_id"] = head["next_id"]
    head["next_id"] += 1
    row["side"] = Side.BUY
    if d[SIDE] < 0.5:
        row["side"] = Side.SELL
        if d[MORE] < 0.1:
            row["side"] = Side.SELL_SHORT if d[MORE] < 0.06 else Side.SELL_SHORT_EXEMPT
    row["order_qty"] = 1 + np.int64(d[SIZE] * 10)
    return s[4][place]


@kernel
def _limit(row, d, s, away):
    """A limit price so many ticks from the middle, on the passive side if positive."""
    mid = _middle(s, row["instrument"] - 1)
    row["ord_type"] = OrdType.LIMIT
    row["price"] = mid - 1 - away if row["side"] == Side.BUY else mid + 1 + away


@kernel
def _until(row, d, s, mean):
    """Good till a time, so many rows ahead on average."""
    row["time_in_force"] = TimeInForce.GTD
    ahead = 1 + np.int64(d[LIFE] * mean)
    row["expire_time"] = row["transact_time"] + ahead * s[0][0]["gap"]


@kernel
def _decorate(row, d, phase):
    """Display, minimum and handling flags; more than half of the orders have none."""
    u, flags = d[EXTRA], row["exec_inst"]
    if u < 0.14:
        row["display_qty"] = row["order_qty"]
        row["order_qty"] *= 5
    elif u < 0.22:
        flags |= HIDDEN
    elif u < 0.28:
        flags |= POST_ONLY
    elif u < 0.33:
        flags |= POST_SLIDE
    elif u < 0.37:
        row["stp_mode"] = 1 + np.int64(d[PICK] * 5)
    elif u < 0.39:
        row["algo_id"] = 1 + np.int64(d[PICK] * 2)
    elif u < 0.41:
        row["session"] = 1 + np.int64(d[PICK] * 2)
        flags |= ON_DISCONNECT
    elif u < 0.413:
        flags |= REDUCE_ONLY
    elif u < 0.42 and phase == OPEN_FOR_ALL and row["time_in_force"] == TimeInForce.GTD:
        flags |= ALL_OR_NONE
    elif u < 0.43 and phase == OPEN_FOR_ALL and row["time_in_force"] == TimeInForce.GTD:
        row["min_qty"] = (row["order_qty"] + 1) // 2
    row["exec_inst"] = flags


@kernel
def _deep(row, d, s):
    """An order behind the touch, which is replaced up to twice and canceled later, or expires."""
    head, calendar = s[0][0], s[1]
    _limit(row, d, s, 4 + np.int64(d[AWAY] * 40))
    _decorate(row, d, CALL)
    if d[TIF] < 0.15:
        _until(row, d, s, 4_000)
        return
    row["time_in_force"] = TimeInForce.DAY if d[TIF] < 0.6 else TimeInForce.GTC
    fate = calendar[head["count"] % len(calendar)]  # this row's place is free
    fate["price"], fate["qty"] = row["price"], row["order_qty"]
    fate["born"], fate["side"] = head["count"], row["side"] != Side.BUY
    fate["account"], fate["instrument"] = row["account"], row["instrument"]
    fate["day_order"] = row["time_in_force"] == TimeInForce.DAY
    schedule(s, d, row["cl_ord_id"], fate, np.int64(d[MORE] * 2))
    head["parent"], head["owner"], head["born"] = row["cl_ord_id"], row["account"], head["count"]
    head["place"], head["side"], head["price"] = row["instrument"], fate["side"], row["price"]
    if d[EXTRA] > 0.995:
        row["list_size"] = 2
        head["pending"] = 1


@kernel
def _take(row, d, s, phase):
    """A marketable limit order: immediate or cancel, fill or kill, or resting for a while."""
    _limit(row, d, s, -3 - np.int64(d[AWAY]))
    row["order_qty"] *= 2
    _until(row, d, s, 200)
    if phase == OPEN_FOR_ALL and d[TIF] < 0.9:
        row["time_in_force"] = TimeInForce.IOC if d[TIF] < 0.75 else TimeInForce.FOK
        row["expire_time"] = 0
        if d[TIF] < 0.03:
            row["min_qty"] = 1


@kernel
def _quote(row, d, s):
    """A two-sided quote of a market maker; now and then one leg is taken back."""
    head = s[0][0]
    mid = _middle(s, row["instrument"] - 1)
    row["command"], row["side"] = Command.QUOTE, 0
    row["account"] = head["first"] + np.int64(d[WHO] * head["makers"])
    row["price"] = mid - 1 - np.int64(d[AWAY] * 2)
    row["offer_px"] = mid + 1 + np.int64(d[LIFE] * 2)
    row["offer_size"] = 0 if d[TIF] < 0.03 else 5 + np.int64(d[PICK] * 20)
    row["order_qty"] = 0 if d[TIF] > 0.97 else 5 + np.int64(d[EXTRA] * 20)
    row["exec_inst"] = POST_SLIDE if d[MORE] < 0.5 else 0


@kernel
def _stop(row, d, s):
    """Stops, touched orders and trailing stops, 2 ticks and more from the middle."""
    mid = _middle(s, row["instrument"] - 1)
    away, sign = 2 + np.int64(d[AWAY] * 10), 1 if row["side"] == Side.BUY else -1
    _until(row, d, s, 2_000)
    if d[PICK] < 0.5:
        limited = d[MORE] < 0.5
        row["ord_type"] = OrdType.STOP_LIMIT if limited else OrdType.STOP
        row["stop_px"] = mid + sign * away
        row["price"] = row["stop_px"] + 3 * sign if limited else 0
    elif d[PICK] < 0.75:
        limited = d[MORE] < 0.5
        row["ord_type"] = OrdType.LIMIT_IF_TOUCHED if limited else OrdType.MARKET_IF_TOUCHED
        row["stop_px"] = mid - sign * away
        row["price"] = row["stop_px"] + sign if limited else 0
    else:
        row["ord_type"], row["offset"] = OrdType.TRAILING_STOP, away
        row["exec_inst"] = TRAIL_BPS if d[MORE] < 0.3 else 0


@kernel
def _peg(row, d, s):
    """An order that follows the touch or the middle."""
    _until(row, d, s, 800)
    row["ord_type"] = OrdType.PEGGED
    row["exec_inst"] = PEG_PRIMARY
    if d[PICK] > 0.6:
        row["exec_inst"] = PEG_MARKET if d[PICK] > 0.8 else PEG_MID
    row["offset"] = -np.int64(d[MORE] * 4)


@kernel
def _link(row, d, s):
    """An order that hangs on the last deep one of the same account."""
    head = s[0][0]
    if head["parent"] == 0 or head["count"] - head["born"] > 64:
        _deep(row, d, s)
        return
    row["account"], row["instrument"] = head["owner"], head["place"]
    row["cl_ord_link_id"] = head["parent"]
    kind = 1 if head["pending"] else 1 + np.int64(d[PICK] * 4)
    head["pending"] = 0
    row["contingency"] = kind
    held = kind == Contingency.ONE_TRIGGERS_OTHER or kind == Contingency.BRACKET
    selling = head["side"] != held
    row["side"] = Side.SELL if selling else Side.BUY
    away = 3 + np.int64(d[AWAY] * 5)
    row["ord_type"] = OrdType.LIMIT
    row["price"] = head["price"] + (away if selling else -away)
    _until(row, d, s, 2_000)


# ------------------------------------------------------------------ mistakes and administration


@kernel
def _slip(row, d, s):
    """An order that is meant to be refused."""
    _limit(row, d, s, 5)
    slip = np.int64(d[PICK] * 8)
    sign = 1 if row["side"] == Side.BUY else -1
    if slip == 0:
        row["price"] *= 100
    elif slip == 1:
        row["price"] += 2_000 * sign
    elif slip == 2:
        row["order_qty"] = 2_000_000
    elif slip == 3:
        row["cl_ord_id"], row["account"] = s[0][0]["parent"], max(s[0][0]["owner"], 1)
    elif slip == 4:
        row["account"] = 10**6
    elif slip == 5:
        row["exec_inst"] = POST_ONLY | POST_SLIDE
    elif slip == 6:
        row["display_qty"] = row["order_qty"] + 1
    else:
        row["command"], row["orig_cl_ord_id"] = Command.CANCEL_ORDER, 1 << 60


@kernel
def _administer(row, d, s):
    """Limits, money, sessions, dead-man timers and mass cancels, one of ten in turn."""
    head = s[0][0]
    number = np.int64(d[WHO] * head["accounts"])
    account, which = head["first"] + number, np.int64(d[PICK] * 10)
    if which < 2:
        row["command"], row["scope"], row["entity"] = Command.SET, Scope.NODE, account
        row["attribute"] = NodeAttr.MAX_OPEN_ORDERS
        row["value"] = 50 if d[SIDE] < 0.1 else 100_000
    elif which == 2:
        row["command"], row["scope"] = Command.SET, Scope.INSTRUMENT
        row["entity"] = 1 + np.int64(d[WHERE] * head["instruments"])
        row["attribute"], row["value"] = InstrumentAttr.TAKER_PPB, np.int64(d[SIZE] * 60_000)
    elif which < 5:
        row["command"] = Command.DEPOSIT if which == 3 else Command.WITHDRAW
        row["account"], row["value"] = account, 1_000
    elif which == 5:
        row["command"], row["account"] = Command.DEAD_MAN, account
        row["value"] = 300 * head["gap"] if d[SIDE] < 0.5 else 0
    elif which < 8:
        row["command"] = Command.CONNECT if which == 6 else Command.DISCONNECT
        row["entity"] = 1 + np.int64(d[SIDE] * head["sessions"])
    elif which == 8:
        row["command"], row["entity"] = Command.REARM, account
    else:
        row["command"], row["account"] = Command.MASS_CANCEL, account
        if d[SIDE] < 0.5:
            row["instrument"], row["side"] = 1 + np.int64(d[WHERE] * head["instruments"]), Side.BUY
            row["price_low"] = head["middle"]
        else:
            s[2][number] = head["count"]
