"""REPLACE_ORDER: what an order becomes, and whether it keeps its place."""

from __future__ import annotations

from copy import copy
from dataclasses import fields

from domain.attributes import InstrumentAttr as I
from domain.codes import ExecInst, ExecType, OrdType, Reason, TimeInForce
from tests.reference.exchange import (
    accounts,
    checks_flow,
    lifecycle,
    matching,
    orders,
    prices,
    reading,
    rows,
)
from tests.reference.exchange.checks_entry import Candidate
from tests.reference.exchange.model import (
    LIMITED,
    OPTIONAL_LIMIT,
    Instrument,
    Order,
    Refusal,
    Role,
    State,
)
from tests.reference.exchange.world import Command, World

# What a replace may change; the rest belongs to the order for life.
_CHANGED = (
    "cl_ord_id limit price cap worst_px stop_px given_stop offset display min_qty order_qty "
    "leaves decremented expire_time unlimited"
).split()
assert set(_CHANGED) <= {f.name for f in fields(Order)}


def replace_order(w: World, cmd: Command) -> None:
    reason = reading.read_replace(cmd)
    order = None if reason else orders.find(w, cmd)
    if order is None:
        rows.refusal_row(w, cmd, Refusal(reason or Reason.UNKNOWN_ORDER))
        return
    refusal = replace(w, order, cmd)
    if refusal:
        rows.refusal_row(w, cmd, refusal, known=order)


def replace(w: World, order: Order, cmd: Command) -> Refusal | None:
    """Replace a live order, or say why not."""
    unchanged = (
        cmd.side in (0, order.fix_side)
        and cmd.ord_type in (0, order.ord_type)
        and cmd.time_in_force in (0, order.time_in_force)
    )
    if not unchanged or order.quote:
        return Refusal(Reason.UNSUPPORTED_ORDER_CHARACTERISTIC)
    if cmd.offset and not reading.offset_in_range(order.ord_type, order.flags, cmd.offset):
        return Refusal(Reason.FIELD_OUT_OF_RANGE)
    taken = w.directory.get((order.account, cmd.cl_ord_id))
    if cmd.cl_ord_id and taken not in (None, order):
        return Refusal(Reason.DUPLICATE_ORDER)
    if 0 < cmd.order_qty <= order.cum_qty:
        finish(w, order, cmd.cl_ord_id)
        return None
    new = amended(w.instruments[order.instrument], order, cmd)
    refusal = orders.may_enter(w, new, order, held=order.state in (State.HELD, State.TRIGGER))
    if refusal is None:
        change(w, order, new)
    return refusal


def amended(inst: Instrument, order: Order, cmd: Command) -> Order:
    """The order as it is to be; 0 keeps the old value."""
    new = copy(order)
    new.cl_ord_id = cmd.cl_ord_id or order.cl_ord_id
    became_limit = order.ord_type == OrdType.MARKET_TO_LIMIT and not order.unlimited
    if order.ord_type in LIMITED | OPTIONAL_LIMIT or became_limit:
        new.limit = cmd.price or order.limit
    if cmd.order_qty:
        new.order_qty, new.decremented = cmd.order_qty, 0
        new.leaves = cmd.order_qty - order.cum_qty
    new.display = cmd.display_qty or order.display
    if order.minimum:
        whole = order.flags & ExecInst.ALL_OR_NONE or order.time_in_force == TimeInForce.FOK
        new.min_qty = new.order_qty if whole else cmd.min_qty or order.min_qty
    if order.time_in_force == TimeInForce.GTD:
        new.expire_time = cmd.expire_time or order.expire_time
    if order.ord_type in OPTIONAL_LIMIT:
        new.offset = cmd.offset or order.offset
    if order.untriggered and cmd.stop_px:
        new.stop_px = new.given_stop = cmd.stop_px
    elif order.untriggered and order.trailing and cmd.offset and inst.mark:
        new.stop_px = prices.trailed_stop(new, inst.mark)
    return new


def rename(w: World, order: Order, cl_ord_id: int) -> int:
    """Give an order its new id; returns the old one."""
    old = order.cl_ord_id
    if cl_ord_id and not order.quote:
        del w.directory[order.account, old]
        w.directory[order.account, cl_ord_id] = order
    order.cl_ord_id = cl_ord_id or old
    return old


def finish(w: World, order: Order, cl_ord_id: int) -> None:
    """The new total has traded already: nothing is left."""
    checks_flow.take_tokens(Candidate(w, order, order))
    accounts.release(w, order)
    order.order_qty, order.decremented, order.leaves = order.cum_qty, 0, 0
    old = rename(w, order, cl_ord_id)
    rows.order_row(w, order, ExecType.REPLACED).update(orig_cl_ord_id=old)
    lifecycle.filled(w, order)
    if order.role is Role.PARENT:
        for child in lifecycle.others(order):
            lifecycle.set_free(w, child)
    lifecycle.leave(order)


def keeps_place(inst: Instrument, order: Order, new: Order) -> bool:
    wider = new.display != order.display and (new.display > order.display > 0)
    return (
        not inst[I.REPLACE_LOSES_PRIORITY]
        and new.price == order.price
        and new.leaves <= order.leaves
        and not wider
    )


def change(w: World, order: Order, new: Order) -> None:
    """Make an order what it is to be; it keeps its place or enters again."""
    inst = w.instruments[order.instrument]
    checks_flow.take_tokens(Candidate(w, new, order))
    if order.pegged:
        new.price = prices.peg_price(inst, new, prices.peg_references(inst))
    keeps = keeps_place(inst, order, new)
    moved_stop = new.stop_px != order.stop_px
    again = not keeps or order.state is State.WAITING
    if order.state in (State.BOOK, State.WAITING, State.UNPRICED) and again:
        lifecycle.withdraw(w, order)
        order.state = State.WORKING if new.price else State.UNPRICED
    w.touched.add(order.instrument)
    old = rename(w, order, new.cl_ord_id)
    accounts.release(w, order, remark=False)
    for name in _CHANGED:
        setattr(order, name, getattr(new, name))
    accounts.reserve(w, order)
    if order.state is State.BOOK:
        inst.book.own(order.side).shrink(order)
    rows.order_row(w, order, ExecType.REPLACED).update(orig_cl_ord_id=old)
    if moved_stop if order.state is State.TRIGGER else not keeps:
        order.stamp = w.next_stamp()
    if order.state is State.WORKING:
        matching.work(w, order)
