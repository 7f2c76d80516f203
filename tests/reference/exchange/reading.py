"""May this row be understood? Reasons 100 to 110, in their order."""

from __future__ import annotations

from domain.codes import Contingency, ExecInst, OrdType, Reason, SelfTrade, Side, TimeInForce
from domain.limits import BPS, MAX_ALGOS, MAX_LIST, MAX_PRICE, MAX_QTY, MAX_SESSIONS, MAX_TIME
from tests.reference.exchange.model import (
    AUCTION_ONLY,
    IMMEDIATE,
    LIMITED,
    OPTIONAL_LIMIT,
    STOPS,
)
from tests.reference.exchange.world import Command

POST = ExecInst.POST_ONLY | ExecInst.POST_SLIDE
PEGS = (ExecInst.PEG_PRIMARY, ExecInst.PEG_MARKET, ExecInst.PEG_MID)
CUSTOMER_FLAGS = sum(flag for flag in ExecInst if flag != ExecInst.QUOTE_LEG)
MAX_TRAIL_BPS = 100 * BPS


def known(code: int, codes: type) -> bool:
    return code in [int(member) for member in codes]  # type: ignore[attr-defined]


def read_new(cmd: Command) -> Reason:
    """Why a NEW_ORDER cannot be understood, or NONE."""
    if not known(cmd.side, Side):
        return Reason.UNKNOWN_SIDE
    if not known(cmd.ord_type, OrdType):
        return Reason.UNKNOWN_ORD_TYPE
    if not known(cmd.time_in_force, TimeInForce):
        return Reason.UNKNOWN_TIME_IN_FORCE
    if cmd.exec_inst & ~CUSTOMER_FLAGS:
        return Reason.UNKNOWN_FLAG
    if not _prices_in_range(cmd):
        return Reason.PRICE_OUT_OF_RANGE
    if not 1 <= cmd.order_qty <= MAX_QTY or not _parts_in_range(cmd):
        return Reason.QTY_OUT_OF_RANGE
    if not _fields_in_range(cmd):
        return Reason.FIELD_OUT_OF_RANGE
    if cmd.cl_ord_id <= 0:
        return Reason.CL_ORD_ID_INVALID
    if conflict(cmd):
        return Reason.FLAGS_CONFLICT
    return Reason.NONE


def _prices_in_range(cmd: Command) -> bool:
    if cmd.ord_type in LIMITED and not 1 <= cmd.price <= MAX_PRICE:
        return False
    if cmd.ord_type in OPTIONAL_LIMIT and not 0 <= cmd.price <= MAX_PRICE:
        return False
    if cmd.ord_type == OrdType.TRAILING_STOP:
        return 0 <= cmd.stop_px <= MAX_PRICE
    return cmd.ord_type not in STOPS or 1 <= cmd.stop_px <= MAX_PRICE


def _parts_in_range(cmd: Command) -> bool:
    return 0 <= cmd.display_qty <= MAX_QTY and 0 <= cmd.min_qty <= MAX_QTY


def offset_in_range(ord_type: int, flags: int, offset: int) -> bool:
    if ord_type == OrdType.PEGGED:
        return abs(offset) <= MAX_PRICE
    if ord_type == OrdType.TRAILING_STOP:
        return 1 <= offset <= (MAX_TRAIL_BPS if flags & ExecInst.TRAIL_BPS else MAX_PRICE)
    return True


def _fields_in_range(cmd: Command) -> bool:
    return (
        known(cmd.stp_mode, SelfTrade)
        and known(cmd.contingency, Contingency)
        and offset_in_range(cmd.ord_type, cmd.exec_inst, cmd.offset)
        and 0 <= cmd.expire_time <= MAX_TIME
        and 0 <= cmd.algo_id < MAX_ALGOS
        and 0 <= cmd.session < MAX_SESSIONS
        and 0 <= cmd.list_size <= MAX_LIST
        and cmd.cl_ord_link_id >= 0
    )


def conflict(cmd: Command) -> bool:
    """Do the flags and codes contradict each other?"""
    flags = cmd.exec_inst
    pegs = sum(bool(flags & peg) for peg in PEGS)
    pegged = cmd.ord_type == OrdType.PEGGED
    whole = bool(flags & ExecInst.ALL_OR_NONE) or cmd.min_qty > 0
    auction_only = cmd.time_in_force in AUCTION_ONLY
    immediate = cmd.time_in_force in IMMEDIATE
    plain = cmd.ord_type in (OrdType.MARKET, OrdType.LIMIT, OrdType.MARKET_TO_LIMIT)
    return (
        pegs != (1 if pegged else 0)
        or (bool(flags & ExecInst.TRAIL_BPS) and cmd.ord_type != OrdType.TRAILING_STOP)
        or flags & POST == POST
        or (bool(flags & POST) and (cmd.ord_type != OrdType.LIMIT or immediate or whole))
        or (pegged and (immediate or whole))
        or (auction_only and (whole or not plain))
        or (bool(flags & ExecInst.ALL_OR_NONE) and cmd.min_qty not in (0, cmd.order_qty))
        or (cmd.cl_ord_link_id > 0 and cmd.contingency == Contingency.NONE)
        or (cmd.cl_ord_link_id > 0 and cmd.list_size > 1)
    )


def read_replace(cmd: Command) -> Reason:
    """Why a REPLACE_ORDER cannot be understood, or NONE; 0 keeps the old value."""
    if not 0 <= cmd.price <= MAX_PRICE or not 0 <= cmd.stop_px <= MAX_PRICE:
        return Reason.PRICE_OUT_OF_RANGE
    if not 0 <= cmd.order_qty <= MAX_QTY or not _parts_in_range(cmd):
        return Reason.QTY_OUT_OF_RANGE
    if not 0 <= cmd.expire_time <= MAX_TIME:
        return Reason.FIELD_OUT_OF_RANGE
    if cmd.cl_ord_id < 0:
        return Reason.CL_ORD_ID_INVALID
    return Reason.NONE
