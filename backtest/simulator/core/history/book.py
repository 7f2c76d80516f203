"""A book out of quotes, levels and trades: what rests of history, with our orders in its queues.

History's quantity at a price is orders of account HISTORY in the same queue as ours. A level that
grows gets its new lots at the end of the queue. One that shrinks loses them from the end
(pessimistic: only trades bring our orders forward) or everywhere in proportion (probabilistic).
A trade of the tape is an aggressor of history, so it meets what stands first at its price, ours
included. Where a feed of quotes says nothing about a price, everything there is in front of us
until a quote says how much it is.
"""

import numpy as np

from backtest.simulator.core.tables import BATCH, HISTORY, head, items, waiting
from backtest.simulator.core.wire import apply, lower, post, print_price
from domain.codes import Command, OrdType, Side
from domain.jit import kernel
from domain.limits import MAX_QTY, MAX_VALUE
from domain.tables import books, levels, orders, trees
from engine.book.ladder import next_level
from engine.states import ASKS, BIDS
from risk.exact import mul_div

_BUY, _SELL = int(Side.BUY), int(Side.SELL)
_CANCEL, _NEW = int(Command.CANCEL_ORDER), int(Command.NEW_ORDER)
_LIMIT = int(OrdType.LIMIT)


@kernel
def _tree(instrument, side):
    return 4 * instrument + (BIDS if side == _BUY else ASKS)


@kernel
def top(w, instrument, side):
    """(price, displayed lots) of the best level of a side, zeros if it is empty."""
    s = head(w)[0]["store"]
    row = np.int64(trees(s)[_tree(instrument, side)]["best"])
    if row == 0:
        return np.int64(0), np.int64(0)
    return levels(s)[row]["price"], levels(s)[row]["shown_qty"]


@kernel
def note_arrival(w, instrument):
    """Keep the best prices before a command, as the reports on it say."""
    item = items(w)[instrument]
    item["bid"], _ = top(w, instrument, _BUY)
    item["ask"], _ = top(w, instrument, _SELL)


@kernel
def _level_at(w, instrument, side, price):
    """The level at a price, or 0."""
    s = head(w)[0]["store"]
    beside = price + 1 if side == _BUY else price - 1
    row = np.int64(next_level(s, _tree(instrument, side), beside))
    return row if row and levels(s)[row]["price"] == price else np.int64(0)


@kernel
def of_history(w, row):
    """Lots of history at a level."""
    s = head(w)[0]["store"]
    total, slot = np.int64(0), np.int64(levels(s)[row]["head"])
    while slot:
        if orders(s)[slot]["account"] == HISTORY:
            total += orders(s)[slot]["leaves_qty"]
        slot = np.int64(orders(s)[slot]["next"])
    return total


@kernel
def set_level(w, instrument, side, price, qty):
    """Bring history's lots at a price to `qty`."""
    give_way(w, instrument, side, price)
    row = _level_at(w, instrument, side, price)
    there = of_history(w, row) if row else np.int64(0)
    if qty > there:
        post(w, instrument, side, price, qty - there, True)
        apply(w)
    elif qty < there:
        _shrink(w, row, there, there - qty)


@kernel
def _shrink(w, row, there, gone):
    """Take `gone` of history's `there` lots out of a queue."""
    h = head(w)[0]
    s = h["store"]
    if h["by_share"]:
        taken, slot = np.int64(0), np.int64(levels(s)[row]["head"])
        while slot:
            order = orders(s)[slot]
            if order["account"] == HISTORY:
                part = mul_div(order["leaves_qty"], gone, there)
                lower(w, slot, order["leaves_qty"] - part)
                taken += part
            slot = np.int64(order["next"])
            if h["made"] >= BATCH:
                break
        apply(w)
        gone -= taken
    while gone > 0:
        slot = _last_of_history(w, row)
        if slot == 0:
            return
        leaves = orders(s)[slot]["leaves_qty"]
        part = min(leaves, gone)
        lower(w, slot, leaves - part)
        apply(w)
        gone -= part


@kernel
def _last_of_history(w, row):
    """The order of history that is last in a queue, or 0."""
    s = head(w)[0]["store"]
    slot = np.int64(levels(s)[row]["tail"])
    while slot and orders(s)[slot]["account"] != HISTORY:
        slot = np.int64(orders(s)[slot]["prev"])
    return slot


