"""Precise checks, second part: is the order's form right? Ticks, lots, sizes, minimum values."""

import numpy as np

from domain.attributes import InstrumentAttr
from domain.codes import ExecInst, Reason, TimeInForce
from domain.jit import kernel
from domain.tables import candidates, instruments
from risk.admission.refusal import refuse

_I = InstrumentAttr
_TICK_FIRST, _TICK_LAST = int(_I.TICK_FROM_1), int(_I.TICK_8)
_LOT, _MIN_QTY, _MAX_QTY = int(_I.LOT_SIZE), int(_I.MIN_QTY), int(_I.MAX_QTY)
_FREEZE, _MIN_VALUE, _MAX_VALUE = int(_I.FREEZE_QTY), int(_I.MIN_VALUE), int(_I.MAX_VALUE)
_GTD, _HIDDEN = int(TimeInForce.GTD), int(ExecInst.HIDDEN)
_R = Reason
_R_TICK, _R_LOT, _R_MIN_QTY = int(_R.TICK_SIZE), int(_R.LOT_SIZE), int(_R.MIN_QTY)
_R_MAX_QTY, _R_FREEZE = int(_R.MAX_QTY), int(_R.FREEZE_QTY)
_R_MIN_VALUE, _R_MAX_VALUE = int(_R.MIN_VALUE), int(_R.MAX_VALUE)
_R_EXPIRE, _R_DISPLAY = int(_R.EXPIRE_TIME), int(_R.DISPLAY_QTY)
_R_MINIMUM = int(_R.MINIMUM_EXECUTION_QTY)
_PASS = np.int64(0)


@kernel
def tick_at(s, instrument, price):
    """The tick size at a price: that of the last band that begins at or below it."""
    row = instruments(s)[instrument]
    tick = row[_TICK_FIRST + 1]
    column = _TICK_FIRST + 2
    while column < _TICK_LAST and row[column + 1] > 0 and row[column] <= price:
        tick = row[column + 1]
        column += 2
    return tick


@kernel
def check_grid(s):
    """Prices on ticks, quantities in whole lots."""
    c = candidates(s)[0]
    i = np.int64(c["instrument"])
    for price in (c["price"], c["stop_px"]):
        tick = tick_at(s, i, price)
        if price % tick:
            return refuse(s, _R_TICK, 0, tick, price, 0)
    lot = instruments(s)[i, _LOT]
    for qty in (c["order_qty"], c["display_qty"], c["min_qty"]):
        if qty % lot:
            return refuse(s, _R_LOT, 0, lot, qty, 0)
    return _PASS


@kernel
def check_bounds(s):
    """The instrument's bounds of quantity and value, then the times and parts of the order."""
    c = candidates(s)[0]
    row = instruments(s)[c["instrument"]]
    qty, value = c["order_qty"], c["value"]
    if qty < row[_MIN_QTY]:
        return refuse(s, _R_MIN_QTY, 0, row[_MIN_QTY], qty, 0)
    if qty > row[_MAX_QTY]:
        return refuse(s, _R_MAX_QTY, 0, row[_MAX_QTY], qty, row[_MAX_QTY])
    if qty > row[_FREEZE]:
        return refuse(s, _R_FREEZE, 0, row[_FREEZE], qty, row[_FREEZE])
    if value < row[_MIN_VALUE]:
        return refuse(s, _R_MIN_VALUE, 0, row[_MIN_VALUE], value, 0)
    if value > row[_MAX_VALUE]:
        return refuse(s, _R_MAX_VALUE, 0, row[_MAX_VALUE], value, row[_MAX_VALUE])
    if c["time_in_force"] == _GTD and c["expire_time"] <= c["now"]:
        return refuse(s, _R_EXPIRE, 0, c["now"], c["expire_time"], 0)
    most = qty if c["exec_inst"] & _HIDDEN == 0 else np.int64(0)
    if c["display_qty"] > most:
        return refuse(s, _R_DISPLAY, 0, most, c["display_qty"], most)
    if c["min_qty"] > qty:
        return refuse(s, _R_MINIMUM, 0, qty, c["min_qty"], qty)
    return _PASS


@kernel
def check_shape(s):
    """The first shape check that refuses the candidate, 0 if none."""
    reason = check_grid(s)
    return reason if reason else check_bounds(s)
