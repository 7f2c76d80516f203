"""Prices that the exchange works out: ticks, caps, bands, pegs, trailing stops."""

from __future__ import annotations

from domain.attributes import InstrumentAttr as I
from domain.codes import ExecInst, OrdType, Reason
from domain.limits import BPS, MAX_PRICE, NO_LIMIT
from tests.reference.exchange.model import BUY, STOPS, Instrument, Order, Refusal

STOP_PROTECTION_BPS = 5_000  # of a market stop where nothing else bounds it


def band_at(inst: Instrument, price: int) -> tuple[int, int]:
    """(first price, step) of the last entry of the tick table at or below `price`."""
    found = (0, inst[I.TICK_1] or 1)
    for column in range(I.TICK_FROM_1, I.TICK_8 + 1, 2):
        start, tick = inst.attributes[column], inst.attributes[column + 1]
        if tick == 0 or start > price:
            break
        found = (start, tick)
    return found


def tick_at(inst: Instrument, price: int) -> int:
    return band_at(inst, price)[1]


def on_tick(inst: Instrument, price: int) -> bool:
    return price % tick_at(inst, price) == 0


def valid_below(inst: Instrument, price: int) -> int:
    """The highest valid price at or below `price`; 0 or less if there is none."""
    while price > 0 and not on_tick(inst, price):
        start, tick = band_at(inst, price)
        price = max(price - price % tick, start - 1)
    return price


def valid_above(inst: Instrument, price: int) -> int:
    """The lowest valid price at or above `price`."""
    while not on_tick(inst, price):
        tick = tick_at(inst, price)
        following = price - price % tick + tick
        starts = [inst.attributes[c] for c in range(I.TICK_FROM_1, I.TICK_8 + 1, 2)]
        price = min([following, *(s for s in starts if price < s < following)])
    return price


def away(inst: Instrument, side: int, price: int) -> int:
    """The nearest valid price away from the market: down for a buy, up for a sell."""
    return valid_below(inst, price) if side == BUY else valid_above(inst, price)


def clamp(price: int) -> int:
    return max(1, min(price, MAX_PRICE))


