"""What comes by the clock and what was decided earlier, in the flow in which everything is mixed.

A good-till-cancel or day order gets its fate when it is born: a row later on at which it is
replaced or canceled, kept in a calendar. What has been swept away (end of day, kill switch, mass
cancel of an account) is known and struck out; what has traded meanwhile is not, so some of these
commands come too late, as they do in life.
"""
# mypy: ignore-errors

import numpy as np

from domain.codes import Command, Phase, Scope
from domain.jit import kernel

HEAD = np.dtype(
    [
        ("count", "i8"), ("next_id", "i8"), ("start", "i8"), ("gap", "i8"), ("middle", "i8"),
        ("wave", "i8"), ("day", "i8"), ("first", "i8"), ("accounts", "i8"), ("makers", "i8"),
        ("instruments", "i8"), ("algos", "i8"), ("sessions", "i8"), ("parent", "i8"),
        ("owner", "i8"), ("place", "i8"), ("side", "i8"), ("price", "i8"), ("born", "i8"),
        ("pending", "i8"),
    ]
)  # fmt: skip
FATE = np.dtype(
    [
        ("id", "i8"), ("price", "i8"), ("qty", "i8"), ("born", "i8"), ("account", "i4"),
        ("instrument", "i4"), ("side", "i4"), ("day_order", "i4"), ("moves", "i4"), ("pad", "i4"),
    ]
)  # fmt: skip
# columns of the random draws of one command; AWAY and LIFE are exponential with mean 1
KIND, SIDE, AWAY, SIZE, WHO, WHERE, TIF, EXTRA, LIFE, PICK, MORE = range(11)
DRAWS = 11
OPEN_FOR_ALL, CALL, HALTED = 0, 1, 2  # what the flow knows of an instrument's phase
OPENING, OPEN, CLOSING = 400, 800, -600  # rows of the day; the last row closes it
PERIOD, PAUSE, PAUSED = 2_048, 1_024, 200  # an instrument pauses in each period, for so long
KILLS, KILL, KILLED = 4_096, 3_000, 16  # likewise kill switches
TICKS = 256  # a TICK every so many rows


# ------------------------------------------------------------------ what comes by the clock


