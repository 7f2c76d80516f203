"""A market without a book: the price of the moment, and liquidity of history for a moment.

On bars nothing of history rests. When an order of ours arrives or is triggered at a price, history
offers both sides around it for as long as that one command takes; own resting orders are met by an
aggressor of history at their own price. Everything else is the engine's.
"""

import numpy as np

from backtest.simulator.core.tables import OWN, head, items
from backtest.simulator.core.wire import apply, post, print_price, withdraw_id
from domain.codes import Side
from domain.jit import kernel
from domain.limits import MAX_PRICE, MAX_QTY, MAX_VALUE
from domain.tables import books, levels, nodes, orders, positions, trees
from engine.states import ASKS, BIDS
from risk.positions import find_position

_BUY, _SELL = int(Side.BUY), int(Side.SELL)


@kernel
def best(w, instrument, kind):
    """The price of the best level of one of the four trees of a book, 0 if it is empty."""
    s = head(w)[0]["store"]
    row = np.int64(trees(s)[4 * instrument + kind]["best"])
    return levels(s)[row]["price"] if row else np.int64(0)


@kernel
def first_side(w, instrument, kind):
    """The side of the order that is first at the best level: 0 buy, 1 sell."""
    s = head(w)[0]["store"]
    row = np.int64(trees(s)[4 * instrument + kind]["best"])
    return np.int64(orders(s)[levels(s)[row]["head"]]["side"])


@kernel
def lots_at(w, instrument, kind):
    """All leaves at the best level, hidden ones and reserves too."""
    s = head(w)[0]["store"]
    level = levels(s)[np.int64(trees(s)[4 * instrument + kind]["best"])]
    total = np.int64(0)
    for first in (np.int64(level["head"]), np.int64(level["hidden_head"])):
        slot = first
        while slot:
            total += orders(s)[slot]["leaves_qty"]
            slot = np.int64(orders(s)[slot]["next"])
    return total


@kernel
def held(w, instrument):
    """The own position, lots."""
    h = head(w)[0]
    item = items(w)[instrument]
    if item["position"] == 0:
        item["position"] = find_position(h["store"], OWN, instrument)
        if item["position"] == 0:
            return np.int64(0)
    return positions(h["store"])[item["position"]]["qty"]


@kernel
def is_live(w, instrument):
    """Whether an order of ours in this instrument lives, held ones too; there is no book."""
    h = head(w)[0]
    if nodes(h["store"])[OWN]["orders"] == 0:
        return False
    return books(h["store"])[instrument]["orders"] != 0


@kernel
def come(w, instrument, price):
    """The market is at a price from now on; the exchange is told when it matters."""
    item = items(w)[instrument]
    item["px"] = price
    item["bid"] = price
    item["ask"] = price
    item["stale"] = 1


@kernel
def tell(w, instrument):
    """Tell the exchange where the market is, if it does not know."""
    item = items(w)[instrument]
    if item["stale"] and item["px"]:
        item["stale"] = 0
        print_price(w, instrument, item["px"])


@kernel
def tell_held(w):
    """Tell the exchange the prices of all that is held: what the risk checks go by."""
    for instrument in range(1, head(w)[0]["instruments"] + 1):
        if items(w)[instrument]["stale"] and held(w, instrument) != 0:
            tell(w, instrument)


@kernel
def slip(w, price):
    """Ticks that a market order pays beyond the price."""
    h = head(w)[0]
    return max(h["slip_ticks"], price * h["slip_ppm"] // 1_000_000)


@kernel
def offer(w, instrument, price, tight):
    """Let history offer both sides around a price; returns the first of two cl_ord_ids.

    Both stand `slip` away from it; without slippage the side `tight` of ours (0 buys, 1 sells)
    trades at the price itself and the other one tick off, for a book cannot hold both. Neither
    meets a resting order of ours: history gives way by a tick. An id of 0: that side is not there.
    """
    away = slip(w, price)
    ask = price + (away if away or tight == 0 else 1)
    bid = price - (away if away or tight == 1 else 1)
    own_bid, own_ask = best(w, instrument, BIDS), best(w, instrument, ASKS)
    ask = max(ask, own_bid + 1)
    if own_ask and bid >= own_ask:
        bid = own_ask - 1
    number = head(w)[0]["next_id"]
    qty = most(w, instrument, price)
    if qty >= 1:
        if ask <= MAX_PRICE:
            post(w, instrument, _SELL, ask, qty, True)
        head(w)[0]["next_id"] = number + 1
        if bid >= 1:
            post(w, instrument, _BUY, bid, qty, True)
    head(w)[0]["next_id"] = number + 2
    return number


@kernel
def most(w, instrument, price):
    """Lots that history may still trade in this bar, within what one order may be worth."""
    item = items(w)[instrument]
    bound = MAX_VALUE // 4 // (max(price, 1) * item["multiplier"])
    return min(item["budget"], bound, MAX_QTY // 4)


@kernel
def take_back(w, instrument, number):
    """End what `offer` offered, and apply it all."""
    withdraw_id(w, instrument, number)
    withdraw_id(w, instrument, number + 1)
    apply(w)


@kernel
def visit(w, instrument, price, tight):
    """The market trades at a price: what waits for it is triggered and finds liquidity."""
    come(w, instrument, price)
    number = offer(w, instrument, price, tight)
    tell(w, instrument)
    take_back(w, instrument, number)


@kernel
def meet(w, instrument, kind):
    """History meets the best own resting orders of a side at their price; False if it cannot.

    What is triggered by that trade finds liquidity one tick away at least.
    """
    price = best(w, instrument, kind)
    qty = min(most(w, instrument, price), lots_at(w, instrument, kind))
    if qty < 1:
        return False
    before = head(w)[0]["filled"]
    come(w, instrument, price)
    number = offer_apart(w, instrument, price)
    post(w, instrument, _SELL if kind == BIDS else _BUY, price, qty, False)
    take_back(w, instrument, number)
    return head(w)[0]["filled"] != before


@kernel
def offer_apart(w, instrument, price):
    """`offer`, but off the price itself, where own orders stand first."""
    h = head(w)[0]
    kept = h["slip_ticks"]
    h["slip_ticks"] = max(kept, 1)
    number = offer(w, instrument, price, 0)
    h["slip_ticks"] = kept
    return number
