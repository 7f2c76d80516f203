"""May this row be understood? The first field that cannot be is named by reason and value."""

from __future__ import annotations

from domain.codes import Contingency, ExecInst, OrdType, Reason, SelfTrade, Side, TimeInForce
from domain.limits import BPS, MAX_ALGOS, MAX_LIST, MAX_PRICE, MAX_QTY, MAX_SESSIONS, MAX_TIME
from tests.reference.exchange.model import (
    AUCTION_ONLY,
    IMMEDIATE,
    LIMITED,
    OPTIONAL_LIMIT,
    STOPS,
    Order,
    Refusal,
)
from tests.reference.exchange.world import Command, World

POST = ExecInst.POST_ONLY | ExecInst.POST_SLIDE
PEGS = (ExecInst.PEG_PRIMARY, ExecInst.PEG_MARKET, ExecInst.PEG_MID)
CUSTOMER_FLAGS = sum(flag for flag in ExecInst if flag != ExecInst.QUOTE_LEG)


def known(code: int, codes: type) -> bool:
    return code in [int(member) for member in codes]  # type: ignore[attr-defined]


def within(reason: Reason, value: int, low: int, high: int) -> Refusal | None:
    return None if low <= value <= high else Refusal(reason, 0, high, value)


def read_new(w: World, cmd: Command) -> Refusal | None:
    """Why a new order cannot be understood."""
    return (
        _codes(cmd)
        or _prices(cmd)
        or _fields(cmd)
        or (Refusal(Reason.FLAGS_CONFLICT, 0, 0, cmd.exec_inst) if conflict(cmd) else None)
        or unknown_place(w, cmd)
    )


def _codes(cmd: Command) -> Refusal | None:
    if not known(cmd.side, Side):
        return Refusal(Reason.UNKNOWN_SIDE, 0, 0, cmd.side)
    if not known(cmd.ord_type, OrdType):
        return Refusal(Reason.UNKNOWN_ORD_TYPE, 0, 0, cmd.ord_type)
    if not known(cmd.time_in_force, TimeInForce):
        return Refusal(Reason.UNKNOWN_TIME_IN_FORCE, 0, 0, cmd.time_in_force)
    if cmd.exec_inst > CUSTOMER_FLAGS:
        return Refusal(Reason.UNKNOWN_FLAG, 0, CUSTOMER_FLAGS, cmd.exec_inst)
    return None


def _prices(cmd: Command) -> Refusal | None:
    """Prices that the type needs are there, those that it does not use are 0."""
    limited, optional = cmd.ord_type in LIMITED, cmd.ord_type in OPTIONAL_LIMIT
    stops, trails = cmd.ord_type in STOPS, cmd.ord_type == OrdType.TRAILING_STOP
    price_high = MAX_PRICE if limited or optional or not 0 <= cmd.price <= MAX_PRICE else 0
    stop_high = MAX_PRICE if stops or not 0 <= cmd.stop_px <= MAX_PRICE else 0
    return (
        within(Reason.PRICE_OUT_OF_RANGE, cmd.price, 1 if limited else 0, price_high)
        or within(
            Reason.FIELD_OUT_OF_RANGE, cmd.stop_px, 1 if stops and not trails else 0, stop_high
        )
        or _offset(cmd)
    )


def _offset(cmd: Command) -> Refusal | None:
    low, high = 0, 0
    if cmd.ord_type == OrdType.TRAILING_STOP:
        low, high = 1, BPS - 1 if cmd.exec_inst & ExecInst.TRAIL_BPS else MAX_PRICE
    elif cmd.ord_type == OrdType.PEGGED:
        low, high = -MAX_PRICE, MAX_PRICE
    return within(Reason.FIELD_OUT_OF_RANGE, cmd.offset, low, high)


def _fields(cmd: Command) -> Refusal | None:
    quantity, bad = Reason.QTY_OUT_OF_RANGE, Reason.FIELD_OUT_OF_RANGE
    gtd = cmd.time_in_force == TimeInForce.GTD
    linked = cmd.cl_ord_link_id != 0
    odd_link = cmd.cl_ord_link_id < 0 or linked != (cmd.contingency != Contingency.NONE)
    return (
        within(quantity, cmd.order_qty, 1, MAX_QTY)
        or within(quantity, cmd.display_qty, 0, MAX_QTY)
        or within(quantity, cmd.min_qty, 0, MAX_QTY)
        or within(bad, cmd.expire_time, 1 if gtd else 0, MAX_TIME if gtd else 0)
        or within(bad, cmd.stp_mode, 0, max(SelfTrade))
        or within(bad, cmd.algo_id, 0, MAX_ALGOS - 1)
        or within(bad, cmd.session, 0, MAX_SESSIONS - 1)
        or within(bad, cmd.contingency, 0, max(Contingency))
        or within(bad, cmd.list_size, 0, MAX_LIST)
        or (Refusal(Reason.CL_ORD_ID_INVALID, 0, 1, cmd.cl_ord_id) if cmd.cl_ord_id < 1 else None)
        or (Refusal(Reason.LINK, 0, 0, cmd.cl_ord_link_id) if odd_link else None)
    )


