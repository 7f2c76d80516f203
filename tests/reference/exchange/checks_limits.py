"""Risk checks about price, size and exposure, in their order of precedence."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from domain.attributes import InstrumentAttr as I
from domain.attributes import NodeAttr as N
from domain.codes import ExecInst, OrdType, Reason
from domain.limits import BPS, NO_LIMIT
from tests.reference.exchange import accounts, money, prices
from tests.reference.exchange.checks_entry import Candidate, Check
from tests.reference.exchange.model import BUY, Group, Node, Position, Refusal


def over(reason: Reason, level: int, limit: int, before: int, after: int) -> Refusal | None:
    """Refuse what lifts a measure above its limit; who adds nothing to it passes."""
    if after > limit and after > before:
        return Refusal(reason, level, limit, after, limit - before)
    return None


# ------------------------------------------------------------------- price


def static_band(c: Candidate) -> Refusal | None:
    low, high = c.inst[I.STATIC_LOW], c.inst[I.STATIC_HIGH]
    for price in (c.limit_price, c.order.given_stop):
        if price and price < low:
            return Refusal(Reason.STATIC_BAND, 0, low, price, low)
        if price and price > high:
            return Refusal(Reason.STATIC_BAND, 0, high, price, high)
    return None


def dynamic_band(c: Candidate) -> Refusal | None:
    price, inst = c.limit_price, c.inst
    if not price or inst[I.VOLATILITY_AUCTION] or not prices.outside_dynamic_band(inst, price):
        return None
    reference = prices.dynamic_reference(inst)
    width = prices.dynamic_width(inst, reference)
    edge = reference + width if price > reference else reference - width
    return Refusal(Reason.DYNAMIC_BAND, 0, edge, price, edge)


def fat_finger(attribute: N, reason: Reason, scale: Callable[[int, int], tuple[int, int]]) -> Check:
    """How far a buy is above, or a sell below, the last price."""

    def check(c: Candidate) -> Refusal | None:
        reference = c.inst.mark
        beyond = c.order.side * (c.limit_price - reference)
        if not c.limit_price or not reference or beyond <= 0:
            return None
        measure, unit = scale(beyond, reference)
        for node in c.chain():
            limit = node[attribute]
            if measure > limit * unit:
                return Refusal(reason, node.level, limit, measure // unit, limit)
        return None

    return check


PRICE: tuple[Check, ...] = (
    static_band,
    dynamic_band,
    fat_finger(N.FAT_FINGER_BPS, Reason.FAT_FINGER_BPS, lambda far, ref: (far * BPS, ref)),
    fat_finger(N.FAT_FINGER_TICKS, Reason.FAT_FINGER_TICKS, lambda far, ref: (far, 1)),
)


# ------------------------------------------------------------------- size


def size(attribute: N, reason: Reason, observed: Callable[[Candidate], int]) -> Check:
    def check(c: Candidate) -> Refusal | None:
        for node in c.chain():
            if observed(c) > node[attribute]:
                return Refusal(reason, node.level, node[attribute], observed(c), node[attribute])
        return None

    return check


def share(attribute: N, reason: Reason, total: Callable[[Candidate], int]) -> Check:
    """order_qty in basis points of something."""

    def check(c: Candidate) -> Refusal | None:
        whole = total(c)
        if whole <= 0:
            return None
        for node in c.chain():
            limit = node[attribute]
            if limit != NO_LIMIT and c.order.order_qty * BPS > limit * whole:
                observed = c.order.order_qty * BPS // whole
                return Refusal(reason, node.level, limit, observed, limit)
        return None

    return check


def opposite_total(c: Candidate) -> int:
    """The other side's displayed total, if the order would meet it; else 0."""
    order, other = c.order, c.inst.book.other(c.order.side)
    market = order.ord_type in (OrdType.MARKET, OrdType.MARKET_TO_LIMIT)
    plain = order.ord_type == OrdType.LIMIT
    crossing = plain and c.inst.continuous and other.best and order.accepts(other.best)
    return other.shown if market or crossing else 0


def recent_key(c: Candidate) -> tuple[int, int, int, int, int]:
    o = c.order
    return (o.account, o.instrument, o.side, o.limit, o.order_qty)


