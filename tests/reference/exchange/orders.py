"""NEW_ORDER and CANCEL_ORDER: how an order is built, admitted and acknowledged."""

from __future__ import annotations

from copy import copy

from domain.attributes import InstrumentAttr as I
from domain.codes import ExecInst, ExecType, Reason, TimeInForce
from domain.limits import MAX_CASH, MAX_LIST, MAX_PRICE, MAX_VALUE
from tests.reference.exchange import (
    checks_flow,
    lifecycle,
    matching,
    prices,
    reading,
    rows,
    scenarios,
)
from tests.reference.exchange.checks_entry import Candidate
from tests.reference.exchange.model import (
    BUY,
    FAMILIES,
    IMMEDIATE,
    LIMITED,
    OPTIONAL_LIMIT,
    STOPS,
    Instrument,
    Order,
    Refusal,
    Role,
    State,
)
from tests.reference.exchange.world import Command, World


def build(cmd: Command) -> Order:
    """The order that a readable row describes."""
    whole = cmd.exec_inst & ExecInst.ALL_OR_NONE or cmd.time_in_force == TimeInForce.FOK
    minimum = cmd.order_qty if whole else cmd.min_qty
    stop = cmd.stop_px if cmd.ord_type in STOPS else 0
    return Order(
        account=cmd.account,
        instrument=cmd.instrument,
        fix_side=cmd.side,
        ord_type=cmd.ord_type,
        time_in_force=cmd.time_in_force,
        flags=cmd.exec_inst,
        order_qty=cmd.order_qty,
        leaves=cmd.order_qty,
        cl_ord_id=cmd.cl_ord_id,
        sent_price=cmd.price,
        limit=cmd.price if cmd.ord_type in LIMITED | OPTIONAL_LIMIT else 0,
        stop_px=stop,
        given_stop=stop,
        own_stop=stop > 0,
        offset=cmd.offset,
        display=cmd.display_qty,
        min_qty=minimum,
        minimum=minimum > 0,
        expire_time=cmd.expire_time,
        stp_mode=cmd.stp_mode,
        algo_id=cmd.algo_id,
        session=cmd.session,
        contingency=cmd.contingency,
        list_left=max(cmd.list_size - 1, 0) if cmd.cl_ord_link_id == 0 else 0,
    )


def new_order(w: World, cmd: Command) -> None:
    refusal = reading.read_new(w, cmd) or taken(w, cmd) or link_refusal(w, cmd)
    named = w.directory.get((cmd.account, cmd.cl_ord_link_id))
    if refusal is None:
        order = build(cmd)
        refusal = admit(w, order, None, is_held(order, named))
    if refusal:
        rows.refusal_row(w, cmd, refusal)
    else:
        accept(w, order, named)


def taken(w: World, cmd: Command) -> Refusal | None:
    used = (cmd.account, cmd.cl_ord_id) in w.directory
    return Refusal(Reason.DUPLICATE_ORDER, 0, 0, cmd.cl_ord_id) if used else None


def link_refusal(w: World, cmd: Command) -> Refusal | None:
    """May an order join the list of the one that it names?"""
    if cmd.contingency == 0:
        return None
    refusal = Refusal(Reason.LINK, 0, 0, cmd.cl_ord_link_id)
    named = w.directory.get((cmd.account, cmd.cl_ord_link_id))
    if named is None or named.instrument != cmd.instrument:
        return refusal
    if named.role is Role.NONE:
        return None
    other_kind = named.contingency != cmd.contingency
    full = len(named.ring) >= MAX_LIST
    return refusal if other_kind or full or named.role is Role.CHILD else None


def is_held(order: Order, named: Order | None) -> bool:
    """Does it wait for a parent, or with its list for the rest of the list?"""
    if named is None:
        return order.list_left > 0
    incomplete = any(other.list_left for other in [named, *named.ring])
    return order.contingency in FAMILIES or incomplete


def admit(w: World, order: Order, old: Order | None, held: bool) -> Refusal | None:
    """Prices, room in the book, the risk checks, post-only; sets the order's prices."""
    inst = w.instruments[order.instrument]
    candidate = Candidate(w, order, old)
    if old is None:
        refusal = prices.set_prices(inst, order) or queue_refusal(inst, order)
    else:
        refusal = prices.reset_prices(inst, order, old)
    refusal = refusal or out_of_range(candidate) or checks_flow.first_refusal(candidate)
    if refusal is None and not held:
        refusal = post(inst, order)
    return refusal


