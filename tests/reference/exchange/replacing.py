"""REPLACE_ORDER: what an order becomes, and whether it keeps its place."""

from __future__ import annotations

from copy import copy
from dataclasses import fields

from domain.attributes import InstrumentAttr as I
from domain.codes import ExecInst, ExecType, TimeInForce
from tests.reference.exchange import (
    accounts,
    checks_flow,
    lifecycle,
    orders,
    prices,
    reading,
    rows,
)
from tests.reference.exchange.checks_entry import Candidate
from tests.reference.exchange.model import (
    Instrument,
    Order,
    State,
)
from tests.reference.exchange.world import Command, World

# What a replace may change; the rest belongs to the order for life.
_CHANGED = (
    "limit price cap worst_px stop_px given_stop own_stop offset display min_qty order_qty "
    "leaves minimum decremented expire_time unlimited"
).split()
assert set(_CHANGED) <= {f.name for f in fields(Order)}


def replace_order(w: World, cmd: Command) -> None:
    order = orders.find(w, cmd)
    if order is None:
        rows.refusal_row(w, cmd, orders.unknown(cmd))
        return
    refusal = reading.read_replace(w, order, cmd)
    if refusal is None and (cmd.order_qty or order.order_qty) <= order.cum_qty:
        finish(w, order, cmd.cl_ord_id)
        return
    if refusal is None:
        new = amended(order, cmd)
        refusal = orders.admit(w, new, order, order.state is State.HELD)
    if refusal:
        rows.refusal_row(w, cmd, refusal, known=order)
    else:
        change(w, order, new, cmd.cl_ord_id)


def amended(order: Order, cmd: Command) -> Order:
    """The order as it is to be; 0 keeps the old value."""
    new = copy(order)
    new.limit = cmd.price or order.limit
    if cmd.order_qty:
        new.order_qty, new.decremented = cmd.order_qty, 0
        new.leaves = cmd.order_qty - order.cum_qty
    new.display = cmd.display_qty or (order.display if order.display <= new.order_qty else 0)
    if order.cum_qty == 0 and (order.minimum or cmd.min_qty):
        whole = order.flags & ExecInst.ALL_OR_NONE or order.time_in_force == TimeInForce.FOK
        kept = min(order.min_qty, new.order_qty)
        new.min_qty = new.order_qty if whole else cmd.min_qty or kept
        new.minimum = True
    new.expire_time = cmd.expire_time or order.expire_time
    new.offset = cmd.offset or order.offset
    if cmd.stop_px or order.trailing:
        new.given_stop = cmd.stop_px
        new.stop_px = cmd.stop_px or order.stop_px
    if cmd.offset and not cmd.stop_px and order.trailing and order.best_px:
        new.stop_px = prices.trailed_stop(new, order.best_px)
    if cmd.stop_px or cmd.offset:
        new.own_stop = cmd.stop_px > 0
    return new


def rename(w: World, order: Order, cl_ord_id: int) -> int:
    """Give an order a new id, 0 keeps the old one; returns what a report names as the old one."""
    old = order.cl_ord_id
    if cl_ord_id and not order.quote:
        del w.directory[order.account, old]
        w.directory[order.account, cl_ord_id] = order
    order.cl_ord_id = cl_ord_id or old
    return 0 if order.quote else old


def finish(w: World, order: Order, cl_ord_id: int) -> None:
    """The new total has traded already: nothing is left."""
    accounts.release(w, order)
    order.order_qty, order.decremented, order.leaves = order.cum_qty, 0, 0
    old = rename(w, order, cl_ord_id)
    rows.order_row(w, order, ExecType.REPLACED).update(orig_cl_ord_id=old)
    lifecycle.filled(w, order)


def keeps_place(inst: Instrument, order: Order, new: Order) -> bool:
    """Only in the book is there a place to keep."""
    same_price = new.price == order.price
    if order.pegged:
        references = prices.peg_references(inst)
        same_price = prices.peg_price(inst, new, references) == order.price
    deeper = order.display and new.display <= order.display
    return (
        order.state is State.BOOK
        and not inst[I.REPLACE_LOSES_PRIORITY]
        and same_price
        and new.leaves <= order.leaves
        and not new.minimum
        and (new.display == order.display or bool(deeper))
    )


def change(w: World, order: Order, new: Order, cl_ord_id: int) -> None:
    """Make an order what it is to be; it keeps its place or enters again."""
    inst = w.instruments[order.instrument]
    checks_flow.take_tokens(Candidate(w, new, order))
    keeps = keeps_place(inst, order, new)
    if order.pegged and keeps:
        new.price = order.price
    if not keeps:
        lifecycle.withdraw(w, order)
    w.touched.add(order.instrument)
    accounts.release(w, order, remark=False)
    for name in _CHANGED:
        setattr(order, name, getattr(new, name))
    accounts.reserve(w, order)
    old = rename(w, order, cl_ord_id)
    if keeps:
        inst.book.own(order.side).shrink(order)
        rows.order_row(w, order, ExecType.REPLACED).update(orig_cl_ord_id=old)
    else:
        orders.set_out(w, order, ExecType.REPLACED, old)
