"""Precise checks, third part: price bands and fat-finger limits (SEBI, LULD, SEC rule 15c3-5)."""

import numpy as np

from domain.attributes import InstrumentAttr, NodeAttr
from domain.bits import product
from domain.codes import Reason
from domain.jit import kernel
from domain.limits import BPS, MAX_PRICE, NO_LIMIT
from domain.tables import books, candidates, instruments, node_limits, positions
from risk.admission.refusal import refuse
from risk.exact import bps_down
from risk.margin import mark_price

_I = InstrumentAttr
_LOW, _HIGH, _REFERENCE = int(_I.STATIC_LOW), int(_I.STATIC_HIGH), int(_I.REFERENCE_PRICE)
_DYNAMIC, _BY_REFERENCE = int(_I.DYNAMIC_BPS), int(_I.DYNAMIC_REFERENCE)
_FLEX_BPS, _VOLATILITY = int(_I.FLEX_BPS), int(_I.VOLATILITY_AUCTION)
_FINGER_BPS, _FINGER_TICKS = int(NodeAttr.FAT_FINGER_BPS), int(NodeAttr.FAT_FINGER_TICKS)
_R_STATIC, _R_DYNAMIC = int(Reason.STATIC_BAND), int(Reason.DYNAMIC_BAND)
_R_BPS, _R_TICKS = int(Reason.FAT_FINGER_BPS), int(Reason.FAT_FINGER_TICKS)
_PASS = np.int64(0)


@kernel
def exceeds_bps(part, whole, limit):
    """Whether part x 10 000 > limit x whole, exactly; NO_LIMIT is never exceeded.

    None of the numbers is negative. A right side that leaves int64 is more than a left that fits.
    """
    left, left_fits = product(part, BPS, 1)
    right, right_fits = product(limit, whole, 1)
    if left_fits:
        return limit < NO_LIMIT and right_fits and left > right
    return limit < NO_LIMIT and part > bps_down(whole, limit)


@kernel
def dynamic_band(s, instrument):
    """(lowest, highest) price of the dynamic band; everything while there is no reference."""
    row = instruments(s)[instrument]
    reference = row[_REFERENCE]
    if row[_BY_REFERENCE] == 0:
        reference = mark_price(s, instrument)
    if reference == 0:
        return np.int64(0), np.int64(MAX_PRICE)
    bps = row[_DYNAMIC] + np.int64(books(s)[instrument]["flexes"]) * row[_FLEX_BPS]
    width = bps_down(reference, bps)
    return reference - width, reference + width


@kernel
def deviation(s):
    """(ticks by which the limit price is beyond the market, the market's price) or (0, 1)."""
    c = candidates(s)[0]
    base = mark_price(s, np.int64(c["instrument"]))
    if base == 0 or c["price"] == 0:
        return np.int64(0), np.int64(1)
    beyond = c["price"] - base if c["side"] == 0 else base - c["price"]
    return max(0, beyond), base


@kernel
def check_bands(s):
    """The instrument's static band (limit and stop price) and dynamic band (limit price)."""
    c = candidates(s)[0]
    i = np.int64(c["instrument"])
    row = instruments(s)[i]
    for price in (c["price"], c["stop_px"]):
        if price > 0 and (price < row[_LOW] or price > row[_HIGH]):
            return refuse(s, _R_STATIC, 0, row[_LOW] if price < row[_LOW] else row[_HIGH], price, 0)
    price = c["price"]
    if price == 0 or row[_DYNAMIC] == 0 or row[_VOLATILITY]:
        return _PASS
    low, high = dynamic_band(s, i)
    if price < low or price > high:
        return refuse(s, _R_DYNAMIC, 0, low if price < low else high, price, 0)
    return _PASS


@kernel
def check_fat_finger(s):
    """A buy above or a sell below the market by too much, in basis points, then in ticks."""
    beyond, base = deviation(s)
    first = np.int64(candidates(s)[0]["position"])
    row = first
    while row:
        node = np.int64(positions(s)[row]["node"])
        limit = node_limits(s)[node, _FINGER_BPS]
        if exceeds_bps(beyond, base, limit):
            return refuse(s, _R_BPS, node, limit, beyond * BPS // base, limit)
        row = np.int64(positions(s)[row]["parent"])
    row = first
    while row:
        node = np.int64(positions(s)[row]["node"])
        limit = node_limits(s)[node, _FINGER_TICKS]
        if beyond > limit:
            return refuse(s, _R_TICKS, node, limit, beyond, limit)
        row = np.int64(positions(s)[row]["parent"])
    return _PASS


@kernel
def check_price(s):
    """The first price check that refuses the candidate, 0 if none."""
    reason = check_bands(s)
    return reason if reason else check_fat_finger(s)
