"""The auction price, and the uncross that trades at it (docs/rules.md, section 7).

The price of maximum volume lies where demand and supply meet: both sides are consumed best price
first until they no longer cross, which gives the volume and the range of prices that reach it.
Only prices in that range are compared. Cost: O(levels that cross).
"""

import numpy as np

from domain.codes import SelfTrade
from domain.jit import kernel
from domain.limits import MAX_PRICE
from domain.tables import books, levels, orders, trees
from engine.book.ladder import neighbour, next_level
from engine.book.prices import last_or_reference
from engine.book.queue import first_in
from engine.room import room_for_step
from engine.states import DONE, SUSPENDED
from engine.trading.trades import prevent, same_group, stp_mode, trade_in_auction

_ALLOW = int(SelfTrade.ALLOW)


@kernel
def _total(s, row):
    """All quantity of a level, displayed or not."""
    return levels(s)[row]["shown_qty"] + levels(s)[row]["hidden_qty"]


@kernel
def _start(s, tree):
    """The row with which a side begins: its market orders, else its best level, else 0."""
    market = np.int64(trees(s)[tree]["first"])
    if market and _total(s, market) > 0:
        return market
    return np.int64(trees(s)[tree]["best"])


@kernel
def _after(s, tree, row):
    """The row behind `row`: the best level behind the market orders, then the next price."""
    if levels(s)[row]["price"] < 0:
        return np.int64(trees(s)[tree]["best"])
    return next_level(s, tree, levels(s)[row]["price"])


@kernel
def _consume(s, instrument):
    """(volume, last bid row, what is left of it, last ask row, what is left of it)."""
    bids, asks = 4 * instrument, 4 * instrument + 1
    bid, ask = _start(s, bids), _start(s, asks)
    last_bid, last_ask, volume = np.int64(0), np.int64(0), np.int64(0)
    bid_left = _total(s, bid) if bid else np.int64(0)
    ask_left = _total(s, ask) if ask else np.int64(0)
    end_bid, end_ask = bid_left, ask_left
    while bid and ask:
        priced = levels(s)[bid]["price"] >= 0 and levels(s)[ask]["price"] >= 0
        if priced and levels(s)[bid]["price"] < levels(s)[ask]["price"]:
            break
        part = min(bid_left, ask_left)
        volume += part
        bid_left -= part
        ask_left -= part
        last_bid, last_ask, end_bid, end_ask = bid, ask, bid_left, ask_left
        if bid_left == 0:
            bid = _after(s, bids, bid)
            bid_left = _total(s, bid) if bid else np.int64(0)
        if ask_left == 0:
            ask = _after(s, asks, ask)
            ask_left = _total(s, ask) if ask else np.int64(0)
    return volume, last_bid, end_bid, last_ask, end_ask


@kernel
def _sum_between(s, tree, low, high):
    """Quantity of a tree's levels with low <= price < high."""
    total = np.int64(0)
    row = neighbour(s, tree, low - 1, True)
    while row and levels(s)[row]["price"] < high:
        total += _total(s, row)
        row = neighbour(s, tree, levels(s)[row]["price"], True)
    return total


@kernel
def _price_of(s, row, unpriced):
    price = levels(s)[row]["price"]
    return unpriced if price < 0 else price


@kernel
def equilibrium(s, instrument):
    """(price, volume, surplus) at which the book would uncross now; (0, 0, 0) if it would not.

    The surplus is demand less supply at that price.
    """
    volume, bid, bid_left, ask, ask_left = _consume(s, instrument)
    if volume == 0:
        return np.int64(0), np.int64(0), np.int64(0)
    low, high = _price_of(s, ask, np.int64(0)), _price_of(s, bid, np.int64(MAX_PRICE + 1))
    demand = volume + bid_left + _sum_between(s, 4 * instrument, low, high)
    supply = volume + ask_left
    price, surplus = _choose(s, instrument, low, high, demand, supply)
    if price == 0:
        return np.int64(0), np.int64(0), np.int64(0)
    return price, volume, surplus


@kernel
def _least(a, b):
    """The smaller of two prices of which 0 means none."""
    if a == 0 or b == 0:
        return max(a, b)
    return min(a, b)


@kernel
def _next_price(s, tree, price):
    """The tree's next price above `price`, 0 if there is none."""
    row = neighbour(s, tree, price, True)
    return levels(s)[row]["price"] if row else np.int64(0)


@kernel
def _at(s, tree, price, wanted):
    """Quantity at `price` if it is the wanted price, else 0."""
    if price != wanted:
        return np.int64(0)
    return _total(s, neighbour(s, tree, price - 1, True))


@kernel
def _choose(s, instrument, low, high, demand, supply):
    """Among the prices low..high: least surplus, then market pressure, then the reference.

    `demand` is the quantity bid at or above `low`, `supply` the quantity offered at or below it.
    """
    bids, asks = 4 * instrument, 4 * instrument + 1
    reference = last_or_reference(s, instrument)
    bid, ask = _next_price(s, bids, low - 1), _next_price(s, asks, low - 1)
    pending = reference if low <= reference <= high else np.int64(0)
    best, least = np.int64(0), np.int64(-1)
    first_surplus, last_surplus, best_surplus = np.int64(0), np.int64(0), np.int64(0)
    lowest, highest = np.int64(0), np.int64(0)
    while True:
        price = _least(_least(bid, ask), pending)
        if price == 0 or price > high:
            break
        if price > low:
            supply += _at(s, asks, ask, price)
        surplus = demand - supply
        if least < 0 or abs(surplus) < least:
            least, best, lowest = abs(surplus), price, price
            first_surplus, best_surplus = surplus, surplus
        if abs(surplus) == least:
            highest, last_surplus = price, surplus
            if abs(price - reference) <= abs(best - reference) and reference > 0:
                best, best_surplus = price, surplus
        demand -= _at(s, bids, bid, price)
        if bid == price:
            bid = _next_price(s, bids, price)
        if ask == price:
            ask = _next_price(s, asks, price)
        if pending == price:
            pending = np.int64(0)
    if first_surplus > 0 and last_surplus > 0:
        return highest, last_surplus
    if first_surplus < 0 and last_surplus < 0:
        return lowest, first_surplus
    if reference == 0:
        return lowest, first_surplus
    return best, best_surplus


@kernel
def _top(s, tree, price):
    """The order that a side trades first at the auction price, or 0."""
    row = _start(s, tree)
    if row == 0:
        return np.int64(0)
    limit = levels(s)[row]["price"]
    if limit >= 0 and (limit < price if tree & 1 == 0 else limit > price):
        return np.int64(0)
    return first_in(s, row)


@kernel
def uncross(s, instrument, command):
    """Trade what crosses at the book's auction price, one pair of orders at a time."""
    price = books(s)[instrument]["auction_px"]
    while price:
        buyer = _top(s, 4 * instrument, price)
        seller = _top(s, 4 * instrument + 1, price)
        if buyer == 0 or seller == 0:
            break
        if not room_for_step(s, instrument):
            return SUSPENDED
        later = buyer if orders(s)[buyer]["order_id"] > orders(s)[seller]["order_id"] else seller
        mode = stp_mode(s, later)
        if mode != _ALLOW and same_group(s, buyer, seller):
            prevent(s, buyer + seller - later, later, mode, command)
        else:
            qty = min(orders(s)[buyer]["leaves_qty"], orders(s)[seller]["leaves_qty"])
            trade_in_auction(s, buyer, seller, price, qty, command)
    return DONE
