"""The initial margin of an account's position row, in minor units.

`assess` chooses by MARGIN_MODEL. PERCENT and VAR_ELM follow the shape of SEBI's value-at-risk
margin plus extreme loss margin. SCENARIO is no margin of a row but of an account: those who call
`assess` ask `risk.span.exchange` what the row adds.
"""

import numpy as np

from domain.attributes import InstrumentAttr
from domain.codes import MarginModel
from domain.jit import kernel
from domain.limits import MAX_CASH
from domain.tables import books, instruments
from risk.exact import bps_up, saturating_mul, value_of

_I = InstrumentAttr
_MODEL, _MULTIPLIER, _REFERENCE = int(_I.MARGIN_MODEL), int(_I.MULTIPLIER), int(_I.REFERENCE_PRICE)
_PER_LOT_RATE, _MARGIN_BPS, _ELM_BPS = int(_I.MARGIN_PER_LOT), int(_I.MARGIN_BPS), int(_I.ELM_BPS)
_SHORT_BPS = int(_I.SHORT_MARGIN_BPS)
_CASH, _PER_LOT = int(MarginModel.CASH), int(MarginModel.PER_LOT)
_PERCENT, _VAR_ELM = int(MarginModel.PERCENT), int(MarginModel.VAR_ELM)
_SCENARIO = int(MarginModel.SCENARIO)


@kernel
def mark_price(s, instrument):
    """The last price, else REFERENCE_PRICE, else 0, in ticks."""
    last = books(s)[instrument]["last_px"]
    if last > 0:
        return last
    return instruments(s)[instrument, _REFERENCE]


@kernel
def _other_margin(s, instrument, widest, buy_value, sell_value, value):
    """Margin by the models that do not ask for the full price; 0 of a SCENARIO instrument."""
    row = instruments(s)[instrument]
    model = row[_MODEL]
    if model == _PER_LOT:
        return min(MAX_CASH, saturating_mul(widest, row[_PER_LOT_RATE]))
    if model == _SCENARIO:
        return np.int64(0)
    base = max(value + buy_value, sell_value - value, 0)
    if model == _PERCENT:
        return min(MAX_CASH, bps_up(base, row[_MARGIN_BPS]))
    if model == _VAR_ELM:
        return min(MAX_CASH, bps_up(base, row[_MARGIN_BPS] + row[_ELM_BPS]))
    return base


@kernel
def assess(s, instrument, long, short, buy_value, sell_value, value):
    """(gross lots, exposure, margin) of an account's row with these numbers.

    `long` or `short` lots are held if all that is bought, or all that is sold, trades; what is held
    now is worth `value` at the mark. `gross` is the most lots that can be held. CASH: buys are paid
    in full, lots sold but not held need short margin on their value.
    """
    row = instruments(s)[instrument]
    gross = max(abs(long), abs(short))
    exposure = max(abs(value + buy_value), abs(value - sell_value))
    if row[_MODEL] != _CASH:
        return gross, exposure, _other_margin(s, instrument, gross, buy_value, sell_value, value)
    mark = mark_price(s, instrument)
    worth = value_of(max(0, short), mark, row[_MULTIPLIER])
    if mark == 0 and short > 0:
        worth = sell_value
    return gross, exposure, min(MAX_CASH, buy_value + bps_up(worth, row[_SHORT_BPS]))


@kernel
def held_value(s, instrument, qty, cost):
    """Lots at the mark, in minor units; at cost while the instrument has no price at all."""
    mark = mark_price(s, instrument)
    if mark == 0:
        return np.int64(cost)
    return value_of(qty, mark, instruments(s)[instrument, _MULTIPLIER])
