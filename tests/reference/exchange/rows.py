"""What a report row shows."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.codes import ExecType, Liquidity, OrdStatus, Reason, ReportType
from domain.layout import REPORT
from tests.reference.exchange.model import Order, Refusal, State
from tests.reference.exchange.world import Command, World

Row = dict[str, Any]


def _append(w: World, report: ReportType, **fields: int) -> Row:
    w.exec_id += 1
    row: Row = {
        "seq": w.seq,
        "exec_id": w.exec_id,
        "transact_time": w.time,
        "command": w.command,
        "report": report,
        **fields,
    }
    w.reports.append(row)
    return row


def status_of(order: Order) -> OrdStatus:
    """FIX OrdStatus of an order that has not ended, or was filled."""
    if order.leaves == 0:
        return OrdStatus.FILLED
    if order.state not in (State.BOOK, State.WORKING):
        return OrdStatus.SUSPENDED
    return OrdStatus.PARTIALLY_FILLED if order.cum_qty else OrdStatus.NEW


def shown_price(order: Order) -> int:
    """The limit as the customer entered it; of a pegged order its price in the book."""
    if order.pegged:
        return order.price
    return 0 if order.unlimited else order.price


def order_row(w: World, order: Order, exec_type: ExecType, reason: int = Reason.NONE) -> Row:
    """Something happened to an order; the row shows the order as it is now."""
    ended = exec_type in (ExecType.CANCELED, ExecType.EXPIRED)
    status = OrdStatus(int(exec_type)) if ended else status_of(order)
    return _append(
        w,
        ReportType.EXECUTION,
        order_id=order.order_id,
        cl_ord_id=order.cl_ord_id,
        price=shown_price(order),
        order_qty=order.order_qty,
        leaves_qty=0 if ended else order.leaves,
        cum_qty=order.cum_qty,
        cum_value=order.cum_value,
        stop_px=order.stop_px,
        instrument=order.instrument,
        account=order.account,
        exec_type=exec_type,
        ord_status=status,
        reason=reason,
        side=order.fix_side,
        ord_type=order.ord_type,
        time_in_force=order.time_in_force,
        working=int(status in (OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED)),
    )


def fill_row(w: World, order: Order, contra: Order, price: int, qty: int) -> Row:
    """One side of the current trade; the caller adds fee and liquidity."""
    row = order_row(w, order, ExecType.TRADE)
    row.update(
        last_px=price,
        last_qty=qty,
        contra_order_id=contra.order_id,
        trade_id=w.trade_id,
        liquidity=Liquidity.NONE,
    )
    return row


def refusal_row(w: World, cmd: Command, refusal: Refusal, known: Order | None = None) -> Row:
    """A new order, a cancel or a replace is refused; the row shows the request as sent."""
    is_new = known is None and w.command in (1, 5)
    row = _append(
        w,
        ReportType.EXECUTION if is_new else ReportType.CANCEL_REJECT,
        order_id=known.order_id if known else (0 if is_new else cmd.order_id),
        cl_ord_id=cmd.cl_ord_id,
        orig_cl_ord_id=0 if is_new else cmd.orig_cl_ord_id,
        price=cmd.price,
        order_qty=cmd.order_qty,
        stop_px=cmd.stop_px,
        instrument=cmd.instrument,
        account=cmd.account,
        exec_type=ExecType.REJECTED,
        ord_status=status_of(known) if known else OrdStatus.REJECTED,
        side=cmd.side,
        ord_type=cmd.ord_type,
        time_in_force=cmd.time_in_force,
    )
    row.update(_numbers(refusal))
    return row


def answer_row(w: World, cmd: Command, refusal: Refusal | None, kind: ReportType, qty: int) -> Row:
    """The answer to a command that is not about one order."""
    row = _append(
        w,
        kind,
        cl_ord_id=cmd.cl_ord_id,
        order_qty=qty,
        instrument=cmd.instrument,
        account=cmd.account,
    )
    if refusal:
        row.update(exec_type=ExecType.REJECTED, ord_status=OrdStatus.REJECTED)
        row.update(_numbers(refusal))
    return row


def admin_row(w: World, cmd: Command, refusal: Refusal | None = None) -> Row:
    return answer_row(w, cmd, refusal, ReportType.ADMIN, cmd.entity)


def _numbers(refusal: Refusal) -> Row:
    return {
        "reason": refusal.reason,
        "level": refusal.level,
        "limit": refusal.limit,
        "observed": refusal.observed,
        "headroom": refusal.headroom,
    }


def as_array(rows: list[Row]) -> np.ndarray[Any, Any]:
    """REPORT rows; what a row does not name is 0."""
    out = np.zeros(len(rows), dtype=REPORT)
    for target, row in zip(out, rows, strict=True):
        for name, value in row.items():
            target[name] = value
    return out
