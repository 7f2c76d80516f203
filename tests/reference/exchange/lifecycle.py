"""How an order leaves the places where it stands, how it ends, and what is linked to it."""

from __future__ import annotations

from domain.codes import Contingency, ExecType, Reason
from tests.reference.exchange import accounts, rows
from tests.reference.exchange.model import FAMILIES, Order, Role, State
from tests.reference.exchange.world import World


def register(w: World, order: Order) -> None:
    """A new order gets its number, its row, its name and its reservation."""
    inst = w.instruments[order.instrument]
    book = inst.book
    w.order_id += 1
    order.order_id = w.order_id
    w.take_slot(order)
    w.by_id[order.order_id] = order
    if order.cl_ord_id and not order.quote:
        w.directory[order.account, order.cl_ord_id] = order
    if order.pegged:
        book.pegged.append(order)
        if inst.peg_round:
            inst.peg_round.append(order)
    if order.trailing:
        book.trailing.append(order)
    accounts.reserve(w, order)


def withdraw(w: World, order: Order) -> None:
    """Take an order out of where it stands."""
    book = w.instruments[order.instrument].book
    w.touched.add(order.instrument)
    if order.state is State.BOOK:
        book.own(order.side).remove(order)
    elif order.state is State.TRIGGER:
        book.triggers.remove(order)
    elif order.state is State.PARKED:
        book.parked.remove(order)
    elif order.state is State.WAITING:
        book.waiting.remove(order)
    elif order.state is State.READY:
        w.ready.remove(order)


def _forget(w: World, order: Order) -> None:
    """An ended order frees its row and its name."""
    book = w.instruments[order.instrument].book
    order.state = State.ENDED
    w.free_slot(order)
    del w.by_id[order.order_id]
    if w.directory.get((order.account, order.cl_ord_id)) is order:
        del w.directory[order.account, order.cl_ord_id]
    legs = w.quotes.get((order.account, order.instrument), {})
    if legs.get(order.side) is order:
        del legs[order.side]
    if order.pegged:
        book.pegged.remove(order)
    if order in book.trailing:
        book.trailing.remove(order)


def cancel(w: World, order: Order, reason: Reason) -> rows.Row:
    return end(w, order, ExecType.CANCELED, reason)


def expire(w: World, order: Order, reason: Reason) -> rows.Row:
    return end(w, order, ExecType.EXPIRED, reason)


def end(w: World, order: Order, exec_type: ExecType, reason: Reason) -> rows.Row:
    """End an order that is not filled, and do what hangs on it."""
    row = end_alone(w, order, exec_type, reason)
    after_end(w, order)
    return row


def end_alone(w: World, order: Order, exec_type: ExecType, reason: Reason) -> rows.Row:
    """End one order; its list does not hear of it."""
    withdraw(w, order)
    accounts.release(w, order)
    row = rows.order_row(w, order, exec_type, reason)
    _forget(w, order)
    if reason == Reason.CANCELED_BY_LINK:
        leave(order)
    return row


def filled(w: World, order: Order) -> None:
    """Nothing is left: the order leaves its place and its row, its children are released."""
    withdraw(w, order)
    _forget(w, order)
    if order.role is Role.PARENT:
        for child in others(order):
            if child.contingency == Contingency.BRACKET:
                reduce_to_parent(w, child, order.cum_qty)
            release_child(w, child)
    leave(order)


# ------------------------------------------------------------------- linked orders


def join(order: Order, named: Order) -> None:
    """Put an order on the list of the one that it names, behind all who came before."""
    if named.role is Role.NONE:
        named.role = Role.PARENT if order.contingency in FAMILIES else Role.PEER
        named.ring = [named]
        named.contingency = order.contingency
    order.role = Role.CHILD if order.contingency in FAMILIES else Role.PEER
    order.ring = named.ring
    order.ring.insert(order.ring.index(named) or len(order.ring), order)


def others(order: Order) -> list[Order]:
    """The rest of the list, in the order in which it was linked, starting behind this one."""
    at = order.ring.index(order)
    return order.ring[at + 1 :] + order.ring[:at]


def siblings(order: Order) -> list[Order]:
    """Those whose fate depends on this one's: peers, or held children of one bracket."""
    if order.role is Role.PEER:
        return others(order)
    if order.role is Role.CHILD and order.contingency == Contingency.BRACKET:
        return [other for other in others(order) if other.role is Role.CHILD]
    return []


def leave(order: Order) -> None:
    """An ended order is on no list; one that is left alone has none."""
    if order.role is Role.NONE:
        return
    ring = order.ring
    ring.remove(order)
    order.ring = []
    if len(ring) == 1:
        ring[0].role = Role.NONE
        ring[0].ring = []
    order.role = Role.NONE


def after_fill(w: World, order: Order, qty: int) -> None:
    """What a fill means for peers, and for the other children of a bracket."""
    for other in siblings(order):
        if not other.live or other.leaves == 0:
            continue
        if order.contingency == Contingency.ONE_CANCELS_OTHER:
            end_alone(w, other, ExecType.CANCELED, Reason.CANCELED_BY_LINK)
        else:
            update(w, other, qty)


def after_end(w: World, order: Order) -> None:
    """What the end of an order that was not filled completely means for its list."""
    followers = others(order) if order.role is Role.PARENT else siblings(order)
    parent_traded = order.role is Role.PARENT and order.cum_qty > 0
    leave(order)
    for other in followers:
        if not other.live:
            continue
        if parent_traded:
            reduce_to_parent(w, other, order.cum_qty)
            release_child(w, other)
        else:
            end_alone(w, other, ExecType.CANCELED, Reason.CANCELED_BY_LINK)


def update(w: World, order: Order, qty: int) -> None:
    """ONE_UPDATES_OTHER: another of the list was filled."""
    if qty >= order.leaves:
        end_alone(w, order, ExecType.CANCELED, Reason.CANCELED_BY_LINK)
        return
    order.order_qty -= qty
    shrink(w, order, qty)
    rows.order_row(w, order, ExecType.RESTATED, Reason.CANCELED_BY_LINK)


def reduce_to_parent(w: World, child: Order, qty: int) -> None:
    """A child is released with no more than what its parent has traded."""
    if child.order_qty > qty:
        less = child.order_qty - qty
        child.order_qty = qty
        shrink(w, child, less)
        rows.order_row(w, child, ExecType.RESTATED, Reason.CANCELED_BY_LINK)


def shrink(w: World, order: Order, qty: int) -> None:
    """Fewer leaves, the same place."""
    accounts.reduce(w, order, qty)
    order.min_qty = min(order.min_qty, order.leaves)
    if order.minimum:
        w.instruments[order.instrument].looked_at = None
    w.touched.add(order.instrument)
    if order.state is State.BOOK:
        w.instruments[order.instrument].book.own(order.side).shrink(order)


def release_child(w: World, child: Order) -> None:
    """Its parent has traded: it is an order of its own, or one of a list of updating peers."""
    if child.contingency == Contingency.ONE_TRIGGERS_OTHER:
        leave(child)
    elif child.ring:  # an only child is linked to nobody any more
        child.role = Role.PEER
        child.contingency = Contingency.ONE_UPDATES_OTHER
    set_free(w, child)


def set_free(w: World, order: Order) -> None:
    """Release a held order: it trades next."""
    if order.state is State.HELD and not any(o.list_left for o in [order, *order.ring]):
        order.state = State.READY
        w.ready.append(order)
        w.touched.add(order.instrument)
