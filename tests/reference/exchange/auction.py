"""Call phases: the auction price and the uncross."""

from __future__ import annotations

from fractions import Fraction

from domain.attributes import InstrumentAttr as I
from domain.codes import Liquidity, OrdType, Phase, Reason, SelfTrade
from domain.limits import BPS
from tests.reference.exchange import accounts, lifecycle, matching, settling
from tests.reference.exchange.model import AUCTION_ONLY, AUCTIONS, BUY, Instrument, Order
from tests.reference.exchange.world import World


def _volume(inst: Instrument, side: int, price: int) -> int:
    """What a side would trade at `price`."""
    orders = inst.book.own(side)
    return sum(o.leaves for o in orders if o.market_like or o.accepts(price))


def auction_price(inst: Instrument) -> int:
    """The price at which an uncross would happen now, 0 if nothing would trade."""
    reference = inst.mark
    candidates = {*inst.book.bids.levels, *inst.book.asks.levels} | ({reference} - {0})
    found = []
    for price in candidates:
        buys, sells = _volume(inst, BUY, price), _volume(inst, -BUY, price)
        found.append((min(buys, sells), buys - sells, price))
    most = max((volume for volume, _, _ in found), default=0)
    if most == 0:
        return 0
    found = [f for f in found if f[0] == most]
    least = min(abs(surplus) for _, surplus, _ in found)
    found = [f for f in found if abs(f[1]) == least]
    left = [price for _, _, price in found]
    if all(surplus > 0 for _, surplus, _ in found):
        return max(left)
    if all(surplus < 0 for _, surplus, _ in found):
        return min(left)
    if reference == 0:
        return min(left)
    return min(left, key=lambda price: (abs(price - reference), -price))


def uncross(w: World, inst: Instrument, next_phase: int) -> None:
    """Match at one price, end what was for this auction only, go on to the next phase."""
    price = 0
    while again := auction_price(inst):  # what self-trade prevention took may leave it crossed
        price = again
        match_all(w, inst, price)
    clear(w, inst, price)
    settling.trail(w, inst)
    inst.phase = next_phase
    inst.looked_at = None
    w.touched.add(inst.number)


def match_all(w: World, inst: Instrument, price: int) -> None:
    """Best bids with best asks, all at the auction price."""
    while True:
        buyer = _first(inst, BUY, price)
        seller = _first(inst, -BUY, price)
        if buyer is None or seller is None:
            return
        newer, older = (buyer, seller) if buyer.order_id > seller.order_id else (seller, buyer)
        mode = w.self_trade_mode(newer, older)
        if mode != SelfTrade.ALLOW:
            matching.prevent(w, newer, older, mode)
            continue
        qty = min(buyer.leaves, seller.leaves)
        matching.record_price(w, inst, price)
        fees = [accounts.fill(w, o, qty, price, maker=True) for o in (buyer, seller)]
        for order in (buyer, seller):
            if not order.hidden and not order.market_like:
                order.shown = min(order.display or order.leaves, order.leaves)
        matching.report_trade(w, (buyer, seller), qty, fees, (Liquidity.AUCTION, Liquidity.AUCTION))


def _first(inst: Instrument, side: int, price: int) -> Order | None:
    orders = inst.book.own(side)
    return next((o for o in orders if o.market_like or o.accepts(price)), None)


def clear(w: World, inst: Instrument, price: int) -> None:
    """Remainders of auction orders expire, of market orders are canceled or become limits."""
    book = inst.book
    auction_only = [o for o in [*book.bids, *book.asks] if o.time_in_force in AUCTION_ONLY]
    for order in sorted(auction_only, key=lambda o: o.order_id):
        if order.live:  # the end of another may have taken it along
            lifecycle.expire(w, order, Reason.EXPIRED_AUCTION)
    for side in (book.bids, book.asks):
        while side.market:
            order = next(iter(side))
            if order.ord_type != OrdType.MARKET_TO_LIMIT or not price:
                lifecycle.cancel(w, order, Reason.UNFILLED_REMAINDER)
            else:
                become_limit(w, inst, order, price)


def become_limit(w: World, inst: Instrument, order: Order, price: int) -> None:
    """A market-to-limit order takes the auction price as its limit, and its value from it."""
    side = inst.book.own(order.side)
    side.remove(order)
    accounts.release(w, order, remark=False)
    order.price = order.limit = order.cap = order.worst_px = price
    order.unlimited = False
    accounts.reserve(w, order)
    side.add(order)


def too_far(inst: Instrument) -> bool:
    """Would a volatility auction end at a price that calls for an extension?"""
    price = auction_price(inst)
    if not price or not inst.last_px or inst[I.EXTENSION_BPS] == 0:
        return False
    if inst.extensions >= inst[I.MAX_EXTENSIONS]:
        return False
    return Fraction(abs(price - inst.last_px) * BPS, inst.last_px) > inst[I.EXTENSION_BPS]


def end_volatility_auction(w: World, inst: Instrument) -> None:
    """A TICK at or after the end of the auction."""
    if inst.phase != Phase.VOLATILITY_AUCTION or inst.end_time > w.time:
        return
    if too_far(inst):
        inst.extensions += 1
        inst.end_time = w.time + inst[I.EXTENSION_NS]
    else:
        uncross(w, inst, Phase.CONTINUOUS)


def change_phase(w: World, inst: Instrument, phase: int) -> None:
    """PHASE, HALT and RESUME: uncross on the way into continuous trading or the end of the day."""
    if phase == inst.phase:
        return
    if phase in (Phase.CONTINUOUS, Phase.POST_CLOSE):
        uncross(w, inst, phase)
        return
    inst.phase = phase
    w.touched.add(inst.number)
    if phase in AUCTIONS:
        matching.unpark(w, inst)
