"""Continuous trading: where an order goes, and how it trades."""

from __future__ import annotations

from domain.attributes import InstrumentAttr as I
from domain.codes import (
    Allocation,
    Contingency,
    ExecInst,
    ExecType,
    Liquidity,
    OrdType,
    Phase,
    Reason,
    SelfTrade,
    TimeInForce,
)
from domain.limits import BPS, MAX_LOOK, MAX_PRICE
from tests.reference.exchange import accounts, lifecycle, prices, rows
from tests.reference.exchange.book import Level
from tests.reference.exchange.model import (
    AUCTION_ONLY,
    AUCTIONS,
    BUY,
    IMMEDIATE,
    Instrument,
    Order,
    Role,
    State,
)
from tests.reference.exchange.world import World

POST = ExecInst.POST_ONLY | ExecInst.POST_SLIDE


# ------------------------------------------------------------------- where an order goes


def trades_in(order: Order, phase: int) -> bool:
    """May an order that is for an auction only take part in this phase?"""
    if order.time_in_force == TimeInForce.AT_THE_OPEN:
        return phase in (Phase.PRE_OPEN, Phase.OPENING_AUCTION)
    if order.time_in_force == TimeInForce.AT_THE_CLOSE:
        return phase == Phase.CLOSING_AUCTION
    return phase in AUCTIONS


def destination(inst: Instrument, order: Order) -> State:
    """Where an order that nobody holds goes first."""
    if order.untriggered:
        due = inst.continuous and order.reached_by(inst.last_px)
        return State.WORKING if due else State.TRIGGER
    if order.time_in_force in AUCTION_ONLY and not trades_in(order, inst.phase):
        return State.PARKED
    if order.pegged:
        priced = prices.peg_price(inst, order, prices.peg_references(inst))
        return State.WORKING if inst.continuous and priced else State.UNPRICED
    return State.WORKING


def set_working_price(inst: Instrument, order: Order) -> None:
    """Orders whose price is made by the book get it before they are acknowledged."""
    if order.state is State.UNPRICED:
        order.price = 0
    elif order.pegged:
        order.price = prices.peg_price(inst, order, prices.peg_references(inst))
    best = inst.book.other(order.side).best
    works = inst.continuous and order.state is State.WORKING and best
    if order.ord_type == OrdType.MARKET_TO_LIMIT and order.unlimited and works:
        order.price = min(best, order.cap) if order.side == BUY else max(best, order.cap)
        order.limit = order.price
        order.unlimited = False


def enter(w: World, order: Order) -> None:
    """An acknowledged or released order takes its place: it trades, rests, waits, or ends."""
    inst = w.instruments[order.instrument]
    w.touched.add(inst.number)
    order.state = destination(inst, order)
    set_working_price(inst, order)
    order.stamp = w.next_stamp()
    if order.state is State.TRIGGER:
        inst.book.triggers.append(order)
    elif order.state is State.PARKED:
        inst.book.parked.append(order)
        if order.time_in_force == TimeInForce.AT_THE_OPEN:
            lifecycle.expire(w, order, Reason.EXPIRED_AUCTION)
    elif order.untriggered:
        trigger(w, order)
    elif order.state is State.WORKING:
        work(w, order)


def trigger(w: World, order: Order) -> None:
    """The stop price is reached: the order works from now on."""
    inst = w.instruments[order.instrument]
    lifecycle.withdraw(w, order)
    if order in inst.book.trailing:
        inst.book.trailing.remove(order)
    order.state = State.WORKING
    order.triggered = True
    order.stamp = w.next_stamp()
    rows.order_row(w, order, ExecType.TRIGGERED)
    work(w, order)


def work(w: World, order: Order) -> None:
    """Trade as far as it goes, then rest, wait or end."""
    inst = w.instruments[order.instrument]
    at_once = inst.continuous  # a volatility auction may begin on the way
    if at_once:
        if ready_to_match(w, inst, order):
            match(w, inst, order)
            meet_waiting(w, inst, order)
    elif order.minimum and order.time_in_force not in IMMEDIATE and not order.market_like:
        wait(inst, order)
    if order.state is not State.WORKING:
        return
    unasked = order.market_like and (at_once or order.minimum)
    if order.time_in_force in IMMEDIATE or unasked:
        lifecycle.cancel(w, order, Reason.UNFILLED_REMAINDER)
    else:
        rest(inst, order)


def ready_to_match(w: World, inst: Instrument, order: Order) -> bool:
    """The last conditions before an order may trade; an order that fails one waits or ends."""
    best = inst.book.other(order.side).best
    if order.ord_type == OrdType.MARKET_TO_LIMIT and order.unlimited:
        lifecycle.cancel(w, order, Reason.UNFILLED_REMAINDER)  # there is nobody to ask for a price
        return False
    if order.flags & POST and best and order.accepts(best):
        slid = prices.behind(inst, order.side, best)
        if order.flags & ExecInst.POST_ONLY or not 1 <= slid <= MAX_PRICE:
            lifecycle.cancel(w, order, Reason.POST_ONLY_WOULD_TRADE)
            return False
        order.price = order.limit = slid
    if order.minimum:
        if available(w, inst, order) < order.min_qty:
            if order.time_in_force in IMMEDIATE or order.market_like:
                lifecycle.cancel(w, order, Reason.UNFILLED_REMAINDER)
            else:
                wait(inst, order)
            return False
        order.minimum = False
    return True


