"""What must hold after every row."""

from __future__ import annotations

from tests.reference.exchange import accounts
from tests.reference.exchange.model import BUY, Instrument, Order, Role, State
from tests.reference.exchange.world import World


def check(w: World) -> None:
    for inst in w.instruments.values():
        book_is_sound(w, inst)
    for order in w.slots.values():
        order_is_sound(w, order)
    reservations_are_open_orders(w)
    positions_sum_up(w)
    cash_is_conserved(w)
    assert not w.ready
    assert not w.touched
    assert len(w.slots) == len(w.by_id)
    assert sorted(w.slots) == sorted({*range(1, w.highest_slot + 1)} - {*w.free_slots})


def book_is_sound(w: World, inst: Instrument) -> None:
    book = inst.book
    if inst.continuous:
        assert not (book.bids.best and book.asks.best) or book.bids.best < book.asks.best
        assert not book.bids.market
        assert not book.asks.market
        assert not any(order.reached_by(inst.last_px) for order in book.triggers)
    for side in (book.bids, book.asks):
        for price, level in side.levels.items():
            assert level.displayed or level.hidden
            for order in level:
                assert order.price == price
                assert order.state is State.BOOK
                assert order.hidden == (order in level.hidden)
                assert order.shown == 0 if order.hidden else 0 < order.shown <= order.leaves
    places = [*book.bids, *book.asks, *book.triggers, *book.parked, *book.waiting]
    live = [o for o in w.slots.values() if o.instrument == inst.number]
    elsewhere = [o for o in live if o.state in (State.HELD, State.UNPRICED)]
    assert sorted(o.slot for o in places + elsewhere) == sorted(o.slot for o in live)


def order_is_sound(w: World, order: Order) -> None:
    assert order.leaves > 0
    assert order.order_qty == order.cum_qty + order.leaves + order.decremented
    assert order.state not in (State.NEW, State.WORKING, State.READY, State.ENDED)
    assert w.by_id[order.order_id] is order
    if not order.quote:
        assert w.directory[order.account, order.cl_ord_id] is order
    assert (order.role is Role.NONE) == (not order.ring)
    assert order.role is Role.NONE or order in order.ring
    if order.minimum:
        assert order.cum_qty == 0


def reservations_are_open_orders(w: World) -> None:
    """What nodes and rows hold is the sum over their live orders."""
    for number, node in w.nodes.items():
        below = w.below[number]
        own = [o for o in w.slots.values() if o.account in below]
        assert node.open_orders == len(own)
        assert node.hold_fee == sum(o.hold_fee for o in own)
        assert node.open_value == sum(accounts.held_value(w, o, o.leaves) for o in own)
        if not w.is_account(number):
            continue
        for instrument, row in w.rows_of(number):
            here = [o for o in own if o.instrument == instrument]
            buys = [o for o in here if o.side == BUY]
            sells = [o for o in here if o.side != BUY]
            assert row.open_buy == sum(o.leaves for o in buys)
            assert row.open_sell == sum(o.leaves for o in sells)
            assert row.buy_value == sum(accounts.held_value(w, o, o.leaves) for o in buys)
            assert row.sell_value == sum(accounts.held_value(w, o, o.leaves) for o in sells)


def positions_sum_up(w: World) -> None:
    """What one account bought another sold."""
    for number in w.instruments:
        rows = [row for (_, i), row in w.positions.items() if i == number]
        assert sum(row.qty for row in rows) == w.deposited.get(number, 0)
        for row in rows:
            assert row.qty == sum(lot[0] for lot in row.lots) or not row.lots
            assert row.qty or (row.cost == 0 and row.fifo_realised == row.realised)


def cash_is_conserved(w: World) -> None:
    """Cash is what was paid in, less fees, and what CASH trades and realised profits moved.

    For a CASH instrument the value changes hands, so it cancels out. Elsewhere only realised
    profit moves, and what one side has not realised yet is in the cost of its position: over all
    accounts realised less cost is what has been paid for the lots that are held, which is 0
    unless lots were put in from outside.
    """
    total = sum(node.cash for n, node in w.nodes.items() if w.is_account(n))
    fees = sum(node.fees for n, node in w.nodes.items() if w.is_account(n))
    realised = sum(row.cash_realised for row in w.positions.values())
    assert total == w.cash_in - fees + realised
    for number in w.instruments:
        rows = [r for (_, i), r in w.positions.items() if i == number]
        assert sum(r.realised - r.cost for r in rows) == -w.deposited_value.get(number, 0)
