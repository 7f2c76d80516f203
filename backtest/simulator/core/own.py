"""Own commands on their way to the exchange, and their arrival."""

import numpy as np

from backtest.simulator.core.draws import arrives
from backtest.simulator.core.history.book import note_arrival, stand_behind
from backtest.simulator.core.history.market import offer, take_back
from backtest.simulator.core.tables import (
    LANES,
    NEVER,
    ORDER,
    OWN,
    head,
    items,
    made,
    made_lanes,
    waiting,
    waiting_dues,
    waiting_lanes,
)
from backtest.simulator.core.wire import apply
from domain.codes import Command, Side
from domain.jit import kernel
from domain.tables import orders
from engine.book.directory import find_order

_CANCEL, _MASS = int(Command.CANCEL_ORDER), int(Command.MASS_CANCEL)
_REPLACE, _BUY = int(Command.REPLACE_ORDER), int(Side.BUY)
_TAKEN = -1


@kernel
def stamp(w):
    """Give what the strategy has sent since the last time its time of arrival."""
    h = head(w)[0]
    for at in range(h["stamped"], h["waiting"]):
        _place(w, at)
        waiting_dues(w)[at] = arrives(w, ORDER, np.int64(waiting(w)[at]["transact_time"]))
    h["stamped"] = h["waiting"]


@kernel
def _place(w, at):
    """Give a cancel or replace the instrument of its order, with which it waits its turn."""
    row, named = waiting(w)[at], waiting(w)[at]["orig_cl_ord_id"]
    if row["instrument"] or named == 0:
        return
    s = head(w)[0]["store"]
    slot = find_order(s, OWN, np.int64(named))
    if slot:
        row["instrument"] = orders(s)[slot]["instrument"]
        return
    for before in range(head(w)[0]["first"], at):
        if waiting(w)[before]["cl_ord_id"] == named:
            row["instrument"] = waiting(w)[before]["instrument"]


@kernel
def _next(w, instrument, until):
    """The row of the first command for an instrument that arrives before `until`, or -1."""
    h = head(w)[0]
    dues = waiting_dues(w)
    for at in range(h["first"], h["waiting"]):
        if dues[at] == _TAKEN:
            continue
        if dues[at] >= until:
            return np.int64(-1)
        wanted = np.int64(waiting(w)[at]["instrument"])
        if wanted == instrument or wanted == 0 or instrument == 0:
            return np.int64(at)
    return np.int64(-1)


@kernel
def next_in_book(w):
    """The row of the first command that waits for no bar, or -1."""
    h = head(w)[0]
    for at in range(h["first"], h["waiting"]):
        number = np.int64(waiting(w)[at]["instrument"])
        if waiting_dues(w)[at] != _TAKEN and (
            number > h["instruments"] or items(w)[max(number, 1)]["bars"] == 0
        ):
            return np.int64(at)
    return np.int64(-1)


@kernel
def arrive(w, at):
    """Let a command arrive now where there is a book."""
    instrument = np.int64(waiting(w)[at]["instrument"])
    if 1 <= instrument <= head(w)[0]["instruments"]:
        note_arrival(w, instrument)
    stand_behind(w, at)
    _take(w, at)
    apply(w)


@kernel
def next_arrival(w, instrument, until):
    """When the next command for an instrument (0 any) arrives, if before `until`, else NEVER."""
    at = _next(w, instrument, until)
    return NEVER if at < 0 else waiting_dues(w)[at]


@kernel
def _take(w, at):
    """Move a command of ours into the buffer; it has arrived."""
    h = head(w)[0]
    place = np.int64(h["made"])
    lanes, source = made_lanes(w), waiting_lanes(w)
    for lane in range(LANES):
        lanes[place, lane] = source[at, lane]
    row = made(w)[place]
    row["account"] = OWN
    row["transact_time"] = h["now"]
    h["made"] = place + 1
    waiting_dues(w)[at] = _TAKEN
    while h["first"] < h["waiting"] and waiting_dues(w)[h["first"]] == _TAKEN:
        h["first"] += 1
    if h["first"] == h["waiting"]:
        h["first"] = 0
        h["waiting"] = 0
        h["stamped"] = 0


@kernel
def _tight(w, row):
    """The side that trades at the price itself: 0 buys, 1 sells.

    That of a replaced order, or of the one that an order is linked to: it may wait for this one.
    """
    own = np.int64(row["side"] != _BUY)
    named = row["orig_cl_ord_id"] if row["command"] == _REPLACE else row["cl_ord_link_id"]
    if named == 0:
        return own
    s = head(w)[0]["store"]
    slot = find_order(s, OWN, np.int64(named))
    return np.int64(orders(s)[slot]["side"]) if slot else own


@kernel
def enter(w, instrument):
    """Let the first command that waits for an instrument arrive now, where there is no book.

    History offers liquidity for the moment.
    """
    at = _next(w, instrument, NEVER)
    row = waiting(w)[at]
    if row["command"] == _CANCEL or row["command"] == _MASS:
        _take(w, at)
        apply(w)
        return
    number = offer(w, instrument, items(w)[instrument]["px"], _tight(w, row))
    _take(w, at)
    take_back(w, instrument, number)


@kernel
def cancel_first(w, instrument, until):
    """Cancels that arrive before the open come before the price moves at it.

    One whose order has not arrived yet waits its turn behind it, one of all orders behind those.
    """
    h = head(w)[0]
    s, dues = h["store"], waiting_dues(w)
    at, alone = np.int64(h["first"]), True
    while at < h["waiting"] and (dues[at] == _TAKEN or dues[at] <= until):
        row = waiting(w)[at]
        here = row["instrument"] == instrument or row["instrument"] == 0
        if dues[at] != _TAKEN and here:
            named = find_order(s, OWN, np.int64(row["orig_cl_ord_id"])) != 0
            if (row["command"] == _CANCEL and named) or (row["command"] == _MASS and alone):
                _take(w, at)
                apply(w)
                if h["waiting"] == 0:
                    return
            else:
                alone = False
        at += 1
