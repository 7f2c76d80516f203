"""QUOTE: two legs that replace the quote before."""

from __future__ import annotations

from copy import copy

from domain.codes import OrdType, Reason, ReportType, Side
from domain.limits import MAX_QTY
from tests.reference.exchange import lifecycle, orders, reading, replacing, rows, settling
from tests.reference.exchange.model import BUY, SELL, Order, Refusal
from tests.reference.exchange.world import Command, World


def quote(w: World, cmd: Command) -> None:
    """Bid first, with all that follows from it, then ask."""
    refusal = reading.unknown_place(w, cmd) or _read(cmd)
    if refusal:
        rows.answer_row(w, cmd, refusal, ReportType.ADMIN, 0)
        return
    before = w.exec_id
    for side in (BUY, SELL):
        leg(w, as_order(cmd, side), side)
        settling.settle(w)
    if w.exec_id == before:  # both legs empty, and none was there
        rows.answer_row(w, cmd, None, ReportType.ADMIN, 0)


def _read(cmd: Command) -> Refusal | None:
    refusal = reading.within(Reason.QTY_OUT_OF_RANGE, cmd.order_qty, 0, MAX_QTY)
    refusal = refusal or reading.within(Reason.QTY_OUT_OF_RANGE, cmd.offer_size, 0, MAX_QTY)
    if refusal is None and cmd.order_qty and cmd.offer_size and cmd.price >= cmd.offer_px:
        refusal = Refusal(Reason.FLAGS_CONFLICT, 0, cmd.offer_px, cmd.price)
    return refusal


def as_order(cmd: Command, side: int) -> Command:
    """A leg as a row of its own: a limit order."""
    row = copy(cmd)
    row.side = Side.BUY if side == BUY else Side.SELL
    row.price = cmd.price if side == BUY else cmd.offer_px
    row.order_qty = cmd.order_qty if side == BUY else cmd.offer_size
    row.ord_type = OrdType.LIMIT
    row.stop_px = row.display_qty = row.min_qty = row.offset = 0
    row.cl_ord_link_id = row.list_size = row.contingency = 0
    return row


def leg(w: World, row: Command, side: int) -> None:
    legs = w.quotes.setdefault((row.account, row.instrument), {})
    old = legs.get(side)
    if row.order_qty == 0:
        if old:
            lifecycle.cancel(w, old, Reason.CANCELED_BY_QUOTE)
        return
    new = leg_order(row, old)
    refusal = reading.read_new(w, row) or orders.admit(w, new, old, held=False)
    if refusal:
        rows.refusal_row(w, row, refusal)
        if old:
            lifecycle.cancel(w, old, Reason.CANCELED_BY_QUOTE)
    elif old:
        replacing.change(w, old, new, row.cl_ord_id)
    else:
        legs[side] = new
        orders.accept(w, new, None)


def leg_order(row: Command, old: Order | None) -> Order:
    """A new leg; or the old one, offering the new size whatever it has traded before."""
    if old is None:
        new = orders.build(row)
        new.quote = True
        return new
    new = copy(old)
    new.limit, new.decremented = row.price, 0
    new.order_qty, new.leaves = old.cum_qty + row.order_qty, row.order_qty
    new.expire_time = row.expire_time or old.expire_time
    return new