def queue_refusal(inst: Instrument, order: Order) -> Refusal | None:
    """A book holds so many orders of the kinds that must be looked at one by one."""
    limit, number = inst[I.MAX_MOVING], -1
    if order.pegged:
        number = len(inst.book.pegged)
    elif order.trailing:
        number = len(inst.book.trailing)
    elif order.minimum and order.time_in_force not in IMMEDIATE:
        number = sum(o.side == order.side for o in inst.book.waiting)
    if number >= limit:
        return Refusal(Reason.TOO_MANY_MOVING_ORDERS, 0, limit, number + 1)
    return None


def out_of_range(c: Candidate) -> Refusal | None:
    """Values that integers of 64 bits could not hold."""
    if c.value > MAX_VALUE:
        shown = min(c.value, MAX_CASH)
        return Refusal(Reason.VALUE_OUT_OF_RANGE, 0, MAX_VALUE, shown, MAX_VALUE)
    for node in c.chain():
        used = abs(node.cash) + node.open_value - c.old_value
        if used + c.value > 2 * MAX_CASH:
            limit = 2 * MAX_CASH
            reason = Reason.VALUE_OUT_OF_RANGE
            return Refusal(reason, node.level, limit, used + c.value, limit - used)
    row = copy(c.w.position(c.account.number, c.inst.number))
    if c.order.side == BUY:
        row.open_buy += c.order.leaves - c.old_leaves
    else:
        row.open_sell += c.order.leaves - c.old_leaves
    return scenarios.excess(c.w, c.account.number, c.inst.number, row)


def post(inst: Instrument, order: Order) -> Refusal | None:
    """An order that must not take: refuse it or move it one step behind the other side."""
    best = inst.book.other(order.side).best
    if not order.flags & reading.POST or not inst.continuous:
        return None
    if not best or not order.accepts(best):
        return None
    slid = prices.behind(inst, order.side, best)
    if order.flags & ExecInst.POST_ONLY or not 1 <= slid <= MAX_PRICE:
        return Refusal(Reason.POST_ONLY_WOULD_TRADE, 0, best, order.price)
    order.limit = order.price = slid
    return None


def accept(w: World, order: Order, named: Order | None) -> None:
    """Acknowledge an admitted order and send it on its way."""
    checks_flow.take_tokens(Candidate(w, order, None))
    lifecycle.register(w, order)
    if named:
        lifecycle.join(order, named)
    set_out(w, order, ExecType.NEW, named=named)


def arrive(w: World, named: Order) -> None:
    """One more of a list has come: with the last the whole list is released."""
    ring = named.ring[named.ring.index(named) :] + named.ring[: named.ring.index(named)]
    head = next((o for o in ring if o.list_left), None)
    if head is None:
        return
    head.list_left -= 1
    for order in [head, *lifecycle.others(head)]:
        if order.role is not Role.CHILD:
            lifecycle.set_free(w, order)


def set_out(
    w: World, order: Order, exec_type: ExecType, original: int = 0, named: Order | None = None
) -> None:
    """Report an order that enters or enters again, in the state in which it does."""
    inst = w.instruments[order.instrument]
    held = order.role is Role.CHILD or any(o.list_left for o in [order, *order.ring])
    order.state = State.HELD if held else matching.destination(inst, order)
    if not held:
        matching.set_working_price(inst, order)
    rows.order_row(w, order, exec_type).update(orig_cl_ord_id=original)
    if named:
        arrive(w, named)
    if not held:
        matching.enter(w, order)


# ------------------------------------------------------------------- cancels


def find(w: World, cmd: Command) -> Order | None:
    """The order that a cancel or a replace names, if its account owns it."""
    if cmd.orig_cl_ord_id:
        return w.directory.get((cmd.account, cmd.orig_cl_ord_id))
    order = w.by_id.get(cmd.order_id)
    return order if order and order.account == cmd.account else None


def unknown(cmd: Command) -> Refusal:
    return Refusal(Reason.UNKNOWN_ORDER, 0, 0, cmd.orig_cl_ord_id)


def cancel_order(w: World, cmd: Command) -> None:
    order = find(w, cmd)
    if order is None:
        rows.refusal_row(w, cmd, unknown(cmd))
        return
    checks_flow.count_cancel(w, order.account)
    old = order.cl_ord_id
    row = lifecycle.cancel(w, order, Reason.CANCELED_BY_USER)
    row["orig_cl_ord_id"] = 0 if order.quote else old
    row["cl_ord_id"] = cmd.cl_ord_id if cmd.cl_ord_id > 0 else old
