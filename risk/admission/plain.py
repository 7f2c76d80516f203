"""The checks of a plain limit order, with everything in registers.

`terms` and `passes` say True only if every precise check would pass, as `clearance` does, but for
an order that is nothing but a side, a price and a quantity, and without the CANDIDATE row. What
they are unsure of, and every instrument or account with a rarer setting, is left to `clearance`.
Nothing is written here: `risk.positions.enter` does that, with the same differences.
"""

import numpy as np

from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import MarginModel
from domain.jit import kernel
from domain.limits import MAX_VALUE, NO_LIMIT
from domain.tables import core, instruments, node_limits, nodes, positions
from risk.admission.bounds import (
    CHAIN_ADV_BPS,
    CHAIN_BOOK_BPS,
    CHAIN_FINGER_BPS,
    CHAIN_FLAGS,
    CHAIN_QTY,
    CHAIN_TICKS,
    CHAIN_VALUE,
    GROUPS,
    UNUSED,
    chain_of,
    levels_within,
)
from risk.admission.price import dynamic_band, exceeds_bps
from risk.admission.shape import tick_at
from risk.derived import (
    DUPLICATES,
    DYNAMIC_BAND,
    INSTRUMENT_FLAGS,
    LOTS,
    PERMISSIONS,
    RESTRICTS,
    TICKS,
    VARIATION,
)
from risk.exact import value_of
from risk.fees import worst_fee
from risk.margin import mark_price
from risk.span.exchange import by_scenarios

_I, _N = InstrumentAttr, NodeAttr
_MULTIPLIER, _CURRENCY, _MODEL = int(_I.MULTIPLIER), int(_I.CURRENCY), int(_I.MARGIN_MODEL)
_MIN_QTY, _MAX_QTY, _FREEZE = int(_I.MIN_QTY), int(_I.MAX_QTY), int(_I.FREEZE_QTY)
_MIN_VALUE, _MAX_VALUE, _ADV = int(_I.MIN_VALUE), int(_I.MAX_VALUE), int(_I.ADV)
_LOW, _HIGH = int(_I.STATIC_LOW), int(_I.STATIC_HIGH)
_N_CURRENCY, _CREDIT, _CHECK = int(_N.CURRENCY), int(_N.CREDIT), int(_N.CHECK_BUYING_POWER)
_CONCENTRATION, _CASH = int(_N.MAX_CONCENTRATION_BPS), int(MarginModel.CASH)


@kernel
def terms(s, instrument, side, price, qty):
    """(whether the instrument takes the order for certain, price and value it is held at, fee)."""
    row = instruments(s)[instrument]
    flags = row[INSTRUMENT_FLAGS]
    worst = max(price, mark_price(s, instrument) * side)
    value = value_of(qty, worst, row[_MULTIPLIER])
    bad = (value > MAX_VALUE) | (value < row[_MIN_VALUE]) | (value > row[_MAX_VALUE])
    bad |= (qty < row[_MIN_QTY]) | (qty > row[_MAX_QTY]) | (qty > row[_FREEZE])
    bad |= (price < row[_LOW]) | (price > row[_HIGH])
    bad |= (flags & (RESTRICTS | LOTS) != 0) | by_scenarios(s, instrument)
    if flags & DYNAMIC_BAND:
        low, high = dynamic_band(s, instrument)
        bad |= (price < low) | (price > high)
    if flags & TICKS:
        bad |= price % tick_at(s, instrument, price) != 0
    return not bad, worst, value, worst_fee(s, instrument, side, value, qty)


@kernel
def _single_passes(s, account, order, met):
    """What is asked of the order alone, against the lowest limits of the account's chain.

    `met`: what it would meet on the other side, 0 if it would not trade.
    """
    instrument, side, price, qty, value = order
    chain = chain_of(s, account)
    bad = chain[CHAIN_FLAGS] & (PERMISSIONS | DUPLICATES | GROUPS) != 0
    bad |= (qty > chain[CHAIN_QTY]) | (value > chain[CHAIN_VALUE])
    mark = mark_price(s, instrument)
    beyond = max(np.int64(0), (price - mark) * (1 - 2 * side)) if mark else np.int64(0)
    bad |= beyond > chain[CHAIN_TICKS]
    bad |= exceeds_bps(beyond, mark, chain[CHAIN_FINGER_BPS])
    volume = instruments(s)[instrument, _ADV]
    if volume:
        bad |= exceeds_bps(qty, volume, chain[CHAIN_ADV_BPS])
    if met:
        bad |= exceeds_bps(qty, met, chain[CHAIN_BOOK_BPS])
    return not bad


@kernel
def _account_passes(s, account, instrument, added, after):
    """Mode, currency, concentration and buying power; `after`: (exposure, value moved)."""
    exposure, moved = after
    n, limits, row = nodes(s)[account], node_limits(s)[account], instruments(s)[instrument]
    funds = n["cash"] + limits[_CREDIT]
    bad = (n["reducing"] != 0) | (row[_CURRENCY] != limits[_N_CURRENCY])
    if limits[_CONCENTRATION] < NO_LIMIT:
        bad |= exceeds_bps(exposure, max(0, funds), limits[_CONCENTRATION])
    if limits[_CHECK]:
        variation = limits[VARIATION] + (moved if row[_MODEL] != _CASH else np.int64(0))
        bad |= n["used"] + added > funds + min(0, variation)
    return not bad


@kernel
def _chain_passes(s, row, order, change):
    """Whether all levels stay within their limits."""
    _, side, _, lots, worth = order
    gross, exposure, margin, fee, moved = change
    zero, now = np.int64(0), core(s)[0]["time"]
    long, short = moved + worth * (1 - side), moved - worth * side
    of_row = lots * (1 - side), lots * side, zero, zero, zero, exposure, zero, gross
    of_orders = zero, zero, margin + fee, np.int64(1), worth, exposure, long, short
    of_state = -now, np.int64(UNUSED), -now, zero, zero, zero, moved, moved
    return levels_within(s, row, of_row, of_orders, of_state)


@kernel
def passes(s, row, order, change, met):
    """Whether the account of a position row and all above it surely let the order through.

    `order`: (instrument, side, price, lots, value); `change`: what it adds, as `weigh` says, with
    the fee to hold and the exposure after it at the end.
    """
    gross, exposure, margin, moved, fee, after = change
    account = np.int64(positions(s)[row]["node"])
    added, instrument = margin + fee, order[0]
    return (
        _single_passes(s, account, order, met)
        and _account_passes(s, account, instrument, added, (after, moved))
        and _chain_passes(s, row, order, (gross, exposure, margin, fee, moved))
    )