@kernel
def _clear_level(w, row):
    """End all orders of history at a level; False if there are none."""
    there = of_history(w, row)
    if there:
        h = head(w)[0]
        kept = h["by_share"]
        h["by_share"] = 0
        _shrink(w, row, there, there)
        h["by_share"] = kept
    return there > 0


@kernel
def clear_beyond(w, instrument, side, price):
    """End history's orders at better prices than `price` (0: at all prices) on a side."""
    s = head(w)[0]["store"]
    tree = _tree(instrument, side)
    row = np.int64(trees(s)[tree]["best"])
    while row:
        here = levels(s)[row]["price"]
        if price and (here <= price if side == _BUY else here >= price):
            return
        _clear_level(w, row)
        row = np.int64(next_level(s, tree, here))


@kernel
def give_way(w, instrument, side, price):
    """Nothing of history rests where history now bids or offers across it: it is out of date."""
    other = _SELL if side == _BUY else _BUY
    best, _ = top(w, instrument, other)
    if best and (best <= price if side == _BUY else best >= price):
        clear_beyond(w, instrument, other, price + 1 if side == _BUY else price - 1)


@kernel
def play_quote(w, e):
    """QUOTE: the best price of each side, and what there is."""
    instrument = np.int64(e["instrument"])
    _side(w, instrument, _BUY, e["price"], e["qty"])
    _side(w, instrument, _SELL, e["price_2"], e["qty_2"])
    _follow_middle(w, instrument)


@kernel
def _side(w, instrument, side, price, qty):
    if qty == 0:
        clear_beyond(w, instrument, side, np.int64(0))
        return
    clear_beyond(w, instrument, side, price)
    set_level(w, instrument, side, price, qty)


@kernel
def play_level(w, e):
    """LEVEL: all that rests at a price."""
    instrument = np.int64(e["instrument"])
    set_level(w, instrument, np.int64(e["side"]), e["price"], e["qty"])
    _follow_middle(w, instrument)


@kernel
def _follow_middle(w, instrument):
    """Before the first trade a position is valued at the middle of the best prices."""
    item = items(w)[instrument]
    if books(head(w)[0]["store"])[instrument]["last_px"] == 0 or item["px"] == 0:
        bid, _ = top(w, instrument, _BUY)
        ask, _ = top(w, instrument, _SELL)
        if bid and ask:
            item["px"] = (bid + ask) // 2


@kernel
def play_trade(w, e):
    """TRADE: an aggressor takes what stands first, up to its price; without a side, a print."""
    instrument, side = np.int64(e["instrument"]), np.int64(e["side"])
    item = items(w)[instrument]
    item["px"] = e["price"]
    bid, _ = top(w, instrument, _BUY)
    ask, _ = top(w, instrument, _SELL)
    if side == 0 and bid and e["price"] <= bid:
        side = np.int64(_SELL)
    elif side == 0 and ask and e["price"] >= ask:
        side = np.int64(_BUY)
    if side and item["orders"] == 0:
        post(w, instrument, side, e["price"], e["qty"], False)
    if books(head(w)[0]["store"])[instrument]["last_px"] != e["price"]:
        print_price(w, instrument, e["price"])
    apply(w)


@kernel
def stand_behind(w, at):
    """Before an order of ours joins a price of which quotes say nothing, all there goes first."""
    row = waiting(w)[at]
    if row["command"] != _NEW or row["ord_type"] != _LIMIT:
        return
    instrument, side, price = np.int64(row["instrument"]), np.int64(row["side"]), row["price"]
    if instrument < 1 or instrument > head(w)[0]["instruments"] or price < 1:
        return
    side = side if side == _BUY else np.int64(_SELL)
    item = items(w)[instrument]
    best, _ = top(w, instrument, side)
    if item["quoted"] == 0 or best == 0 or (price >= best if side == _BUY else price <= best):
        return
    if _level_at(w, instrument, side, price) == 0:
        much = min(MAX_QTY // 4, MAX_VALUE // 16 // (price * item["multiplier"]))
        post(w, instrument, side, price, much, True)
        apply(w)
