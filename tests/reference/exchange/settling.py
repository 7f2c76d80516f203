"""After the working order: released orders, triggers, waiting orders, pegged orders."""

from __future__ import annotations

from tests.reference.exchange import lifecycle, matching, prices
from tests.reference.exchange.model import BUY, Instrument, Order, State
from tests.reference.exchange.world import World

PEG_ROUNDS = 8  # at most so many rounds of moving pegged orders in one command


def settle(w: World) -> None:
    """Go on until nothing is left to do, instrument by instrument in order of number."""
    while w.touched:
        settle_one(w, w.instruments[min(w.touched)])


def settle_one(w: World, inst: Instrument) -> None:
    while release_next(w, inst.number) or step(w, inst):
        pass
    w.touched.discard(inst.number)


def release_next(w: World, instrument: int) -> bool:
    """Released orders trade in the order of their release."""
    order = next((o for o in w.ready if o.instrument == instrument), None)
    if order is None:
        return False
    w.ready.remove(order)
    order.state = State.WORKING
    if order.trailing:
        trail(w, w.instruments[instrument])
        prices.start_trailing(w.instruments[instrument], order)
    matching.enter(w, order)
    return True


def step(w: World, inst: Instrument) -> bool:
    """One trigger, else one waiting order, else one pegged order; False if there is nothing."""
    trail(w, inst)
    if not inst.continuous:
        return False
    due = next_trigger(inst)
    if due:
        matching.trigger(w, due)
        return True
    waiting = next_waiting(w, inst)
    if waiting:
        lifecycle.withdraw(w, waiting)
        waiting.state = State.WORKING
        matching.work(w, waiting)
        return True
    return move_pegs(w, inst)


def trail(w: World, inst: Instrument) -> None:
    """Move the stop prices of trailing orders after the best price since the last time."""
    for order in inst.book.trailing if inst.trail_high else ():
        best = inst.trail_low if order.side == BUY else inst.trail_high
        if order.state is State.TRIGGER and prices.follow(inst, order, best):
            order.stamp = w.next_stamp()
    inst.trail_high = inst.trail_low = 0


def next_trigger(inst: Instrument) -> Order | None:
    """Upward ones lowest first, then downward ones highest first; equal ones by time."""
    due = [o for o in inst.book.triggers if o.reached_by(inst.last_px)]
    up = [o for o in due if o.rises]
    if up:
        return min(up, key=lambda o: (o.stop_px, o.stamp))
    return min(due, key=lambda o: (-o.stop_px, o.stamp), default=None)


def next_waiting(w: World, inst: Instrument) -> Order | None:
    """The first in price-time order, bids first, whose minimum the other side offers.

    They are looked at when the book is another than when it was last in vain.
    """
    book = inst.book
    seen = [(o.order_id, o.price, o.leaves, o.shown) for o in (*book.bids, *book.asks)]
    seen += [(o.order_id, o.stamp, o.leaves, o.min_qty) for o in book.waiting]
    if (inst.last_px, seen) == inst.looked_at:
        return None
    for side in (BUY, -BUY):
        queue = [o for o in inst.book.waiting if o.side == side]
        for order in sorted(queue, key=lambda o: (-side * o.price, o.order_id)):
            if matching.available(w, inst, order) >= order.min_qty:
                return order
    inst.looked_at = (inst.last_px, seen)
    return None


def move_pegs(w: World, inst: Instrument) -> bool:
    """Move the next pegged order of the round, or begin a round; False if there is nothing."""
    references = prices.peg_references(inst)
    if not inst.peg_round and references != inst.peg_references and inst.book.pegged and w.rounds:
        w.rounds -= 1
        inst.peg_references = references
        inst.peg_round = list(inst.book.pegged)
    if not inst.peg_round:
        return False
    order = inst.peg_round.pop(0)
    if order.state in (State.BOOK, State.UNPRICED):
        move_peg(w, inst, order)
    return True


def move_peg(w: World, inst: Instrument, order: Order) -> None:
    """A pegged order follows its reference; it loses priority and may trade."""
    price = prices.peg_price(inst, order, inst.peg_references)
    if price == order.price:
        return
    lifecycle.withdraw(w, order)
    order.price = price
    order.stamp = w.next_stamp()
    if price == 0:
        order.state = State.UNPRICED
        return
    order.state = State.WORKING
    matching.work(w, order)
