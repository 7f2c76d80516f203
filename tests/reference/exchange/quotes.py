"""QUOTE: two legs that replace the quote before."""

from __future__ import annotations

from copy import copy

from domain.codes import OrdType, Reason, Side, TimeInForce
from domain.limits import MAX_QTY
from tests.reference.exchange import lifecycle, orders, reading, replacing, rows, settling
from tests.reference.exchange.model import BUY, SELL, Order, Refusal
from tests.reference.exchange.world import Command, World


def quote(w: World, cmd: Command) -> None:
    """Bid first, with all that follows from it, then ask."""
    reason = _read(cmd) or orders.unknown_place(w, cmd)
    if reason:
        rows.refusal_row(w, cmd, Refusal(reason))
        return
    for side in (BUY, SELL):
        leg(w, as_order(cmd, side), side)
        settling.settle(w)


def _read(cmd: Command) -> Reason:
    if not (0 <= cmd.order_qty <= MAX_QTY and 0 <= cmd.offer_size <= MAX_QTY):
        return Reason.QTY_OUT_OF_RANGE
    if cmd.cl_ord_id <= 0:
        return Reason.CL_ORD_ID_INVALID
    if cmd.order_qty and cmd.offer_size and cmd.price >= cmd.offer_px:
        return Reason.PRICE_OUT_OF_RANGE
    return Reason.NONE


def as_order(cmd: Command, side: int) -> Command:
    """A leg as a row of its own: a DAY limit order."""
    row = copy(cmd)
    row.side = Side.BUY if side == BUY else Side.SELL
    row.price = cmd.price if side == BUY else cmd.offer_px
    row.order_qty = cmd.order_qty if side == BUY else cmd.offer_size
    row.ord_type, row.time_in_force = OrdType.LIMIT, TimeInForce.DAY
    row.stop_px = row.display_qty = row.min_qty = row.offset = row.expire_time = 0
    row.cl_ord_link_id = row.list_size = row.contingency = 0
    return row


def leg(w: World, row: Command, side: int) -> None:
    legs = w.quotes.setdefault((row.account, row.instrument), {})
    old = legs.get(side)
    if row.order_qty == 0:
        if old:
            take_down(w, old, row)
        return
    refusal: Refusal | None = None
    reason = reading.read_new(row)
    if reason:
        refusal = Refusal(reason)
    elif old:
        refusal = move(w, old, row)
    else:
        order = orders.build(row)
        order.quote = True
        refusal = orders.may_enter(w, order, None, held=False)
        if refusal is None:
            legs[side] = order
            orders.accept(w, order, None)
    if refusal:
        rows.refusal_row(w, row, refusal)
        if old:
            take_down(w, old, row)


def move(w: World, old: Order, row: Command) -> Refusal | None:
    """The new size is what is offered from now on, whatever the leg has traded before."""
    new = copy(old)
    new.limit, new.cl_ord_id = row.price, row.cl_ord_id
    new.order_qty, new.leaves, new.decremented = old.cum_qty + row.order_qty, row.order_qty, 0
    refusal = orders.may_enter(w, new, old, held=False)
    if refusal is None:
        replacing.change(w, old, new)
    return refusal


def take_down(w: World, order: Order, row: Command) -> None:
    before = order.cl_ord_id
    order.cl_ord_id = row.cl_ord_id
    lifecycle.cancel(w, order, Reason.CANCELED_BY_QUOTE).update(orig_cl_ord_id=before)