def protected(reference: int, side: int, bps: int) -> int:
    """`bps` beyond the reference: buy caps round down, sell caps up."""
    if side == BUY:
        return reference * (BPS + bps) // BPS
    return -(-reference * (BPS - bps) // BPS)


def inside_band(inst: Instrument, price: int) -> int:
    return clamp(max(min(price, inst[I.STATIC_HIGH]), inst[I.STATIC_LOW]))


def band_edge(inst: Instrument, side: int) -> int:
    """The static band's edge on the side where `side` would run away, 0 without a band."""
    if side == BUY:
        return inst[I.STATIC_HIGH] if inst[I.STATIC_HIGH] != NO_LIMIT else 0
    return inst[I.STATIC_LOW]


def market_cap(inst: Instrument, side: int) -> int:
    """The execution cap of an order without a limit; 0 if there is no reference at all."""
    bps = inst[I.MARKET_PROTECTION_BPS]
    other = inst.book.other(side)
    reference = inst.mark or (other.best if bps else 0)
    if bps and reference:
        return inside_band(inst, protected(reference, side, bps))
    edge = band_edge(inst, side)
    if edge:
        return edge
    return inside_band(inst, other.furthest) if other.furthest else reference


def stop_cap(inst: Instrument, side: int, stop_px: int) -> int:
    """The execution cap of an order that becomes a market order at `stop_px`."""
    bps = inst[I.MARKET_PROTECTION_BPS]
    edge = band_edge(inst, side)
    if not bps and edge:
        return edge
    return inside_band(inst, protected(stop_px, side, bps or STOP_PROTECTION_BPS))


def trailed_stop(order: Order, best: int) -> int:
    """The stop price as far away from `best` as the order says; basis points round it away."""
    distance = order.offset
    if order.flags & ExecInst.TRAIL_BPS:
        distance = -(-best * order.offset // BPS)
    return clamp(best + order.side * distance)


def follow(inst: Instrument, order: Order, best: int) -> bool:
    """The market has been at `best`: a sell's stop only rises, a buy's only falls; did it?"""
    if order.best_px and order.side * (order.best_px - best) <= 0:
        return False
    order.best_px = best
    wanted = trailed_stop(order, best)
    if order.side * (order.stop_px - wanted) <= 0:
        return False
    order.stop_px = wanted
    if order.unlimited:  # the cap stands in relation to the stop price
        order.price = stop_cap(inst, order.side, wanted)
    return True


def start_trailing(inst: Instrument, order: Order) -> None:
    """A trailing stop that was held is measured from the price at its release."""
    order.best_px = inst.mark
    if order.own_stop or not inst.mark:
        return
    order.stop_px = trailed_stop(order, inst.mark)
    if order.unlimited:
        order.price = stop_cap(inst, order.side, order.stop_px)


def set_prices(inst: Instrument, order: Order) -> Refusal | None:
    """Work out stop price, cap and value price of an order that enters."""
    if order.trailing:
        order.best_px = inst.mark
        if order.stop_px == 0 and inst.mark == 0:
            return Refusal(Reason.NO_REFERENCE_PRICE)
        order.stop_px = order.stop_px or trailed_stop(order, inst.mark)
    order.unlimited = order.limit == 0 and not order.pegged
    best = inst.book.other(order.side).best
    if order.limit:
        order.price = order.limit
    elif order.ord_type in STOPS:
        order.price = stop_cap(inst, order.side, order.stop_px)
    elif order.ord_type == OrdType.MARKET_TO_LIMIT and not inst.in_call and best:
        order.price = best
    else:
        order.price = market_cap(inst, order.side)
    if order.price == 0:
        return Refusal(Reason.NO_REFERENCE_PRICE)
    set_value_price(inst, order, order.price)
    return None


def reset_prices(inst: Instrument, order: Order, old: Order) -> None:
    """The same for an order that is replaced: its cap changes with its limit or stop price."""
    cap = old.cap if old.pegged else old.price
    if order.limit != old.limit:
        cap = order.limit
        order.unlimited = False
    elif order.unlimited and order.stop_px != old.stop_px:
        cap = stop_cap(inst, order.side, order.stop_px)
    order.price = cap
    set_value_price(inst, order, cap)


def set_value_price(inst: Instrument, order: Order, cap: int) -> None:
    order.cap = order.worst_px = cap
    if order.side != BUY:
        order.worst_px = max(cap, inst.mark, order.stop_px)


def peg_references(inst: Instrument) -> tuple[int, int]:
    """Best displayed prices of orders that are not pegged."""
    return inst.book.bids.best_anchor, inst.book.asks.best_anchor


def peg_price(inst: Instrument, order: Order, references: tuple[int, int]) -> int:
    """The price of a pegged order at these references, 0 if it has none."""
    bid, ask = references
    own, other = (bid, ask) if order.side == BUY else (ask, bid)
    if order.flags & ExecInst.PEG_MID:
        needed = bid and ask
        base = (bid + ask) // 2 if order.side == BUY else -(-(bid + ask) // 2)
    else:
        base = needed = own if order.flags & ExecInst.PEG_PRIMARY else other
    if not needed:
        return 0
    price = base + order.side * order.offset
    price = min(price, order.cap) if order.side == BUY else max(price, order.cap)
    price = away(inst, order.side, clamp(price))
    return price if 1 <= price <= MAX_PRICE else 0


def behind(inst: Instrument, side: int, opposite: int) -> int:
    """One tick step behind the best opposite price."""
    return away(inst, side, opposite - side)


def dynamic_reference(inst: Instrument) -> int:
    return inst[I.REFERENCE_PRICE] if inst[I.DYNAMIC_REFERENCE] else inst.mark


def dynamic_width(inst: Instrument, reference: int) -> int:
    return reference * (inst[I.DYNAMIC_BPS] + inst.flexes * inst[I.FLEX_BPS]) // BPS


def outside_dynamic_band(inst: Instrument, price: int, reference: int) -> bool:
    if inst[I.DYNAMIC_BPS] == 0 or reference == 0:
        return False
    return abs(price - reference) > dynamic_width(inst, reference)


def count_flex(inst: Instrument, price: int) -> None:
    """A trade near the band's edge counts towards a wider band."""
    reference = dynamic_reference(inst)
    counted = inst[I.DYNAMIC_REFERENCE] and inst[I.DYNAMIC_BPS] and inst[I.FLEX_TRADES]
    if not counted or not reference:
        return
    if abs(price - reference) * 100 < 99 * dynamic_width(inst, reference):
        return
    if inst.flexes >= inst[I.MAX_FLEX]:
        return
    inst.flex_trades += 1
    if inst.flex_trades >= inst[I.FLEX_TRADES]:
        inst.flexes += 1
        inst.flex_trades = 0
