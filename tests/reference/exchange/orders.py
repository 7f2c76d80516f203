"""NEW_ORDER and CANCEL_ORDER: how an order is built, admitted and acknowledged."""

from __future__ import annotations

from domain.attributes import InstrumentAttr as I
from domain.codes import ExecInst, ExecType, Reason, TimeInForce
from domain.limits import MAX_CASH, MAX_LIST, MAX_PRICE, MAX_VALUE
from tests.reference.exchange import checks_flow, lifecycle, matching, prices, reading, rows
from tests.reference.exchange.checks_entry import Candidate
from tests.reference.exchange.model import (
    BUY,
    FAMILIES,
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
    """The order that a readable row describes; what does not belong to its type is dropped."""
    kind, flags = cmd.ord_type, cmd.exec_inst
    whole = flags & ExecInst.ALL_OR_NONE or cmd.time_in_force == TimeInForce.FOK
    minimum = cmd.order_qty if whole else cmd.min_qty
    stop = cmd.stop_px if kind in STOPS else 0
    return Order(
        account=cmd.account,
        instrument=cmd.instrument,
        fix_side=cmd.side,
        ord_type=kind,
        time_in_force=cmd.time_in_force,
        flags=flags,
        order_qty=cmd.order_qty,
        leaves=cmd.order_qty,
        cl_ord_id=cmd.cl_ord_id,
        limit=cmd.price if kind in LIMITED | OPTIONAL_LIMIT else 0,
        stop_px=stop,
        given_stop=stop,
        offset=cmd.offset if kind in OPTIONAL_LIMIT else 0,
        display=cmd.display_qty,
        min_qty=minimum,
        minimum=minimum > 0,
        expire_time=cmd.expire_time if cmd.time_in_force == TimeInForce.GTD else 0,
        stp_mode=cmd.stp_mode,
        algo_id=cmd.algo_id,
        session=cmd.session,
        contingency=cmd.contingency,
        list_left=max(cmd.list_size - 1, 0),
    )


def new_order(w: World, cmd: Command) -> None:
    order, refusal = admit_new(w, cmd)
    if order is None:
        rows.refusal_row(w, cmd, refusal or Refusal(Reason.NONE))
        return
    accept(w, order, w.directory.get((cmd.account, cmd.cl_ord_link_id)))


def admit_new(w: World, cmd: Command) -> tuple[Order | None, Refusal | None]:
    """The order if it may enter, else why not."""
    reason = reading.read_new(cmd)
    if not reason:
        reason = unknown_place(w, cmd)
    if not reason and (cmd.account, cmd.cl_ord_id) in w.directory:
        reason = Reason.DUPLICATE_ORDER
    if reason:
        return None, Refusal(reason)
    order = build(cmd)
    refusal = link_refusal(w, cmd) or moving_refusal(w, order)
    refusal = refusal or may_enter(w, order, None, held=is_held(cmd))
    return (None, refusal) if refusal else (order, None)


def unknown_place(w: World, cmd: Command) -> Reason:
    if not w.is_account(cmd.account):
        return Reason.UNKNOWN_ACCOUNT
    return Reason.NONE if cmd.instrument in w.instruments else Reason.UNKNOWN_SYMBOL


def is_held(cmd: Command) -> bool:
    family = cmd.cl_ord_link_id > 0 and cmd.contingency in FAMILIES
    return family or cmd.list_size > 1


def link_refusal(w: World, cmd: Command) -> Refusal | None:
    """May an order join the list of the one that it names?"""
    if cmd.cl_ord_link_id == 0:
        return None
    named = w.directory.get((cmd.account, cmd.cl_ord_link_id))
    role = Role.PARENT if cmd.contingency in FAMILIES else Role.PEER
    if named is None or named.instrument != cmd.instrument:
        return Refusal(Reason.LINK)
    if named.role is Role.NONE:
        return None
    if named.role is not role or named.contingency != cmd.contingency:
        return Refusal(Reason.LINK)
    full = len(named.ring) >= MAX_LIST
    return Refusal(Reason.LINK, 0, MAX_LIST, MAX_LIST + 1) if full else None


def moving_refusal(w: World, order: Order) -> Refusal | None:
    """A book holds so many pegged and so many trailing orders."""
    inst = w.instruments[order.instrument]
    limit = inst[I.MAX_MOVING]
    for moves, chain in ((order.pegged, inst.book.pegged), (order.trailing, inst.book.trailing)):
        if moves and len(chain) >= limit:
            number = len(chain)
            return Refusal(Reason.TOO_MANY_MOVING_ORDERS, 0, limit, number + 1, limit - number)
    return None


def may_enter(w: World, order: Order, old: Order | None, held: bool) -> Refusal | None:
    """Prices, post-only, and the risk checks; sets the order's prices."""
    inst = w.instruments[order.instrument]
    refusal = prices.set_prices(inst, order)
    if refusal is None and not held:
        refusal = post(inst, order)
    candidate = Candidate(w, order, old)
    refusal = refusal or out_of_range(candidate)
    return refusal or checks_flow.first_refusal(candidate)


def out_of_range(c: Candidate) -> Refusal | None:
    """Values that integers of 64 bits could not hold."""
    if c.value > MAX_VALUE:
        return Refusal(Reason.VALUE_OUT_OF_RANGE, 0, MAX_VALUE, c.value, MAX_VALUE)
    for node in c.chain():
        used = abs(node.cash) + node.open_value - c.old_value
        if used + c.value > 2 * MAX_CASH:
            limit = 2 * MAX_CASH
            reason = Reason.VALUE_OUT_OF_RANGE
            return Refusal(reason, node.level, limit, used + c.value, limit - used)
    return None


def post(inst: Instrument, order: Order) -> Refusal | None:
    """An order that must not take: refuse it or move it one step behind the other side."""
    best = inst.book.other(order.side).best
    if not order.flags & matching.POST or not inst.continuous:
        return None
    if not best or not order.accepts(best):
        return None
    slid = prices.behind(inst, order.side, best)
    if order.flags & ExecInst.POST_ONLY or not 1 <= slid <= MAX_PRICE:
        return Refusal(Reason.POST_ONLY_WOULD_TRADE)
    order.limit = order.price = order.cap = slid
    order.worst_px = slid if order.side == BUY else max(slid, inst.mark)
    return None


def accept(w: World, order: Order, named: Order | None) -> None:
    """Acknowledge an admitted order and send it on its way."""
    inst = w.instruments[order.instrument]
    checks_flow.take_tokens(Candidate(w, order, None))
    lifecycle.register(w, order)
    if named:
        lifecycle.join(order, named)
    if order.list_left or order.role is Role.CHILD:
        order.state = State.HELD
        rows.order_row(w, order, ExecType.NEW)
    else:
        order.state = matching.destination(inst, order)
        if order.pegged:
            priced = order.state is State.WORKING
            references = prices.peg_references(inst)
            order.price = prices.peg_price(inst, order, references) if priced else 0
        rows.order_row(w, order, ExecType.NEW)
        matching.enter(w, order)
    if named and named.list_left:
        named.list_left -= 1
        lifecycle.set_free(w, named)


# ------------------------------------------------------------------- cancels


def find(w: World, cmd: Command) -> Order | None:
    """The order that a cancel or a replace names, if its account owns it."""
    if cmd.orig_cl_ord_id:
        return w.directory.get((cmd.account, cmd.orig_cl_ord_id))
    order = w.by_id.get(cmd.order_id)
    return order if order and order.account == cmd.account else None


def cancel_order(w: World, cmd: Command) -> None:
    order = find(w, cmd)
    if order is None:
        rows.refusal_row(w, cmd, Refusal(Reason.UNKNOWN_ORDER))
        return
    checks_flow.count_cancel(w, order.account)
    old = order.cl_ord_id
    row = lifecycle.cancel(w, order, Reason.CANCELED_BY_USER)
    row.update(orig_cl_ord_id=old, cl_ord_id=cmd.cl_ord_id if cmd.cl_ord_id > 0 else old)
