"""The scripted outcomes, as data: what the quantity of an order stands for.

Each outcome is reached by ordinary commands around the order, so that what a client sees is what
the exchange really answers: an opposite order to trade with, a setting that makes a check refuse
and is taken back, a cancel.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from domain.attributes import InstrumentAttr, PositionAttr
from domain.codes import Phase, Reason
from domain.limits import MAX_QTY, MAX_VALUE

LATER_NS: Final = 2 * 10**9  # what comes later comes so much later, by the exchange's time
PREFIX: Final = "SCRIPT-"  # and the name of the account that it is for
REFUSED_FROM: Final = 2000  # and the number of the reason


class Outcome(NamedTuple):
    """What becomes of an order.

    fills: shares of the quantity that trade at once. later: shares that trade later. cancel: the
    venue takes out what is left, at once (0) or later (1). expires: it becomes good till a date.
    waits: it is taken later. lost: what gets lost, the "answer" or the "request".
    """

    words: str
    fills: tuple[float, ...] = ()
    later: tuple[float, ...] = ()
    cancel: int | None = None
    expires: bool = False
    waits: bool = False
    lost: str = ""


OUTCOMES: Final = {
    1001: Outcome("filled in full, at its price", fills=(1.0,)),
    1002: Outcome("half of it filled, the rest rests", fills=(0.5,)),
    1003: Outcome("rests and is never filled"),
    1004: Outcome("filled in full by three fills", fills=(0.25, 0.25, 0.5)),
    1005: Outcome("rests, and is filled two seconds later", later=(1.0,)),
    1006: Outcome("half of it filled, the rest canceled by the venue two seconds later",
                  fills=(0.5,), cancel=1),
    1007: Outcome("accepted, and canceled by the venue at once", cancel=0),
    1008: Outcome("expires two seconds later (it becomes GTD)", expires=True),
    1009: Outcome("half filled at once, the rest two seconds later", fills=(0.5,), later=(0.5,)),
    1010: Outcome("taken two seconds late, then rests", waits=True),
    1011: Outcome("taken two seconds late, then filled in full", fills=(1.0,), waits=True),
    1020: Outcome("applied and filled, but the answer is lost", fills=(1.0,), lost="answer"),
    1021: Outcome("lost on its way: nothing is applied", lost="request"),
}  # fmt: skip


class Trap(NamedTuple):
    """What makes a check refuse: an attribute, its value, and the value to put back."""

    attribute: InstrumentAttr | PositionAttr | None  # None: the phase
    value: int
    back: int


_I, _P, _R = InstrumentAttr, PositionAttr, Reason
TRAPS: Final = {
    _R.PHASE_FORBIDS: Trap(None, Phase.CLOSED, Phase.CONTINUOUS),
    _R.INSTRUMENT_NOT_TRADABLE: Trap(_I.TRADABLE, 0, 1),
    _R.INSTRUMENT_EXPIRED: Trap(_I.EXPIRY, 1, 0),
    _R.INSTRUMENT_RESTRICTED: Trap(_P.RESTRICTED, 1, 0),
    _R.ORD_TYPE_NOT_PERMITTED: Trap(_I.ALLOWED_ORD_TYPES, 0, 2**9 - 1),
    _R.LOT_SIZE: Trap(_I.LOT_SIZE, 10_007, 1),
    _R.MIN_QTY: Trap(_I.MIN_QTY, MAX_QTY, 1),
    _R.MAX_QTY: Trap(_I.MAX_QTY, 1, 0),
    _R.FREEZE_QTY: Trap(_I.FREEZE_QTY, 1, 0),
    _R.MIN_VALUE: Trap(_I.MIN_VALUE, MAX_VALUE, 0),
    _R.MAX_VALUE: Trap(_I.MAX_VALUE, 1, 0),
    _R.STATIC_BAND: Trap(_I.STATIC_HIGH, 1, 0),
    _R.POSITION_LIMIT: Trap(_P.MAX_POSITION, 1, 0),
    _R.INSTRUMENT_EXPOSURE: Trap(_P.MAX_EXPOSURE, 1, 0),
}
