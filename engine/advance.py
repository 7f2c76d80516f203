"""Work that a command has started, taken to its end step by step.

`drain` finishes one book: the working order, an uncross, released orders, triggers, waiting
orders, pegged orders, in that order, until nothing is left to do; then the top is published.
"""

import numpy as np

from domain.codes import Phase
from domain.jit import kernel
from domain.tables import books, core, trees
from engine.book.ready import leave_ready, next_ready
from engine.emit import emit_indicative, emit_top
from engine.orders.entry import release_ready
from engine.orders.lifecycle import detach
from engine.orders.pegs import begin_round, move_next
from engine.orders.triggers import fire, next_triggered, trail
from engine.orders.working import go_on, next_satisfied, start_working
from engine.room import room_for_step
from engine.states import DONE, PEGS, STIRRED, SUSPENDED, TRADED
from engine.trading.auction import equilibrium
from engine.trading.calls import is_call
from engine.trading.matching import match
from engine.trading.phases import go_on_uncrossing

_CONTINUOUS = int(Phase.CONTINUOUS)
_AUCTION_FEED = 16


@kernel
def drain(s, instrument, command):
    """Do all that is left to do in one book; SUSPENDED if room ran out on the way."""
    c = core(s)[0]
    book = books(s)[instrument]
    while True:
        slot = np.int64(c["working"])
        if slot:
            if match(s, slot, command) == SUSPENDED or not room_for_step(s, instrument):
                return SUSPENDED
            if c["working"] == slot:
                go_on(s, slot, command)
            continue
        if not _has_more(s, instrument):
            break
        if not room_for_step(s, instrument):
            return SUSPENDED
        if book["uncrossing"]:
            if go_on_uncrossing(s, instrument, command) == SUSPENDED:
                return SUSPENDED
            continue
        slot = next_ready(s, instrument)
        if slot:
            leave_ready(s, slot)
            release_ready(s, slot, command)
        elif book["phase"] != _CONTINUOUS:
            if book["dirty"] & TRADED:
                trail(s, instrument)
            break
        elif not _go_on_trading(s, instrument, command):
            break
    if book["dirty"]:
        book["dirty"] = 0
        if c["feed"]:
            _publish(s, instrument)
    return DONE


@kernel
def _has_more(s, instrument):
    """Whether a book may have more to do than to be published (the usual case: it has not)."""
    book = books(s)[instrument]
    if book["uncrossing"] or book["dirty"] & TRADED or book["chain"][PEGS]:
        return True
    if core(s)[0]["ready_head"]:
        return True
    waiting = trees(s)[4 * instrument]["waiting"] | trees(s)[4 * instrument + 1]["waiting"]
    return waiting != 0 and book["dirty"] & STIRRED != 0


@kernel
def _go_on_trading(s, instrument, command):
    """One step of what follows from trades and changes of the book; False if nothing does."""
    book = books(s)[instrument]
    if book["dirty"] & TRADED:
        trail(s, instrument)
        slot = next_triggered(s, instrument)
        if slot:
            fire(s, slot, command)
            return True
        book["dirty"] &= 0xFF - TRADED
    if book["dirty"] & STIRRED:
        slot = next_satisfied(s, instrument)
        if slot:
            detach(s, slot)
            start_working(s, slot, command)
            return True
        book["dirty"] &= 0xFF - STIRRED
    if book["chain"][PEGS] == 0:
        return False
    if book["peg_next"] == 0:
        begin_round(s, instrument)
    if book["peg_next"] == 0:
        return False
    move_next(s, instrument, command)
    return True


@kernel
def _publish(s, instrument):
    """Market data at the end of a command: the indicative of a call phase, else the top."""
    if is_call(books(s)[instrument]["phase"]):
        if core(s)[0]["feed"] & _AUCTION_FEED:
            price, volume, surplus = equilibrium(s, instrument)
            emit_indicative(s, instrument, price, volume, surplus)
    else:
        emit_top(s, instrument)
