"""Changes of phase: what happens to an instrument's orders on the way from one to another."""

import numpy as np

from domain.attributes import InstrumentAttr
from domain.codes import ExecType, OrdType, Phase, Reason
from domain.jit import kernel
from domain.tables import books, core, details, extras, instruments, orders, trees
from engine.book.queue import first_in, join_book
from engine.emit import emit_status
from engine.orders.lifecycle import detach, end_order
from engine.orders.triggers import trail
from engine.room import room_for_step
from engine.states import BOOK, CALL_ONLY, CHANGED, DONE, SUSPENDED, TRADED, UNLIMITED
from engine.trading.auction import equilibrium, uncross
from engine.trading.calls import is_call, open_call
from risk.exact import bps_down
from risk.fees import worst_fee
from risk.positions import hold_anew

_CONTINUOUS, _HALT = int(Phase.CONTINUOUS), int(Phase.HALT)
_POST_CLOSE, _CLOSING = int(Phase.POST_CLOSE), int(Phase.CLOSING_AUCTION)
_VOLATILITY = int(Phase.VOLATILITY_AUCTION)
_CANCELED, _EXPIRED = int(ExecType.CANCELED), int(ExecType.EXPIRED)
_UNFILLED, _AUCTION_OVER = int(Reason.UNFILLED_REMAINDER), int(Reason.EXPIRED_AUCTION)
_MARKET_TO_LIMIT = int(OrdType.MARKET_TO_LIMIT)
_EXTENSION_BPS, _EXTENSION_NS = int(InstrumentAttr.EXTENSION_BPS), int(InstrumentAttr.EXTENSION_NS)
_MAX_EXTENSIONS, _MULTIPLIER = int(InstrumentAttr.MAX_EXTENSIONS), int(InstrumentAttr.MULTIPLIER)


@kernel
def begin_phase(s, instrument, phase):
    """Start a change of phase; one that opens trading uncrosses first (`go_on_uncrossing`)."""
    book = books(s)[instrument]
    if phase == book["phase"]:
        return
    if phase == _CONTINUOUS or phase == _POST_CLOSE:
        price, _, _ = equilibrium(s, instrument)
        book["auction_px"] = price
        book["uncrossing"] = 1
        book["next_phase"] = phase
        return
    open_call(s, instrument, phase)


@kernel
def begin_halt(s, instrument):
    """Stop an instrument; it keeps the phase to which it returns."""
    book = books(s)[instrument]
    if book["phase"] != _HALT:
        book["resume_phase"] = book["phase"]
        begin_phase(s, instrument, _HALT)


@kernel
def begin_resume(s, instrument, wanted):
    """End a halt: back to the phase before, or to `wanted`."""
    book = books(s)[instrument]
    if book["phase"] == _HALT:
        begin_phase(s, instrument, wanted if wanted else np.int64(book["resume_phase"]))


@kernel
def begin_uncross(s, instrument):
    """End a call phase by its uncross."""
    phase = books(s)[instrument]["phase"]
    if is_call(phase):
        begin_phase(s, instrument, _POST_CLOSE if phase == _CLOSING else _CONTINUOUS)


@kernel
def end_volatility(s, instrument):
    """A volatility auction's time is over: extend it or uncross."""
    c = core(s)[0]
    book = books(s)[instrument]
    if book["phase"] != _VOLATILITY or book["end_time"] > c["time"]:
        return
    row = instruments(s)[instrument]
    price, _, _ = equilibrium(s, instrument)
    last = book["last_px"]
    bps = row[_EXTENSION_BPS]
    may_extend = bps > 0 and price > 0 and book["extensions"] < row[_MAX_EXTENSIONS]
    if may_extend and abs(price - last) > bps_down(last, bps):
        book["extensions"] += 1
        book["end_time"] = c["time"] + row[_EXTENSION_NS]
        return
    begin_uncross(s, instrument)


@kernel
def go_on_uncrossing(s, instrument, command):
    """Trade, then settle what the uncross left over, then enter the next phase."""
    book = books(s)[instrument]
    while True:
        if uncross(s, instrument, command) == SUSPENDED:
            return SUSPENDED
        price, _, _ = equilibrium(s, instrument)  # self-trade prevention may leave it crossed
        if price == 0:
            break
        book["auction_px"] = price
    while True:
        slot = _first_in_book(s, np.int64(book["chain"][CALL_ONLY]))
        if slot == 0:
            break
        if not room_for_step(s, instrument):
            return SUSPENDED
        end_order(s, slot, command, _EXPIRED, _AUCTION_OVER)
    for side in range(2):
        row = np.int64(trees(s)[4 * instrument + side]["first"])
        while row and first_in(s, row):
            if not room_for_step(s, instrument):
                return SUSPENDED
            _settle_market(s, first_in(s, row), book["auction_px"], command)
    trail(s, instrument)
    book["uncrossing"] = 0
    book["phase"] = book["next_phase"]
    book["dirty"] |= CHANGED | TRADED
    emit_status(s, instrument)
    return DONE


@kernel
def _first_in_book(s, slot):
    """The first order of a chain, from `slot` on, that takes part in the auction."""
    while slot and orders(s)[slot]["state"] != BOOK:
        slot = np.int64(extras(s)[details(s)[slot]["extra"]]["chain_next"])
    return slot


@kernel
def _settle_market(s, slot, price, command):
    """A market order is left over: market-to-limit rests at the auction price, others end."""
    if orders(s)[slot]["ord_type"] != _MARKET_TO_LIMIT or price == 0:
        end_order(s, slot, command, _CANCELED, _UNFILLED)
        return
    detach(s, slot)
    order = orders(s)[slot]
    instrument, side = np.int64(order["instrument"]), np.int64(order["side"])
    leaves = order["leaves_qty"]
    value = leaves * price * instruments(s)[instrument][_MULTIPLIER]
    hold_anew(s, slot, leaves, price, worst_fee(s, instrument, side, value, leaves))
    order["price"] = price
    order["exec_inst"] &= 0xFFFF - UNLIMITED
    join_book(s, slot)
