"""Single orders of history (L3) in the same book as ours: queues are exact.

An order of history rests under its reference as cl_ord_id. An execution is an aggressor of
history at its price: it takes what stands first, which is ours if ours is earlier or better. The
order of history that was displaced so leaves the book by as much as history says was executed of
it, so that the book goes on as the data has it.
"""

import numpy as np

from backtest.simulator.core.tables import HISTORY, head, items
from backtest.simulator.core.wire import apply, blank, lower, post
from domain.codes import Command, OrdType, Phase, Scope, Side, TimeInForce
from domain.jit import kernel
from domain.tables import books, details, orders
from engine.book.directory import find_order

_NEW, _CANCEL, _MASS = int(Command.NEW_ORDER), int(Command.CANCEL_ORDER), int(Command.MASS_CANCEL)
_PHASE, _HALT, _RESUME = int(Command.PHASE), int(Command.HALT), int(Command.RESUME)
_END_OF_DAY, _CLOSED = int(Command.END_OF_DAY), int(Phase.CLOSED)
_LIMIT, _GTC = int(OrdType.LIMIT), int(TimeInForce.GTC)
_INSTRUMENT = int(Scope.INSTRUMENT)
_BUY, _SELL = int(Side.BUY), int(Side.SELL)
# backtest.readers.facts.FactKind
_ADD, _REDUCE, _DELETE, _EXECUTE, _REPLACE, _SET, _CLEAR = 1, 2, 3, 4, 5, 6, 7
_HALTED, _RESUMED = 10, 11


@kernel
def play_single(w, e):
    """ADD, REDUCE, DELETE, EXECUTE, REPLACE, SET or CLEAR."""
    kind = e["kind"]
    items(w)[e["instrument"]]["orders"] = 1
    if kind == _ADD:
        _add(w, e, e["ref"], np.int64(e["side"]))
    elif kind == _CLEAR:
        _clear(w, e)
    else:
        slot = find_order(head(w)[0]["store"], HISTORY, e["ref"])
        if slot:
            _change(w, e, slot)
        elif kind == _SET and e["qty"]:
            _add(w, e, e["ref"], np.int64(e["side"]))
    apply(w)


@kernel
def _add(w, e, ref, side):
    row = blank(w, _NEW, HISTORY, np.int64(e["instrument"]))
    row["cl_ord_id"] = ref
    row["side"] = side
    row["ord_type"] = _LIMIT
    row["time_in_force"] = _GTC
    row["price"] = e["price"]
    row["order_qty"] = e["qty"]


@kernel
def _change(w, e, slot):
    """What happens to an order of history that rests."""
    s, kind = head(w)[0]["store"], e["kind"]
    order = orders(s)[slot]
    side, leaves = np.int64(order["side"]) + 1, np.int64(order["leaves_qty"])
    if kind == _DELETE:
        lower(w, slot, 0)
    elif kind == _REDUCE:
        lower(w, slot, leaves - e["qty"])
    elif kind == _EXECUTE:
        _execute(w, e, slot)
    elif kind == _REPLACE:
        lower(w, slot, 0)
        _add(w, e, e["qty_2"], side)
    elif e["price"] == order["price"] and 0 < e["qty"] <= leaves:
        if e["qty"] < leaves:
            lower(w, slot, e["qty"])
    else:
        lower(w, slot, 0)
        if e["qty"]:
            _add(w, e, e["ref"], side)


@kernel
def _execute(w, e, slot):
    """An aggressor takes what stands first; then the order named has no more than it should."""
    s = head(w)[0]["store"]
    order = orders(s)[slot]
    left, price = order["leaves_qty"] - e["qty"], order["price"]
    side = _SELL if order["side"] == 0 else _BUY
    instrument = np.int64(e["instrument"])
    items(w)[instrument]["px"] = price
    post(w, instrument, side, price, e["qty"], False)
    apply(w)
    if orders(s)[slot]["account"] != HISTORY or details(s)[slot]["cl_ord_id"] != e["ref"]:
        return
    if orders(s)[slot]["state"] and orders(s)[slot]["leaves_qty"] > left:
        lower(w, slot, left)


@kernel
def _clear(w, e):
    """All orders of history at one price are gone."""
    row = blank(w, _MASS, HISTORY, np.int64(e["instrument"]))
    row["side"] = e["side"]
    row["price_low"] = e["price"]
    row["price_high"] = e["price"]


@kernel
def play_phase(w, e):
    """HALT, RESUME or PHASE of one instrument."""
    kind = e["kind"]
    command = _HALT if kind == _HALTED else (_RESUME if kind == _RESUMED else _PHASE)
    row = blank(w, command, 0, 0)
    row["scope"] = _INSTRUMENT
    row["entity"] = e["instrument"]
    if command == _PHASE:
        row["value"] = e["qty"]
    apply(w)
    if command == _PHASE and e["qty"] == _CLOSED and _is_all_closed(w):
        blank(w, _END_OF_DAY, 0, 0)
        apply(w)


@kernel
def _is_all_closed(w):
    """Whether no instrument trades any more: the day is over, and DAY orders expire."""
    h = head(w)[0]
    for instrument in range(1, h["instruments"] + 1):
        if books(h["store"])[instrument]["phase"] != _CLOSED:
            return False
    return True