def conflict(cmd: Command) -> bool:
    """Do type, time in force and flags contradict each other?"""
    flags = cmd.exec_inst
    pegs = sum(bool(flags & peg) for peg in PEGS)
    pegged = cmd.ord_type == OrdType.PEGGED
    whole = bool(flags & ExecInst.ALL_OR_NONE) or cmd.min_qty > 0
    auction_only = cmd.time_in_force in AUCTION_ONLY
    immediate = cmd.time_in_force in IMMEDIATE
    post = bool(flags & POST)
    return (
        pegs != (1 if pegged else 0)
        or (bool(flags & ExecInst.TRAIL_BPS) and cmd.ord_type != OrdType.TRAILING_STOP)
        or flags & POST == POST
        or (post and (cmd.ord_type != OrdType.LIMIT or immediate or whole))
        or (pegged and (immediate or auction_only or whole))
        or (auction_only and (cmd.ord_type in STOPS or whole or post))
    )


def unknown_place(w: World, cmd: Command) -> Refusal | None:
    if not w.is_account(cmd.account):
        return Refusal(Reason.UNKNOWN_ACCOUNT, 0, len(w.nodes), cmd.account)
    if cmd.instrument not in w.instruments:
        return Refusal(Reason.UNKNOWN_SYMBOL, 0, len(w.instruments), cmd.instrument)
    return None


def read_replace(w: World, order: Order, cmd: Command) -> Refusal | None:
    """Why a live order cannot become what a replace asks for; 0 keeps the old value."""
    unsupported = Reason.UNSUPPORTED_ORDER_CHARACTERISTIC
    for asked, is_ in (
        (cmd.side, order.fix_side),
        (cmd.ord_type, order.ord_type),
        (cmd.time_in_force, order.time_in_force),
    ):
        if asked not in (0, is_):
            return Refusal(unsupported, 0, is_, asked)
    if order.quote:
        return Refusal(unsupported, 0, 0, cmd.command)
    if cmd.cl_ord_id < 0:
        return Refusal(Reason.CL_ORD_ID_INVALID, 0, 1, cmd.cl_ord_id)
    if cmd.cl_ord_id and w.directory.get((order.account, cmd.cl_ord_id), order) is not order:
        return Refusal(Reason.DUPLICATE_ORDER, 0, 0, cmd.cl_ord_id)
    return _new_values(order, cmd)


def _new_values(order: Order, cmd: Command) -> Refusal | None:
    """Every new value is in range and belongs to the order's type."""
    quantity, bad = Reason.QTY_OUT_OF_RANGE, Reason.FIELD_OUT_OF_RANGE
    waits = order.untriggered
    has_limit = order.ord_type in OPTIONAL_LIMIT or not order.unlimited
    price_high = MAX_PRICE if has_limit or not 0 <= cmd.price <= MAX_PRICE else 0
    offset_high = MAX_PRICE if order.pegged or (order.trailing and waits) else 0
    if order.trailing and order.flags & ExecInst.TRAIL_BPS:
        offset_high = min(offset_high, BPS - 1)
    gtd = order.time_in_force == TimeInForce.GTD
    never_whole = order.pegged or order.time_in_force in AUCTION_ONLY or order.flags & POST
    return (
        within(Reason.PRICE_OUT_OF_RANGE, cmd.price, 0, price_high)
        or (within(quantity, cmd.min_qty, 0, 0) if never_whole else None)
        or within(quantity, cmd.order_qty, 0, MAX_QTY)
        or within(quantity, cmd.display_qty, 0, MAX_QTY)
        or within(quantity, cmd.min_qty, 0, MAX_QTY)
        or within(bad, cmd.stop_px, 0, MAX_PRICE if waits else 0)
        or within(bad, cmd.offset, -offset_high if order.pegged else 0, offset_high)
        or within(bad, cmd.expire_time, 0, MAX_TIME if gtd else 0)
    )
