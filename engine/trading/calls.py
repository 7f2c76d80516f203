"""Call phases: which phases they are, and how an instrument enters one."""

import numpy as np

from domain.attributes import InstrumentAttr
from domain.codes import Phase, TimeInForce
from domain.jit import kernel
from domain.tables import books, core, instruments, levels, orders
from engine.book.prices import last_or_reference
from engine.book.queue import join_book, join_queue, leave_book, market_queue
from engine.emit import emit_status
from engine.states import BOOK, CHANGED, UNLIMITED
from risk.exact import bps_down

_PRE_OPEN, _OPENING = int(Phase.PRE_OPEN), int(Phase.OPENING_AUCTION)
_INTRADAY = int(Phase.INTRADAY_AUCTION)
_VOLATILITY, _CLOSING = int(Phase.VOLATILITY_AUCTION), int(Phase.CLOSING_AUCTION)
_AT_CLOSE = int(TimeInForce.AT_THE_CLOSE)
_BPS, _NS = int(InstrumentAttr.DYNAMIC_BPS), int(InstrumentAttr.VOLATILITY_NS)
_FLEX_BPS = int(InstrumentAttr.FLEX_BPS)
_REFERENCE = int(InstrumentAttr.REFERENCE_PRICE)
_BY_REFERENCE = int(InstrumentAttr.DYNAMIC_REFERENCE)


@kernel
def is_auction(phase):
    """Whether `phase` is one of the four auctions."""
    return phase == _OPENING or (phase >= _INTRADAY and phase <= _CLOSING)


@kernel
def is_call(phase):
    """Whether orders accumulate without matching in `phase`."""
    return phase == _PRE_OPEN or is_auction(phase)


@kernel
def rest_in_call(s, slot):
    """Let an order take part in a call phase: market orders in a queue of their own."""
    order = orders(s)[slot]
    if order["exec_inst"] & UNLIMITED:
        row = market_queue(s, np.int64(order["instrument"]), np.int64(order["side"]))
        join_queue(s, row, slot, BOOK)
        books(s)[order["instrument"]]["dirty"] |= CHANGED
    else:
        join_book(s, slot)


@kernel
def open_call(s, instrument, phase):
    """Enter a call phase; in an auction, parked orders that are meant for it join the book."""
    book = books(s)[instrument]
    book["phase"] = phase
    book["dirty"] |= CHANGED
    emit_status(s, instrument)
    if not is_auction(phase) or book["parked"] == 0:
        return
    at = np.int64(levels(s)[book["parked"]]["head"])
    hidden = np.int64(levels(s)[book["parked"]]["hidden_head"])
    for start in (at, hidden):
        slot = start
        while slot:
            after = np.int64(orders(s)[slot]["next"])
            if orders(s)[slot]["time_in_force"] != _AT_CLOSE or phase == _CLOSING:
                leave_book(s, slot)
                rest_in_call(s, slot)
            slot = after


@kernel
def band_centre(s, instrument):
    """The price around which the dynamic band lies now, 0 if there is none."""
    row = instruments(s)[instrument]
    return row[_REFERENCE] if row[_BY_REFERENCE] == 1 else last_or_reference(s, instrument)


@kernel
def breaks_band(s, instrument, reference, price):
    """Whether a trade at `price` would be outside the dynamic band around `reference`."""
    row = instruments(s)[instrument]
    if reference == 0 or row[_BPS] == 0:
        return False
    bps = row[_BPS] + np.int64(books(s)[instrument]["flexes"]) * row[_FLEX_BPS]
    return abs(price - reference) > bps_down(reference, bps)


@kernel
def start_volatility_auction(s, instrument):
    """Interrupt continuous trading: collect orders until the first TICK after its duration."""
    book = books(s)[instrument]
    book["end_time"] = core(s)[0]["time"] + instruments(s)[instrument][_NS]
    book["extensions"] = 0
    open_call(s, instrument, _VOLATILITY)