def duplicate(c: Candidate) -> Refusal | None:
    at = c.w.recent.get(recent_key(c))
    if c.old or at is None:
        return None
    for node in c.chain():
        window = node[N.DUPLICATE_WINDOW_NS]
        if c.w.time - at < window:
            return Refusal(Reason.DUPLICATE_WINDOW, node.level, window, c.w.time - at, window)
    return None


def reduce_only(c: Candidate) -> Refusal | None:
    if c.order.flags & ExecInst.REDUCE_ONLY and not c.reduces:
        return Refusal(Reason.REDUCE_ONLY, c.account.level)
    return None


SIZE: tuple[Check, ...] = (
    size(N.MAX_ORDER_QTY, Reason.ORDER_QTY_LIMIT, lambda c: c.order.order_qty),
    size(N.MAX_ORDER_VALUE, Reason.ORDER_VALUE_LIMIT, lambda c: c.value),
    share(N.MAX_ADV_BPS, Reason.VOLUME_SHARE, lambda c: c.inst[I.ADV]),
    share(N.MAX_BOOK_BPS, Reason.BOOK_SHARE, opposite_total),
    duplicate,
    reduce_only,
)


# ------------------------------------------------------------------- exposure


def after_row(c: Candidate, node: Node) -> tuple[Position, Position]:
    """A node's row as it was last marked, and as it would be with this order in it."""
    row = c.w.position(node.number, c.inst.number)
    new = Position(row.qty, row.cost, row.open_buy, row.open_sell, row.buy_value, row.sell_value)
    lots, value = c.order.leaves - c.old_leaves, c.value - c.old_value
    if c.order.side == BUY:
        new.open_buy += lots
        new.buy_value += value
    else:
        new.open_sell += lots
        new.sell_value += value
    new.value = money.value_of(c.inst, new.qty, c.inst.mark)
    new.exposure = accounts.exposure_of(new)
    return row, new


def per_node(measure: Callable[[Candidate, Node], Iterator[Refusal | None]]) -> Check:
    """The first refusal, from the account upwards."""

    def check(c: Candidate) -> Refusal | None:
        for node in c.chain():
            for refusal in measure(c, node):
                if refusal:
                    return refusal
        return None

    return check


def open_orders(c: Candidate, n: Node) -> Iterator[Refusal | None]:
    after = n.open_orders + (0 if c.old else 1)
    yield over(Reason.OPEN_ORDERS, n.level, n[N.MAX_OPEN_ORDERS], n.open_orders, after)


def open_value(c: Candidate, n: Node) -> Iterator[Refusal | None]:
    after = n.open_value + c.value - c.old_value
    yield over(Reason.OPEN_VALUE, n.level, n[N.MAX_OPEN_VALUE], n.open_value, after)


def position(c: Candidate, n: Node) -> Iterator[Refusal | None]:
    row, new = after_row(c, n)
    limit = row.max_position if row.max_position != NO_LIMIT else n[N.MAX_POSITION]
    if c.order.side == BUY:
        before, after = row.qty + row.open_buy, new.qty + new.open_buy
    else:
        before, after = row.open_sell - row.qty, new.open_sell - new.qty
    yield over(Reason.POSITION_LIMIT, n.level, limit, before, after)


def gross_position(c: Candidate, n: Node) -> Iterator[Refusal | None]:
    row, new = after_row(c, c.account)
    before = accounts.gross_of(c.w, n, c.inst.number)
    after = before - row.furthest + new.furthest
    yield over(Reason.GROSS_POSITION_LIMIT, n.level, n[N.MAX_GROSS_POSITION], before, after)


def instrument_exposure(c: Candidate, n: Node) -> Iterator[Refusal | None]:
    row, new = after_row(c, n)
    limit = row.max_exposure if row.max_exposure != NO_LIMIT else n[N.MAX_INSTRUMENT_EXPOSURE]
    yield over(Reason.INSTRUMENT_EXPOSURE, n.level, limit, row.exposure, new.exposure)