def wait(inst: Instrument, order: Order) -> None:
    order.state = State.WAITING
    inst.book.waiting.append(order)


def rest(inst: Instrument, order: Order) -> None:
    """Into the book: a price level, or in a call phase the queue of market orders."""
    side = inst.book.own(order.side)
    order.state = State.BOOK
    if order.market_like:
        side.market.append(order)
    else:
        side.add(order)


# ------------------------------------------------------------------- how it trades


def available(w: World, inst: Instrument, order: Order) -> int:
    """What the order would meet on the other side, in the order in which it would meet it."""
    total, before = 0, list[Order]()
    centre = prices.dynamic_reference(inst) if inst[I.VOLATILITY_AUCTION] else 0
    for price, level in inst.book.other(order.side).levels.items():
        if not order.accepts(price) or prices.outside_dynamic_band(inst, price, centre):
            break
        standing = list(level)
        ends = [k for k, resting in enumerate(standing) if must_not_trade(w, order, resting)]
        reached = standing[: ends[0]] if ends else standing
        only_shown = bool(ends) and not standing[ends[0]].hidden
        counted = 0
        for resting in reached:
            if w.self_trade_mode(order, resting) == SelfTrade.ALLOW:
                part = resting.shown if only_shown else resting.leaves
                counted += max(0, min(part, left_by_its_list(resting, before)))
            before.append(resting)
        total += counted
        if ends:
            return total
        if counted and centre and not inst[I.DYNAMIC_REFERENCE]:
            centre = price
    left = order.leaves - total
    for resting in counterparts(w, inst, order):
        if resting.min_qty <= left:
            qty = min(left, resting.leaves)
            total, left = total + qty, left - qty
    return total


def counterparts(w: World, inst: Instrument, order: Order) -> list[Order]:
    """Who of the other side waits for a minimum and may trade with the order, best price first."""
    if inst[I.VOLATILITY_AUCTION] or order.flags & POST:
        return []
    others = [o for o in inst.book.waiting if o.side != order.side]
    return [
        o
        for o in sorted(others, key=lambda o: (-o.side * o.price, o.order_id))[:MAX_LOOK]
        if order.accepts(o.price)
        and not o.ring
        and w.self_trade_mode(order, o) == SelfTrade.ALLOW
    ]


def meet_waiting(w: World, inst: Instrument, order: Order) -> None:
    """What the book does not give may come from those who wait; what is left of one works next."""
    while order.state is State.WORKING and inst.continuous:
        may = (o for o in counterparts(w, inst, order) if o.min_qty <= order.leaves)
        resting = next(may, None)
        if resting is None:
            return
        lifecycle.withdraw(w, resting)
        resting.minimum, resting.state = False, State.WORKING
        trade(w, resting, order, min(order.leaves, resting.leaves), resting.price)
        if resting.live:
            work(w, resting)


def must_not_trade(w: World, order: Order, resting: Order) -> bool:
    """Would meeting this order end the incoming one, or take something off it?"""
    mode = w.self_trade_mode(order, resting)
    return mode not in (SelfTrade.ALLOW, SelfTrade.CANCEL_OLDEST) or resting in order.ring


def left_by_its_list(resting: Order, before: list[Order]) -> int:
    """What an order still has when those of its list that stand before it have traded."""
    if resting.role is not Role.PEER:
        return resting.leaves
    first = [other for other in before if other in resting.ring]
    if resting.contingency == Contingency.ONE_UPDATES_OTHER:
        return resting.leaves - max((other.leaves for other in first), default=0)
    return 0 if first else resting.leaves


def match(w: World, inst: Instrument, order: Order) -> None:
    """Trade with the other side, best price first, while the order is working."""
    side = inst.book.other(order.side)
    arrived, shared = 0, False  # the level that it trades with; is it shared out pro rata?
    while order.state is State.WORKING and side.best and order.accepts(side.best):
        price, level = side.levels.peekitem(0)
        if price != arrived:
            arrived, shared = price, is_shared(w, inst, order, level)
        resting = level.first
        mode = w.self_trade_mode(order, resting)
        if mode != SelfTrade.ALLOW:
            prevent(w, order, resting, mode)
            continue
        if trips(w, inst, order, price):
            return
        if shared:
            shared = False
            share_level(w, inst, order, level)
            continue
        trade(w, resting, order, min(order.leaves, resting.shown or resting.leaves), price)


def is_shared(w: World, inst: Instrument, order: Order, level: Level[Order]) -> bool:
    """Is a level handed out pro rata? Decided when the order arrives at it."""
    displayed = level.displayed
    own_group = any(w.self_trade_mode(order, r) != SelfTrade.ALLOW for r in displayed)
    linked = any(other in r.ring for r in displayed for other in (order, *displayed) if other != r)
    by_time = inst[I.ALLOCATION] == Allocation.PRICE_TIME
    return not by_time and not own_group and not linked and order.leaves <= level.shown