@kernel
def clockwork(row, d, s):
    """Days, pauses, kill switches and ticks; False: none of them is on now."""
    head = s[0][0]
    at = head["count"] % head["day"]
    if at < 2 or at in (OPENING, OPEN, head["day"] + CLOSING, head["day"] - 1):
        _turn(row, at, s)
        return True
    if at % TICKS == TICKS - 1:
        row["command"] = Command.TICK
        return True
    if at > OPEN and at < head["day"] + CLOSING - PAUSED:
        if at % PERIOD == PAUSE or at % PERIOD == PAUSE + PAUSED:
            _pause(row, at // PERIOD, at % PERIOD == PAUSE, s)
            return True
        if at % KILLS == KILL or at % KILLS == KILL + KILLED:
            _kill(row, head["count"] // KILLS, at % KILLS == KILL, s)
            return True
    return False


@kernel
def _turn(row, at, s):
    """A turn of the day: end, pre-open, opening auction, continuous, closing auction, close."""
    head, phases = s[0][0], s[4]
    row["scope"] = Scope.MARKET
    row["command"] = Command.PHASE
    now = CALL
    if at == 0:
        row["command"] = Command.END_OF_DAY
        now = HALTED
    elif at == 1:
        row["value"] = Phase.PRE_OPEN
    elif at == OPENING:
        row["value"] = Phase.OPENING_AUCTION
    elif at == OPEN:
        row["command"] = Command.UNCROSS
        now = OPEN_FOR_ALL
    elif at == head["day"] + CLOSING:
        row["value"] = Phase.CLOSING_AUCTION
    else:
        row["command"] = Command.UNCROSS
        now = HALTED
    for k in range(head["instruments"]):
        phases[k] = now


@kernel
def _pause(row, turn, begins, s):
    """One instrument after the other has an intraday auction or is halted, and goes on."""
    place = turn % s[0][0]["instruments"]
    auction = turn % 3 != 0
    row["scope"], row["entity"] = Scope.INSTRUMENT, place + 1
    if begins:
        row["command"] = Command.PHASE if auction else Command.HALT
        row["value"] = Phase.INTRADAY_AUCTION if auction else 0
        s[4][place] = CALL if auction else HALTED
    else:
        row["command"] = Command.UNCROSS if auction else Command.RESUME
        s[4][place] = OPEN_FOR_ALL


@kernel
def _kill(row, turn, begins, s):
    """A kill switch of an account, an algorithm or an instrument goes on, and off again."""
    head = s[0][0]
    row["command"] = Command.KILL_ON if begins else Command.KILL_OFF
    if turn % 4 == 3:
        place = turn // 4 % head["instruments"]
        row["scope"], row["entity"] = Scope.INSTRUMENT, place + 1
        s[3][place] = head["count"]
    elif turn % 4 == 1:
        row["scope"], row["entity"] = Scope.ALGO, 1 + turn // 4 % head["algos"]
    else:
        number = turn * 7 % head["accounts"]
        row["scope"], row["entity"] = Scope.NODE, head["first"] + number
        s[2][number] = head["count"]


# ------------------------------------------------------------------ the calendar


@kernel
def due(row, d, s):
    """The fate of an order whose row has come, if it can still be alive."""
    head, calendar = s[0][0], s[1]
    fate = calendar[head["count"] % len(calendar)]
    if fate["id"] == 0:
        return False
    number, born = fate["id"], fate["born"]
    fate["id"] = 0
    day = head["day"]
    late = fate["day_order"] and born // day != head["count"] // day
    swept = max(s[2][fate["account"] - head["first"]], s[3][fate["instrument"] - 1])
    if late or born < swept:
        return False
    row["account"], row["instrument"] = fate["account"], fate["instrument"]
    row["orig_cl_ord_id"] = number
    if fate["moves"] == 0 or s[4][fate["instrument"] - 1] == HALTED:
        row["command"] = Command.CANCEL_ORDER
        row["cl_ord_id"] = head["next_id"] if d[PICK] < 0.5 else 0
        head["next_id"] += 1
        return True
    row["command"] = Command.REPLACE_ORDER
    if d[EXTRA] < 0.1:
        number = row["cl_ord_id"] = head["next_id"]
        head["next_id"] += 1
    _change(row, d, fate)
    schedule(s, d, number, fate, fate["moves"] - 1)
    return True


@kernel
def _change(row, d, fate):
    """A new price away from the middle, one lot less, or up to ten more."""
    if d[SIDE] < 0.5:
        away = 1 + np.int64(d[SIZE] * 4)
        fate["price"] += away if fate["side"] else -away
        row["price"] = fate["price"]
    else:
        less = fate["qty"] > 1 and d[SIZE] < 0.5
        fate["qty"] += -1 if less else 1 + np.int64(d[SIZE] * 10)
        row["order_qty"] = fate["qty"]


@kernel
def schedule(s, d, number, from_fate, moves):
    """Put an order's next fate into the calendar, on the first free row."""
    calendar = s[1]
    away = abs(from_fate["price"] - s[0][0]["middle"])
    life = 1 + np.int64(d[LIFE] * min(250 * away, 20_000))
    at = (s[0][0]["count"] + min(life, len(calendar) // 2)) % len(calendar)
    while calendar[at]["id"] != 0:
        at = (at + 1) % len(calendar)
    to = calendar[at]
    to["price"], to["qty"], to["born"] = from_fate["price"], from_fate["qty"], from_fate["born"]
    to["account"], to["instrument"] = from_fate["account"], from_fate["instrument"]
    to["side"], to["day_order"], to["moves"] = from_fate["side"], from_fate["day_order"], moves
    to["id"] = number
