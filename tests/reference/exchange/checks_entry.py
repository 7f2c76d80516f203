"""Risk checks about state and shape, in their order of precedence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from domain.attributes import ORD_TYPE_BIT, TIF_BIT
from domain.attributes import InstrumentAttr as I
from domain.attributes import NodeAttr as N
from domain.codes import (
    ExecInst,
    InstrumentType,
    NodeStatus,
    Phase,
    Reason,
    ShortSale,
    Side,
    TimeInForce,
)
from tests.reference.exchange import accounts, money, prices
from tests.reference.exchange.model import (
    BUY,
    CALL_PHASES,
    IMMEDIATE,
    STOPS,
    Instrument,
    Node,
    Order,
    Refusal,
)
from tests.reference.exchange.world import World


@dataclass(frozen=True, slots=True)
class Candidate:
    """An order that wants to enter, or to become what `order` is (`old` is what it is now)."""

    w: World
    order: Order
    old: Order | None

    @property
    def inst(self) -> Instrument:
        return self.w.instruments[self.order.instrument]

    @property
    def account(self) -> Node:
        return self.w.nodes[self.order.account]

    def chain(self) -> Iterator[Node]:
        return self.w.chain(self.order.account)

    @property
    def value(self) -> int:
        return money.value_of(self.inst, self.order.leaves, self.order.worst_px)

    @property
    def old_leaves(self) -> int:
        return self.old.leaves if self.old else 0

    @property
    def old_value(self) -> int:
        return money.value_of(self.inst, self.old.leaves, self.old.worst_px) if self.old else 0

    @property
    def room(self) -> int:
        """How much of the opposite position is not yet spoken for by open orders."""
        row = self.w.position(self.account.number, self.inst.number)
        if self.order.side == BUY:
            return -row.qty - (row.open_buy - self.old_leaves)
        return row.qty - (row.open_sell - self.old_leaves)

    @property
    def reduces(self) -> bool:
        row = self.w.position(self.account.number, self.inst.number)
        return row.qty * self.order.side < 0 and self.order.leaves <= self.room

    @property
    def limit_price(self) -> int:
        """The customer's limit, 0 if the cap is the exchange's."""
        return self.order.limit


Check = Callable[[Candidate], Refusal | None]


def each_node(test: Callable[[Candidate, Node], bool], reason: Reason) -> Check:
    """A check that each level may refuse by yes or no; it names the node."""

    def check(c: Candidate) -> Refusal | None:
        for node in c.chain():
            if test(c, node):
                return Refusal(reason, node.level, 0, node.number)
        return None

    return check


def plain(
    test: Callable[[Candidate], bool], reason: Reason, observed: Callable[[Candidate], int]
) -> Check:
    """A check that is not about a level."""
    return lambda c: Refusal(reason, 0, 0, observed(c)) if test(c) else None


def masked(reason: Reason, column: N, bit: Callable[[Candidate], int], code: str) -> Check:
    """What each level permits is a set of bits; `code` is the order's or instrument's field."""

    def check(c: Candidate) -> Refusal | None:
        asked = c.inst[I.TYPE] if code == "type" else getattr(c.order, code)
        for node in c.chain():
            if not node[column] >> bit(c) & 1:
                return Refusal(reason, node.level, node[column], asked)
        return None

    return check


def killed_algo(c: Candidate) -> bool:
    return c.w.algos.get(c.order.algo_id, False)


def phase_forbids(c: Candidate) -> bool:
    phase, tif = c.inst.phase, c.order.time_in_force
    if phase == Phase.CONTINUOUS:
        return tif == TimeInForce.AT_THE_OPEN
    if phase not in CALL_PHASES:
        return True
    if tif == TimeInForce.AT_THE_OPEN:
        return phase not in (Phase.PRE_OPEN, Phase.OPENING_AUCTION)
    return tif in IMMEDIATE or c.order.minimum or c.order.pegged


def ord_type_bit(c: Candidate) -> int:
    return ORD_TYPE_BIT[c.order.ord_type]


def wrong_ord_type(c: Candidate) -> Refusal | None:
    allowed = c.inst[I.ALLOWED_ORD_TYPES]
    if not allowed >> ord_type_bit(c) & 1:
        return Refusal(Reason.ORD_TYPE_NOT_PERMITTED, 0, allowed, c.order.ord_type)
    return None


def wrong_time_in_force(c: Candidate) -> Refusal | None:
    allowed, tif = c.inst[I.ALLOWED_TIFS], c.order.time_in_force
    if not allowed >> TIF_BIT[tif] & 1:
        return Refusal(Reason.TIME_IN_FORCE_NOT_PERMITTED, 0, allowed, tif)
    return None


def short(c: Candidate) -> bool:
    equity = c.inst[I.TYPE] == InstrumentType.EQUITY
    return equity and c.order.side != BUY and c.order.leaves > c.room


def to_close(reason: Reason, forbids: Callable[[Candidate, Node], bool]) -> Check:
    """A check that lets so many lots pass as close the position."""

    def check(c: Candidate) -> Refusal | None:
        for node in c.chain():
            if forbids(c, node):
                room = max(0, c.room)
                return Refusal(reason, node.level, room, c.order.leaves, room)
        return None

    return check


def no_short_sale(c: Candidate, node: Node) -> bool:
    return node[N.SHORT_SALE] == ShortSale.FORBIDDEN and short(c)


def needs_locate(c: Candidate, node: Node) -> bool:
    exempt = c.order.fix_side == Side.SELL_SHORT_EXEMPT
    return node[N.SHORT_SALE] == ShortSale.LOCATE and not exempt and short(c)


def close_only(c: Candidate, node: Node) -> bool:
    return node[N.STATUS] == NodeStatus.CLOSE_ONLY and not c.reduces


def reducing_only(c: Candidate) -> bool:
    return c.account.reducing and c.order.time_in_force not in IMMEDIATE


def reduction_mode(c: Candidate) -> Refusal | None:
    if not reducing_only(c):
        return None
    leave, use = c.account[N.RRM_LEAVE_BPS], accounts.use_of_collateral(c.w, c.account)
    return Refusal(Reason.RISK_REDUCTION_MODE, c.account.level, leave, use, leave - use)


def expired_instrument(c: Candidate) -> Refusal | None:
    expiry = c.inst[I.EXPIRY]
    if 0 < expiry <= c.w.time:
        return Refusal(Reason.INSTRUMENT_EXPIRED, 0, expiry, c.w.time)
    return None


def other_currency(c: Candidate) -> Refusal | None:
    own, asked = c.account[N.CURRENCY], c.inst[I.CURRENCY]
    if own != asked:
        return Refusal(Reason.CURRENCY_MISMATCH, c.account.level, own, asked)
    return None


def unknown_algo(c: Candidate) -> Refusal | None:
    algo = c.order.algo_id
    if algo and algo not in c.w.algos:
        return Refusal(Reason.ALGO_ID_UNKNOWN, 0, 0, algo)
    return None


STATE: tuple[Check, ...] = (
    plain(lambda c: c.w.killed, Reason.MARKET_KILLED, lambda c: 0),
    plain(lambda c: c.inst.killed, Reason.INSTRUMENT_KILLED, lambda c: c.inst.number),
    each_node(lambda c, n: n.killed, Reason.NODE_KILLED),
    plain(killed_algo, Reason.ALGO_KILLED, lambda c: c.order.algo_id),
    each_node(lambda c, n: n[N.STATUS] == NodeStatus.SUSPENDED, Reason.NODE_SUSPENDED),
    to_close(Reason.CLOSE_ONLY, close_only),
    plain(phase_forbids, Reason.PHASE_FORBIDS, lambda c: c.inst.phase),
    plain(
        lambda c: not c.inst[I.TRADABLE], Reason.INSTRUMENT_NOT_TRADABLE, lambda c: c.inst.number
    ),
    expired_instrument,
    each_node(
        lambda c, n: bool(c.w.setting(n.number, c.inst.number).restricted),
        Reason.INSTRUMENT_RESTRICTED,
    ),
    other_currency,
    masked(Reason.TYPE_NOT_PERMITTED, N.ALLOWED_TYPES, lambda c: c.inst[I.TYPE], "type"),
    masked(
        Reason.SIDE_NOT_PERMITTED, N.ALLOWED_SIDES, lambda c: int(c.order.side != BUY), "fix_side"
    ),
    masked(Reason.ORD_TYPE_NOT_PERMITTED, N.ALLOWED_ORD_TYPES, ord_type_bit, "ord_type"),
    wrong_ord_type,
    to_close(Reason.SHORT_SALE_FORBIDDEN, no_short_sale),
    to_close(Reason.LOCATE_REQUIRED, needs_locate),
    each_node(
        lambda c, n: bool(n[N.ALGO_REQUIRED]) and c.order.algo_id == 0, Reason.ALGO_ID_REQUIRED
    ),
    unknown_algo,
    reduction_mode,
    each_node(lambda c, n: n.throttled, Reason.EXECUTION_THROTTLED),
    wrong_time_in_force,
)


def off_tick(c: Candidate) -> Refusal | None:
    stop = c.order.given_stop if c.order.ord_type in STOPS else 0
    for price in (c.limit_price, stop):
        if price and not prices.on_tick(c.inst, price):
            tick = prices.tick_at(c.inst, price)
            return Refusal(Reason.TICK_SIZE, 0, tick, price)
    return None


def odd_lot(c: Candidate) -> Refusal | None:
    lot = c.inst[I.LOT_SIZE]
    for qty in (c.order.order_qty, c.order.display, c.order.min_qty if c.order.minimum else 0):
        if qty % lot:
            return Refusal(Reason.LOT_SIZE, 0, lot, qty)
    return None


def bounded(reason: Reason, limit: I, observed: Callable[[Candidate], int], sign: int) -> Check:
    """`sign` +1: refuse above the limit, -1: below."""

    def check(c: Candidate) -> Refusal | None:
        if sign * (observed(c) - c.inst[limit]) > 0:
            room = c.inst[limit] if sign > 0 else 0
            return Refusal(reason, 0, c.inst[limit], observed(c), room)
        return None

    return check


def expired(c: Candidate) -> Refusal | None:
    order = c.order
    if order.time_in_force == TimeInForce.GTD and order.expire_time <= c.w.time:
        return Refusal(Reason.EXPIRE_TIME, 0, c.w.time, order.expire_time)
    return None


def display(c: Candidate) -> Refusal | None:
    order = c.order
    if order.display > order.order_qty or (order.display and order.flags & ExecInst.HIDDEN):
        limit = 0 if order.flags & ExecInst.HIDDEN else order.order_qty
        return Refusal(Reason.DISPLAY_QTY, 0, limit, order.display, limit)
    return None


def minimum_qty(c: Candidate) -> Refusal | None:
    order = c.order
    if order.minimum and order.min_qty > order.order_qty:
        qty = order.order_qty
        return Refusal(Reason.MINIMUM_EXECUTION_QTY, 0, qty, order.min_qty, qty)
    return None


SHAPE: tuple[Check, ...] = (
    off_tick,
    odd_lot,
    bounded(Reason.MIN_QTY, I.MIN_QTY, lambda c: c.order.order_qty, -1),
    bounded(Reason.MAX_QTY, I.MAX_QTY, lambda c: c.order.order_qty, 1),
    bounded(Reason.FREEZE_QTY, I.FREEZE_QTY, lambda c: c.order.order_qty, 1),
    bounded(Reason.MIN_VALUE, I.MIN_VALUE, lambda c: c.value, -1),
    bounded(Reason.MAX_VALUE, I.MAX_VALUE, lambda c: c.value, 1),
    expired,
    display,
    minimum_qty,
)
