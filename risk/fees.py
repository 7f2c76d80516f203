"""What a fill costs: maker or taker fee and the statutory charges of the side, in minor units.

Charges model transaction taxes such as India's STT, exchange fees, SEBI turnover fees and stamp
duty, or the SEC section 31 fee: each is a rate on the value and is rounded by itself.
"""

import numpy as np

from domain.attributes import InstrumentAttr
from domain.codes import Liquidity
from domain.jit import kernel
from domain.limits import MAX_CHARGES, MAX_VALUE
from domain.tables import instruments
from risk.derived import CHARGES, FEES, INSTRUMENT_FLAGS, MAKER_DEARER
from risk.exact import ppb_half_away, saturating_mul

_I = InstrumentAttr
_MAKER_PPB, _TAKER_PPB = int(_I.MAKER_PPB), int(_I.TAKER_PPB)
_MAKER_PER_LOT, _TAKER_PER_LOT = int(_I.MAKER_PER_LOT), int(_I.TAKER_PER_LOT)
_FEE_MIN, _FEE_CAP = int(_I.FEE_MIN), int(_I.FEE_CAP)
_CHARGE_BUY = int(_I.CHARGE_BUY_PPB_1)
_TAKER = int(Liquidity.TAKER)


@kernel
def _rated(s, instrument, value, qty, rate, per_lot):
    """Fee at one rate. FEE_MIN holds for positive fees, if they round to 0 too, FEE_CAP for all."""
    fee = ppb_half_away(value, rate)
    if per_lot:
        fee += max(-MAX_VALUE, min(MAX_VALUE, saturating_mul(per_lot, qty)))
    if fee > 0 or (rate > 0 and per_lot == 0):
        fee = max(fee, instruments(s)[instrument, _FEE_MIN])
    return min(fee, instruments(s)[instrument, _FEE_CAP])


@kernel
def charges(s, instrument, side, value):
    """The statutory charges of a side (0 buy, 1 sell), each rounded half away from zero."""
    row = instruments(s)[instrument]
    if row[INSTRUMENT_FLAGS] & CHARGES == 0:
        return np.int64(0)
    first = _CHARGE_BUY + MAX_CHARGES * side
    total = np.int64(0)
    for column in range(first, first + MAX_CHARGES):
        if row[column]:
            total += ppb_half_away(value, row[column])
    return total


@kernel
def fill_fee(s, instrument, side, value, qty, liquidity):
    """Fee and charges of a fill; the auction pays the maker's rate. Negative is a rebate."""
    total = charges(s, instrument, side, value)
    row = instruments(s)[instrument]
    if row[INSTRUMENT_FLAGS] & FEES == 0:
        return total
    if liquidity == _TAKER:
        rate, per_lot = row[_TAKER_PPB], row[_TAKER_PER_LOT]
    else:
        rate, per_lot = row[_MAKER_PPB], row[_MAKER_PER_LOT]
    return total + _rated(s, instrument, value, qty, rate, per_lot)


@kernel
def worst_fee(s, instrument, side, value, qty):
    """What is held for an open order: the dearer role's fee, never below 0, and the charges."""
    total = charges(s, instrument, side, value)
    row = instruments(s)[instrument]
    if row[INSTRUMENT_FLAGS] & FEES == 0 or qty == 0:
        return total
    fee = max(0, _rated(s, instrument, value, qty, row[_TAKER_PPB], row[_TAKER_PER_LOT]))
    if row[INSTRUMENT_FLAGS] & MAKER_DEARER:
        fee = max(fee, _rated(s, instrument, value, qty, row[_MAKER_PPB], row[_MAKER_PER_LOT]))
    return total + fee