def round_lots(inst: Instrument, qty: int) -> int:
    return qty // inst[I.LOT_SIZE] * inst[I.LOT_SIZE]


def share_level(w: World, inst: Instrument, order: Order, level: Level[Order]) -> None:
    """Hand out an incoming quantity among a level's displayed orders; the rest goes by time."""
    price = level.first.price
    if inst[I.ALLOCATION] == Allocation.SPLIT:
        left = round_lots(inst, order.leaves * inst[I.FIFO_SHARE_BPS] // BPS)
        while left and order.state is State.WORKING and level.displayed:
            resting = level.displayed[0]
            qty = min(left, resting.shown, order.leaves)
            left -= qty
            trade(w, resting, order, qty, price)
    incoming, total = order.leaves, level.shown
    for resting, shown in [(r, r.shown) for r in level.displayed]:
        share = round_lots(inst, incoming * shown // total)
        if share < inst[I.PRO_RATA_MIN] or order.state is not State.WORKING:
            continue
        qty = min(share, resting.shown, order.leaves)
        if resting.state is State.BOOK and qty:
            trade(w, resting, order, qty, price)


def trade(w: World, maker: Order, taker: Order, qty: int, price: int) -> None:
    """One trade in continuous trading, and what hangs on it."""
    inst = w.instruments[taker.instrument]
    record_price(w, inst, price)
    fees = [accounts.fill(w, o, qty, price, o is maker) for o in (maker, taker)]
    side = inst.book.own(maker.side)
    if maker.state is State.BOOK and not maker.hidden:
        maker.shown -= qty
        if maker.shown == 0 and maker.leaves:
            side.refill(maker)
    report_trade(w, (maker, taker), qty, fees, (Liquidity.MAKER, Liquidity.TAKER))


def record_price(w: World, inst: Instrument, price: int) -> None:
    """The trade is on the tape before the accounts are marked."""
    w.trade_id += 1
    prices.count_flex(inst, price)
    inst.last_px = price
    inst.trail_high = max(inst.trail_high, price)
    inst.trail_low = min(inst.trail_low or price, price)
    w.touched.add(inst.number)


def report_trade(
    w: World,
    pair: tuple[Order, Order],
    qty: int,
    fees: list[int],
    liquidity: tuple[Liquidity, Liquidity],
) -> None:
    """Two rows, then what hangs on the fill: of the first order, then of the second."""
    price = w.instruments[pair[0].instrument].last_px
    for order, contra, fee, kind in zip(pair, pair[::-1], fees, liquidity, strict=True):
        row = rows.fill_row(w, order, contra, price, qty)
        row.update(fee=fee, liquidity=kind)
    for order in pair:
        lifecycle.after_fill(w, order, qty)
    for order in pair:
        if order.leaves == 0 and order.live:
            lifecycle.filled(w, order)


def prevent(w: World, order: Order, resting: Order, mode: int) -> None:
    """Two orders of one self-trade group meet: the resting one's row comes first."""
    reason = Reason.SELF_TRADE
    if mode == SelfTrade.DECREMENT:
        qty = min(order.leaves, resting.leaves)
        for each in (resting, order):
            decrement(w, each, qty)
        return
    if mode in (SelfTrade.CANCEL_OLDEST, SelfTrade.CANCEL_BOTH) and resting.live:
        lifecycle.cancel(w, resting, reason)
    if mode in (SelfTrade.CANCEL_NEWEST, SelfTrade.CANCEL_BOTH) and order.live:
        lifecycle.cancel(w, order, reason)


def decrement(w: World, order: Order, qty: int) -> None:
    """Take `qty` off without a trade."""
    if not order.live:  # the end of the other has taken it along
        return
    if qty >= order.leaves:
        lifecycle.cancel(w, order, Reason.SELF_TRADE)
        return
    order.decremented += qty
    lifecycle.shrink(w, order, qty)
    rows.order_row(w, order, ExecType.RESTATED, Reason.SELF_TRADE)


def trips(w: World, inst: Instrument, order: Order, price: int) -> bool:
    """The next trade would be too far away: the instrument goes into a volatility auction."""
    centre = prices.dynamic_reference(inst)
    if not inst[I.VOLATILITY_AUCTION] or not prices.outside_dynamic_band(inst, price, centre):
        return False
    inst.phase = Phase.VOLATILITY_AUCTION
    inst.end_time = w.time + inst[I.VOLATILITY_NS]
    inst.extensions = 0
    unpark(w, inst)
    return True


def unpark(w: World, inst: Instrument) -> None:
    """Entering an auction phase moves parked orders into the book in time order."""
    for order in sorted(inst.book.parked, key=lambda o: o.stamp):
        if trades_in(order, inst.phase):
            inst.book.parked.remove(order)
            order.stamp = w.next_stamp()
            rest(inst, order)