def sums(c: Candidate, n: Node, members: Callable[[int], bool]) -> tuple[list[int], list[int]]:
    """[gross, net] of some of a node's rows, before and with this order."""
    row, new = after_row(c, n)
    rows = [r for i, r in c.w.rows_of(n.number) if members(i)]
    result = []
    for swapped in (rows, [new if r is row else r for r in rows]):
        gross = sum(r.exposure for r in swapped)
        long, short = sum(r.long_value for r in swapped), sum(r.short_value for r in swapped)
        result.append([gross, max(abs(long), abs(short))])
    return result[0], result[1]


def groups(c: Candidate, n: Node) -> Iterator[Refusal | None]:
    for kind, column in ((1, I.PRODUCT), (2, I.CURRENCY)):
        group: Group | None = n.groups.get((kind, c.inst[column]))
        if group is None:
            continue

        def members(i: int, column: I = column) -> bool:
            return c.w.instruments[i][column] == c.inst[column]

        before, after = sums(c, n, members)
        for k, limit in enumerate((group.max_gross, group.max_net)):
            yield over(Reason.GROUP_EXPOSURE, n.level, limit, before[k], after[k])


def gross_exposure(c: Candidate, n: Node) -> Iterator[Refusal | None]:
    before, after = sums(c, n, lambda i: True)
    yield over(Reason.GROSS_EXPOSURE, n.level, n[N.MAX_GROSS_EXPOSURE], before[0], after[0])


def net_exposure(c: Candidate, n: Node) -> Iterator[Refusal | None]:
    before, after = sums(c, n, lambda i: True)
    yield over(Reason.NET_EXPOSURE, n.level, n[N.MAX_NET_EXPOSURE], before[1], after[1])


def concentration(c: Candidate) -> Refusal | None:
    node = c.account
    limit = node[N.MAX_CONCENTRATION_BPS]
    row, new = after_row(c, node)
    own = node.cash + node[N.CREDIT]
    if limit == NO_LIMIT or c.reduces or new.exposure <= row.exposure:
        return None
    if new.exposure * BPS <= limit * own:
        return None
    share_of = [r.exposure * BPS // own if own > 0 else NO_LIMIT for r in (new, row)]
    return Refusal(Reason.CONCENTRATION, node.level, limit, share_of[0], limit - share_of[1])


def loss(attribute: N, reason: Reason, measure: Callable[[Candidate, Node], int]) -> Check:
    """A loss that has reached its limit lets only reducing orders pass."""

    def check(c: Candidate) -> Refusal | None:
        for node in c.chain():
            limit, lost = node[attribute], measure(c, node)
            if lost >= limit and not c.reduces:
                return Refusal(reason, node.level, limit, lost, limit - lost)
        return None

    return check


def margins(c: Candidate) -> tuple[int, int]:
    """Change of the account's margin and of its held fees."""
    order = c.order
    row, new = after_row(c, c.account)
    fee = money.worst_fee(c.inst, order.side, order.leaves, order.worst_px) if order.leaves else 0
    return money.margin_of(c.inst, new) - row.margin, fee - (c.old.hold_fee if c.old else 0)


def margin_limit(c: Candidate, n: Node) -> Iterator[Refusal | None]:
    before = accounts.margin(c.w, n) + n.hold_fee
    yield over(Reason.MARGIN_LIMIT, n.level, n[N.MAX_MARGIN], before, before + sum(margins(c)))


def buying_power(c: Candidate) -> Refusal | None:
    node = c.account
    if not node[N.CHECK_BUYING_POWER]:
        return None
    before = accounts.margin(c.w, node) + node.hold_fee
    limit = accounts.collateral(c.w, node)
    return over(Reason.BUYING_POWER, node.level, limit, before, before + sum(margins(c)))


EXPOSURE: tuple[Check, ...] = (
    per_node(open_orders),
    per_node(open_value),
    per_node(position),
    per_node(gross_position),
    per_node(instrument_exposure),
    per_node(groups),
    per_node(gross_exposure),
    per_node(net_exposure),
    concentration,
    loss(N.MAX_REALISED_LOSS, Reason.REALISED_LOSS, lambda c, n: -n.realised),
    loss(N.MAX_DAILY_LOSS, Reason.DAILY_LOSS, lambda c, n: -accounts.profit(c.w, n)),
    loss(N.MAX_DRAWDOWN, Reason.DRAWDOWN, lambda c, n: n.peak - accounts.profit(c.w, n)),
    per_node(margin_limit),
    buying_power,
)
