"""Ticks, reference prices and execution caps (docs/rules.md, section 2)."""

import numpy as np

from domain.attributes import InstrumentAttr
from domain.jit import kernel
from domain.limits import MAX_PRICE, MAX_TICK_BANDS
from domain.tables import books, instruments, levels, trees
from engine.book.ladder import last_level
from risk.exact import bps_down

_TICK_FROM, _TICK = int(InstrumentAttr.TICK_FROM_1), int(InstrumentAttr.TICK_1)
_REFERENCE = int(InstrumentAttr.REFERENCE_PRICE)
_LOW, _HIGH = int(InstrumentAttr.STATIC_LOW), int(InstrumentAttr.STATIC_HIGH)
_PROTECTION = int(InstrumentAttr.MARKET_PROTECTION_BPS)
_BANDS = MAX_TICK_BANDS


@kernel
def _band_at(s, instrument, price):
    """(first price, step) of the tick table's entry that holds at `price`."""
    row = instruments(s)[instrument]
    start, tick = np.int64(0), max(np.int64(1), row[_TICK])
    for band in range(1, _BANDS):
        step = row[_TICK + 2 * band]
        if step == 0 or row[_TICK_FROM + 2 * band] > price:
            break
        start, tick = row[_TICK_FROM + 2 * band], step
    return start, tick


@kernel
def to_tick(s, instrument, price, up):
    """`price` moved up or down to the next valid tick."""
    while price > 0:
        start, tick = _band_at(s, instrument, price)
        rest = price % tick
        if rest == 0:
            return price
        if not up:
            price = max(price - rest, start - 1)
        else:
            price = min(price - rest + tick, _next_band(s, instrument, price))
    return price


@kernel
def _next_band(s, instrument, price):
    """Where the next entry of the tick table begins above `price`."""
    row = instruments(s)[instrument]
    for band in range(1, _BANDS):
        if row[_TICK + 2 * band] == 0:
            break
        if row[_TICK_FROM + 2 * band] > price:
            return row[_TICK_FROM + 2 * band]
    return np.int64(MAX_PRICE + 1)


@kernel
def behind(s, instrument, side, best):
    """The valid price nearest to `best` at which an order of `side` does not trade; 0 if none."""
    price = to_tick(s, instrument, best - 1, False) if side == 0 else to_tick(
        s, instrument, best + 1, True
    )
    return price if 1 <= price <= MAX_PRICE else np.int64(0)


@kernel
def last_or_reference(s, instrument):
    """The last price, else REFERENCE_PRICE, else 0."""
    last = books(s)[instrument]["last_px"]
    return last if last else instruments(s)[instrument][_REFERENCE]


@kernel
def best_price(s, tree):
    """The best price of a tree, displayed or hidden; 0 if it is empty."""
    row = np.int64(trees(s)[tree]["best"])
    return levels(s)[row]["price"] if row else np.int64(0)


@kernel
def _inside(s, instrument, price):
    """`price` brought inside the static band and the price range."""
    row = instruments(s)[instrument]
    return max(np.int64(1), row[_LOW], min(price, row[_HIGH], MAX_PRICE))


@kernel
def beyond(reference, bps, side):
    """`reference` moved against the customer by `bps`: up for a buy, down for a sell."""
    distance = bps_down(reference, bps)
    return reference - distance if side else reference + distance


@kernel
def market_cap(s, instrument, side):
    """Execution cap of a market order, 0 if nothing says what it could be."""
    row = instruments(s)[instrument]
    reference = last_or_reference(s, instrument)
    against = 4 * instrument + 1 - side
    if row[_PROTECTION] > 0:
        if reference == 0:
            reference = best_price(s, against)
        if reference > 0:
            return _inside(s, instrument, beyond(reference, row[_PROTECTION], side))
    return _unprotected_cap(s, instrument, side, reference)


@kernel
def _unprotected_cap(s, instrument, side, reference):
    """The static band's edge, else the furthest price of the other side, else the reference."""
    row = instruments(s)[instrument]
    if side == 0 and row[_HIGH] <= MAX_PRICE:
        return row[_HIGH]
    if side == 1 and row[_LOW] > 0:
        return row[_LOW]
    furthest = last_level(s, 4 * instrument + 1 - side)
    if furthest:
        return _inside(s, instrument, levels(s)[furthest]["price"])
    return reference


@kernel
def stop_cap(s, instrument, side, stop_px):
    """Execution cap of an order that becomes a market order at `stop_px`."""
    row = instruments(s)[instrument]
    bps = row[_PROTECTION]
    if bps == 0:
        if side == 0 and row[_HIGH] <= MAX_PRICE:
            return row[_HIGH]
        if side == 1 and row[_LOW] > 0:
            return row[_LOW]
        bps = np.int64(5_000)
    return _inside(s, instrument, beyond(stop_px, bps, side))
