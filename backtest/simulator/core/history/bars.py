"""A bar, played: the price walks from the open by way of high and low to the close.

The rules of docs/backtest.md. At the open the price jumps: stops in the gap are filled at the
open, limit orders in it at their limit. After it the price walks through every tick between two
points, so a stop is filled at its price. Each third of the bar's time is one of the three legs; an
order that arrives in the middle meets the price that the leg has come to by then.
"""

import numpy as np

from backtest.simulator.core.history.market import (
    best,
    come,
    first_side,
    held,
    is_live,
    meet,
    tell,
    tell_held,
    visit,
)
from backtest.simulator.core.own import cancel_first, enter, next_arrival
from backtest.simulator.core.tables import LARGE, NEVER, head, items
from backtest.simulator.core.wire import apply
from domain.jit import kernel
from domain.tables import books
from engine.states import ASKS, BIDS, FALL, RISE, TRAILING

_NEAR, _OHLC, _OLHC, _WORST = 0, 1, 2, 3


@kernel
def play_bar(w, e):
    """Play one BAR event."""
    h = head(w)[0]
    instrument = np.int64(e["instrument"])
    item = items(w)[instrument]
    item["bars"] = 1
    busy = h["exact"] != 0 or is_live(w, instrument)
    item["budget"] = LARGE
    if h["share"] and e["qty"]:
        item["budget"] = e["qty"] * h["share"] // 1_000_000
    if busy or next_arrival(w, instrument, e["time"]) < NEVER:
        _walk(w, e, instrument)
    else:
        come(w, instrument, e["price"])
    h["now"] = max(h["now"], e["time"])
    if _is_watched(w, instrument):
        tell(w, instrument)
        apply(w)


@kernel
def _is_watched(w, instrument):
    """Whether the exchange must know each close: a margin hangs on it, or all is played."""
    if head(w)[0]["exact"] or is_live(w, instrument):
        return True
    lots = held(w, instrument)
    return lots < 0 or (lots != 0 and items(w)[instrument]["cash_model"] == 0)


@kernel
def _walk(w, e, instrument):
    h = head(w)[0]
    start = e["start"] if 0 < e["start"] < e["time"] else e["time"]
    h["now"] = max(h["now"], min(start + 1, e["time"]))  # after the close of the bar before
    cancel_first(w, instrument, start)
    _jump(w, instrument, e["open"])
    _arrivals(w, instrument, min(start + 1, e["time"]), e["open"], e["open"], start, start)
    third = (e["time"] - start) // 3
    up = _is_high_first(w, e, instrument)
    first, second = (e["high"], e["low"]) if up else (e["low"], e["high"])
    _leg(w, instrument, e["open"], first, start, start + third)
    _leg(w, instrument, first, second, start + third, start + 2 * third)
    _leg(w, instrument, second, e["price"], start + 2 * third, e["time"])
    come(w, instrument, e["price"])


@kernel
def _is_high_first(w, e, instrument):
    """Whether the price goes to the high before it goes to the low."""
    path = head(w)[0]["path"]
    lots = held(w, instrument)
    if path == _OHLC or (path == _WORST and lots < 0):
        return True
    if path == _OLHC or (path == _WORST and lots > 0):
        return False
    up, down = e["high"] - e["open"], e["open"] - e["low"]
    return up < down or (up == down and e["price"] < e["open"])


@kernel
def _jump(w, instrument, price):
    """The price is at the open, and was nowhere in between."""
    come(w, instrument, price)
    _set_off(w, instrument, price, price)
    while _is_passed(w, instrument, BIDS, price) and meet(w, instrument, BIDS):
        pass
    while _is_passed(w, instrument, ASKS, price) and meet(w, instrument, ASKS):
        pass
    come(w, instrument, price)
    _set_off(w, instrument, price, price)


@kernel
def _is_passed(w, instrument, kind, price):
    """Whether the best own limit order of a side is filled by a market that comes to `price`."""
    limit = best(w, instrument, kind)
    if limit == 0:
        return False
    beyond = limit - price if kind == BIDS else price - limit
    return beyond > 0 or (beyond == 0 and head(w)[0]["touch"] != 0)


@kernel
def _set_off(w, instrument, low, high):
    """Trigger what waits for a price in low..high, where the market is, at that price."""
    for kind in (FALL, RISE):
        before = np.int64(0)
        while True:
            stop = best(w, instrument, kind)
            met = stop >= low if kind == FALL else stop <= high
            if stop == 0 or not met or stop == before:
                break
            before = stop
            visit(w, instrument, items(w)[instrument]["px"], first_side(w, instrument, kind))
    if head(w)[0]["exact"] or books(head(w)[0]["store"])[instrument]["chained"][TRAILING]:
        tell(w, instrument)
        apply(w)


@kernel
def _leg(w, instrument, start, end, begins, ends):
    """Walk from one price to another; orders of ours arrive on the way."""
    _arrivals(w, instrument, ends, start, end, begins, ends)
    _go(w, instrument, end, end >= start)
    head(w)[0]["now"] = max(head(w)[0]["now"], ends)


@kernel
def _arrivals(w, instrument, until, start, end, begins, ends):
    """Let orders enter that arrive before `until`, each where the leg has come to by then."""
    while True:
        due = next_arrival(w, instrument, until)
        if due >= NEVER:
            return
        price = start
        if ends > begins:
            price += (end - start) * (max(due, begins) - begins) // (ends - begins)
        _go(w, instrument, price, end >= start)
        head(w)[0]["now"] = max(head(w)[0]["now"], due)
        _enter(w, instrument, price)


@kernel
def enter_at_close(w):
    """Let orders enter at the last price of their instrument: the strategy trades at the close."""
    h = head(w)[0]
    for instrument in range(1, h["instruments"] + 1):
        if items(w)[instrument]["bars"]:
            while next_arrival(w, instrument, h["now"] + 1) < NEVER:
                _enter(w, instrument, items(w)[instrument]["px"])


@kernel
def _enter(w, instrument, price):
    """Let the next order of ours enter at a price."""
    come(w, instrument, price)
    tell_held(w)
    tell(w, instrument)
    enter(w, instrument)


@kernel
def _go(w, instrument, end, up):
    """Walk through all prices up (or down) to `end`, stopping where an order of ours is met."""
    limits, stops = (ASKS, RISE) if up else (BIDS, FALL)
    stuck = np.int64(0)  # a level that could not be filled: the bar's volume is used up
    last = np.int64(0)
    while True:
        limit, stop = best(w, instrument, limits), best(w, instrument, stops)
        if limit == stuck or not _is_passed(w, instrument, limits, end):
            limit = np.int64(0)
        if stop == last or (stop > end if up else stop < end):
            stop = np.int64(0)
        if limit == 0 and stop == 0:
            break
        nearer = limit <= stop if up else limit >= stop
        if limit and (stop == 0 or nearer):
            if not meet(w, instrument, limits):
                stuck = limit
        else:
            last = stop
            visit(w, instrument, stop, first_side(w, instrument, stops))
    come(w, instrument, end)
    _set_off(w, instrument, end, end)
